/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/verify.h"

#include "tls/store.h"
#include "unit/chain_files.h"
#include "unit/chains.h"
#include "unit/input.h"

#include <stdio.h>

#define PIN_A "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_B "sha256/BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static struct slice
pem_of(const char *names)
{
	static char pem[4][16384];
	static unsigned next;
	char *out = pem[next++ % 4];

	out[0] = '\0';
	chain_pem(names, out, sizeof pem[0]);
	return slice_str(out);
}

static struct slice
crls_of(const char *names)
{
	static char pem[16384];

	pem[0] = '\0';
	chain_crl_pem(names, pem, sizeof pem);
	return slice_str(pem);
}

/* Each of the cases once more, by way of PEM. */
static void
judges_cases(void)
{
	static struct chain c;
	static struct path p;

	for (size_t i = 0; i < chain_cases_count; i++) {
		const struct chain_case *row = &chain_cases[i];
		const struct verify_source src = {
		    .anchors = pem_of(row->anchors),
		    .crls = crls_of(row->crls ? row->crls : ""),
		    .revocation = row->revocation};
		struct verify_question q;
		struct verify_fault fault;
		struct verify *v = NULL;
		enum err e = verify_new(&src, &v, &fault);

		chain_make(row, &c);
		/* What would be told at once. */
		if (e != ERR_OK) {
			SHOWS(row->shows, c.input.anchors_count == 0 ||
					      row->reason == PATH_CRL_UNUSABLE);
			continue;
		}
		q = (struct verify_question){c.presented,
					     c.input.presented_count,
					     c.input.host, CHAINS_NOW};
		SHOWS(row->shows,
		      verify_chain(v, &q, &p) == (row->reason == PATH_OK));
		SHOWS(row->shows, p.reason == row->reason);
		verify_free(v);
	}
}

static const struct {
	const char *shows;
	const char *anchors, *crls;
	enum path_revocation revocation;
	const char *pins[3];
	bool pins_suffice, tolerant;
	enum err result;
	const char *text;
} sources[] = {
    {.shows = "anchors", .anchors = "root other"},
    {.shows = "none",
     .anchors = "",
     .result = ERR_MISSING,
     .text = "there is no certificate in it"},
    {.shows = "a bad one",
     .anchors = "root leaf-names-twice",
     .result = ERR_SYNTAX,
     .text = "certificate 2 cannot be read"},
    {.shows = "a bad one among many",
     .anchors = "root leaf-names-twice",
     .tolerant = true},
    {.shows = "nothing but bad ones",
     .anchors = "leaf-names-twice",
     .tolerant = true,
     .result = ERR_MISSING,
     .text = "there is no certificate in it"},
    {.shows = "lists",
     .anchors = "root",
     .crls = "ca-good root-good",
     .revocation = REVOCATION_ALL},
    {.shows = "a list that is of no use",
     .anchors = "root",
     .crls = "ca-good ca-delta",
     .result = ERR_MISMATCH,
     .text = "list 2 of revoked certificates cannot be used: it is a delta "
	     "list"},
    {.shows = "no list",
     .anchors = "root",
     .revocation = REVOCATION_LEAF,
     .result = ERR_MISSING,
     .text = "it must be known that certificates are not revoked, and there "
	     "is no list"},
    {.shows = "no list, and none is needed",
     .anchors = "root",
     .revocation = REVOCATION_SOFT},
    {.shows = "pins", .anchors = "root", .pins = {PIN_A, PIN_B}},
    {.shows = "one pin",
     .anchors = "root",
     .pins = {PIN_A},
     .result = ERR_MISSING,
     .text = "one pin only: a second one, of a key in reserve, must be there "
	     "for when the first is lost"},
    {.shows = "a pin that is none",
     .anchors = "root",
     .pins = {PIN_A, "sha256/AAAA"},
     .result = ERR_SYNTAX,
     .text = "pin 2 is not \"sha256/\" and 44 characters of base64"},
    {.shows = "pins alone",
     .anchors = "",
     .pins = {PIN_A, PIN_B},
     .pins_suffice = true},
    {.shows = "no pins alone",
     .anchors = "root",
     .pins_suffice = true,
     .result = ERR_MISSING,
     .text = "pins are to suffice, and there are none"},
};

static void
reads_sources(void)
{
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct slice pins[3];
		struct verify_source src = {
		    .anchors = pem_of(sources[i].anchors),
		    .crls = crls_of(sources[i].crls ? sources[i].crls : ""),
		    .revocation = sources[i].revocation,
		    .pins = pins,
		    .pins_suffice = sources[i].pins_suffice,
		    .tolerant = sources[i].tolerant};
		struct verify_fault fault = {.text = ""};
		struct verify *v = NULL;
		enum err e;

		for (; sources[i].pins[src.pins_count]; src.pins_count++)
			pins[src.pins_count] =
			    slice_str(sources[i].pins[src.pins_count]);
		e = verify_new(&src, &v, &fault);
		SHOWS(sources[i].shows, e == sources[i].result);
		SHOWS(sources[i].shows,
		      strcmp(fault.text,
			     sources[i].text ? sources[i].text : "") == 0);
		verify_free(v);
	}
}

static void
takes_der_and_prose(void)
{
	struct slice der = chain_crl("ca-bad");
	char text[16384] = "# the roots\n";
	struct verify_source src = {.crls = der};
	struct verify_fault fault;
	struct verify *v;

	chain_pem("root leaf-names-twice", text, sizeof text);
	snprintf(text + strlen(text), sizeof text - strlen(text), "the end");
	src.anchors = slice_str(text);
	src.tolerant = true;
	CU_ASSERT_EQUAL_FATAL(verify_new(&src, &v, &fault), ERR_OK);
	CU_ASSERT_EQUAL(verify_anchors(v), 1);
	CU_ASSERT_EQUAL(verify_skipped(v), 1);
	CU_ASSERT_EQUAL(verify_crls_until(v), CHAINS_NOW + 5 * 86400);
	verify_free(v);
	src.crls = slice_head(der, der.len - 1);
	CU_ASSERT_EQUAL(verify_new(&src, &v, &fault), ERR_SYNTAX);
	CU_ASSERT_EQUAL(fault.part, VERIFY_CRLS);
	src.crls = SLICE("none");
	CU_ASSERT_EQUAL(verify_new(&src, &v, &fault), ERR_MISSING);
	src.crls = SLICE("-----BEGIN X509 CRL-----\nAAA\n"
			 "-----END X509 CRL-----\n");
	CU_ASSERT_EQUAL(verify_new(&src, &v, &fault), ERR_SYNTAX);
	src.crls = SLICE_EMPTY;
	CU_ASSERT_EQUAL_FATAL(verify_new(&src, &v, &fault), ERR_OK);
	CU_ASSERT_EQUAL(verify_crls_until(v), INT64_MAX);
	verify_free(v);
	verify_free(NULL);
}

static void
explains(void)
{
	static struct path p;
	struct verify_source src = {.anchors = pem_of("root")};
	struct slice presented[] = {chain_certificate("leaf-expired"),
				    chain_certificate("ca")};
	const struct verify_question q = {presented, 2, SLICE(CHAINS_HOST),
					  CHAINS_NOW};
	struct verify_fault fault;
	struct verify *v;
	char text[100];

	CU_ASSERT_EQUAL_FATAL(verify_new(&src, &v, &fault), ERR_OK);
	CU_ASSERT_FALSE(verify_chain(v, &q, &p));
	verify_explain(v, &q, &p, text, sizeof text);
	CU_ASSERT_STRING_EQUAL(text,
			       "certificate 1 (imap.example.com) has expired");
	verify_free(v);
}

/* --- a second opinion --------------------------------------------------------
 */

static void
agrees_with_openssl(void)
{
	for (size_t i = 0; i < chain_cases_count; i++) {
		const struct chain_case *row = &chain_cases[i];
		enum opinion theirs = chain_opinion(row);
		bool good = row->reason == PATH_OK;

		/* Where there is a reason to differ, do we still? */
		SHOWS(row->shows, theirs == (good == !row->why ? OPINION_GOOD
							       : OPINION_BAD));
	}
}

void
suite_verify(void)
{
	CU_pSuite suite = CU_add_suite("verify", NULL, NULL);

	CU_add_test(suite, "good and bad chains, as files", judges_cases);
	CU_add_test(suite, "what it is made of", reads_sources);
	CU_add_test(suite, "lists as DER, bundles with prose",
		    takes_der_and_prose);
	CU_add_test(suite, "what is said to people", explains);
	CU_add_test(suite, "OpenSSL says the same, but where we say why",
		    agrees_with_openssl);
}
