package kernel

// The programs are compiled twice: once for kernels that let them read memory by plain
// loads, once for those that do not (see variant). They know the registers of x86-64
// alone; the Go code builds anywhere and says so.

//go:generate go tool bpf2go -target bpfel -cflags "-O2 -Wall -Werror -mcpu=v3" -type record direct bpf/sensor.bpf.c -- -DDIRECT
//go:generate go tool bpf2go -target bpfel -cflags "-O2 -Wall -Werror -mcpu=v3" probe bpf/sensor.bpf.c
