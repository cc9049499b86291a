/*
 * make-flat TEXT DATA BSS STACK FLAGS [STORED]: writes a bFLT program of the raw sections in TEXT and
 * DATA to standard output. BSS and STACK are bytes. STORED is what is in the file for the data, such
 * as its gzip stream. There are no relocations but the table that FLAT_FLAG_GOTPIC announces.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 64

static void put32(unsigned char *at, unsigned value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static unsigned char *read_file(const char *path, unsigned *length)
{
	unsigned char *bytes = malloc(1 << 20);
	FILE *file = fopen(path, "rb");

	if (bytes == NULL || file == NULL) {
		perror(path);
		exit(1);
	}
	*length = (unsigned)fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

int main(int argc, char **argv)
{
	unsigned char header[HEADER_SIZE] = "bFLT";
	unsigned text_length, data_length, stored_length;
	unsigned char *text, *data, *stored;

	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: make-flat TEXT DATA BSS STACK FLAGS [STORED]\n");
		return 2;
	}
	text = read_file(argv[1], &text_length);
	data = read_file(argv[2], &data_length);
	stored = argc == 7 ? read_file(argv[6], &stored_length) : data;
	if (argc != 7)
		stored_length = data_length;

	unsigned data_start = HEADER_SIZE + text_length;
	unsigned data_end = data_start + data_length;
	unsigned words[] = {
		4,			/* version */
		HEADER_SIZE | 1,	/* entry, in Thumb */
		data_start,
		data_end,
		data_end + (unsigned)strtoul(argv[3], NULL, 0),
		(unsigned)strtoul(argv[4], NULL, 0),
		data_end,		/* relocations */
		0,
		(unsigned)strtoul(argv[5], NULL, 0),
	};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		put32(header + 4 + 4 * i, words[i]);
	fwrite(header, 1, HEADER_SIZE, stdout);
	fwrite(text, 1, text_length, stdout);
	return fwrite(stored, 1, stored_length, stdout) == stored_length ? 0 : 1;
}
