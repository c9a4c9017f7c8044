//go:build linux && (amd64 || arm64)

package unix

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// A Proc is a process as Tree shows it.
type Proc struct {
	Pid   kernel.Pid
	Depth int    // how far below the process that asks
	State string // "running", "sleeping", "stopped", or how it has ended
	Ended bool
}

// Tree returns the processes that this one and its descendants have started, in the
// order of a walk through the tree. Those whose parent has ended are where the
// system has put them, which is as children of this process's own if
// nowhere in the tree.
func (k *Kernel) Tree() ([]Proc, error) {
	all, err := listProcesses()
	if err != nil {
		return nil, err
	}
	children := map[int][]process{}
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
	}
	var tree []Proc
	seen := map[int]bool{int(k.pid): true}
	var walk func(pid, depth int)
	add := func(p process, depth int) {
		if seen[p.pid] || k.isBlank(p) {
			return
		}
		seen[p.pid] = true
		tree = append(tree, Proc{kernel.Pid(p.pid), depth, p.state, p.ended})
		walk(p.pid, depth+1)
	}
	walk = func(pid, depth int) {
		for _, p := range children[pid] {
			add(p, depth)
		}
	}
	walk(int(k.pid), 0)
	for _, p := range all {
		if k.inTable(p.pid) {
			add(p, 0)
		}
	}
	return tree, nil
}

// isBlank reports whether a process is one that is not a child yet. Those that
// others have started are known by their names, of which "exe" is what exec of
// /proc/self/exe leaves.
func (k *Kernel) isBlank(p process) bool {
	ours := slices.ContainsFunc(k.spares, func(b *blank) bool { return b.pid == p.pid })
	return ours || !p.ended && (p.comm == "exe" || p.comm == "mpstar-spare")
}

// inTable reports whether a living process is in the process table.
func (k *Kernel) inTable(pid int) bool {
	for i := range k.table.slots {
		if k.table.slots[i].pid.Load() == int64(pid) {
			return k.table.taken(i)
		}
	}
	return false
}

// A process is a line of ps.
type process struct {
	pid, parent int
	start       int // in clock ticks since the system's
	comm        string
	state       string
	ended       bool // and nobody has waited for it yet
}

// listProcesses returns all processes of the system, oldest first.
func listProcesses() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, ok := readProcess(pid); ok { // else it has ended
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b process) int { return cmp.Or(a.start-b.start, a.pid-b.pid) })
	return all, nil
}

// Fields of proc_pid_stat(5), counted from the one after the name.
const (
	statState     = 0
	statParent    = 1
	statStart     = 19
	statExitCode  = 49
	statNumFields = 50
)

func readProcess(pid int) (p process, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	_, rest, _ := strings.Cut(string(text), "(")
	i := strings.LastIndexByte(rest, ')')
	if i < 0 {
		return p, false
	}
	f := strings.Fields(rest[i+1:])
	if len(f) < statNumFields {
		return p, false
	}
	p = process{pid: pid, comm: rest[:i]}
	p.parent, _ = strconv.Atoi(f[statParent])
	p.start, _ = strconv.Atoi(f[statStart])
	status, _ := strconv.Atoi(f[statExitCode])
	p.state, p.ended = stateText(f[statState], kernel.Status(status))
	return p, true
}

// stateText words a state letter of proc_pid_stat(5).
func stateText(letter string, status kernel.Status) (text string, ended bool) {
	switch letter {
	case "R":
		return "running", false
	case "S", "D", "I":
		return "sleeping", false
	case "T", "t":
		return "stopped", false
	}
	if code, ok := status.Exited(); ok {
		return fmt.Sprintf("exited with %d", code), true
	}
	sig, _ := status.Signaled()
	return "killed by " + unix.SignalName(unix.Signal(sig)), true
}
