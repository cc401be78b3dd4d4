/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cert.c - imapward cert: check, what mail programs will not like about a
 * certificate; list (cert_list.c).
 */
#include "cli/commands.h"

#include "cert_list.h"
#include "findings.h"

#include "base/clock.h"
#include "daemon/setup.h"
#include "tls/pair.h"
#include "tls/store.h"
#include "x509/der.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WARNINGS = 1, EXIT_ERRORS = 2, NAMES_MAX = 256 };

/* Larger files are for pair_read to refuse. */
enum { READ_MAX = 4 * PAIR_FILE_MAX };

static const char usage[] =
    "usage: imapward cert check FILE... [--key FILE] [--passphrase FILE]\n"
    "                           [--staple FILE] [--name HOST]... [--ca FILE]\n"
    "                           [--at TIME] [--json]\n"
    "       imapward cert list [-c FILE | -s SOCKET] [--json]\n"
    "\n"
    "Says what mail programs will not like about the chain of certificates in\n"
    "each FILE, as certificates.chain would name it; or lists those that the\n"
    "daemon presents (see imapward cert list --help).\n"
    "\n"
    "  -k, --key FILE    its private key; without it, one in FILE itself\n"
    "  -p, --passphrase FILE\n"
    "                    its first line opens the key, if that is encrypted\n"
    "  -s, --staple FILE the OCSP response (DER) that is sent with it\n"
    "  -n, --name HOST   a name mail programs connect to; may be repeated\n"
    "  -a, --ca FILE     roots that your clients have, besides the system's\n"
    "  -t, --at TIME     as if it were 2026-11-22 or 2026-11-22T05:30:00Z\n"
    "  -j, --json        one JSON object for each FILE and line\n"
    "\n"
    "exit codes: 0 fine, 1 warnings, 2 errors: imapward would not load it,\n"
    "3 cannot run, 64 usage\n";

struct order {
	struct lint_input in;
	struct slice names[NAMES_MAX];
	const char *key_path, *passphrase_path, *staple_path, *ca_path;
	bool json;
};

static int
misused(void)
{
	(void)fputs(usage, stderr);
	return EXIT_CODE_USAGE;
}

/* "2026-11-22" or "2026-11-22T05:30:00Z": DER has it without the marks. */
static bool
read_time(const char *text, int64_t *out)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
	char digits[] = "00000000000000Z";
	size_t len = strlen(text), n = 0;
	struct der d = {.tag = DER_GENERALIZED_TIME};

	if (len != 10 && len != sizeof pattern - 1)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (pattern[i] != 'd' && text[i] != pattern[i])
			return false;
		if (pattern[i] == 'd')
			digits[n++] = text[i];
	}
	d.content = slice_str(digits);
	return der_time(&d, out);
}

static bool
add_name(struct order *o, const char *name)
{
	if (!*name || o->in.name_count == NAMES_MAX)
		return false;
	o->names[o->in.name_count++] = slice_str(name);
	return true;
}

static bool
take_option(struct order *o, int option)
{
	switch (option) {
	case 'k':
		o->key_path = optarg;
		return true;
	case 'p':
		o->passphrase_path = optarg;
		return true;
	case 's':
		o->staple_path = optarg;
		return true;
	case 'n':
		return add_name(o, optarg);
	case 'a':
		o->ca_path = optarg;
		return true;
	case 't':
		return read_time(optarg, &o->in.now);
	case 'j':
		o->json = true;
		return true;
	default:
		return false;
	}
}

static bool
has_key(struct slice file)
{
	static const char mark[] = "PRIVATE KEY-----";

	return file.len > 0 &&
	       memmem(file.ptr, file.len, mark, sizeof mark - 1) != NULL;
}

static int
code_of(const struct lint *l)
{
	return l->totals[LINT_ERROR] > 0     ? EXIT_ERRORS
	       : l->totals[LINT_WARNING] > 0 ? EXIT_WARNINGS
					     : EXIT_SUCCESS;
}

static int
check_file(struct order *o, const char *path)
{
	static struct lint lint; /* large */
	struct lint_input in = o->in;
	unsigned mode = 0;
	int code = EXIT_CODE_RUN;

	if (!findings_read(path, READ_MAX, &in.chain, &mode))
		return EXIT_ERRORS;
	if (!o->key_path && has_key(in.chain)) {
		in.key = in.chain;
		in.key_mode = mode;
	}
	if (lint_run(&in, &lint) == ERR_OK) {
		code = code_of(&lint);
		if (o->json)
			findings_print_json(path, &lint);
		else
			findings_print(path, &lint);
	} else {
		fprintf(stderr, "imapward: %s: %s\n", path,
			err_text(ERR_NOMEM));
	}
	findings_forget(&in.chain);
	return code;
}

static int
check_files(struct order *o, int count, char **paths)
{
	struct lint_input *in = &o->in;
	struct slice passphrase = {NULL, 0};
	int code = EXIT_SUCCESS;

	if ((o->key_path &&
	     !findings_read(o->key_path, READ_MAX, &in->key, &in->key_mode)) ||
	    (o->passphrase_path &&
	     !findings_read(o->passphrase_path, READ_MAX, &passphrase, NULL)) ||
	    (o->staple_path &&
	     !findings_read(o->staple_path, READ_MAX, &in->staple, NULL)) ||
	    (o->ca_path &&
	     !findings_read(o->ca_path, READ_MAX, &in->own_roots, NULL)))
		code = EXIT_ERRORS;
	in->passphrase = pair_passphrase(passphrase);
	in->public_roots = findings_system_roots();
	for (int i = 0; code != EXIT_CODE_RUN && i < count; i++) {
		int one = check_file(o, paths[i]);

		if (!o->json && i + 1 < count)
			putchar('\n');
		if (one > code)
			code = one;
	}
	findings_forget(&in->key);
	findings_forget(&passphrase);
	findings_forget(&in->staple);
	findings_forget(&in->own_roots);
	findings_forget(&in->public_roots);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	fprintf(stderr, "imapward: standard output: %s\n", strerror(errno));
	return EXIT_CODE_RUN;
}

int
cli_cert(int argc, char **argv)
{
	static const struct option options[] = {
	    {"key", required_argument, NULL, 'k'},
	    {"passphrase", required_argument, NULL, 'p'},
	    {"staple", required_argument, NULL, 's'},
	    {"name", required_argument, NULL, 'n'},
	    {"ca", required_argument, NULL, 'a'},
	    {"at", required_argument, NULL, 't'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	static struct order o;
	int c;

	if (argc > 1 && strcmp(argv[1], "list") == 0)
		return cert_list(argc - 1, argv + 1);
	o.in.names = o.names;
	o.in.now = (int64_t)(clock_wall_ms() / 1000);
	while ((c = getopt_long(argc, argv, "k:p:s:n:a:t:jh", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_CODE_RUN
							: EXIT_SUCCESS;
		if (!take_option(&o, c))
			return misused();
	}
	/* One key, and one response, belong to one chain. */
	if (argc - optind < 2 || strcmp(argv[optind], "check") != 0 ||
	    ((o.key_path || o.staple_path) && argc - optind > 2))
		return misused();
	if (tls_library_init() != ERR_OK) {
		(void)fputs("imapward: the TLS library cannot be used\n",
			    stderr);
		return EXIT_CODE_RUN;
	}
	return check_files(&o, argc - optind - 1, argv + optind + 1);
}
