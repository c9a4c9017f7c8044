// Package unix is the real kernel: a script's processes are the operating
// system's. It needs Linux on amd64 or arm64, with /proc mounted.
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
//	        descriptors and signal dispositions as the parent has them,
//	        joins the parent's process group and acknowledges
//	parent  Fork returns the child's pid
//
// # Invariants
//
//   - Nobody can send a child a signal before it has its dispositions: its pid is
//     not known before the acknowledgement and its group is its own. So no
//     signal is lost or takes a default action that the script has replaced,
//     and none from before the fork strikes the child.
//   - If Fork fails nothing is left: memfd, slot and blank are gone.
//   - A blank ends when its socket to the parent is closed, thus with
//     its parent, however that dies. Spares are never reported by Wait, hold nothing of the
//     script's, and are no slot of the table.
//   - Nothing outlives the processes: memory is memfds, liveness is OFD locks.
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
//   - umask, resource limits, priority and credentials are inherited as of a spare's start;
//     whoever changes them calls DropSpares.
//   - A process with a descriptor numbered 48 or more has no spares.
package unix
