package host

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mpstar/host/kernel"
	"mpstar/host/kernel/unix"
)

// ListProcesses writes the trees of processes that run scripts, with what each
// of them waits for; if pid is not 0, the tree that this process belongs to.
func ListProcesses(w io.Writer, pid kernel.Pid) error {
	trees, err := unix.Trees(pid)
	if err != nil {
		return err
	}
	for i, tree := range trees {
		if i > 0 {
			fmt.Fprintln(w)
		}
		writeTree(w, tree)
	}
	return nil
}

// writeTree writes a tree under the command line of its first process.
func writeTree(w io.Writer, tree []unix.ProcessInfo) {
	var rows [][]string
	for _, p := range tree {
		if !slices.ContainsFunc(tree, func(q unix.ProcessInfo) bool { return q.Pid == p.Parent }) {
			rows = appendRows(rows, tree, p, 0)
		}
	}
	fmt.Fprintln(w, commandLine(tree[0].Pid))
	var widths [3]int
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len(row[i]))
		}
	}
	for _, row := range rows {
		line := fmt.Sprintf("%*s  %-*s  %-*s  %s", widths[0], row[0], widths[1], row[1], widths[2], row[2], row[3])
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// appendRows appends a row for a process and, indented, its children.
func appendRows(rows [][]string, tree []unix.ProcessInfo, p unix.ProcessInfo, depth int) [][]string {
	state, place := p.Waits.String(), ""
	if p.Stopped {
		state = "stopped, " + state
	}
	if p.Holder != 0 {
		state += fmt.Sprintf(", held by %d", p.Holder)
		if i := slices.IndexFunc(tree, func(q unix.ProcessInfo) bool { return q.Pid == p.Holder }); i >= 0 {
			state += " (" + tree[i].Name + ")"
		}
	}
	if p.File != "" {
		place = fmt.Sprintf("%s:%d", filepath.Base(p.File), p.Line)
	}
	rows = append(rows, []string{fmt.Sprint(p.Pid), strings.Repeat("  ", depth) + p.Name, state, place})
	for _, q := range tree {
		if q.Parent == p.Pid && q.Pid != p.Pid {
			rows = appendRows(rows, tree, q, depth+1)
		}
	}
	return rows
}

func commandLine(pid kernel.Pid) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(text) == 0 {
		return fmt.Sprintf("process %d", pid)
	}
	return strings.ReplaceAll(strings.TrimSuffix(string(text), "\x00"), "\x00", " ")
}
