/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chain_files.h"

#include "x509/names.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>

#include <sys/wait.h>

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEM_MAX = 65536, NAME = 64, ARGUMENTS = 40 };

static void
add_pem(const char *names, struct slice (*find)(const char *name), int type,
	char *out, size_t cap)
{
	struct slice rest = slice_str(names);
	char name[NAME];

	while (rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');
		size_t used = strlen(out);
		struct slice der;
		int n;

		(void)snprintf(name, sizeof name, "%.*s", (int)word.len,
			       (const char *)word.ptr);
		der = find(name);
		n = wc_DerToPem(der.ptr, (word32)der.len, (byte *)out + used,
				(word32)(cap - used - 1), type);
		assert(n > 0);
		out[used + (size_t)n] = '\0';
	}
}

void
chain_pem(const char *names, char *out, size_t cap)
{
	add_pem(names, chain_certificate, CERT_TYPE, out, cap);
}

void
chain_crl_pem(const char *names, char *out, size_t cap)
{
	add_pem(names, chain_crl, CRL_TYPE, out, cap);
}

/* --- openssl(1) --------------------------------------------------------------
 */

enum { LEAF, OTHERS, ROOTS, LISTS, FILES };

struct run {
	char folder[32];
	char paths[FILES][NAME];
	char at[24], host[NAME];
	const char *argv[ARGUMENTS];
	size_t argc;
};

static void
write_file(const struct run *r, size_t file, const char *text)
{
	FILE *f = fopen(r->paths[file], "w");

	assert(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static void
write_files(struct run *r, const struct chain_case *c)
{
	static const char *const names[] = {"leaf", "others", "roots", "lists"};
	static char text[PEM_MAX];
	size_t first = strcspn(c->presented, " ");
	char leaf[NAME];

	(void)snprintf(r->folder, sizeof r->folder, "/tmp/chain-XXXXXX");
	assert(mkdtemp(r->folder) != NULL);
	for (size_t i = 0; i < FILES; i++)
		(void)snprintf(r->paths[i], NAME, "%s/%s", r->folder, names[i]);
	(void)snprintf(leaf, sizeof leaf, "%.*s", (int)first, c->presented);
	text[0] = '\0';
	chain_pem(leaf, text, sizeof text);
	write_file(r, LEAF, text);
	text[0] = '\0';
	chain_pem(c->presented + first + (c->presented[first] == ' '), text,
		  sizeof text);
	write_file(r, OTHERS, text);
	text[0] = '\0';
	chain_pem(c->anchors, text, sizeof text);
	write_file(r, ROOTS, text);
	text[0] = '\0';
	chain_crl_pem(c->crls ? c->crls : "", text, sizeof text);
	write_file(r, LISTS, text);
}

static void
remove_files(const struct run *r)
{
	for (size_t i = 0; i < FILES; i++)
		(void)unlink(r->paths[i]);
	(void)rmdir(r->folder);
}

static void
put(struct run *r, const char *argument)
{
	assert(r->argc + 1 < ARGUMENTS);
	r->argv[r->argc++] = argument;
}

static void
put_pair(struct run *r, const char *option, const char *value)
{
	put(r, option);
	put(r, value);
}

/*
 * -partial_chain: a CA that is trusted need not be a root. Level 2: 112 bits.
 * Depth 9: ten on the way without the anchor. An empty file holds no roots.
 */
static void
put_arguments(struct run *r, const struct chain_case *c)
{
	unsigned char address[ADDRESS_MAX];
	const char *host = c->host ? c->host : CHAINS_HOST;

	(void)snprintf(r->at, sizeof r->at, "%lld", (long long)CHAINS_NOW);
	put_pair(r, "openssl", "verify");
	put_pair(r, "-purpose", "sslserver");
	put_pair(r, "-x509_strict", "-partial_chain");
	put_pair(r, "-policy", "anyPolicy");
	put_pair(r, "-no-CApath", "-no-CAstore");
	put_pair(r, "-attime", r->at);
	put_pair(r, "-auth_level", "2");
	put_pair(r, "-verify_depth", "9");
	if (c->anchors[0])
		put_pair(r, "-CAfile", r->paths[ROOTS]);
	else
		put(r, "-no-CAfile");
	if (strchr(c->presented, ' '))
		put_pair(r, "-untrusted", r->paths[OTHERS]);
	put_pair(r,
		 names_address(slice_str(host), address) > 0
		     ? "-verify_ip"
		     : "-verify_hostname",
		 host);
	if (c->crls)
		put_pair(r, "-CRLfile", r->paths[LISTS]);
	if (c->revocation != REVOCATION_OFF)
		put(r, c->revocation == REVOCATION_ALL ? "-crl_check_all"
						       : "-crl_check");
	if (c->revocation == REVOCATION_ALL)
		put(r, "-crl_check");
	put(r, r->paths[LEAF]);
	r->argv[r->argc] = NULL;
}

static void
become(const struct run *r)
{
	int null = open("/dev/null", O_RDWR);

	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(null, i);
	(void)execvp(r->argv[0], (char *const *)(uintptr_t)r->argv);
	_exit(127);
}

/* 0: verified; 2: it was not; anything else is no opinion. */
static enum opinion
ask(const struct run *r)
{
	pid_t child = fork();
	int status = -1;

	if (child == 0)
		become(r);
	if (child < 0 || waitpid(child, &status, 0) != child ||
	    !WIFEXITED(status))
		return OPINION_NONE;
	return WEXITSTATUS(status) == 0   ? OPINION_GOOD
	       : WEXITSTATUS(status) == 2 ? OPINION_BAD
					  : OPINION_NONE;
}

enum opinion
chain_opinion(const struct chain_case *c)
{
	struct run r = {.argc = 0};
	enum opinion o;

	write_files(&r, c);
	put_arguments(&r, c);
	o = ask(&r);
	remove_files(&r);
	return o;
}
