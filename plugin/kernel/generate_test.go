package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compiler made the objects that are committed. Another one makes others that do the
// same.
const compiler = "clang version 14.0.6"

// The committed objects are what their source says. Where clang is not there, or is
// another one, that cannot be told.
func TestGenerated(t *testing.T) {
	version, err := exec.Command("clang", "--version").Output()
	if err != nil {
		t.Skip("no clang: ", err)
	}
	if first, _, _ := strings.Cut(string(version), "\n"); !strings.HasSuffix(first, compiler) {
		t.Skipf("made by %s, here is %s", compiler, first)
	}
	if _, err := os.Stat("/usr/include/bpf/bpf_helpers.h"); err != nil {
		t.Skip("no libbpf-dev: ", err)
	}
	if _, err := exec.LookPath("llvm-strip"); err != nil {
		t.Skip("no llvm: ", err)
	}
	dir := t.TempDir()
	directives, err := os.ReadFile("generate.go")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(directives)) {
		command, ok := strings.CutPrefix(line, "//go:generate ")
		if !ok {
			continue
		}
		command = strings.Replace(command, "-target", "-output-dir "+dir+" -target", 1)
		cmd := exec.Command("sh", "-c", command)
		cmd.Env = append(os.Environ(), "GOPACKAGE=kernel")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	made, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(made) != 4 {
		t.Fatalf("made %v, want two objects and their Go files: %v", made, err)
	}
	for _, path := range made {
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Base(path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v): make generate", filepath.Base(path), err)
		}
	}
}
