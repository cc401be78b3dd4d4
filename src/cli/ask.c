/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ask.h"

#include "findings.h"

#include "audit/json.h"
#include "config/settings.h"
#include "daemon/setup.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	SILENCE_MS = 150 * 1000, /* above what the daemon needs for anything */
	ANSWER_FIRST = 64 * 1024
};
#define ANSWER_MAX ((size_t)1 << 30)

bool
ask_option(struct asker *a, int option, const char *value)
{
	if (option == 's')
		a->socket = value;
	else if (option == 'c')
		a->config = value;
	else
		return false;
	return true;
}

int
ask_exit_code(enum ask how)
{
	return how == ASK_OK        ? EXIT_SUCCESS
	       : how == ASK_REFUSED ? EXIT_CODE_CONFIG
				    : EXIT_CODE_RUN;
}

/* admin.socket of the file, or of a file that says nothing of it. */
static enum ask
socket_of(const char *config, char out[SETTINGS_SOCKET_MAX + 1])
{
	struct settings_fault fault;
	struct settings *s = NULL;
	struct slice yaml;
	enum err e;

	if (!findings_read(config, SETTINGS_BYTES_MAX, &yaml, NULL))
		return ASK_FAILED;
	e = settings_load(yaml, &s, &fault);
	findings_forget(&yaml);
	if (e != ERR_OK) {
		fprintf(stderr,
			"imapward: %s:%u:%u: %s (the daemon was not asked; "
			"--socket SOCKET needs no configuration)\n",
			config, fault.line, fault.column, fault.text);
		return ASK_REFUSED;
	}
	(void)snprintf(out, SETTINGS_SOCKET_MAX + 1, "%s", s->admin.socket);
	settings_free(s);
	if (*out)
		return ASK_OK;
	fprintf(stderr,
		"imapward: %s: admin.socket is \"\": its daemon takes no "
		"commands\n",
		config);
	return ASK_FAILED;
}

/*
 * Without -s and -c: what the usual file says, if we may read it; the group
 * that may ask need not be one that may read.
 */
static enum ask
find_socket(const struct asker *a, char out[SETTINGS_SOCKET_MAX + 1])
{
	if (a->socket) {
		int n = snprintf(out, SETTINGS_SOCKET_MAX + 1, "%s", a->socket);

		if (n <= SETTINGS_SOCKET_MAX)
			return ASK_OK;
		fprintf(stderr,
			"imapward: the path of a socket has at most %d "
			"bytes\n",
			SETTINGS_SOCKET_MAX);
		return ASK_FAILED;
	}
	if (a->config)
		return socket_of(a->config, out);
	if (access(CLI_CONFIG, R_OK) == 0)
		return socket_of(CLI_CONFIG, out);
	(void)snprintf(out, SETTINGS_SOCKET_MAX + 1, "%s", SETTINGS_SOCKET);
	return ASK_OK;
}

static int
complain_of(const char *path, int error)
{
	if (error == ENOENT || error == ECONNREFUSED)
		fprintf(stderr,
			"imapward: no daemon listens on %s; does it run, "
			"and is that its admin.socket?\n",
			path);
	else
		fprintf(stderr, "imapward: %s: %s\n", path, strerror(error));
	return -1;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return complain_of(path, errno);
	(void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	if (connect(fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	(void)complain_of(path, errno);
	(void)close(fd);
	return -1;
}

struct answer {
	unsigned char *mem;
	size_t len, cap;
};

static bool
grow(struct answer *a)
{
	size_t cap = a->cap > 0 ? 2 * a->cap : ANSWER_FIRST;
	unsigned char *mem = cap <= ANSWER_MAX ? realloc(a->mem, cap) : NULL;

	if (!mem)
		return false;
	a->mem = mem;
	a->cap = cap;
	return true;
}

/*
 * To the end of the connection, however it comes: a daemon that does not want
 * to hear us may end it before we have spoken.
 */
static bool
read_answer(int fd, struct answer *a)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		ssize_t n;

		if (a->len == a->cap && !grow(a))
			return false;
		if (poll(&p, 1, SILENCE_MS) == 0)
			return false;
		n = read(fd, a->mem + a->len, a->cap - a->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		a->len += (size_t)n;
	}
}

/* Whoever it was that answered. */
static void
make_harmless(struct answer *a)
{
	for (size_t at = 0, n; at < a->len; at += n) {
		struct slice rest = slice_of(a->mem + at, a->len - at);
		int32_t point;

		n = utf8_next(rest, &point);
		if (point != '\n' && !utf8_visible(slice_head(rest, n)))
			memset(a->mem + at, '?', n);
	}
}

static enum ask
judge(const char *path, struct answer *a, struct slice *out)
{
	struct slice all = slice_of(a->mem, a->len), rest = all, first;

	first = slice_cut(&rest, '\n');
	if (first.len < all.len && slice_istarts(first, SLICE("error "))) {
		first = slice_skip(first, sizeof "error " - 1);
		fprintf(stderr, "imapward: %.*s\n", (int)first.len,
			(const char *)first.ptr);
		return ASK_REFUSED;
	}
	if (!slice_eq(first, SLICE("ok")) || rest.len < 2 ||
	    memcmp(rest.ptr + rest.len - 2, "}\n", 2) != 0) {
		fprintf(stderr,
			"imapward: %s: the daemon ended the connection before "
			"its answer was complete\n",
			path);
		return ASK_FAILED;
	}
	memmove(a->mem, rest.ptr, rest.len);
	*out = slice_of(a->mem, rest.len);
	return ASK_OK;
}

void
ask_forget(struct slice *answer)
{
	free((void *)(uintptr_t)answer->ptr);
	*answer = SLICE_EMPTY;
}

enum ask
ask_daemon(const struct asker *who, const char *request, struct slice *out)
{
	char path[SETTINGS_SOCKET_MAX + 1];
	struct answer a = {NULL, 0, 0};
	enum ask how = find_socket(who, path);
	int fd;

	if (how != ASK_OK)
		return how;
	how = ASK_FAILED;
	fd = connect_to(path);
	if (fd < 0)
		return ASK_FAILED;
	(void)!send(fd, request, strlen(request), MSG_NOSIGNAL);
	if (!read_answer(fd, &a))
		fprintf(stderr, "imapward: %s: no answer\n", path);
	else {
		make_harmless(&a);
		how = judge(path, &a, out);
	}
	(void)close(fd);
	if (how != ASK_OK)
		free(a.mem);
	return how;
}
