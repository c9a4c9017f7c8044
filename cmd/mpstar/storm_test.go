package main_test

import (
	"flag"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// kills is how many processes each storm kills: go test ./cmd/mpstar -run TestStorms -kills 500 -v
var kills = flag.Int("kills", 25, "how many processes each kill storm kills")

// notStorms are the modules of scripts/storms that storms have in common.
var notStorms = map[string]bool{"storm.star": true, "traffic.star": true}

// TestStorms runs the kill storms of scripts/storms. A storm accounts for all that went on
// in it and says ok; here it must also end, quietly and leaving nothing behind.
func TestStorms(t *testing.T) {
	files, err := filepath.Glob("../../scripts/storms/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no storms: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if notStorms[name] {
			continue
		}
		t.Run(strings.TrimSuffix(name, ".star"), func(t *testing.T) {
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			seed := strconv.FormatInt(time.Now().UnixNano(), 10)
			tr := start(t, t.TempDir(), mpstar, path, strconv.Itoa(*kills), seed)
			tr.deadline = tr.deadline.Add(time.Duration(*kills) * time.Second)
			r := tr.finish()
			t.Logf("seed %s: %s", seed, r.stdout)
			equal(t, "standard error", r.stderr, "")
			equal(t, "the end", r.end, ended0)
			contains(t, "standard output", r.stdout, "ok: ")
		})
	}
}
