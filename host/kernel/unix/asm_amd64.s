//go:build linux

#include "textflag.h"

#define SYS_write        1
#define SYS_rt_sigreturn 15

// func rawVfork(trap, a1, a2 uintptr) (pid, errno uintptr)
//
// The system call clone or clone3 with CLONE_VM|CLONE_VFORK and no stack: the
// child runs on the parent's stack while the parent is suspended, and will
// overwrite the return address there, so we keep that in a register, as
// syscall.rawVforkSyscall does.
TEXT ·rawVfork(SB),NOSPLIT|NOFRAME,$0-40
	MOVQ trap+0(FP), AX
	MOVQ a1+8(FP), DI
	MOVQ a2+16(FP), SI
	MOVQ $0, DX
	MOVQ $0, R10
	MOVQ $0, R8
	MOVQ $0, R9
	POPQ R12
	SYSCALL
	PUSHQ R12
	CMPQ AX, $0xfffffffffffff001
	JLS  ok
	MOVQ $-1, pid+24(FP)
	NEGQ AX
	MOVQ AX, errno+32(FP)
	RET
ok:
	MOVQ AX, pid+24(FP)
	MOVQ $0, errno+32(FP)
	RET

// func sigHandler()
//
// The handler of every signal a script catches, and of SIGCHLD: see signal.go.
// The kernel calls it with the C convention, DI = signal, on the thread's
// alternate stack, with all signals blocked; sigreturn restores every register.
TEXT ·sigHandler(SB),NOSPLIT|NOFRAME,$0
	LEAQ -1(DI), CX
	MOVQ $1, AX
	SHLQ CX, AX
	LOCK
	ORQ  AX, ·sigPending(SB)
	TESTQ AX, ·sigNoted(SB)
	JZ   wake
	MOVQ ·sigWord(SB), DX
	TESTQ DX, DX
	JZ   wake
	MOVL ·sigWordBit(SB), CX
	LOCK
	ORL  CX, (DX)
wake:
	MOVLQSX ·wakeFd(SB), DI
	LEAQ ·one(SB), SI
	MOVQ $8, DX
	MOVQ $SYS_write, AX
	SYSCALL
	RET

// func sigReturn()
TEXT ·sigReturn(SB),NOSPLIT|NOFRAME,$0
	MOVQ $SYS_rt_sigreturn, AX
	SYSCALL
	INT  $3

// func handlerPCs() (handler, restorer uintptr)
TEXT ·handlerPCs(SB),NOSPLIT,$0-16
	LEAQ ·sigHandler(SB), AX
	MOVQ AX, handler+0(FP)
	LEAQ ·sigReturn(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// func pause()
TEXT ·pause(SB),NOSPLIT,$0
	PAUSE
	RET
