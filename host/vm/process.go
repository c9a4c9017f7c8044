// Package vm runs bytecode.
//
// Everything a running script is lies in a Process as plain data: the register
// stack, the frame records, the modules, and the values they reach. No Go frame
// stands between two script frames, so at any instruction a Process can be
// written down (package image) and read back in another operating-system process.
//
// How that holds:
//
//   - A call pushes a Frame and goes round the loop; it does not recurse in Go.
//   - An instruction that needs a method of the script (__add__, __iter__, a
//     property) pushes that method's frame and stays unfinished. The frame's Ret
//     says so, and when it returns, finish completes the instruction.
//   - A builtin either does all its work in Go or returns NeedScript, upon which the
//     prelude function of the same purpose runs: written in the script language,
//     it calls back as any script does. What takes several calls (reflected
//     operators, == between lists of instances, sorted with a key) is there too.
//   - Only a foreign Go builtin that calls starlark.Call makes the loop run within a Go
//     frame. Fork is refused there, with the name of that builtin.
//
// Signals, cancellation and other outside events set the attention word, which
// the loop looks at on calls and backward jumps: a safe point.
//
// # Speed
//
// Most of the time of a script is spent in what surrounds the instructions, not in choosing them. So what is fast is fast
// by allocating less and by looking less up. Each decision has its reason and what was measured where it is kept:
//
//   - run (loop.go): the registers, the constants and the program are reached without bounds checks, and the loop's variables
//     change only where a frame is entered, so that they are not written to memory at each instruction;
//   - enter (call.go): calls of functions, classes and builtins push no arguments, allocate nothing and fill the frame in where it lies;
//   - site (cache.go): attributes, methods, class attributes and module globals by inline caches of four entries;
//   - boxes and temporaries (float.go), wide (wide.go), NewTuple (list.go), stringChunk and text (string.go): fewer and cheaper allocations;
//   - tableLayout (table.go): dicts and sets without the library's calls for plain keys;
//   - direct (direct.go): operators of instances without the prelude.
//
// What is cached does not travel in an image: it is made again where it is needed.
//
// The package calls no kernel itself: it keeps the one that builtins use.
// Package host puts a Process together; package builtins has the functions.
package vm

import (
	"sync/atomic"

	"mpstar/host/compile"
	"mpstar/host/kernel"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// A Frame is a call under way. Its registers are
// stack[Base : Base+Fn.Proto.Code.NumRegs].
type Frame struct {
	Fn   *Function
	Base int
	PC   int        // the next instruction; that before it is under way in all frames but the last
	Gen  *Generator // the generator whose body this is, or nil
	Ret  Action
	Self Value // RetInit: the instance being made
}

// An Action says what becomes of the value that a frame returns. The
// instruction under way is that before the PC of the frame below.
type Action uint8

// The actions.
const (
	RetStore  Action = iota // register A of the instruction under way gets it
	RetFinish               // the instruction under way is finished with it; see finish
	RetInit                 // it must be None; register A gets Self
	RetRetry                // it is dropped, and the instruction under way runs again
	RetDrop                 // it is dropped: the instruction under way is done
	RetExit                 // the loop ends with it: a nested run, or the last frame
)

// A Process is one process of the script's: the state of its interpreter.
type Process struct {
	// What travels in the image.
	Stack   []Value
	Frames  []Frame
	Modules map[string]*Module // sys.modules, by name; a builtin module is there once imported
	Order   []string           // the keys of Modules, in the order of import
	State   map[string]Value   // what builtins keep for the process, by "module.what"
	Limits  Limits
	Prelude *Module // made at first need; travels if anything alive comes from it

	// What does not.
	Reg    *Registry
	Kernel kernel.Kernel
	Thread *starlark.Thread // handed to Go builtins; FromThread leads back

	// Attend is called at a safe point after Interrupt. It returns a call to
	// make, or an error to raise, or neither once there is nothing more to do.
	Attend func(p *Process) (fn Value, args []Value, err error)

	// Collect collects garbage and returns how many bytes are alive. Who calls HeapIs sets it.
	Collect func() int64

	// FindModule returns the source of a module that a script imports or, if
	// load is set, loads as Starlark does; nil if there is none.
	FindModule func(p *Process, name string, from *Module, load bool) (*syntax.Source, error)

	Options compile.Options        // for what is compiled at run time: imports, the prelude
	Hook    func(p *Process) error // called by STEP, in tests

	Scratch []byte // for builtins that encode something, between two calls nobody's

	attention atomic.Uint32
	halted    atomic.Pointer[Halt] // what Stop asked for
	heap      atomic.Int64         // what HeapIs said last and attend has not seen
	grace     int64                // bytes above Limits.Memory that bring no further MemoryError
	nested    []string             // foreign builtins that run script code now, outermost first
	pending   call

	leafArgs [2]Value // the arguments of a leaf, while it is called

	boxes boxes
	text  text

	epoch  uint32 // counts changes of classes that make inline caches stale
	values uint32 // counts those that make only caches of plain values stale
}

// Limits bound what a script may use.
type Limits struct {
	Recursion int   // sys.setrecursionlimit; travels
	Memory    int64 // bytes that may be alive; more is a MemoryError; 0 is no limit
}

// DefaultRecursion is CPython's default recursion limit.
const DefaultRecursion = 1000

// DefaultMemory is the limit for a single value where nobody sets another.
const DefaultMemory = 4 << 30

// NewProcess returns a process that has nothing to run yet.
func NewProcess(r *Registry) *Process {
	p := &Process{
		Reg:     r,
		Thread:  &starlark.Thread{Name: "mpstar"},
		Modules: map[string]*Module{},
		State:   map[string]Value{},
		Limits:  Limits{Recursion: DefaultRecursion, Memory: DefaultMemory},
	}
	p.Thread.SetLocal(threadLocal, p)
	return p
}

// RunMain runs a source as module __main__ to its end.
func (p *Process) RunMain(src *syntax.Source) (Value, error) {
	p.OpenMain(src.Name)
	return p.RunSource(src)
}

// OpenMain makes module __main__, with nothing of a script's in it.
func (p *Process) OpenMain(file string) *Module {
	m := NewModule("__main__", file)
	m.Set("__name__", starlark.String("__main__"))
	m.Set("__file__", starlark.String(file))
	m.Set("__builtins__", starlark.None)
	p.addModule("__main__", m)
	return m
}

// RunSource runs a source in module __main__ to its end.
func (p *Process) RunSource(src *syntax.Source) (Value, error) {
	m := p.Modules["__main__"]
	code, err := p.Compile(src, m.Globals)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	setDoc(m, code)
	return p.runBody(code, m)
}

// PiecesKey is set in the State of a process whose module __main__ gets its code
// piece by piece, so that it may get more global slots than its children know.
const PiecesKey = "__main__.pieces"

// RunInput runs in module __main__ what was typed at the interactive prompt.
func (p *Process) RunInput(file *syntax.File) (Value, error) {
	m := p.Modules["__main__"]
	opts := p.Options
	opts.Interactive = true
	code, err := compile.File(file, m.Globals, opts)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	return p.runBody(code, m)
}

// runBody runs the body of a module in a process that does nothing else.
func (p *Process) runBody(code *compile.Code, m *Module) (Value, error) {
	p.reserve(code.NumRegs)
	if err := p.push(&Function{Proto: NewProto(code, m)}, 0, RetExit); err != nil {
		return nil, err
	}
	return p.run()
}

// Run goes on with what a process was doing: the continuation of a fork.
func (p *Process) Run() (Value, error) {
	p.reserve(p.window() + 1) // as push does
	return p.run()
}
