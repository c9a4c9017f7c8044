package scripttest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/compile"
	"mpstar/host/image"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

func newStepped(reg *vm.Registry, printed []byte) (*vm.Process, *Recorder) {
	k := new(Recorder)
	k.Out.Write(printed)
	p := host.NewProcess(k, reg)
	p.Options = compile.Options{Steps: true}
	return p, k
}

// namedGlobals returns the slots of the globals that a program's code names.
func namedGlobals(t *testing.T, src *syntax.Source) map[uint32]bool {
	g := vm.NewModule("__main__", src.Name).Globals
	for _, name := range []string{"__name__", "__file__", "__builtins__"} { // as RunMain makes them
		g.Slot(name)
	}
	file, err := syntax.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	code, err := compile.File(file, g, compile.Options{Steps: true})
	if err != nil {
		t.Fatal(err)
	}
	named := map[uint32]bool{}
	for todo := []*compile.Code{code}; len(todo) > 0; todo = append(todo[1:], todo[0].Codes...) {
		for _, slot := range todo[0].GlobalRefs {
			named[slot] = true
		}
	}
	return named
}

// outcome is all that can be seen of a program that has ended: what it
// printed, how it ended, and the values of its globals as an image.
func outcome(p *vm.Process, k *Recorder, err error, named map[uint32]bool) string {
	var b bytes.Buffer
	b.Write(k.Out.Bytes())
	if err != nil {
		var e *vm.Exception
		if !errors.As(err, &e) {
			return fmt.Sprintf("%s\nerror that is no exception: %v", b.String(), err)
		}
		b.WriteString(p.Traceback(e))
	}
	m := p.Modules["__main__"]
	for slot := range m.Slots {
		if !named[uint32(slot)] {
			m.Slots[slot] = nil // what the code does not name does not travel
		}
	}
	if err := image.EncodeValue(&b, p.Reg, m); err != nil {
		fmt.Fprintf(&b, "globals cannot be encoded: %v", err)
	}
	return b.String()
}

// TestForkEverywhere runs every program of the corpus with a fork before each
// of its instructions. The child, read back from the image, must end as the
// program does that was never forked, and so must the parent.
func TestForkEverywhere(t *testing.T) {
	files, err := filepath.Glob("../../scripts/examples/corpus/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	forks := make(chan int, len(files))
	t.Cleanup(func() {
		close(forks)
		total := 0
		for n := range forks {
			total += n
		}
		t.Logf("%d programs, %d forks", len(files), total)
	})
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			forks <- forkEverywhere(t, file)
		})
	}
}

// everywhere asks for a fork at every single instruction. Otherwise they are
// bounded for each program, and spread evenly over its instructions.
var everywhere = flag.Bool("everywhere", false, "fork before every instruction of every program")

const maxForks = 100

func forkEverywhere(t *testing.T, file string) (forks int) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	src := &syntax.Source{Name: file, Text: string(text)}
	reg, named := builtins.Registry(), namedGlobals(t, src)

	steps := 0
	p, k := newStepped(reg, nil)
	p.Hook = func(*vm.Process) error { steps++; return nil }
	builtins.Start(p, []string{file}, "mpstar")
	_, err = p.RunMain(src)
	want := outcome(p, k, err, named)

	stride := 1
	if !*everywhere {
		stride = steps/maxForks + 1
	}
	step, failed := 0, false
	p, k = newStepped(reg, nil)
	p.Hook = func(p *vm.Process) error {
		if step++; step%stride != 0 || failed {
			return nil
		}
		forks++
		if got := forkHere(reg, p, k.Out.Bytes(), named); got != want {
			failed = true
			t.Errorf("fork at step %d of %d, %s: the child ends with\n%s", step, steps, where(p), difference(got, want))
		}
		return nil
	}
	builtins.Start(p, []string{file}, "mpstar")
	_, err = p.RunMain(src)
	if got := outcome(p, k, err, named); got != want {
		t.Errorf("the parent of %d forks ends with\n%s", forks, difference(got, want))
	}
	return forks
}

// forkHere writes the process down, reads it back as another, and runs that to its end.
func forkHere(reg *vm.Registry, parent *vm.Process, printed []byte, named map[uint32]bool) string {
	var img bytes.Buffer
	if err := image.Encode(&img, parent, nil); err != nil {
		return fmt.Sprintf("encode: %v", err)
	}
	child, k := newStepped(reg, printed)
	if err := image.Decode(img.Bytes(), child); err != nil {
		return fmt.Sprintf("decode: %v", err)
	}
	var again bytes.Buffer
	if err := image.Encode(&again, child, nil); err != nil {
		return fmt.Sprintf("encode the decoded: %v", err)
	}
	if !bytes.Equal(img.Bytes(), again.Bytes()) {
		return "the image of the decoded process differs from the image it was decoded from"
	}
	_, err := child.Run()
	return outcome(child, k, err, named)
}

// difference shows where two outcomes part.
func difference(got, want string) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	from := max(i-100, 0)
	return fmt.Sprintf("… %q\nwant\n… %q", got[from:min(i+100, len(got))], want[from:min(i+100, len(want))])
}

func where(p *vm.Process) string {
	fr := p.Frames[len(p.Frames)-1]
	code := fr.Fn.Proto.Code
	return fmt.Sprintf("line %d, before %s in %s", vm.Line(code, fr.PC), compile.Ops[code.Instrs[fr.PC].Op].Name, code.Name)
}
