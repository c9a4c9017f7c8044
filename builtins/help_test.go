package builtins

import (
	"slices"
	"strings"
	"testing"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// TestHelpHasAll: every builtin of the tables is documented, and all of
// multiprocessing and queue, which are written in the script language.
func TestHelpHasAll(t *testing.T) {
	p := vm.NewProcess(Registry())
	checked := 0
	check := func(where, name string, v vm.Value) {
		h := &helper{process: p}
		doc := ""
		switch v := v.(type) {
		case *vm.Class:
			_, doc = h.member(name, v)
			if v.Builtin || v.IsSubclass(vm.BaseException) {
				return // the name says it
			}
		case *vm.Native, *vm.Function, *vm.Property:
			_, doc = h.member(name, v)
		default:
			return
		}
		checked++
		if doc == "" {
			t.Errorf("%s.%s has no documentation", where, name)
		}
	}
	module := func(m *vm.Module) {
		if docOf(m.Get("__doc__")) == "" {
			t.Errorf("module %s has no documentation", m.Name)
		}
		for _, name := range public(p.Dir(m)) {
			v := m.Get(name)
			check(m.Name, name, v)
			if c, ok := v.(*vm.Class); ok && c.Module == m.Name {
				for _, key := range public(slices.Clone(c.Keys)) {
					check(m.Name+"."+name, key, c.Attrs[key])
				}
			}
		}
	}
	for name, v := range p.Reg.Builtins {
		check("builtins", name, v)
	}
	for name := range p.Reg.Modules {
		module(p.Reg.Module(name))
	}
	for _, name := range []string{"multiprocessing", "queue"} {
		m, err := p.ImportHost(name)
		if err != nil {
			t.Fatal(err)
		}
		module(m)
	}
	if checked < 500 {
		t.Errorf("only %d checked", checked)
	}
}

// TestHelpByName: what the names in quotes are.
func TestHelpByName(t *testing.T) {
	p := vm.NewProcess(Registry())
	for name, want := range map[string]string{
		"len":                         "len(x, /)\n    Return how many",
		"str.upper":                   "upper()\n    Return it in upper case.",
		"list":                        "list(iterable=(), /)\n    Make a list",
		"os.path.join":                "join(",
		"os":                          "module os\n",
		"multiprocessing":             "module multiprocessing\n    Processes, pools",
		"multiprocessing.Process":     "class Process(group=None, target=None, name=None, args=(), kwargs={}, *, daemon=None)\n",
		"multiprocessing.Process.run": "run(self)\n",
		"ValueError":                  "class ValueError(",
		"nobody":                      "There is nothing of the name \"nobody\".\n",
		"os.nobody":                   "There is nothing",
		"":                            "There is nothing",
		".":                           "There is nothing",
	} {
		if got := helpText(p, []vm.Value{starlark.String(name)}); !strings.HasPrefix(got, want) {
			t.Errorf("help(%q) is\n%s\nwant\n%s", name, got, want)
		}
	}
}
