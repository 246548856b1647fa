package kernel

import (
	"slices"
	"strings"
	"testing"
)

func TestSymbols(t *testing.T) {
	const text = `0000000000000000 T __x64_sys_read
ffffffff81000000 t __x64_sys_readlink
ffffffff81000010 T __ia32_sys_read
nonsense
0000000000000000 t __x64_sys_write	[module]
`
	got, err := symbols(strings.NewReader(text), map[string]bool{"__x64_sys_read": true, "__ia32_sys_read": true, "__x64_sys_open": true})
	if want := []string{"__x64_sys_read", "__ia32_sys_read"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
}
