/* greet [LANGUAGE]: a dynamically linked program, with an interpreter and a shared object. */
#include "libgreet.h"
#include "sys.h"

int run(int argc, char **argv)
{
	const char *text = greeting_in(argc > 1 ? argv[1] : "en");

	if (text == 0) {
		write_text(2, "greet: no such language\n");
		return 1;
	}
	return write_text(1, text) | write_text(1, "\n") ? 1 : 0;
}
