/*
 * make-tables crc32|sine|logarithm|primes: writes one of the samples' tables to standard output.
 * Runs on the machine that builds the samples.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SLICES 16
#define PI 3.14159265358979323846

/* C source: slice k holds what a byte adds to the CRC-32 k bytes later. */
static void crc32_tables(void)
{
	static unsigned table[SLICES][256];

	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) != 0 ? 0xedb88320u ^ (crc >> 1) : crc >> 1;
		table[0][byte] = crc;
	}
	for (int k = 1; k < SLICES; k++)
		for (int byte = 0; byte < 256; byte++) {
			unsigned crc = table[k - 1][byte];

			table[k][byte] = (crc >> 8) ^ table[0][crc & 0xff];
		}

	printf("static const unsigned crc32_table[%d][256] = {\n", SLICES);
	for (int k = 0; k < SLICES; k++) {
		printf("{");
		for (int byte = 0; byte < 256; byte++)
			printf("%s0x%08x,", byte % 8 == 0 ? "\n" : " ", table[k][byte]);
		printf("\n},\n");
	}
	printf("};\n");
}

static void put16(int value)
{
	putchar(value & 0xff);
	putchar((value >> 8) & 0xff);
}

/* 4096 samples of one period, 16 bits, little-endian: two pages exactly. */
static void sine(void)
{
	for (int i = 0; i < 4096; i++)
		put16((int)lround(32767 * sin(2 * PI * i / 4096)));
}

/* 2500 values of 4096 * log2(1 + i / 2500), 16 bits, little-endian: a page and a part of one. */
static void logarithm(void)
{
	for (int i = 0; i < 2500; i++)
		put16((int)lround(4096 * log2(1 + i / 2500.0)));
}

static void primes(void)
{
	for (int n = 2; n < 20000; n++) {
		int prime = 1;

		for (int d = 2; d * d <= n && prime; d++)
			prime = n % d != 0;
		if (prime)
			printf("%d\n", n);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (strcmp(what, "crc32") == 0)
		crc32_tables();
	else if (strcmp(what, "sine") == 0)
		sine();
	else if (strcmp(what, "logarithm") == 0)
		logarithm();
	else if (strcmp(what, "primes") == 0)
		primes();
	else
		return fprintf(stderr, "usage: make-tables crc32|sine|logarithm|primes\n"), 2;
	return fflush(stdout) == 0 ? 0 : 1;
}
