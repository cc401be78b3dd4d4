/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/shelf.h"

#include "base/hash.h"
#include "tls/shelf_layout.h"

#include <assert.h>
#include <stdalign.h>
#include <string.h>

enum { NAME_MAX_LEN = 255 };

static const void *
part(const struct shelf *s, uint32_t at)
{
	return s->bytes.ptr + at;
}

static const struct shelf_head *
head(const struct shelf *s)
{
	return part(s, 0);
}

static struct slice
span(const struct shelf *s, struct span p)
{
	return slice_of(s->bytes.ptr + head(s)->bytes_at + p.at, p.len);
}

static const char *
text(const struct shelf *s, struct span p)
{
	return (const char *)span(s, p).ptr;
}

enum err
shelf_open(struct slice bytes, struct shelf *out)
{
	struct shelf s = {bytes};

	if (bytes.len < sizeof(struct shelf_head) ||
	    (uintptr_t)bytes.ptr % alignof(struct shelf_head) != 0 ||
	    head(&s)->magic != SHELF_MAGIC || head(&s)->size != bytes.len)
		return ERR_SYNTAX;
	*out = s;
	return ERR_OK;
}

size_t
shelf_count(const struct shelf *s)
{
	return head(s)->pairs;
}

const struct shelf_record *
shelf_record(const struct shelf *s, size_t i)
{
	const struct shelf_record *records = part(s, head(s)->records_at);

	assert(i < head(s)->pairs);
	return &records[i];
}

void
shelf_pair(const struct shelf *s, size_t i, struct shelf_pair *out)
{
	const struct shelf_record *r = shelf_record(s, i);

	*out = (struct shelf_pair){
	    .count = r->count,
	    .key = span(s, r->key),
	    .kind = (enum key_kind)r->kind,
	    .names = span(s, r->names),
	    .staple = span(s, r->staple),
	    .staple_from = r->staple_from,
	    .staple_until = r->staple_until,
	    .staple_hash = r->staple_hash,
	    .not_before = r->not_before,
	    .not_after = r->not_after,
	    .name = text(s, r->name),
	    .serial = text(s, r->serial),
	    .path = text(s, r->path),
	    .clash = span(s, r->clash),
	    .clash_with = r->clash_with,
	    .digest = r->digest,
	    .group = r->group,
	    .leaf = r->leaf,
	};
	for (size_t k = 0; k < r->count; k++)
		out->chain[k] = span(s, r->chain[k]);
}

uint64_t
shelf_hash(struct slice name)
{
	/* The names are the administrator's: nobody makes them collide. */
	static const unsigned char key[HASH_KEY];
	unsigned char lower[NAME_MAX_LEN];
	size_t n = slice_head(name, sizeof lower).len;

	for (size_t i = 0; i < n; i++)
		lower[i] = byte_lower(name.ptr[i]);
	return hash_keyed(key, slice_of(lower, n));
}

static struct shelf_match
look_up(const struct shelf *s, struct slice name)
{
	const struct shelf_slot *slots = part(s, head(s)->slots_at);
	uint32_t mask = head(s)->slots - 1;
	uint32_t i = (uint32_t)shelf_hash(name) & mask;

	while (slots[i].name.len > 0) {
		if (slice_ieq(span(s, slots[i].name), name))
			return (struct shelf_match){slots[i].pair[SHELF_ECDSA],
						    slots[i].pair[SHELF_RSA]};
		i = (i + 1) & mask;
	}
	return (struct shelf_match){SHELF_NONE, SHELF_NONE};
}

static struct slice
without_dot(struct slice host)
{
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	return host;
}

struct shelf_match
shelf_exact(const struct shelf *s, struct slice host)
{
	return look_up(s, without_dot(host));
}

struct shelf_match
shelf_wildcard(const struct shelf *s, struct slice host)
{
	unsigned char name[NAME_MAX_LEN + 1] = {'*'};
	struct slice above;

	host = without_dot(host);
	above = slice_skip(host, slice_find(host, '.'));
	if (above.len == 0 || above.len == host.len || above.len > NAME_MAX_LEN)
		return (struct shelf_match){SHELF_NONE, SHELF_NONE};
	memcpy(name + 1, above.ptr, above.len);
	return look_up(s, slice_of(name, above.len + 1));
}

uint64_t
shelf_digest_first(const unsigned char *digest)
{
	uint64_t v;

	memcpy(&v, digest, sizeof v);
	return v;
}

/* The first one in order that is not below. */
static size_t
lower_bound(const struct shelf_digest *d, size_t n, uint64_t first)
{
	size_t low = 0;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (d[middle].first < first)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

size_t
shelf_find(const struct shelf *s, const unsigned char *digest)
{
	const struct shelf_digest *d = part(s, head(s)->digests_at);
	uint64_t first = shelf_digest_first(digest);

	for (size_t i = lower_bound(d, head(s)->pairs, first);
	     i < head(s)->pairs && d[i].first == first; i++)
		if (memcmp(shelf_record(s, d[i].pair)->digest, digest,
			   SHELF_DIGEST) == 0)
			return d[i].pair;
	return SHELF_NONE;
}

bool
shelf_file(const struct shelf *s, const char *path, struct slice *out)
{
	const struct shelf_file *files = part(s, head(s)->files_at);

	for (size_t i = 0; i < head(s)->files; i++)
		if (strcmp(text(s, files[i].path), path) == 0) {
			*out = span(s, files[i].bytes);
			return true;
		}
	return false;
}

unsigned
shelf_kind(uint32_t key_kind)
{
	return key_kind == KEY_RSA ? SHELF_RSA : SHELF_ECDSA;
}
