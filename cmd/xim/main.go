// Xim shows which flows cross a border on this machine: it watches it itself, or
// reads Falco's alerts, keeps each flow once, prints it, and passes it on.
package main

import "os"

func main() { os.Exit(run(os.Args[1:])) }
