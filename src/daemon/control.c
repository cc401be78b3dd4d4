/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control.h"

#include "daemon/protocol.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

/* The one folder that we make: it goes with each boot. */
static const char own_folder[] = "/run/imapward";

static enum err
find_group(const struct files *f, const char *name, const char *key,
	   struct place at, gid_t *out, struct snapshot_fault *fault)
{
	char text[96];
	const struct group *g;

	*out = (gid_t)-1;
	if (!*name)
		return ERR_OK;
	g = getgrnam(name);
	if (!g) {
		(void)snprintf(text, sizeof text, "there is no group %s", name);
		files_blame(f, at, key, text, fault);
		return ERR_UNKNOWN;
	}
	*out = g->gr_gid;
	return ERR_OK;
}

enum err
control_rights(const struct files *f, const struct settings *s,
	       struct admin_rights *out, struct snapshot_fault *fault)
{
	enum err e;

	out->owner = geteuid();
	e = find_group(f, s->admin.readers, "admin.readers", s->places.readers,
		       &out->readers, fault);
	if (e == ERR_OK)
		e = find_group(f, s->admin.controllers, "admin.controllers",
			       s->places.controllers, &out->controllers, fault);
	return e;
}

/* Does the path still lead to what was made there? */
static bool
is_in_place(const struct control *c)
{
	struct stat st;

	return c->open && lstat(c->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       st.st_dev == c->device && st.st_ino == c->number;
}

static void warn(struct control *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void
warn(struct control *c, const char *format, ...)
{
	size_t n;
	va_list args;

	n = (size_t)snprintf(c->warning, sizeof c->warning,
			     "no admin socket (admin.socket): %s: ", c->path);
	va_start(args, format);
	(void)vsnprintf(c->warning + n, sizeof c->warning - n, format, args);
	va_end(args);
}

static void
address_of(const char *path, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	(void)snprintf(out->sun_path, sizeof out->sun_path, "%s", path);
}

static int
new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Left behind by somebody who has ended: the kernel knows. */
static bool
is_stale(const char *path)
{
	struct sockaddr_un at;
	int fd = new_socket();
	bool stale;

	if (fd < 0)
		return false;
	address_of(path, &at);
	stale = connect(fd, (const struct sockaddr *)&at, sizeof at) != 0 &&
		errno == ECONNREFUSED;
	(void)close(fd);
	return stale;
}

/* False: what is there is not ours to remove; it says why. */
static bool
make_room(struct control *c)
{
	struct stat st;

	if (lstat(c->path, &st) != 0) {
		if (errno == ENOENT)
			return true; /* or the folder is missing: see bind */
		warn(c, "%s", strerror(errno));
	} else if (!S_ISSOCK(st.st_mode)) {
		warn(c, "there is something that is no socket; move it away");
	} else if (!is_stale(c->path)) {
		warn(c, "another program listens there; give each gate a "
			"socket of its own");
	} else if (unlink(c->path) != 0) {
		warn(c, "the old one cannot be removed: %s", strerror(errno));
	} else {
		return true;
	}
	return false;
}

static void
make_folder(const char *path)
{
	size_t n = sizeof own_folder - 1;
	mode_t mask;

	if (strncmp(path, own_folder, n) != 0 || path[n] != '/' ||
	    strchr(path + n + 1, '/'))
		return;
	mask = umask(0022);
	(void)mkdir(own_folder, 0755); /* if not, bind says why */
	(void)umask(mask);
}

/* Everybody may connect, and is told if that is all he may. */
static bool
bind_open(int fd, const char *path)
{
	struct sockaddr_un at;
	mode_t mask = umask(0111);
	bool bound;

	address_of(path, &at);
	bound = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
	(void)umask(mask);
	return bound && listen(fd, BACKLOG) == 0;
}

static const char *
text_of(int error)
{
	return error == ENOENT ? "its folder does not exist" : strerror(error);
}

static void
open_new(struct control *c)
{
	struct stat st;

	make_folder(c->path);
	if (!make_room(c))
		return;
	c->fd = new_socket();
	if (c->fd < 0) {
		warn(c, "%s", strerror(errno));
		return;
	}
	if (!bind_open(c->fd, c->path) || lstat(c->path, &st) != 0) {
		warn(c, "%s", text_of(errno));
		(void)close(c->fd);
		return;
	}
	c->device = st.st_dev;
	c->number = st.st_ino;
	c->open = true;
}

void
control_keep(const struct control *before, struct control *out)
{
	*out = *before;
	out->kept = true;
}

enum err
control_open(const struct files *f, const struct settings *s,
	     const struct control *before, struct control *out,
	     struct snapshot_fault *fault)
{
	struct control c = {.fd = -1};
	enum err e = control_rights(f, s, &c.rights, fault);

	if (e != ERR_OK)
		return e;
	if (strcmp(s->admin.socket, before->path) == 0 && is_in_place(before)) {
		control_keep(before, out);
		out->rights = c.rights;
		return ERR_OK;
	}
	(void)snprintf(c.path, sizeof c.path, "%s", s->admin.socket);
	if (*c.path)
		open_new(&c);
	c.told = before->told && strcmp(c.warning, before->warning) == 0;
	*out = c;
	return ERR_OK;
}

void
control_clear(struct control *c)
{
	if (is_in_place(c))
		(void)unlink(c->path);
	if (c->open)
		(void)close(c->fd);
	*c = (struct control){.fd = -1};
}

void
control_replace(struct control *now, struct control *next)
{
	if (!next->kept)
		control_clear(now);
	*now = *next;
	now->kept = false;
	*next = (struct control){.fd = -1};
}

void
control_abandon(struct control *next)
{
	if (!next->kept)
		control_clear(next);
	*next = (struct control){.fd = -1};
}

enum err
control_put(const struct control *c, struct channel *to)
{
	struct slice rights = slice_of(&c->rights, sizeof c->rights);

	return channel_put(to, MESSAGE_ADMIN, &rights, 1, &c->fd,
			   c->open ? 1 : 0);
}
