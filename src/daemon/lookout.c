/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/lookout.h"

#include "base/hash.h"
#include "daemon/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Not IN_MODIFY: it tells of every line of a log beside them. */
	HEARD = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
		IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
};

/* What is done with each file, and with each folder of certificates. */
struct visitor {
	void (*file)(void *arg, const char *path);
	void (*folder)(void *arg, const char *path);
	void *arg;
};

static void
visit_file(const struct visitor *v, const char *path)
{
	if (path && *path)
		v->file(v->arg, path);
}

static void
visit(const struct visitor *v, const struct settings *s)
{
	for (size_t i = 0; i < s->certificates_count; i++) {
		const struct certificate_settings *c = &s->certificates[i];

		visit_file(v, c->chain);
		visit_file(v, c->key);
		visit_file(v, c->staple);
		visit_file(v, c->passphrase);
		if (c->directory && *c->directory)
			v->folder(v->arg, c->directory);
	}
	visit_file(v, s->tls.ticket_secret);
	for (size_t i = 0; i < s->tls_policies_count; i++) {
		visit_file(v, s->tls_policies[i].client_ca);
		visit_file(v, s->tls_policies[i].client_crl);
	}
}

/* --- how they look --- */

/* The number so far is half of the key for what comes next. */
static void
mix(uint64_t *print, struct slice s)
{
	unsigned char key[HASH_KEY] = {0};

	memcpy(key, print, sizeof *print);
	*print = hash_keyed(key, s);
}

static void
mix_file(void *arg, const char *path)
{
	struct stat st;
	uint64_t fields[9] = {0};

	mix(arg, slice_str(path));
	if (stat(path, &st) != 0) {
		fields[0] = (uint64_t)errno;
	} else {
		fields[1] = st.st_dev;
		fields[2] = st.st_ino;
		fields[3] = (uint64_t)st.st_size;
		fields[4] = (uint64_t)st.st_mtim.tv_sec;
		fields[5] = (uint64_t)st.st_mtim.tv_nsec;
		fields[6] = (uint64_t)st.st_ctim.tv_sec;
		fields[7] = (uint64_t)st.st_ctim.tv_nsec;
		fields[8] = st.st_mode;
	}
	mix(arg, slice_of(fields, sizeof fields));
}

/* Names too: a folder that is empty now is watched when it has appeared. */
static void
mix_found(uint64_t *print, const char *path, const struct folder *f)
{
	struct folder_pair at;

	for (size_t i = 0; i < f->count; i++) {
		mix(print, slice_str(f->names[i]));
		if (folder_pair(path, f, i, &at) != ERR_OK)
			continue;
		mix_file(print, at.chain);
		if (strcmp(at.chain, at.key) != 0)
			mix_file(print, at.key);
		mix_file(print, at.staple);
	}
}

static void
mix_folder(void *arg, const char *path)
{
	struct folder f = {.count = 0};

	if (folder_read(path, &f) != ERR_OK) {
		mix_file(arg, path); /* the error, and when it goes away */
		return;
	}
	mix_found(arg, path, &f);
	folder_clear(&f);
}

uint64_t
lookout_print(const struct settings *s)
{
	uint64_t print = 0;
	const struct visitor v = {mix_file, mix_folder, &print};

	visit(&v, s);
	return print;
}

/* --- inotify --- */

void
lookout_init(struct lookout *l)
{
	*l = (struct lookout){.fd = -1};
}

static void
watch_folder(struct lookout *l, const char *path)
{
	if (l->folders == LOOKOUT_FOLDERS_MAX)
		return;
	l->folders++;
	(void)inotify_add_watch(l->fd, path, HEARD | IN_ONLYDIR);
}

/* The folder that it is in. */
static void
watch_above(struct lookout *l, const char *path)
{
	char folder[FOLDER_PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = slash ? snprintf(folder, sizeof folder, "%.*s/",
				 (int)(slash - path), path)
		      : -1;

	if (n > 0 && (size_t)n < sizeof folder)
		watch_folder(l, folder);
}

/* Both where its name is and where, behind links, it is itself. */
static void
watch_file(void *arg, const char *path)
{
	char *end = realpath(path, NULL);

	watch_above(arg, path);
	if (end && strcmp(end, path) != 0)
		watch_above(arg, end);
	free(end);
}

static bool
is_file_name(struct slice name)
{
	return slice_iends(name, SLICE(".crt")) ||
	       slice_iends(name, SLICE(".key")) ||
	       slice_iends(name, SLICE(".pem")) ||
	       slice_iends(name, SLICE(".ocsp"));
}

static void
watch_entry(struct lookout *l, const char *folder, const char *name)
{
	char path[FOLDER_PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", folder, name);

	if (n > 0 && (size_t)n < sizeof path && !is_file_name(slice_str(name)))
		watch_folder(l, path);
}

static void
watch_inside(void *arg, const char *path)
{
	struct lookout *l = arg;
	struct folder f = {.count = 0};

	watch_file(l, path);
	watch_folder(l, path);
	if (folder_read(path, &f) != ERR_OK)
		return;
	for (size_t i = 0; i < f.count && l->folders < LOOKOUT_FOLDERS_MAX; i++)
		watch_entry(l, path, f.names[i]);
	folder_clear(&f);
}

void
lookout_aim(struct lookout *l, const struct settings *s)
{
	const struct visitor v = {watch_file, watch_inside, l};

	lookout_clear(l);
	l->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (l->fd >= 0)
		visit(&v, s);
}

void
lookout_drain(struct lookout *l)
{
	char events[4096];

	while (read(l->fd, events, sizeof events) > 0)
		;
}

void
lookout_clear(struct lookout *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	lookout_init(l);
}
