/*
 * Entry point on ARM without an MMU, in Thumb. Programs are compiled with -msingle-pic-base: what is
 * not code they find through a table of addresses at the start of their data, which r9 points to.
 */
        .syntax unified
        .thumb
        .section .text.start, "ax", %progbits
        .globl  _start
        .type   _start, %function
        .thumb_func
_start:
#ifdef FLAT
        /* r10 is the start of the data, and the kernel has moved the addresses in the table. */
        mov     r9, r10
        ldr     r1, [sp, #4]
#else
        /* r7 is the load map: where the segments are. */
        mov     r0, r7
        bl      move_table
        mov     r9, r0
        add     r1, sp, #4
#endif
        ldr     r0, [sp]
        bl      run
        movs    r7, #248        /* exit_group */
        svc     #0
        udf     #0

        .section .note.GNU-stack, "", %progbits
