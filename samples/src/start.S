/* Entry point: hand the initial stack (argc, argv...) to start() with an aligned stack pointer. */
        .globl  _start
        .text

#if defined(__x86_64__)
_start: xorl    %ebp, %ebp
        movq    %rsp, %rdi
        andq    $-16, %rsp
        call    start
        hlt
#elif defined(__i386__)
_start: xorl    %ebp, %ebp
        movl    %esp, %eax
        andl    $-16, %esp
        subl    $12, %esp
        pushl   %eax
        call    start
        hlt
#elif defined(__arm__)
        .arm
        .type   _start, %function
_start: mov     fp, #0
        mov     r0, sp
        bic     r1, r0, #7
        mov     sp, r1
        bl      start
        udf     #0
#elif defined(__aarch64__)
_start: mov     x29, #0
        mov     x0, sp
        and     sp, x0, #-16
        bl      start
        brk     #0
#elif defined(__powerpc__)
        /* The dynamic linker leaves zero on the stack and argv in r4; the kernel leaves argc. */
_start: lwz     0, 0(1)
        mr      3, 1
        cmpwi   0, 0
        bne     1f
        addi    3, 4, -4
1:      li      0, 0
        stwu    1, -32(1)
        stw     0, 0(1)
        bl      start
        trap
#elif defined(__riscv)
_start: .option push
        .option norelax
        lla     gp, __global_pointer$
        .option pop
        mv      a0, sp
        andi    sp, sp, -16
        call    start
        ebreak
#else
#error "no entry point for this architecture"
#endif

        .section .note.GNU-stack, "", %progbits
