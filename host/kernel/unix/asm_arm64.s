//go:build linux

#include "textflag.h"

#define SYS_write        64
#define SYS_rt_sigreturn 139

// The counterparts of asm_amd64.s, where the comments are. On arm64 return
// addresses live in R30, which the vfork child leaves alone for its parent.

// func rawVfork(trap, a1, a2 uintptr) (pid, errno uintptr)
TEXT ·rawVfork(SB),NOSPLIT,$0-40
	MOVD trap+0(FP), R8
	MOVD a1+8(FP), R0
	MOVD a2+16(FP), R1
	MOVD $0, R2
	MOVD $0, R3
	MOVD $0, R4
	MOVD $0, R5
	SVC
	CMN  $4095, R0
	BCC  ok
	MOVD $-1, R4
	MOVD R4, pid+24(FP)
	NEG  R0, R0
	MOVD R0, errno+32(FP)
	RET
ok:
	MOVD R0, pid+24(FP)
	MOVD ZR, errno+32(FP)
	RET

// func sigHandler()
TEXT ·sigHandler(SB),NOSPLIT|NOFRAME,$0
	SUB  $1, R0
	MOVD $1, R1
	LSL  R0, R1, R1
	MOVD $·sigPending(SB), R2
pend:
	LDAXR (R2), R3
	ORR   R1, R3, R3
	STLXR R3, (R2), R4
	CBNZ  R4, pend
	MOVD $·sigNoted(SB), R2
	MOVD (R2), R3
	AND  R1, R3, R3
	CBZ  R3, wake
	MOVD $·sigWord(SB), R2
	MOVD (R2), R2
	CBZ  R2, wake
	MOVD $·sigWordBit(SB), R3
	MOVWU (R3), R3
word:
	LDAXRW (R2), R5
	ORRW   R3, R5, R5
	STLXRW R5, (R2), R4
	CBNZ   R4, word
wake:
	MOVD $·wakeFd(SB), R2
	MOVW (R2), R0
	MOVD $·one(SB), R1
	MOVD $8, R2
	MOVD $SYS_write, R8
	SVC
	RET

// func sigReturn()
TEXT ·sigReturn(SB),NOSPLIT|NOFRAME,$0
	MOVD $SYS_rt_sigreturn, R8
	SVC
	BRK

// func handlerPCs() (handler, restorer uintptr)
TEXT ·handlerPCs(SB),NOSPLIT,$0-16
	MOVD $·sigHandler(SB), R0
	MOVD R0, handler+0(FP)
	MOVD $·sigReturn(SB), R0
	MOVD R0, restorer+8(FP)
	RET

// func pause()
TEXT ·pause(SB),NOSPLIT,$0
	YIELD
	RET
