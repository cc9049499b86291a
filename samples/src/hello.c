/* A position independent program without an interpreter (static PIE). hello [loud] */
#include "sys.h"

/* Initialised data that the program changes: a writable segment with bytes in the file. */
static char line[] = "hello, execute-in-place world\n";

int run(int argc, char **argv)
{
	(void)argv;
	for (unsigned i = 0; argc > 1 && i < sizeof line - 1; i++)
		if (line[i] >= 'a' && line[i] <= 'z')
			line[i] -= 'a' - 'A';
	return write_text(1, line) == 0 ? 0 : 1;
}
