// Package unix is the real kernel: a script's processes are the operating
// system's. It needs Linux on amd64 or arm64, with /proc mounted; on other
// systems it compiles, and Start fails.
//
// # A child
//
// A child is this program executed again, in this order:
//
//	parent  takes a slot of the process table for the child (table.go)
//	        writes header and image into a sealed memfd (fork.go, header.go)
//	        starts a blank (spawn.go), or has a spare (spare.go), which is a blank
//	        that has come up already
//	blank   is /proc/self/exe with the parent's arguments, in a process group of its
//	        own; in main it calls Adopt (adopt.go), which maps the image, puts
//	        descriptors, environment, working directory, umask and signal
//	        dispositions as the parent has them, joins the parent's process group and
//	        acknowledges
//	parent  Fork returns the child's pid
//
// # Invariants
//
//   - Nobody can send a child a signal before it has its dispositions: its pid is
//     not known before the acknowledgement and its group is its own. So no
//     signal is lost or takes a default action that the script has replaced,
//     and none from before the fork strikes the child.
//   - If Fork fails nothing is left: memfd, slot and blank are gone.
//   - At most MaxProcs processes of a tree live, and besides at most maxSpares spares. A slot
//     or permit is taken before the process starts and is free as soon as it
//     is dead, however it died, reaped or not (table.go). One process has at most
//     MaxProcs unreaped children.
//   - A blank never becomes anything but a child. If it cannot it ends: as a
//     root it would run the whole program again, with a table of its own,
//     which no limit would stop. So Start refuses a program that has
//     not called Adopt, and nothing in the script's environment can hide the mark.
//   - A blank ends when its socket to the parent is closed, thus with
//     its parent, however that dies.
//   - The script cannot see a spare: Wait never reports it, its end is no SIGCHLD
//     that the script catches, signals to the group and the keys of the terminal
//     do not reach it, it holds none of the script's descriptors. A child made of it is a
//     child of the process that forked. What remains visible from outside: ps shows it as mpstar-spare
//     with the script's command line, the child's start time is the
//     spare's, and the time that dropped spares took counts as the children's (getrusage(2)).
//   - Nothing outlives the processes: memory is memfds, liveness is OFD locks, descriptors on their way
//     lie in a socket that the processes have (lot.go).
//   - Script descriptors have the lowest free numbers, as in CPython. The Go runtime's and
//     this package's lie from 48 to 63 (fd.go) and are never inherited.
//     The runtime itself holds files of a cgroup open at the lowest numbers unless
//     the main package says //go:debug containermaxprocs=0.
//   - A blocking call is: look, poll(2) with an eventfd that the signal handler
//     writes, look again (block.go, signal.go).
//   - The package's variables are the process's: signal dispositions exist once. A process
//     has one Kernel at a time.
//
// It never looks into an image, runs no script code, and starts no thread.
//
// # Decisions
//
// Acknowledged start against blocked signals. We first started children with all
// signals blocked until Adopt, so that Fork could return 0.13 ms after it
// was called. It cannot be made right: the Go runtime unblocks SIGHUP, SIGINT,
// SIGQUIT, SIGABRT and SIGTERM for itself before any code of ours (runtime.blockableSig),
// keeps the others blocked in every later thread, and hands that mask to programs that an embedder
// executes. Staying out of reach until ready has none of these.
//
// One processor. A child starts with GOMAXPROCS=1, which saves two of its five threads and
// a seventh of the time of a short life, and gets the default at its first garbage
// collection. With one for good, a script that allocates much took up to a quarter longer.
//
// Own signal handler against os/signal: signal.go.
//
// SIGCHLD against pidfds: one wake-up source for everything, no descriptor for each child,
// stopped children are seen, and SIG_IGN with its automatic reaping works.
//
// Spares. Time in microseconds for fork, exit and wait with an image of 20 KB, medians,
// two cores, Linux 6.18 in a small virtual machine; the figures of runs minutes
// apart differ by a tenth:
//
//	                                        Fork   Fork+Wait
//	CPython 3.11, os.fork, os._exit                     960
//	bare Go: syscall.ForkExec, os.Exit, wait4          1200
//	no spares                               1280       1450
//	spares, one fork after another           350–450   1000–1100
//	spares, 0.5 or 3 ms between forks        230        510–600
//
// Of a start without spare 300 µs are exec, 550 µs the start of the Go runtime (170 page faults; neither
// GOMAXPROCS nor GOGC nor GODEBUG changes it noticeably), 140 µs Adopt, 240 µs
// the exit of a process with five threads. A spare takes the first two out of the way. A process
// has one after its first Fork and two after its second; starting one takes the parent
// 150 µs and up, so the second is started when the parent sleeps anyway. Not more: with two cores a
// third gained nothing. The whole tree has at most maxSpares.
//
// # Limits
//
//   - A root process knows of inherited SIG_IGN only for SIGHUP, SIGINT and the
//     job-control signals; the Go runtime has replaced the others'
//     (runtime.sigInstallGoHandler).
//   - SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF and SIGURG belong to the Go
//     runtime and cannot be set; when sent from elsewhere they do what they do
//     to a Go program. Kill of oneself with one dies by it.
//   - Open of a FIFO, and a read of a terminal that another process emptied
//     after our poll, block uninterruptibly.
//   - Resource limits, priority, credentials and session are inherited as of a spare's start;
//     whoever changes them calls DropSpares.
//   - A process that owns a descriptor from 48 to 63 or more than six from 64 on,
//     or that catches SIGCHLD, has no spares.
//   - A Ctrl-Z typed while Fork is under way stops the parent only.
//
// # Sources
//
// fork(2), execve(2), clone(2) on CLONE_VFORK and CLONE_CLEAR_SIGHAND,
// waitpid(2), waitid(2), sigaction(2), signal(7), setpgid(2), credentials(7),
// memfd_create(2), fcntl_locking(2) on open file description locks, unix(7) on
// SCM_RIGHTS and abstract names, pidfd_open(2), eventfd(2), ppoll(2), preadv2(2), umask(2), proc_pid_fd(5).
package unix
