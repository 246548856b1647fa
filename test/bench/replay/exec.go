package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed nothing.c.txt
var nothingSource []byte

// buildNothing compiles the idle plugin.
func buildNothing(dir string) (string, error) {
	source, library := filepath.Join(dir, "nothing.c"), filepath.Join(dir, "nothing.so")
	if err := os.WriteFile(source, nothingSource, 0o600); err != nil {
		return "", err
	}
	_, err := output("cc", "-O2", "-shared", "-fPIC", "-o", library, source)
	return library, err
}

// cpu is the user and system time of one run of a program, in milliseconds, from
// getrusage.
func cpu(program string, args []string) (float64, error) {
	cmd := exec.Command(program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd, err, strings.TrimSpace(stderr.String()))
	}
	return float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds()) / 1000, nil
}

func output(program string, args ...string) (string, error) {
	cmd := exec.Command(program, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", cmd, err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
