/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/vocabulary.h"

#include "config/near.h"

#include <assert.h>
#include <stdio.h>

#define ECDSA TERM_ECDSA
#define RSA   TERM_RSA

/* clang-format off */
static const struct term ciphers[TLS_CIPHERS] = {
	[TLS_CIPHER_AES_128_GCM] = {
	    "TLS_AES_128_GCM_SHA256", {0}, 0x1301, false, true, 0},
	[TLS_CIPHER_AES_256_GCM] = {
	    "TLS_AES_256_GCM_SHA384", {0}, 0x1302, false, true, 0},
	[TLS_CIPHER_CHACHA20_POLY1305] = {
	    "TLS_CHACHA20_POLY1305_SHA256", {0}, 0x1303, false, true, 0},
	[TLS_CIPHER_ECDHE_ECDSA_AES_128_GCM] = {
	    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	    {"ECDHE-ECDSA-AES128-GCM-SHA256"}, 0xc02b, true, false, ECDSA},
	[TLS_CIPHER_ECDHE_RSA_AES_128_GCM] = {
	    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	    {"ECDHE-RSA-AES128-GCM-SHA256"}, 0xc02f, true, false, RSA},
	[TLS_CIPHER_ECDHE_ECDSA_AES_256_GCM] = {
	    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	    {"ECDHE-ECDSA-AES256-GCM-SHA384"}, 0xc02c, true, false, ECDSA},
	[TLS_CIPHER_ECDHE_RSA_AES_256_GCM] = {
	    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	    {"ECDHE-RSA-AES256-GCM-SHA384"}, 0xc030, true, false, RSA},
	[TLS_CIPHER_ECDHE_ECDSA_CHACHA20_POLY1305] = {
	    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	    {"ECDHE-ECDSA-CHACHA20-POLY1305"}, 0xcca9, true, false, ECDSA},
	[TLS_CIPHER_ECDHE_RSA_CHACHA20_POLY1305] = {
	    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	    {"ECDHE-RSA-CHACHA20-POLY1305"}, 0xcca8, true, false, RSA},
};

static const struct term groups[TLS_GROUPS] = {
	[TLS_GROUP_X25519MLKEM768] = {
	    "X25519MLKEM768", {0}, 0x11ec, false, true, 0},
	[TLS_GROUP_X25519] = {
	    "x25519", {"curve25519"}, 0x001d, true, true, 0},
	[TLS_GROUP_SECP256R1] = {
	    "secp256r1", {"P-256", "prime256v1"}, 0x0017, true, true, 0},
	[TLS_GROUP_SECP384R1] = {
	    "secp384r1", {"P-384"}, 0x0018, true, true, 0},
	[TLS_GROUP_SECP521R1] = {
	    "secp521r1", {"P-521"}, 0x0019, true, true, 0},
};

static const struct term signatures[TLS_SIGNATURES] = {
	[TLS_SIGNATURE_ECDSA_SECP256R1_SHA256] = {
	    "ecdsa_secp256r1_sha256", {"ECDSA+SHA256"},
	    0x0403, true, true, ECDSA},
	[TLS_SIGNATURE_ECDSA_SECP384R1_SHA384] = {
	    "ecdsa_secp384r1_sha384", {"ECDSA+SHA384"},
	    0x0503, true, true, ECDSA},
	[TLS_SIGNATURE_ECDSA_SECP521R1_SHA512] = {
	    "ecdsa_secp521r1_sha512", {"ECDSA+SHA512"},
	    0x0603, true, true, ECDSA},
	[TLS_SIGNATURE_ED25519] = {
	    "ed25519", {0}, 0x0807, true, true, ECDSA},
	[TLS_SIGNATURE_RSA_PSS_RSAE_SHA256] = {
	    "rsa_pss_rsae_sha256", {"RSA-PSS+SHA256"},
	    0x0804, true, true, RSA},
	[TLS_SIGNATURE_RSA_PSS_RSAE_SHA384] = {
	    "rsa_pss_rsae_sha384", {"RSA-PSS+SHA384"},
	    0x0805, true, true, RSA},
	[TLS_SIGNATURE_RSA_PSS_RSAE_SHA512] = {
	    "rsa_pss_rsae_sha512", {"RSA-PSS+SHA512"},
	    0x0806, true, true, RSA},
	[TLS_SIGNATURE_RSA_PSS_PSS_SHA256] = {
	    "rsa_pss_pss_sha256", {0}, 0x0809, true, true, RSA},
	[TLS_SIGNATURE_RSA_PSS_PSS_SHA384] = {
	    "rsa_pss_pss_sha384", {0}, 0x080a, true, true, RSA},
	[TLS_SIGNATURE_RSA_PSS_PSS_SHA512] = {
	    "rsa_pss_pss_sha512", {0}, 0x080b, true, true, RSA},
	[TLS_SIGNATURE_RSA_PKCS1_SHA256] = {
	    "rsa_pkcs1_sha256", {"RSA+SHA256"}, 0x0401, true, false, RSA},
	[TLS_SIGNATURE_RSA_PKCS1_SHA384] = {
	    "rsa_pkcs1_sha384", {"RSA+SHA384"}, 0x0501, true, false, RSA},
	[TLS_SIGNATURE_RSA_PKCS1_SHA512] = {
	    "rsa_pkcs1_sha512", {"RSA+SHA512"}, 0x0601, true, false, RSA},
};
/* clang-format on */

#define NO_SECRECY                                                             \
	"it has no forward secrecy: who gets the key one day reads all that "  \
	"was recorded"
#define CBC     "CBC lets an attacker learn from errors (Lucky 13)"
#define ABSENT  "our TLS library is built without it"
#define NOT_DHE "of finite-field Diffie-Hellman only bad groups are certain"

/* IANA's names and OpenSSL's; the worst about a name comes first. */
static const struct refusal refused_ciphers[] = {
    {"NULL", "it encrypts nothing"},
    {"EXP", "its keys are short enough to try them all"},
    {"anon", "it does not say who the server is"},
    {"^ADH-", "it does not say who the server is"},
    {"^AECDH-", "it does not say who the server is"},
    {"RC4", "RC4 is broken (RFC 7465)"},
    {"RC2", "RC2 is broken"},
    {"DES", "blocks of 64 bits repeat (Sweet32)"},
    {"IDEA", "blocks of 64 bits repeat (Sweet32)"},
    {"MD5", "MD5 is broken"},
    {"PSK", "it knows no certificates"},
    {"SRP", "it knows no certificates"},
    {"KRB5", "it knows no certificates"},
    {"^TLS_RSA_", NO_SECRECY},
    {"^TLS_DH_", NO_SECRECY},
    {"^TLS_ECDH_", NO_SECRECY},
    {"^ECDH-", NO_SECRECY},
    {"^TLS_DHE_", NOT_DHE},
    {"^DHE-", NOT_DHE},
    {"^EDH-", NOT_DHE},
    {"^AES128-GCM-", NO_SECRECY},
    {"^AES256-GCM-", NO_SECRECY},
    {"^AES128-", NO_SECRECY},
    {"^AES256-", NO_SECRECY},
    {"^CAMELLIA", NO_SECRECY},
    {"^SEED-", NO_SECRECY},
    {"CCM_8", "its tags are short enough to be guessed"},
    {"CCM8", "its tags are short enough to be guessed"},
    {"CCM", ABSENT},
    {"ARIA", ABSENT},
    {"CAMELLIA", CBC},
    {"CBC", CBC},
    {"AES128-SHA", CBC},
    {"AES256-SHA", CBC},
    {NULL, NULL},
};

static const struct refusal refused_groups[] = {
    {"^ffdhe", "finite-field Diffie-Hellman is slow, and TLS 1.2 cannot agree "
	       "on its group"},
    {"^sect", "binary curves are not trusted any more (RFC 8422)"},
    {"^secp160", "it is too small"},
    {"^secp192", "it is too small"},
    {"^secp224", "it is too small"},
    {"^prime192", "it is too small"},
    {"^P-192", "it is too small"},
    {"^P-224", "it is too small"},
    {"^secp256k1", "it is not meant for TLS (RFC 8422)"},
    {"brainpool", ABSENT},
    {"^x448", ABSENT},
    {"^SecP256r1MLKEM", ABSENT},
    {"^SecP384r1MLKEM", ABSENT},
    {"^MLKEM", ABSENT},
    {"Kyber", "it was a draft; X25519MLKEM768 came of it"},
    {NULL, NULL},
};

static const struct refusal refused_signatures[] = {
    {"md5", "MD5 is broken"},
    {"sha1", "SHA-1 is broken (RFC 9155)"},
    {"sha224", "it is too weak"},
    {"^dsa", "TLS 1.3 has dropped DSA"},
    {"^ed448", ABSENT},
    {"brainpool", ABSENT},
    {"mldsa", ABSENT},
    {NULL, NULL},
};

static const char *const cipher_marks[] = {"^TLS_", "^SSL_", "-SHA",
					   "-MD5",  "-CCM",  NULL};

const struct vocabulary tls_ciphers = {"cipher suite", ciphers, TLS_CIPHERS,
				       cipher_marks, refused_ciphers};
const struct vocabulary tls_groups = {"group", groups, TLS_GROUPS, NULL,
				      refused_groups};
const struct vocabulary tls_signatures = {"signature algorithm", signatures,
					  TLS_SIGNATURES, NULL,
					  refused_signatures};

bool
term_has(const struct term *t, enum tls_version version)
{
	return version == TLS_VERSION_13 ? t->tls13 : t->tls12;
}

static bool
is_called(const struct term *t, struct slice name)
{
	if (slice_ieq(name, slice_str(t->name)))
		return true;
	for (size_t i = 0; i < sizeof t->aliases / sizeof t->aliases[0]; i++)
		if (t->aliases[i] && slice_ieq(name, slice_str(t->aliases[i])))
			return true;
	return false;
}

enum err
vocabulary_find(const struct vocabulary *v, struct slice name, uint8_t *id)
{
	for (size_t i = 0; i < v->count; i++) {
		if (!is_called(&v->terms[i], name))
			continue;
		*id = (uint8_t)i;
		return ERR_OK;
	}
	return ERR_UNKNOWN;
}

static bool
holds(struct slice name, const char *part)
{
	struct slice p = slice_str(part);

	if (*part == '^')
		return slice_istarts(name, slice_skip(p, 1));
	for (; name.len >= p.len; name = slice_skip(name, 1))
		if (slice_istarts(name, p))
			return true;
	return false;
}

static bool
is_marked(const struct vocabulary *v, struct slice name)
{
	for (const char *const *m = v->marks; m && *m; m++)
		if (holds(name, *m))
			return true;
	return !v->marks;
}

const char *
vocabulary_refusal(const struct vocabulary *v, struct slice name)
{
	const struct refusal *r = v->refusals;

	if (!is_marked(v, name))
		return NULL;
	while (r->part && !holds(name, r->part))
		r++;
	return r->why;
}

/* The one nearest of those not in `taken`, a bit for each id. */
static size_t
nearest(const struct vocabulary *v, struct slice name, uint64_t taken)
{
	size_t best = 0, least = SIZE_MAX;

	for (size_t i = 0; i < v->count; i++) {
		struct slice other = slice_str(v->terms[i].name);
		size_t d = near_distance(name, other);

		if (!(taken >> i & 1) && d < least) {
			best = i;
			least = d;
		}
	}
	return best;
}

void
vocabulary_nearest(const struct vocabulary *v, struct slice name,
		   char out[NEAREST_MAX])
{
	static const char *const joints[] = {"", ", ", " and "};
	uint64_t taken = 0;
	size_t len = 0;

	for (size_t i = 0; i < sizeof joints / sizeof joints[0]; i++) {
		size_t id = nearest(v, name, taken);

		taken |= UINT64_C(1) << id;
		len += (size_t)snprintf(out + len, NEAREST_MAX - len, "%s%s",
					joints[i], v->terms[id].name);
		assert(len < NEAREST_MAX);
	}
}
