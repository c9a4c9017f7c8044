// Command mpstar runs Python-style multi-process scripts. See README.md.
//
//go:debug containermaxprocs=0
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"mpstar/host"
	"mpstar/host/compile"
	"mpstar/host/kernel"
	"mpstar/host/syntax"
	"mpstar/repl"
)

// version is set by the release build: go build -ldflags "-X main.version=…".
var version = "0.1.0-dev"

const usage = `usage: mpstar [OPTION] FILE [ARG...]     run a script
       mpstar [OPTION] -c CODE [ARG...]  run CODE
       mpstar [OPTION] - [ARG...]        run standard input
       mpstar [OPTION]                   open the interactive prompt; run
                                         standard input if it is no terminal
       mpstar dis FILE                   show the bytecode of a script
       mpstar ps [PID]                   show the processes of running scripts, and what they wait for

options:
  -i              open the interactive prompt, after FILE or CODE
  --max-procs N   let the script have at most N live processes (default 512)
  --version       print the version
  -h, --help      print this help
`

// usageError is a wrong command line: exit status 2.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func main() {
	host.Init()
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	var syntaxError *syntax.Error
	if errors.As(err, &syntaxError) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "mpstar: %v\n", err)
	if errors.As(err, new(usageError)) {
		fmt.Fprintln(os.Stderr, "Try 'mpstar --help'.")
	}
	os.Exit(2)
}

func run(args []string) error {
	opts := host.Options{MaxProcs: host.DefaultMaxProcs}
	interactive := false
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" && args[0] != "-c" {
		name, value, inline := strings.Cut(args[0], "=")
		switch name {
		case "-h", "--help":
			fmt.Print(usage)
			return nil
		case "--version":
			fmt.Println("mpstar", version)
			return nil
		case "-i":
			interactive = true
		case "--max-procs":
			if !inline {
				if len(args) < 2 {
					return usageError{"--max-procs needs a number"}
				}
				value, args = args[1], args[1:]
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return usageError{fmt.Sprintf("--max-procs needs a number from 1 on, not %q", value)}
			}
			opts.MaxProcs = n
		default:
			return usageError{"unknown option " + args[0]}
		}
		args = args[1:]
	}
	if len(args) == 2 && args[0] == "dis" {
		return disassemble(args[1])
	}
	if len(args) == 0 && (interactive || repl.IsTerminal(os.Stdin)) {
		opts.Argv = []string{""}
		repl.Run(repl.Options{Host: opts, Banner: "mpstar " + version + ". help(x) explains x, :help the prompt, Ctrl-D leaves."})
	}
	if args[0] == "ps" && len(args) <= 2 {
		return listProcesses(args[1:])
	}
	src, argv, err := load(args)
	if err != nil {
		return err
	}
	opts.Argv = argv
	if interactive {
		repl.Run(repl.Options{Host: opts, First: src})
	}
	host.Run(src, opts)
	return nil
}

// load returns the script that the arguments name, and its sys.argv.
func load(args []string) (*syntax.Source, []string, error) {
	if len(args) == 0 {
		text, err := io.ReadAll(os.Stdin)
		return &syntax.Source{Name: "<stdin>", Text: string(text)}, []string{""}, err
	}
	switch args[0] {
	case "-c":
		if len(args) < 2 {
			return nil, nil, usageError{"-c needs the code to run"}
		}
		return &syntax.Source{Name: "<string>", Text: args[1]}, append([]string{"-c"}, args[2:]...), nil
	case "-":
		text, err := io.ReadAll(os.Stdin)
		return &syntax.Source{Name: "<stdin>", Text: string(text)}, args, err
	}
	src, err := read(args[0])
	return src, args, err
}

func read(path string) (*syntax.Source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			text := errno.Error() // the C library's, but for the capital
			return nil, fmt.Errorf("can't open file '%s': [Errno %d] %s", path, int(errno), strings.ToUpper(text[:1])+text[1:])
		}
		return nil, err
	}
	return &syntax.Source{Name: path, Text: string(text)}, nil
}

// listProcesses shows the trees of running scripts, or the one that a process belongs to.
func listProcesses(args []string) error {
	pid := 0
	if len(args) == 1 {
		var err error
		if pid, err = strconv.Atoi(args[0]); err != nil || pid < 1 {
			return usageError{fmt.Sprintf("ps needs the number of a process, not %q", args[0])}
		}
	}
	return host.ListProcesses(os.Stdout, kernel.Pid(pid))
}

// disassemble shows the bytecode of a script.
func disassemble(path string) error {
	src, err := read(path)
	if err != nil {
		return err
	}
	file, err := syntax.Parse(src)
	if err != nil {
		return err
	}
	globals := new(compile.Globals)
	code, err := compile.File(file, globals, compile.Options{})
	if err != nil {
		return err
	}
	compile.Disassemble(os.Stdout, code, globals)
	return nil
}
