package builtins

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"os/exec"
	"strings"
	"testing"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The formats are compared with those of CPython: cases are made at random,
// from a fixed seed, and one python3 does all of them.

// A formatCase is format(value, spec), or spec % value.
type formatCase struct {
	Percent bool
	Bytes   bool
	Spec    string
	Value   string // as Python writes it
}

var formatValues = []string{
	"0", "1", "-1", "7", "255", "-255", "1234", "1234567", "-987654321", "65", "0x10ffff", "0x110000", "10**30", "-10**25", "2**64", "10**400", "True", "False",
	"0.0", "-0.0", "1.0", "-1.5", "0.1", "2.5", "1e-5", "0.0001", "123456.789", "-99999.5", "1e15", "1e16", "1e17", "1e22", "1e300", "5e-324",
	"1.7976931348623157e308", "0.5", "1234567.891", "-0.04", "float('inf')", "float('-inf')", "float('nan')",
	"''", "'a'", "'abc'", "'h\u00e9llo'", "'\u20ac'", "'\U0001f600x'", "None",
}

func TestFormatLikePython(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	var cases []formatCase
	for range 6000 {
		cases = append(cases, formatCase{Spec: randomSpec(random), Value: formatValues[random.Intn(len(formatValues))]})
		cases = append(cases, formatCase{Percent: true, Bytes: random.Intn(4) == 0, Spec: randomDirective(random), Value: formatValues[random.Intn(len(formatValues))]})
	}
	wants := pythonFormats(t, cases)
	failures := 0
	for i, c := range cases {
		if c.starlark() {
			continue
		}
		if got := c.run(); got != wants[i] {
			t.Errorf("%+v:\n got %s\nwant %s", c, got, wants[i])
			if failures++; failures > 20 {
				t.Fatal("…")
			}
		}
	}
}

// starlark reports whether a case is one that go.starlark.net does otherwise.
func (c formatCase) starlark() bool {
	if !c.Percent {
		return c.Spec == "" && strings.ContainsAny(c.Value, ".e") // str(float)
	}
	if strings.ContainsAny(c.Spec, "sra") {
		return !strings.HasPrefix(c.Value, "'") || c.Bytes || !strings.Contains(c.Spec, "s") // repr(x)
	}
	return !c.Bytes && len(c.Spec) == 2 && strings.ContainsAny(c.Spec, "efgEGxXo")
}

func pick(random *rand.Rand, from ...string) string { return from[random.Intn(len(from))] }

func randomSpec(random *rand.Rand) string {
	align := pick(random, "", "", "", "<", ">", "=", "^", "*<", "0>", "_=", "é^", "0=", "0<")
	return align + pick(random, "", "", "", "+", "-", " ") + pick(random, "", "", "", "", "z") + pick(random, "", "", "", "#") +
		pick(random, "", "", "0") + pick(random, "", "", "1", "5", "8", "12", "13", "14", "30") + pick(random, "", "", "", ",", "_", ",_") +
		pick(random, "", "", ".0", ".1", ".3", ".6", ".17", ".40", ".") +
		pick(random, "", "", "b", "c", "d", "e", "E", "f", "F", "g", "G", "n", "o", "s", "x", "X", "%", "q", "é", "dd")
}

func randomDirective(random *rand.Rand) string {
	flags := ""
	for random.Intn(2) == 0 {
		flags += pick(random, "#", "0", "-", " ", "+")
	}
	return "%" + flags + pick(random, "", "", "1", "5", "12", "30") + pick(random, "", "", ".", ".0", ".1", ".3", ".17", ".40") + pick(random, "", "", "", "l") +
		pick(random, "d", "i", "u", "o", "x", "X", "e", "E", "f", "F", "g", "G", "c", "s", "r", "a", "b", "%", "q")
}

const pythonFormatter = `
import json, sys
def do(c):
    value = eval(c["Value"])
    if c["Bytes"]:
        if isinstance(value, str): value = value.encode()
        return (c["Spec"].encode() % (value,)).decode("latin-1")
    return c["Spec"] % (value,) if c["Percent"] else format(value, c["Spec"])
out = []
for c in json.load(sys.stdin):
    try: out.append("= " + do(c))
    except Exception as e: out.append(type(e).__name__ + ": " + str(e))
json.dump(out, sys.stdout)
`

func pythonFormats(t *testing.T, cases []formatCase) (out []string) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 to compare with")
	}
	in, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", pythonFormatter)
	cmd.Stdin = bytes.NewReader(in)
	data, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// run does a case and shows the outcome as pythonFormatter does.
func (c formatCase) run() string {
	p := new(vm.Process)
	v := readValue(c.Value)
	var out vm.Value
	var err error
	switch {
	case c.Bytes:
		if s, ok := v.(starlark.String); ok {
			v = starlark.Bytes(s)
		}
		out, err = percentFn(p, []vm.Value{starlark.Bytes(c.Spec), starlark.Tuple{v}})
	case c.Percent:
		out, err = percentFn(p, []vm.Value{starlark.String(c.Spec), starlark.Tuple{v}})
	default:
		out, err = formatFn(p, []vm.Value{v, starlark.String(c.Spec)})
	}
	var e *vm.Exception
	if errors.As(err, &e) {
		return e.Error()
	}
	if err != nil {
		return err.Error()
	}
	text := textOf(out)
	if text.bytes {
		runes := []rune{}
		for _, b := range []byte(text.s) {
			runes = append(runes, rune(b))
		}
		text.s = string(runes)
	}
	return "= " + text.s
}

// readValue reads one of formatValues.
func readValue(text string) vm.Value {
	special := map[string]vm.Value{
		"float('inf')": starlark.Float(math.Inf(1)), "float('-inf')": starlark.Float(math.Inf(-1)), "float('nan')": starlark.Float(math.NaN()),
	}
	if v := special[text]; v != nil {
		return v
	}
	var base, exp int64
	if n, _ := fmt.Sscanf(text, "%d**%d", &base, &exp); n == 2 {
		return power(base, exp)
	}
	v, err := starlark.Eval(new(starlark.Thread), "value", text, starlark.Universe)
	if err != nil {
		panic(err)
	}
	return v
}

func power(base, exp int64) vm.Value {
	z := starlark.MakeInt(1)
	sign := 1
	if base < 0 {
		base, sign = -base, -1 // as Python binds: -(10**25)
	}
	for range exp {
		z = z.Mul(starlark.MakeInt64(base))
	}
	return z.Mul(starlark.MakeInt(sign))
}
