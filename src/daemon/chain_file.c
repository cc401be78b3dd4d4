/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/chain_file.h"

#include "base/random.h"
#include "base/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* As it lies in the file; numbers are little-endian. */
enum {
	MAGIC = 8,
	AT_ID = MAGIC,
	AT_SEQUENCE = AT_ID + CHAIN_ID,
	AT_KEY = AT_SEQUENCE + 8,
	AT_SEED = AT_KEY + CHAIN_KEY,
	AT_CHECK = AT_SEED + CHAIN_KEY,
	STATE_SIZE = AT_CHECK + DIGEST,
	KEY_FILE_MAX = 256
};

static const char magic[MAGIC + 1] = "iwchain1";

#define KEY_TITLE "imapward audit key 1"

static enum err refuse(struct chain_fault *f, enum err cause,
		       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err
refuse(struct chain_fault *f, enum err cause, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return cause;
}

/* So that a file cut short or written over is noticed; not against anybody. */
static void
check_of(const unsigned char *state, unsigned char out[DIGEST])
{
	struct slice all = slice_of(state, AT_CHECK);

	digest_mac(state + AT_KEY, &all, 1, out);
}

static void
pack(const struct chain *c, unsigned char out[STATE_SIZE])
{
	memcpy(out, magic, MAGIC);
	memcpy(out + AT_ID, c->id, CHAIN_ID);
	for (size_t i = 0; i < 8; i++)
		out[AT_SEQUENCE + i] = (unsigned char)(c->sequence >> (8 * i));
	memcpy(out + AT_KEY, c->key, CHAIN_KEY);
	memcpy(out + AT_SEED, c->seed, CHAIN_KEY);
	check_of(out, out + AT_CHECK);
}

static bool
unpack(const unsigned char in[STATE_SIZE], struct chain *c)
{
	unsigned char check[DIGEST];

	check_of(in, check);
	if (memcmp(in, magic, MAGIC) != 0 ||
	    memcmp(in + AT_CHECK, check, sizeof check) != 0)
		return false;
	memcpy(c->id, in + AT_ID, CHAIN_ID);
	c->sequence = 0;
	for (size_t i = 8; i > 0; i--)
		c->sequence = c->sequence << 8 | in[AT_SEQUENCE + i - 1];
	memcpy(c->key, in + AT_KEY, CHAIN_KEY);
	memcpy(c->seed, in + AT_SEED, CHAIN_KEY);
	return true;
}

enum err
chain_file_save(int fd, const struct chain *c)
{
	unsigned char state[STATE_SIZE];
	ssize_t n;

	pack(c, state);
	n = pwrite(fd, state, sizeof state, 0);
	wipe(state, sizeof state);
	if (n == STATE_SIZE)
		return ERR_OK;
	if (n >= 0)
		errno = EIO;
	return ERR_SYSTEM;
}

static enum err
read_state(int fd, struct chain *c, struct chain_fault *fault)
{
	unsigned char state[STATE_SIZE];
	bool good =
	    pread(fd, state, sizeof state, 0) == STATE_SIZE && unpack(state, c);

	wipe(state, sizeof state);
	return good ? ERR_OK
		    : refuse(fault, ERR_MISMATCH,
			     "it is no state of a chain, or damaged; imapward "
			     "audit init makes a new one");
}

/* Nobody else may read it, and nobody else has it open. */
static enum err
judge(int fd, struct chain_fault *fault)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(fault, ERR_SYSTEM, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(fault, ERR_REFUSED, "not a regular file");
	if (st.st_mode & 077)
		return refuse(fault, ERR_REFUSED,
			      "others may read it (mode %04o); chmod 600",
			      (unsigned)st.st_mode & 07777);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return refuse(fault, ERR_BUSY,
			      "another process writes to this chain");
	return ERR_OK;
}

enum err
chain_file_open(const char *path, struct chain *c, int *fd,
		struct chain_fault *fault)
{
	int opened =
	    open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum err e;

	if (opened < 0 && errno == ENOENT)
		return refuse(
		    fault, ERR_MISSING,
		    "it does not exist; imapward audit init makes it");
	if (opened < 0)
		return refuse(fault, ERR_DENIED, "%s", strerror(errno));
	e = judge(opened, fault);
	if (e == ERR_OK)
		e = read_state(opened, c, fault);
	if (e == ERR_OK)
		*fd = opened;
	else
		(void)close(opened);
	return e;
}

enum err
chain_file_check(const char *path, struct chain_fault *fault)
{
	struct chain c;
	int fd = -1;
	enum err e = chain_file_open(path, &c, &fd, fault);

	wipe(&c, sizeof c);
	if (fd >= 0)
		(void)close(fd);
	/* The daemon that runs. */
	return e == ERR_BUSY ? ERR_OK : e;
}

bool
chain_file_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void
chain_file_id(const unsigned char id[CHAIN_ID], char out[2 * CHAIN_ID + 1])
{
	for (size_t i = 0; i < CHAIN_ID; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", (unsigned)id[i]);
}

static enum err
make_file(const char *path, const void *bytes, size_t len,
	  struct chain_fault *fault)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0 && errno == EEXIST)
		return refuse(fault, ERR_DUPLICATE,
			      "it exists; move it away first");
	if (fd < 0)
		return refuse(fault, ERR_SYSTEM, "%s", strerror(errno));
	good = write(fd, bytes, len) == (ssize_t)len && fsync(fd) == 0;
	if (close(fd) == 0 && good)
		return ERR_OK;
	(void)refuse(fault, ERR_SYSTEM, "%s", strerror(errno));
	(void)unlink(path);
	return ERR_SYSTEM;
}

static void
put_hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", (unsigned)bytes[i]);
}

static enum err
make_key(const char *path, const struct chain_secret *s,
	 struct chain_fault *fault)
{
	char id[2 * CHAIN_ID + 1], secret[2 * CHAIN_KEY + 1];
	char text[KEY_FILE_MAX];
	enum err e;
	int n;

	put_hex(s->id, sizeof s->id, id);
	put_hex(s->secret, sizeof s->secret, secret);
	n = snprintf(text, sizeof text, KEY_TITLE "\nchain %s\nsecret %s\n", id,
		     secret);
	e = make_file(path, text, (size_t)n, fault);
	wipe(secret, sizeof secret);
	wipe(text, sizeof text);
	return e;
}

static enum err
make_state(const char *path, const struct chain_secret *s,
	   struct chain_fault *fault)
{
	unsigned char state[STATE_SIZE];
	struct chain c;
	enum err e;

	chain_begin(&c, s->id, s->secret);
	pack(&c, state);
	e = make_file(path, state, sizeof state, fault);
	wipe(&c, sizeof c);
	wipe(state, sizeof state);
	return e;
}

enum err
chain_file_make(const char *state, const char *key, const char **path,
		struct chain_fault *fault)
{
	struct chain_secret s;
	enum err e = random_fill(&s, sizeof s);

	*path = key;
	if (e != ERR_OK)
		return refuse(fault, e, "no random numbers");
	e = make_key(key, &s, fault);
	if (e == ERR_OK) {
		*path = state;
		e = make_state(state, &s, fault);
		if (e != ERR_OK)
			(void)unlink(key);
	}
	wipe(&s, sizeof s);
	return e;
}

static int
hex_value(unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, byte_lower(c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* A line of the file: the name, a blank, n bytes in hex. */
static bool
take_hex(struct slice *rest, struct slice name, unsigned char *out, size_t n)
{
	struct slice line = slice_cut(rest, '\n');
	struct slice hex = slice_skip(line, name.len);

	if (!slice_eq(slice_head(line, name.len), name) || hex.len != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(hex.ptr[2 * i]);
		int low = hex_value(hex.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool
parse_key(struct slice text, struct chain_secret *out)
{
	return slice_eq(slice_cut(&text, '\n'), SLICE(KEY_TITLE)) &&
	       take_hex(&text, SLICE("chain "), out->id, sizeof out->id) &&
	       take_hex(&text, SLICE("secret "), out->secret,
			sizeof out->secret);
}

enum err
chain_file_read_key(const char *path, struct chain_secret *out,
		    struct chain_fault *fault)
{
	char text[KEY_FILE_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	enum err e = ERR_OK;

	if (n < 0)
		e = refuse(fault, ERR_SYSTEM, "%s", strerror(errno));
	else if (!parse_key(slice_of(text, (size_t)n), out))
		e = refuse(fault, ERR_SYNTAX,
			   "it is no key as imapward audit init makes it");
	if (fd >= 0)
		(void)close(fd);
	wipe(text, sizeof text);
	return e;
}
