/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings.h"

#include "audit/json.h"
#include "base/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	COLUMNS = 80,
	INDENT = 2,
	DEEPER = 4,
	LABEL = 5,
	ROOTS_MAX = 4 * 1024 * 1024
};

/* Debian and Alpine, Fedora, openSUSE, the BSDs. */
static const char *const roots[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

/* Up to `most` bytes and the end, or false and errno. */
static bool
read_all(int fd, unsigned char *mem, size_t most, size_t *len)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, mem + n, most + 1 - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		n += (size_t)got;
		if (n > most) {
			errno = EFBIG;
			return false;
		}
	}
	*len = n;
	return true;
}

static bool
read_file(const char *path, size_t most, struct slice *out, unsigned *mode)
{
	/* O_NONBLOCK: a FIFO must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char *mem = fd < 0 ? NULL : malloc(most + 1);
	struct stat st;
	size_t n = 0;
	bool good = mem && fstat(fd, &st) == 0 && read_all(fd, mem, most, &n);
	int why = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = why;
	if (!good) {
		free(mem);
		return false;
	}
	*out = slice_of(mem, n);
	if (mode)
		*mode = st.st_mode & 07777;
	return true;
}

bool
findings_read(const char *path, size_t most, struct slice *out, unsigned *mode)
{
	if (read_file(path, most, out, mode))
		return true;
	fprintf(stderr, "imapward: %s: %s%s\n", path, strerror(errno),
		errno == EISDIR ? "; name the files in it" : "");
	return false;
}

void
findings_forget(struct slice *bytes)
{
	void *mem = (void *)(uintptr_t)bytes->ptr;

	if (bytes->len > 0)
		wipe(mem, bytes->len);
	free(mem);
	*bytes = slice_of(NULL, 0);
}

struct slice
findings_system_roots(void)
{
	struct slice s = {NULL, 0};

	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		if (read_file(roots[i], ROOTS_MAX, &s, NULL))
			break;
	return s;
}

/* Words of `text` from `column` on; further lines begin at `indent`. */
static void
print_wrapped(size_t indent, size_t column, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (column > indent && column + 1 + n > COLUMNS) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)n, text);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void
print_part(const char *label, const char *text)
{
	printf("%*s%-*s", DEEPER, "", LABEL, label);
	print_wrapped(DEEPER + LABEL, DEEPER + LABEL, text);
}

static void
date_text(int64_t seconds, char *out, size_t cap)
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	if (strftime(out, cap, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

/* "2 errors, 1 warning" */
static void
print_totals(const struct lint *l)
{
	const char *comma = "";

	for (size_t i = LINT_SEVERITIES; i-- > 0;) {
		size_t n = l->totals[i];

		if (n == 0)
			continue;
		printf("%s%zu %s%s", comma, n,
		       lint_severity_text((enum lint_severity)i),
		       n == 1 ? "" : "s");
		comma = ", ";
	}
	printf("%s\n", *comma ? "" : "nothing to complain about");
}

void
findings_print(const char *path, const struct lint *l)
{
	char until[32];

	printf("%s: ", path);
	if (l->name[0]) {
		date_text(l->not_after, until, sizeof until);
		printf("%s, until %.10s: ", l->name, until);
	}
	print_totals(l);
	for (size_t i = 0; i < l->count; i++) {
		const struct lint_finding *f = &l->findings[i];

		printf("\n%*s%s: %s\n", INDENT, "",
		       lint_severity_text(f->rule->severity), f->rule->name);
		printf("%*s", DEEPER, "");
		print_wrapped(DEEPER, DEEPER, f->text);
		print_part("Who:", f->rule->who);
		print_part("Do:", f->rule->advice);
	}
	if (l->dropped > 0)
		printf("\n%*s... and %zu more\n", INDENT, "", l->dropped);
}

static void
print_string(const char *name, const char *value)
{
	char text[JSON_STRING_MAX];
	bool cut = false;
	size_t n = json_string(slice_str(value), text, &cut);

	printf("\"%s\":%.*s", name, (int)n, text);
}

void
findings_print_json(const char *path, const struct lint *l)
{
	const char *verdict = l->totals[LINT_ERROR] > 0     ? "error"
			      : l->totals[LINT_WARNING] > 0 ? "warning"
							    : "fine";
	char until[32];

	putchar('{');
	print_string("file", path);
	putchar(',');
	print_string("verdict", verdict);
	printf(",\"certificates\":%zu", l->certificates);
	if (l->name[0]) {
		date_text(l->not_after, until, sizeof until);
		putchar(',');
		print_string("name", l->name);
		putchar(',');
		print_string("not_after", until);
	}
	printf(",\"dropped\":%zu,\"findings\":[", l->dropped);
	for (size_t i = 0; i < l->count; i++) {
		const struct lint_finding *f = &l->findings[i];

		printf("%s{", i > 0 ? "," : "");
		print_string("rule", f->rule->name);
		putchar(',');
		print_string("severity", lint_severity_text(f->rule->severity));
		printf(",\"certificate\":%zu,", f->certificate);
		print_string("what", f->text);
		putchar(',');
		print_string("who", f->rule->who);
		putchar(',');
		print_string("advice", f->rule->advice);
		putchar('}');
	}
	puts("]}");
}
