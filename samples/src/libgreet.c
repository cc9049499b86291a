/* A shared object: greetings by language code. */
#include "libgreet.h"

struct greeting {
	char language[3];
	char text[29];
};

/* No pointers inside: the table needs no relocations and stays in a read-only segment. */
static const struct greeting greetings[] = {
	{ "da", "Hej, verden" },      { "de", "Hallo, Welt" },     { "en", "Hello, world" },
	{ "es", "Hola, mundo" },      { "et", "Tere, maailm" },    { "fi", "Hei, maailma" },
	{ "fr", "Bonjour, le monde" }, { "it", "Ciao, mondo" },    { "la", "Salve, munde" },
	{ "nl", "Hallo, wereld" },    { "pl", "Witaj, swiecie" },  { "pt", "Ola, mundo" },
	{ "sv", "Hej, varlden" },     { "tr", "Merhaba, dunya" },
};

const char *greeting_in(const char *language)
{
	for (unsigned i = 0; i < sizeof greetings / sizeof greetings[0]; i++)
		if (greetings[i].language[0] == language[0] &&
		    greetings[i].language[1] == language[1] && language[2] == '\0')
			return greetings[i].text;
	return 0;
}
