// Command filter writes a condition of Falco's rules language as a plain libsinsp
// filter: it puts in the lists and macros of a rules file.
//
//	filter rules/xim_rules.yaml 'xim.pod.new=true and not xim_runtime_flows'
package main

import (
	"fmt"
	"os"

	"github.com/xim-monitor/xim/test/rules"
)

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("takes a rules file and a condition, got %d arguments", len(os.Args)-1))
	}
	file, err := rules.Load(os.Args[1])
	if err != nil {
		fail(err)
	}
	filter, err := file.Expand(os.Args[2])
	if err != nil {
		fail(err)
	}
	fmt.Println(filter)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "filter: %v\n", err)
	os.Exit(1)
}
