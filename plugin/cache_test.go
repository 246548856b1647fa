package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
)

// The cache skips no access that its model (test/asan/cache_test.c) would not skip,
// and skips some; gcc's sanitizers watch.
func TestCacheAgainstModel(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "cache_test")
	out, err := exec.Command("cc", "-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror",
		"-fsanitize=address,undefined", "-fno-sanitize-recover=all",
		"-o", bin, "../test/asan/cache_test.c", "cache.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for seed := range 20 {
		out, err := exec.Command(bin, fmt.Sprint(seed), "200000").CombinedOutput()
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, out)
		}
		if seed == 0 {
			t.Logf("%s", out)
		}
	}
}
