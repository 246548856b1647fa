package scap

// Codes of the events that this package has a method for (schema 4.1). All are exit
// events but procexit, async and the plugin's, which have no exit.
const (
	EvGeneric        = 1
	EvOpen           = 3
	EvClose          = 5
	EvRead           = 7
	EvWrite          = 9
	EvCreat          = 59
	EvChdir          = 95
	EvPread          = 113
	EvPwrite         = 115
	EvReadv          = 117
	EvWritev         = 119
	EvPreadv         = 121
	EvPwritev        = 123
	EvFcntl          = 151
	EvMmap           = 161
	EvMmap2          = 163
	EvSplice         = 167
	EvRename         = 175
	EvRenameat       = 177
	EvProcexit       = 186
	EvSendfile       = 189
	EvClone          = 223
	EvFork           = 225
	EvVfork          = 227
	EvExecve         = 293
	EvUnlink         = 301
	EvUnlinkat       = 303
	EvOpenat         = 307
	EvLink           = 309
	EvLinkat         = 311
	EvRenameat2      = 319
	EvPlugin         = 322
	EvContainerJSON  = 324
	EvOpenat2        = 327
	EvExecveat       = 331
	EvCopyFileRange  = 333
	EvClone3         = 335
	EvOpenByHandleAt = 337
	EvDup2           = 363
	EvDup3           = 365
	EvDup            = 367
	EvPipe2          = 393
	EvPrctl          = 401
	EvAsync          = 402
	EvMemfdCreate    = 405
	EvMknod          = 415
	EvMknodat        = 417
)
