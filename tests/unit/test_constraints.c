/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/constraints.h"

#include "unit/forge.h"
#include "unit/input.h"
#include "x509/der.h"

enum { WORK = 1000 };

/* GeneralNames */
#define DNS(length, name)  "\x82" length name
#define MAIL(length, name) "\x81" length name
#define IP4(address)       "\x87\x04" address
#define NET4(both)         "\x87\x08" both
#define URI(length, name)  "\x86" length name
#define OTHER              "\xa0\x03\x06\x01\x2a"

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

/* The subtrees of these bases; each list may be empty. */
static struct slice
subtrees(struct slice permitted, struct slice excluded)
{
	static struct forged whole;
	struct forged both = {.len = 0};
	struct slice lists[] = {permitted, excluded};

	for (unsigned i = 0; i < 2; i++) {
		struct forged list = {.len = 0};
		struct der base;

		while (der_next(&lists[i], &base))
			forge_put(&list, DER_SEQUENCE, base.whole);
		if (list.len > 0)
			forge_put(&both, DER_CONSTRUCTED(i), all(&list));
	}
	whole.len = 0;
	forge_put(&whole, DER_SEQUENCE, all(&both));
	return all(&whole);
}

static const struct {
	const char *shows;
	struct slice permitted, excluded, names;
	enum constraints_verdict verdict;
} rows[] = {
    {"a name within", T(DNS("\x0b", "example.com")), T(""),
     T(DNS("\x10", "imap.example.com")), CONSTRAINTS_KEPT},
    {"the name itself, in any case", T(DNS("\x0b", "example.com")), T(""),
     T(DNS("\x0b", "EXAMPLE.com")), CONSTRAINTS_KEPT},
    {"a name beside it", T(DNS("\x0b", "example.com")), T(""),
     T(DNS("\x0f", "badexample.com.") ""), CONSTRAINTS_BROKEN},
    {"a name that ends alike", T(DNS("\x0b", "example.com")), T(""),
     T(DNS("\x0e", "badexample.com")), CONSTRAINTS_BROKEN},
    {"a name above", T(DNS("\x10", "imap.example.com")), T(""),
     T(DNS("\x0b", "example.com")), CONSTRAINTS_BROKEN},
    {"one of several", T(DNS("\x05", "a.org") DNS("\x05", "b.org")), T(""),
     T(DNS("\x07", "x.b.org")), CONSTRAINTS_KEPT},
    {"each name counts", T(DNS("\x05", "a.org")), T(""),
     T(DNS("\x07", "x.a.org") DNS("\x05", "b.org")), CONSTRAINTS_BROKEN},
    {"everything below nothing", T(DNS("\x00", "")), T(""),
     T(DNS("\x05", "b.org")), CONSTRAINTS_KEPT},
    {"nothing at all", T(""), T(DNS("\x00", "")), T(DNS("\x05", "b.org")),
     CONSTRAINTS_BROKEN},
    {"a dot in front: below it", T(DNS("\x06", ".a.org")), T(""),
     T(DNS("\x07", "x.a.org")), CONSTRAINTS_KEPT},
    {"a dot in front: not itself", T(DNS("\x06", ".a.org")), T(""),
     T(DNS("\x05", "a.org")), CONSTRAINTS_BROKEN},
    {"excluded", T(""), T(DNS("\x05", "a.org")), T(DNS("\x07", "x.a.org")),
     CONSTRAINTS_BROKEN},
    {"not excluded", T(""), T(DNS("\x05", "a.org")), T(DNS("\x05", "b.org")),
     CONSTRAINTS_KEPT},
    {"excluded out of what is permitted", T(DNS("\x05", "a.org")),
     T(DNS("\x07", "x.a.org")), T(DNS("\x07", "x.a.org")), CONSTRAINTS_BROKEN},
    {"a wildcard within", T(DNS("\x05", "a.org")), T(""),
     T(DNS("\x07", "*.a.org")), CONSTRAINTS_KEPT},
    {"a wildcard over more than is permitted", T(DNS("\x07", "x.a.org")), T(""),
     T(DNS("\x07", "*.a.org")), CONSTRAINTS_BROKEN},
    {"a wildcard over something excluded", T(""), T(DNS("\x07", "x.a.org")),
     T(DNS("\x07", "*.a.org")), CONSTRAINTS_BROKEN},
    {"a wildcard above what it does not reach", T(""),
     T(DNS("\x09", "y.x.a.org")), T(DNS("\x07", "*.a.org")), CONSTRAINTS_KEPT},
    {"a wildcard beside what is below a name", T(""),
     T(DNS("\x08", ".x.a.org")), T(DNS("\x07", "*.a.org")), CONSTRAINTS_KEPT},
    {"a name that is none, where names are restricted", T(DNS("\x05", "a.org")),
     T(""), T(DNS("\x08", "x .a.org")), CONSTRAINTS_BROKEN},
    {"the same, where some are excluded", T(""), T(DNS("\x05", "a.org")),
     T(DNS("\x0a", "b.org\0.com")), CONSTRAINTS_BROKEN},
    {"a base that is no name excludes", T(""), T(DNS("\x07", "*.a.org")),
     T(DNS("\x05", "b.org")), CONSTRAINTS_BROKEN},
    {"other forms of name are free", T(DNS("\x05", "a.org")), T(""),
     T(IP4("\x01\x02\x03\x04") MAIL("\x03", "a@b") URI("\x02", "u:")),
     CONSTRAINTS_KEPT},
    {"an address within", T(NET4("\xc0\x00\x02\x00\xff\xff\xff\x00")), T(""),
     T(IP4("\xc0\x00\x02\x07")), CONSTRAINTS_KEPT},
    {"an address beside", T(NET4("\xc0\x00\x02\x00\xff\xff\xff\x00")), T(""),
     T(IP4("\xc0\x00\x03\x07")), CONSTRAINTS_BROKEN},
    {"an address excluded", T(""), T(NET4("\x00\x00\x00\x00\x00\x00\x00\x00")),
     T(IP4("\xc0\x00\x03\x07")), CONSTRAINTS_BROKEN},
    {"IPv6 where IPv4 is permitted",
     T(NET4("\xc0\x00\x02\x00\xff\xff\xff\x00")), T(""),
     T("\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
     CONSTRAINTS_BROKEN},
    {"IPv6 where IPv4 is excluded", T(""),
     T(NET4("\x00\x00\x00\x00\x00\x00\x00\x00")),
     T("\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"), CONSTRAINTS_KEPT},
    {"an address of five bytes", T(""),
     T(NET4("\xc0\x00\x02\x00\xff\xff\xff\x00")),
     T("\x87\x05\x01\x02\x03\x04\x05"), CONSTRAINTS_BROKEN},
    {"a network without a mask", T(""), T(IP4("\xc0\x00\x02\x00")),
     T(IP4("\xc0\x00\x03\x07")), CONSTRAINTS_BROKEN},
    {"a mailbox", T(MAIL("\x07", "a@b.org")), T(""), T(MAIL("\x07", "a@B.org")),
     CONSTRAINTS_KEPT},
    {"a mailbox in another case", T(MAIL("\x07", "a@b.org")), T(""),
     T(MAIL("\x07", "A@b.org")), CONSTRAINTS_BROKEN},
    {"all of a host", T(MAIL("\x05", "b.org")), T(""),
     T(MAIL("\x07", "x@b.org")), CONSTRAINTS_KEPT},
    {"of a host, not below it", T(MAIL("\x05", "b.org")), T(""),
     T(MAIL("\x09", "x@a.b.org")), CONSTRAINTS_BROKEN},
    {"below a host", T(MAIL("\x06", ".b.org")), T(""),
     T(MAIL("\x09", "x@a.b.org")), CONSTRAINTS_KEPT},
    {"below a host, not of it", T(MAIL("\x06", ".b.org")), T(""),
     T(MAIL("\x07", "x@b.org")), CONSTRAINTS_BROKEN},
    {"what is no mailbox, where one is excluded", T(""),
     T(MAIL("\x05", "b.org")), T(MAIL("\x05", "b.com")), CONSTRAINTS_BROKEN},
    {"a restriction that is not known", T(URI("\x05", "a.org")), T(""),
     T(URI("\x07", "u:a.org")), CONSTRAINTS_UNKNOWN},
    {"the same for names that are not there", T(URI("\x05", "a.org")), T(""),
     T(DNS("\x05", "b.org")), CONSTRAINTS_KEPT},
    {"otherName excluded", T(""), T(OTHER), T(OTHER), CONSTRAINTS_UNKNOWN},
    {"neither list", T(""), T(""), T(DNS("\x05", "b.org")),
     CONSTRAINTS_UNKNOWN},
};

static void
judges_names(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice trees =
		    exact(subtrees(rows[i].permitted, rows[i].excluded));
		struct slice names = exact(rows[i].names);
		const struct certificate c = {.subject = SLICE("\x30\x00"),
					      .names = names};
		unsigned work = WORK;

		SHOWS(rows[i].shows,
		      constraints_judge(trees, &c, &work) == rows[i].verdict);
		exact_free(names);
		exact_free(trees);
	}
}

/* An attribute as text: 'o' and 'u' printable, 'O' and 'U' UTF-8, 'B' BMP. */
static void
put_attribute(struct forged *to, const char *text)
{
	const char oid[] = {
	    0x55, 4, (char)(text[0] == 'u' || text[0] == 'U' ? 0x0b : 0x0a)};
	unsigned tag = text[0] == 'B'                     ? 0x1e
		       : text[0] == 'o' || text[0] == 'u' ? 0x13
							  : 0x0c;
	struct forged pair = {.len = 0};

	forge_put(&pair, DER_OID, slice_of(oid, sizeof oid));
	forge_put(&pair, tag, slice_str(text + 2));
	forge_put(to, DER_SEQUENCE, all(&pair));
}

/* "O=Acme/U=Mail+U=Web" */
static void
put_name(struct forged *to, const char *text)
{
	struct forged list = {.len = 0}, set = {.len = 0};
	char one[64];

	while (*text) {
		size_t n = strcspn(text, "/+");

		snprintf(one, sizeof one, "%.*s", (int)n, text);
		put_attribute(&set, one);
		text += n;
		if (*text != '+') {
			forge_put(&list, DER_SET, all(&set));
			set.len = 0;
		}
		text += *text != '\0';
	}
	forge_put(to, DER_SEQUENCE, all(&list));
}

static const struct {
	const char *shows, *base, *name;
	enum constraints_verdict permitted, excluded;
} directory[] = {
    {"the name itself", "O=Acme", "O=Acme", CONSTRAINTS_KEPT,
     CONSTRAINTS_BROKEN},
    {"below", "O=Acme", "O=Acme/U=Mail", CONSTRAINTS_KEPT, CONSTRAINTS_BROKEN},
    {"above", "O=Acme/U=Mail", "O=Acme", CONSTRAINTS_BROKEN, CONSTRAINTS_KEPT},
    {"beside", "O=Acme", "O=Other", CONSTRAINTS_BROKEN, CONSTRAINTS_KEPT},
    {"another attribute", "O=Acme", "U=Acme", CONSTRAINTS_BROKEN,
     CONSTRAINTS_KEPT},
    {"case, kind of string and spaces", "O=Acme  Inc", "o= acme inc ",
     CONSTRAINTS_KEPT, CONSTRAINTS_BROKEN},
    {"spaces do not vanish", "O=Acme Inc", "O=AcmeInc", CONSTRAINTS_BROKEN,
     CONSTRAINTS_KEPT},
    {"spaces only", "O=  ", "O=", CONSTRAINTS_KEPT, CONSTRAINTS_BROKEN},
    {"a step of two in any order", "O=Acme+U=Mail", "U=MAIL+O=Acme",
     CONSTRAINTS_KEPT, CONSTRAINTS_BROKEN},
    {"a step of two is not one", "O=Acme", "O=Acme+U=Mail", CONSTRAINTS_BROKEN,
     CONSTRAINTS_KEPT},
    {"a step of one is not two", "O=Acme+U=Mail", "O=Acme", CONSTRAINTS_BROKEN,
     CONSTRAINTS_KEPT},
    {"beyond ASCII: by bytes", "O=M\xc3\xbcller", "O=M\xc3\xbcller",
     CONSTRAINTS_KEPT, CONSTRAINTS_BROKEN},
    {"beyond ASCII: in doubt against it", "O=M\xc3\xbcller", "O=M\xc3\x9cLLER",
     CONSTRAINTS_BROKEN, CONSTRAINTS_BROKEN},
    {"another kind of string: in doubt", "O=Acme", "B=AcmeAcme",
     CONSTRAINTS_BROKEN, CONSTRAINTS_BROKEN},
    {"in doubt, but beside in the next step", "O=M\xc3\xbcller/U=a",
     "O=M\xc3\x9cLLER/U=b", CONSTRAINTS_BROKEN, CONSTRAINTS_KEPT},
};

/* As the subject, and as one of the alternative names. */
static enum constraints_verdict
judge_directory(const char *base, const char *name, bool excluded, bool subject)
{
	struct forged tree = {.len = 0}, other = {.len = 0}, whole = {.len = 0};
	struct certificate c = {.subject = SLICE("\x30\x00"),
				.names = SLICE_EMPTY};
	unsigned work = WORK;

	put_name(&whole, base);
	forge_put(&tree, DER_CONSTRUCTED(4), all(&whole));
	whole.len = 0;
	put_name(&whole, name);
	forge_put(&other, DER_CONSTRUCTED(4), all(&whole));
	*(subject ? &c.subject : &c.names) =
	    subject ? all(&whole) : all(&other);
	return constraints_judge(excluded ? subtrees(SLICE_EMPTY, all(&tree))
					  : subtrees(all(&tree), SLICE_EMPTY),
				 &c, &work);
}

static void
judges_directory(void)
{
	for (size_t i = 0; i < COUNT(directory); i++)
		for (int subject = 0; subject < 2; subject++) {
			SHOWS(directory[i].shows,
			      judge_directory(
				  directory[i].base, directory[i].name, false,
				  subject != 0) == directory[i].permitted);
			SHOWS(directory[i].shows,
			      judge_directory(
				  directory[i].base, directory[i].name, true,
				  subject != 0) == directory[i].excluded);
		}
}

/* emailAddress=x@b.org */
#define SUBJECT_MAIL                                                           \
	"\x30\x18\x31\x16\x30\x14\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01" \
	"\x16\x07x@b.org"

static void
knows_mail_in_subjects(void)
{
	const struct certificate c = {.subject = SLICE(SUBJECT_MAIL),
				      .names = SLICE_EMPTY};
	unsigned work = WORK;

	CU_ASSERT_EQUAL(
	    constraints_judge(
		subtrees(SLICE(MAIL("\x05", "b.org")), SLICE_EMPTY), &c, &work),
	    CONSTRAINTS_KEPT);
	CU_ASSERT_EQUAL(
	    constraints_judge(
		subtrees(SLICE_EMPTY, SLICE(MAIL("\x05", "b.org"))), &c, &work),
	    CONSTRAINTS_BROKEN);
}

/* RFC 5280 4.2.1.10: minimum is 0, and maximum is not there. */
static const struct slice malformed[] = {
    T(""),
    T("\x30\x00"),
    T("\x30\x02\xa0\x00"),
    T("\x30\x0b\xa0\x09\x30\x07\x82\x05"
      "a.org\x05"),
    T("\x30\x0b\xa2\x09\x30\x07\x82\x05"
      "a.org"),
    T("\x30\x0b\xa0\x09\x30\x07\x0c\x05"
      "a.org"),
    T("\x30\x0e\xa0\x0c\x30\x0a\x82\x05"
      "a.org\x80\x01\x01"),
    T("\x30\x0e\xa0\x0c\x30\x0a\x82\x05"
      "a.org\x81\x01\x01"),
    T("\x30\x0b\xa1\x09\x30\x07\x82\x05"
      "a.org\x05\x00"),
};

static void
refuses_malformed(void)
{
	const struct certificate c = {.subject = SLICE("\x30\x00"),
				      .names = SLICE(DNS("\x07", "x.a.org"))};

	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct slice in = exact(malformed[i]);
		unsigned work = WORK;

		CU_ASSERT_EQUAL(constraints_judge(in, &c, &work),
				CONSTRAINTS_UNKNOWN);
		exact_free(in);
	}
}

static void
ends(void)
{
	const struct certificate c = {.subject = SLICE("\x30\x00"),
				      .names = SLICE(DNS("\x05", "b.org"))};
	struct slice trees = subtrees(
	    SLICE_EMPTY, SLICE(DNS("\x05", "a.org") DNS("\x05", "c.org")));

	for (unsigned least = 0; least < 8; least++) {
		unsigned work = least;

		/* Two to see that they are well formed, two to compare. */
		CU_ASSERT_EQUAL(constraints_judge(trees, &c, &work),
				least > 4 ? CONSTRAINTS_KEPT
					  : CONSTRAINTS_COSTLY);
		CU_ASSERT(work <= least);
	}
}

static void
try_subtrees(struct slice in)
{
	const struct certificate c = {
	    .subject = SLICE(SUBJECT_MAIL),
	    .names = SLICE(DNS("\x05", "b.org") MAIL("\x03", "a@b")
			       IP4("\x01\x02\x03\x04"))};
	unsigned work = WORK;

	(void)constraints_judge(in, &c, &work);
}

static void
survives_damage(void)
{
	struct forged tree = {.len = 0}, name = {.len = 0};

	put_name(&name, "O=Acme+U=Mail/o=x");
	forge_put(&tree, DER_CONSTRUCTED(4), all(&name));
	each_damage(subtrees(SLICE(DNS("\x05", "b.org") MAIL("\x03", "a@b")),
			     all(&tree)),
		    try_subtrees);
}

void
suite_constraints(void)
{
	CU_pSuite suite = CU_add_suite("constraints", NULL, NULL);

	CU_add_test(suite, "names within what a CA may give", judges_names);
	CU_add_test(suite, "directory names, attribute by attribute",
		    judges_directory);
	CU_add_test(suite, "addresses of mail in the subject",
		    knows_mail_in_subjects);
	CU_add_test(suite, "what is malformed restricts everything",
		    refuses_malformed);
	CU_add_test(suite, "comparisons come to an end", ends);
	CU_add_test(suite, "damaged constraints do no harm", survives_damage);
}
