package fold

import "testing"

func TestPath(t *testing.T) {
	for in, want := range map[string]string{
		"/tmp/ccXyZ123.s":                              "/tmp/cc*.s",
		"/tmp/ccabcdef.ltrans0.ltrans.o":               "/tmp/cc*.ltrans0.ltrans.o",
		"/tmp/tmpab_c12xy/data":                        "/tmp/tmp*/data",
		"/run/user/1000/bus":                           "/run/user/*/bus",
		"/tmp/sh-thd.123456789":                        "/tmp/sh-thd.*",
		"/tmp/sort.aB3dE9":                             "/tmp/sort.*",
		"/var/log/app-20240130.log":                    "/var/log/app-*.log",
		"/tmp/job12345":                                "/tmp/job*",
		"/var/lib/docker/0123456789abcdef0123/x":       "/var/lib/docker/*/x",
		"/pods/1b4e28ba-2fa1-11d2-883f-0016d3cca427/v": "/pods/*/v",
		// What people and packages name stays.
		"/usr/lib/x86_64-linux-gnu/libc.so.6": "/usr/lib/x86_64-linux-gnu/libc.so.6",
		"/etc/ld.so.cache":                    "/etc/ld.so.cache",
		"/srv/b/key":                          "/srv/b/key",
		"/usr/bin/python3.11":                 "/usr/bin/python3.11",
		"/opt/my-Service/config.yaml":         "/opt/my-Service/config.yaml",
		"/etc/systemd/system-generators":      "/etc/systemd/system-generators",
		"":                                    "",
	} {
		if got := Path(in); got != want {
			t.Errorf("Path(%q) = %q, want %q", in, got, want)
		}
	}
}
