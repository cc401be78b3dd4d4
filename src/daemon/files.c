/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/files.h"

#include "base/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_YAML, PATH_CHAIN, PATH_KEY };

static enum err
fail(struct snapshot_fault *fault, enum err e, const char *path,
     const char *what)
{
	(void)snprintf(fault->text, sizeof fault->text, "%s: %s", path, what);
	return e;
}

/* Reads to the end; a file of more than `most` bytes is refused. */
static enum err
read_all(int fd, const char *path, size_t most, struct file_bytes *out,
	 struct snapshot_fault *fault)
{
	char text[80];

	out->mem = malloc(most + 1);
	if (!out->mem)
		return fail(fault, ERR_NOMEM, path, err_text(ERR_NOMEM));
	out->cap = most + 1;
	while (out->len < out->cap) {
		ssize_t n = read(fd, out->mem + out->len, out->cap - out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(fault, ERR_SYSTEM, path, strerror(errno));
		if (n == 0)
			return ERR_OK;
		out->len += (size_t)n;
	}
	(void)snprintf(text, sizeof text, "larger than %zu KiB", most / 1024);
	return fail(fault, ERR_LIMIT, path, text);
}

/* The keys are root's, and so is the keeper: it is the relay that is not. */
static enum err
fail_to_open(struct snapshot_fault *fault, const char *path, int error)
{
	char text[120];

	if (error != EACCES || geteuid() == 0)
		return fail(fault, ERR_MISSING, path, strerror(error));
	(void)snprintf(text, sizeof text,
		       "%s; start it as root, it gives root up",
		       strerror(error));
	return fail(fault, ERR_DENIED, path, text);
}

static enum err
read_file(const char *path, size_t most, struct file_bytes *out,
	  struct stat *st, struct snapshot_fault *fault)
{
	/* O_NONBLOCK: a FIFO must not hang us before fstat tells it from a
	 * file. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum err e;

	if (fd < 0 || fstat(fd, st) != 0)
		e = fail_to_open(fault, path, errno);
	else if (!S_ISREG(st->st_mode))
		e = fail(fault, ERR_REFUSED, path, "not a regular file");
	else
		e = read_all(fd, path, most, out, fault);
	if (fd >= 0)
		(void)close(fd);
	return e;
}

void
files_blame(const struct files *f, struct place at, const char *key,
	    const char *what, struct snapshot_fault *fault)
{
	struct settings_fault where = {.line = at.line, .column = at.column};

	(void)snprintf(where.text, sizeof where.text, "'%s': %.480s", key,
		       what);
	snapshot_fault_yaml(f->paths[PATH_YAML], &where, fault);
}

/* A file that the configuration names in `key`. */
static enum err
read_named(const struct files *f, const char *path, const char *key,
	   struct place at, struct file_bytes *out, struct stat *st,
	   struct snapshot_fault *fault)
{
	struct snapshot_fault why = {""};
	enum err e = read_file(path, PAIR_FILE_MAX, out, st, &why);
	char text[sizeof why + 16];

	if (e == ERR_OK)
		return e;
	(void)snprintf(text, sizeof text, "cannot read %s", why.text);
	files_blame(f, at, key, text, fault);
	return e;
}

/* Can it be had from the one store there is, whose policy has only a minimum?
 */
static bool
is_plain(const struct tls_policy_settings *p,
	 const struct tls_policy_settings *usual)
{
	return p->maximum == TLS_VERSION_13 && p->ciphers_by_speed &&
	       p->groups_count == usual->groups_count &&
	       memcmp(p->groups, usual->groups, p->groups_count) == 0 &&
	       p->signatures_count == usual->signatures_count &&
	       memcmp(p->signatures, usual->signatures, p->signatures_count) ==
		   0 &&
	       p->alpn == TLS_ALPN_OPTIONAL && p->sni == TLS_SNI_OPTIONAL &&
	       p->client_certificate == CLIENT_CERTIFICATE_OFF;
}

/* What the configuration knows already and nothing else does. */
static enum err
refuse_what_is_not_yet(const struct files *f, const struct settings *s,
		       struct snapshot_fault *fault)
{
	const struct certificate_settings *c = &s->certificates[0];
	const struct listener_settings *first = &s->listeners[0];
	const struct tls_policy_settings *p =
	    &s->tls_policies[first->tls_policies_at[0]];
	const char *what = NULL;

	if (s->certificates_count > 1 || *c->directory || *c->passphrase ||
	    *c->staple || c->serve_faults)
		what = "certificates other than one chain and its key";
	if (!is_plain(p, &s->tls_policies[p->minimum == TLS_VERSION_12]))
		what = "TLS policies other than modern and intermediate";
	for (size_t i = 0; i < s->listeners_count; i++)
		if (s->listeners[i].tls_policies_count > 1 ||
		    s->listeners[i].tls_policies_at[0] !=
			first->tls_policies_at[0])
			what = "more than one TLS policy";
	if (*s->tls.ticket_secret)
		what = "tls.ticket_secret";
	if (!what)
		return ERR_OK;
	(void)snprintf(fault->text, sizeof fault->text,
		       "%s: not yet: %s cannot be had in this version",
		       f->paths[PATH_YAML], what);
	return ERR_REFUSED;
}

/* Where the paths of the other two files stand in the first one. */
struct named {
	struct place chain, key;
};

static enum err
read_paths(struct files *f, struct named *named, struct snapshot_fault *fault)
{
	struct settings_fault where = {0};
	struct settings *s = NULL;
	struct slice yaml = slice_of(f->yaml.mem, f->yaml.len);
	enum err e = settings_load(yaml, &s, &where);

	if (e != ERR_OK) {
		snapshot_fault_yaml(f->paths[PATH_YAML], &where, fault);
		return e;
	}
	e = refuse_what_is_not_yet(f, s, fault);
	if (e == ERR_OK) {
		f->paths[PATH_CHAIN] = strdup(s->certificates[0].chain);
		f->paths[PATH_KEY] = strdup(s->certificates[0].key);
		if (!f->paths[PATH_CHAIN] || !f->paths[PATH_KEY])
			e = fail(fault, ERR_NOMEM, f->paths[PATH_YAML],
				 err_text(ERR_NOMEM));
	}
	*named = (struct named){s->certificates[0].places.chain,
				s->certificates[0].places.key};
	settings_free(s);
	return e;
}

static void
warn_of_key(struct files *f, const struct stat *st)
{
	if (st->st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
		(void)snprintf(f->warning, sizeof f->warning,
			       "%.300s: this private key is open to others "
			       "(mode %04o); chmod 600 closes it",
			       f->paths[PATH_KEY],
			       (unsigned)(st->st_mode & 07777));
}

/* fd: of the YAML; -1: it is opened. */
static enum err
read_three(struct files *f, int fd, struct snapshot_fault *fault)
{
	const char *path = f->paths[PATH_YAML];
	struct stat st = {0};
	struct named named = {0};
	enum err e =
	    fd < 0 ? read_file(path, SETTINGS_BYTES_MAX, &f->yaml, &st, fault)
		   : read_all(fd, path, SETTINGS_BYTES_MAX, &f->yaml, fault);

	if (e == ERR_OK)
		e = read_paths(f, &named, fault);
	if (e == ERR_OK)
		e = read_named(f, f->paths[PATH_CHAIN], "certificates.chain",
			       named.chain, &f->chain, &st, fault);
	if (e == ERR_OK)
		e = read_named(f, f->paths[PATH_KEY], "certificates.key",
			       named.key, &f->key, &st, fault);
	if (e == ERR_OK)
		warn_of_key(f, &st);
	return e;
}

static struct slice
bytes_of(const struct file_bytes *b)
{
	return slice_of(b->mem, b->len);
}

enum err
files_read(const char *config_path, struct files *out,
	   struct snapshot_fault *fault)
{
	return files_read_from(-1, config_path, out, fault);
}

enum err
files_read_from(int fd, const char *name, struct files *out,
		struct snapshot_fault *fault)
{
	enum err e = ERR_NOMEM;

	*out = (struct files){.paths = {strdup(name)}};
	if (out->paths[PATH_YAML])
		e = read_three(out, fd, fault);
	else
		(void)fail(fault, e, name, err_text(e));
	if (e != ERR_OK) {
		files_clear(out);
		return e;
	}
	out->source = (struct snapshot_source){
	    .yaml = bytes_of(&out->yaml),
	    .chain = bytes_of(&out->chain),
	    .key = bytes_of(&out->key),
	    .yaml_path = out->paths[PATH_YAML],
	    .chain_path = out->paths[PATH_CHAIN],
	    .key_path = out->paths[PATH_KEY],
	};
	return ERR_OK;
}

static void
bytes_clear(struct file_bytes *b)
{
	wipe(b->mem, b->len);
	free(b->mem);
	*b = (struct file_bytes){0};
}

void
files_clear(struct files *f)
{
	bytes_clear(&f->yaml);
	bytes_clear(&f->chain);
	bytes_clear(&f->key);
	for (size_t i = 0; i < sizeof f->paths / sizeof f->paths[0]; i++)
		free(f->paths[i]);
	*f = (struct files){0};
}
