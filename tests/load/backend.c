/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.c - an IMAP server for very many connections: backend PORT MESSAGE
 *
 * One thread, no literals, every login is right, one message in the mailbox.
 * For numbers that a real server would take all of the machine to reach.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LINE_MOST = 1024,
	TAG_MOST = 30,
	ANSWER_MOST = 128 * 1024,
	BACKLOG = 4096
};

#define WORDS "IMAP4rev1 SASL-IR LITERAL+ ID IDLE AUTH=PLAIN AUTH=LOGIN"

struct talk {
	int fd;
	bool over;
	char idle[TAG_MOST + 1]; /* the tag of the IDLE under way */
	size_t in_len, out_len;
	char in[LINE_MOST];
	char *out; /* what the socket did not take; malloc'd */
};

static int poller;
static char answer[ANSWER_MOST], message[ANSWER_MOST / 2];
static size_t message_len;

static void
end(struct talk *t)
{
	(void)close(t->fd);
	free(t->out);
	free(t);
}

static void
put(struct talk *t, const char *bytes, size_t len)
{
	ssize_t n = 0;
	char *more;

	if (t->out_len == 0)
		n = send(t->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		n = 0;
	if ((size_t)n == len)
		return;
	len -= (size_t)n;
	more = realloc(t->out, t->out_len + len);
	if (!more)
		exit(2);
	memcpy(more + t->out_len, bytes + n, len);
	t->out = more;
	t->out_len += len;
}

static void
put_waiting(struct talk *t)
{
	char *waiting = t->out;
	size_t len = t->out_len;

	t->out = NULL;
	t->out_len = 0;
	if (len > 0)
		put(t, waiting, len);
	free(waiting);
}

static void
reply(struct talk *t, const char *untagged, const char *tag)
{
	int n =
	    snprintf(answer, sizeof answer, "%s%s OK done\r\n", untagged, tag);

	put(t, answer, (size_t)n);
}

static void
fetch(struct talk *t, const char *tag)
{
	int n = snprintf(answer, sizeof answer,
			 "* 1 FETCH (BODY[] {%zu}\r\n%.*s)\r\n%s OK done\r\n",
			 message_len, (int)message_len, message, tag);

	put(t, answer, (size_t)n);
}

static bool
is(const char *verb, const char *name)
{
	return strncasecmp(verb, name, strlen(name)) == 0;
}

static void
take_line(struct talk *t, char *line)
{
	char *verb = strchr(line, ' ');

	if (t->idle[0] && is(line, "DONE")) {
		reply(t, "", t->idle);
		t->idle[0] = '\0';
		return;
	}
	if (!verb)
		return;
	*verb++ = '\0';
	if (is(verb, "CAPABILITY")) {
		reply(t, "* CAPABILITY " WORDS "\r\n", line);
	} else if (is(verb, "SELECT")) {
		reply(t, "* FLAGS ()\r\n* 1 EXISTS\r\n* 0 RECENT\r\n", line);
	} else if (is(verb, "FETCH")) {
		fetch(t, line);
	} else if (is(verb, "IDLE")) {
		(void)snprintf(t->idle, sizeof t->idle, "%.*s", TAG_MOST, line);
		put(t, "+ idling\r\n", 10);
	} else if (is(verb, "LOGOUT")) {
		reply(t, "* BYE so long\r\n", line);
		t->over = true;
	} else {
		reply(t, "", line);
	}
}

/* False: the connection is over. */
static bool
take_lines(struct talk *t)
{
	char *from = t->in, *lf;

	while (!t->over && (lf = memchr(from, '\n', t->in_len))) {
		size_t len = (size_t)(lf - from) + 1;

		lf[lf > from && lf[-1] == '\r' ? -1 : 0] = '\0';
		take_line(t, from);
		from += len;
		t->in_len -= len;
	}
	memmove(t->in, from, t->in_len);
	return !t->over && t->in_len < sizeof t->in;
}

/* False: the connection is over. */
static bool
receive(struct talk *t)
{
	for (;;) {
		ssize_t n = recv(t->fd, t->in + t->in_len,
				 sizeof t->in - t->in_len, MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		t->in_len += (size_t)n;
		if (!take_lines(t))
			return false;
	}
}

static void
welcome(int listener)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
	struct talk *t = fd < 0 ? NULL : calloc(1, sizeof *t);

	if (!t) {
		perror("backend: accept");
		exit(2);
	}
	t->fd = fd;
	e.data.ptr = t;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	put(t, "* OK [CAPABILITY " WORDS "] ready\r\n",
	    sizeof "* OK [CAPABILITY " WORDS "] ready\r\n" - 1);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e) != 0)
		exit(2);
}

static int
listen_on(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port =
				     htons((uint16_t)strtoul(port, NULL, 10)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = EPOLLIN};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	poller = epoll_create1(EPOLL_CLOEXEC);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(fd, BACKLOG) != 0 ||
	    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e) != 0) {
		perror("backend: listen");
		exit(2);
	}
	return fd;
}

int
main(int argc, char **argv)
{
	struct epoll_event events[256];
	FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
	int listener;

	if (!f) {
		fputs("usage: backend PORT MESSAGE\n", stderr);
		return 2;
	}
	message_len = fread(message, 1, sizeof message, f);
	(void)fclose(f);
	(void)signal(SIGPIPE, SIG_IGN);
	listener = listen_on(argv[1]);
	for (;;) {
		int n = epoll_wait(poller, events, 256, -1);

		for (int i = 0; i < n; i++) {
			struct talk *t = events[i].data.ptr;

			if (!t) {
				welcome(listener);
				continue;
			}
			if (events[i].events & EPOLLOUT)
				put_waiting(t);
			if (events[i].events &
				(EPOLLIN | EPOLLHUP | EPOLLERR) &&
			    !receive(t))
				end(t);
		}
	}
}
