/*
 * The environment of riscv-tests for a program of user mode: the exit status is 0, or the number of the test
 * that has failed.
 */
#define RVTEST_RV64U
#define RVTEST_RV64UF
#define RVTEST_RV32U
#define RVTEST_RV32UF
#define TESTNUM gp
#define RVTEST_CODE_BEGIN .section .text.init; .globl _start; _start:
#define RVTEST_CODE_END
#define RVTEST_PASS li a0, 0; li a7, 93; ecall
#define RVTEST_FAIL mv a0, TESTNUM; li a7, 93; ecall
#define RVTEST_DATA_BEGIN .balign 16;
#define RVTEST_DATA_END
#define EXTRA_DATA
