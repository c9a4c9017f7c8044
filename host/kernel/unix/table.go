//go:build linux && (amd64 || arm64)

package unix

import (
	"strconv"
	"sync/atomic"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// The process table is one memfd that every process of the tree maps shared.
//
//	offset 0    tableHeader, 256 bytes
//	offset 256  slot 0, slot 1, ... 256 bytes each
//	then, from the next page on to the end, kernel.Kernel's Shared
//
// A slot is taken while somebody holds an open-file-description lock on byte i
// of the memfd (fcntl_locking(2); i is the slot's number, the lock has nothing
// to do with what is stored at that offset). Each lock is held by a description
// of its own, made by opening /proc/self/fd/N. The parent locks before it starts
// the child and the child alone keeps the description, so the operating system
// frees the slot at the child's death, however it came. Nothing is ever cleaned up,
// and a zombie holds no slot.
//
// The contents of a slot are its holder's report about itself, for `ps` and for
// explaining deadlocks; they say nothing of liveness and are stale in free slots.
type table struct {
	fd    int
	mem   []byte
	slots []slot
}

const (
	tableName  = "mpstar-table"       // of the memfd: ps.go finds it by that
	tableMagic = 0x326c6254_7261_706d // "mparTbl2"
	slotSize   = 256
)

// tableHeader's fields are written by Start alone, except the atomic ones.
type tableHeader struct {
	magic  uint64
	count  uint64
	epoch  atomic.Uint64 // how often the limit was hit anew; see (*Kernel).takeSlot
	next   atomic.Uint64 // where to look for a free slot first: a hint
	prompt atomic.Uint64 // who reads a line at which terminal, or 0; see prompt.go
	_      [slotSize - 40]byte
}

// A slot is written by the process that holds it and read by any. pid is
// stored last, when the rest is there.
type slot struct {
	pid    atomic.Int64
	ppid   atomic.Int64
	start  atomic.Int64  // CLOCK_MONOTONIC, nanoseconds
	state  atomic.Uint32 // what it waits for: a kernel.WaitFor
	object atomic.Uint32 // and which
	holder atomic.Uint32 // who holds the lock that it waits for: a kernel.Holder
	line   atomic.Uint32 // script line where it waits
	gen    atomic.Uint32 // how often the slot was taken; written by who has just taken it
	name   text          // of the process
	file   text          // of the line
	_      [slotSize - 44 - 2*textSize]byte
}

// A text is a string that ends at its first 0 byte. It is not changed often,
// and who reads it meanwhile sees a mixture.
type text [textSize]byte

const textSize = 96

// set stores a string, or of a long one the end.
func (t *text) set(s string) {
	n := copy(t[:textSize-1], s[max(0, len(s)-textSize+1):])
	clear(t[n:])
}

func (t *text) String() string { return unix.ByteSliceToString(t[:]) }

// sharedSize is address space; memory is used only for what is reserved. Where
// a limit on address space forbids so much (RLIMIT_AS) it is less.
const (
	sharedSize      = 1 << 40
	leastSharedSize = 64 << 20
)

func sharedOffset(n int) int { return (slotSize*(n+1) + pageSize - 1) / pageSize * pageSize }

const pageSize = 64 << 10 // the largest of either architecture

func newTable(n int) (*table, error) {
	fd, err := internalFd(memfd(tableName))
	if err != nil {
		return nil, err
	}
	var t *table
	for size := sharedSize; size >= leastSharedSize; size /= 4 {
		if err = unix.Ftruncate(fd, int64(sharedOffset(n)+size)); err != nil {
			continue
		}
		if t, err = mapTable(fd, n); err == nil {
			break
		}
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	h := t.header()
	h.magic, h.count = tableMagic, uint64(n)
	return t, nil
}

func mapTable(fd, n int) (*table, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	mem, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &table{fd, mem, unsafe.Slice((*slot)(unsafe.Pointer(&mem[slotSize])), n)}, nil
}

func (t *table) header() *tableHeader { return (*tableHeader)(unsafe.Pointer(&t.mem[0])) }

func (t *table) close() {
	_ = unix.Munmap(t.mem)
	unix.Close(t.fd)
}

// take locks a free slot on a new description; ok is false if there is none.
func (t *table) take() (fd, i int, ok bool, err error) {
	n := len(t.slots)
	first := int(t.header().next.Add(1)-1) % n
	return t.lock(0, n, first)
}

// takeSpare locks one of the bytes after the slots': the permits for spares.
func (t *table) takeSpare() (fd int, ok bool, err error) {
	fd, _, ok, err = t.lock(len(t.slots), maxSpares, 0)
	return fd, ok, err
}

// lock locks one byte of n from base, trying first that at base+first.
func (t *table) lock(base, n, first int) (fd, i int, ok bool, err error) {
	fd, err = internalFd(unix.Open("/proc/self/fd/"+strconv.Itoa(t.fd), unix.O_RDWR|unix.O_CLOEXEC, 0))
	if err != nil {
		return -1, 0, false, err
	}
	for j := range n {
		i = (first + j) % n
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(base + i), Len: 1}
		err = unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock)
		if err == nil {
			if base == 0 {
				t.slots[i].gen.Add(1)
			}
			return fd, i, true, nil
		}
		if err != unix.EAGAIN && err != unix.EACCES {
			break
		}
		err = nil
	}
	unix.Close(fd)
	return -1, 0, false, err
}

// enter fills in the slot of this process.
func (t *table) enter(i int, pid, ppid kernel.Pid) {
	s := &t.slots[i]
	s.pid.Store(0)
	s.ppid.Store(int64(ppid))
	s.start.Store(int64(monotonic()))
	s.state.Store(uint32(kernel.ForNothing))
	s.line.Store(0)
	s.pid.Store(int64(pid))
}

// SetName is kernel.Kernel's.
func (k *Kernel) SetName(name string) { k.table.slots[k.slot].name.set(name) }

// Locate is kernel.Kernel's.
func (k *Kernel) Locate(where func() (file string, line int)) { k.where = where }

// waits notes in the slot what this process is about to wait for.
func (k *Kernel) waits(what kernel.Wait, holder kernel.Holder) {
	s := &k.table.slots[k.slot]
	if k.where != nil {
		file, line := k.where()
		if file != k.file {
			k.file = file
			s.file.set(file)
		}
		s.line.Store(uint32(line))
	}
	s.object.Store(what.Object)
	s.holder.Store(uint32(holder))
	s.state.Store(uint32(what.For))
}

// runs notes that it waits no more.
func (k *Kernel) runs() { k.table.slots[k.slot].state.Store(uint32(kernel.ForNothing)) }

// takeSlot takes a slot for a child, or says ErrTooManyProcesses.
//
// A runaway `while True: os.fork()` must end, though processes that die make
// room again for others. So the limit has epochs: a process that hits it,
// having seen all earlier hits, starts a new one; whoever has not seen the
// present epoch fails once, even if there is room, and has seen it. A child
// has seen what its parent had. So each process of a runaway tree fails at
// once and ends, while one that handles the error, waits and forks again
// gets its child.
//
// Zombies hold no slot, but a process may not have more unreaped children than
// there are slots: the system's own tables are finite too.
func (k *Kernel) takeSlot() (fd, i int, err error) {
	if len(k.children) >= len(k.table.slots) && !k.forgetReaped() {
		return -1, 0, kernel.ErrTooManyProcesses
	}
	epoch := &k.table.header().epoch
	now := epoch.Load()
	if k.seen < now {
		k.seen = now
		return -1, 0, kernel.ErrTooManyProcesses
	}
	fd, i, ok, err := k.table.take()
	if err != nil || ok {
		return fd, i, err
	}
	epoch.CompareAndSwap(now, now+1) // if another was faster, this hit is the same
	k.seen = now + 1
	return -1, 0, kernel.ErrTooManyProcesses
}

const mfdNoexecSeal = 0x8

// memfd makes an anonymous file that can be sealed. It is freed with its last
// descriptor and mapping: nothing to clean up, whatever happens to us.
func memfd(name string) (int, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|mfdNoexecSeal)
	if err == unix.EINVAL { // before Linux 6.3
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	return fd, err
}
