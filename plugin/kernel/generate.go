package kernel

//go:generate go tool bpf2go -target amd64 -tags linux -cflags "-O2 -Wall -Werror -mcpu=v3" -type record direct bpf/sensor.bpf.c -- -DDIRECT
//go:generate go tool bpf2go -target amd64 -tags linux -cflags "-O2 -Wall -Werror -mcpu=v3" probe bpf/sensor.bpf.c
