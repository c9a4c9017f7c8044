//go:build !(linux && (amd64 || arm64))

package unix

import (
	"errors"

	"mpstar/host/kernel"
)

// Elsewhere the package compiles, so that programs with other kernels do, and
// Start fails: memfd, OFD locks and a signal handler in assembly are Linux's.

// A Kernel cannot be had on this system.
type Kernel struct{ kernel.Kernel }

var errUnsupported = errors.New("unix: real processes need Linux on amd64 or arm64")

// Options configure Start.
type Options struct{ MaxProcs int }

// Start fails.
func Start(Options) (*Kernel, error) {
	return nil, errUnsupported
}

// Adopt says that nobody forked this process.
func Adopt(func()) (*Kernel, []byte, bool, error) { return nil, nil, false, nil }

// Trees finds no processes.
func Trees(kernel.Pid) ([][]ProcessInfo, error) { return nil, errUnsupported }

// A ProcessInfo is of no process.
type ProcessInfo struct {
	Pid, Parent, Holder kernel.Pid
	Name, File          string
	Line                int
	Waits               kernel.Wait
	Stopped             bool
}
