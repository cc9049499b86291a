/*
 * A program without a C library for kernels without an MMU: tells what it finds of its own parts, and what system calls
 * for memory and processes answer. Built as static PIE, which relocates itself, and as bFLT, which the kernel relocates.
 */
#include <stddef.h>
#include <stdint.h>

enum {
	NR_openat = 56, NR_close = 57, NR_read = 63, NR_write = 64, NR_exit = 93, NR_kill = 129, NR_sigaction = 134,
	NR_getpid = 172, NR_brk = 214, NR_munmap = 215, NR_mremap = 216, NR_clone = 220, NR_execve = 221, NR_mmap = 222,
	NR_mprotect = 226, NR_waitid = 95
};
enum { SIGUSR1 = 10, SIGCHLD = 17, CLONE_VM = 0x100, CLONE_VFORK = 0x4000, P_PID = 1, WEXITED = 4 };
enum { PROT_RW = 3, MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, AT_FDCWD = -100 };

static long call(long number, long a, long b, long c, long d, long e, long f)
{
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;
	register long a7 __asm__("a7") = number;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
	return a0;
}
#define CALL1(n, a) call(n, (long)(a), 0, 0, 0, 0, 0)
#define CALL2(n, a, b) call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define CALL3(n, a, b, c) call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)

static size_t length(const char *text)
{
	size_t count = 0;

	while (text[count])
		count++;
	return count;
}

static void say(const char *text)
{
	CALL3(NR_write, 1, text, length(text));
}

static void number(long value)
{
	char text[24];
	int at = 23, negative = value < 0;
	unsigned long rest = negative ? -value : value;

	text[at] = 0;
	do
		text[--at] = '0' + rest % 10;
	while (rest /= 10);
	if (negative)
		text[--at] = '-';
	say(text + at);
}

static void tell(const char *what, long value)
{
	say(what);
	say(" ");
	number(value);
	say("\n");
}

/* Words that have to be relocated. */
static const char *volatile names[] = { "one", "two", "three" };
static int twice(int x) { return x * 2; }
static int square(int x) { return x * x; }
static int (*volatile functions[])(int) = { twice, square };
static int table[1000] = { [10] = 7, [999] = 9 };
static int zeros[3000];
static volatile int caught;

static void handler(int signal)
{
	caught += signal;
}

static void parts(void)
{
	long sum = 0;

	for (int i = 0; i < 3000; i++)
		sum += zeros[i];
	for (int i = 0; i < 1000; i++)
		sum += table[i];
	tell("sum", sum);
	for (int i = 0; i < 3; i++) {
		say(names[i]);
		say(i < 2 ? " " : "\n");
	}
	tell("functions", functions[0](5) + functions[1](5));
	for (int i = 0; i < 3000; i++)
		zeros[i] = i;
	table[999] += zeros[2999];
	tell("stored", table[999]);
}

static void memory(void)
{
	long start = CALL1(NR_brk, 0);
	/* A heap is what the loader has set aside; it does not grow further. */
	long grown = CALL1(NR_brk, start + 1024) - start;
	long large = call(NR_mmap, 0, 1 << 20, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long *words = (long *)large;

	tell("brk by 1024", grown);
	tell("brk by 1 GiB", CALL1(NR_brk, start + (1l << 30)) - start);
	tell("mmap, misaligned by", large & 4095);
	tell("zeros", words[0] + words[1000] + words[(1 << 20) / sizeof(long) - 1]);
	words[5] = 55;
	tell("word", words[5]);
	tell("munmap", CALL2(NR_munmap, large, 1 << 20));
	tell("mmap fixed", call(NR_mmap, 0x90000000, 4096, PROT_RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	tell("mprotect", CALL3(NR_mprotect, start & -4096, 4096, 1));
}

static void file(const char *path)
{
	long fd = call(NR_openat, AT_FDCWD, (long)path, 0, 0, 0, 0);
	long shared = call(NR_mmap, 0, 4096, 1, MAP_SHARED, fd, 0);
	long copy = call(NR_mmap, 0, 4096, PROT_RW, MAP_PRIVATE, fd, 0);

	if (copy < 0 && copy > -4096) {
		tell("mmap of a file", copy);
		return;
	}
	*(char *)copy = 'x';
	CALL3(NR_write, 1, copy, 10);
	/* Blocks in ROM are mapped there, and a copy of them is elsewhere. */
	if (shared < 0 && shared > -4096)
		tell(" shared", shared);
	else
		CALL3(NR_write, 1, shared, 10);
	CALL1(NR_close, fd);
}

/* A child that ends by execve(2) of this program, while this one waits for it. */
static void child(char *const argv[], char *const envp[])
{
	char *const words[] = { argv[0], "child", NULL };
	struct {
		int signo, error, code;
		union {
			struct { int pid, uid, status; } child;
			void *address;
		} fields;
	} info = { 0 };
	long pid = CALL2(NR_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);

	if (pid == 0) {
		CALL3(NR_execve, words[0], words, envp);
		CALL1(NR_exit, 1);
	}
	tell("waited", call(NR_waitid, P_PID, pid, (long)&info, WEXITED, 0, 0));
	tell("status", info.fields.child.status);
	tell("fork", CALL2(NR_clone, SIGCHLD, 0));
}

static void signals(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		uint64_t mask;
	} action = { handler, 0, 0 };

	call(NR_sigaction, SIGUSR1, (long)&action, 0, 8, 0, 0);
	CALL2(NR_kill, CALL1(NR_getpid, 0), SIGUSR1);
	tell("caught", caught);
}

__attribute__((noreturn, used)) void run(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1);

	if (argc > 1 && argv[1][0] == 'c') {
		tell("child", argc);
		CALL1(NR_exit, 3);
	}
	tell("arguments", argc);
	parts();
	memory();
	file("/file");
	child(argv, argv + argc + 1);
	signals();
	for (;;)
		CALL1(NR_exit, 7);
}

#ifdef PIE
struct dynamic { long tag; unsigned long value; };
struct rela { unsigned long offset, info; long addend; };
extern const struct dynamic _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
enum { DT_RELA = 7, DT_RELASZ = 8 };

/* R_RISCV_RELATIVE is all there is. */
__attribute__((used)) void relocate(void)
{
	unsigned long base = (unsigned long)__ehdr_start, at = 0, size = 0;

	for (const struct dynamic *entry = _DYNAMIC; entry->tag != 0; entry++) {
		if (entry->tag == DT_RELA)
			at = entry->value;
		if (entry->tag == DT_RELASZ)
			size = entry->value;
	}
	for (const struct rela *rela = (const struct rela *)(base + at); size > 0; rela++, size -= sizeof(*rela))
		*(unsigned long *)(base + rela->offset) = base + rela->addend;
}
#define RELOCATE "mv s0, sp\n call relocate\n mv a0, s0\n"
#else
#define RELOCATE "mv a0, sp\n"
#endif

__asm__(".section .text.begin\n .globl _start\n _start:\n" RELOCATE " andi sp, sp, -16\n call run\n");
