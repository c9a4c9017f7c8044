package vm

import (
	"errors"
	"fmt"
	"path/filepath"

	"go.starlark.net/starlark"
)

// The exception classes of CPython (Objects/exceptions.c), parents first. One
// row is all it takes to add one.
var exceptionTable = []struct {
	class **Class // the variable that names it in Go, or nil
	name  string
	base  string
}{
	{&BaseException, "BaseException", "object"},
	{&SystemExit, "SystemExit", "BaseException"},
	{&KeyboardInterrupt, "KeyboardInterrupt", "BaseException"},
	{&GeneratorExit, "GeneratorExit", "BaseException"},
	{&ExceptionClass, "Exception", "BaseException"},
	{&StopIteration, "StopIteration", "Exception"},
	{nil, "StopAsyncIteration", "Exception"},
	{&ArithmeticError, "ArithmeticError", "Exception"},
	{nil, "FloatingPointError", "ArithmeticError"},
	{&OverflowError, "OverflowError", "ArithmeticError"},
	{&ZeroDivisionError, "ZeroDivisionError", "ArithmeticError"},
	{&AssertionError, "AssertionError", "Exception"},
	{&AttributeError, "AttributeError", "Exception"},
	{nil, "BufferError", "Exception"},
	{&EOFError, "EOFError", "Exception"},
	{&ImportError, "ImportError", "Exception"},
	{&ModuleNotFoundError, "ModuleNotFoundError", "ImportError"},
	{&LookupError, "LookupError", "Exception"},
	{&IndexError, "IndexError", "LookupError"},
	{&KeyError, "KeyError", "LookupError"},
	{&MemoryError, "MemoryError", "Exception"},
	{&NameError, "NameError", "Exception"},
	{&UnboundLocalError, "UnboundLocalError", "NameError"},
	{&OSError, "OSError", "Exception"},
	{&BlockingIOError, "BlockingIOError", "OSError"},
	{&ChildProcessError, "ChildProcessError", "OSError"},
	{nil, "ConnectionError", "OSError"},
	{&BrokenPipeError, "BrokenPipeError", "ConnectionError"},
	{nil, "ConnectionAbortedError", "ConnectionError"},
	{nil, "ConnectionRefusedError", "ConnectionError"},
	{nil, "ConnectionResetError", "ConnectionError"},
	{nil, "FileExistsError", "OSError"},
	{nil, "FileNotFoundError", "OSError"},
	{nil, "InterruptedError", "OSError"},
	{nil, "IsADirectoryError", "OSError"},
	{nil, "NotADirectoryError", "OSError"},
	{nil, "PermissionError", "OSError"},
	{nil, "ProcessLookupError", "OSError"},
	{nil, "TimeoutError", "OSError"},
	{&ReferenceError, "ReferenceError", "Exception"},
	{&RuntimeError, "RuntimeError", "Exception"},
	{&NotImplementedError, "NotImplementedError", "RuntimeError"},
	{&RecursionError, "RecursionError", "RuntimeError"},
	{&SyntaxError, "SyntaxError", "Exception"},
	{nil, "IndentationError", "SyntaxError"},
	{nil, "TabError", "IndentationError"},
	{&SystemError, "SystemError", "Exception"},
	{&TypeError, "TypeError", "Exception"},
	{&ValueError, "ValueError", "Exception"},
	{&UnicodeError, "UnicodeError", "ValueError"},
	{&UnicodeDecodeError, "UnicodeDecodeError", "UnicodeError"},
	{&UnicodeEncodeError, "UnicodeEncodeError", "UnicodeError"},
	{nil, "UnicodeTranslateError", "UnicodeError"},
	{&Warning, "Warning", "Exception"},
	{nil, "BytesWarning", "Warning"},
	{nil, "DeprecationWarning", "Warning"},
	{nil, "EncodingWarning", "Warning"},
	{nil, "FutureWarning", "Warning"},
	{nil, "ImportWarning", "Warning"},
	{nil, "PendingDeprecationWarning", "Warning"},
	{nil, "ResourceWarning", "Warning"},
	{nil, "RuntimeWarning", "Warning"},
	{nil, "SyntaxWarning", "Warning"},
	{nil, "UnicodeWarning", "Warning"},
	{nil, "UserWarning", "Warning"},
}

// Object is the root of all classes.
var Object = &Class{Name: "object", QualName: "object", Module: "builtins", Builtin: true}

// The exception classes that Go code raises.
var (
	BaseException, SystemExit, KeyboardInterrupt, GeneratorExit, ExceptionClass, StopIteration *Class
	ArithmeticError, OverflowError, ZeroDivisionError, AssertionError, AttributeError          *Class
	EOFError, ImportError, ModuleNotFoundError, LookupError, IndexError, KeyError              *Class
	MemoryError, NameError, UnboundLocalError, OSError, BlockingIOError, ChildProcessError     *Class
	BrokenPipeError, ReferenceError, RuntimeError, NotImplementedError, RecursionError         *Class
	SyntaxError, SystemError, TypeError, ValueError, UnicodeError                              *Class
	UnicodeDecodeError, UnicodeEncodeError, Warning                                            *Class
)

// ExceptionClasses holds every builtin exception class, by name.
var ExceptionClasses = map[string]*Class{}

func init() {
	Object.MRO = []*Class{Object}
	for _, row := range exceptionTable {
		base := ExceptionClasses[row.base]
		if base == nil {
			base = Object
		}
		c := NewNativeClass("builtins", row.name, base)
		ExceptionClasses[row.name] = c
		if row.class != nil {
			*row.class = c
		}
	}
}

// NewNativeClass makes a class that the host provides, with one base.
func NewNativeClass(module, name string, base *Class) *Class {
	c := &Class{Name: name, QualName: name, Module: module, Builtin: true, Bases: []*Class{base}}
	c.MRO = append([]*Class{c}, base.MRO...)
	return c
}

// NewException makes an exception of a class with arguments, without running __init__.
func NewException(class *Class, args ...Value) *Exception {
	e := &Exception{Instance: Instance{Shape: class.RootShape()}, Args: args}
	return e
}

// Raise returns an exception with a formatted message, for Go code to return
// as its error.
func Raise(class *Class, format string, args ...any) error {
	return NewException(class, starlark.String(fmt.Sprintf(format, args...)))
}

// Error returns what a traceback's last line says: an Exception is the error
// that Go code returns to raise it.
func (e *Exception) Error() string { return e.describe(exceptionMessage(e)) }

func (e *Exception) describe(msg string) string {
	name := e.Shape.Class.QualName
	if m := e.Shape.Class.Module; m != "builtins" && m != "__main__" && m != "" {
		name = m + "." + name
	}
	if msg == "" {
		return name
	}
	return name + ": " + msg + e.Hint
}

// exceptionMessage is BaseException.__str__ in Go, and those of the subclasses that have their own.
func exceptionMessage(e *Exception) string {
	switch {
	case e.Shape.Class.IsSubclass(OSError) && len(e.Args) >= 2:
		return osErrorMessage(e)
	case len(e.Args) == 0:
		return ""
	case len(e.Args) == 1 && e.Shape.Class.IsSubclass(KeyError):
		return PyRepr(e.Args[0])
	case len(e.Args) == 1:
		return Str(e.Args[0]) + syntaxErrorPlace(e)
	}
	return Repr(e.Args)
}

// syntaxErrorPlace is what SyntaxError_str in Objects/exceptions.c adds to the message.
func syntaxErrorPlace(e *Exception) string {
	file, line := e.Get("filename"), e.Get("lineno")
	if file == nil || line == nil || !e.Shape.Class.IsSubclass(SyntaxError) {
		return ""
	}
	return fmt.Sprintf(" (%s, line %s)", filepath.Base(Str(file)), Str(line))
}

// osErrorMessage follows OSError_str in Objects/exceptions.c.
func osErrorMessage(e *Exception) string {
	msg := fmt.Sprintf("[Errno %s] %s", Str(e.Args[0]), Str(e.Args[1]))
	if f := e.Get("filename"); f != nil && f != starlark.None {
		msg += ": " + PyRepr(f)
		if f2 := e.Get("filename2"); f2 != nil && f2 != starlark.None {
			msg += " -> " + PyRepr(f2)
		}
	}
	return msg
}

// AsException returns err as the exception it stands for: itself, or a new one
// of the given class with its text.
func AsException(err error, class *Class) *Exception {
	var e *Exception
	if errors.As(err, &e) {
		return e
	}
	if class == nil {
		class = TypeError
	}
	return NewException(class, starlark.String(err.Error()))
}

// IsSubclass reports whether c is base or inherits from it.
func (c *Class) IsSubclass(base *Class) bool {
	for _, k := range c.MRO {
		if k == base {
			return true
		}
	}
	return false
}

// Get returns an attribute that the instance itself has, or nil.
func (i *Instance) Get(key string) Value {
	if n := i.Shape.Index(key); n >= 0 {
		return i.Slots[n]
	}
	return nil
}

// Set sets an attribute of the instance itself.
func (i *Instance) Set(key string, v Value) {
	if n := i.Shape.Index(key); n >= 0 {
		i.Slots[n] = v
		return
	}
	i.Shape = i.Shape.With(key)
	i.Slots = append(i.Slots, v)
}
