package builtins

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var samplePaths = []string{"", "/", "//", "///", "a", "a/", "/a", "//a", "///a", "a/b", "a//b", "a/./b", "a/../b", "../a", "a/..", "a/../..", "/..", "/../a",
	".", "..", "./", "a.b", ".a", "..a", "a.", "a.b.c", "a/.b", "a/b.c", ".a.b", "...", "...a", "a/...b.c", "/a.b/c", "ä/ö.ü", "a b", "/a/b/../../c//d/.", "a/b/c/"}

func TestPathSameAsPython(t *testing.T) {
	var exprs []string
	for _, f := range []string{"split", "splitext", "splitdrive", "basename", "dirname", "normpath", "normcase", "abspath", "isabs", "exists", "isdir", "isfile", "realpath", "relpath"} {
		for _, path := range samplePaths {
			exprs = append(exprs, fmt.Sprintf("os.path.%s(%q)", f, path))
		}
	}
	for i, a := range samplePaths {
		for _, b := range samplePaths[i%5:] {
			exprs = append(exprs, fmt.Sprintf("os.path.join(%q, %q)", a, b), fmt.Sprintf("os.path.commonprefix([%q, %q])", a, b),
				fmt.Sprintf("os.path.commonpath([%q, %q])", a, b))
		}
	}
	for _, a := range []string{"a", "/a/b", "../x", "/"} {
		for _, b := range []string{"b", "/a", "..", "/a/b/c"} {
			exprs = append(exprs, fmt.Sprintf("os.path.relpath(%q, %q)", a, b))
		}
	}
	exprs = append(exprs,
		"os.path.join('a', 'b', 'c')", "os.path.join('a')", "os.path.join(b'a', b'b')", "os.path.join('a', b'b')", "os.path.join(1, 'a')",
		"os.path.split(b'/a/b')", "os.path.splitext(b'a.b')", "os.path.basename(1)", "os.path.exists('a\\0b')", "os.path.commonpath([])", "os.path.commonprefix([])",
		"os.path.commonprefix(['äb', 'äc', 'ää'])", "os.path.relpath('')", "os.path.relpath(b'a', b'b')", "os.path.commonpath(['/a', 'a'])",
		"os.path.expanduser('~')", "os.path.expanduser('~/x')", "os.path.expanduser('~root/x')", "os.path.expanduser('~nobody-of-that-name/x')", "os.path.expanduser('a~')",
		"os.path.expandvars('$HOME/${HOME}x$HOMEx/$/${/${nope}$nope$$HOME$')", "os.path.getsize('/does/not/exist')", "os.path.samefile('/', '/..')",
		"os.path.samefile('/', '/does/not/exist')", "os.path.isdir('/')", "os.path.isfile('/etc/passwd')", "os.path.lexists('/proc/self/exe')",
		"os.path.islink('/proc/self/exe')", "os.path.sep", "os.path.pardir", "os.path.getsize('/etc/passwd') > 0", "os.path.getmtime('/etc/passwd')")
	if os.Getenv("HOME") == "" { // else python3 may be where HOME leads to
		t.Setenv("HOME", "/nobody's")
	}
	compare(t, exprs, "HOME="+os.Getenv("HOME"))
}

// TestRealpath has links: to a file, up and down, in a loop.
func TestRealpath(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	os.MkdirAll(filepath.Join(dir, "d/e"), 0o777)
	for link, to := range map[string]string{"file": "d/e/f", "up": "d/..", "d/abs": dir, "loop": "loop", "a": "b", "b": "a", "d/e/back": "../../up/d"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var exprs []string
	for _, path := range []string{"file", "up", "up/up/up/file", "d/abs/d/abs/x", "loop", "loop/x", "a", "a/../d", "d/e/back/e/back/y", "nope/../x", "d/../../x", "file/.."} {
		exprs = append(exprs, fmt.Sprintf("os.path.realpath(%q)", filepath.Clean(dir)+"/"+path), fmt.Sprintf("os.path.realpath(%q, strict=True)", dir+"/"+path))
	}
	compare(t, exprs)
}
