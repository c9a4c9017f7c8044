//go:build linux && (amd64 || arm64)

package unix

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"

	"mpstar/host/kernel"
)

// parked returns the names in the lot, marks too.
func parked(k *Kernel) (names []string) {
	noError(k.inLot(func() error {
		noError(k.putIn("the last", -1))
		for {
			name, fd, err := k.front()
			noError(err)
			if name != "the last" {
				noError(k.putIn(name, fd))
				names = append(names, name)
			}
			if fd >= 0 {
				syscall.Close(fd)
			}
			_, _, err = syscall.Recvfrom(k.lot, make([]byte, 1), 0)
			noError(err)
			if name == "the last" {
				return nil
			}
		}
	}))
	return names
}

func lot(k *Kernel) {
	r, w := pipe2(k)
	for _, name := range []string{"a", "b", "c"} {
		noError(k.Park(name, w))
	}
	check(k.Park("b", w) == syscall.EEXIST, "parked twice")
	check(k.Park("d", 99) == syscall.EBADF, "parked what is not there")
	check(k.Park("", w) == syscall.EINVAL, "parked without a name")
	_, err := k.Fetch("d", true)
	check(err == syscall.ENOENT, "found what is not there: %v", err)
	kept, err := k.Fetch("b", false)
	noError(err)
	noError(k.Close(w))
	noError(k.Close(kept))

	pid := fork(k, "lot", r) // fetches b and writes
	hear(k, r)
	wait(k, pid)
	check(slices.Equal(parked(k), []string{"a", "c"}), "parked: %v", parked(k))

	// What a process leaves that is killed in the middle of a round.
	a, err := k.Fetch("a", false)
	noError(err)
	noError(k.putIn("a", int(a)))
	noError(k.putIn(markPrefix+"another's", -1))
	noError(k.Close(a))
	a, err = k.Fetch("a", true)
	noError(err)
	noError(k.Close(a))
	check(slices.Equal(parked(k), []string{"c"}), "parked: %v", parked(k))

	c, err := k.Fetch("c", true)
	noError(err)
	noError(k.Close(c))
	n, err := k.Read(r, make([]byte, 1))
	check(n == 0 && err == nil, "the lot holds something still: %d, %v", n, err)
}

func childLot(k *Kernel, arg string) {
	w, err := k.Fetch("b", true)
	noError(err)
	tell(k, w)
}

// lotStorm kills processes that park and fetch, at random moments. What is parked stays, and can be taken out.
func lotStorm(k *Kernel) {
	_, w := pipe2(k)
	const keep = 5
	for i := range keep {
		noError(k.Park(fmt.Sprint("kept ", i), w))
	}
	for i := range 60 {
		pid := fork(k, "parks", w, i)
		time.Sleep(rand.N(2 * time.Millisecond))
		noError(k.Kill(pid, sigkill))
		wait(k, pid)
		for j := range keep {
			fd, err := k.Fetch(fmt.Sprint("kept ", j), false)
			noError(err)
			noError(k.Close(fd))
		}
	}
	for _, name := range parked(k) {
		if strings.HasPrefix(name, markPrefix) {
			continue
		}
		if fd, err := k.Fetch(name, true); err == nil { // else it was there twice
			noError(k.Close(fd))
		}
	}
	left := slices.DeleteFunc(parked(k), func(name string) bool { return strings.HasPrefix(name, markPrefix) })
	check(len(left) == 0, "left: %q", left)
}

func childParks(k *Kernel, arg string) {
	var w kernel.Fd
	var i int
	fmt.Sscan(arg, &w, &i)
	for n := 0; ; n++ {
		name := fmt.Sprint("mine ", i, n)
		noError(k.Park(name, w))
		fd, err := k.Fetch(name, true)
		noError(err)
		noError(k.Close(fd))
	}
}
