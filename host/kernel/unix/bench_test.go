//go:build linux && (amd64 || arm64)

package unix

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"mpstar/host/kernel"
)

// BenchmarkForkWait is fork, exit and wait: one after another, after a rest, in
// which spares come up, and without spares. cpython is the same as the first.
func BenchmarkForkWait(b *testing.B) {
	k, err := Start(Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer k.Release()
	for _, bench := range []struct {
		name string
		prep func()
	}{
		{"busy", nil},
		{"rested", func() { k.Sleep(k.Monotonic() + 3*time.Millisecond) }},
		{"spareless", k.DropSpares},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if bench.prep != nil {
					b.StopTimer()
					bench.prep()
					b.StartTimer()
				}
				forkWait(b, k)
			}
		})
	}
	b.Run("cpython", cpython)
}

var benchImage = append([]byte("nothing "), make([]byte, 20000)...)

func forkWait(b *testing.B, k *Kernel) {
	pid, err := k.Fork(func(w io.Writer) error { _, err := w.Write(benchImage); return err })
	if err != nil {
		b.Fatal(err)
	}
	if _, st, err := k.Wait(pid, 0); st != 0 || err != nil {
		b.Fatal(st, err)
	}
}

func cpython(b *testing.B) {
	const code = `import os, sys, time
n = int(sys.argv[1])
start = time.perf_counter_ns()
for i in range(n):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print((time.perf_counter_ns() - start) / n)
`
	out, err := exec.Command("python3", "-c", code, strconv.Itoa(b.N)).Output()
	if err != nil {
		b.Skip(err)
	}
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(ns, "ns/op")
}

func TestHeader(t *testing.T) {
	h := header{
		tableFd: 50, slots: 512, lot: 52, slotFd: 51, slot: 7, group: 1234, umask: 0o27, seen: 3,
		caught: 1 << 63, ignored: 2, blocked: 4, comm: "mpstar", env: []string{"A=1", "B="},
		fds: fdTable{{kind: unknown}, {}, {kind: pipe, cloexec: true}},
	}
	b := append(h.encode(), "image"...)
	got, image, err := decodeHeader(b)
	if err != nil || !reflect.DeepEqual(got, h) || string(image) != "image" {
		t.Errorf("%+v, %q, %v", got, image, err)
	}
	n := len(b) - len("image")
	for i := range n {
		if _, _, err := decodeHeader(b[:i]); err == nil {
			t.Errorf("%d of %d bytes are a header", i, n)
		}
	}
}

func TestGaps(t *testing.T) {
	got := gapsBetween([]int{9, 0, 2, 1, 1, 5})
	want := [][2]uint32{{3, 4}, {6, 8}, {10, ^uint32(0)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}

func TestStartWithoutAdopt(t *testing.T) {
	adoptable.Store(false)
	defer adoptable.Store(true)
	if _, err := Start(Options{}); err != errAdoptable {
		t.Error(err)
	}
}

// A variable left over from elsewhere is no mark.
func TestStaleMark(t *testing.T) {
	if _, ok := parseMark(fmt.Sprintf("999.-1.%0*d", pidDigits, os.Getpid())); !ok {
		t.Error("a child whose socket is gone would be a root")
	}
	for _, text := range []string{"", "1.2", "1.2.0000000001", "0.-1.000000000x", "-1.-1.0000000000"} {
		if m, ok := parseMark(text); ok {
			t.Errorf("%q is %+v", text, m)
		}
	}
}

func TestStatus(t *testing.T) {
	if _, ok := kernel.Status(9).Exited(); ok {
		t.Error("killed is exited")
	}
	if !bytes.Equal(le.AppendUint32(nil, 1), []byte{1, 0, 0, 0}) {
		t.Error("byte order")
	}
}
