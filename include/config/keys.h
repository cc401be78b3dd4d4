/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.h - the table of keys, and how one value is read and written.
 *
 * For config/ only; the program sees settings.h.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "base/err.h"
#include "base/slice.h"
#include "config/settings.h"
#include "config/vocabulary.h"
#include "config/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
	KIND_GROUP,    /* of keys: a mapping */
	KIND_ENTRIES,  /* a list of mappings */
	KIND_NETWORKS, /* a list of networks */
	KIND_NAMES,    /* a list of names of ours, const char * */
	KIND_SUBJECTS, /* a list of what certificates name, const char * */
	KIND_VERBS,    /* a list of verbs of IMAP, const char * */
	KIND_TERMS,    /* an ordered set out of a vocabulary, uint8_t */
	KIND_SWITCH,   /* bool: false and true have words */
	KIND_CHOICE,   /* enum: its values from least to most have words */
	KIND_COUNT,    /* uint64_t */
	KIND_SIZE,     /* uint64_t, bytes */
	KIND_TIME,     /* uint64_t, milliseconds */
	KIND_RATE,     /* limit and per of struct rule_settings.rate */
	KIND_BURST,    /* its burst */
	KIND_PORT,     /* uint16_t */
	KIND_NAME,     /* text of ours; may be "" where least is 0 */
	KIND_PATH,     /* const char *; absolute, or "" where least is 0 */
	KIND_HOST,     /* address or name */
	KIND_LISTEN,   /* address and any of struct listener_settings */
	KIND_SINK,     /* struct sink_place */
	KINDS
};

/*
 * One row. `at` counts from the start of struct settings, or of the entry for
 * keys below KIND_ENTRIES; `size` is that of the field, or of one entry.
 */
enum in_sample {
	SAMPLE_PRESET, /* a comment if there is a default */
	SAMPLE_SHOWN,  /* as it is */
	SAMPLE_ASIDE   /* a comment, with all that is in it */
};

struct key {
	const char *path; /* "limits.line", "backends.port" */
	enum kind kind;
	size_t at, size;
	const char *preset;   /* default, as written; NULL: must be given */
	uint64_t least, most; /* of a number, or how many entries */
	const char *help;     /* sentences */
	const char *const *words;
	size_t count_at; /* lists: where their length stands */
	const struct vocabulary *vocabulary;
	/* What is not given comes from elsewhere, only later; from where, for
	 * "Default: %s." */
	const char *inherits;
	enum in_sample sample;
};

/* Where text goes that settings point to. */
struct texts {
	char *next;
	size_t room;
};

enum { KEYS_MAX = 160, EXPECTS_MAX = 160 };

/* Of limits and state; see keys_limits.c. */
extern const struct key keys_limits[];
extern const size_t keys_limits_count;
/* Of commands; see keys_commands.c. */
extern const struct key keys_commands[];
extern const size_t keys_commands_count;

/* NULL behind the last one; a group or list comes before the keys in it. */
const struct key *key_at(size_t i);
size_t key_index(const struct key *k);
/* parent NULL: at the top. */
bool key_is_child(const struct key *k, const struct key *parent);
const struct key *key_find(const struct key *parent, struct slice name);
/* The one most likely meant, maybe elsewhere; NULL when none is near. */
const struct key *key_near(const struct key *parent, struct slice name);
bool key_is_number(const struct key *k);    /* maybe with a unit */
bool key_is_list(const struct key *k);      /* of scalars */
const struct key *key_of(const char *path); /* which must be there */
/* The last part of the path. */
const char *key_name(const struct key *k);

/* "a time from 30m to 24h" */
void key_expects(const struct key *k, char out[EXPECTS_MAX]);

/*
 * The value of one scalar into base; untouched on failure. Not for groups and
 * lists. texts NULL: `text` ends in NUL and stays.
 */
enum err key_read(const struct key *k, struct slice text, struct texts *texts,
		  void *base) MUST_USE;

/* The same for one more item of a list that is not full. */
enum err key_read_item(const struct key *k, struct slice text,
		       struct texts *texts, void *base) MUST_USE;
/* What is wrong with such an item: "expected a network, found %s". */
enum { REASON_MAX = 480 };
void key_item_fault(const struct key *k, enum err cause, struct slice text,
		    const char *shown, char out[REASON_MAX]);
/* Where it says how many there are. */
size_t *key_count(const struct key *k, void *base);
size_t key_length(const struct key *k, const void *base);
/* Text of ours that outlives *texts. ERR_LIMIT: no room. */
enum err texts_keep(struct texts *texts, struct slice text,
		    const char **out) MUST_USE;

/* Nothing in it that a terminal would obey. */
bool text_is_clean(struct slice text);
/* Letters, digits, '.', '_' and '-', the last not first; or empty. */
bool text_is_name(struct slice text);

/* The value, or one item of a list, as YAML that reads to the same. Not for
 * groups and entries. */
void key_print(const struct key *k, const void *base, struct writer *w);
void key_print_item(const struct key *k, const void *base, size_t i,
		    struct writer *w);

#endif
