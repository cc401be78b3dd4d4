/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * list.c - the items of a list in the configuration: read, blamed, printed.
 */
#include "config/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

size_t *
key_count(const struct key *k, void *base)
{
	return (void *)((char *)base + k->count_at);
}

size_t
key_length(const struct key *k, const void *base)
{
	return *(const size_t *)(const void *)((const char *)base +
					       k->count_at);
}

static enum err
read_network(const struct key *k, struct slice text, struct texts *texts,
	     void *items, size_t n)
{
	(void)k;
	(void)texts;
	return cidr_parse(text, (struct cidr *)items + n);
}

static void
print_network(const struct key *k, const void *items, size_t i,
	      struct writer *w)
{
	char text[CIDR_TEXT_MAX];

	(void)k;
	cidr_print((const struct cidr *)items + i, text);
	put_text(w, text);
}

/* One more text, which is not yet among the n. */
static enum err
add_text(struct slice text, struct texts *texts, const char **items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(text, slice_str(items[i])))
			return ERR_DUPLICATE;
	return texts_keep(texts, text, &items[n]);
}

static enum err
read_name(const struct key *k, struct slice text, struct texts *texts,
	  void *items, size_t n)
{
	(void)k;
	if (text.len < 1 || text.len > 63 || !text_is_name(text))
		return ERR_SYNTAX;
	return add_text(text, texts, items, n);
}

/* An upper bound of names in DNS, and more than X.509 gives a common name. */
enum { SUBJECT_MAX = 255 };

static enum err
read_subject(const struct key *k, struct slice text, struct texts *texts,
	     void *items, size_t n)
{
	(void)k;
	if (text.len < 1 || text.len > SUBJECT_MAX || !text_is_clean(text))
		return ERR_SYNTAX;
	return add_text(text, texts, items, n);
}

/* They are compared without case, so written twice is given twice. */
static enum err
read_verb(const struct key *k, struct slice text, struct texts *texts,
	  void *items, size_t n)
{
	const char **texts_so_far = items;
	uint8_t id;

	if (vocabulary_find(k->vocabulary, text, &id) != ERR_OK &&
	    !command_is_private(text))
		return ERR_UNKNOWN;
	for (size_t i = 0; i < n; i++)
		if (slice_ieq(text, slice_str(texts_so_far[i])))
			return ERR_DUPLICATE;
	return texts_keep(texts, text, &texts_so_far[n]);
}

static void
print_string(const struct key *k, const void *items, size_t i, struct writer *w)
{
	(void)k;
	put_text(w, ((const char *const *)items)[i]);
}

static enum err
read_term(const struct key *k, struct slice text, struct texts *texts,
	  void *items, size_t n)
{
	uint8_t *ids = items, id = 0;
	enum err e = vocabulary_find(k->vocabulary, text, &id);

	(void)texts;
	if (e != ERR_OK)
		return e;
	if (n > 0 && memchr(ids, id, n))
		return ERR_DUPLICATE;
	ids[n] = id;
	return ERR_OK;
}

static void
print_term(const struct key *k, const void *items, size_t i, struct writer *w)
{
	put(w, k->vocabulary->terms[((const uint8_t *)items)[i]].name);
}

static const struct {
	const char *item; /* NULL: there is more to say about it */
	enum err (*read)(const struct key *k, struct slice text,
			 struct texts *texts, void *items, size_t n);
	void (*print)(const struct key *k, const void *items, size_t i,
		      struct writer *w);
} kinds[KINDS] = {
    [KIND_NETWORKS] = {"a network such as 192.0.2.0/24", read_network,
		       print_network},
    [KIND_NAMES] = {"a name", read_name, print_string},
    [KIND_SUBJECTS] = {"a name of 1 to 255 printable bytes", read_subject,
		       print_string},
    [KIND_VERBS] = {NULL, read_verb, print_string},
    [KIND_TERMS] = {NULL, read_term, print_term},
};

bool
key_is_list(const struct key *k)
{
	return kinds[k->kind].read != NULL;
}

enum err
key_read_item(const struct key *k, struct slice text, struct texts *texts,
	      void *base)
{
	size_t *n = key_count(k, base);
	enum err e;

	assert(*n < k->most);
	e = kinds[k->kind].read(k, text, texts, (char *)base + k->at, *n);
	if (e == ERR_OK)
		(*n)++;
	return e;
}

static void
term_fault(const struct vocabulary *v, struct slice text, const char *shown,
	   char out[REASON_MAX])
{
	const char *why = vocabulary_refusal(v, text);
	char nearest[NEAREST_MAX];

	vocabulary_nearest(v, text, nearest);
	if (why)
		(void)snprintf(out, REASON_MAX,
			       "%.240s is known but refused: %s", shown, why);
	else
		(void)snprintf(out, REASON_MAX,
			       "unknown %s %.240s; the nearest are %s", v->noun,
			       shown, nearest);
}

void
key_item_fault(const struct key *k, enum err cause, struct slice text,
	       const char *shown, char out[REASON_MAX])
{
	const char *item = kinds[k->kind].item;

	if (cause == ERR_DUPLICATE)
		(void)snprintf(out, REASON_MAX, "%.300s is given twice", shown);
	else if (cause == ERR_UNKNOWN)
		term_fault(k->vocabulary, text, shown, out);
	else
		(void)snprintf(out, REASON_MAX, "expected %s, found %.300s",
			       cause == ERR_MISMATCH
				   ? "a network without bits behind its prefix"
			       : item ? item
				      : "a name",
			       shown);
}

void
key_print_item(const struct key *k, const void *base, size_t i,
	       struct writer *w)
{
	kinds[k->kind].print(k, (const char *)base + k->at, i, w);
}
