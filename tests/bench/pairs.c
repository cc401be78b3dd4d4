/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pairs.c - certificates by the thousand, as certbot leaves them.
 *
 *   pairs DIRECTORY COUNT [CURVE]
 *
 * Makes DIRECTORY/hostN.example.org/fullchain.pem (a leaf and an intermediate)
 * and privkey.pem, ECDSA on P-256, for each N below COUNT: ten thousand in a
 * few seconds. CURVE is the intermediate's: public CAs have P-384.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64, DAY = 24 * 60 * 60 };

struct authority {
	X509 *certificate;
	EVP_PKEY *key;
};

_Noreturn static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
extend(X509 *of, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *e;

	X509V3_set_ctx(&context, issuer, of, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!e || X509_add_ext(of, e, -1) != 1)
		die(value);
	X509_EXTENSION_free(e);
}

/* by: NULL for one that signs itself. names: NULL for a CA. */
static X509 *
certify(EVP_PKEY *key, const char *name, const char *names,
	const struct authority *by, long serial)
{
	X509 *c = X509_new();
	X509 *issuer = by ? by->certificate : c;
	X509_NAME *subject = c ? X509_get_subject_name(c) : NULL;

	if (!subject || X509_set_version(c, X509_VERSION_3) != 1 ||
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
				       (const unsigned char *)name, -1, -1,
				       0) != 1 ||
	    X509_set_issuer_name(c, X509_get_subject_name(issuer)) != 1 ||
	    X509_set_pubkey(c, key) != 1)
		die("X509");
	ASN1_INTEGER_set(X509_get_serialNumber(c), serial);
	X509_gmtime_adj(X509_getm_notBefore(c), -DAY);
	X509_gmtime_adj(X509_getm_notAfter(c), (names ? 60L : 3000L) * DAY);
	extend(c, issuer, NID_basic_constraints,
	       names ? "critical,CA:FALSE" : "critical,CA:TRUE");
	extend(c, issuer, NID_key_usage,
	       names ? "critical,digitalSignature" : "critical,keyCertSign");
	extend(c, issuer, NID_subject_key_identifier, "hash");
	extend(c, issuer, NID_authority_key_identifier, "keyid");
	if (names) {
		extend(c, issuer, NID_ext_key_usage, "serverAuth");
		extend(c, issuer, NID_subject_alt_name, names);
	}
	if (X509_sign(c, by ? by->key : key, EVP_sha256()) == 0)
		die("X509_sign");
	return c;
}

static EVP_PKEY *
new_key(const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);

	if (!key)
		die("EVP_EC_gen");
	return key;
}

static struct authority
found(const char *name, const char *curve, const struct authority *by)
{
	struct authority a = {.key = new_key(curve)};

	a.certificate = certify(a.key, name, NULL, by, by ? 2 : 1);
	return a;
}

static FILE *
create(const char *name, const char *file)
{
	char path[NAME_SIZE + 32];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", name, file);
	f = fopen(path, "w");
	if (!f)
		die(path);
	return f;
}

static void
make_pair(long n, const struct authority *by)
{
	char name[NAME_SIZE], names[NAME_SIZE + 8];
	EVP_PKEY *key = new_key("P-256");
	X509 *leaf;
	FILE *f;

	snprintf(name, sizeof name, "host%ld.example.org", n);
	snprintf(names, sizeof names, "DNS:%s", name);
	if (mkdir(name, 0755) != 0)
		die(name);
	leaf = certify(key, name, names, by, 1000 + n);
	f = create(name, "fullchain.pem");
	if (PEM_write_X509(f, leaf) != 1 ||
	    PEM_write_X509(f, by->certificate) != 1 || fclose(f) != 0)
		die(name);
	f = create(name, "privkey.pem");
	if (PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    fchmod(fileno(f), 0600) != 0 || fclose(f) != 0)
		die(name);
	X509_free(leaf);
	EVP_PKEY_free(key);
}

int
main(int argc, char **argv)
{
	struct authority root, intermediate;
	long count = argc == 3 || argc == 4 ? strtol(argv[2], NULL, 10) : 0;
	const char *curve = argc == 4 ? argv[3] : "P-256";

	if (count <= 0) {
		fputs("usage: pairs DIRECTORY COUNT [CURVE]\n", stderr);
		return 2;
	}
	if (mkdir(argv[1], 0755) != 0 || chdir(argv[1]) != 0)
		die(argv[1]);
	root = found("root of pairs", curve, NULL);
	intermediate = found("intermediate of pairs", curve, &root);
	for (long n = 0; n < count; n++)
		make_pair(n, &intermediate);
	return 0;
}
