package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func historyIn(t *testing.T, dir string) *history {
	t.Helper()
	t.Setenv("XDG_STATE_HOME", dir)
	return openHistory()
}

// TestHistoryShared: sessions that write at once lose nothing, and a file that has grown is cut.
func TestHistoryShared(t *testing.T) {
	dir := t.TempDir()
	const sessions, each = 6, 500
	var group sync.WaitGroup
	for s := range sessions {
		h := historyIn(t, dir)
		group.Go(func() {
			for i := range each {
				h.add(fmt.Sprintf("%d\n%d", s, i))
				if i%100 == 0 {
					h.close() // some while others write
				}
			}
		})
	}
	group.Wait()
	last := make([]int, sessions)
	h := historyIn(t, dir)
	if len(h.entries) != historyLimit {
		t.Errorf("%d entries", len(h.entries))
	}
	for _, entry := range h.entries {
		var s, i int
		if n, _ := fmt.Sscanf(entry, "%d\n%d", &s, &i); n != 2 || i < last[s] {
			t.Fatalf("entry %q after %d", entry, last[s])
		}
		last[s] = i
	}
	if !slices.Contains(last, each-1) {
		t.Errorf("the last entries are missing: %v", last)
	}
	h.close()
	text, err := os.ReadFile(filepath.Join(dir, "mpstar", "history"))
	if lines := strings.Count(string(text), "\n"); err != nil || lines > historyLimit+historySlack {
		t.Errorf("%d lines, %v", lines, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "mpstar", ".*")); left != nil {
		t.Errorf("left over: %v", left)
	}
}

// TestHistoryDamaged: lines that nobody has written do no harm, and no place is no error.
func TestHistoryDamaged(t *testing.T) {
	dir := t.TempDir()
	os.MkdirAll(filepath.Join(dir, "mpstar"), 0o700)
	os.WriteFile(filepath.Join(dir, "mpstar", "history"), []byte("a\\\\n\\nb\n\n\xff\n  \nc"), 0o600)
	h := historyIn(t, dir)
	if want := []string{"a\\n\nb", "c"}; !slices.Equal(h.entries, want) {
		t.Errorf("%q, want %q", h.entries, want)
	}
	t.Setenv("HOME", "")
	h = historyIn(t, "relative")
	h.add("x")
	if h.path != "" || !slices.Equal(h.entries, []string{"x"}) {
		t.Errorf("%+v", h)
	}
}
