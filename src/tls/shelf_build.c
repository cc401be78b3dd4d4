/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf_build.c - collects pairs and files for a shelf.
 */
#include "tls/shelf_build.h"

#include "base/hash.h"
#include "base/wipe.h"
#include "tls/internal.h"
#include "tls/material.h"
#include "tls/staple.h"

#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Issuers that were met last are looked at; public CAs have four or so. */
enum { ISSUERS_MET = 32, GROWTH_MIN = 64 };

struct shelf_builder *
shelf_builder_new(const struct shelf *before, int64_t now)
{
	struct shelf_builder *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->now = now;
	b->issuers = issuers_new();
	if (!b->issuers) {
		free(b);
		return NULL;
	}
	if (before) {
		b->before = *before;
		b->has_before = true;
	}
	return b;
}

void
shelf_builder_free(struct shelf_builder *b)
{
	if (!b)
		return;
	if (b->bytes)
		wipe(b->bytes, b->bytes_len);
	free(b->bytes);
	free(b->records);
	free(b->files);
	free(b->doubts);
	free(b->slots);
	free(b->digests);
	issuers_free(b->issuers);
	free(b);
}

/* The array with room for one more of `size` bytes; NULL: it stays as it is. */
static void *
grown(void *array, size_t count, size_t *cap, size_t size)
{
	size_t want = *cap < GROWTH_MIN ? GROWTH_MIN : 2 * *cap;
	void *more;

	if (count < *cap)
		return array;
	more = realloc(array, want * size);
	if (more)
		*cap = want;
	return more;
}

/* There are keys in it: the old place is wiped. */
static bool
grow_bytes(struct shelf_builder *b, size_t n)
{
	size_t want = b->bytes_cap < 4096 ? 4096 : b->bytes_cap;
	unsigned char *more;

	if (n > SHELF_BYTES_MAX - b->bytes_len)
		return false;
	while (want - b->bytes_len < n)
		want *= 2;
	if (want == b->bytes_cap)
		return true;
	more = malloc(want);
	if (!more)
		return false;
	if (b->bytes) {
		memcpy(more, b->bytes, b->bytes_len);
		wipe(b->bytes, b->bytes_len);
	}
	free(b->bytes);
	b->bytes = more;
	b->bytes_cap = want;
	return true;
}

/* The last `put` that fails is remembered: nobody asks in between. */
static struct span
put(struct shelf_builder *b, struct slice s)
{
	struct span at = {(uint32_t)b->bytes_len, (uint32_t)s.len};

	if (s.len == 0)
		return at;
	if (b->failed || !grow_bytes(b, s.len)) {
		b->failed = true;
		return (struct span){0};
	}
	memcpy(b->bytes + b->bytes_len, s.ptr, s.len);
	b->bytes_len += s.len;
	return at;
}

static struct span
put_text(struct shelf_builder *b, const char *text)
{
	return put(b, slice_of(text, strlen(text) + 1));
}

static struct slice
bytes_of(const struct shelf_builder *b, struct span s)
{
	return slice_of(b->bytes + s.at, s.len);
}

/* Once, if it was met before. */
static struct span
put_issuer(struct shelf_builder *b, struct slice der)
{
	struct span at;

	for (size_t i = 0; i < ISSUERS_MET; i++)
		if (b->met[i].len == der.len && der.len > 0 &&
		    slice_eq(bytes_of(b, b->met[i]), der))
			return b->met[i];
	at = put(b, der);
	b->met[b->met_next] = at;
	b->met_next = (b->met_next + 1) % ISSUERS_MET;
	return at;
}

/* Lengths too, so that no two lists of files look the same. */
static bool
digest_of(const struct shelf_item *item, unsigned char out[SHELF_DIGEST])
{
	const struct slice parts[] = {item->chain, item->key, item->passphrase};
	unsigned char serve = item->serve;
	wc_Sha256 sha;
	bool good;

	if (wc_InitSha256(&sha) != 0)
		return false;
	good = wc_Sha256Update(&sha, &serve, 1) == 0;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		uint64_t len = parts[i].len;

		good = good &&
		       wc_Sha256Update(&sha, (const byte *)&len, sizeof len) ==
			   0 &&
		       (len == 0 ||
			wc_Sha256Update(&sha, parts[i].ptr, (word32)len) == 0);
	}
	good = good && wc_Sha256Final(&sha, out) == 0;
	wc_Sha256Free(&sha);
	return good;
}

static uint64_t
hash_of(struct slice s)
{
	static const unsigned char key[HASH_KEY];

	return hash_keyed(key, s);
}

/* DER of the leaf's issuer, in `mem`; also of a root, which is not sent. */
static struct slice
issuer_of(struct slice file, unsigned char *mem)
{
	struct slice block;

	(void)material_block(&file);
	block = material_block(&file);
	return slice_of(mem, block.len > 0 ? material_der(block, mem) : 0);
}

static void
put_staple(struct shelf_builder *b, struct shelf_record *r,
	   const struct shelf_pair *p, const struct shelf_item *item)
{
	static unsigned char mem[PAIR_FILE_MAX];
	struct staple_input in = {
	    .response = item->staple, .leaf = p->chain[0], .now = b->now};
	struct staple_verdict v = {.text = ""};

	r->staple = put(b, SLICE_EMPTY);
	if (item->staple.len == 0)
		return;
	in.issuer = issuer_of(item->chain, mem);
	staple_judge(&in, &v);
	if (v.cause == ERR_OK)
		r->staple = put(b, item->staple);
	r->staple_hash = hash_of(bytes_of(b, r->staple));
	r->staple_from = v.from;
	r->staple_until = v.until;
}

/* The one there was, if it is still good. */
static bool
keep_staple(struct shelf_builder *b, struct shelf_record *r,
	    const struct shelf_pair *p, struct slice staple)
{
	if (p->staple.len == 0 || !slice_eq(p->staple, staple) ||
	    b->now < p->staple_from || b->now > p->staple_until)
		return false;
	r->staple = put(b, p->staple);
	r->staple_hash = p->staple_hash;
	r->staple_from = p->staple_from;
	r->staple_until = p->staple_until;
	return true;
}

/* All but digest, group, the dates of the chain and the clash. */
static void
put_pair(struct shelf_builder *b, struct shelf_record *r,
	 const struct shelf_pair *p)
{
	size_t names =
	    p->names.len > 0 ? (size_t)(p->names.ptr - p->chain[0].ptr) : 0;

	r->count = (uint32_t)p->count;
	r->kind = p->kind;
	r->not_before = p->not_before;
	r->not_after = p->not_after;
	r->chain[0] = put(b, p->chain[0]);
	for (size_t i = 1; i < p->count; i++)
		r->chain[i] = put_issuer(b, p->chain[i]);
	r->names = (struct span){r->chain[0].at + (uint32_t)names,
				 (uint32_t)p->names.len};
	r->key = put(b, p->key);
	r->name = put_text(b, p->name);
	r->serial = put_text(b, p->serial);
	r->path = put_text(b, p->path);
}

/* What was checked once and is still of its time. */
static bool
keep(struct shelf_builder *b, const struct shelf_item *item,
     struct shelf_record *r)
{
	const struct shelf_record *old;
	struct shelf_pair p;
	size_t i =
	    b->has_before ? shelf_find(&b->before, r->digest) : SHELF_NONE;

	if (i == SHELF_NONE)
		return false;
	old = shelf_record(&b->before, i);
	if (b->now < old->valid_from || b->now > old->valid_until)
		return false;
	shelf_pair(&b->before, i, &p);
	p.path = item->path;
	put_pair(b, r, &p);
	b->kept = keep_staple(b, r, &p, item->staple);
	if (!b->kept)
		put_staple(b, r, &p, item);
	b->kept = b->kept || item->staple.len == 0;
	r->valid_from = old->valid_from;
	r->valid_until = old->valid_until;
	memcpy(r->group, old->group, SHELF_DIGEST);
	memcpy(r->leaf, old->leaf, SHELF_DIGEST);
	return true;
}

/* The signatures of the next pair. */
static void
doubt(struct shelf_builder *b, uint32_t certificates)
{
	struct shelf_doubt *doubts;

	if (certificates < 2)
		return;
	doubts =
	    grown(b->doubts, b->doubts_count, &b->doubts_cap, sizeof *doubts);
	if (!doubts) {
		b->failed = true;
		return;
	}
	b->doubts = doubts;
	b->doubts[b->doubts_count++] =
	    (struct shelf_doubt){.pair = (uint32_t)b->count};
}

static enum err
check(struct shelf_builder *b, const struct shelf_item *item,
      struct shelf_record *r, struct pair_fault *fault)
{
	const struct pair_source src = {.chain = item->chain,
					.key = item->key,
					.passphrase = item->passphrase,
					.serve = item->serve,
					.unproven = b->proofs_left,
					.now = b->now,
					.issuers = b->issuers};
	struct shelf_pair p;
	struct pair read;
	enum err e = pair_read(&src, &read, fault);

	if (e != ERR_OK)
		return e;
	p = (struct shelf_pair){.count = read.count,
				.key = read.key,
				.kind = read.kind,
				.names = read.names,
				.not_before = read.not_before,
				.not_after = read.not_after,
				.name = read.name,
				.serial = read.serial,
				.path = item->path};
	memcpy(p.chain, read.chain, sizeof p.chain);
	put_pair(b, r, &p);
	put_staple(b, r, &p, item);
	r->valid_from = read.valid_from;
	r->valid_until = read.valid_until;
	if (wc_Sha256Hash(p.chain[0].ptr, (word32)p.chain[0].len, r->leaf) !=
		0 ||
	    !shelf_group(p.names, p.name, r->group))
		b->failed = true;
	pair_clear(&read);
	return ERR_OK;
}

static enum err
fail(struct pair_fault *fault, enum err cause)
{
	*fault = (struct pair_fault){.cause = cause};
	memcpy(fault->text, err_text(cause), strlen(err_text(cause)) + 1);
	return cause;
}

enum err
shelf_add(struct shelf_builder *b, const struct shelf_item *item,
	  struct pair_fault *fault)
{
	struct shelf_record r = {.count = 0}, *records;
	enum err e;

	assert(!b->slots);
	if (b->count == SHELF_PAIRS_MAX)
		return fail(fault, ERR_LIMIT);
	if (!digest_of(item, r.digest))
		return fail(fault, ERR_NOMEM);
	b->kept = false;
	if (!keep(b, item, &r)) {
		e = check(b, item, &r, fault);
		if (e != ERR_OK)
			return e;
		if (b->proofs_left && !item->serve)
			doubt(b, r.count);
	}
	records = grown(b->records, b->count, &b->cap, sizeof *records);
	if (records)
		b->records = records;
	if (!records || b->failed)
		return fail(fault, ERR_NOMEM);
	b->records[b->count++] = r;
	return ERR_OK;
}

bool
shelf_was_kept(const struct shelf_builder *b)
{
	return b->kept;
}

enum err
shelf_add_file(struct shelf_builder *b, const char *path, struct slice bytes)
{
	struct slice name = slice_of(path, strlen(path) + 1);
	struct shelf_file *files;

	for (size_t i = 0; i < b->files_count; i++)
		if (slice_eq(bytes_of(b, b->files[i].path), name))
			return ERR_OK;
	files = grown(b->files, b->files_count, &b->files_cap, sizeof *files);
	if (!files)
		return ERR_NOMEM;
	b->files = files;
	b->files[b->files_count++] =
	    (struct shelf_file){put(b, name), put(b, bytes)};
	return b->failed ? ERR_NOMEM : ERR_OK;
}
