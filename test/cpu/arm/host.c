/*
 * Executes sequences of ARM instructions on the processor that runs this program, qemu-arm's for instance.
 * A record of standard input is the state before (struct state), code and data; one of standard output is the
 * state and data after it. sequences.ts writes and reads them.
 */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CODE ((void *)0x20000000)
#define DATA ((void *)0x30000000)

struct state {
	uint32_t r[15], cpsr, fpscr, thumb;
	uint64_t d[32];
};

struct record {
	struct state state;
	uint8_t code[256], data[512];
};

extern struct state state;
extern uint32_t target;
void enter(void);

/* At 0x10000000, where the sequences jump to in the end: see the Makefile's line in host.ts. */
__asm__(".syntax unified\n"
	".section .tramp, \"awx\"\n"
	".arm\n"
	".fpu neon-vfpv4\n"
	"leave: str r0, state\n"
	"str r1, state + 4\n"
	"adr r0, state\n"
	"add r1, r0, #8\n"
	"stm r1, {r2-r12}\n"
	"str sp, [r0, #52]\n"
	"str lr, [r0, #56]\n"
	"mrs r1, APSR\n"
	"str r1, [r0, #60]\n"
	"vmrs r1, FPSCR\n"
	"str r1, [r0, #64]\n"
	"add r1, r0, #72\n"
	"vstm r1!, {d0-d15}\n"
	"vstm r1, {d16-d31}\n"
	"mov r1, #0\n"
	"vmsr FPSCR, r1\n"
	"ldr sp, saved\n"
	"pop {r4-r11, pc}\n"
	".global enter\n"
	"enter: push {r4-r11, lr}\n"
	"str sp, saved\n"
	"adr r0, state\n"
	"add r1, r0, #72\n"
	"vldm r1!, {d0-d15}\n"
	"vldm r1, {d16-d31}\n"
	"ldr r1, [r0, #64]\n"
	"vmsr FPSCR, r1\n"
	"ldr r1, [r0, #60]\n"
	"msr APSR_nzcvqg, r1\n"
	"ldr sp, [r0, #52]\n"
	"ldr lr, [r0, #56]\n"
	"clrex\n"
	"ldm r0, {r0-r12}\n"
	"ldr pc, target\n"
	".global target\n"
	"target: .word 0\n"
	"saved: .word 0\n"
	".global state\n"
	"state: .space 328\n"
	".text\n");

static int all(int out, void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t done = out ? write(1, at, length) : read(0, at, length);

		if (done <= 0)
			return 0;
		at += done;
		length -= done;
	}
	return 1;
}

int main(void)
{
	static struct record record;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	mmap(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
	mmap(DATA, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
	while (all(0, &record, sizeof(record))) {
		memset(CODE, 0, 4096);
		memcpy(CODE, record.code, sizeof(record.code));
		memset(DATA, 0, 4096);
		memcpy(DATA, record.data, sizeof(record.data));
		__builtin___clear_cache(CODE, (char *)CODE + sizeof(record.code));
		state = record.state;
		target = 0x20000000 | record.state.thumb;
		enter();
		record.state = state;
		memcpy(record.data, DATA, sizeof(record.data));
		all(1, &record.state, sizeof(record.state));
		all(1, record.data, sizeof(record.data));
	}
	return 0;
}
