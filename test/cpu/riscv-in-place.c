/*
 * A program without a C library and without data, so that its text can be executed in ROM: tells where it is, and with an
 * argument stores to its own text.
 */
static long call(long number, long a, long b, long c)
{
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
	return a0;
}

static const char digits[16] = "0123456789abcdef";

__attribute__((noreturn, used)) void run(long *stack)
{
	char text[9];
	long place = (long)run & ~0xfffl;

	for (int i = 0; i < 8; i++)
		text[i] = digits[(place >> (28 - 4 * i)) & 15];
	text[8] = '\n';
	call(64, 1, (long)text, 9);
	if (stack[0] > 1)
		*(volatile int *)run = 0;
	for (;;)
		call(93, 7, 0, 0);
}

__asm__(".section .text.begin\n .globl _start\n _start: mv a0, sp\n andi sp, sp, -16\n call run\n");
