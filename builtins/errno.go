package builtins

import (
	"errors"
	"syscall"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// errnoTable holds everything about the error numbers of Linux: the names in
// module errno, the text of strerror(3) and the subclass of OSError
// (Objects/exceptions.c, PyExc_OSError's errnomap); "" stands for OSError itself.
var errnoTable = []struct {
	errno syscall.Errno
	name  string
	text  string
	class string
}{
	{unix.EPERM, "EPERM", "Operation not permitted", "PermissionError"},
	{unix.ENOENT, "ENOENT", "No such file or directory", "FileNotFoundError"},
	{unix.ESRCH, "ESRCH", "No such process", "ProcessLookupError"},
	{unix.EINTR, "EINTR", "Interrupted system call", "InterruptedError"},
	{unix.EIO, "EIO", "Input/output error", ""},
	{unix.ENXIO, "ENXIO", "No such device or address", ""},
	{unix.E2BIG, "E2BIG", "Argument list too long", ""},
	{unix.ENOEXEC, "ENOEXEC", "Exec format error", ""},
	{unix.EBADF, "EBADF", "Bad file descriptor", ""},
	{unix.ECHILD, "ECHILD", "No child processes", "ChildProcessError"},
	{unix.EAGAIN, "EAGAIN", "Resource temporarily unavailable", "BlockingIOError"},
	{unix.ENOMEM, "ENOMEM", "Cannot allocate memory", ""},
	{unix.EACCES, "EACCES", "Permission denied", "PermissionError"},
	{unix.EFAULT, "EFAULT", "Bad address", ""},
	{unix.ENOTBLK, "ENOTBLK", "Block device required", ""},
	{unix.EBUSY, "EBUSY", "Device or resource busy", ""},
	{unix.EEXIST, "EEXIST", "File exists", "FileExistsError"},
	{unix.EXDEV, "EXDEV", "Invalid cross-device link", ""},
	{unix.ENODEV, "ENODEV", "No such device", ""},
	{unix.ENOTDIR, "ENOTDIR", "Not a directory", "NotADirectoryError"},
	{unix.EISDIR, "EISDIR", "Is a directory", "IsADirectoryError"},
	{unix.EINVAL, "EINVAL", "Invalid argument", ""},
	{unix.ENFILE, "ENFILE", "Too many open files in system", ""},
	{unix.EMFILE, "EMFILE", "Too many open files", ""},
	{unix.ENOTTY, "ENOTTY", "Inappropriate ioctl for device", ""},
	{unix.ETXTBSY, "ETXTBSY", "Text file busy", ""},
	{unix.EFBIG, "EFBIG", "File too large", ""},
	{unix.ENOSPC, "ENOSPC", "No space left on device", ""},
	{unix.ESPIPE, "ESPIPE", "Illegal seek", ""},
	{unix.EROFS, "EROFS", "Read-only file system", ""},
	{unix.EMLINK, "EMLINK", "Too many links", ""},
	{unix.EPIPE, "EPIPE", "Broken pipe", "BrokenPipeError"},
	{unix.EDOM, "EDOM", "Numerical argument out of domain", ""},
	{unix.ERANGE, "ERANGE", "Numerical result out of range", ""},
	{unix.EDEADLK, "EDEADLK", "Resource deadlock avoided", ""},
	{unix.ENAMETOOLONG, "ENAMETOOLONG", "File name too long", ""},
	{unix.ENOLCK, "ENOLCK", "No locks available", ""},
	{unix.ENOSYS, "ENOSYS", "Function not implemented", ""},
	{unix.ENOTEMPTY, "ENOTEMPTY", "Directory not empty", ""},
	{unix.ELOOP, "ELOOP", "Too many levels of symbolic links", ""},
	{unix.ENOMSG, "ENOMSG", "No message of desired type", ""},
	{unix.EIDRM, "EIDRM", "Identifier removed", ""},
	{unix.ECHRNG, "ECHRNG", "Channel number out of range", ""},
	{unix.EL2NSYNC, "EL2NSYNC", "Level 2 not synchronized", ""},
	{unix.EL3HLT, "EL3HLT", "Level 3 halted", ""},
	{unix.EL3RST, "EL3RST", "Level 3 reset", ""},
	{unix.ELNRNG, "ELNRNG", "Link number out of range", ""},
	{unix.EUNATCH, "EUNATCH", "Protocol driver not attached", ""},
	{unix.ENOCSI, "ENOCSI", "No CSI structure available", ""},
	{unix.EL2HLT, "EL2HLT", "Level 2 halted", ""},
	{unix.EBADE, "EBADE", "Invalid exchange", ""},
	{unix.EBADR, "EBADR", "Invalid request descriptor", ""},
	{unix.EXFULL, "EXFULL", "Exchange full", ""},
	{unix.ENOANO, "ENOANO", "No anode", ""},
	{unix.EBADRQC, "EBADRQC", "Invalid request code", ""},
	{unix.EBADSLT, "EBADSLT", "Invalid slot", ""},
	{unix.EBFONT, "EBFONT", "Bad font file format", ""},
	{unix.ENOSTR, "ENOSTR", "Device not a stream", ""},
	{unix.ENODATA, "ENODATA", "No data available", ""},
	{unix.ETIME, "ETIME", "Timer expired", ""},
	{unix.ENOSR, "ENOSR", "Out of streams resources", ""},
	{unix.ENONET, "ENONET", "Machine is not on the network", ""},
	{unix.ENOPKG, "ENOPKG", "Package not installed", ""},
	{unix.EREMOTE, "EREMOTE", "Object is remote", ""},
	{unix.ENOLINK, "ENOLINK", "Link has been severed", ""},
	{unix.EADV, "EADV", "Advertise error", ""},
	{unix.ESRMNT, "ESRMNT", "Srmount error", ""},
	{unix.ECOMM, "ECOMM", "Communication error on send", ""},
	{unix.EPROTO, "EPROTO", "Protocol error", ""},
	{unix.EMULTIHOP, "EMULTIHOP", "Multihop attempted", ""},
	{unix.EDOTDOT, "EDOTDOT", "RFS specific error", ""},
	{unix.EBADMSG, "EBADMSG", "Bad message", ""},
	{unix.EOVERFLOW, "EOVERFLOW", "Value too large for defined data type", ""},
	{unix.ENOTUNIQ, "ENOTUNIQ", "Name not unique on network", ""},
	{unix.EBADFD, "EBADFD", "File descriptor in bad state", ""},
	{unix.EREMCHG, "EREMCHG", "Remote address changed", ""},
	{unix.ELIBACC, "ELIBACC", "Can not access a needed shared library", ""},
	{unix.ELIBBAD, "ELIBBAD", "Accessing a corrupted shared library", ""},
	{unix.ELIBSCN, "ELIBSCN", ".lib section in a.out corrupted", ""},
	{unix.ELIBMAX, "ELIBMAX", "Attempting to link in too many shared libraries", ""},
	{unix.ELIBEXEC, "ELIBEXEC", "Cannot exec a shared library directly", ""},
	{unix.EILSEQ, "EILSEQ", "Invalid or incomplete multibyte or wide character", ""},
	{unix.ERESTART, "ERESTART", "Interrupted system call should be restarted", ""},
	{unix.ESTRPIPE, "ESTRPIPE", "Streams pipe error", ""},
	{unix.EUSERS, "EUSERS", "Too many users", ""},
	{unix.ENOTSOCK, "ENOTSOCK", "Socket operation on non-socket", ""},
	{unix.EDESTADDRREQ, "EDESTADDRREQ", "Destination address required", ""},
	{unix.EMSGSIZE, "EMSGSIZE", "Message too long", ""},
	{unix.EPROTOTYPE, "EPROTOTYPE", "Protocol wrong type for socket", ""},
	{unix.ENOPROTOOPT, "ENOPROTOOPT", "Protocol not available", ""},
	{unix.EPROTONOSUPPORT, "EPROTONOSUPPORT", "Protocol not supported", ""},
	{unix.ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "Socket type not supported", ""},
	{unix.ENOTSUP, "ENOTSUP", "Operation not supported", ""},
	{unix.EPFNOSUPPORT, "EPFNOSUPPORT", "Protocol family not supported", ""},
	{unix.EAFNOSUPPORT, "EAFNOSUPPORT", "Address family not supported by protocol", ""},
	{unix.EADDRINUSE, "EADDRINUSE", "Address already in use", ""},
	{unix.EADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address", ""},
	{unix.ENETDOWN, "ENETDOWN", "Network is down", ""},
	{unix.ENETUNREACH, "ENETUNREACH", "Network is unreachable", ""},
	{unix.ENETRESET, "ENETRESET", "Network dropped connection on reset", ""},
	{unix.ECONNABORTED, "ECONNABORTED", "Software caused connection abort", "ConnectionAbortedError"},
	{unix.ECONNRESET, "ECONNRESET", "Connection reset by peer", "ConnectionResetError"},
	{unix.ENOBUFS, "ENOBUFS", "No buffer space available", ""},
	{unix.EISCONN, "EISCONN", "Transport endpoint is already connected", ""},
	{unix.ENOTCONN, "ENOTCONN", "Transport endpoint is not connected", ""},
	{unix.ESHUTDOWN, "ESHUTDOWN", "Cannot send after transport endpoint shutdown", "BrokenPipeError"},
	{unix.ETOOMANYREFS, "ETOOMANYREFS", "Too many references: cannot splice", ""},
	{unix.ETIMEDOUT, "ETIMEDOUT", "Connection timed out", "TimeoutError"},
	{unix.ECONNREFUSED, "ECONNREFUSED", "Connection refused", "ConnectionRefusedError"},
	{unix.EHOSTDOWN, "EHOSTDOWN", "Host is down", ""},
	{unix.EHOSTUNREACH, "EHOSTUNREACH", "No route to host", ""},
	{unix.EALREADY, "EALREADY", "Operation already in progress", "BlockingIOError"},
	{unix.EINPROGRESS, "EINPROGRESS", "Operation now in progress", "BlockingIOError"},
	{unix.ESTALE, "ESTALE", "Stale file handle", ""},
	{unix.EUCLEAN, "EUCLEAN", "Structure needs cleaning", ""},
	{unix.ENOTNAM, "ENOTNAM", "Not a XENIX named type file", ""},
	{unix.ENAVAIL, "ENAVAIL", "No XENIX semaphores available", ""},
	{unix.EISNAM, "EISNAM", "Is a named type file", ""},
	{unix.EREMOTEIO, "EREMOTEIO", "Remote I/O error", ""},
	{unix.EDQUOT, "EDQUOT", "Disk quota exceeded", ""},
	{unix.ENOMEDIUM, "ENOMEDIUM", "No medium found", ""},
	{unix.EMEDIUMTYPE, "EMEDIUMTYPE", "Wrong medium type", ""},
	{unix.ECANCELED, "ECANCELED", "Operation canceled", ""},
	{unix.ENOKEY, "ENOKEY", "Required key not available", ""},
	{unix.EKEYEXPIRED, "EKEYEXPIRED", "Key has expired", ""},
	{unix.EKEYREVOKED, "EKEYREVOKED", "Key has been revoked", ""},
	{unix.EKEYREJECTED, "EKEYREJECTED", "Key was rejected by service", ""},
	{unix.EOWNERDEAD, "EOWNERDEAD", "Owner died", ""},
	{unix.ENOTRECOVERABLE, "ENOTRECOVERABLE", "State not recoverable", ""},
	{unix.ERFKILL, "ERFKILL", "Operation not possible due to RF-kill", ""},
	{unix.EHWPOISON, "EHWPOISON", "Memory page has hardware error", ""},
}

// errnoAliases are second names.
var errnoAliases = []struct {
	name  string
	errno syscall.Errno
}{
	{"EDEADLOCK", unix.EDEADLOCK},
	{"EOPNOTSUPP", unix.EOPNOTSUPP},
	{"EWOULDBLOCK", unix.EWOULDBLOCK},
}

// tooManyProcesses is the text of EAGAIN when it comes from our own limit.
const tooManyProcesses = "Resource temporarily unavailable (limit of live processes reached; see --max-procs)"

const errnoDoc = "The error numbers of the system: errno.ENOENT and so on, as OSError.errno holds them."

// errnoModule makes module errno.
func errnoModule() *vm.Module {
	m := newModule("errno", errnoDoc, nil, nil)
	names := starlark.NewDict(len(errnoTable))
	for _, row := range errnoTable {
		n := starlark.MakeInt(int(row.errno))
		m.Set(row.name, n)
		names.SetKey(n, starlark.String(row.name)) // ints always hash
	}
	for _, row := range errnoAliases {
		m.Set(row.name, starlark.MakeInt(int(row.errno)))
	}
	names.Freeze()
	m.Set("errorcode", names)
	return m
}

// strerror returns the C library's text for an error number.
func strerror(errno syscall.Errno) string {
	for _, row := range errnoTable {
		if row.errno == errno {
			return row.text
		}
	}
	if errno == 0 {
		return "Success"
	}
	return "Unknown error " + starlark.MakeInt(int(errno)).String()
}

// errnoClass returns the class that an error number is raised as.
func errnoClass(errno syscall.Errno) *vm.Class {
	for _, row := range errnoTable {
		if row.errno == errno && row.class != "" {
			return vm.ExceptionClasses[row.class]
		}
	}
	return vm.OSError
}

// osError turns an error of the kernel or of package os into the OSError that
// CPython raises. ErrInterrupted and errors of other kinds are returned as they
// are. filename may be "".
func osError(err error, filename string) error {
	if filename == "" {
		return osErrorAt(err, nil, nil)
	}
	return osErrorAt(err, starlark.String(filename), nil)
}

// osErrorAt is osError with file names as the script gave them, or nil.
func osErrorAt(err error, filename, filename2 vm.Value) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, kernel.ErrTooManyProcesses) {
		return newOSError(unix.EAGAIN, tooManyProcesses, nil, nil)
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return newOSError(errno, strerror(errno), filename, filename2)
	}
	return err
}

// newOSError makes the exception as OSError(errno, strerror, filename, None,
// filename2) would.
func newOSError(errno syscall.Errno, text string, filename, filename2 vm.Value) *vm.Exception {
	n, msg := starlark.MakeInt(int(errno)), starlark.String(text)
	e := vm.NewException(errnoClass(errno), n, msg)
	e.Set("errno", n)
	e.Set("strerror", msg)
	e.Set("filename", orNone(filename))
	if filename2 != nil {
		e.Set("filename2", filename2)
	}
	return e
}

// orNone returns v, or None for nil.
func orNone(v vm.Value) vm.Value {
	if v == nil {
		return starlark.None
	}
	return v
}
