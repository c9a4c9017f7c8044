package scripttest

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mpstar/host/syntax"
	"mpstar/host/vm"

	starlarktime "go.starlark.net/lib/time"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	starlarksyntax "go.starlark.net/syntax"
)

// A deviation is a line of the conformance files that does not hold here.
type deviation struct {
	at  string // file and line
	why string
}

const (
	pythonAccepts = "Starlark rejects this; Python accepts it, and so do we"
	recursion     = "recursion is always on"
	iterable      = "strings can be iterated over, as in Python"
	moreMethods   = "the value has Python's methods too"
	chained       = "comparisons may be chained, as in Python"
	parameters    = "the order of parameters is looked at by the parser, as in Python"
	loadName      = "load is a name like others, unless it is called with strings"
	trailing      = pythonAccepts + ": a tuple without brackets that ends in a comma"
	displayLine   = "the line of a key that cannot be hashed is that of the display's bracket, as in Python"
	duplicates    = "a later key of a dict display replaces an equal one, as in Python"
	mutable       = "a list may change while it is iterated over, as in Python; this loop, which appends to it, ends for want of memory"
	identical     = "a list is equal to itself, as in Python, without a look at its elements"
	python3Order  = "arguments are evaluated in the order of Python 3, which the comment there calls another"
	builtinFirst  = "until a global is assigned, its name means the builtin, as in Python"
)

var deviations = []deviation{
	{"assign.star:228", builtinFirst},
	{"assign.star:337", "assert is a builtin here, and until load() binds it the name means that"},
	{"assign.star:341", "assert is a builtin here, and until load() binds it the name means that"},
	{"bool.star:60", "splitlines(1): an int is as good as a bool, as in Python"},
	{"builtins.star:66", "sorted(key=None): no key, as in Python"},
	{"builtins.star:133", "True in range(3): a bool is an int, as in Python"},
	{"builtins.star:134", "\"one\" in range(10) is False, as in Python"},
	{"builtins.star:179", moreMethods},
	{"builtins.star:180", moreMethods},
	{"builtins.star:181", moreMethods},
	{"builtins.star:199", moreMethods},
	{"bytes.star:20", "bytes(1) is one zero byte, as in Python"},
	{"dict.star:57", duplicates},
	{"dict.star:223", displayLine},
	{"dict.star:234", duplicates},
	{"dict.star:241", displayLine},
	{"errors.star:21", parameters},
	{"errors.star:29", parameters},
	{"errors.star:51", pythonAccepts + ": a set comprehension"},
	{"errors.star:94", "a lambda that is a condition of a comprehension, which Python refuses, may have a conditional body"},
	{"errors.star:105", chained},
	{"errors.star:110", chained},
	{"errors.star:115", chained},
	{"errors.star:127", "an open bracket is reported where it is, as in Python"},
	{"errors.star:132", loadName},
	{"errors.star:134", loadName},
	{"errors.star:138", loadName},
	{"errors.star:140", loadName},
	{"errors.star:142", loadName},
	{"errors.star:150", loadName},
	{"errors.star:153", loadName},
	{"errors.star:156", loadName},
	{"errors.star:160", loadName},
	{"errors.star:185", trailing},
	{"errors.star:191", trailing},
	{"errors.star:193", trailing},
	{"float.star:65", duplicates},
	{"float.star:251", duplicates},
	{"float.star:330", "a float that is too large is inf, as in Python"},
	{"float.star:348", "a float that is too large is inf, as in Python"},
	{"function.star:29", "str is a type, as in Python, and its repr says so"},
	{"function.star:55", recursion},
	{"function.star:67", recursion},
	{"function.star:78", recursion},
	{"function.star:239", python3Order},
	{"int.star:95", "int() is 0, as in Python"},
	{"int.star:213", "an int may be shifted by 512 or more, as in Python"},
	{"int.star:258", "a bool is an int to %d, as in Python"},
	{"json.star:6", "the module has Python's functions too"},
	{"list.star:246", pythonAccepts + ": assignment to an element during iteration"},
	{"list.star:253", pythonAccepts + ": removal during iteration"},
	{"list.star:260", mutable},
	{"list.star:267", mutable},
	{"list.star:276", mutable},
	{"misc.star:62", identical},
	{"misc.star:63", identical},
	{"misc.star:78", identical},
	{"proto.star:4", "there is no module proto: it would need the protobuf library"},
	{"set.star:216", pythonAccepts + ": an element that is there already is added during iteration"},
	{"string.star:415", iterable},
	{"string.star:416", iterable},
	{"string.star:417", iterable},
	{"string.star:418", iterable},
	{"string.star:420", iterable},
	{"string.star:421", iterable},
	{"string.star:422", iterable},
	{"string.star:423", iterable},
	{"string.star:424", iterable},
	{"string.star:425", iterable},
	{"string.star:426", iterable},
	{"string.star:427", iterable},
	{"string.star:428", iterable},
	{"string.star:429", iterable},
	{"string.star:430", iterable},
}

// wording has, for what the files say of an error (a regular expression on
// that), what CPython and so we say of it (a regular expression on the message).
var wording = []struct{ theirs, ours string }{
	{`referenced before assignment`, `^(UnboundLocalError: cannot access local variable|NameError: (cannot access free variable|name)) '\w+'`},
	{`^got int in sequence assignment$`, `^TypeError: cannot unpack non-iterable int object$`},
	{`^too few values to unpack$`, `^ValueError: not enough values to unpack \(expected \d, got \d\)$`},
	{`not found in module$|^name froze not found`, `^ImportError: cannot import name '\w+' from 'assert.star' \(unknown location\)(. Did you mean: 'freeze'\?)?$`},
	{`no \.\w+ field|module has no`, `^AttributeError: '\w+' object has no attribute '\w+'(. Did you mean: '\w+'\?)?$`},
	{`^can't assign to .foo field of module$`, `^AttributeError: 'module' object has no attribute 'foo'$`},

	{`^unknown.*(binary op: | )(bytes|dict|set|string|list|tuple)`, `^TypeError: (unsupported operand type|can only concatenate|'int' object is not iterable$|argument of type 'int' is not iterable$)`},
	{`^unknown.*float \\\* str$`, `^TypeError: can't multiply sequence by non-int of type 'float'$`},
	{`not impl`, `^TypeError: '<' not supported between instances of '\w+' and '\w+'$`},
	{`^(floating-point |floored |)(division|modulo) by zero$`, `^ZeroDivisionError: `},
	{`^(excessive repeat|repeat count)`, `^MemoryError: $`},
	{`during iteration$`, `^RuntimeError: (dictionary|Set) changed size during iteration$`},
	{`stack overflow$`, `^RecursionError: maximum recursion depth exceeded$`},

	{`^multiple values for parameter|^dict: duplicate keyword`, `^TypeError: (__main__\.)?\w+\(\) got multiple values for (keyword )?argument '\w+'$`},
	{`^missing 1 argument`, `^TypeError: f\(\) missing 1 required positional argument: 'mm'$`},
	{`^min requires at least one`, `^TypeError: min expected at least 1 argument, got 0$`},
	{`^got 3 arguments$`, `^TypeError: set expected at most 1 argument, got 3$`},
	{`unexpected keyword arguments$|does not accept keyword arguments$`, `^TypeError: \w+.\w+\(\) takes no keyword arguments$`},
	{`did you mean key`, `^TypeError: min\(\) got an unexpected keyword argument 'keg'$`},

	{`want iterable$|is not iterable`, `^TypeError: ('\w+' object is not iterable|can only join an iterable)$`},
	{`(^|,? )want (int|bool)$`, `^TypeError: ('\w+' object cannot be interpreted as an integer|(string|range|slice) indices must be integers.*)$`},
	{`^got string, want (float or int|int or float)$|requires float, not str$`, `^TypeError: (must be real number, not str|bad operand type for abs\(\): 'str')$`},
	{`^want number or string$`, `^TypeError: float\(\) argument must be a string or a real number, not 'NoneType'$`},
	{`for element 0$|^got int.*want string$|^got list$`, `^TypeError: (tuple for )?\w+ (first arg must be str or a tuple of|must only contain) str, not (int|list)$`},
	{`^join: in list, want string, got int$`, `^TypeError: sequence item 1: expected str instance, int found$`},
	{`^at index 0, 300 out of range`, `^ValueError: bytes must be in range\(0, 256\)$`},
	{`^int in bytes: .* out of range$`, `^ValueError: byte must be in range\(0, 256\)$`},
	{`^requires bytes or int as left operand`, `^TypeError: a bytes-like object is required, not 'str'$`},
	{`in signed ..-bit range$`, `^OverflowError: range\(\) arguments must fit into 64 bits$`},

	{`unhashable`, `^TypeError: unhashable type: '\w+'$`},
	{`^unhandled.*(index|operation)$`, `^TypeError: '[\w.]+' object is not subscriptable$`},
	{`does not support.*assignment$`, `^TypeError: 'str' object does not support item assignment$`},
	{`^index 0 out of range|index -?\d out of range`, `^IndexError: (list|pop|range) index out of range$`},
	{`^key "a" not in dict$|^pop: missing key$|^remove: missing key$`, `^KeyError: ('a'|'c'|3)$`},
	{`^empty dict$`, `^KeyError: 'popitem\(\): dictionary is empty'$`},
	{`^pop: empty set$`, `^KeyError: 'pop from an empty set'$`},
	{`^remove: element not found$`, `^ValueError: list.remove\(x\): x not in list$`},
	{`^value not in list$`, `^ValueError: '\w' is not in list$`},
	{`frozen (hash table|list)$`, `^TypeError: cannot (insert into|delete from|clear|append to|change a) frozen (hash table|list)$`},

	{`^invalid literal with base`, `^ValueError: invalid literal for int\(\) with base \d+: '`},
	{`^invalid float literal`, `^ValueError: could not convert string to float: '`},
	{`^Unicode code point`, `^ValueError: chr\(\) arg not in range\(0x110000\)$`},
	{`Unicode code points, want 1$|^ord: bytes has length`, `^TypeError: ord\(\) expected a character, but string of length \d found$`},
	{`^requires (a|int or) single-character string$`, `^TypeError: %c requires int or char$`},
	{`^requires a valid Unicode code point$`, `^OverflowError: %c arg not in range\(0x110000\)$`},
	{`^too many arguments for format string$`, `^TypeError: not all arguments converted during string formatting$`},
	{`^keyword .* not found$|^syntax .* is not supported$`, `^KeyError: '`},
	{`^tuple index out of range$`, `^IndexError: Replacement index \d+ out of range for positional args tuple$`},
	{`^(single|unmatched) '[{}]' in format$`, `^ValueError: Single '[{}]' encountered in format string$`},
	{`^nested replacement fields not supported$`, `^ValueError: unexpected '{' in field name$`},
	{`^unknown conversion$`, `^ValueError: (unmatched '{' in format spec|Unknown conversion specifier :)$`},
}

// TestConformance runs the conformance files of go.starlark.net, as they lie
// in the module cache. Everything they say holds here, but for the lines of deviations.
func TestConformance(t *testing.T) {
	files := conformanceFiles(t)
	r := &conformance{used: map[any]bool{}}
	for _, file := range files {
		chunks, err := Chunks(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chunks {
			r.run(t, c)
		}
	}
	for _, d := range deviations {
		if !r.used[d] {
			t.Errorf("%s passes, but is listed: %s", d.at, d.why)
		}
	}
	for _, w := range wording {
		if !r.used[w] {
			t.Errorf("nothing needs the wording of %q", w.theirs)
		}
	}
	t.Logf("%d files, %d chunks, %d without any deviation; %d lines deviate, %d messages have other words",
		len(files), r.chunks, r.clean, len(deviations), len(wording))
}

func conformanceFiles(t *testing.T) []string {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.starlark.net").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var files []string
	for _, pkg := range []string{"starlark", "syntax"} {
		found, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), pkg, "testdata/*.star"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no conformance files of package %s in %s: %v", pkg, dir, err)
		}
		files = append(files, found...)
	}
	return files
}

// conformance is the state of a run over the files.
type conformance struct {
	chunks, clean int
	used          map[any]bool // rows of deviations and wording that were met

	chunk    Chunk
	failures map[int]string // of the chunk under way, by line
}

func (r *conformance) run(t *testing.T, c Chunk) {
	r.chunk, r.failures = c, map[int]string{}
	wants, err := c.wants()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(c.File, "/syntax/") {
		r.parse(wants)
	} else {
		p, err := c.exec(r.registry())
		r.judge(p, err, wants)
	}
	r.chunks++
	if len(r.failures) == 0 {
		r.clean++
	}
	for line, what := range r.failures {
		at := fmt.Sprintf("%s:%d", filepath.Base(c.File), line)
		i := slices.IndexFunc(deviations, func(d deviation) bool { return d.at == at })
		if i < 0 {
			t.Errorf("%s: %s", at, what)
			continue
		}
		r.used[deviations[i]] = true
	}
}

// parse only parses the chunk. The messages of our parser are its own.
func (r *conformance) parse(wants map[int]*regexp.Regexp) {
	_, err := syntax.Parse(r.chunk.source())
	var refused *syntax.Error
	if errors.As(err, &refused) {
		line := int(refused.Range.Start.Line)
		if wants[line] == nil {
			r.failures[line] = err.Error()
		}
		return
	}
	for line, want := range wants {
		r.failures[line] = fmt.Sprintf("no error; want one that matches %q", want)
	}
}

// judge compares how a chunk ended with what it says.
func (r *conformance) judge(p *vm.Process, err error, wants map[int]*regexp.Regexp) {
	if err == nil {
		for line, want := range wants {
			r.failures[line] = fmt.Sprintf("no error; want one that matches %q", want)
		}
		return
	}
	trace := p.Traceback(vm.AsException(err, vm.SystemError))
	lines := errorLines(r.chunk, trace)
	trace = strings.TrimSuffix(trace, "\n")
	last := trace[strings.LastIndexByte(trace, '\n')+1:]
	for _, line := range lines {
		if want := wants[line]; want != nil && r.matches(want.String(), last) {
			return
		}
	}
	r.failures[lines[len(lines)-1]] = trace
}

// matches reports whether a message is what a pattern of the files asks for,
// or ours in its place.
func (r *conformance) matches(theirs, message string) bool {
	if regexp.MustCompile(theirs).MatchString(message) {
		return true
	}
	for _, w := range wording {
		if regexp.MustCompile(w.theirs).MatchString(theirs) && regexp.MustCompile(w.ours).MatchString(message) {
			r.used[w] = true
			return true
		}
	}
	return false
}

// registry has an assert that goes on after a failure, as go.starlark.net's
// starlarktest does, and what its eval_test.go predeclares.
func (r *conformance) registry() *vm.Registry {
	reg := registry()
	reg.Prelude += "\ndef _assert_fail(msg): _record(msg)\n"
	reg.Intrinsics["_record"] = &vm.Native{Name: "_record", Fn: func(p *vm.Process, args []vm.Value, _ []starlark.Tuple) (vm.Value, error) {
		r.failures[r.line(p)] = string(args[0].(starlark.String))
		return starlark.None, nil
	}}
	reg.Intrinsics["_matches"] = &vm.Native{Name: "_matches", Fn: func(p *vm.Process, args []vm.Value, _ []starlark.Tuple) (vm.Value, error) {
		return starlark.Bool(r.matches(string(args[0].(starlark.String)), string(args[1].(starlark.String)))), nil
	}}
	reg.Builtins["struct"] = starlark.NewBuiltin("struct", starlarkstruct.Make)
	reg.Builtins["hasfields"] = starlark.NewBuiltin("hasfields", newHasFields)
	reg.Builtins["fibonacci"] = fibonacci{}
	ours := reg.Builtins["assert"].(*vm.Module)
	assert := &starlarkstruct.Module{Name: "assert", Members: starlark.StringDict{}}
	for slot, name := range ours.Globals.Names {
		assert.Members[name] = ours.Slots[slot]
	}
	loadable(reg, "assert.star", starlark.StringDict{"assert": assert, "freeze": starlark.NewBuiltin("freeze", freeze)})
	loadable(reg, "json.star", starlark.StringDict{"json": reg.Module("json")})
	loadable(reg, "math.star", starlark.StringDict{"math": reg.Module("math")})
	loadable(reg, "time.star", starlark.StringDict{"time": starlarktime.Module})
	return reg
}

// loadable makes a file that load() finds.
func loadable(reg *vm.Registry, file string, names starlark.StringDict) {
	reg.Modules[file] = func() *vm.Module {
		m := vm.NewModule(file, "")
		for name, v := range names {
			m.Set(name, v)
		}
		return m
	}
}

// line returns the line that the chunk is at.
func (r *conformance) line(p *vm.Process) int {
	for _, fr := range slices.Backward(p.Frames) {
		if code := fr.Fn.Proto.Code; code.Source.Name == r.chunk.File {
			return vm.Line(code, fr.PC-1)
		}
	}
	return 0
}

func freeze(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	args[0].Freeze()
	return args[0], nil
}

// fibonacci is an endless iterable.
type fibonacci struct{}

func (fibonacci) String() string             { return "fib" }
func (fibonacci) Type() string               { return "fib" }
func (fibonacci) Freeze()                    {}
func (fibonacci) Truth() starlark.Bool       { return true }
func (fibonacci) Hash() (uint32, error)      { return 0, fmt.Errorf("fib is unhashable") }
func (fibonacci) Iterate() starlark.Iterator { return &fibonacciIterator{0, 1} }

type fibonacciIterator struct{ x, y int }

func (it *fibonacciIterator) Next(p *starlark.Value) bool {
	*p = starlark.MakeInt(it.x)
	it.x, it.y = it.y, it.x+it.y
	return true
}
func (it *fibonacciIterator) Done() {}

func newHasFields(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return &hasFields{attrs: starlark.StringDict{}}, nil
}

// hasFields is an object whose fields can be set, except those whose names begin with "no".
type hasFields struct {
	attrs  starlark.StringDict
	frozen bool
}

func (h *hasFields) String() string        { return "hasfields" }
func (h *hasFields) Type() string          { return "hasfields" }
func (h *hasFields) Truth() starlark.Bool  { return true }
func (h *hasFields) Hash() (uint32, error) { return 42, nil }
func (h *hasFields) Freeze()               { h.frozen = true; h.attrs.Freeze() }
func (h *hasFields) AttrNames() []string   { return h.attrs.Keys() }

func (h *hasFields) Attr(name string) (starlark.Value, error) { return h.attrs[name], nil }

func (h *hasFields) SetField(name string, v starlark.Value) error {
	if h.frozen {
		return errors.New("cannot set field on a frozen hasfields")
	}
	if strings.HasPrefix(name, "no") {
		return starlark.NoSuchAttrError(fmt.Sprintf("no .%s field", name))
	}
	h.attrs[name] = v
	return nil
}

// Binary makes list + hasfields 42.
func (h *hasFields) Binary(op starlarksyntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if _, ok := y.(*starlark.List); ok && op == starlarksyntax.PLUS {
		return starlark.MakeInt(42), nil
	}
	return nil, nil
}
