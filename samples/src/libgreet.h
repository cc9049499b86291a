#ifndef LIBGREET_H
#define LIBGREET_H

/* The greeting in a language, by its two-letter code; a null pointer if there is none. */
const char *greeting_in(const char *language);

#endif
