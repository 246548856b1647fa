package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// beXim makes the test binary be the command, for tests that start it.
const beXim = "XIM_TEST_BE_XIM"

func TestMain(m *testing.M) {
	if os.Getenv(beXim) != "" {
		main()
	}
	if len(os.Args) == 4 && os.Getenv(beLoad) != "" {
		load(os.Getenv(beLoad), os.Args[1], os.Args[2], os.Args[3])
		return
	}
	testscript.Main(m, map[string]func(){"xim": main})
}
