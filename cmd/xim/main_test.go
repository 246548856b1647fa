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
	testscript.Main(m, map[string]func(){"xim": main})
}
