package scripttest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/compile"
	"mpstar/host/image"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

func TestTmpChunksEverywhere(t *testing.T) {
	files, _ := filepath.Glob("../../builtins/testdata/*.star")
	if f := os.Getenv("CHUNKS"); f != "" {
		files = []string{f}
	}
	for _, file := range files {
		chunks, err := Chunks(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(file), c.Line), func(t *testing.T) {
				src := &syntax.Source{Name: c.File, Text: strings.Repeat("\n", c.Line-1) + c.Text}
				reg := registry()
				mk := func() (*vm.Process, *Recorder) {
					k := new(Recorder)
					p := host.NewProcess(k, reg)
					p.Options = compile.Options{Steps: true}
					return p, k
				}
				steps := 0
				p, _ := mk()
				p.Hook = func(*vm.Process) error { steps++; return nil }
				builtins.Start(p, []string{c.File}, "mpstar")
				_, err := p.RunMain(src)
				want := fmt.Sprint(err)
				stride := steps/60 + 1
				step, failed := 0, false
				p, _ = mk()
				p.Hook = func(p *vm.Process) error {
					if step++; step%stride != 0 || failed {
						return nil
					}
					if len(p.Frames) == 0 || p.CanFork() != nil {
						return nil
					}
					var img bytes.Buffer
					got := ""
					if err := image.Encode(&img, p, nil); err != nil {
						got = "encode: " + err.Error()
					} else {
						child, _ := mk()
						if err := image.Decode(img.Bytes(), child); err != nil {
							got = "decode: " + err.Error()
						} else {
							_, err := child.Run()
							got = fmt.Sprint(err)
						}
					}
					if got != want {
						failed = true
						t.Errorf("%s: got %.300s want %.300s", where(p), got, want)
					}
					return nil
				}
				builtins.Start(p, []string{c.File}, "mpstar")
				p.RunMain(src)
			})
		}
	}
}
