package builtins

import (
	"os"
	"os/user"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

const pathDoc = "File names: taking them apart, joining them, asking about the files they name."

// pathNatives is module os.path. It follows CPython's Lib/posixpath.py, which
// differs from Go's path/filepath in many corners. A result is str or bytes as the argument was.
var pathNatives = []*vm.Native{
	{Name: "os.path.join", Sig: "(path, *paths)", Fn: pathJoin, Doc: "Join names with '/'. An absolute one discards those before it."},
	{Name: "os.path.split", Sig: "(path)", Fn: pathSplit, Doc: "Return (head, tail): tail is everything after the last slash."},
	{Name: "os.path.splitext", Sig: "(path)", Fn: pathSplitext, Doc: "Return (root, ext): ext is empty or begins with the last dot of the last component."},
	{Name: "os.path.splitdrive", Sig: "(path)", Fn: pathSplitdrive, Doc: "Return ('', path): there are no drives here."},
	{Name: "os.path.basename", Sig: "(path)", Fn: ofPath("basename", func(s string) string { _, tail := splitPath(s); return tail }), Doc: "Return what comes after the last slash."},
	{Name: "os.path.dirname", Sig: "(path)", Fn: ofPath("dirname", func(s string) string { head, _ := splitPath(s); return head }), Doc: "Return what comes before the last slash."},
	{Name: "os.path.normpath", Sig: "(path)", Fn: ofPath("normpath", normPath), Doc: "Remove double slashes, '.' and 'name/..' from a path."},
	{Name: "os.path.normcase", Sig: "(path)", Fn: ofPath("normcase", func(s string) string { return s }), Doc: "Return the path: upper and lower case differ here."},
	{Name: "os.path.abspath", Sig: "(path)", Fn: pathAbspath, Doc: "Return the normalized path from the root."},
	{Name: "os.path.realpath", Sig: "(filename, *, strict=False)", Fn: pathRealpath, Doc: "Return the path without symbolic links. If strict, every component must exist."},
	{Name: "os.path.relpath", Sig: "(path, start='.')", Fn: pathRelpath, Doc: "Return the path as seen from directory start."},
	{Name: "os.path.commonprefix", Sig: "(paths)", Fn: pathCommonprefix, Doc: "Return the longest string that all begin with, which need not be a path."},
	{Name: "os.path.commonpath", Sig: "(paths)", Fn: pathCommonpath, Doc: "Return the longest path that all begin with."},
	{Name: "os.path.expanduser", Sig: "(path)", Fn: pathExpanduser, Doc: "Replace '~' or '~user' at the beginning by that home directory."},
	{Name: "os.path.expandvars", Sig: "(path)", Fn: pathExpandvars, Doc: "Replace $name and ${name} by environment variables. Unknown ones stay."},
	{Name: "os.path.isabs", Sig: "(path)", Fn: pathIsabs, Doc: "Tell whether a path begins with a slash."},

	{Name: "os.path.exists", Sig: "(path)", Fn: askFile("exists", os.Stat, func(os.FileInfo) bool { return true }), Doc: "Tell whether a path exists. False for a broken symbolic link."},
	{Name: "os.path.lexists", Sig: "(path)", Fn: askFile("lexists", os.Lstat, func(os.FileInfo) bool { return true }), Doc: "Tell whether a path exists. True for a broken symbolic link."},
	{Name: "os.path.isfile", Sig: "(path)", Fn: askFile("isfile", os.Stat, func(i os.FileInfo) bool { return i.Mode().IsRegular() }), Doc: "Tell whether a path is a regular file."},
	{Name: "os.path.isdir", Sig: "(path)", Fn: askFile("isdir", os.Stat, os.FileInfo.IsDir), Doc: "Tell whether a path is a directory."},
	{Name: "os.path.islink", Sig: "(path)", Fn: askFile("islink", os.Lstat, func(i os.FileInfo) bool { return i.Mode()&os.ModeSymlink != 0 }), Doc: "Tell whether a path is a symbolic link."},
	{Name: "os.path.ismount", Sig: "(path)", Fn: pathIsmount, Doc: "Tell whether a path is where a file system begins."},
	{Name: "os.path.samefile", Sig: "(path1, path2)", Fn: pathSamefile, Doc: "Tell whether two paths are the same file."},
	{Name: "os.path.getsize", Sig: "(filename)", Fn: fileField("getsize", "st_size"), Doc: "Return a file's size in bytes."},
	{Name: "os.path.getmtime", Sig: "(filename)", Fn: fileField("getmtime", "st_mtime"), Doc: "Return when a file was changed, in seconds since 1970."},
	{Name: "os.path.getatime", Sig: "(filename)", Fn: fileField("getatime", "st_atime"), Doc: "Return when a file was read, in seconds since 1970."},
	{Name: "os.path.getctime", Sig: "(filename)", Fn: fileField("getctime", "st_ctime"), Doc: "Return when a file's data or properties were changed, in seconds since 1970."},
}

// pathConstants are the names of module os.path that are values.
var pathConstants = []constant{
	{"sep", starlark.String("/")},
	{"altsep", starlark.None},
	{"extsep", starlark.String(".")},
	{"pathsep", starlark.String(":")},
	{"curdir", starlark.String(".")},
	{"pardir", starlark.String("..")},
	{"defpath", starlark.String("/bin:/usr/bin")},
	{"devnull", starlark.String("/dev/null")},
}

// pathModule makes module os.path.
func pathModule() *vm.Module { return newModule("os.path", pathDoc, pathNatives, pathConstants) }

// ofPath makes a native of a function from path to path.
func ofPath(name string, do func(string) string) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		path, err := onePath(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		return path.with(do(path.path)), nil
	}
}

// onePath unpacks the only argument. A null byte does no harm to a function
// that only looks at the string.
func onePath(name string, args []vm.Value, kwargs []starlark.Tuple) (fileName, error) {
	var v vm.Value
	if err := unpack(name, args, kwargs, "path", &v); err != nil {
		return fileName{}, err
	}
	return asPath(v)
}

func asPath(v vm.Value) (fileName, error) {
	switch v := v.(type) {
	case starlark.String:
		return fileName{path: string(v)}, nil
	case starlark.Bytes:
		return fileName{path: string(v), bytes: true}, nil
	}
	return asFileName(v) // for its error
}

// asPaths converts paths that must be all str or all bytes.
func asPaths(name string, values []vm.Value) ([]fileName, error) {
	paths := make([]fileName, len(values))
	for i, v := range values {
		path, err := asPath(v)
		if err == vm.NeedScript || err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			return nil, vm.Raise(vm.TypeError, "%s() argument must be str, bytes, or os.PathLike object, not '%s'", name, vm.TypeName(v))
		}
		if i > 0 && path.bytes != paths[0].bytes {
			return nil, vm.Raise(vm.TypeError, "Can't mix strings and bytes in path components")
		}
		paths[i] = path
	}
	return paths, nil
}

func joinPath(path string, more ...string) string {
	for _, b := range more {
		switch {
		case strings.HasPrefix(b, "/"):
			path = b
		case path == "" || strings.HasSuffix(path, "/"):
			path += b
		default:
			path += "/" + b
		}
	}
	return path
}

func pathJoin(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 || len(args) == 0 {
		var path vm.Value
		return nil, unpack("join", args, kwargs, "a", &path)
	}
	paths, err := asPaths("join", args)
	if err != nil {
		return nil, err
	}
	joined := paths[0].path
	for _, path := range paths[1:] {
		joined = joinPath(joined, path.path)
	}
	return paths[0].with(joined), nil
}

// splitPath is posixpath.split.
func splitPath(path string) (head, tail string) {
	i := strings.LastIndexByte(path, '/') + 1
	head, tail = path[:i], path[i:]
	if trimmed := strings.TrimRight(head, "/"); trimmed != "" {
		head = trimmed
	}
	return head, tail
}

func pathSplit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("split", args, kwargs)
	if err != nil {
		return nil, err
	}
	head, tail := splitPath(path.path)
	return starlark.Tuple{path.with(head), path.with(tail)}, nil
}

// splitExt is genericpath._splitext: dots that lead the name do not begin an extension.
func splitExt(path string) (root, ext string) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || strings.Trim(name[:dot], ".") == "" {
		return path, ""
	}
	dot += len(path) - len(name)
	return path[:dot], path[dot:]
}

func pathSplitext(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("splitext", args, kwargs)
	if err != nil {
		return nil, err
	}
	root, ext := splitExt(path.path)
	return starlark.Tuple{path.with(root), path.with(ext)}, nil
}

func pathSplitdrive(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("splitdrive", args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.Tuple{path.with(""), path.value()}, nil
}

// normPath keeps two leading slashes, as POSIX allows, but not three.
func normPath(path string) string {
	root := ""
	if strings.HasPrefix(path, "/") {
		root = "/"
		if strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///") {
			root = "//"
		}
	}
	var kept []string
	for _, name := range strings.Split(path, "/") {
		switch {
		case name == "" || name == ".":
		case name != ".." || root == "" && len(kept) == 0 || len(kept) > 0 && kept[len(kept)-1] == "..":
			kept = append(kept, name)
		case len(kept) > 0:
			kept = kept[:len(kept)-1]
		}
	}
	path = root + strings.Join(kept, "/")
	if path == "" {
		return "."
	}
	return path
}

func absPath(path string) (string, error) {
	if !strings.HasPrefix(path, "/") {
		dir, err := getcwd()
		if err != nil {
			return "", err
		}
		path = joinPath(dir, path)
	}
	return normPath(path), nil
}

func pathAbspath(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("abspath", args, kwargs)
	if err != nil {
		return nil, err
	}
	abs, err := absPath(path.path)
	return path.with(abs), err
}

func pathRealpath(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	strict := false
	if err := unpack("realpath", args, kwargs, "filename", &path, "*strict?", &strict); err != nil {
		return nil, err
	}
	r := resolver{strict: strict, seen: map[string]string{}}
	resolved, _, err := r.resolve("", path.path)
	if err != nil {
		return nil, err
	}
	abs, err := absPath(resolved)
	return path.with(abs), err
}

// A resolver follows symbolic links as posixpath._joinrealpath.
type resolver struct {
	strict bool
	seen   map[string]string // by link: what it resolves to, "" while that is being found out
}

// resolve follows rest, starting at path, which is resolved. It reports false
// at a loop of links; then the remainder is left as it is.
func (r *resolver) resolve(path, rest string) (string, bool, error) {
	if strings.HasPrefix(rest, "/") {
		path, rest = "/", rest[1:]
	}
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		switch name {
		case "", ".":
			continue
		case "..":
			path = parentOf(path)
			continue
		}
		next := joinPath(path, name)
		info, err := os.Lstat(next)
		if err != nil && r.strict {
			return "", false, osError(err, next)
		}
		if err != nil || info.Mode()&os.ModeSymlink == 0 {
			path = next
			continue
		}
		var ok bool
		if path, ok, err = r.follow(path, next); err != nil {
			return "", false, err
		}
		if !ok {
			return joinPath(path, rest), false, nil
		}
	}
	return path, true, nil
}

// follow resolves one link, found in directory dir.
func (r *resolver) follow(dir, link string) (string, bool, error) {
	if target, seen := r.seen[link]; seen && target != "" {
		return target, true, nil
	} else if seen {
		if r.strict {
			return "", false, osError(unix.ELOOP, link)
		}
		return link, false, nil
	}
	r.seen[link] = ""
	to, err := os.Readlink(link)
	if err != nil {
		return "", false, osError(err, link)
	}
	path, ok, err := r.resolve(dir, to)
	if ok {
		r.seen[link] = path
	}
	return path, ok, err
}

// parentOf is what '..' does to a resolved path.
func parentOf(path string) string {
	if path == "" {
		return ".."
	}
	head, name := splitPath(path)
	if name == ".." {
		return joinPath(head, "..", "..")
	}
	return head
}

func pathRelpath(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var target, from vm.Value = nil, starlark.None
	if err := unpack("relpath", args, kwargs, "path", &target, "start?", &from); err != nil {
		return nil, err
	}
	if !target.Truth() {
		return nil, vm.Raise(vm.ValueError, "no path specified")
	}
	if from == starlark.None {
		from = starlark.String(".")
		if b, ok := target.(starlark.Bytes); ok {
			target, from = b, starlark.Bytes(".")
		}
	}
	paths, err := asPaths("relpath", []vm.Value{target, from})
	if err != nil {
		return nil, err
	}
	rel, err := relPath(paths[0].path, paths[1].path)
	return paths[0].with(rel), err
}

func relPath(path, start string) (string, error) {
	path, err := absPath(path)
	if err != nil {
		return "", err
	}
	if start, err = absPath(start); err != nil {
		return "", err
	}
	to, from := components(path), components(start)
	common := 0
	for common < min(len(to), len(from)) && to[common] == from[common] {
		common++
	}
	var rel []string
	for range from[common:] {
		rel = append(rel, "..")
	}
	rel = append(rel, to[common:]...)
	if len(rel) == 0 {
		return ".", nil
	}
	return strings.Join(rel, "/"), nil
}

// components returns the names in a path, without empty ones.
func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
}

// manyPaths unpacks the only argument, an iterable of paths.
func manyPaths(p *vm.Process, name string, args []vm.Value, kwargs []starlark.Tuple) ([]fileName, error) {
	var v vm.Value
	if err := unpack(name, args, kwargs, "paths", &v); err != nil {
		return nil, err
	}
	values, err := p.Iterate(v)
	if err != nil {
		return nil, err
	}
	return asPaths(name, values)
}

// pathCommonprefix compares characters, as os.path.commonprefix is known to.
func pathCommonprefix(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	paths, err := manyPaths(p, "commonprefix", args, kwargs)
	if err != nil || len(paths) == 0 {
		return starlark.String(""), err
	}
	prefix := paths[0].path
	for _, path := range paths[1:] {
		n := 0
		for n < min(len(prefix), len(path.path)) && prefix[n] == path.path[n] {
			n++
		}
		prefix = prefix[:n]
	}
	if !paths[0].bytes {
		prefix = strings.ToValidUTF8(prefix, "") // not half a character
	}
	return paths[0].with(prefix), nil
}

func pathCommonpath(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	paths, err := manyPaths(p, "commonpath", args, kwargs)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, vm.Raise(vm.ValueError, "commonpath() arg is an empty sequence")
	}
	var common []string
	for i, path := range paths {
		if strings.HasPrefix(path.path, "/") != strings.HasPrefix(paths[0].path, "/") {
			return nil, vm.Raise(vm.ValueError, "Can't mix absolute and relative paths")
		}
		var names []string
		for _, name := range components(path.path) {
			if name != "." {
				names = append(names, name)
			}
		}
		if i == 0 {
			common = names
			continue
		}
		n := 0
		for n < min(len(common), len(names)) && common[n] == names[n] {
			n++
		}
		common = common[:n]
	}
	root := ""
	if strings.HasPrefix(paths[0].path, "/") {
		root = "/"
	}
	return paths[0].with(root + strings.Join(common, "/")), nil
}

func pathExpanduser(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("expanduser", args, kwargs)
	if err != nil || !strings.HasPrefix(path.path, "~") {
		return path.value(), err
	}
	name, rest := path.path[1:], ""
	if i := strings.IndexByte(name, '/'); i >= 0 {
		name, rest = name[:i], name[i:]
	}
	home, ok := homeOf(p, name)
	if !ok {
		return path.value(), nil
	}
	expanded := strings.TrimRight(home, "/") + rest
	if expanded == "" {
		expanded = "/"
	}
	return path.with(expanded), nil
}

// homeOf returns a user's home directory; "" is this user.
func homeOf(p *vm.Process, name string) (string, bool) {
	if name != "" {
		u, err := user.Lookup(name)
		return homeDir(u), err == nil
	}
	if v, found, _ := environ(p).Get(starlark.String("HOME")); found {
		home, ok := starlark.AsString(v)
		return home, ok
	}
	u, err := user.Current()
	return homeDir(u), err == nil
}

func homeDir(u *user.User) string {
	if u == nil {
		return ""
	}
	return u.HomeDir
}

func pathExpandvars(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("expandvars", args, kwargs)
	if err != nil {
		return nil, err
	}
	env := environ(p)
	var b strings.Builder
	for s := path.path; s != ""; {
		name, n := variable(s)
		if v, found, _ := env.Get(starlark.String(name)); n > 0 && found {
			b.WriteString(vm.Str(v))
		} else {
			n = max(n, 1)
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return path.with(b.String()), nil
}

// variable returns the name in a $name or ${name} that s begins with, and how
// long that is; 0 if there is none.
func variable(s string) (name string, n int) {
	if s[0] != '$' {
		return "", 0
	}
	if strings.HasPrefix(s, "${") {
		if end := strings.IndexByte(s, '}'); end > 0 {
			return s[2:end], end + 1
		}
		return "", 0
	}
	n = 1
	for n < len(s) && (s[n] == '_' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || s[n] >= '0' && s[n] <= '9') {
		n++
	}
	if n == 1 {
		return "", 0
	}
	return s[1:n], n
}

func pathIsabs(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path, err := onePath("isabs", args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.Bool(strings.HasPrefix(path.path, "/")), nil
}

// askFile makes a native that answers False about what does not exist, and
// about names that cannot.
func askFile(name string, get func(string) (os.FileInfo, error), ask func(os.FileInfo) bool) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		path, err := onePath(name, args, kwargs)
		if err != nil {
			return nil, err
		}
		info, err := get(path.path)
		return starlark.Bool(err == nil && ask(info)), nil
	}
}

// fileField makes a native that returns one field of a file's stat.
func fileField(name, field string) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var path fileName
		if err := unpack(name, args, kwargs, "filename", &path); err != nil {
			return nil, err
		}
		st, err := stat(path, unix.Stat)
		if err != nil {
			return nil, err
		}
		return st.(*StructSeq).Attr(field)
	}
}

func pathSamefile(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var a, b fileName
	if err := unpack("samefile", args, kwargs, "f1", &a, "f2", &b); err != nil {
		return nil, err
	}
	first, err := os.Stat(a.path)
	if err != nil {
		return nil, osErrorAt(err, a.value(), nil)
	}
	second, err := os.Stat(b.path)
	if err != nil {
		return nil, osErrorAt(err, b.value(), nil)
	}
	return starlark.Bool(os.SameFile(first, second)), nil
}

// pathIsmount follows Lib/posixpath.py: a directory whose parent is on another device, or is itself.
func pathIsmount(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	if err := unpack("ismount", args, kwargs, "path", &path); err != nil {
		return nil, err
	}
	var here, above unix.Stat_t
	if unix.Lstat(path.path, &here) != nil || here.Mode&unix.S_IFMT == unix.S_IFLNK || unix.Lstat(path.path+"/..", &above) != nil {
		return starlark.False, nil
	}
	return starlark.Bool(here.Dev != above.Dev || here.Ino == above.Ino), nil
}
