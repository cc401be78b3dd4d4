/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load.c - clients and a backend for the benchmark, as plain as they can be: a
 * thread for each connection, blocking calls.
 *
 *   load backend PORT            answers every login, until it is killed
 *   load MODE PORT COUNT AT_ONCE does COUNT operations on the gate's TLS port,
 *                                AT_ONCE at a time, and says what it did
 *
 *   handshake   connect, full TLS 1.3 handshake, greeting, LOGOUT, close
 *   session     the same with LOGIN, SELECT and FETCH of 4 KB
 *   noop        NOOP on AT_ONCE sessions that stay
 *   download    FETCH of 1 MB on such sessions
 *   upload      APPEND of 10 MB on such sessions
 *   idle        opens COUNT sessions, sends IDLE on each, says "ready", and
 *               holds them until its standard input ends
 */
#include <openssl/ssl.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MESSAGE = 4096,
	DOWNLOAD = 1024 * 1024,
	LINE = 4096,
	STACK = 256 * 1024
};

static char filler[64 * 1024];

static void
die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

/* --- a connection, with TLS or without ----------------------------------- */

struct peer {
	int fd;
	SSL *tls; /* NULL: in clear */
	size_t have;
	char line[LINE + 1];
};

static ssize_t
take(struct peer *p, char *to, size_t room)
{
	return p->tls ? SSL_read(p->tls, to, (int)room) : read(p->fd, to, room);
}

static bool
give(struct peer *p, const char *from, size_t len)
{
	while (len > 0) {
		ssize_t n = p->tls ? SSL_write(p->tls, from, (int)len)
				   : write(p->fd, from, len);

		if (n <= 0)
			return false;
		from += n;
		len -= (size_t)n;
	}
	return true;
}

__attribute__((format(printf, 2, 3))) static bool
say(struct peer *p, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return give(p, text, (size_t)n);
}

static bool
give_filler(struct peer *p, size_t len)
{
	while (len > 0) {
		size_t n = len < sizeof filler ? len : sizeof filler;

		if (!give(p, filler, n))
			return false;
		len -= n;
	}
	return true;
}

/* The next line without CRLF into out; what comes behind it is kept. */
static bool
hear(struct peer *p, char out[LINE + 1])
{
	for (;;) {
		char *end = memchr(p->line, '\n', p->have);
		ssize_t n;

		if (end) {
			size_t len = (size_t)(end - p->line);

			memcpy(out, p->line, len);
			out[len - (len > 0 && out[len - 1] == '\r')] = '\0';
			p->have -= len + 1;
			memmove(p->line, end + 1, p->have);
			return true;
		}
		n = p->have < LINE ? take(p, p->line + p->have, LINE - p->have)
				   : 0;
		if (n <= 0)
			return false;
		p->have += (size_t)n;
	}
}

static bool
swallow(struct peer *p, size_t len)
{
	static _Thread_local char sink[64 * 1024];
	size_t kept = p->have < len ? p->have : len;

	p->have -= kept;
	memmove(p->line, p->line + kept, p->have);
	for (len -= kept; len > 0;) {
		ssize_t n =
		    take(p, sink, len < sizeof sink ? len : sizeof sink);

		if (n <= 0)
			return false;
		len -= (size_t)n;
	}
	return true;
}

/* The length announced at the end of a line, else 0. */
static size_t
literal_of(const char *line)
{
	const char *open = strrchr(line, '{');
	size_t n = 0;

	if (open && line[strlen(line) - 1] == '}')
		n = (size_t)strtoul(open + 1, NULL, 10);
	return n;
}

static struct sockaddr_in
loopback(const char *port)
{
	return (struct sockaddr_in){
	    .sin_family = AF_INET,
	    .sin_port = htons((in_port_t)strtoul(port, NULL, 10)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void
no_delay(int fd)
{
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void
spawn(void *(*run)(void *), void *arg, pthread_t *thread)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	if (pthread_create(thread, &attributes, run, arg) != 0)
		die("no thread");
	pthread_attr_destroy(&attributes);
}

/* --- the backend --------------------------------------------------------- */

static bool
answer_fetch(struct peer *p, const char *tag, const char *line)
{
	size_t len = strstr(line, "BIG") ? DOWNLOAD : MESSAGE;

	return say(p, "* 1 FETCH (BODY[] {%zu}\r\n", len) &&
	       give_filler(p, len) && say(p, ")\r\n%s OK done\r\n", tag);
}

static bool
answer(struct peer *p, const char *line)
{
	static _Thread_local char rest[LINE + 1];
	size_t literal = literal_of(line);
	char tag[64] = "*";

	(void)sscanf(line, "%63s", tag);
	if (literal > 0 &&
	    !(say(p, "+ go\r\n") && swallow(p, literal) && hear(p, rest)))
		return false;
	if (strstr(line, " FETCH "))
		return answer_fetch(p, tag, line);
	if (strstr(line, " IDLE"))
		return say(p, "+ idling\r\n");
	if (strstr(line, " CAPABILITY"))
		return say(p,
			   "* CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN "
			   "SASL-IR\r\n%s OK done\r\n",
			   tag);
	if (strstr(line, " LOGOUT"))
		return say(p, "* BYE so long\r\n%s OK done\r\n", tag) && false;
	return say(p, "%s OK done\r\n", tag);
}

static void *
serve(void *arg)
{
	static const char greeting[] =
	    "* OK [CAPABILITY IMAP4rev1 IDLE AUTH=PLAIN SASL-IR] ready\r\n";
	struct peer *p = arg;
	char line[LINE + 1];

	if (give(p, greeting, sizeof greeting - 1))
		while (hear(p, line) && answer(p, line))
			;
	close(p->fd);
	free(p);
	return NULL;
}

static void
backend(const char *port)
{
	struct sockaddr_in at = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (void *)&at, sizeof at) != 0 || listen(fd, 4096) != 0)
		die("cannot listen");
	for (;;) {
		struct peer *p = calloc(1, sizeof *p);
		pthread_t thread;

		if (!p || (p->fd = accept(fd, NULL, NULL)) < 0)
			die("cannot accept");
		no_delay(p->fd);
		spawn(serve, p, &thread);
		pthread_detach(thread);
	}
}

/* --- the clients --------------------------------------------------------- */

struct job {
	const char *mode;
	const char *port;
	size_t count;
};

static SSL_CTX *context;

static void
must(bool ok, const char *what)
{
	if (!ok)
		die(what);
}

static struct peer *
connected(const char *port)
{
	struct sockaddr_in to = loopback(port);
	struct peer *p = calloc(1, sizeof *p);
	char line[LINE + 1];

	must(p, "memory");
	p->fd = socket(AF_INET, SOCK_STREAM, 0);
	must(connect(p->fd, (void *)&to, sizeof to) == 0, "connect");
	no_delay(p->fd);
	p->tls = SSL_new(context);
	SSL_set_fd(p->tls, p->fd);
	must(SSL_connect(p->tls) == 1, "handshake");
	must(hear(p, line) && strncmp(line, "* OK", 4) == 0, "greeting");
	return p;
}

static void
ended(struct peer *p)
{
	SSL_free(p->tls);
	close(p->fd);
	free(p);
}

/* One command; an upload gives its literal when asked. */
static void
command(struct peer *p, const char *text)
{
	char line[LINE + 1];

	must(say(p, "a %s\r\n", text), text);
	do {
		must(hear(p, line), text);
		if (line[0] == '+' && strstr(text, "IDLE"))
			return;
		if (line[0] == '+')
			must(give_filler(p, literal_of(text)) && say(p, "\r\n"),
			     text);
		else if (line[0] == '*' && literal_of(line) > 0)
			must(swallow(p, literal_of(line)), text);
	} while (strncmp(line, "a ", 2) != 0);
	must(strncmp(line, "a OK", 4) == 0, line);
}

static struct peer *
logged_in(const char *port)
{
	struct peer *p = connected(port);

	command(p, "LOGIN bench secret");
	return p;
}

static void
once(const struct job *job)
{
	bool whole = strcmp(job->mode, "session") == 0;
	struct peer *p = whole ? logged_in(job->port) : connected(job->port);

	if (whole) {
		command(p, "SELECT INBOX");
		command(p, "FETCH 1 BODY[]");
	}
	command(p, "LOGOUT");
	ended(p);
}

static const char *
repeated(const char *mode)
{
	static const char *const rows[][2] = {
	    {"noop", "NOOP"},
	    {"download", "FETCH BIG BODY[]"},
	    {"upload", "APPEND x {10485760}"}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(mode, rows[i][0]) == 0)
			return rows[i][1];
	return NULL;
}

static void *
work(void *arg)
{
	const struct job *job = arg;
	const char *text = repeated(job->mode);
	struct peer *p = text ? logged_in(job->port) : NULL;

	if (text) { /* all sessions are there before the first is counted */
		puts("open");
		fflush(stdout);
		sleep(2);
	}
	for (size_t i = 0; i < job->count; i++) {
		if (text)
			command(p, text);
		else
			once(job);
	}
	if (text) {
		puts("over");
		fflush(stdout);
		sleep(2); /* whoever counts does not count the end */
		ended(p);
	}
	return NULL;
}

static void
idle(const struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		command(logged_in(job->port), "IDLE");
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

static void
load(struct job *job, size_t at_once)
{
	pthread_t *threads = calloc(at_once, sizeof *threads);

	must(threads && at_once > 0, "at least one at once");
	job->count /= at_once;
	for (size_t i = 0; i < at_once; i++)
		spawn(work, job, &threads[i]);
	for (size_t i = 0; i < at_once; i++)
		pthread_join(threads[i], NULL);
	printf("done %zu\n", job->count * at_once);
	free(threads);
}

int
main(int argc, char **argv)
{
	memset(filler, 'x', sizeof filler);
	if (argc == 3 && strcmp(argv[1], "backend") == 0) {
		backend(argv[2]);
	} else if (argc == 5) {
		struct job job = {argv[1], argv[2], strtoul(argv[3], NULL, 10)};

		context = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
		SSL_CTX_set1_groups_list(context, "X25519");
		if (strcmp(job.mode, "idle") == 0)
			idle(&job);
		else
			load(&job, strtoul(argv[4], NULL, 10));
		SSL_CTX_free(context);
	} else {
		die("usage: load backend PORT | load MODE PORT COUNT AT_ONCE");
	}
	return 0;
}
