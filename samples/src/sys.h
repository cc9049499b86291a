/*
 * The system calls the samples need, without any C library: system call numbers come from the
 * kernel's <asm/unistd.h>, the calling convention of each architecture is below.
 */
#ifndef SYS_H
#define SYS_H

#include <asm/unistd.h>

#define SYS_AT_FDCWD (-100)

static inline long sys_call(long number, long a, long b, long c)
{
#if defined(__x86_64__)
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(0L)
			 : "rcx", "r10", "r11", "memory");
	return result;
#elif defined(__i386__)
	long result;
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0L)
			 : "memory");
	return result;
#elif defined(__arm__)
	register long r7 __asm__("r7") = number;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = 0;
	__asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory");
	return r0;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = 0;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#elif defined(__powerpc__)
	register long r0 __asm__("r0") = number;
	register long r3 __asm__("r3") = a;
	register long r4 __asm__("r4") = b;
	register long r5 __asm__("r5") = c;
	register long r6 __asm__("r6") = 0;
	/* An error is the overflow bit of cr0 and a positive errno. */
	__asm__ volatile("sc\n\tbns+ 1f\n\tneg %1, %1\n1:"
			 : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6)
			 :
			 : "cr0", "ctr", "r7", "r8", "r9", "r10", "r11", "r12", "memory");
	return r3;
#elif defined(__riscv)
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = 0;
	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
	return a0;
#else
#error "no system call for this architecture"
#endif
}

static inline void sys_exit(int status)
{
	for (;;)
		sys_call(__NR_exit_group, status, 0, 0);
}

/* openat(2) for reading; the fourth argument, the mode, counts only for new files. */
static inline int sys_open(const char *path)
{
	return (int)sys_call(__NR_openat, SYS_AT_FDCWD, (long)path, 0);
}

static inline void sys_close(int fd)
{
	sys_call(__NR_close, fd, 0, 0);
}

static inline long sys_read(int fd, void *buffer, unsigned long length)
{
	return sys_call(__NR_read, fd, (long)buffer, (long)length);
}

static inline long sys_write(int fd, const void *buffer, unsigned long length)
{
	return sys_call(__NR_write, fd, (long)buffer, (long)length);
}

/* Writes all of it; 0, or -1 if that is not possible. */
static inline int write_all(int fd, const char *bytes, unsigned long length)
{
	while (length > 0) {
		long written = sys_write(fd, bytes, length);

		if (written <= 0)
			return -1;
		bytes += written;
		length -= (unsigned long)written;
	}
	return 0;
}

static inline unsigned long text_length(const char *text)
{
	unsigned long length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

static inline int write_text(int fd, const char *text)
{
	return write_all(fd, text, text_length(text));
}

/* What every sample defines; its result is the exit status. */
int run(int argc, char **argv);

__attribute__((noreturn)) void start(long *stack)
{
	sys_exit(run((int)stack[0], (char **)(stack + 1)));
	__builtin_unreachable();
}

#endif
