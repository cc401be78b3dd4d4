/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/folder.h"

#include "audit/json.h"
#include "base/slice.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err
keep(struct folder *f, const char *name)
{
	char **more = f->names;

	if (!utf8_visible(slice_str(name))) {
		f->odd++;
		return ERR_OK;
	}
	if (f->count == FOLDER_NAMES_MAX) {
		errno = E2BIG;
		return ERR_SYSTEM;
	}
	if (f->count == f->cap) {
		size_t cap = f->cap > 0 ? 2 * f->cap : 64;

		more = realloc(f->names, cap * sizeof *more);
		if (!more)
			return ERR_SYSTEM;
		f->names = more;
		f->cap = cap;
	}
	more[f->count] = strdup(name);
	if (!more[f->count])
		return ERR_SYSTEM;
	f->count++;
	return ERR_OK;
}

enum err
folder_read(const char *path, struct folder *out)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct folder f = {.count = 0};
	const struct dirent *entry;
	enum err e = dir ? ERR_OK : ERR_SYSTEM;

	if (fd >= 0 && !dir)
		(void)close(fd);
	while (e == ERR_OK && (errno = 0, entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			e = keep(&f, entry->d_name);
	if (e == ERR_OK && errno != 0)
		e = ERR_SYSTEM;
	if (dir) {
		int error = errno;

		(void)closedir(dir);
		errno = error;
	}
	if (e != ERR_OK) {
		folder_clear(&f);
		return e;
	}
	if (f.count > 0)
		qsort(f.names, f.count, sizeof *f.names, by_bytes);
	*out = f;
	return ERR_OK;
}

void
folder_clear(struct folder *f)
{
	int error = errno;

	for (size_t i = 0; i < f->count; i++)
		free(f->names[i]);
	free(f->names);
	*f = (struct folder){0};
	errno = error;
}

static bool
join(char out[FOLDER_PATH_MAX], const char *folder, struct slice name,
     const char *rest)
{
	int n = snprintf(out, FOLDER_PATH_MAX, "%s/%.*s%s", folder,
			 (int)name.len, (const char *)name.ptr, rest);

	return n > 0 && n < FOLDER_PATH_MAX;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static enum err
join_all(const char *path, struct slice name, const char *const rest[3],
	 struct folder_pair *out)
{
	return join(out->chain, path, name, rest[0]) &&
		       join(out->key, path, name, rest[1]) &&
		       join(out->staple, path, name, rest[2])
		   ? ERR_OK
		   : ERR_LIMIT;
}

enum err
folder_pair(const char *path, const struct folder *f, size_t i,
	    struct folder_pair *out)
{
	static const char *const two[] = {".crt", ".key", ".ocsp"};
	static const char *const one[] = {".pem", ".pem", ".ocsp"};
	static const char *const sub[] = {"/fullchain.pem", "/privkey.pem",
					  "/ocsp.der"};
	struct slice name = slice_str(f->names[i]);
	struct slice stem = slice_head(name, name.len - 4);
	enum err e;

	if (name.len > 4 && slice_iends(name, SLICE(".crt")))
		return join_all(path, stem, two, out);
	if (name.len > 4 && slice_iends(name, SLICE(".pem")))
		return join_all(path, stem, one, out);
	e = join_all(path, name, sub, out);
	if (e == ERR_OK && !is_there(out->chain))
		return ERR_UNKNOWN;
	return e;
}
