/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client.c - many IMAP clients over TLS at once, each answer verified.
 *
 *   client -p PORT -a CA -n CLIENTS -m MESSAGE [-s STEPS] [-t SECONDS]
 *       [-c SESSIONS] [-r STARTS_PER_SECOND] [-i IDLE_MS] [-d DRIP_MS]
 *       [-u USERS] [-w ADDRESSES] [-k]
 *
 * A session goes through STEPS, one letter each:
 *
 *   l LOGIN   s SELECT   n NOOP    f FETCH, which must give the MESSAGE
 *   i IDLE for IDLE_MS   h IDLE until a byte comes on stdin   q LOGOUT
 *
 * and the next one begins, until SECONDS are over or SESSIONS were begun. -d:
 * commands go out byte by byte. -u: user names repeat after so many (0: each
 * session has its own). -w: source addresses 127.0.1.1 and up, so many. -k: a
 * connection that is lost, or ends with BYE, is no error.
 *
 * Says "holding" once all clients idle in step h, and ends with one line of
 * JSON; the exit code is 0 only without errors.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MOST = 8192,
	OUT_MOST = 128,
	TICK_MS = 10,
	PATIENCE_MS = 60000,
	COMPLAINTS = 20,
	STDIN = -1 /* in place of a client's number */
};

#define NEVER UINT64_MAX

enum phase { UNBORN, CONNECTING, HANDSHAKE, GREETING, TALKING, OVER };

struct client {
	SSL *ssl;
	int fd;
	enum phase phase;
	size_t session;    /* the number of its session among all */
	const char *step;  /* the letter under way */
	uint64_t wake;     /* when to go on by itself */
	uint64_t give_up;  /* when the answer is late */
	uint64_t literal;  /* bytes of a literal still to come */
	size_t message_at; /* how much of the message has come */
	bool idling, bye;  /* "+" was seen; BYE was seen */
	unsigned answered; /* untagged answers of the kind that is due */
	char out[OUT_MOST];
	size_t out_len, out_sent;
	size_t in_len;
	char in[LINE_MOST];
};

static struct {
	uint16_t port;
	const char *steps;
	size_t clients, sessions, users, addresses;
	uint64_t seconds, starts, idle_ms, drip_ms;
	bool keep_going;
} asked = {.steps = "lsfiq",
	   .clients = 1,
	   .sessions = SIZE_MAX,
	   .starts = 500,
	   .idle_ms = 1000,
	   .users = 100,
	   .addresses = 200};

static struct {
	size_t begun, done, logins, answers, errors, lost, refused, holding,
	    holding_most, open, open_most;
} count;

static struct client *clients;
static char *message;
static size_t message_len;
static SSL_CTX *tls;
static int poller;
static uint64_t now, began;
static bool released;

static uint64_t
clock_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

_Noreturn static void
die(const char *what)
{
	perror(what);
	exit(2);
}

/* --- one session's end ---------------------------------------------------- */

static void
hang_up(struct client *c)
{
	if (c->phase == UNBORN || c->phase == OVER)
		return;
	count.open--;
	if (c->idling && *c->step == 'h')
		count.holding--;
	SSL_free(c->ssl);
	(void)close(c->fd);
	c->ssl = NULL;
	c->idling = false;
	c->phase = UNBORN;
	c->wake = now;
}

static void
complain(const struct client *c, const char *what)
{
	static const char *const phases[] = {
	    "unborn", "connecting", "handshake", "greeting", "talking", "over"};

	if (count.errors + count.refused > COMPLAINTS)
		return;
	fprintf(stderr, "client: session %zu, %s, step %c: %s; had \"%.*s\"\n",
		c->session, phases[c->phase],
		c->step && *c->step ? *c->step : '-', what,
		(int)(c->in_len < 200 ? c->in_len : 200), c->in);
}

static void
fail(struct client *c, const char *what)
{
	count.errors++;
	complain(c, what);
	hang_up(c);
}

/* The connection broke, which may be expected. */
static void
lose(struct client *c, const char *what)
{
	if (asked.keep_going) {
		count.lost++;
		hang_up(c);
	} else {
		fail(c, what);
	}
}

static void
refuse(struct client *c)
{
	count.refused++;
	complain(c, strerror(errno));
	hang_up(c);
}

/* --- sending -------------------------------------------------------------- */

static bool
would_block(const struct client *c, int n)
{
	int why = SSL_get_error(c->ssl, n);

	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/* False: the session is over. */
static bool
send_some(struct client *c)
{
	size_t left = c->out_len - c->out_sent;
	int n;

	if (left == 0 || (asked.drip_ms && c->wake > now))
		return true;
	n = SSL_write(c->ssl, c->out + c->out_sent,
		      asked.drip_ms ? 1 : (int)left);
	if (n <= 0) {
		if (would_block(c, n))
			return true;
		lose(c, "lost while sending");
		return false;
	}
	c->out_sent += (size_t)n;
	c->give_up = now + PATIENCE_MS;
	c->wake = c->out_sent < c->out_len ? now + asked.drip_ms : NEVER;
	return true;
}

static size_t
user_of(const struct client *c)
{
	return asked.users ? c->session % asked.users : c->session;
}

static bool
say(struct client *c, const char *text)
{
	c->out_sent = 0;
	c->out_len = (size_t)snprintf(c->out, sizeof c->out, "%s\r\n", text);
	c->wake = now;
	return send_some(c);
}

static bool
begin_step(struct client *c)
{
	char text[OUT_MOST - 2];

	c->idling = false;
	c->answered = 0;
	c->message_at = 0;
	switch (*c->step) {
	case 'l':
		(void)snprintf(text, sizeof text, "l LOGIN u%zu correct-horse",
			       user_of(c));
		return say(c, text);
	case 's':
		return say(c, "s SELECT INBOX");
	case 'n':
		return say(c, "n NOOP");
	case 'f':
		return say(c, "f FETCH 1 (BODY.PEEK[])");
	case 'i':
		return say(c, "i IDLE");
	case 'h':
		return say(c, "h IDLE");
	case 'q':
		return say(c, "q LOGOUT");
	default:
		return true; /* the end of the steps: see ended */
	}
}

/* --- what comes back ------------------------------------------------------ */

static bool
begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

static bool
contains(const char *line, size_t len, const char *what)
{
	return memmem(line, len, what, strlen(what)) != NULL;
}

static void
idles(struct client *c)
{
	c->idling = true;
	c->wake =
	    now + asked.idle_ms / 2 + (uint64_t)rand() % (asked.idle_ms + 1);
	if (*c->step != 'h')
		return;
	c->wake = c->give_up = NEVER;
	if (++count.holding > count.holding_most)
		count.holding_most = count.holding;
	if (count.holding == asked.clients) {
		puts("holding");
		(void)fflush(stdout);
	}
}

/* The tagged answer has come. False: the session is over. */
static bool
step_done(struct client *c, const char *line, size_t len)
{
	const char wanted[] = {*c->step, ' ', 'O', 'K', ' ', '\0'};

	if (!begins(line, len, wanted)) {
		fail(c, "not the tagged OK that is due");
		return false;
	}
	if ((*c->step == 's' || *c->step == 'f') && c->answered != 1) {
		fail(c, "the answer before the tagged OK is not the one due");
		return false;
	}
	if (*c->step == 'f' && c->message_at != message_len) {
		fail(c, "not the whole message");
		return false;
	}
	if (*c->step == 'q' && !c->bye) {
		fail(c, "no BYE before the OK of LOGOUT");
		return false;
	}
	if (*c->step == 'l')
		count.logins++;
	count.answers++;
	c->step++;
	return begin_step(c);
}

static bool
untagged(struct client *c, const char *line, size_t len)
{
	if (begins(line, len, "* BYE")) {
		if (*c->step != 'q') {
			lose(c, "BYE");
			return false;
		}
		c->bye = true;
	} else if (*c->step == 's') {
		c->answered += contains(line, len, " EXISTS");
	} else if (*c->step == 'f' && contains(line, len, " FETCH (")) {
		c->answered++;
	}
	return true;
}

static bool
continuation(struct client *c)
{
	if ((*c->step != 'i' && *c->step != 'h') || c->idling) {
		fail(c, "a continuation that nobody asked for");
		return false;
	}
	idles(c);
	return true;
}

/* "{n}" at the end of a line. */
static uint64_t
literal_of(const char *line, size_t len)
{
	const char *open =
	    len > 0 && line[len - 1] == '}' ? memrchr(line, '{', len) : NULL;

	return open ? strtoull(open + 1, NULL, 10) : 0;
}

/* One line without its CRLF. False: the session is over. */
static bool
take_line(struct client *c, const char *line, size_t len)
{
	c->give_up = now + PATIENCE_MS;
	if (c->phase == GREETING) {
		if (!begins(line, len, "* OK ")) {
			fail(c, "not a greeting");
			return false;
		}
		c->phase = TALKING;
		return begin_step(c);
	}
	if (c->message_at > 0 && *c->step == 'f' && begins(line, len, ")"))
		return true;
	c->literal = literal_of(line, len);
	if (c->literal > 0 && (*c->step != 'f' || c->message_at > 0 ||
			       c->literal != message_len)) {
		fail(c, "a literal that is not due");
		return false;
	}
	if (begins(line, len, "* "))
		return untagged(c, line, len);
	if (begins(line, len, "+ "))
		return continuation(c);
	return step_done(c, line, len);
}

/* How many bytes of c->in were used; the session may be over then. */
static size_t
take_bytes(struct client *c, size_t at)
{
	const char *from = c->in + at, *lf;
	size_t left = c->in_len - at;

	if (c->literal > 0) {
		if (left > c->literal)
			left = (size_t)c->literal;
		if (memcmp(from, message + c->message_at, left) != 0) {
			fail(c, "the message is another one");
			return 0;
		}
		c->message_at += left;
		c->literal -= left;
		return left;
	}
	lf = memchr(from, '\n', left);
	if (!lf)
		return 0;
	if (lf == from || lf[-1] != '\r') {
		fail(c, "a line without CR");
		return 0;
	}
	(void)take_line(c, from, (size_t)(lf - from) - 1);
	return (size_t)(lf - from) + 1;
}

static bool
live(const struct client *c)
{
	return c->phase == GREETING || c->phase == TALKING;
}

static void
take_all(struct client *c)
{
	size_t at = 0;

	while (live(c) && at < c->in_len) {
		size_t n = take_bytes(c, at);

		if (n == 0)
			break;
		at += n;
	}
	if (!live(c))
		return;
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	if (c->in_len == sizeof c->in)
		fail(c, "a line without end");
}

/* The end of the stream: good after the last step, and with close_notify. */
static void
ended(struct client *c, int n)
{
	bool clean = SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN;

	if (c->phase == TALKING && *c->step == '\0' && c->in_len == 0 &&
	    clean) {
		count.done++;
		hang_up(c);
	} else {
		lose(c, clean ? "closed early" : "lost");
	}
}

static void
receive(struct client *c)
{
	while (live(c)) {
		int n = SSL_read(c->ssl, c->in + c->in_len,
				 (int)(sizeof c->in - c->in_len));

		if (n > 0) {
			c->in_len += (size_t)n;
			take_all(c);
		} else if (would_block(c, n)) {
			return;
		} else {
			ended(c, n);
			return;
		}
	}
}

/* --- the beginning -------------------------------------------------------- */

/* Where the client comes from: as many addresses as were asked for. */
static void
bind_source(const struct client *c)
{
	size_t which = (size_t)(c - clients) % asked.addresses;
	struct sockaddr_in from = {.sin_family = AF_INET};
	int on = 1;

	from.sin_addr.s_addr =
	    htonl((uint32_t)(0x7f000101 + which / 250 * 256 + which % 250));
	(void)setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
			 sizeof on);
	if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0)
		die("bind");
}

static void
begin(struct client *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(asked.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
				.data.u64 = (uint64_t)(c - clients)};
	int on = 1;

	*c = (struct client){.session = count.begun++,
			     .step = asked.steps,
			     .wake = NEVER,
			     .give_up = now + PATIENCE_MS,
			     .phase = CONNECTING};
	if (++count.open > count.open_most)
		count.open_most = count.open;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	bind_source(c);
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->ssl = SSL_new(tls);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set1_host(c->ssl, "localhost") != 1 ||
	    SSL_set_tlsext_host_name(c->ssl, "localhost") != 1)
		die("SSL_new");
	SSL_set_connect_state(c->ssl);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &e) != 0)
		die("epoll_ctl");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 &&
	    errno != EINPROGRESS)
		refuse(c);
}

static void
shake_hands(struct client *c)
{
	int n;

	ERR_clear_error();
	n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		c->phase = GREETING;
		c->give_up = now + PATIENCE_MS;
	} else if (!would_block(c, n)) {
		if (SSL_get_error(c->ssl, n) == SSL_ERROR_SSL &&
		    !asked.keep_going)
			ERR_print_errors_fp(stderr);
		lose(c, "the handshake failed");
	}
}

static void
check_connect(struct client *c)
{
	socklen_t len = sizeof errno;
	int error = 0;

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	if (error == ECONNREFUSED || error == ETIMEDOUT)
		refuse(c);
	else if (error != 0)
		lose(c, strerror(error));
	else
		c->phase = HANDSHAKE;
}

static void
ready(struct client *c, uint32_t events)
{
	if (c->phase == CONNECTING && events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
		check_connect(c);
	if (c->phase == HANDSHAKE)
		shake_hands(c);
	if (live(c)) {
		ERR_clear_error();
		if (send_some(c))
			receive(c);
	}
}

static bool
may_begin(void)
{
	return count.begun < asked.sessions &&
	       (asked.seconds == 0 || now - began < asked.seconds * 1000);
}

/* The time of a client has come. */
static void
woken(struct client *c)
{
	if (c->phase != UNBORN && c->out_sent < c->out_len) {
		(void)send_some(c);
		return;
	}
	c->wake = NEVER;
	if (c->phase == UNBORN) {
		if (may_begin())
			begin(c);
		else
			c->phase = OVER;
	} else if (c->idling) {
		if (*c->step == 'h')
			count.holding--;
		c->idling = false;
		c->give_up = now + PATIENCE_MS;
		(void)say(c, "DONE");
	}
}

/* --- all of them ---------------------------------------------------------- */

static void
release(void)
{
	char byte;

	(void)!read(STDIN_FILENO, &byte, 1);
	(void)epoll_ctl(poller, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
	released = true;
	asked.sessions = 0; /* no new ones */
}

/* Not all in one moment: a thundering herd is another test. */
static void
look_at_all(void)
{
	size_t spread = 0;

	for (size_t i = 0; i < asked.clients; i++) {
		struct client *c = &clients[i];

		if (released && c->idling && *c->step == 'h' &&
		    c->wake == NEVER)
			c->wake = now + spread++ * 1000 / asked.starts;
		if (c->wake <= now)
			woken(c);
		if (c->give_up <= now && c->phase != UNBORN && c->phase != OVER)
			fail(c, "no answer for a minute");
	}
}

static bool
all_over(void)
{
	for (size_t i = 0; i < asked.clients; i++)
		if (clients[i].phase != OVER)
			return false;
	return true;
}

static void
run(void)
{
	struct epoll_event events[256];
	uint64_t looked = 0;

	while (!all_over()) {
		int n = epoll_wait(poller, events, 256, TICK_MS);

		now = clock_ms();
		for (int i = 0; i < n; i++)
			if (events[i].data.u64 == (uint64_t)STDIN)
				release();
			else
				ready(&clients[events[i].data.u64],
				      events[i].events);
		if (now - looked >= TICK_MS) {
			looked = now;
			look_at_all();
		}
	}
}

static void
read_message(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		die(path);
	rewind(f);
	message_len = (size_t)size;
	message = malloc(message_len + 1);
	if (!message || fread(message, 1, message_len, f) != message_len)
		die(path);
	(void)fclose(f);
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*end) {
		fprintf(stderr, "client: not a number: %s\n", text);
		exit(2);
	}
	return n;
}

static void
read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "p:a:n:m:s:t:c:r:i:d:u:w:k")) != -1)
		switch (option) {
		case 'p':
			asked.port = (uint16_t)number(optarg);
			break;
		case 'a':
			if (SSL_CTX_load_verify_file(tls, optarg) != 1)
				die(optarg);
			break;
		case 'n':
			asked.clients = number(optarg);
			break;
		case 'm':
			read_message(optarg);
			break;
		case 's':
			asked.steps = optarg;
			break;
		case 't':
			asked.seconds = number(optarg);
			break;
		case 'c':
			asked.sessions = number(optarg);
			break;
		case 'r':
			asked.starts = number(optarg);
			break;
		case 'i':
			asked.idle_ms = number(optarg);
			break;
		case 'd':
			asked.drip_ms = number(optarg);
			break;
		case 'u':
			asked.users = number(optarg);
			break;
		case 'w':
			asked.addresses = number(optarg);
			break;
		case 'k':
			asked.keep_going = true;
			break;
		default:
			exit(2);
		}
}

static void
watch_stdin(void)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = (uint64_t)STDIN};

	if (strchr(asked.steps, 'h') &&
	    epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &e) != 0)
		die("stdin");
}

int
main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	tls = SSL_CTX_new(TLS_client_method());
	if (!tls)
		die("SSL_CTX_new");
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	read_options(argc, argv);
	poller = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(asked.clients, sizeof *clients);
	if (!clients)
		die("calloc");
	watch_stdin();
	began = now = clock_ms();
	for (size_t i = 0; i < asked.clients; i++)
		clients[i].wake = now + i * 1000 / asked.starts;
	run();
	printf("{\"begun\": %zu, \"done\": %zu, \"logins\": %zu, "
	       "\"answers\": %zu, \"errors\": %zu, \"lost\": %zu, "
	       "\"refused\": %zu, \"open_most\": %zu, \"holding_most\": %zu, "
	       "\"seconds\": %.1f}\n",
	       count.begun, count.done, count.logins, count.answers,
	       count.errors, count.lost, count.refused, count.open_most,
	       count.holding_most, (double)(clock_ms() - began) / 1000);
	return count.errors + count.refused > 0;
}
