/* The smallest program: it fits one page, headers included. */
#include "sys.h"

int run(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 0;
}
