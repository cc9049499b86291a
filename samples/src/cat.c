/* cat FILE...: copies files, or standard input, to standard output. Its buffer is .bss. */
#include "sys.h"

static char buffer[16384];

static int copy(int fd)
{
	for (;;) {
		long got = sys_read(fd, buffer, sizeof buffer);

		if (got == 0)
			return 0;
		if (got < 0 || write_all(1, buffer, (unsigned long)got) != 0)
			return 1;
	}
}

static int copy_file(const char *path)
{
	int fd = sys_open(path);
	int status;

	if (fd < 0) {
		write_text(2, "cat: cannot open ");
		write_text(2, path);
		write_text(2, "\n");
		return 1;
	}
	status = copy(fd);
	sys_close(fd);
	return status;
}

int run(int argc, char **argv)
{
	int status = 0;

	if (argc < 2)
		return copy(0);
	for (int i = 1; i < argc; i++)
		status |= copy_file(argv[i]);
	return status;
}
