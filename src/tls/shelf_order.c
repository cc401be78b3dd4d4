/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf_order.c - puts the names of a shelf in order, and writes it.
 */
#include "tls/shelf_build.h"

#include "tls/internal.h"
#include "x509/names.h"

#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 8, NAMES_MAX = 4 * 1024 * 1024 };

bool
shelf_next_name(struct slice *rest, struct slice *out)
{
	struct name n;

	while (names_next(rest, &n)) {
		enum name_form form =
		    n.kind == NAME_DNS ? names_form(n.value) : FORM_EMPTY;

		if (form == FORM_NAME || form == FORM_WILDCARD) {
			*out = n.value;
			return true;
		}
	}
	return false;
}

static size_t
count_names(struct slice names)
{
	struct slice name;
	size_t n = 0;

	while (shelf_next_name(&names, &name))
		n++;
	return n;
}

static int
by_name(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;

	for (size_t i = 0; i < n; i++) {
		int d = byte_lower(x->ptr[i]) - byte_lower(y->ptr[i]);

		if (d != 0)
			return d;
	}
	return x->len < y->len ? -1 : x->len > y->len;
}

static bool
hash_name(wc_Sha256 *sha, struct slice name)
{
	static const byte end = 0;
	bool good = true;

	for (size_t i = 0; i < name.len; i++) {
		byte c = byte_lower(name.ptr[i]);

		good = good && wc_Sha256Update(sha, &c, 1) == 0;
	}
	return good && wc_Sha256Update(sha, &end, 1) == 0;
}

bool
shelf_group(struct slice names, const char *name,
	    unsigned char out[SHELF_DIGEST])
{
	size_t n = count_names(names), used = 0;
	struct slice *list = malloc((n + 1) * sizeof *list);
	wc_Sha256 sha;
	bool good;

	if (!list || wc_InitSha256(&sha) != 0) {
		free(list);
		return false;
	}
	while (used < n && shelf_next_name(&names, &list[used]))
		used++;
	if (used == 0)
		list[used++] = slice_str(name);
	qsort(list, used, sizeof *list, by_name);
	good = true;
	for (size_t i = 0; i < used; i++)
		if (i == 0 || by_name(&list[i - 1], &list[i]) != 0)
			good = good && hash_name(&sha, list[i]);
	good = good && wc_Sha256Final(&sha, out) == 0;
	wc_Sha256Free(&sha);
	free(list);
	return good;
}

static struct slice
bytes_of(const struct shelf_builder *b, struct span s)
{
	return slice_of(b->bytes + s.at, s.len);
}

static struct shelf_slot *
slot_for(struct shelf_builder *b, struct slice name)
{
	uint32_t mask = b->slots_count - 1;
	uint32_t i = (uint32_t)shelf_hash(name) & mask;

	while (b->slots[i].name.len > 0 &&
	       !slice_ieq(bytes_of(b, b->slots[i].name), name))
		i = (i + 1) & mask;
	return &b->slots[i];
}

/* Whoever was listed first has the name. */
static void
enter_name(struct shelf_builder *b, uint32_t pair, struct span name)
{
	struct shelf_record *r = &b->records[pair];
	struct shelf_slot *slot = slot_for(b, bytes_of(b, name));
	uint32_t *first = &slot->pair[shelf_kind(r->kind)];

	if (slot->name.len == 0)
		*slot = (struct shelf_slot){name, {SHELF_NONE, SHELF_NONE}};
	if (*first == SHELF_NONE)
		*first = pair;
	if (*first == pair || r->clash.len > 0)
		return;
	r->clash = name;
	r->clash_with = *first;
}

static void
enter_names(struct shelf_builder *b, uint32_t pair)
{
	struct slice rest = bytes_of(b, b->records[pair].names), name;

	while (shelf_next_name(&rest, &name)) {
		struct span s = {(uint32_t)(name.ptr - b->bytes),
				 (uint32_t)name.len};

		enter_name(b, pair, s);
	}
}

static int
by_digest(const void *a, const void *b)
{
	const struct shelf_digest *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static struct shelf_head
layout(const struct shelf_builder *b)
{
	struct shelf_head h = {.magic = SHELF_MAGIC,
			       .pairs = (uint32_t)b->count,
			       .slots = b->slots_count,
			       .files = (uint32_t)b->files_count};
	size_t at = sizeof h;

	h.records_at = (uint32_t)at;
	at += b->count * sizeof *b->records;
	h.digests_at = (uint32_t)at;
	at += b->count * sizeof *b->digests;
	h.slots_at = (uint32_t)at;
	at += b->slots_count * sizeof *b->slots;
	h.files_at = (uint32_t)at;
	at += b->files_count * sizeof *b->files;
	h.bytes_at = (uint32_t)at;
	h.size = at + b->bytes_len;
	return h;
}

enum err
shelf_finish(struct shelf_builder *b, size_t *size)
{
	size_t names = 0;

	assert(!b->slots);
	if (shelf_unproven(b) > 0)
		return ERR_REFUSED;
	for (size_t i = 0; i < b->count; i++)
		names += count_names(bytes_of(b, b->records[i].names));
	if (names > NAMES_MAX)
		return ERR_LIMIT;
	b->slots_count = SLOTS_MIN;
	while (b->slots_count < 2 * names)
		b->slots_count *= 2;
	b->slots = calloc(b->slots_count, sizeof *b->slots);
	b->digests = calloc(b->count + 1, sizeof *b->digests);
	if (b->failed || !b->slots || !b->digests)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < b->count; i++) {
		enter_names(b, i);
		b->digests[i].first = shelf_digest_first(b->records[i].digest);
		b->digests[i].pair = i;
	}
	qsort(b->digests, b->count, sizeof *b->digests, by_digest);
	*size = layout(b).size;
	return *size > SHELF_BYTES_MAX ? ERR_LIMIT : ERR_OK;
}

static void
copy(unsigned char *out, uint32_t at, const void *from, size_t n)
{
	if (n > 0)
		memcpy(out + at, from, n);
}

void
shelf_write(const struct shelf_builder *b, unsigned char *out)
{
	struct shelf_head h = layout(b);

	copy(out, 0, &h, sizeof h);
	copy(out, h.records_at, b->records, b->count * sizeof *b->records);
	copy(out, h.digests_at, b->digests, b->count * sizeof *b->digests);
	copy(out, h.slots_at, b->slots, b->slots_count * sizeof *b->slots);
	copy(out, h.files_at, b->files, b->files_count * sizeof *b->files);
	copy(out, h.bytes_at, b->bytes, b->bytes_len);
}
