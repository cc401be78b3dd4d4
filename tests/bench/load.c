/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.c - IMAP clients over TLS, as many as one thread can play.
 *
 *   load MODE PORT [-c clients] [-d seconds] [-w warm-up seconds]
 *       [-n operations] [-z size] [-v 12|13] [-s] [-N names] [-C file]...
 *
 * A mode is a script of commands, see modes[]. After the warm-up the clients
 * are watched for so many seconds or operations; -N: they ask for the names
 * host0.example.org and on, so many in turn. Then one line of key=value
 * tells what happened between the two. -C names a file with the CPU time of
 * the proxy (cpuacct.usage, cpu.stat or /proc/PID/stat); it is read at both
 * ends, so that its figure covers exactly what was watched.
 * Mode idle instead says "ready" when all clients are idle, and keeps them
 * until standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	SETUP_SECONDS = 20,
	IDLE_SETUP_SECONDS = 120,
	FAILURES_MOST = 2000, /* in a row */
	EVENTS = 512,
	ADDRESSES = 8, /* 127.0.0.2 and on: enough ports for everybody */
	OPENING_MOST = 32,
	CPU_FILES = 64,
	LINE_OF_MAIL = 78
};

/* With an end, the size goes between the two. */
struct command {
	const char *start, *end;
};

#define LOGIN                                                                  \
	{                                                                      \
		"LOGIN user secret", NULL                                      \
	}
#define SELECT                                                                 \
	{                                                                      \
		"SELECT INBOX", NULL                                           \
	}
#define FETCH                                                                  \
	{                                                                      \
		"FETCH ", " BODY[]"                                            \
	}
#define LOGOUT                                                                 \
	{                                                                      \
		"LOGOUT", NULL                                                 \
	}

/* again: where the script goes on after its end; NEW: on a new connection. */
enum { NEW = -1, STAY = -2 };

static const struct mode {
	const char *name;
	struct command script[5];
	int again;
	bool resume, uploads;
} modes[] = {
    {"handshake", {LOGOUT}, NEW, false, false},
    {"resume", {LOGOUT}, NEW, true, false},
    {"login", {LOGIN, SELECT, FETCH, LOGOUT}, NEW, false, false},
    {"noop", {LOGIN, {"NOOP", NULL}}, 1, false, false},
    {"download", {LOGIN, SELECT, FETCH}, 2, false, false},
    {"upload", {LOGIN, {"APPEND INBOX {", "}"}}, 1, false, true},
    {"idle", {LOGIN, SELECT, {"IDLE", NULL}}, STAY, false, false},
};

enum state {
	CLOSED,
	CONNECTING,
	CLEAR,
	STARTTLS,
	HANDSHAKE,
	GREETING,
	TALKING
};

struct client {
	int fd, at;
	enum state state;
	bool begun; /* counted in totals.begun */
	SSL *tls;
	SSL_SESSION *session; /* what the next connection resumes */
	unsigned tag;
	uint64_t literal; /* bytes of it still to come */
	uint64_t upload;  /* bytes still to go */
	size_t line_len, out_len, out_sent;
	char line[512], out[128];
};

static struct {
	const struct mode *mode;
	uint16_t port;
	size_t clients;
	double seconds, warm_up;
	uint64_t operations, size, names;
	int version;
	bool starttls;
	const char *cpu[CPU_FILES];
	size_t cpus;
} want = {.clients = 32,
	  .seconds = 2,
	  .warm_up = 0.3,
	  .operations = UINT64_MAX,
	  .size = 4096,
	  .version = 13};

/* What happened so far. begun: clients that reached what is measured. */
static struct totals {
	uint64_t operations, bytes, errors, handshakes, resumed;
	size_t begun;
} totals;

static unsigned failures; /* since the last operation */
static SSL_CTX *ctx;
static int epoll_fd;
static struct client *clients;
static struct client **closed; /* to be opened (again) */
static size_t closed_count, opening;
static char received[256 * 1024], mail[LINE_OF_MAIL * 840];

static _Noreturn void
die(const char *why)
{
	printf("error=%s errors=%" PRIu64 " begun=%zu\n", why, totals.errors,
	       totals.begun);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nanoseconds, whatever kind of file it is. */
static double
cpu_of(const char *path)
{
	unsigned long user = 0, system = 0;
	char text[1024] = "", *at;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	at = strrchr(text, ')');
	if (at && sscanf(at,
			 ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			 "%lu %lu",
			 &user, &system) == 2)
		return (double)(user + system) * 1e9 /
		       (double)sysconf(_SC_CLK_TCK);
	if (strncmp(text, "usage_usec ", 11) == 0)
		return strtod(text + 11, NULL) * 1e3;
	return strtod(text, NULL);
}

static double
cpu(void)
{
	double sum = 0;

	for (size_t i = 0; i < want.cpus; i++)
		sum += cpu_of(want.cpu[i]);
	return sum;
}

static void
hang_up(struct client *c, bool in_order)
{
	if (c->tls && in_order && want.mode->resume) {
		SSL_SESSION_free(c->session);
		c->session = SSL_get1_session(c->tls);
	}
	if (c->tls && in_order)
		SSL_shutdown(c->tls);
	SSL_free(c->tls);
	ERR_clear_error();
	close(c->fd);
	if (c->begun)
		totals.begun--;
	else
		opening--;
	*c = (struct client){.fd = -1, .session = c->session};
	closed[closed_count++] = c;
}

static void
fail(struct client *c, const char *why)
{
	totals.errors++;
	if (++failures > FAILURES_MOST)
		die(why);
	hang_up(c, false);
}

static void
call(struct client *c)
{
	static uint32_t turn;
	struct sockaddr_in at = {
	    .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + turn++ % ADDRESSES)};
	struct epoll_event event = {
	    .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
	if (bind(c->fd, (struct sockaddr *)&at, sizeof at) != 0)
		die("bind");
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons(want.port);
	opening++;
	c->state = CONNECTING;
	if (connect(c->fd, (struct sockaddr *)&at, sizeof at) != 0 &&
	    errno != EINPROGRESS)
		fail(c, "connect");
	else
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

static void
start_tls(struct client *c)
{
	static uint64_t asked; /* for names */
	char name[64];

	c->tls = SSL_new(ctx);
	if (!c->tls || SSL_set_fd(c->tls, c->fd) != 1)
		die("SSL_new");
	if (want.names > 0) {
		snprintf(name, sizeof name, "host%" PRIu64 ".example.org",
			 asked++ % want.names);
		SSL_set_tlsext_host_name(c->tls, name);
	}
	SSL_set_connect_state(c->tls);
	if (c->session)
		SSL_set_session(c->tls, c->session);
	c->state = HANDSHAKE;
	c->line_len = 0;
}

static void
say(struct client *c, const struct command *command)
{
	int n;

	if (command->end)
		n = snprintf(c->out, sizeof c->out, "a%u %s%" PRIu64 "%s\r\n",
			     ++c->tag, command->start, want.size, command->end);
	else
		n = snprintf(c->out, sizeof c->out, "a%u %s\r\n", ++c->tag,
			     command->start);
	c->out_len = (size_t)n;
	c->out_sent = 0;
}

/* The script's next command, after a good answer to the one before. */
static bool
go_on(struct client *c)
{
	const struct command *script = want.mode->script;

	if (c->state == TALKING)
		c->at++;
	if (c->state == TALKING && !script[c->at].start) {
		totals.operations++;
		failures = 0;
		if (want.mode->again == NEW) {
			hang_up(c, true);
			return false;
		}
		c->at = want.mode->again;
	}
	c->state = TALKING;
	if (!c->begun && c->at == want.mode->again) {
		c->begun = true;
		totals.begun++;
		opening--;
	}
	say(c, &script[c->at]);
	return true;
}

/* False: would block, or broken (then the read tells). */
static bool
write_some(struct client *c, const char *from, size_t n, size_t *done)
{
	ssize_t sent;

	if (!c->tls) {
		sent = send(c->fd, from, n, MSG_NOSIGNAL);
		*done = sent > 0 ? (size_t)sent : 0;
		return sent > 0;
	}
	return SSL_write_ex(c->tls, from, n, done) == 1;
}

static void
write_waiting(struct client *c)
{
	static const char end[] = "\r\n";
	size_t n;

	while (c->out_sent < c->out_len) {
		if (!write_some(c, c->out + c->out_sent,
				c->out_len - c->out_sent, &n))
			return;
		c->out_sent += n;
	}
	while (c->upload > 0) {
		size_t at = (want.size - c->upload) % LINE_OF_MAIL;
		size_t len = sizeof mail - at;

		if (!write_some(c, mail + at,
				len < c->upload ? len : (size_t)c->upload, &n))
			return;
		c->upload -= n;
		totals.bytes += n;
		if (c->upload == 0) {
			memcpy(c->out, end, 2);
			c->out_len = 2;
			c->out_sent = 0;
			write_waiting(c);
		}
	}
}

/* False: the client has gone. */
static bool
heard(struct client *c, const char *line, size_t len)
{
	static const struct command starttls = {"STARTTLS", NULL};
	char good[32];
	const char *brace;

	if (c->state == CLEAR || c->state == GREETING) {
		if (strncmp(line, "* OK", 4) != 0) {
			fail(c, "greeting");
			return false;
		}
		if (c->state == GREETING)
			return go_on(c);
		say(c, &starttls);
		c->state = STARTTLS;
		return true;
	}
	if (line[0] == '*') {
		brace = line[len - 1] == '}' ? strrchr(line, '{') : NULL;
		c->literal = brace ? strtoull(brace + 1, NULL, 10) : 0;
		return true;
	}
	if (line[0] == ')')
		return true;
	if (line[0] == '+') {
		if (want.mode->uploads) {
			c->upload = want.size;
		} else if (!c->begun) {
			c->begun = true;
			totals.begun++;
			opening--;
		}
		return true;
	}
	snprintf(good, sizeof good, "a%u OK ", c->tag);
	if (strncmp(line, good, strlen(good)) != 0) {
		fail(c, "answer");
		return false;
	}
	if (c->state == STARTTLS) {
		start_tls(c);
		return true;
	}
	return go_on(c);
}

/* False: the client has gone. */
static bool
take(struct client *c, const char *at, size_t n)
{
	const char *end = at + n, *newline;
	size_t len;

	while (at < end) {
		if (c->literal > 0) {
			len = (size_t)(end - at);
			len = len < c->literal ? len : (size_t)c->literal;
			c->literal -= len;
			at += len;
			continue;
		}
		newline = memchr(at, '\n', (size_t)(end - at));
		len = (size_t)((newline ? newline + 1 : end) - at);
		if (c->line_len + len >= sizeof c->line) {
			fail(c, "long-line");
			return false;
		}
		memcpy(c->line + c->line_len, at, len);
		c->line_len += len;
		at += len;
		if (!newline)
			return true;
		len = c->line_len - 1;
		if (len > 0 && c->line[len - 1] == '\r')
			len--;
		c->line[len] = '\0';
		c->line_len = 0;
		if (len > 0 && !heard(c, c->line, len))
			return false;
	}
	return true;
}

/* Bytes read, 0: would block, -1: over. */
static ssize_t
read_some(struct client *c)
{
	size_t n = 0;
	ssize_t got;

	if (!c->tls) {
		got = recv(c->fd, received, sizeof received, 0);
		return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
	}
	if (SSL_read_ex(c->tls, received, sizeof received, &n) == 1)
		return (ssize_t)n;
	switch (SSL_get_error(c->tls, 0)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	default:
		return -1;
	}
}

/* True when done; the client may have gone if not. */
static bool
handshake(struct client *c)
{
	int result = SSL_do_handshake(c->tls);

	if (result != 1) {
		result = SSL_get_error(c->tls, result);
		if (result != SSL_ERROR_WANT_READ &&
		    result != SSL_ERROR_WANT_WRITE)
			fail(c, "handshake");
		return false;
	}
	totals.handshakes++;
	if (SSL_session_reused(c->tls))
		totals.resumed++;
	c->state = GREETING;
	/* No second greeting after STARTTLS. */
	return !want.starttls || go_on(c);
}

static void
ready(struct client *c, uint32_t events)
{
	ssize_t n;

	if (c->state == CLOSED)
		return;
	if (c->state == CONNECTING) {
		if (events & (EPOLLERR | EPOLLHUP)) {
			fail(c, "connect");
			return;
		}
		c->state = CLEAR;
		if (!want.starttls)
			start_tls(c);
	}
	for (;;) {
		if (c->state == HANDSHAKE && !handshake(c))
			return;
		write_waiting(c);
		n = read_some(c);
		if (n == 0)
			return;
		if (n < 0) {
			fail(c, "closed");
			return;
		}
		if (!want.mode->uploads)
			totals.bytes += (uint64_t)n;
		if (!take(c, received, (size_t)n))
			return;
	}
}

static void
turn(size_t at_once)
{
	struct epoll_event events[EVENTS];
	int n;

	while (closed_count > 0 && opening < at_once)
		call(closed[--closed_count]);
	n = epoll_wait(epoll_fd, events, EVENTS, 20);
	for (int i = 0; i < n; i++)
		ready(events[i].data.ptr, events[i].events);
}

static void
measure(void)
{
	bool kept = want.mode->again != NEW;
	double start = now(), cpu_start, cpu_used;
	struct totals before;

	while (kept ? totals.begun < want.clients : totals.operations == 0) {
		turn(want.clients);
		if (now() - start > SETUP_SECONDS)
			die("setup");
	}
	for (start = now(); now() - start < want.warm_up;)
		turn(want.clients);
	before = totals;
	start = now();
	cpu_start = cpu();
	while (now() - start < want.seconds &&
	       totals.operations - before.operations < want.operations)
		turn(want.clients);
	cpu_used = cpu() - cpu_start;
	printf("operations=%" PRIu64 " bytes=%" PRIu64 " errors=%" PRIu64
	       " handshakes=%" PRIu64 " resumed=%" PRIu64
	       " seconds=%.3f cpu_ns=%.0f\n",
	       totals.operations - before.operations,
	       totals.bytes - before.bytes, totals.errors - before.errors,
	       totals.handshakes - before.handshakes,
	       totals.resumed - before.resumed, now() - start, cpu_used);
}

static void
keep_idle(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	double start = now();

	while (totals.begun < want.clients) {
		turn(OPENING_MOST);
		if (now() - start > IDLE_SETUP_SECONDS)
			die("setup");
	}
	puts("ready");
	fflush(stdout);
	while (poll(&input, 1, 0) == 0)
		turn(OPENING_MOST);
	printf("begun=%zu errors=%" PRIu64 "\n", totals.begun, totals.errors);
}

static void
prepare(void)
{
	int version = want.version == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof mail; i++)
		mail[i] = (char)('A' + i % LINE_OF_MAIL % 26);
	for (size_t i = 0; i < sizeof mail; i += LINE_OF_MAIL)
		memcpy(mail + i + LINE_OF_MAIL - 2, "\r\n", 2);
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx || SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, version) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256:"
					 "ECDHE-RSA-AES128-GCM-SHA256") != 1 ||
	    SSL_CTX_set1_groups_list(ctx, "X25519:P-256") != 1)
		die("SSL_CTX");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	if (want.size > 65536) {
		SSL_CTX_set_read_ahead(ctx, 1);
		SSL_CTX_set_default_read_buffer_len(ctx, 131072);
	}
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(want.clients, sizeof *clients);
	closed = calloc(want.clients, sizeof(*closed));
	if (epoll_fd < 0 || !clients || !closed)
		die("memory");
	for (size_t i = 0; i < want.clients; i++)
		closed[closed_count++] = &clients[i];
}

static const struct mode *
find_mode(const char *name)
{
	for (size_t i = 0; name && i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

static bool
options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:w:n:z:v:sN:C:")) != -1) {
		switch (option) {
		case 'c':
			want.clients = strtoul(optarg, NULL, 10);
			break;
		case 'd':
			want.seconds = strtod(optarg, NULL);
			break;
		case 'w':
			want.warm_up = strtod(optarg, NULL);
			break;
		case 'n':
			want.operations = strtoull(optarg, NULL, 10);
			break;
		case 'z':
			want.size = strtoull(optarg, NULL, 10);
			break;
		case 'v':
			want.version = strcmp(optarg, "12") == 0 ? 12 : 13;
			break;
		case 's':
			want.starttls = true;
			break;
		case 'N':
			want.names = strtoull(optarg, NULL, 10);
			break;
		case 'C':
			if (want.cpus < CPU_FILES)
				want.cpu[want.cpus++] = optarg;
			break;
		default:
			return false;
		}
	}
	if (argc - optind != 2)
		return false;
	want.mode = find_mode(argv[optind]);
	want.port = (uint16_t)strtoul(argv[optind + 1], NULL, 10);
	return want.mode && want.port != 0;
}

int
main(int argc, char **argv)
{
	if (!options(argc, argv)) {
		fputs("usage: see the top of load.c\n", stderr);
		return 2;
	}
	prepare();
	if (want.mode->again == STAY)
		keep_idle();
	else
		measure();
	return 0;
}
