package builtins

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

func TestErrnoSameAsPython(t *testing.T) {
	exprs := []string{"sorted([k for k in errno.errorcode if k != 133])", "errno.EWOULDBLOCK", "errno.EOPNOTSUPP", "errno.EDEADLOCK",
		"os.strerror(0)", "os.strerror(133)", "os.strerror(9999)", "os.strerror(41)"}
	for _, row := range errnoTable {
		if row.name == "EHWPOISON" || row.name == "EDEADLK" {
			continue // CPython lacks the one, and has the other's alias in errorcode
		}
		exprs = append(exprs, "errno."+row.name, "os.strerror(errno."+row.name+")", "errno.errorcode[errno."+row.name+"]")
	}
	compare(t, exprs)
}

func TestErrnoClassesSameAsPython(t *testing.T) {
	var exprs, got []string
	for _, row := range errnoTable {
		exprs = append(exprs, fmt.Sprintf("type(OSError(%d, 'x')).__name__", row.errno))
		got = append(got, canonical(starlark.String(errnoClass(row.errno).Name)))
	}
	differences(t, exprs, got, python(t, exprs))
}

func TestOSError(t *testing.T) {
	_, pathError := os.Open("/does/not/exist")
	for _, test := range []struct {
		err   error
		name  string
		class *vm.Class
		text  string
	}{
		{syscall.ENOENT, "x", vm.ExceptionClasses["FileNotFoundError"], "[Errno 2] No such file or directory: 'x'"},
		{syscall.EINVAL, "", vm.OSError, "[Errno 22] Invalid argument"},
		{fmt.Errorf("wrapped: %w", syscall.EPIPE), "", vm.BrokenPipeError, "[Errno 32] Broken pipe"},
		{pathError, "a'b", vm.ExceptionClasses["FileNotFoundError"], `[Errno 2] No such file or directory: "a'b"`},
		{kernel.ErrTooManyProcesses, "", vm.BlockingIOError, "[Errno 11] " + tooManyProcesses},
	} {
		e, ok := osError(test.err, test.name).(*vm.Exception)
		if !ok || e.Shape.Class != test.class || e.Error() != test.class.Name+": "+test.text {
			t.Errorf("%v: got %v", test.err, e)
		}
	}
	if err := osError(kernel.ErrInterrupted, ""); err != kernel.ErrInterrupted {
		t.Errorf("an interruption became %v", err)
	}
	if err := osError(nil, "x"); err != nil {
		t.Errorf("no error became %v", err)
	}
	e := osErrorAt(syscall.EXDEV, starlark.String("a"), starlark.Bytes("b")).(*vm.Exception)
	if got, want := e.Error(), `OSError: [Errno 18] Invalid cross-device link: 'a' -> b"b"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for key, want := range map[string]string{"errno": "18", "strerror": `"Invalid cross-device link"`, "filename": `"a"`} {
		if got := canonical(e.Get(key)); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
}
