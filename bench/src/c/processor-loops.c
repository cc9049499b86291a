/*
 * Hot integer loops for `npm run bench -- --processors`, without a C library, so that any cross compiler makes
 * a static program of them; the entry is begin(). It executes some 250 million instructions; compiled with
 * -DROUNDS=0 it is what starting a program takes.
 */
#ifndef ROUNDS
#define ROUNDS 9
#endif

static unsigned char memory[65536];
static unsigned words[4096];
static volatile unsigned result;

static unsigned sieve(void)
{
	unsigned found = 0;

	for (unsigned i = 0; i < sizeof(memory); i++)
		memory[i] = 1;
	for (unsigned i = 2; i < sizeof(memory); i++) {
		if (!memory[i])
			continue;
		found++;
		for (unsigned j = i + i; j < sizeof(memory); j += i)
			memory[j] = 0;
	}
	return found;
}

static unsigned xorshift(unsigned rounds)
{
	unsigned x = 1, sum = 0;

	while (rounds--) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		words[x & 4095] += x;
		if (x & 1)
			sum ^= words[x >> 20];
	}
	return sum;
}

static unsigned checksum(void)
{
	unsigned crc = ~0u;

	for (unsigned i = 0; i < sizeof(memory); i++) {
		crc ^= memory[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

__attribute__((noreturn)) static void quit(void)
{
#if defined(__arm__)
	register int r0 __asm__("r0") = 0;
	register int r7 __asm__("r7") = 1;
	__asm__ volatile("svc 0" : : "r"(r0), "r"(r7));
#else
	register long a0 __asm__("a0") = 0;
	register long a7 __asm__("a7") = 93;
	__asm__ volatile("ecall" : : "r"(a0), "r"(a7));
#endif
	__builtin_unreachable();
}

void begin(void)
{
	unsigned sum = 0;

	for (int round = 0; round < ROUNDS; round++)
		sum = sum * 31 + sieve() + xorshift(1500000) + checksum();
	result = sum;
	quit();
}
