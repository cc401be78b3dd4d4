/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/policy.h"

#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ciphers[TLS_CIPHERS] = {
    [TLS_CIPHER_AES_128_GCM] = "TLS13-AES128-GCM-SHA256",
    [TLS_CIPHER_AES_256_GCM] = "TLS13-AES256-GCM-SHA384",
    [TLS_CIPHER_CHACHA20_POLY1305] = "TLS13-CHACHA20-POLY1305-SHA256",
    [TLS_CIPHER_ECDHE_ECDSA_AES_128_GCM] = "ECDHE-ECDSA-AES128-GCM-SHA256",
    [TLS_CIPHER_ECDHE_RSA_AES_128_GCM] = "ECDHE-RSA-AES128-GCM-SHA256",
    [TLS_CIPHER_ECDHE_ECDSA_AES_256_GCM] = "ECDHE-ECDSA-AES256-GCM-SHA384",
    [TLS_CIPHER_ECDHE_RSA_AES_256_GCM] = "ECDHE-RSA-AES256-GCM-SHA384",
    [TLS_CIPHER_ECDHE_ECDSA_CHACHA20_POLY1305] =
	"ECDHE-ECDSA-CHACHA20-POLY1305",
    [TLS_CIPHER_ECDHE_RSA_CHACHA20_POLY1305] = "ECDHE-RSA-CHACHA20-POLY1305",
};

static const int groups[TLS_GROUPS] = {
    [TLS_GROUP_X25519MLKEM768] = WOLFSSL_X25519MLKEM768,
    [TLS_GROUP_X25519] = WOLFSSL_ECC_X25519,
    [TLS_GROUP_SECP256R1] = WOLFSSL_ECC_SECP256R1,
    [TLS_GROUP_SECP384R1] = WOLFSSL_ECC_SECP384R1,
    [TLS_GROUP_SECP521R1] = WOLFSSL_ECC_SECP521R1,
};

static bool
is_chacha(unsigned cipher)
{
	return strstr(ciphers[cipher], "CHACHA20") != NULL;
}

static void
add_ciphers(struct tls_policy *p, const struct tls_policy_settings *s,
	    bool (*wanted)(unsigned cipher))
{
	size_t n = strlen(p->ciphers);

	for (size_t i = 0; i < s->ciphers_count; i++) {
		unsigned c = s->ciphers[i];

		if ((p->ciphers_set & 1u << c) || (wanted && !wanted(c)))
			continue;
		p->ciphers_set |= 1u << c;
		n += (size_t)snprintf(p->ciphers + n, sizeof p->ciphers - n,
				      "%s%s", n > 0 ? ":" : "", ciphers[c]);
	}
	assert(n < sizeof p->ciphers);
}

/* As the library calls them; PSS keys have no name, and no pair of ours. */
static const char *
signature_name(unsigned signature)
{
	if (signature == TLS_SIGNATURE_ED25519)
		return "ED25519";
	return tls_signatures.terms[signature].aliases[0];
}

static void
take_signatures(struct tls_policy *p, const struct tls_policy_settings *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->signatures_count; i++) {
		const char *name = signature_name(s->signatures[i]);

		p->signatures_set |= 1u << s->signatures[i];
		if (name)
			n += (size_t)snprintf(p->signatures + n,
					      sizeof p->signatures - n, "%s%s",
					      n > 0 ? ":" : "", name);
	}
	assert(n < sizeof p->signatures);
}

/*
 * The server's order counts. Without instructions for AES, ChaCha20 is the
 * faster one, and safe from timing.
 */
static void
take_terms(struct tls_policy *p, const struct tls_policy_settings *s)
{
	p->minimum = s->minimum;
	p->maximum = s->maximum;
	p->alpn = s->alpn;
	p->sni = s->sni;
	p->client = s->client_certificate;
	if (s->ciphers_by_speed && !cpu_has_aes())
		add_ciphers(p, s, is_chacha);
	add_ciphers(p, s, NULL);
	for (size_t i = 0; i < s->groups_count; i++)
		p->groups[p->groups_count++] = groups[s->groups[i]];
	take_signatures(p, s);
}

static bool
take_names(struct tls_policy *p, const struct tls_policy_settings *s)
{
	p->names = calloc(s->client_names_count + 1, sizeof *p->names);
	if (!p->names)
		return false;
	for (; p->names_count < s->client_names_count; p->names_count++) {
		char *copy = strdup(s->client_names[p->names_count]);

		if (!copy)
			return false;
		p->names[p->names_count] = copy;
	}
	return true;
}

/* With its length, so that no two policies look the same. */
static bool
hash(wc_Sha256 *sha, struct slice s)
{
	uint64_t len = s.len;

	return wc_Sha256Update(sha, (const byte *)&len, sizeof len) == 0 &&
	       (len == 0 || wc_Sha256Update(sha, s.ptr, (word32)len) == 0);
}

static bool
digest(struct tls_policy *p)
{
	const unsigned numbers[] = {p->minimum,       p->maximum,
				    p->alpn,          p->sni,
				    p->client,        (unsigned)p->groups_count,
				    p->signatures_set};
	wc_Sha256 sha;
	bool good;

	if (wc_InitSha256(&sha) != 0)
		return false;
	good = hash(&sha, slice_of(numbers, sizeof numbers)) &&
	       hash(&sha, slice_of(p->groups, sizeof p->groups)) &&
	       hash(&sha, slice_str(p->ciphers)) && hash(&sha, p->client_ca) &&
	       hash(&sha, p->client_crl);
	for (size_t i = 0; i < p->names_count; i++)
		good = good && hash(&sha, slice_str(p->names[i]));
	good = good && wc_Sha256Final(&sha, p->digest) == 0;
	wc_Sha256Free(&sha);
	return good;
}

struct tls_policy *
tls_policy_new(const struct tls_policy_settings *s, struct slice client_ca,
	       struct slice client_crl)
{
	struct tls_policy *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	atomic_init(&p->count, 1);
	p->client_ca = client_ca;
	p->client_crl = client_crl;
	take_terms(p, s);
	if (take_names(p, s) && digest(p))
		return p;
	tls_policy_unref(p);
	return NULL;
}

struct tls_policy *
tls_policy_ref(struct tls_policy *p)
{
	atomic_fetch_add_explicit(&p->count, 1, memory_order_relaxed);
	return p;
}

void
tls_policy_unref(struct tls_policy *p)
{
	if (!p ||
	    atomic_fetch_sub_explicit(&p->count, 1, memory_order_acq_rel) > 1)
		return;
	for (size_t i = 0; i < p->names_count; i++)
		free(p->names[i]);
	free(p->names);
	free(p);
}

WOLFSSL_CTX *
tls_policy_context(const struct tls_policy *p)
{
	/* Each method allocates, and the context frees it. */
	if (p->maximum == TLS_VERSION_12)
		return wolfSSL_CTX_new(wolfTLSv1_2_server_method());
	if (p->minimum == TLS_VERSION_13)
		return wolfSSL_CTX_new(wolfTLSv1_3_server_method());
	return wolfSSL_CTX_new(wolfTLS_server_method());
}

enum err
tls_policy_apply(const struct tls_policy *p, WOLFSSL_CTX *ctx)
{
	int list[TLS_GROUPS]; /* the library wants it writable */

	memcpy(list, p->groups, sizeof list);
	/* Unknown names are skipped without a word: test_policy counts. */
	if (wolfSSL_CTX_SetMinVersion(ctx, p->minimum == TLS_VERSION_13
					       ? WOLFSSL_TLSV1_3
					       : WOLFSSL_TLSV1_2) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_cipher_list(ctx, p->ciphers) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_groups(ctx, list, p->groups_count) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_group_messages(ctx) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set1_sigalgs_list(ctx, p->signatures) !=
		WOLFSSL_SUCCESS)
		return ERR_INTERNAL;
	/* Also who resumes brings fresh keys; front.c is kinder. */
	if (p->maximum == TLS_VERSION_13 && wolfSSL_CTX_only_dhe_psk(ctx) != 0)
		return ERR_INTERNAL;
	return ERR_OK;
}

bool
tls_policy_limit_groups(const struct tls_policy *p, WOLFSSL *ssl)
{
	int list[TLS_GROUPS]; /* the library wants it writable */

	memcpy(list, p->groups, sizeof list);
	return wolfSSL_set_groups(ssl, list, p->groups_count) ==
	       WOLFSSL_SUCCESS;
}
