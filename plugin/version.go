package main

import "C"

// pluginVersion is what rules ask for in required_plugin_versions. The framework
// takes three numbers and nothing else.
const pluginVersion = "0.1.0"

var cVersion = C.CString(pluginVersion)

//export ximVersion
func ximVersion() *C.char { return cVersion }
