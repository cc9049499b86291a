/* A program without a C library and without data, for kernels without an MMU: prints 10!, and exits with 7. */
static long call(long number, long a, long b, long c)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r7 __asm__("r7") = number;

	__asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
	return r0;
}

__attribute__((noreturn)) void begin(void)
{
	char text[32];
	unsigned product = 1, length = 1;

	for (unsigned i = 1; i <= 10; i++)
		product *= i;
	text[31] = '\n';
	for (; product > 0; product /= 10)
		text[31 - length++] = '0' + product % 10;
	call(4, 1, (long)(text + 32 - length), length);
	for (;;)
		call(1, 7, 0, 0);
}
