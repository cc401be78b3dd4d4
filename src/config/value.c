/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * value.c - one scalar of the configuration: read, described, printed.
 */
#include "config/keys.h"

#include "audit/json.h"
#include "config/number.h"
#include "config/reader.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static unsigned
last_word(const struct key *k)
{
	return k->kind == KIND_SWITCH ? 1 : (unsigned)k->most;
}

/* Any enum: they are all of this size. */
static void
write_enum(const struct key *k, unsigned value, void *field)
{
	assert(k->size == sizeof value);
	memcpy(field, &value, sizeof value);
}

static enum err
read_word(const struct key *k, struct slice text, void *field)
{
	for (unsigned i = (unsigned)k->least; i <= last_word(k); i++) {
		if (!slice_eq(text, slice_str(k->words[i])))
			continue;
		if (k->kind == KIND_SWITCH)
			*(bool *)field = i == 1;
		else
			write_enum(k, i, field);
		return ERR_OK;
	}
	return ERR_UNKNOWN;
}

static void
print_switch(const struct key *k, const void *field, struct writer *w)
{
	put_word(w, k->words[*(const bool *)field]);
}

static void
print_choice(const struct key *k, const void *field, struct writer *w)
{
	unsigned i;

	memcpy(&i, field, sizeof i);
	put_text(w, k->words[i]);
}

/* "either a, b or c" */
static void
words_text(const struct key *k, char out[EXPECTS_MAX])
{
	unsigned last = last_word(k);
	size_t len = (size_t)snprintf(out, EXPECTS_MAX, "either");

	for (unsigned i = (unsigned)k->least; i <= last; i++)
		len += (size_t)snprintf(out + len, EXPECTS_MAX - len, "%s %s",
					i == (unsigned)k->least ? ""
					: i < last              ? ","
								: " or",
					k->words[i]);
	assert(len < EXPECTS_MAX);
}

static enum err
copy_text(struct slice text, char *out, size_t size)
{
	if (text.len >= size)
		return ERR_LIMIT;
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return ERR_OK;
}

enum err
texts_keep(struct texts *texts, struct slice text, const char **out)
{
	if (!texts || text.len == 0) {
		*out = text.len > 0 ? (const char *)text.ptr : "";
		return ERR_OK;
	}
	if (text.len >= texts->room)
		return ERR_LIMIT;
	(void)copy_text(text, texts->next, texts->room);
	*out = texts->next;
	texts->next += text.len + 1;
	texts->room -= text.len + 1;
	return ERR_OK;
}

static bool
is_name_byte(unsigned char c)
{
	return byte_alpha(c) || byte_digit(c) || c == '-' || c == '_' ||
	       c == '.';
}

bool
text_is_name(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_name_byte(text.ptr[i]))
			return false;
	return text.len == 0 || *text.ptr != '-';
}

static enum err
read_name(const struct key *k, struct slice text, void *field)
{
	if (text.len < k->least || !text_is_name(text))
		return ERR_SYNTAX;
	return copy_text(text, field, k->size);
}

/* Escapes in quotes can make what may not stand in the file. */
bool
text_is_clean(struct slice text)
{
	int32_t point;

	while (text.len > 0) {
		text = slice_skip(text, utf8_next(text, &point));
		if (point < 0x20 || reader_refuses(point))
			return false;
	}
	return true;
}

static bool
is_path(struct slice text)
{
	return text.len >= 2 && text.ptr[0] == '/' && text_is_clean(text);
}

static enum err
read_path(const struct key *k, struct slice text, struct texts *texts,
	  void *field)
{
	const char *kept;
	enum err e;

	if ((text.len > 0 || k->least > 0) && !is_path(text))
		return ERR_SYNTAX;
	if (text.len > k->most)
		return ERR_LIMIT;
	e = texts_keep(texts, text, &kept);
	if (e == ERR_OK)
		memcpy(field, &kept, k->size);
	return e;
}

static void
print_path(const struct key *k, const void *field, struct writer *w)
{
	(void)k;
	put_text(w, *(const char *const *)field);
}

/* Letters, digits, '-', and '_', which container names have. */
static bool
is_label(struct slice label)
{
	if (label.len < 1 || label.len > 63 || label.ptr[0] == '-' ||
	    label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_name_byte(label.ptr[i]))
			return false;
	return true;
}

static bool
is_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!byte_digit(s.ptr[i]))
			return false;
	return true;
}

/* A last label of digits would be a mistyped address (RFC 1123 section 2.1). */
static bool
is_host_name(struct slice name)
{
	struct slice label, rest = name;
	bool more = true;

	if (name.len < 1 || name.len > 253)
		return false;
	if (name.ptr[name.len - 1] == '.')
		rest = slice_head(name, name.len - 1);
	while (more) {
		more = slice_find(rest, '.') < rest.len;
		label = slice_cut(&rest, '.');
		if (!is_label(label))
			return false;
	}
	return !is_digits(label);
}

static enum err
read_host(const struct key *k, struct slice text, void *field)
{
	struct address a;

	if (address_parse(text, &a) != ERR_OK && !is_host_name(text))
		return ERR_SYNTAX;
	return copy_text(text, field, k->size);
}

static void
print_text(const struct key *k, const void *field, struct writer *w)
{
	(void)k;
	put_text(w, field);
}

static enum err
read_listen(const struct key *k, struct slice text, void *entry)
{
	struct listener_settings *l = entry;
	struct address a = {{0}};
	bool any = slice_eq(text, SLICE("*"));

	(void)k;
	if (!any && address_parse(text, &a) != ERR_OK)
		return ERR_SYNTAX;
	l->any = any;
	l->address = a;
	return ERR_OK;
}

static void
print_listen(const struct key *k, const void *entry, struct writer *w)
{
	const struct listener_settings *l = entry;
	char text[ADDRESS_TEXT_MAX] = "*";

	(void)k;
	if (!l->any)
		address_print(&l->address, text);
	put_text(w, text);
}

static const char *const sink_words[] = {
    [AUDIT_NONE] = "none",         [AUDIT_STDOUT] = "stdout",
    [AUDIT_STDERR] = "stderr",     [AUDIT_SYSLOG] = "syslog",
    [AUDIT_JOURNALD] = "journald",
};

enum { SINKS = sizeof sink_words / sizeof *sink_words };

/* "syslog" or "syslog:/its/socket"; only those two have one. */
static bool
is_sink(struct slice text, unsigned kind, struct slice *path)
{
	struct slice rest = text, word;
	bool socket = kind == AUDIT_SYSLOG || kind == AUDIT_JOURNALD;

	if (!sink_words[kind])
		return false;
	word = slice_cut(&rest, ':');
	*path = rest;
	return slice_eq(word, slice_str(sink_words[kind])) &&
	       (word.len == text.len ||
		(socket && is_path(rest) && rest.len <= SETTINGS_SOCKET_MAX));
}

static enum err
read_sink(const struct key *k, struct slice text, void *field)
{
	struct sink_place *place = field;
	struct slice path = text;
	unsigned kind = 0;

	(void)k;
	while (kind < SINKS && !is_sink(text, kind, &path))
		kind++;
	if (kind < SINKS) {
		place->kind = (enum audit_kind)kind;
		return copy_text(path, place->path, sizeof place->path);
	}
	if (!is_path(text))
		return ERR_SYNTAX;
	place->kind = AUDIT_FILE;
	return copy_text(text, place->path, sizeof place->path);
}

static void
print_sink(const struct key *k, const void *field, struct writer *w)
{
	const struct sink_place *place = field;
	char text[sizeof place->path + 16];

	(void)k;
	if (place->kind == AUDIT_FILE)
		(void)snprintf(text, sizeof text, "%s", place->path);
	else
		(void)snprintf(text, sizeof text, "%s%s%s",
			       sink_words[place->kind], *place->path ? ":" : "",
			       place->path);
	put_text(w, text);
}

static const struct {
	const char *expects; /* NULL: from the bounds or the words */
	enum err (*read)(const struct key *k, struct slice text, void *field);
	void (*print)(const struct key *k, const void *field, struct writer *w);
} kinds[KINDS] = {
    [KIND_GROUP] = {"keys and their values", NULL, NULL},
    [KIND_ENTRIES] = {"a list", NULL, NULL},
    [KIND_NETWORKS] = {"a list of networks such as 192.0.2.0/24", NULL, NULL},
    [KIND_NAMES] = {"a list of names", NULL, NULL},
    [KIND_SUBJECTS] = {"a list of names", NULL, NULL},
    [KIND_VERBS] = {"a list of verbs", NULL, NULL},
    [KIND_TERMS] = {NULL, NULL, NULL},
    [KIND_SWITCH] = {NULL, read_word, print_switch},
    [KIND_CHOICE] = {NULL, read_word, print_choice},
    [KIND_COUNT] = {NULL, number_read, number_print},
    [KIND_SIZE] = {NULL, number_read, number_print},
    [KIND_TIME] = {NULL, number_read, number_print},
    [KIND_PORT] = {NULL, number_read, number_print},
    [KIND_RATE] = {"a rate such as 60/min, 5/s or 10MiB/s, or none", rate_read,
		   rate_print},
    [KIND_BURST] = {"a number, or a size such as 10MiB, above 0", burst_read,
		    burst_print},
    [KIND_NAME] = {NULL, read_name, print_text},
    [KIND_PATH] = {NULL, NULL, print_path},
    [KIND_HOST] = {"an IPv4 or IPv6 address or a host name", read_host,
		   print_text},
    [KIND_LISTEN] = {"an IPv4 or IPv6 address or \"*\"", read_listen,
		     print_listen},
    [KIND_SINK] = {"either stdout, stderr, syslog, "
		   "syslog:SOCKET, journald, none or an "
		   "absolute path",
		   read_sink, print_sink},
};

void
key_expects(const struct key *k, char out[EXPECTS_MAX])
{
	if (kinds[k->kind].expects) {
		snprintf(out, EXPECTS_MAX, "%s", kinds[k->kind].expects);
	} else if (k->words) {
		words_text(k, out);
	} else if (k->kind == KIND_TERMS) {
		snprintf(out, EXPECTS_MAX, "a list of %ss such as %s",
			 k->vocabulary->noun, k->vocabulary->terms[0].name);
	} else if (k->kind == KIND_PATH) {
		snprintf(out, EXPECTS_MAX, "an absolute path%s%s",
			 k->most == SETTINGS_SOCKET_MAX
			     ? " of 107 bytes at most"
			     : "",
			 k->least == 0 ? " or \"\"" : "");
	} else if (k->kind == KIND_NAME) {
		snprintf(out, EXPECTS_MAX,
			 "a name of %s to %" PRIu64
			 " letters, digits, '.', '_' or '-', no '-' first",
			 k->least == 0 ? "0" : "1", k->most);
	} else {
		number_expects(k, out);
	}
}

enum err
key_read(const struct key *k, struct slice text, struct texts *texts,
	 void *base)
{
	void *field = (char *)base + k->at;

	return k->kind == KIND_PATH ? read_path(k, text, texts, field)
				    : kinds[k->kind].read(k, text, field);
}

void
key_print(const struct key *k, const void *base, struct writer *w)
{
	kinds[k->kind].print(k, (const char *)base + k->at, w);
}
