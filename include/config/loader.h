/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader.h - from the nodes of a YAML file to the fields of struct settings.
 *
 * For config/ only; settings_load calls it.
 */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "base/err.h"
#include "config/keys.h"
#include "config/reader.h"
#include "config/settings.h"

/* Of something in each entry of a list. Grows; what is not in it is no place.
 */
struct spots {
	struct place *at;
	size_t count;
};

struct loader {
	struct reader *reader;
	struct settings *settings;
	struct settings_fault *fault;
	struct texts texts;
	struct spots keys[KEYS_MAX];    /* where each key was written */
	struct spots entries[KEYS_MAX]; /* where each entry of a list begins */
};

/* Everything in l but the spots is the caller's. */
void loader_clear(struct loader *l);

/* Fills in the defaults, then what the file says. */
enum err loader_run(struct loader *l) MUST_USE;
/* The defaults of the keys in `parent`, NULL: of the top level. */
void loader_preset(const struct key *parent, void *base);

/* Where a value stands; index: of the entry, else 0. No place: the default. */
struct place loader_place(const struct loader *l, const struct key *k,
			  size_t index);
/* Where an entry of the list begins. */
struct place loader_entry(const struct loader *l, const struct key *list,
			  size_t index);

#endif
