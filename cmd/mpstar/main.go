// Command mpstar runs Python-style multi-process scripts. See README.md.
//
// It is compiled by the profile in default.pgo, which makes it 5 % faster in the geometric mean of the
// benchmarks, and 2 % larger. After changes of the VM that matter, make a new one:
//
//	go test -trimpath ./host/scripttest -run '^$' -bench Scripts -benchtime 3x -o scripttest.test -cpuprofile cpu.pprof
//	go tool pprof -proto -output cmd/mpstar/default.pgo cpu.pprof
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

// commands are the words that may stand in place of a script's name.
var commands = map[string]func(args []string) error{
	"dis": disassemble,
	"ps":  listProcesses,
}

// options are what stands before the script on the command line.
type options struct {
	host        host.Options
	interactive bool // -i
	done        bool // all that was asked for has been printed
}

func run(args []string) error {
	opts, args, err := parseOptions(args)
	if err != nil || opts.done {
		return err
	}
	if len(args) == 0 && (opts.interactive || repl.IsTerminal(os.Stdin)) {
		opts.host.Argv = []string{""}
		repl.Run(repl.Options{Host: opts.host, Banner: "mpstar " + version + ". help(x) explains x, :help the prompt, Ctrl-D leaves."})
	}
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(args[1:])
		}
	}
	src, argv, err := load(args)
	if err != nil {
		return err
	}
	opts.host.Argv = argv
	if opts.interactive {
		repl.Run(repl.Options{Host: opts.host, First: src})
	}
	host.Run(src, opts.host)
	return nil
}

// parseOptions takes the options off the arguments.
func parseOptions(args []string) (opts options, rest []string, err error) {
	opts.host.MaxProcs = host.DefaultMaxProcs
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" && args[0] != "-c" {
		name, value, inline := strings.Cut(args[0], "=")
		args = args[1:]
		switch name {
		case "-h", "--help":
			fmt.Print(usage)
			return options{done: true}, nil, nil
		case "--version":
			fmt.Println("mpstar", version)
			return options{done: true}, nil, nil
		case "-i":
			opts.interactive = true
		case "--max-procs":
			if !inline {
				if len(args) == 0 {
					return opts, nil, usageError{"--max-procs needs a number"}
				}
				value, args = args[0], args[1:]
			}
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return opts, nil, usageError{fmt.Sprintf("--max-procs needs a number from 1 on, not %q", value)}
			}
			opts.host.MaxProcs = n
		default:
			return opts, nil, usageError{"unknown option " + name}
		}
	}
	return opts, args, nil
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
	if len(args) > 1 {
		return usageError{"ps takes the number of one process"}
	}
	if len(args) == 1 {
		var err error
		if pid, err = strconv.Atoi(args[0]); err != nil || pid < 1 {
			return usageError{fmt.Sprintf("ps needs the number of a process, not %q", args[0])}
		}
	}
	return host.ListProcesses(os.Stdout, kernel.Pid(pid))
}

// disassemble shows the bytecode of a script.
func disassemble(args []string) error {
	if len(args) != 1 {
		return usageError{"dis takes the name of one script"}
	}
	src, err := read(args[0])
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
