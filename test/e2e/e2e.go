// Package e2e tests the built plugin inside the real libsinsp host: on recorded
// captures whose truth is known, and on captures that a test makes up (package
// scap), so that every operation is tried when it is the only one used.
//
// It holds tests only. They want build/libxim.so and build/host/sysdig, which
// `make test` makes first; XIM_E2E=required turns their absence into a failure.
package e2e
