/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * config.c - imapward config: check and print a configuration, show the sample.
 */
#include "cli/commands.h"

#include "findings.h"

#include "base/clock.h"
#include "config/settings.h"
#include "daemon/files.h"
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_CONFIG = 2, EXIT_USAGE = 64 };

static const char usage[] =
    "usage: imapward config check FILE   is FILE a valid configuration?\n"
    "       imapward config print FILE   FILE with every default filled in\n"
    "       imapward config sample       a commented configuration\n"
    "       imapward config manual       the list of keys, for mdoc(7)\n"
    "\n"
    "check also judges what FILE names: certificate, key, user, audit log.\n"
    "FILE may be -, the standard input.\n"
    "\n"
    "exit codes: 0 fine, 1 output failed, 2 bad configuration, 64 usage\n";

static void
write_out(void *arg, struct slice text)
{
	fwrite(text.ptr, 1, text.len, arg);
}

/* Output that did not reach its place is no success. */
static int
finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "imapward: standard output: %s\n", strerror(errno));
	return EXIT_FAILURE;
}

static bool
is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static const char *
name_of(const char *path)
{
	return is_stdin(path) ? "standard input" : path;
}

/* Up to one byte more than a configuration may have; settings_load refuses
 * that. */
static bool
read_file(const char *path, unsigned char **out, size_t *len)
{
	size_t cap = SETTINGS_BYTES_MAX + 1;
	struct stat st;
	int fd = is_stdin(path)
		     ? dup(STDIN_FILENO)
		     : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char *mem = NULL;
	ssize_t n;

	if (fd >= 0 && !is_stdin(path) && fstat(fd, &st) == 0 &&
	    !S_ISREG(st.st_mode)) {
		(void)close(fd);
		fd = -1;
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	mem = fd < 0 ? NULL : malloc(cap);
	n = mem ? 1 : -1;
	for (*len = 0; n > 0 && *len < cap; *len += (size_t)n) {
		n = read(fd, mem + *len, cap - *len);
		if (n < 0)
			break;
	}
	if (n < 0) {
		fprintf(stderr, "imapward: %s: %s\n", name_of(path),
			strerror(errno));
		free(mem);
		mem = NULL;
	}
	if (fd >= 0)
		close(fd);
	*out = mem;
	return mem != NULL;
}

static struct settings *
load(const char *path)
{
	struct settings_fault fault;
	struct settings *s = NULL;
	unsigned char *mem;
	size_t len;
	enum err e;

	if (!read_file(path, &mem, &len))
		return NULL;
	e = settings_load(slice_of(mem, len), &s, &fault);
	free(mem);
	if (e == ERR_OK)
		return s;
	fprintf(stderr, "imapward: %s:", name_of(path));
	if (fault.line > 0)
		fprintf(stderr, "%u:%u:", fault.line, fault.column);
	fprintf(stderr, " %s\n", fault.text);
	return NULL;
}

static void
warn(const char *text)
{
	fprintf(stderr, "imapward: warning: %s\n", text);
}

/* What is served all the same, but mail programs will not like. */
static void
warn_of_file(const char *path, const char *text)
{
	printf("%s: warning: %s\n", path, text);
}

/* All that `imapward run` would refuse, short of taking the ports. */
static int
check(const char *path)
{
	struct files files = {0};
	struct snapshot *snapshot = NULL;
	struct snapshot_fault fault = {"the TLS library cannot be used"};
	struct slice roots = findings_system_roots();
	const struct files_options o = {.now =
					    (int64_t)(clock_wall_ms() / 1000),
					.roots = roots,
					.threads = setup_processors()};
	enum err e = tls_library_init();

	if (e == ERR_OK)
		e = is_stdin(path)
			? files_read_from(STDIN_FILENO, name_of(path), &o,
					  &files, &fault)
			: files_read(path, &o, &files, &fault);
	if (e == ERR_OK)
		e = snapshot_build(&files.source, &snapshot, &fault);
	if (e == ERR_OK)
		e = setup_check(&files, policy_settings(snapshot->policy),
				&fault);
	if (e == ERR_OK) {
		setup_warn(policy_settings(snapshot->policy), warn);
		setup_notices(&files.notices, NOTICES_MAX, warn_of_file);
	} else {
		fprintf(stderr, "imapward: %s\n", fault.text);
	}
	findings_forget(&roots);
	snapshot_unref(snapshot);
	files_clear(&files);
	if (e != ERR_OK)
		return EXIT_CONFIG;
	printf("%s: the configuration is valid\n", name_of(path));
	return finish();
}

static int
print(const char *path)
{
	struct settings *s = load(path);

	if (!s)
		return EXIT_CONFIG;
	settings_print(s, write_out, stdout);
	settings_free(s);
	return finish();
}

static int
sample(const char *path)
{
	(void)path;
	settings_sample(write_out, stdout);
	return finish();
}

static int
manual(const char *path)
{
	(void)path;
	settings_manual(write_out, stdout);
	return finish();
}

static const struct {
	const char *name;
	int args;
	int (*run)(const char *path);
} actions[] = {
    {"check", 1, check},
    {"print", 1, print},
    {"sample", 0, sample},
    {"manual", 0, manual},
};

int
cli_config(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			fputs(usage, stdout);
			return finish();
		}
	}
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(name, actions[i].name) == 0 &&
		    argc - 2 == actions[i].args)
			return actions[i].run(argv[2]);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
