package builtins

import (
	"net/netip"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// What module socket has in Go besides the calls of multiprocessing.connection: what a socket that is open is asked and told.

const _socketDoc = "What module socket has in Go."

var _socketRows = []row{
	{name: "shutdown", sig: "(fd, how)", fn: onSocket(socketShutdown), doc: "Shut the reading side (0), the writing side (1) or both (2)."},
	{name: "peer_address", sig: "(fd)", fn: onSocket(socketPeer), doc: "Return the address of the other end."},
	{name: "get_option", sig: "(fd, level, name)", fn: onSocket(socketOption), doc: "Return an option, an int."},
	{name: "set_option", sig: "(fd, level, name, value)", fn: onSocket(socketSetOption), doc: "Set an option to an int."},
}

func _socketModule() *vm.Module {
	return newModule("_socket", _socketDoc, functions("_socket", _socketRows), nil)
}

// onSocket makes a body of a function of the operating system's descriptor and of ints.
func onSocket(do func(fd int, a []int) (vm.Value, error)) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		numbers := make([]int, len(a))
		for i, v := range a {
			var err error
			if numbers[i], err = asInt(v); err != nil {
				return nil, err
			}
		}
		fd, err := p.Kernel.System(kernel.Fd(numbers[0]))
		if err != nil {
			return nil, osError(err, "")
		}
		v, err := do(fd, numbers[1:])
		return v, osError(err, "")
	}
}

func socketShutdown(fd int, a []int) (vm.Value, error) {
	return starlark.None, unix.Shutdown(fd, a[0])
}

func socketPeer(fd int, a []int) (vm.Value, error) {
	peer, err := unix.Getpeername(fd)
	if err != nil {
		return nil, err
	}
	switch peer := peer.(type) {
	case *unix.SockaddrInet4:
		return starlark.Tuple{starlark.String(netip.AddrFrom4(peer.Addr).String()), starlark.MakeInt(peer.Port)}, nil
	case *unix.SockaddrUnix:
		return starlark.String(peer.Name), nil
	}
	return starlark.String(""), nil
}

func socketOption(fd int, a []int) (vm.Value, error) {
	v, err := unix.GetsockoptInt(fd, a[0], a[1])
	return starlark.MakeInt(v), err
}

func socketSetOption(fd int, a []int) (vm.Value, error) {
	return starlark.None, unix.SetsockoptInt(fd, a[0], a[1], a[2])
}
