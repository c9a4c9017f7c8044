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

// Options configure Start.
type Options struct{ MaxProcs int }

// Start fails.
func Start(Options) (*Kernel, error) {
	return nil, errors.New("unix: real processes need Linux on amd64 or arm64")
}

// Adopt says that nobody forked this process.
func Adopt(func()) (*Kernel, []byte, bool, error) { return nil, nil, false, nil }
