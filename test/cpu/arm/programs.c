/* What a compiler and a C library make of it: printed by our processor and by qemu-arm. */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf env;
static volatile sig_atomic_t caught;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void doubles(void)
{
	double v[60];
	uint32_t seed = 1;

	for (int i = 0; i < 60; i++) {
		seed = seed * 1103515245 + 12345;
		v[i] = (double)(seed >> 8) / 1000.0 - 5000;
	}
	qsort(v, 60, sizeof(*v), by_value);
	for (int i = 0; i < 60; i += 3)
		printf("%.17g %a %e %f\n", v[i], v[i], sqrt(fabs(v[i])), (double)(float)v[i]);
	for (double x = 0.125; x < 1e6; x *= 7.3)
		printf("%.15g %.15g %.15g %.15g %.15g\n", sin(x), exp(-x), log(x), pow(x, 1.5), fma(x, x, -x));
	printf("%f %f %d %g %g\n", 1.0 / 0.0, -(0.0 / 0.0), (int)nan(""), 5e-324, 1.7e308 * 10);
	printf("%d %u %" PRId64 " %" PRIu64 "\n", (int)-2.7, (unsigned)3e9, (int64_t)-1e15, (uint64_t)1.8e19);
	printf("%.9g %.9g\n", sqrtf(2.0f) * 1.1f, (float)1 / 3);
}

static void integers(void)
{
	uint64_t a = 0x123456789abcdef;
	int64_t b = -987654321012345;

	for (int i = 1; i < 40; i += 5)
		printf("%" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n", a / (i * 77777ull), a % (i * 77777ull),
		       b / (i * 1000003), b % -(i * 1000003));
	printf("%" PRIx64 " %" PRIx64 " %" PRIx64 "\n", a << 13, a >> 27, (uint64_t)(b >> 9));
	printf("%d %d %d %d\n", __builtin_clz(77777), __builtin_ctz(4096), __builtin_popcount(0xdeadbeef), __builtin_bswap32(0x11223344));
	for (int i = -3; i <= 3; i++)
		printf("%d %d %u\n", i / 2, i % 2, (unsigned)i / 3u);
}

static void atomics(void)
{
	static uint64_t large;
	static uint16_t small;
	static uint8_t byte;
	uint64_t expected = 5;

	__atomic_fetch_add(&large, 5, __ATOMIC_SEQ_CST);
	printf("%d ", __atomic_compare_exchange_n(&large, &expected, 1ull << 40, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	printf("%d ", __atomic_compare_exchange_n(&large, &expected, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	printf("%" PRIu64 " %d %d %d\n", large, __atomic_add_fetch(&small, 70000, __ATOMIC_SEQ_CST),
	       __atomic_exchange_n(&byte, 200, __ATOMIC_SEQ_CST), __atomic_or_fetch(&byte, 7, __ATOMIC_SEQ_CST));
}

static void strings(void)
{
	char text[400], copy[400];

	for (int from = 0; from < 9; from++) {
		for (int length = 0; length < 70; length += 23) {
			memset(text, 'x', sizeof(text));
			for (int i = 0; i < length; i++)
				text[from + i] = 'a' + i % 26;
			text[from + length] = 0;
			memmove(text + from + 1, text + from, length + 1);
			strcpy(copy + 3, text + from);
			printf("%zu %d %d %s ", strlen(text + from), strcmp(copy + 3, text + from), memcmp(text, copy, 8) > 0,
			       strchr(text + from, 'q') ? "q" : "-");
		}
	}
	printf("\n%s %s %ld %g\n", strstr("one two three", "two"), strrchr("a/b/c", '/'), strtol("-0x1f", 0, 16), strtod("1e-7x", 0));
}

static void handler(int signal)
{
	caught += signal;
}

static void fault(int signal)
{
	(void)signal;
	siglongjmp(env, 7);
}

/* A switch that becomes a table of branches. */
static int table(int x)
{
	switch (x) {
	case 0: return 5;
	case 1: return x + 77;
	case 2: puts("two"); return 1;
	case 3: return -x;
	case 4: return x * x;
	case 5: return 1 << x;
	case 6: puts("six"); return 66;
	default: return 0;
	}
}

int main(int argc, char **argv)
{
	volatile int rounds = 0;

	printf("%d %s\n", argc, argv[1]);
	doubles();
	integers();
	atomics();
	strings();
	for (int i = -1; i < 9; i++)
		printf("%d ", table(i));
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	raise(SIGUSR1);
	printf("%d\n", caught);
	if (setjmp(env) < 3)
		longjmp(env, ++rounds);
	signal(SIGSEGV, fault);
	if (sigsetjmp(env, 1) == 0)
		*(volatile int *)16 = 1;
	printf("%d rounds\n", rounds);
	return 42;
}
