package builtins

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// A File is a file object. A binary one owns a descriptor and the bytes that
// were read ahead of the script; a text one is a view of a binary one, as
// CPython's TextIOWrapper is of its buffer.
//
// Writing is never buffered: each write is one write(2), so a fork finds nothing that could be
// written twice, and lines of several processes do not tear. What was
// read ahead does travel, as CPython's child has its copy too.
type File struct {
	raw    *File    // the binary file; itself if this is one
	name   vm.Value // str, bytes or int as open was given
	mode   string
	errors string // text: what becomes of invalid UTF-8, one of errorHandlers
	lines  bool   // text: "\r" and "\r\n" read as "\n"

	// Of a binary file only.
	fd     kernel.Fd
	ahead  []byte // read from the descriptor, not yet by the script
	closed bool
	owns   bool // close closes the descriptor (closefd)
}

var (
	_ vm.Portable       = (*File)(nil)
	_ vm.Iterator       = (*File)(nil)
	_ starlark.HasAttrs = (*File)(nil)
)

// fileKind is File's ImageKind.
const fileKind = "file"

// textFile is the type of a text file; fileTypes are all types that a File can be, as CPython names them.
const textFile = "TextIOWrapper"

var fileTypes = []string{textFile, "BufferedReader", "BufferedWriter", "BufferedRandom"}

// fileMethods are the methods of file objects.
var fileMethods = []*vm.Native{
	{Name: textFile + ".read", Sig: "(size=-1)", Method: true, Fn: fileRead,
		Doc: "Read size characters, or bytes of a binary file; to the end of file if size is negative or None."},
	{Name: textFile + ".readinto", Sig: "(buffer)", Method: true, Fn: fileReadinto, Doc: "Read bytes of a binary file into a bytearray, as many as it is long. Returns how many there were."},
	{Name: textFile + ".readline", Sig: "(size=-1)", Method: true, Fn: fileReadline, Doc: "Read a line with its newline; '' at the end of file."},
	{Name: textFile + ".readlines", Sig: "(hint=-1)", Method: true, Fn: fileReadlines, Doc: "Read the remaining lines into a list. With a hint, stop once that many characters were read."},
	{Name: textFile + ".write", Sig: "(data)", Method: true, Fn: fileWrite, Doc: "Write a string, or bytes to a binary file, at once. Returns its length."},
	{Name: textFile + ".writelines", Sig: "(lines)", Method: true, Fn: fileWritelines, Doc: "Write each string of an iterable. No newlines are added."},
	{Name: textFile + ".flush", Sig: "()", Method: true, Fn: fileFlush, Doc: "Do nothing: writes are not buffered."},
	{Name: textFile + ".close", Sig: "()", Method: true, Fn: fileClose, Doc: "Close the file. A second close does nothing."},
	{Name: textFile + ".fileno", Sig: "()", Method: true, Fn: fileFileno, Doc: "Return the descriptor."},
	{Name: textFile + ".isatty", Sig: "()", Method: true, Fn: fileIsatty, Doc: "Tell whether the file is a terminal."},
	{Name: textFile + ".seek", Sig: "(offset, whence=0)", Method: true, Fn: fileSeek, Doc: "Set the position: from the start (0), from here (1) or from the end (2). Returns the position."},
	{Name: textFile + ".tell", Sig: "()", Method: true, Fn: fileTell, Doc: "Return the position."},
	{Name: textFile + ".readable", Sig: "()", Method: true, Fn: fileReadable, Doc: "Tell whether the file was opened for reading."},
	{Name: textFile + ".writable", Sig: "()", Method: true, Fn: fileWritable, Doc: "Tell whether the file was opened for writing."},
	{Name: textFile + ".seekable", Sig: "()", Method: true, Fn: fileSeekable, Doc: "Tell whether the file has a position."},
	{Name: textFile + ".__enter__", Sig: "()", Method: true, Fn: fileEnter, Doc: "Return the file, for with."},
	{Name: textFile + ".__exit__", Sig: "(type, value, traceback)", Method: true, Fn: fileExit, Doc: "Close the file."},
}

// newBinaryFile makes a file object for an open descriptor.
func newBinaryFile(fd kernel.Fd, name vm.Value, mode string) *File {
	f := &File{name: name, mode: mode, fd: fd, owns: true}
	f.raw = f
	return f
}

// newTextFile makes a text file object for an open descriptor.
func newTextFile(fd kernel.Fd, name vm.Value, mode string) *File {
	raw := newBinaryFile(fd, name, binaryMode(mode))
	return &File{raw: raw, name: name, mode: mode, errors: "strict", lines: true}
}

// binaryMode is the mode of the binary file below a text file.
func binaryMode(mode string) string {
	plus := strings.Contains(mode, "+")
	mode = strings.Trim(mode, "bt+") + "b"
	if plus {
		mode += "+"
	}
	return mode
}

func (f *File) binary() bool { return f.raw == f }

func (f *File) canRead() bool  { return strings.ContainsAny(f.mode, "r+") }
func (f *File) canWrite() bool { return strings.ContainsAny(f.mode, "wax+") }

func (f *File) String() string {
	if f.binary() {
		return fmt.Sprintf("<_io.%s name=%s>", f.Type(), vm.PyRepr(f.name))
	}
	return fmt.Sprintf("<_io.%s name=%s mode='%s' encoding='utf-8'>", f.Type(), vm.PyRepr(f.name), f.mode)
}

// Type returns CPython's name of the type.
func (f *File) Type() string {
	switch {
	case !f.binary():
		return textFile
	case f.canRead() && f.canWrite():
		return "BufferedRandom"
	case f.canWrite():
		return "BufferedWriter"
	}
	return "BufferedReader"
}
func (f *File) Freeze()              {}
func (f *File) Truth() starlark.Bool { return true }

// Hash is by identity.
func (f *File) Hash() (uint32, error) {
	return uint32(uint64(uintptr(unsafe.Pointer(f))) * 0x9e3779b97f4a7c15 >> 32), nil
}

// Attr returns what is not a method.
func (f *File) Attr(name string) (starlark.Value, error) {
	switch name {
	case "name":
		return f.name, nil
	case "mode":
		return starlark.String(f.mode), nil
	case "closed":
		return starlark.Bool(f.raw.closed), nil
	}
	if f.binary() {
		return nil, nil
	}
	switch name {
	case "buffer":
		return f.raw, nil
	case "encoding":
		return starlark.String("utf-8"), nil
	case "errors":
		return starlark.String(f.errors), nil
	case "newlines":
		return starlark.None, nil
	case "line_buffering", "write_through":
		return starlark.True, nil
	}
	return nil, nil
}

// AttrNames lists what Attr knows.
func (f *File) AttrNames() []string {
	if f.binary() {
		return []string{"closed", "mode", "name"}
	}
	return []string{"buffer", "closed", "encoding", "errors", "line_buffering", "mode", "name", "newlines", "write_through"}
}

// The image of a File: flags, error handler, descriptor, mode and what was read ahead; the
// name, and for a text file the binary one, are references.
const (
	fileLines = 1 << iota
	fileClosed
	fileOwns
)

// Local says that only children have the descriptor.
func (f *File) Local() {}

// ImageKind, Image and Restore make a File travel.
func (f *File) ImageKind() string { return fileKind }

// Image writes the file down.
func (f *File) Image() ([]byte, []vm.Value, error) {
	var flags byte
	for i, set := range []bool{f.lines, f.closed, f.owns} {
		if set {
			flags |= 1 << i
		}
	}
	data := []byte{flags, byte(slices.Index(errorHandlers, f.errors))} // a binary file has none
	data = binary.AppendUvarint(data, uint64(f.fd))
	data = binary.AppendUvarint(data, uint64(len(f.mode)))
	data = append(data, f.mode...)
	data = append(data, f.ahead...)
	if f.binary() {
		return data, []vm.Value{f.name}, nil
	}
	return data, []vm.Value{f.name, f.raw}, nil
}

// Restore reads what Image wrote.
func (f *File) Restore(data []byte, refs []vm.Value) error {
	bad := errors.New("image: damaged file")
	if len(data) < 2 || len(refs) == 0 || len(refs) > 2 {
		return bad
	}
	flags, handler := data[0], int(data[1])
	data = data[2:]
	fd, n := binary.Uvarint(data)
	if n <= 0 {
		return bad
	}
	data = data[n:]
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(len(data)-n) {
		return bad
	}
	data = data[n:]
	*f = File{raw: f, name: refs[0], mode: string(data[:size]), fd: kernel.Fd(fd), ahead: bytes.Clone(data[size:]),
		lines: flags&fileLines != 0, closed: flags&fileClosed != 0, owns: flags&fileOwns != 0}
	if handler < len(errorHandlers) {
		f.errors = errorHandlers[handler]
	}
	if len(refs) == 2 {
		raw, ok := refs[1].(*File)
		if !ok {
			return bad
		}
		f.raw = raw
	}
	return nil
}

// Opening.

// An openMode is a mode string taken apart.
type openMode struct {
	flags  int
	binary bool
	text   string // without the order that the script wrote it in
}

// parseMode follows _io_open_impl in Modules/_io/_iomodule.c.
func parseMode(mode string) (openMode, error) {
	var m openMode
	for i, c := range mode {
		if !strings.ContainsRune("rwaxbt+", c) || strings.ContainsRune(mode[:i], c) {
			return m, vm.Raise(vm.ValueError, "invalid mode: '%s'", mode)
		}
	}
	m.binary = strings.Contains(mode, "b")
	if m.binary && strings.Contains(mode, "t") {
		return m, vm.Raise(vm.ValueError, "can't have text and binary mode at once")
	}
	action := strings.Trim(mode, "bt+")
	action = strings.NewReplacer("b", "", "t", "", "+", "").Replace(action)
	switch action {
	case "r":
	case "w":
		m.flags = unix.O_CREAT | unix.O_TRUNC
	case "a":
		m.flags = unix.O_CREAT | unix.O_APPEND
	case "x":
		m.flags = unix.O_CREAT | unix.O_EXCL
	case "":
		return m, vm.Raise(vm.ValueError, "Must have exactly one of create/read/write/append mode and at most one plus")
	default:
		return m, vm.Raise(vm.ValueError, "must have exactly one of create/read/write/append mode")
	}
	switch {
	case strings.Contains(mode, "+"):
		m.flags |= unix.O_RDWR
	case action != "r":
		m.flags |= unix.O_WRONLY
	}
	m.text = mode
	if m.binary {
		m.text = binaryMode(mode)
	}
	return m, nil
}

// An opening is the arguments of open.
type opening struct {
	file                      vm.Value
	mode                      string
	buffering                 int
	encoding, errors, newline vm.Value
	closefd                   bool
}

// openNative is open(), and os.fdopen.
func openNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	o := opening{mode: "r", buffering: -1, encoding: starlark.None, errors: starlark.None, newline: starlark.None, closefd: true}
	err := unpack("open", args, kwargs, "file", &o.file, "mode?", &o.mode, "buffering?", &o.buffering,
		"encoding?", &o.encoding, "errors?", &o.errors, "newline?", &o.newline, "closefd?", &o.closefd)
	if err != nil {
		return nil, err
	}
	f, err := o.open(p)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (o *opening) open(p *vm.Process) (*File, error) {
	mode, err := parseMode(o.mode)
	if err != nil {
		return nil, err
	}
	if err := o.check(mode); err != nil {
		return nil, err
	}
	f := &File{name: o.file, mode: mode.text}
	if !mode.binary {
		if err := o.textOptions(f); err != nil {
			return nil, err
		}
	}
	fd, err := o.descriptor(p, mode.flags)
	if err != nil {
		return nil, err
	}
	f.raw = newBinaryFile(fd, o.file, binaryMode(mode.text))
	f.raw.owns = o.closefd
	if mode.binary {
		return f.raw, nil
	}
	return f, nil
}

// check refuses what makes no sense together.
func (o *opening) check(mode openMode) error {
	if !mode.binary {
		if o.buffering == 0 {
			return vm.Raise(vm.ValueError, "can't have unbuffered text I/O")
		}
		return nil
	}
	for _, option := range []struct {
		name  string
		value vm.Value
	}{{"n encoding", o.encoding}, {"n errors", o.errors}, {" newline", o.newline}} {
		if option.value != starlark.None {
			return vm.Raise(vm.ValueError, "binary mode doesn't take a%s argument", option.name)
		}
	}
	return nil
}

// textOptions sets what encoding, errors and newline ask for.
func (o *opening) textOptions(f *File) error {
	if enc, ok := starlark.AsString(o.encoding); ok {
		switch strings.ReplaceAll(strings.ToLower(enc), "_", "-") {
		case "utf-8", "utf8", "ascii", "us-ascii", "locale":
		default:
			return vm.Raise(vm.LookupError, "unknown encoding: %s", enc)
		}
	}
	f.errors = "strict"
	if errs, ok := starlark.AsString(o.errors); ok {
		f.errors = errs
	}
	if !slices.Contains(errorHandlers, f.errors) {
		return unknownHandler(f.errors)
	}
	f.lines = true
	if newline, ok := starlark.AsString(o.newline); ok {
		if newline != "" && newline != "\n" {
			return vm.Raise(vm.ValueError, "illegal newline value: %s", vm.PyRepr(o.newline))
		}
		f.lines = false
	}
	return nil
}

// descriptor opens the file, unless it was given as a descriptor.
func (o *opening) descriptor(p *vm.Process, flags int) (kernel.Fd, error) {
	switch o.file.(type) {
	case starlark.Int, starlark.Bool:
		fd, err := asInt(o.file)
		if err == nil && fd < 0 {
			err = vm.Raise(vm.ValueError, "negative file descriptor")
		}
		return kernel.Fd(fd), err
	}
	path, err := asFileName(o.file)
	if err != nil {
		return 0, err
	}
	if !o.closefd {
		return 0, vm.Raise(vm.ValueError, "Cannot use closefd=False with file name")
	}
	if isDirectory(path.path) {
		return 0, osErrorAt(unix.EISDIR, path.value(), nil)
	}
	fd, err := p.Kernel.Open(path.path, flags|unix.O_CLOEXEC, 0o666)
	if err != nil {
		return 0, osErrorAt(err, path.value(), nil)
	}
	if flags&unix.O_APPEND != 0 {
		_, _ = p.Kernel.Seek(fd, 0, io.SeekEnd) // for tell; what has no position has none to set
	}
	return fd, nil
}

// isDirectory tells whether a path is a directory, which open(2) would open for reading.
func isDirectory(path string) bool {
	var st unix.Stat_t
	return unix.Stat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR
}

// Writing.

// unwritten stands, among the arguments of a call that a signal interrupted
// after part of the data was written, for the data: the VM makes the call again
// with it, and it goes on where it was. It may travel in between, if the
// signal's handler forks.
type unwritten struct {
	rest string
	size int // of the whole, in the units that write returns
}

const unwrittenKind = "unwritten"

func (u *unwritten) String() string        { return "<unwritten>" }
func (u *unwritten) Type() string          { return "unwritten" }
func (u *unwritten) Freeze()               {}
func (u *unwritten) Truth() starlark.Bool  { return true }
func (u *unwritten) Hash() (uint32, error) { return 0, errors.New("unhashable type: unwritten") }

// ImageKind, Image and Restore make it travel.
func (u *unwritten) ImageKind() string { return unwrittenKind }

// Image writes the size and the rest.
func (u *unwritten) Image() ([]byte, []vm.Value, error) {
	return append(binary.AppendUvarint(nil, uint64(u.size)), u.rest...), nil, nil
}

// Restore reads what Image wrote.
func (u *unwritten) Restore(data []byte, refs []vm.Value) error {
	size, n := binary.Uvarint(data)
	if n <= 0 {
		return errors.New("image: damaged unwritten data")
	}
	u.size, u.rest = int(size), string(data[n:])
	return nil
}

// A partialWrite says that a signal came after part of the data was written.
// It is kernel.ErrInterrupted to the VM.
type partialWrite struct{ rest string }

func (*partialWrite) Error() string { return "write interrupted by a signal" }
func (*partialWrite) Unwrap() error { return kernel.ErrInterrupted }

// WriteString writes s with one write(2), or more if the system does not take
// it whole. If a signal comes in between, a native that returns the error is called
// again: it has to pass its arguments to Resume first, and to ask Resumed for
// them when it starts, as fileWrite does.
func (f *File) WriteString(p *vm.Process, s string) error {
	if err := f.check("write"); err != nil {
		return err
	}
	if err := f.raw.dropAhead(p); err != nil {
		return err
	}
	// write(2) does not change what it is given.
	data := unsafe.Slice(unsafe.StringData(s), len(s))
	for written := 0; written < len(s); {
		n, err := p.Kernel.Write(f.raw.fd, data[written:])
		written += n
		switch {
		case errors.Is(err, kernel.ErrInterrupted) && written > 0:
			return &partialWrite{rest: s[written:]}
		case err != nil:
			return f.writeError(err)
		}
	}
	return nil
}

// writeError makes the exception. A broken standard output is named, because
// the host ends a script that does not handle it quietly; see StdoutBroken.
func (f *File) writeError(err error) error {
	if f.raw.fd == 1 && errors.Is(err, unix.EPIPE) {
		return osErrorAt(err, f.name, nil)
	}
	return osError(err, "")
}

// Resume notes in an argument of the call that WriteString was interrupted in
// what is left to write; size is what the call is to return in the end.
func Resume(err error, arg *vm.Value, size int) {
	var partial *partialWrite
	if errors.As(err, &partial) {
		*arg = &unwritten{rest: partial.rest, size: size}
	}
}

// Resumed returns what Resume noted.
func Resumed(arg vm.Value) (rest string, size int, ok bool) {
	if u, ok := arg.(*unwritten); ok {
		return u.rest, u.size, true
	}
	return "", 0, false
}

// writeArg writes the value in *arg, or what is left of it, and returns its length.
func (f *File) writeArg(p *vm.Process, arg *vm.Value) (int, error) {
	s, size, resumed := Resumed(*arg)
	if !resumed {
		var err error
		if s, size, err = f.data(*arg); err != nil {
			return 0, err
		}
	}
	err := f.WriteString(p, s)
	if err != nil {
		Resume(err, arg, size)
	}
	return size, err
}

// data returns what writing v means: text for a text file, bytes for a binary one.
func (f *File) data(v vm.Value) (s string, size int, err error) {
	if f.binary() {
		b, err := asBytes(v)
		return string(b), len(b), err
	}
	str, ok := v.(starlark.String)
	if !ok {
		return "", 0, vm.Raise(vm.TypeError, "write() argument must be str, not %s", vm.TypeName(v))
	}
	return string(str), utf8.RuneCountInString(string(str)), nil
}

// dropAhead moves the descriptor back to where the script is, before a write
// or seek.
func (f *File) dropAhead(p *vm.Process) error {
	if len(f.ahead) == 0 || !f.canWrite() {
		return nil
	}
	_, err := p.Kernel.Seek(f.fd, -int64(len(f.ahead)), io.SeekCurrent)
	if err != nil && !errors.Is(err, unix.ESPIPE) {
		return osError(err, "")
	}
	f.ahead = nil
	return nil
}

// check refuses what a file cannot do: "read", "write" or "" for any use.
func (f *File) check(use string) error {
	switch {
	case f.raw.closed && f.binary() && use != "":
		return vm.Raise(vm.ValueError, "%s of closed file", use)
	case f.raw.closed:
		return vm.Raise(vm.ValueError, "I/O operation on closed file.")
	case use == "read" && !f.canRead():
		return vm.Raise(vm.OSError, "not readable")
	case use == "write" && !f.canWrite():
		return vm.Raise(vm.OSError, "not writable")
	}
	return nil
}

// Reading.

// readSize is how much is asked from the system at a time.
const readSize = 8192

// fill reads more from the descriptor. It reports false at the end of file.
func (f *File) fill(p *vm.Process, size int) (bool, error) {
	f.ahead = slices.Grow(f.ahead, size)
	n, err := p.Kernel.Read(f.fd, f.ahead[len(f.ahead):len(f.ahead)+size])
	if err != nil {
		return false, osError(err, "")
	}
	f.ahead = f.ahead[:len(f.ahead)+n]
	return n > 0, nil
}

// take removes n bytes from what was read ahead.
func (f *File) take(n int) []byte {
	data := f.ahead[:n:n]
	f.ahead = f.ahead[n:]
	if len(f.ahead) == 0 {
		f.ahead = nil
	}
	return data
}

// fillWhile reads until enough, given what was read ahead, returns a length
// to take, or until the end of file. At the end, enough is asked with end set.
// What is read stays if a signal interrupts, so the call can be made again.
func (f *File) fillWhile(p *vm.Process, enough func(ahead []byte, end bool) int) ([]byte, error) {
	for {
		if n := enough(f.ahead, false); n >= 0 {
			return f.take(n), nil
		}
		more, err := f.fill(p, max(readSize, min(len(f.ahead), 1<<20)))
		if err != nil {
			return nil, err
		}
		if !more {
			return f.take(enough(f.ahead, true)), nil
		}
	}
}

// read reads size characters or bytes, all if size is negative.
func (f *File) read(p *vm.Process, size int) (vm.Value, error) {
	if err := f.check("read"); err != nil {
		return nil, err
	}
	measure := func(ahead []byte, end bool) int {
		switch {
		case size >= 0 && f.binary() && len(ahead) >= size:
			return size
		case size >= 0 && !f.binary():
			return f.characters(ahead, size, end)
		case end:
			return len(ahead)
		}
		return -1
	}
	data, err := f.raw.fillWhile(p, measure)
	if err != nil {
		return nil, err
	}
	return f.value(data)
}

// characters returns how many bytes the first n characters take, -1 if they
// are not all there.
func (f *File) characters(data []byte, n int, end bool) int {
	at := 0
	for range n {
		rest := data[at:]
		switch {
		case len(rest) == 0 && end:
			return at
		case len(rest) == 0 || !end && !utf8.FullRune(rest):
			return -1
		case f.lines && rest[0] == '\r':
			if len(rest) == 1 && !end {
				return -1
			}
			if len(rest) > 1 && rest[1] == '\n' {
				at++
			}
			at++
		default:
			_, size := utf8.DecodeRune(rest)
			at += size
		}
	}
	return at
}

// line reads one line, at most size characters or bytes of it if size is not negative.
func (f *File) line(p *vm.Process, size int) (vm.Value, error) {
	if err := f.check("read"); err != nil {
		return nil, err
	}
	seen := 0 // no line ends before this
	data, err := f.raw.fillWhile(p, func(ahead []byte, end bool) int {
		n := f.lineEnd(ahead, seen, end)
		seen = max(len(ahead)-1, 0)
		return f.limit(ahead, n, size, end)
	})
	if err != nil {
		return nil, err
	}
	return f.value(data)
}

// lineEnd returns the length of the first line, -1 if it is not all there.
func (f *File) lineEnd(data []byte, from int, end bool) int {
	stops := "\n"
	if f.lines {
		stops = "\r\n"
	}
	i := bytes.IndexAny(data[from:], stops)
	if i < 0 {
		if end {
			return len(data)
		}
		return -1
	}
	i += from + 1
	switch {
	case data[i-1] == '\n':
		return i
	case i < len(data) && data[i] == '\n':
		return i + 1
	case i == len(data) && !end:
		return -1
	}
	return i
}

// limit cuts a line of n bytes (-1: of unknown length) to size characters or bytes.
func (f *File) limit(data []byte, n, size int, end bool) int {
	if size < 0 {
		return n
	}
	most := min(size, len(data))
	if !f.binary() {
		most = f.characters(data, size, end)
	} else if len(data) < size && !end {
		most = -1
	}
	switch {
	case n < 0:
		return most
	case most < 0:
		return n
	}
	return min(n, most)
}

// value makes what reading returns of the bytes.
func (f *File) value(data []byte) (vm.Value, error) {
	if f.binary() {
		return starlark.Bytes(data), nil
	}
	s, err := decodeUTF8(string(data), f.errors)
	if err != nil {
		return nil, err
	}
	if f.lines && strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return starlark.String(s), nil
}

// decodeError makes the UnicodeDecodeError for the first fault in data, with
// the reasons of CPython's UTF-8 decoder (Objects/stringlib/codecs.h).
func decodeError(data []byte) error {
	start := 0
	for start < len(data) {
		r, n := utf8.DecodeRune(data[start:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		start += n
	}
	end, reason := utf8Fault(data, start)
	what := fmt.Sprintf("byte 0x%02x in position %d", data[start], start)
	if end > start+1 {
		what = fmt.Sprintf("bytes in position %d-%d", start, end-1)
	}
	msg := fmt.Sprintf("'utf-8' codec can't decode %s: %s", what, reason)
	e := vm.NewException(vm.UnicodeDecodeError, starlark.String(msg))
	e.Set("encoding", starlark.String("utf-8"))
	e.Set("object", starlark.Bytes(data))
	e.Set("start", starlark.MakeInt(start))
	e.Set("end", starlark.MakeInt(end))
	e.Set("reason", starlark.String(reason))
	return e
}

// utf8Fault says where the fault that begins at start ends, and what it is.
func utf8Fault(data []byte, start int) (end int, reason string) {
	length := 0
	switch c := data[start]; {
	case c >= 0xc2 && c <= 0xdf:
		length = 2
	case c >= 0xe0 && c <= 0xef:
		length = 3
	case c >= 0xf0 && c <= 0xf4:
		length = 4
	default:
		return start + 1, "invalid start byte"
	}
	for end = start + 1; end < start+length; end++ {
		if end == len(data) {
			return end, "unexpected end of data"
		}
		if !continues(data[start:end], data[end]) {
			break
		}
	}
	return end, "invalid continuation byte"
}

// continues reports whether a byte may follow the beginning of a character:
// overlong forms, surrogates and what is beyond Unicode may not.
func continues(begin []byte, c byte) bool {
	low, high := byte(0x80), byte(0xbf)
	if len(begin) == 1 {
		switch begin[0] {
		case 0xe0:
			low = 0xa0
		case 0xed:
			high = 0x9f
		case 0xf0:
			low = 0x90
		case 0xf4:
			high = 0x8f
		}
	}
	return low <= c && c <= high
}

// Next returns the next line, for loops.
func (f *File) Next(p *vm.Process) (vm.Value, error) {
	v, err := f.line(p, -1)
	if err != nil || !v.Truth() {
		return nil, err
	}
	return v, nil
}

// ReadLine returns the next line with its newline, "" at the end: for input().
func (f *File) ReadLine(p *vm.Process) (string, error) {
	v, err := f.line(p, -1)
	if err != nil {
		return "", err
	}
	return vm.Str(v), nil
}

// Close closes the file, and the descriptor if it is the file's own.
func (f *File) Close(p *vm.Process) error {
	raw := f.raw
	if raw.closed {
		return nil
	}
	raw.closed, raw.ahead = true, nil
	if !raw.owns {
		return nil
	}
	return osError(p.Kernel.Close(raw.fd), "")
}

// The methods.

// receiver unpacks a method's receiver and arguments.
func receiver(name string, args []vm.Value, kwargs []starlark.Tuple, pairs ...any) (*File, error) {
	if len(args) == 0 {
		return nil, vm.Raise(vm.TypeError, "unbound method %s() needs an argument", name)
	}
	f, ok := args[0].(*File)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "descriptor '%s' requires a file object but received '%s'", name, vm.TypeName(args[0]))
	}
	return f, unpack(name, args[1:], kwargs, pairs...)
}

// asSize converts a size that may be None.
func asSize(v vm.Value) (int, error) {
	if v == nil || v == starlark.None {
		return -1, nil
	}
	return asInt(v)
}

func fileRead(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return readSized("read", (*File).read, p, args, kwargs)
}

func fileReadline(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return readSized("readline", (*File).line, p, args, kwargs)
}

func readSized(name string, read func(*File, *vm.Process, int) (vm.Value, error), p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	f, err := receiver(name, args, kwargs, "size?", &v)
	if err != nil {
		return nil, err
	}
	size, err := asSize(v)
	if err != nil {
		return nil, err
	}
	return read(f, p, size)
}

// fileReadlines reads what there is before it takes lines from it: were a
// signal to interrupt, lines taken would be lost.
func fileReadlines(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	f, err := receiver("readlines", args, kwargs, "hint?", &v)
	if err != nil {
		return nil, err
	}
	hint, err := asSize(v)
	if err != nil {
		return nil, err
	}
	if err := f.check("read"); err != nil {
		return nil, err
	}
	for more := true; more && (hint <= 0 || len(f.raw.ahead) < hint); {
		if more, err = f.raw.fill(p, readSize); err != nil {
			return nil, err
		}
	}
	var lines []vm.Value
	for total := 0; hint <= 0 || total < hint; {
		line, err := f.line(p, -1)
		if err != nil {
			return nil, err
		}
		if !line.Truth() {
			break
		}
		lines = append(lines, line)
		total += starlark.Len(line)
	}
	return starlark.NewList(lines), nil
}

func fileWrite(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	f, err := receiver("write", args, kwargs, "data", &v)
	if err != nil {
		return nil, err
	}
	size, err := f.writeArg(p, &v)
	if err != nil {
		if len(args) > 1 {
			args[1] = v
		}
		return nil, err
	}
	return starlark.MakeInt(size), nil
}

// fileWritelines joins the lines: one write, which a signal can interrupt.
func fileWritelines(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	f, err := receiver("writelines", args, kwargs, "lines", &v)
	if err != nil {
		return nil, err
	}
	s, _, resumed := Resumed(v)
	if !resumed {
		if s, err = f.joined(p, v); err != nil {
			return nil, err
		}
	}
	if err := f.WriteString(p, s); err != nil {
		if len(args) > 1 {
			Resume(err, &args[1], 0)
		}
		return nil, err
	}
	return starlark.None, nil
}

func (f *File) joined(p *vm.Process, v vm.Value) (string, error) {
	lines, err := p.Iterate(v)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, line := range lines {
		s, _, err := f.data(line)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func fileFlush(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("flush", args, kwargs)
	if err != nil {
		return nil, err
	}
	return none(f.check("flush"))
}

func fileClose(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("close", args, kwargs)
	if err != nil {
		return nil, err
	}
	return none(f.Close(p))
}

func fileFileno(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("fileno", args, kwargs)
	if err == nil {
		err = f.check("")
	}
	if err != nil {
		return nil, err
	}
	return starlark.MakeInt(int(f.raw.fd)), nil
}

func fileIsatty(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("isatty", args, kwargs)
	if err == nil {
		err = f.check("")
	}
	if err != nil {
		return nil, err
	}
	return starlark.Bool(p.Kernel.Isatty(f.raw.fd)), nil
}

func fileSeek(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var position starlark.Int
	whence := io.SeekStart
	f, err := receiver("seek", args, kwargs, "offset", &position, "whence?", &whence)
	if err == nil {
		err = f.check("seek")
	}
	if err != nil {
		return nil, err
	}
	offset, err := asOffset(position)
	if err != nil {
		return nil, err
	}
	if err := f.checkSeek(offset, whence); err != nil {
		return nil, err
	}
	if whence == io.SeekCurrent {
		offset -= int64(len(f.raw.ahead))
	}
	at, err := p.Kernel.Seek(f.raw.fd, offset, whence)
	if err != nil {
		return nil, osError(err, "")
	}
	f.raw.ahead = nil
	return starlark.MakeInt64(at), nil
}

// checkSeek refuses what CPython refuses for text, where positions are not counted in bytes.
func (f *File) checkSeek(offset int64, whence int) error {
	switch {
	case whence < io.SeekStart || whence > io.SeekEnd:
		return vm.Raise(vm.ValueError, "invalid whence (%d, should be 0, 1 or 2)", whence)
	case f.binary():
		return nil
	case whence == io.SeekStart && offset < 0:
		return vm.Raise(vm.ValueError, "negative seek position %d", offset)
	case whence == io.SeekCurrent && offset != 0:
		return vm.Raise(vm.OSError, "can't do nonzero cur-relative seeks")
	case whence == io.SeekEnd && offset != 0:
		return vm.Raise(vm.OSError, "can't do nonzero end-relative seeks")
	}
	return nil
}

func fileTell(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("tell", args, kwargs)
	if err == nil {
		err = f.check("tell")
	}
	if err != nil {
		return nil, err
	}
	at, err := p.Kernel.Seek(f.raw.fd, 0, io.SeekCurrent)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt64(at - int64(len(f.raw.ahead))), nil
}

func fileReadable(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return fileAsk("readable", args, kwargs, (*File).canRead)
}

func fileWritable(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return fileAsk("writable", args, kwargs, (*File).canWrite)
}

func fileSeekable(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return fileAsk("seekable", args, kwargs, func(f *File) bool {
		_, err := p.Kernel.Seek(f.raw.fd, 0, io.SeekCurrent)
		return err == nil
	})
}

func fileAsk(name string, args []vm.Value, kwargs []starlark.Tuple, ask func(*File) bool) (vm.Value, error) {
	f, err := receiver(name, args, kwargs)
	if err == nil {
		err = f.check("")
	}
	if err != nil {
		return nil, err
	}
	return starlark.Bool(ask(f)), nil
}

func fileEnter(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	f, err := receiver("__enter__", args, kwargs)
	if err == nil {
		err = f.check("")
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

func fileExit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var typ, value, traceback vm.Value
	f, err := receiver("__exit__", args, kwargs, "type", &typ, "value", &value, "traceback", &traceback)
	if err != nil {
		return nil, err
	}
	return none(f.Close(p))
}
