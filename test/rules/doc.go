// Package rules reads Falco rules files and makes of each rule one plain libsinsp
// filter, its lists and macros put in, so that a host without Falco's rules engine can
// compile and run it.
//
// It is for tests of the shipped rules. It knows what those use: rules, macros and
// lists, not exceptions, overrides or appended parts, which are errors. Like Falco it
// wants a macro or list defined before another one uses it.
package rules
