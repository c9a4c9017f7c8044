//go:build linux && (amd64 || arm64)

package unix

import (
	"golang.org/x/sys/unix"
)

// A spare is a blank started ahead of need. It has /dev/null for 0, 1 and 2,
// nothing of the script's, and sleeps on its socket in Adopt. To use it the parent sends two messages:
//
//  1. a 0 byte (an empty message would look like the end) and the script's
//     descriptor numbers, in ascending order, each u32
//  2. one byte, with the descriptors themselves (unix(7), SCM_RIGHTS) in that
//     order, then the working directory, the slot's lock and the image
//
// The spare closes its fillers at exactly those numbers, so that the system, which
// always takes the lowest free number, puts each descriptor where it belongs;
// the spare checks that. The few from internalTo on it moves. Then it goes the
// way of every child: the environment, the umask and the signal dispositions
// are in the fork header.
//
// What an embedding program may set besides (resource limits, priority,
// credentials, session) is as it was when the spare was made, unless the program calls
// DropSpares.
//
// The end of a dropped spare would be a SIGCHLD too many, so there are no spares
// while the script catches that.

// maxSpares limits the spares of the whole tree, by permits in the table.
const maxSpares = 8

// sparesEach is how many a process keeps.
const sparesEach = 2

// maxHigh is how many descriptors from internalTo on a spare can take: until it
// has moved them it needs room for them below.
const maxHigh = 6

// Prepare starts spares if there are too few: the next Fork will find a process that
// has its start-up behind it. A program that knows it will fork may call it early.
// Failure is no error, for Fork does without.
func (k *Kernel) Prepare() {
	for len(k.spares) < sparesEach && k.spareable() {
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
	if len(k.spares) == 0 && k.spareable() {
		if s := k.newSpare(); s != nil {
			k.spares = append(k.spares, s)
		}
	}
	k.refill = k.forks > 0
	k.forks++
}

func (k *Kernel) newSpare() *blank {
	lock, ok, err := k.table.takeSpare()
	if err != nil || !ok {
		return nil
	}
	defer unix.Close(lock)
	null, err := internalFd(unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0))
	if err != nil {
		return nil
	}
	defer unix.Close(null)
	b, err := k.spawnBlank(&spawn{devNull: int32(null)}, lock, -1, []int{0, 1, 2}, nil)
	if err != nil {
		return nil
	}
	return b
}

// DropSpares ends the spares, so that the next child gets what a spare
// would not have: see spare.
func (k *Kernel) DropSpares() {
	for _, s := range k.spares {
		unix.Close(s.sock)
	}
	k.end(k.spares...)
	k.spares, k.refill = nil, false
}

// useSpare has a spare become a child; it returns nil if there is none that will do.
func (k *Kernel) useSpare(image, lock int) *blank {
	if len(k.spares) == 0 {
		return nil
	}
	cwd, err := unix.Open(".", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil || !k.spareable() {
		k.DropSpares()
		return nil
	}
	defer unix.Close(cwd)
	for len(k.spares) > 0 {
		s := k.spares[0]
		k.spares = k.spares[1:]
		if s.send(k.fds, cwd, lock, image) == nil {
			return s
		}
		unix.Close(s.sock)
		k.end(s)
	}
	return nil
}

// spareable says whether spares will do for this process as it is now.
func (k *Kernel) spareable() bool {
	if k.sig.caught&bit(sigChld) != 0 {
		return false
	}
	high := 0
	for fd := internalFrom; fd < len(k.fds); fd++ {
		if k.fds.owns(fd) {
			high++
			if fd < internalTo || high > maxHigh {
				return false
			}
		}
	}
	return true
}

func (b *blank) send(owned fdTable, cwd, lock, image int) error {
	numbers := []byte{0}
	var fds []int
	for fd, e := range owned {
		if e.kind != closed {
			numbers = le.AppendUint32(numbers, uint32(fd))
			fds = append(fds, fd)
		}
	}
	if err := unix.Sendmsg(b.sock, numbers, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		return err
	}
	rights := unix.UnixRights(append(fds, cwd, lock, image)...)
	return unix.Sendmsg(b.sock, []byte{0}, rights, nil, unix.MSG_NOSIGNAL)
}

// awaitUse is a spare's life: it returns when its parent makes it a child,
// with the image's descriptor and the one that holds the slot's lock, and ends
// the process when the parent has closed the socket or is no more.
func awaitUse(sock int) (image, lock int) {
	numbers := make([]byte, 1+4*(internalFrom+maxHigh))
	n := receive(sock, numbers, nil)
	if n <= 0 {
		exitGroup(0)
	}
	var want []int
	for at := 1; at < n; at += 4 {
		fd := int(le.Uint32(numbers[at:]))
		want = append(want, fd)
		unix.Close(fd)
	}
	got := receiveRights(sock, len(want)+3)
	if len(got) != len(want)+3 || !place(want, got) || unix.Fchdir(got[len(want)]) != nil {
		exitGroup(1) // without acknowledgement: the parent starts another
	}
	unix.Close(got[len(want)])
	return got[len(want)+2], got[len(want)+1]
}

// place puts the descriptors got where they are wanted and says whether they
// are there now.
func place(want, got []int) bool {
	for i, fd := range want {
		if got[i] == fd {
			continue
		}
		if fd < internalTo || got[i] >= internalTo || unix.Dup3(got[i], fd, 0) != nil {
			return false
		}
		unix.Close(got[i])
	}
	return true
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
