/*
 * crc32sum FILE...: prints the CRC-32 of files, or of standard input, 16 bytes at a time. Its
 * 16 KiB of tables are read-only data of several pages, which is what makes XIP worth while.
 */
#include "sys.h"
#include "crc32-table.h"

static unsigned char buffer[16384];

static unsigned update(unsigned crc, const unsigned char *bytes, unsigned long length)
{
	for (; length >= 16; bytes += 16, length -= 16) {
		unsigned next = 0;

		for (int i = 0; i < 16; i++) {
			unsigned char byte = bytes[i];

			if (i < 4)
				byte ^= (unsigned char)(crc >> (8 * i));
			next ^= crc32_table[15 - i][byte];
		}
		crc = next;
	}
	for (; length > 0; bytes++, length--)
		crc = (crc >> 8) ^ crc32_table[0][(crc ^ *bytes) & 0xff];
	return crc;
}

static int print(unsigned crc, const char *name)
{
	static const char digits[] = "0123456789abcdef";
	char text[10];

	for (int i = 0; i < 8; i++)
		text[i] = digits[(crc >> (28 - 4 * i)) & 15];
	text[8] = text[9] = ' ';
	return write_all(1, text, sizeof text) | write_text(1, name) | write_text(1, "\n");
}

static int sum(int fd, const char *name)
{
	unsigned crc = 0xffffffffu;

	for (;;) {
		long got = sys_read(fd, buffer, sizeof buffer);

		if (got < 0)
			return 1;
		if (got == 0)
			break;
		crc = update(crc, buffer, (unsigned long)got);
	}
	return print(~crc, name) == 0 ? 0 : 1;
}

int run(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return sum(0, "-");
	for (int i = 1; i < argc; i++) {
		int fd = sys_open(argv[i]);

		if (fd < 0) {
			write_text(2, "crc32sum: cannot open ");
			write_text(2, argv[i]);
			write_text(2, "\n");
			status = 1;
			continue;
		}
		status |= sum(fd, argv[i]);
		sys_close(fd);
	}
	return status;
}
