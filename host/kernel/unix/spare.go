//go:build linux && (amd64 || arm64)

package unix

import (
	"os"
	"slices"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// A spare is a blank started ahead of need. It has /dev/null for 0, 1 and 2,
// nothing of the script's, and sleeps on its socket in Adopt. To use it the parent sends two messages:
//
//  1. a bit set of the script's descriptor numbers
//  2. one byte, with the descriptors themselves (unix(7), SCM_RIGHTS) in
//     ascending order, then the slot's lock and the image
//
// The spare closes its fillers at exactly those numbers, so that the system, which
// always takes the lowest free number, puts each descriptor where it belongs;
// the spare checks that. Then it goes the way of every child.
//
// What cannot be sent must not have changed since the spare was made: the
// environment and the working directory, which are compared, and whatever an embedding
// program may set without our seeing it (umask, limits, priority, credentials),
// for which it calls DropSpares.
type spare struct {
	*blank
	env []string
	cwd fileID
}

// maxSpares limits the spares of the whole tree, by permits in the table.
const maxSpares = 8

// sparesEach is how many a process keeps.
const sparesEach = 2

// spareFds limits the numbers of descriptors that can be sent, and so how many.
const spareFds = internalFrom

type fileID struct{ dev, ino uint64 }

func workingDir() (id fileID) {
	var st unix.Stat_t
	if unix.Stat(".", &st) == nil {
		id = fileID{st.Dev, st.Ino}
	}
	return id
}

// Prepare starts spares if there are too few: the next Fork will find a process that
// has its start-up behind it. A program that knows it will fork may call it early.
// Failure is no error, for Fork does without.
func (k *Kernel) Prepare() {
	for len(k.spares) < sparesEach && k.sendable() {
		s := k.newSpare()
		if s == nil {
			break
		}
		k.spares = append(k.spares, s)
	}
	k.refill = false
}

// forked arranges for spares after a Fork: one at once if there is none, for
// the next Fork may follow directly; a second when this process sleeps anyway (see
// block), if it has forked twice. A process that forks once pays for one.
func (k *Kernel) forked() {
	if len(k.spares) == 0 && k.sendable() {
		if s := k.newSpare(); s != nil {
			k.spares = append(k.spares, s)
		}
	}
	k.refill = k.forks > 0
	k.forks++
}

func (k *Kernel) newSpare() *spare {
	lock, ok, err := k.table.takeSpare()
	if err != nil || !ok {
		return nil
	}
	defer unix.Close(lock)
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(null)
	s := &spare{env: os.Environ(), cwd: workingDir()}
	s.blank, err = k.spawnBlank(&spawn{devNull: int32(null)}, s.env, lock, -1, []int{0, 1, 2}, nil)
	if err != nil {
		return nil
	}
	return s
}

// DropSpares ends the spares, so that the next child gets what a spare
// would not have: see spare.
func (k *Kernel) DropSpares() {
	blanks := make([]*blank, len(k.spares))
	for i, s := range k.spares {
		unix.Close(s.sock)
		blanks[i] = s.blank
	}
	k.end(blanks...)
	k.spares, k.refill = nil, false
}

// useSpare makes a spare a child; ok is false if there is none that will do.
func (k *Kernel) useSpare(image, lock int) (pid kernel.Pid, ok bool) {
	if len(k.spares) == 0 {
		return 0, false
	}
	if !k.sendable() {
		k.DropSpares()
		return 0, false
	}
	cwd, env := workingDir(), os.Environ()
	for len(k.spares) > 0 {
		s := k.spares[0]
		if s.cwd != cwd || !slices.Equal(s.env, env) {
			break
		}
		k.spares = k.spares[1:]
		ok := s.send(k.fds, lock, image) == nil && s.acknowledged()
		unix.Close(s.sock)
		if ok {
			return kernel.Pid(s.pid), true
		}
		k.end(s.blank)
	}
	k.DropSpares()
	return 0, false
}

func (k *Kernel) sendable() bool {
	for fd := spareFds; fd < len(k.fds); fd++ {
		if k.fds.owns(fd) {
			return false
		}
	}
	return true
}

func (s *spare) send(owned fdTable, lock, image int) error {
	var set [8]byte
	var fds []int
	bits := uint64(0)
	for fd, e := range owned {
		if e.kind != closed {
			bits |= 1 << fd
			fds = append(fds, fd)
		}
	}
	le.PutUint64(set[:], bits)
	if err := unix.Sendmsg(s.sock, set[:], nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return err
	}
	rights := unix.UnixRights(append(fds, lock, image)...)
	return unix.Sendmsg(s.sock, []byte{0}, rights, nil, unix.MSG_NOSIGNAL)
}

// awaitUse is a spare's life: it returns when its parent makes it a child,
// with the image's descriptor and the one that holds the slot's lock, and ends
// the process when the parent has closed the socket or is no more.
func awaitUse(sock int) (image, lock int) {
	var set [8]byte
	if n := receive(sock, set[:], nil); n != len(set) {
		exitGroup(0)
	}
	var want []int
	for bits, fd := le.Uint64(set[:]), 0; fd < spareFds; fd++ {
		if bits>>fd&1 != 0 {
			want = append(want, fd)
			unix.Close(fd)
		}
	}
	got := receiveRights(sock, len(want)+2)
	if len(got) != len(want)+2 || !slices.Equal(want, got[:len(want)]) {
		exitGroup(1) // without acknowledgement: the parent starts another
	}
	return got[len(want)+1], got[len(want)]
}

func receiveRights(sock, count int) []int {
	oob := make([]byte, unix.CmsgSpace(4*count))
	var b [1]byte
	n := receive(sock, b[:], &oob)
	if n != 1 {
		return nil
	}
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(msgs) != 1 {
		return nil
	}
	fds, _ := unix.ParseUnixRights(&msgs[0])
	return fds
}

func receive(sock int, p []byte, oob *[]byte) int {
	var control []byte
	if oob != nil {
		control = *oob
	}
	for {
		n, oobn, _, _, err := unix.Recvmsg(sock, p, control, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return -1
		}
		if oob != nil {
			*oob = control[:oobn]
		}
		return n
	}
}
