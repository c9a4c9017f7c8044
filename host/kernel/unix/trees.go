//go:build linux && (amd64 || arm64)

package unix

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Trees and what is in ps.go answer two questions: what any scripts of this user are doing, from
// outside, by their tables; and what has become of a process's children, zombies
// included, by /proc.

// A ProcessInfo is what a process of a tree says about itself, for a program that looks from outside.
type ProcessInfo struct {
	Pid, Parent kernel.Pid
	Name        string
	Waits       kernel.Wait
	Stopped     bool
	Holder      kernel.Pid // who holds the lock that it waits for, or 0
	File        string     // where in the script it waits; "" if it runs
	Line        int
}

// Trees returns the processes of each tree that this user can look into, in the order of
// their start; if pid is not 0, those of the tree that this process belongs to.
//
// A tree is found by the descriptor of its table, which each of its processes has, and
// opened through /proc/PID/fd, for reading.
func Trees(pid kernel.Pid) ([][]ProcessInfo, error) {
	pids := []string{strconv.Itoa(int(pid))}
	if pid == 0 {
		paths, err := filepath.Glob("/proc/[0-9]*")
		if err != nil {
			return nil, err
		}
		pids = pids[:0]
		for _, path := range paths {
			pids = append(pids, filepath.Base(path))
		}
	}
	seen := map[uint64]bool{}
	var trees [][]ProcessInfo
	for _, p := range pids {
		path, inode, err := findTable(p)
		if pid != 0 && err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		if err != nil || seen[inode] {
			continue
		}
		seen[inode] = true
		tree, err := readTable(path)
		if pid != 0 && err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		if len(tree) > 0 {
			trees = append(trees, tree)
		}
	}
	return trees, nil
}

// Why a process has no table that can be looked into.
var (
	errNoProcess = errors.New("there is no such process")
	errForeign   = errors.New("it belongs to somebody else")
	errNoScript  = errors.New("it does not run a script of this version of mpstar")
)

// findTable returns the path of the table that a process has open, and its inode.
func findTable(pid string) (path string, inode uint64, err error) {
	dir := "/proc/" + pid + "/fd"
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", 0, errNoProcess
	case errors.Is(err, fs.ErrPermission):
		return "", 0, errForeign
	case err != nil:
		return "", 0, err
	}
	for _, e := range entries {
		path := dir + "/" + e.Name()
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, "/memfd:"+tableName) {
			var st unix.Stat_t
			if err := unix.Stat(path, &st); err == nil {
				return path, st.Ino, nil
			}
		}
	}
	return "", 0, errNoScript
}

// readTable returns what stands in the slots that are taken.
func readTable(path string) ([]ProcessInfo, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	t, err := lookAt(fd)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Munmap(t.mem) }()
	var taken []*slot
	for i := range t.slots {
		if s := &t.slots[i]; s.pid.Load() != 0 && t.taken(i) {
			taken = append(taken, s)
		}
	}
	slices.SortFunc(taken, func(a, b *slot) int { return cmp.Compare(a.start.Load(), b.start.Load()) })
	tree := make([]ProcessInfo, len(taken))
	for i, s := range taken {
		tree[i] = t.info(s)
	}
	return tree, nil
}

// lookAt maps the slots of a table for reading.
func lookAt(fd int) (*table, error) {
	header, err := unix.Mmap(fd, 0, slotSize, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	h := *(*[2]uint64)(unsafe.Pointer(&header[0]))
	_ = unix.Munmap(header)
	if h[0] != tableMagic || h[1] == 0 || h[1] > maxSlots {
		return nil, errNoScript
	}
	n := int(h[1])
	mem, err := unix.Mmap(fd, 0, sharedOffset(n), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &table{fd, mem, unsafe.Slice((*slot)(unsafe.Pointer(&mem[slotSize])), n)}, nil
}

func (t *table) info(s *slot) ProcessInfo {
	info := ProcessInfo{
		Pid: kernel.Pid(s.pid.Load()), Parent: kernel.Pid(s.ppid.Load()), Name: s.name.String(),
		Waits: kernel.Wait{For: kernel.WaitFor(s.state.Load()), Object: s.object.Load()},
	}
	p, _ := readProcess(int(info.Pid))
	info.Stopped = p.state == "stopped"
	if info.Waits.For == kernel.ForNothing {
		return info
	}
	info.File, info.Line = s.file.String(), int(s.line.Load())
	if h := kernel.Holder(s.holder.Load()); h != 0 && t.alive(h) {
		info.Holder = kernel.Pid(t.slots[int(h&maxSlots)-1].pid.Load())
	}
	return info
}
