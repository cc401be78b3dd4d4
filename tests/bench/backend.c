/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backend.c - an IMAP server without TLS and without mail, so quick that the
 * proxy in front of it is what one measures.
 *
 *   backend IMAP-PORT AUTH-PORT
 *
 * Everybody may log in. FETCH n sends a literal of n bytes, APPEND takes one;
 * SELECT, IDLE, ID, LOGOUT do what they must, anything else is OK. On the
 * second port it tells nginx's mail proxy (auth_http) to come here. On
 * 127.0.0.1 only.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	EVENTS = 256,
	ACCEPT_MOST = 64,
	DISCARD_MOST = 1024 * 1024,
	LINE_OF_MAIL = 78,
	MAIL_BYTES = LINE_OF_MAIL * 4096
};

#define ABILITIES                                                              \
	"IMAP4rev1 LITERAL+ SASL-IR IDLE ID NAMESPACE UIDPLUS AUTH=PLAIN"

enum kind { IMAP_LISTENER, AUTH_LISTENER, IMAP, AUTH };
enum mood { COMMANDS, IDLE, SASL, LITERAL };

struct peer {
	int fd;
	enum kind kind;
	enum mood mood;
	bool leaving, blocked;
	uint64_t literal;        /* bytes of it still to come */
	uint64_t body, body_len; /* to be sent between text and end */
	size_t in_len, text_len, text_sent, end_len, end_sent;
	char tag[64], verb[24];
	char text[640], end[160], in[4096];
};

/* What each verb answers before its tagged OK, and the text of that. */
static const struct {
	const char *verb, *untagged, *ok;
} answers[] = {
    {"NOOP", "", "NOOP completed"},
    {"CAPABILITY", "* CAPABILITY " ABILITIES "\r\n", "CAPABILITY completed"},
    {"LOGIN", "", "[CAPABILITY " ABILITIES "] Logged in"},
    {"AUTHENTICATE", "", "[CAPABILITY " ABILITIES "] Logged in"},
    {"ID", "* ID (\"name\" \"bench\")\r\n", "ID completed"},
    {"SELECT",
     "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
     "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft "
     "\\*)] Flags permitted.\r\n"
     "* 1000 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] UIDs valid\r\n"
     "* OK [UIDNEXT 1001] next\r\n",
     "[READ-WRITE] Select completed"},
    {"IDLE", "", "Idle completed"},
    {"LOGOUT", "* BYE Logging out\r\n", "Logout completed"},
};

static int epoll_fd;
static uint16_t imap_port;
static char mail[2 * MAIL_BYTES];

static void
say(struct peer *p, const char *text)
{
	size_t n = strlen(text);

	if (p->text_len + n > sizeof p->text)
		abort();
	memcpy(p->text + p->text_len, text, n);
	p->text_len += n;
}

static void
watch(struct peer *p, int how, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = p};

	epoll_ctl(epoll_fd, how, p->fd, &event);
}

static void
hang_up(struct peer *p)
{
	close(p->fd);
	free(p);
}

static size_t
count_sent(size_t sent, size_t waiting, size_t *mark)
{
	size_t n = sent < waiting ? sent : waiting;

	*mark += n;
	return sent - n;
}

/* False: the peer has gone or must go. Blocked or all sent otherwise. */
static bool
send_waiting(struct peer *p)
{
	struct iovec part[3];
	size_t body, sent;
	int parts;
	ssize_t n;

	for (;;) {
		body = p->body < MAIL_BYTES ? p->body : MAIL_BYTES;
		part[0] = (struct iovec){p->text + p->text_sent,
					 p->text_len - p->text_sent};
		part[1] = (struct iovec){
		    mail + (p->body_len - p->body) % MAIL_BYTES, body};
		part[2] = (struct iovec){p->end + p->end_sent,
					 p->end_len - p->end_sent};
		parts = body == p->body ? 3 : 2;
		if (part[0].iov_len + body + part[2].iov_len == 0)
			break;
		n = writev(p->fd, part, parts);
		if (n < 0 && errno == EAGAIN) {
			if (!p->blocked)
				watch(p, EPOLL_CTL_MOD, EPOLLOUT);
			p->blocked = true;
			return true;
		}
		if (n < 0)
			return false;
		sent = count_sent((size_t)n, part[0].iov_len, &p->text_sent);
		body = sent < body ? sent : body;
		p->body -= body;
		p->end_sent += sent - body;
	}
	p->text_sent = p->text_len = p->end_sent = p->end_len = 0;
	if (p->blocked)
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
	p->blocked = false;
	return !p->leaving;
}

static void
tagged(struct peer *p, const char *untagged, const char *ok)
{
	char text[512];

	snprintf(text, sizeof text, "%s%s OK %s\r\n", untagged, p->tag, ok);
	say(p, text);
}

static void
answer(struct peer *p)
{
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		if (strcasecmp(p->verb, answers[i].verb) == 0) {
			tagged(p, answers[i].untagged, answers[i].ok);
			return;
		}
	tagged(p, "", "completed");
}

static void
fetch(struct peer *p, const char *size)
{
	char text[128];

	p->body = p->body_len = strtoull(size, NULL, 10);
	snprintf(text, sizeof text, "* 1 FETCH (UID 1 BODY[] {%llu}\r\n",
		 (unsigned long long)p->body);
	say(p, text);
	p->end_len = (size_t)snprintf(p->end, sizeof p->end,
				      ")\r\n%s OK FETCH completed\r\n", p->tag);
}

/* Does the line announce a literal? If so, it is asked for where needed. */
static bool
takes_literal(struct peer *p, const char *line)
{
	const char *brace = strrchr(line, '{');
	char *end;

	if (!brace || line[strlen(line) - 1] != '}')
		return false;
	p->literal = strtoull(brace + 1, &end, 10);
	if (*end != '+')
		say(p, "+ OK\r\n");
	p->mood = LITERAL;
	return true;
}

static void
command(struct peer *p, const char *line)
{
	const char *args;
	int used = 0;

	p->tag[0] = p->verb[0] = '\0';
	if (sscanf(line, "%63s %23s%n", p->tag, p->verb, &used) != 2) {
		say(p, "* BAD what?\r\n");
		return;
	}
	args = line + used;
	if (takes_literal(p, line))
		return;
	if (strcasecmp(p->verb, "FETCH") == 0) {
		fetch(p, args);
	} else if (strcasecmp(p->verb, "IDLE") == 0) {
		p->mood = IDLE;
		say(p, "+ idling\r\n");
	} else if (strcasecmp(p->verb, "AUTHENTICATE") == 0 &&
		   !strchr(args + (*args == ' '), ' ')) {
		p->mood = SASL;
		say(p, "+ \r\n");
	} else {
		p->leaving = strcasecmp(p->verb, "LOGOUT") == 0;
		answer(p);
	}
}

static void
take_line(struct peer *p, const char *line)
{
	switch (p->mood) {
	case COMMANDS:
		command(p, line);
		break;
	case IDLE:
		if (strcasecmp(line, "DONE") != 0)
			break;
		p->mood = COMMANDS;
		answer(p);
		break;
	case LITERAL: /* what follows it on its line */
		if (takes_literal(p, line))
			break;
		p->mood = COMMANDS;
		answer(p);
		break;
	case SASL:
		p->mood = COMMANDS;
		answer(p);
		break;
	}
}

/* False: the peer has gone or must go. */
static bool
take(struct peer *p)
{
	size_t at = 0, n;
	char *line, *newline;
	bool stays = true;

	while (stays && !p->blocked && at < p->in_len) {
		line = p->in + at;
		n = p->in_len - at;
		if (p->literal > 0) {
			n = n < p->literal ? n : (size_t)p->literal;
			p->literal -= n;
			at += n;
			continue;
		}
		newline = memchr(line, '\n', n);
		if (!newline) {
			stays = n < sizeof p->in;
			break;
		}
		at += (size_t)(newline + 1 - line);
		if (newline > line && newline[-1] == '\r')
			newline--;
		*newline = '\0';
		take_line(p, line);
		stays = send_waiting(p);
	}
	memmove(p->in, p->in + at, p->in_len - at);
	p->in_len -= at;
	return stays;
}

/* False: the peer has gone or must go. */
static bool
imap_ready(struct peer *p)
{
	static char unused[DISCARD_MOST];
	ssize_t n;

	if (p->blocked) {
		if (!send_waiting(p))
			return false;
		if (p->blocked)
			return true;
		if (!take(p))
			return false;
	}
	while (!p->blocked) {
		if (p->literal > 0 && p->in_len == 0) {
			/* With MSG_TRUNC nothing is copied. */
			n = recv(p->fd, unused,
				 p->literal < DISCARD_MOST ? (size_t)p->literal
							   : DISCARD_MOST,
				 MSG_TRUNC);
			if (n > 0)
				p->literal -= (uint64_t)n;
		} else {
			n = recv(p->fd, p->in + p->in_len,
				 sizeof p->in - p->in_len, 0);
			if (n > 0)
				p->in_len += (size_t)n;
			if (n > 0 && !take(p))
				return false;
			/* A short read has emptied the socket. */
			if (n > 0 && p->literal == 0)
				return true;
		}
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
	}
	return true;
}

/* Any request gets the one answer. */
static bool
auth_ready(struct peer *p)
{
	ssize_t n = recv(p->fd, p->in + p->in_len, sizeof p->in - p->in_len, 0);
	char text[160];

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	p->in_len += (size_t)n;
	if (!memmem(p->in, p->in_len, "\r\n\r\n", 4))
		return p->in_len < sizeof p->in;
	snprintf(text, sizeof text,
		 "HTTP/1.0 200 OK\r\nAuth-Status: OK\r\n"
		 "Auth-Server: 127.0.0.1\r\nAuth-Port: %u\r\n\r\n",
		 imap_port);
	say(p, text);
	p->leaving = true;
	return send_waiting(p);
}

static struct peer *
peer_new(int fd, enum kind kind)
{
	struct peer *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->fd = fd;
	p->kind = kind;
	watch(p, EPOLL_CTL_ADD, EPOLLIN);
	return p;
}

static void
accept_peers(const struct peer *listener)
{
	struct peer *p;
	int fd, on = 1;

	for (int i = 0; i < ACCEPT_MOST; i++) {
		fd = accept4(listener->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		p = peer_new(fd, listener->kind == IMAP_LISTENER ? IMAP : AUTH);
		if (p->kind != IMAP)
			continue;
		say(p, "* OK [CAPABILITY " ABILITIES "] bench ready\r\n");
		if (!send_waiting(p))
			hang_up(p);
	}
}

static void
listen_on(uint16_t port, enum kind kind)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
	    listen(fd, SOMAXCONN) != 0) {
		perror("backend");
		exit(1);
	}
	peer_new(fd, kind);
}

static void
ready(struct peer *p)
{
	switch (p->kind) {
	case IMAP_LISTENER:
	case AUTH_LISTENER:
		accept_peers(p);
		break;
	case IMAP:
		if (!imap_ready(p))
			hang_up(p);
		break;
	case AUTH:
		if (!auth_ready(p))
			hang_up(p);
		break;
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct rlimit limit;
	int n;

	if (argc != 3) {
		fputs("usage: backend IMAP-PORT AUTH-PORT\n", stderr);
		return 2;
	}
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof mail; i++)
		mail[i] = (char)('a' + i % LINE_OF_MAIL % 26);
	for (size_t i = LINE_OF_MAIL; i <= sizeof mail; i += LINE_OF_MAIL)
		memcpy(mail + i - 2, "\r\n", 2);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	imap_port = (uint16_t)strtoul(argv[1], NULL, 10);
	listen_on(imap_port, IMAP_LISTENER);
	listen_on((uint16_t)strtoul(argv[2], NULL, 10), AUTH_LISTENER);
	for (;;) {
		n = epoll_wait(epoll_fd, events, EVENTS, -1);
		for (int i = 0; i < n; i++)
			ready(events[i].data.ptr);
	}
}
