/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/files.h"

#include "base/wipe.h"
#include "daemon/lookout.h"
#include "daemon/stock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_MIN = 4096 };

static enum err
fail(struct snapshot_fault *fault, enum err e, const char *path,
     const char *what)
{
	(void)snprintf(fault->text, sizeof fault->text, "%s: %s", path, what);
	return e;
}

/* Twice the room, and what was there is wiped. */
static bool
make_room(struct file_bytes *b, size_t cap)
{
	unsigned char *mem = malloc(cap);

	if (!mem)
		return false;
	if (b->len > 0) {
		memcpy(mem, b->mem, b->len);
		wipe(b->mem, b->len);
	}
	free(b->mem);
	b->mem = mem;
	b->cap = cap;
	return true;
}

/* Reads to the end; a file of more than `most` bytes is refused. */
static enum err
read_all(int fd, const char *path, size_t expected, size_t most,
	 struct file_bytes *out, struct snapshot_fault *fault)
{
	size_t cap = expected < READ_MIN ? READ_MIN : expected + 1;
	char text[80];

	while (out->len <= most) {
		ssize_t n;

		if (cap > most + 1)
			cap = most + 1;
		if (out->len == out->cap && !make_room(out, cap))
			return fail(fault, ERR_NOMEM, path,
				    err_text(ERR_NOMEM));
		n = read(fd, out->mem + out->len, out->cap - out->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(fault, ERR_SYSTEM, path, strerror(errno));
		if (n == 0)
			return ERR_OK;
		out->len += (size_t)n;
		cap = 2 * out->cap;
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
		return fail(fault, error == ENOENT ? ERR_MISSING : ERR_SYSTEM,
			    path, strerror(error));
	(void)snprintf(text, sizeof text,
		       "%s; start it as root, it gives root up",
		       strerror(error));
	return fail(fault, ERR_DENIED, path, text);
}

/*
 * Some devices do something when they are opened, and a link to one may lie in
 * a folder of certificates: what is there is looked at first (O_PATH), and what
 * was looked at is opened. Not a regular file: it is not to be read from.
 */
static int
open_seen(const char *path, struct stat *st)
{
	/* O_NONBLOCK: without /proc a FIFO must not hang us. */
	static const int how = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	char self[40];
	int seen = open(path, O_PATH | O_CLOEXEC), fd, error;

	if (seen < 0 || fstat(seen, st) != 0 || !S_ISREG(st->st_mode))
		return seen;
	(void)snprintf(self, sizeof self, "/proc/self/fd/%d", seen);
	fd = open(self, how);
	if (fd < 0 && errno == ENOENT) /* there is no /proc */
		fd = open(path, how);
	if (fd >= 0 && fstat(fd, st) != 0)
		st->st_mode = 0;
	error = errno;
	(void)close(seen);
	errno = error;
	return fd;
}

static enum err
read_file(const char *path, size_t most, struct file_bytes *out, unsigned *mode,
	  struct snapshot_fault *fault)
{
	struct stat st = {.st_mode = 0};
	int fd = open_seen(path, &st);
	enum err e;

	if (fd < 0) {
		e = fail_to_open(fault, path, errno);
	} else if (!S_ISREG(st.st_mode)) {
		e = fail(fault, ERR_REFUSED, path, "not a regular file");
	} else {
		e = read_all(fd, path, (size_t)st.st_size, most, out, fault);
		if (mode)
			*mode = st.st_mode & 07777;
	}
	if (fd >= 0)
		(void)close(fd);
	if (e != ERR_OK)
		bytes_clear(out);
	return e;
}

void
files_blame(const struct files *f, struct place at, const char *key,
	    const char *what, struct snapshot_fault *fault)
{
	struct settings_fault where = {.line = at.line, .column = at.column};

	(void)snprintf(where.text, sizeof where.text, "'%s': %.480s", key,
		       what);
	snapshot_fault_yaml(f->path, &where, fault);
}

enum err
files_named(const struct files *f, const char *path, const char *key,
	    struct place at, size_t most, struct file_bytes *out,
	    unsigned *mode, struct snapshot_fault *fault)
{
	struct snapshot_fault why = {""};
	enum err e = read_file(path, most, out, mode, &why);
	char text[sizeof why + 16];

	if (e == ERR_OK)
		return e;
	(void)snprintf(text, sizeof text, "cannot read %s", why.text);
	files_blame(f, at, key, text, fault);
	return e;
}

enum err
files_beside(const char *path, size_t most, struct file_bytes *out,
	     unsigned *mode, struct snapshot_fault *fault)
{
	struct snapshot_fault why = {""};
	enum err e = read_file(path, most, out, mode, &why);

	if (e != ERR_OK && e != ERR_MISSING)
		*fault = why;
	return e;
}

void
notice_add(struct notices *n, const char *path, const char *rule, size_t pair,
	   const char *text)
{
	struct notice *more;

	if (n->count == n->cap && n->cap < NOTICES_MAX) {
		size_t cap = n->cap > 0 ? 2 * n->cap : 16;
		struct notice *all = realloc(n->at, cap * sizeof *all);

		if (all) {
			n->at = all;
			n->cap = cap;
		}
	}
	if (n->count == n->cap || n->count >= NOTICES_MAX) {
		n->dropped++;
		return;
	}
	more = &n->at[n->count];
	*more = (struct notice){.path = strdup(path),
				.text = strdup(text),
				.rule = rule,
				.pair = pair};
	if (more->path && more->text) {
		n->count++;
		return;
	}
	free(more->path);
	free(more->text);
	n->dropped++;
}

static enum err
read_named(struct files *f, const struct files_options *o,
	   struct snapshot_fault *fault)
{
	struct settings_fault where = {0};
	struct settings *s = NULL;
	enum err e = settings_load(bytes_of(&f->yaml), &s, &where);

	if (e != ERR_OK) {
		snapshot_fault_yaml(f->path, &where, fault);
		return e;
	}
	if (s->tls.watch > 0)
		f->print = lookout_print(s);
	e = stock_fill(f, s, o, fault);
	settings_free(s);
	return e;
}

/* f has its YAML, or e says why not. */
static enum err
finish(struct files *f, enum err e, const struct files_options *o,
       struct files *out, struct snapshot_fault *fault)
{
	if (e == ERR_OK)
		e = read_named(f, o, fault);
	if (e != ERR_OK) {
		files_clear(f);
		return e;
	}
	f->source = (struct snapshot_source){.yaml = bytes_of(&f->yaml),
					     .yaml_path = f->path,
					     .shelf = vault_bytes(&f->shelf)};
	*out = *f;
	return ERR_OK;
}

static enum err
begin(struct files *f, const char *path, struct snapshot_fault *fault)
{
	*f = (struct files){.path = strdup(path)};
	return f->path ? ERR_OK
		       : fail(fault, ERR_NOMEM, path, err_text(ERR_NOMEM));
}

enum err
files_read(const char *config_path, const struct files_options *o,
	   struct files *out, struct snapshot_fault *fault)
{
	struct files f;
	enum err e = begin(&f, config_path, fault);

	if (e == ERR_OK)
		e = read_file(config_path, SETTINGS_BYTES_MAX, &f.yaml, NULL,
			      fault);
	return finish(&f, e, o, out, fault);
}

enum err
files_read_from(int fd, const char *name, const struct files_options *o,
		struct files *out, struct snapshot_fault *fault)
{
	struct files f;
	enum err e = begin(&f, name, fault);

	if (e == ERR_OK)
		e = read_all(fd, name, 0, SETTINGS_BYTES_MAX, &f.yaml, fault);
	return finish(&f, e, o, out, fault);
}

enum err
files_read_again(const struct files *now, const struct files_options *o,
		 struct files *out, struct snapshot_fault *fault)
{
	struct files f;
	enum err e = begin(&f, now->path, fault);

	if (e == ERR_OK && !make_room(&f.yaml, now->yaml.len + 1))
		e = fail(fault, ERR_NOMEM, now->path, err_text(ERR_NOMEM));
	if (e == ERR_OK) {
		memcpy(f.yaml.mem, now->yaml.mem, now->yaml.len);
		f.yaml.len = now->yaml.len;
	}
	return finish(&f, e, o, out, fault);
}

struct slice
bytes_of(const struct file_bytes *b)
{
	return b->mem ? slice_of(b->mem, b->len) : SLICE_EMPTY;
}

void
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
	free(f->path);
	vault_clear(&f->shelf);
	for (size_t i = 0; i < f->notices.count; i++) {
		free(f->notices.at[i].path);
		free(f->notices.at[i].text);
	}
	free(f->notices.at);
	*f = (struct files){0};
}
