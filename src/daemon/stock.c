/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/stock.h"

#include "base/wipe.h"
#include "daemon/folder.h"
#include "daemon/proving.h"
#include "tls/lint.h"
#include "tls/staple.h"
#include "tls/ticket_secrets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PASSPHRASE_MAX = 1024,
	AUTHORITIES_MAX = 1024 * 1024, /* a bundle of CAs */
	LISTS_MAX = 4 * 1024 * 1024    /* revoked certificates */
};

/* Bits of a mode: others may read, others or the group may write. */
enum { OPEN_TO_OTHERS = 0026 };

struct stocking {
	struct files *f;
	const struct settings *s;
	const struct files_options *o;
	struct shelf_builder *b;
	size_t pairs; /* on it so far */
	struct snapshot_fault *fault;
};

/* The files of one pair. */
struct parcel {
	const char *chain_path, *key_path;
	struct file_bytes chain, key, staple;
	bool whole; /* the key is in the chain's file */
	unsigned key_mode;
};

static void
parcel_clear(struct parcel *p)
{
	bytes_clear(&p->chain);
	bytes_clear(&p->key);
	bytes_clear(&p->staple);
}

static enum err
fail(struct stocking *k, enum err e, const char *path, const char *what)
{
	(void)snprintf(k->fault->text, sizeof k->fault->text, "%.700s%s%s",
		       path, *path ? ": " : "", what);
	return e;
}

static void
notice_mode(struct stocking *k, const char *path, unsigned mode,
	    const char *what)
{
	char text[160];

	if (!(mode & OPEN_TO_OTHERS))
		return;
	(void)snprintf(text, sizeof text,
		       "%s is open to others (mode %04o); chmod 600 closes it",
		       what, mode);
	notice_add(&k->f->notices, path, "key-mode", SHELF_NONE, text);
}

/* The lint tells none from an empty one. */
static struct slice
staple_of_parcel(const struct parcel *p)
{
	return p->staple.mem ? bytes_of(&p->staple) : (struct slice){NULL, 0};
}

/* What clients will not like, of the pair that was added last. */
static void
lint(struct stocking *k, const struct parcel *p, struct slice key,
     struct slice passphrase, bool proven)
{
	static struct lint l; /* large; the keeper has one thread */
	const struct lint_input in = {.chain = bytes_of(&p->chain),
				      .key = key,
				      .passphrase = passphrase,
				      .public_roots = k->o->roots,
				      .staple = staple_of_parcel(p),
				      .now = k->o->now,
				      .proven = proven};

	notice_mode(k, p->key_path, p->key_mode, "this private key");
	if (shelf_was_kept(k->b) || lint_run(&in, &l) != ERR_OK)
		return;
	for (size_t i = 0; i < l.count; i++) {
		const struct lint_finding *f = &l.findings[i];

		if (f->rule->severity != LINT_NOTE)
			notice_add(&k->f->notices, p->chain_path, f->rule->name,
				   k->pairs, f->text);
	}
}

static enum err
add(struct stocking *k, const struct parcel *p, struct slice passphrase,
    bool serve)
{
	struct slice key = bytes_of(p->whole ? &p->chain : &p->key);
	const struct shelf_item item = {.chain = bytes_of(&p->chain),
					.key = key,
					.passphrase = passphrase,
					.staple = bytes_of(&p->staple),
					.serve = serve,
					.path = p->chain_path};
	struct pair_fault why;
	enum err e = shelf_add(k->b, &item, &why);

	if (e != ERR_OK)
		return fail(k, e, why.in_key ? p->key_path : p->chain_path,
			    why.text);
	lint(k, p, key, passphrase, !serve);
	k->pairs++;
	return ERR_OK;
}

/* The first line of a file, without its end. */
static enum err
read_passphrase(struct stocking *k, const struct certificate_settings *c,
		struct file_bytes *out, struct slice *passphrase)
{
	static const char key[] = "certificates.passphrase";
	unsigned mode = 0;
	enum err e;

	*passphrase = SLICE_EMPTY;
	if (!*c->passphrase)
		return ERR_OK;
	e = files_named(k->f, c->passphrase, key, c->places.passphrase,
			PASSPHRASE_MAX, out, &mode, k->fault);
	if (e != ERR_OK)
		return e;
	*passphrase = pair_passphrase(bytes_of(out));
	if (passphrase->len == 0)
		return fail(k, ERR_MISSING, c->passphrase,
			    "its first line is empty: there should be a "
			    "passphrase");
	notice_mode(k, c->passphrase, mode, "this passphrase");
	return ERR_OK;
}

static enum err
add_files(struct stocking *k, const struct certificate_settings *c,
	  struct slice passphrase)
{
	struct parcel p = {.chain_path = c->chain, .key_path = c->key};
	enum err e =
	    files_named(k->f, c->chain, "certificates.chain", c->places.chain,
			PAIR_FILE_MAX, &p.chain, NULL, k->fault);

	if (e == ERR_OK)
		e = files_named(k->f, c->key, "certificates.key", c->places.key,
				PAIR_FILE_MAX, &p.key, &p.key_mode, k->fault);
	if (e == ERR_OK && *c->staple)
		e = files_named(k->f, c->staple, "certificates.staple",
				c->places.staple, STAPLE_FILE_MAX, &p.staple,
				NULL, k->fault);
	if (e == ERR_OK)
		e = add(k, &p, passphrase, c->serve_faults);
	parcel_clear(&p);
	return e;
}

/* What must be there, or *fault. */
static enum err
read_beside(struct stocking *k, const char *path, struct file_bytes *out,
	    unsigned *mode)
{
	enum err e = files_beside(path, PAIR_FILE_MAX, out, mode, k->fault);

	if (e == ERR_MISSING)
		return fail(k, e, path, "there is a certificate, but no key");
	return e;
}

static enum err
add_found(struct stocking *k, const struct folder_pair *at,
	  struct slice passphrase, bool serve)
{
	struct parcel p = {.chain_path = at->chain,
			   .key_path = at->key,
			   .whole = strcmp(at->chain, at->key) == 0};
	enum err e;

	e = files_beside(at->chain, PAIR_FILE_MAX, &p.chain,
			 p.whole ? &p.key_mode : NULL, k->fault);
	if (e == ERR_MISSING) /* it was there a moment ago */
		(void)fail(k, e, at->chain, strerror(ENOENT));
	if (e == ERR_OK && !p.whole)
		e = read_beside(k, at->key, &p.key, &p.key_mode);
	if (e == ERR_OK) {
		e = files_beside(at->staple, STAPLE_FILE_MAX, &p.staple, NULL,
				 k->fault);
		if (e == ERR_MISSING)
			e = ERR_OK;
	}
	if (e == ERR_OK)
		e = add(k, &p, passphrase, serve);
	parcel_clear(&p);
	return e;
}

static void
notice_odd(struct stocking *k, const char *path, size_t count)
{
	char text[160];

	(void)snprintf(text, sizeof text,
		       "files and folders in it are left out: %zu, whose "
		       "names have characters that cannot be shown",
		       count);
	notice_add(&k->f->notices, path, "odd-name", SHELF_NONE, text);
}

static enum err
add_folder(struct stocking *k, const struct certificate_settings *c,
	   struct slice passphrase)
{
	struct folder folder = {.count = 0};
	struct folder_pair at;
	size_t before = k->pairs;
	char text[FOLDER_PATH_MAX + 160];
	enum err e = folder_read(c->directory, &folder);

	if (e != ERR_OK) {
		(void)snprintf(text, sizeof text, "cannot read %s: %s",
			       c->directory, strerror(errno));
		files_blame(k->f, c->places.directory, "certificates.directory",
			    text, k->fault);
		return e;
	}
	for (size_t i = 0; e == ERR_OK && i < folder.count; i++) {
		e = folder_pair(c->directory, &folder, i, &at);
		if (e == ERR_LIMIT)
			(void)fail(k, e, c->directory,
				   "the path of a file in it is too long");
		e = e == ERR_UNKNOWN ? ERR_OK
		    : e != ERR_OK
			? e
			: add_found(k, &at, passphrase, c->serve_faults);
	}
	if (e == ERR_OK && folder.odd > 0)
		notice_odd(k, c->directory, folder.odd);
	folder_clear(&folder);
	if (e == ERR_OK && k->pairs == before)
		notice_add(&k->f->notices, c->directory, "empty", SHELF_NONE,
			   "there is no certificate in this folder: it would "
			   "be NAME/fullchain.pem, NAME.crt or NAME.pem");
	return e;
}

static enum err
add_certificates(struct stocking *k)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < k->s->certificates_count; i++) {
		const struct certificate_settings *c = &k->s->certificates[i];
		struct file_bytes mem = {.mem = NULL};
		struct slice passphrase;

		e = read_passphrase(k, c, &mem, &passphrase);
		if (e == ERR_OK)
			e = *c->directory ? add_folder(k, c, passphrase)
					  : add_files(k, c, passphrase);
		bytes_clear(&mem);
	}
	if (e == ERR_OK && k->pairs == 0)
		return fail(k, ERR_MISSING, k->f->path,
			    "'certificates': there is no certificate at all: "
			    "a directory holds NAME/fullchain.pem, NAME.crt or "
			    "NAME.pem");
	return e;
}

static enum err
prove(struct stocking *k)
{
	struct shelf_proof proof;

	proving_run(k->b, k->o->threads, &proof);
	return proof.path
		   ? fail(k, proof.fault.cause, proof.path, proof.fault.text)
		   : ERR_OK;
}

static enum err
add_file(struct stocking *k, const char *path, const char *key,
	 struct place place, size_t most, unsigned *mode)
{
	struct file_bytes bytes = {.mem = NULL};
	enum err e = ERR_OK;

	if (!path || !*path)
		return ERR_OK;
	e = files_named(k->f, path, key, place, most, &bytes, mode, k->fault);
	if (e == ERR_OK) {
		e = shelf_add_file(k->b, path, bytes_of(&bytes));
		if (e != ERR_OK)
			(void)fail(k, e, "", err_text(e));
	}
	bytes_clear(&bytes);
	return e;
}

static enum err
add_others(struct stocking *k)
{
	const struct settings *s = k->s;
	unsigned mode = 0;
	enum err e = add_file(k, s->tls.ticket_secret, "tls.ticket_secret",
			      s->places.ticket_secret, TICKET_FILE_MAX, &mode);

	if (e == ERR_OK && mode != 0)
		notice_mode(k, s->tls.ticket_secret, mode, "this secret");
	for (size_t i = 0; e == ERR_OK && i < s->tls_policies_count; i++) {
		const struct tls_policy_settings *p = &s->tls_policies[i];

		e = add_file(k, p->client_ca, "tls_policies.client_ca",
			     p->places.client_ca, AUTHORITIES_MAX, NULL);
		if (e == ERR_OK)
			e = add_file(k, p->client_crl,
				     "tls_policies.client_crl",
				     p->places.client_crl, LISTS_MAX, NULL);
	}
	return e;
}

static enum err
pack(struct stocking *k)
{
	struct vault *v = &k->f->shelf;
	size_t size = 0;
	enum err e = shelf_finish(k->b, &size);

	if (e != ERR_OK)
		return fail(k, e, "the certificates", err_text(e));
	e = vault_make(size, v);
	if (e == ERR_OK) {
		shelf_write(k->b, v->mem);
		e = vault_seal(v);
	}
	return e == ERR_OK ? e
			   : fail(k, e, "no memory for the certificates",
				  strerror(errno));
}

/* What can be seen only when all are there. */
static enum err
look_over(struct stocking *k)
{
	struct shelf shelf;
	char text[640];

	if (shelf_open(vault_bytes(&k->f->shelf), &shelf) != ERR_OK)
		return fail(k, ERR_INTERNAL, "", err_text(ERR_INTERNAL));
	for (size_t i = 0; i < shelf_count(&shelf); i++) {
		struct shelf_pair p, other;

		shelf_pair(&shelf, i, &p);
		if (p.clash.len == 0 ||
		    (k->o->before &&
		     shelf_find(k->o->before, p.digest) != SHELF_NONE))
			continue;
		shelf_pair(&shelf, p.clash_with, &other);
		(void)snprintf(text, sizeof text,
			       "it is not served for %.*s, which is in %.300s "
			       "too, and that comes first",
			       (int)p.clash.len, (const char *)p.clash.ptr,
			       other.path);
		notice_add(&k->f->notices, p.path, "clash", i, text);
	}
	return ERR_OK;
}

enum err
stock_fill(struct files *f, const struct settings *s,
	   const struct files_options *o, struct snapshot_fault *fault)
{
	struct stocking k = {.f = f, .s = s, .o = o, .fault = fault};
	enum err e;

	k.b = shelf_builder_new(o->before, o->now);
	if (!k.b)
		return fail(&k, ERR_NOMEM, "", err_text(ERR_NOMEM));
	shelf_leave_proofs(k.b);
	e = add_certificates(&k);
	if (e == ERR_OK)
		e = prove(&k);
	if (e == ERR_OK)
		e = add_others(&k);
	if (e == ERR_OK)
		e = pack(&k);
	shelf_builder_free(k.b);
	return e == ERR_OK ? look_over(&k) : e;
}
