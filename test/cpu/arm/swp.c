/* SWP and SWPB, which only a kernel with CONFIG_SWP_EMULATE makes work on ARMv7. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static sigjmp_buf back;
static volatile long code, at;

static void fault(int signal, siginfo_t *info, void *context)
{
	(void)context;
	code = signal * 100 + info->si_code;
	at = (long)info->si_addr;
	siglongjmp(back, 1);
}

/* By their encodings, since assemblers for ARMv7 do not know them: swp r0, r1, [r2], and so on. */
#define EXCHANGE(name, encoding) \
	__attribute__((noinline)) static uint32_t name(volatile void *place, uint32_t value) \
	{ \
		register uint32_t old __asm__("r0"); \
		register uint32_t given __asm__("r1") = value; \
		register volatile void *at __asm__("r2") = place; \
 \
		__asm__ volatile(".inst " encoding : "=&r"(old) : "r"(given), "r"(at) : "memory"); \
		return old; \
	}
EXCHANGE(swp, "0xe1020091")
EXCHANGE(swpb, "0xe1420091")

/* swpeq r0, r0, [r1] */
__attribute__((noinline)) static uint32_t conditional(volatile uint32_t *place, uint32_t value, int test)
{
	register uint32_t both __asm__("r0") = value;
	register volatile uint32_t *at __asm__("r1") = place;

	__asm__ volatile("cmp %2, #1\n\t.inst 0x01010090" : "+r"(both) : "r"(at), "r"(test) : "memory", "cc");
	return both;
}

static void show(uint32_t old, uint32_t now)
{
	printf("%x %x\n", old, now);
}

static void refused(const char *name, volatile void *place)
{
	if (sigsetjmp(back, 1) == 0) {
		swp(place, 1);
		printf("%s goes\n", name);
	} else {
		printf("%s: signal %ld, code %ld, at itself: %d\n", name, code / 100, code % 100,
		       at >= (long)swp && at < (long)swp + 64);
	}
}

int main(void)
{
	static volatile uint32_t words[2] = { 0x11223344, 0x55667788 };
	struct sigaction action;
	uint32_t old;

	memset(&action, 0, sizeof(action));
	action.sa_sigaction = fault;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, NULL);
	old = swp(words, 0xaabbccdd);
	show(old, words[0]);
	old = swpb((char *)words + 5, 0xdeadbeef);
	show(old, words[1]);
	old = conditional(words, 5, 0);
	show(old, words[0]);
	old = conditional(words, 5, 1);
	show(old, words[0]);
	refused("nothing there", (void *)16);
	refused("read-only", (void *)((long)swp & ~3));
	refused("not aligned", (char *)words + 2);
	show(words[0], words[1]);
	return 0;
}
