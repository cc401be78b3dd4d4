/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * writer.h - pieces of YAML on their way out.
 *
 * For config/ only.
 */
#ifndef CONFIG_WRITER_H
#define CONFIG_WRITER_H

#include "base/slice.h"

struct writer {
	void (*emit)(void *arg, struct slice text);
	void *arg;
};

void put(struct writer *w, const char *text); /* as it is */
/* One of our words, in quotes where YAML would see a number. */
void put_word(struct writer *w, const char *word);
/* Any printable text, in quotes where YAML would see anything else. */
void put_text(struct writer *w, const char *text);

#endif
