package repl

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"mpstar/builtins"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

// A command is what the prompt itself does: a line that begins with a colon.
type command struct {
	name string
	arg  string // what follows it, "" for nothing
	doc  string
	run  func(r *repl, arg string) error
}

var commands []command

func init() {
	commands = []command{
		{"help", "", "Show these commands and keys.", (*repl).help},
		{"load", "FILE", "Run a file here, as if it had been typed.", (*repl).load},
		{"ps", "", "Show the processes started here, with their state.", (*repl).ps},
		{"time", "EXPR", "Run EXPR, and show how long it took.", (*repl).time},
	}
}

// command runs a command.
func (r *repl) command(line string) error {
	name, arg, _ := strings.Cut(line, " ")
	arg = strings.TrimSpace(arg)
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.name
		switch {
		case c.name != name:
		case c.arg == "" && arg != "":
			r.say(fmt.Sprintf(":%s takes no argument\n", name))
			return nil
		case c.arg != "" && arg == "":
			r.say(fmt.Sprintf(":%s needs %s\n", name, c.arg))
			return nil
		default:
			return c.run(r, arg)
		}
	}
	if near := vm.DidYouMean(name, names); near != "" {
		r.say(fmt.Sprintf("no command :%s%s\n", name, near))
		return nil
	}
	r.say(fmt.Sprintf("no command :%s. There are :%s\n", name, strings.Join(names, ", :")))
	return nil
}

func (r *repl) help(string) error {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "%-12s %s\n", strings.TrimSpace(":"+c.name+" "+c.arg), c.doc)
	}
	b.WriteString(keysHelp)
	r.say(b.String())
	return nil
}

const keysHelp = `
help(x)      Show what x is: a value, "a name" or "a module".
_            The last value shown.
Tab          Complete names, attributes, keyword arguments, and files in quotes.
Up, Ctrl-R   Go back in the history, search in it. ␤ stands for a line end.
Ctrl-C       Clear the line; interrupt what runs, and all processes it started.
Ctrl-D       Leave, as do exit and quit().
`

func (r *repl) load(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		r.say(err.Error() + "\n")
		return nil
	}
	return r.session.RunFile(&syntax.Source{Name: path, Text: string(text)})
}

func (r *repl) time(code string) error {
	begin := time.Now()
	err := r.run(code + "\n")
	took := time.Since(begin)
	if err == nil {
		r.say(fmt.Sprintf("%.6f seconds\n", took.Seconds()))
	}
	return err
}

// ps shows this process and those below it.
func (r *repl) ps(string) error {
	tree, err := r.session.Kernel.Tree()
	if err != nil {
		r.say(fmt.Sprintf("cannot list the processes: %v\n", err))
		return nil
	}
	names := builtins.ChildNames(r.session.Process)
	var b strings.Builder
	fmt.Fprintf(&b, "%d this prompt\n", r.session.Kernel.Getpid())
	for _, p := range tree {
		fmt.Fprintf(&b, "%*s%d %s", 2+2*p.Depth, "", p.Pid, p.State)
		if name := names[p.Pid]; name != "" {
			b.WriteString(", " + name)
		}
		b.WriteByte('\n')
	}
	r.say(b.String())
	return nil
}

// farewell says which children of os.fork go on, for nothing waits for those.
func (r *repl) farewell() {
	tree, err := r.session.Kernel.Tree()
	if err != nil {
		return
	}
	names := builtins.ChildNames(r.session.Process)
	var left []string
	for _, p := range tree {
		if p.Depth == 0 && !p.Ended && names[p.Pid] == "" {
			left = append(left, strconv.Itoa(int(p.Pid)))
		}
	}
	if len(left) > 0 {
		r.say("left running: " + strings.Join(left, ", ") + "\n")
	}
}
