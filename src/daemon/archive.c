/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/archive.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 10 };

void
archive_init(struct archive *a)
{
	memset(a, 0, sizeof *a);
	a->next.fd = -1;
}

/* Others could have put anything into it. */
static const char *
fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != geteuid())
		return "it belongs to another user";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others may write it";
	return NULL;
}

int
archive_open(const char *path, char text[ARCHIVE_TEXT_MAX])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	const char *why = NULL;
	struct stat st;

	text[0] = '\0';
	if (fd < 0 && errno == ENOENT)
		return -1;
	if (fd < 0 || fstat(fd, &st) != 0)
		why =
		    errno == ELOOP ? "it is a symbolic link" : strerror(errno);
	else
		why = fault_of(&st);
	if (!why)
		return fd;
	(void)snprintf(text, ARCHIVE_TEXT_MAX,
		       "%.300s is not read: %s; bans and counts begin anew",
		       path, why);
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

void
archive_set_aside(const char *path, char text[ARCHIVE_TEXT_MAX])
{
	char name[4096 + 16];
	unsigned n = 1;
	int error = EEXIST;

	for (; n <= ARCHIVE_ASIDE_MAX && error == EEXIST; n++) {
		(void)snprintf(name, sizeof name, "%s.corrupt-%u", path, n);
		error = renameat2(AT_FDCWD, path, AT_FDCWD, name,
				  RENAME_NOREPLACE) == 0
			    ? 0
			    : errno;
	}
	if (error == 0)
		(void)snprintf(text, ARCHIVE_TEXT_MAX, "it is now %.400s",
			       name);
	else
		(void)snprintf(text, ARCHIVE_TEXT_MAX,
			       "it cannot be set aside: %s",
			       error == EEXIST ? "there are too many such files"
					       : strerror(error));
}

static void
folder_of(const char *path, char out[4096])
{
	const char *slash = strrchr(path, '/');

	(void)snprintf(out, 4096, "%.*s/.", slash ? (int)(slash - path) : 0,
		       path);
}

const char *
archive_obstacle(const char *path)
{
	char folder[4096];

	folder_of(path, folder);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
		return NULL;
	return errno == ENOENT ? "its directory does not exist"
			       : strerror(errno);
}

static bool
write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		bytes = slice_skip(bytes, n > 0 ? (size_t)n : 0);
	}
	return true;
}

/* The name is not lost with the power, either. */
static void
sync_folder(const char *path)
{
	char folder[4096];
	int fd;

	folder_of(path, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

/* 0, or an errno. */
static int
replace(const char *path, struct slice bytes)
{
	char fresh[4096 + 8];
	int fd, error;

	(void)snprintf(fresh, sizeof fresh, "%s.new", path);
	(void)unlink(fresh); /* of one that was killed */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return errno;
	if (write_all(fd, bytes) && fsync(fd) == 0 &&
	    rename(fresh, path) == 0) {
		(void)close(fd);
		sync_folder(path);
		return 0;
	}
	error = errno;
	(void)close(fd);
	(void)unlink(fresh);
	return error;
}

static void
start_writer(struct archive *a, const char *path, struct vault *v)
{
	pid_t child = fork();

	if (child == 0) {
		/* Ports and the relay are not held by who writes a file. */
		(void)close_range(STDERR_FILENO + 1, ~0U, 0);
		_exit(replace(path, vault_bytes(v)));
	}
	/* Without a process it is not written this time. */
	a->writer = child > 0 ? child : 0;
	(void)snprintf(a->writer_path, sizeof a->writer_path, "%s", path);
	vault_clear(v);
}

void
archive_write(struct archive *a, const char *path, struct vault *v)
{
	if (a->writer == 0) {
		start_writer(a, path, v);
		return;
	}
	vault_clear(&a->next);
	a->next = *v;
	*v = (struct vault){.fd = -1};
	(void)snprintf(a->next_path, sizeof a->next_path, "%s", path);
}

static bool
has_ended(struct archive *a, int *error)
{
	int status;

	if (a->writer == 0 || waitpid(a->writer, &status, WNOHANG) != a->writer)
		return false;
	a->writer = 0;
	*error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return true;
}

static bool
tell(struct archive *a, int error, char text[ARCHIVE_TEXT_MAX])
{
	bool news = a->failing != (error != 0);

	a->failing = error != 0;
	if (error != 0)
		(void)snprintf(
		    text, ARCHIVE_TEXT_MAX,
		    "warning: state.path %.300s cannot be written: "
		    "%s; bans and counts would not survive a restart",
		    a->writer_path, strerror(error));
	else
		(void)snprintf(text, ARCHIVE_TEXT_MAX,
			       "state.path %.300s is written again",
			       a->writer_path);
	return news;
}

bool
archive_reap(struct archive *a, char text[ARCHIVE_TEXT_MAX])
{
	bool news;
	int error;

	if (!has_ended(a, &error))
		return false;
	news = tell(a, error, text);
	if (a->next.mem)
		start_writer(a, a->next_path, &a->next);
	return news;
}

bool
archive_finish(struct archive *a, char text[ARCHIVE_TEXT_MAX])
{
	uint64_t until = clock_monotonic_ms() + ARCHIVE_PATIENCE_MS;
	bool news = false;

	while (a->writer > 0 && clock_monotonic_ms() < until) {
		news |= archive_reap(a, text);
		if (a->writer > 0)
			(void)poll(NULL, 0, LOOK_EVERY_MS);
	}
	vault_clear(&a->next);
	if (a->writer == 0)
		return news;
	(void)snprintf(text, ARCHIVE_TEXT_MAX,
		       "warning: state.path %.300s is not written yet",
		       a->writer_path);
	return true;
}
