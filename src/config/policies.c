/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/policies.h"

#include "config/near.h"

#include <stdio.h>
#include <string.h>

/*
 * RFC 9325 in both: ECDHE and AEAD only. AES-128 before AES-256, for it is as
 * good and faster; the hybrid group first, for what is recorded today must not
 * be readable tomorrow.
 */
#define CIPHERS_13                                                             \
	TLS_CIPHER_AES_128_GCM, TLS_CIPHER_AES_256_GCM,                        \
	    TLS_CIPHER_CHACHA20_POLY1305
#define SIGNATURES_13                                                          \
	TLS_SIGNATURE_ECDSA_SECP256R1_SHA256,                                  \
	    TLS_SIGNATURE_ECDSA_SECP384R1_SHA384,                              \
	    TLS_SIGNATURE_ECDSA_SECP521R1_SHA512, TLS_SIGNATURE_ED25519,       \
	    TLS_SIGNATURE_RSA_PSS_RSAE_SHA256,                                 \
	    TLS_SIGNATURE_RSA_PSS_RSAE_SHA384,                                 \
	    TLS_SIGNATURE_RSA_PSS_RSAE_SHA512,                                 \
	    TLS_SIGNATURE_RSA_PSS_PSS_SHA256,                                  \
	    TLS_SIGNATURE_RSA_PSS_PSS_SHA384, TLS_SIGNATURE_RSA_PSS_PSS_SHA512

const struct tls_policy_settings policies_built_in[SETTINGS_BUILT_IN_POLICIES] =
    {
	{
	    .name = "modern",
	    .minimum = TLS_VERSION_13,
	    .maximum = TLS_VERSION_13,
	    .ciphers = {CIPHERS_13},
	    .ciphers_count = 3,
	    .ciphers_by_speed = true,
	    .groups = {TLS_GROUP_X25519MLKEM768, TLS_GROUP_X25519,
		       TLS_GROUP_SECP256R1, TLS_GROUP_SECP384R1},
	    .groups_count = 4,
	    .signatures = {SIGNATURES_13},
	    .signatures_count = 10,
	    .client_ca = "",
	    .client_crl = "",
	},
	{
	    .name = "intermediate",
	    .minimum = TLS_VERSION_12,
	    .maximum = TLS_VERSION_13,
	    .ciphers = {CIPHERS_13, TLS_CIPHER_ECDHE_ECDSA_AES_128_GCM,
			TLS_CIPHER_ECDHE_RSA_AES_128_GCM,
			TLS_CIPHER_ECDHE_ECDSA_AES_256_GCM,
			TLS_CIPHER_ECDHE_RSA_AES_256_GCM,
			TLS_CIPHER_ECDHE_ECDSA_CHACHA20_POLY1305,
			TLS_CIPHER_ECDHE_RSA_CHACHA20_POLY1305},
	    .ciphers_count = 9,
	    .ciphers_by_speed = true,
	    .groups = {TLS_GROUP_X25519MLKEM768, TLS_GROUP_X25519,
		       TLS_GROUP_SECP256R1, TLS_GROUP_SECP384R1},
	    .groups_count = 4,
	    .signatures = {SIGNATURES_13, TLS_SIGNATURE_RSA_PKCS1_SHA256,
			   TLS_SIGNATURE_RSA_PKCS1_SHA384,
			   TLS_SIGNATURE_RSA_PKCS1_SHA512},
	    .signatures_count = 13,
	    .client_ca = "",
	    .client_crl = "",
	},
};

static const struct tls_policy_settings *const widest = &policies_built_in[1];

bool
policy_uses(const struct tls_policy_settings *p, const struct term *t)
{
	for (unsigned v = p->minimum; v <= (unsigned)p->maximum; v++)
		if (term_has(t, (enum tls_version)v))
			return true;
	return false;
}

/* Of the first `among` policies; `among` when there is none of that name. */
static size_t
find(const struct settings *s, const char *name, size_t among)
{
	size_t i = 0;

	while (i < among && strcmp(s->tls_policies[i].name, name) != 0)
		i++;
	return i;
}

static enum err
complain_unknown(const struct settings *s, const char *name, const char *path,
		 size_t index, struct complaint *out)
{
	size_t best = s->tls_policies_count;
	size_t limit = near_limit(slice_str(name));

	for (size_t i = 0; i < s->tls_policies_count; i++) {
		size_t d = near_distance(slice_str(name),
					 slice_str(s->tls_policies[i].name));

		if (d <= limit) {
			best = i;
			limit = d - (d > 0);
		}
	}
	if (best == s->tls_policies_count)
		return complain(out, ERR_UNKNOWN, path, index,
				"'%s': there is no TLS policy '%s'", path,
				name);
	return complain(out, ERR_UNKNOWN, path, index,
			"'%s': there is no TLS policy '%s'; did you mean "
			"'%s'?",
			path, name, s->tls_policies[best].name);
}

/* Its name and the base's. */
static enum err
check_names(const struct settings *s, size_t own, struct complaint *out)
{
	size_t at = SETTINGS_BUILT_IN_POLICIES + own;
	const struct tls_policy_settings *p = &s->tls_policies[at];
	size_t same = find(s, p->name, at);

	if (same < SETTINGS_BUILT_IN_POLICIES)
		return complain(out, ERR_DUPLICATE, "tls_policies.name", own,
				"the TLS policy '%s' is built in; name yours "
				"differently",
				p->name);
	if (same < at)
		return complain(out, ERR_DUPLICATE, "tls_policies.name", own,
				"two TLS policies are called '%s'", p->name);
	if (find(s, p->base, at) < at)
		return ERR_OK;
	if (find(s, p->base, s->tls_policies_count) == s->tls_policies_count)
		return complain_unknown(s, p->base, "tls_policies.base", own,
					out);
	return complain(out, ERR_REFUSED, "tls_policies.base", own,
			"TLS policy '%s': its base '%s' must be written before "
			"it",
			p->name, p->base);
}

static void
inherit(const struct key *k, struct tls_policy_settings *to,
	const struct tls_policy_settings *from)
{
	size_t size = key_is_list(k) ? k->most * k->size : k->size;

	memcpy((char *)to + k->at, (const char *)from + k->at, size);
	if (key_is_list(k))
		*key_count(k, to) = key_length(k, from);
}

/* Takes out of an inherited set what no version of the policy can use. */
static void
narrow(const struct key *k, struct tls_policy_settings *p)
{
	uint8_t *ids = (void *)((char *)p + k->at);
	size_t *count = key_count(k, p), kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (policy_uses(p, &k->vocabulary->terms[ids[i]]))
			ids[kept++] = ids[i];
	*count = kept;
}

static bool
is_written(const struct loader *l, const struct key *k, size_t own)
{
	return loader_place(l, k, own).line > 0;
}

/* What was not said about certificates that nobody is asked for. */
static void
forget_clients(const struct loader *l, struct tls_policy_settings *p,
	       size_t own)
{
	if (p->client_certificate != CLIENT_CERTIFICATE_OFF)
		return;
	if (!is_written(l, key_of("tls_policies.client_ca"), own))
		p->client_ca = "";
	if (!is_written(l, key_of("tls_policies.client_crl"), own))
		p->client_crl = "";
	if (!is_written(l, key_of("tls_policies.client_names"), own))
		p->client_names_count = 0;
}

/* Are its suites those of the built-in policies, as far as it has versions? */
static bool
is_by_speed(const struct tls_policy_settings *p)
{
	struct tls_policy_settings usual = *p;

	inherit(key_of("tls_policies.ciphers"), &usual, widest);
	narrow(key_of("tls_policies.ciphers"), &usual);
	return usual.ciphers_count == p->ciphers_count &&
	       memcmp(usual.ciphers, p->ciphers, p->ciphers_count) == 0;
}

static void
fill_in(const struct loader *l, struct tls_policy_settings *p, size_t own)
{
	const struct settings *s = l->settings;
	const struct tls_policy_settings *base =
	    &s->tls_policies[find(s, p->base, s->tls_policies_count)];
	const struct key *list = key_of("tls_policies"), *k;

	for (size_t i = 0; (k = key_at(i)); i++)
		if (key_is_child(k, list) && k->inherits &&
		    !is_written(l, k, own))
			inherit(k, p, base);
	for (size_t i = 0; (k = key_at(i)); i++)
		if (key_is_child(k, list) && k->kind == KIND_TERMS &&
		    !is_written(l, k, own))
			narrow(k, p);
	forget_clients(l, p, own);
	p->ciphers_by_speed = is_by_speed(p);
	p->places.client_ca =
	    loader_place(l, key_of("tls_policies.client_ca"), own);
	p->places.client_crl =
	    loader_place(l, key_of("tls_policies.client_crl"), own);
}

static enum err
find_policies(struct settings *s, size_t listener, struct complaint *out)
{
	struct listener_settings *l = &s->listeners[listener];

	for (size_t i = 0; i < l->tls_policies_count; i++) {
		size_t at = find(s, l->tls_policies[i], s->tls_policies_count);

		if (at == s->tls_policies_count)
			return complain_unknown(s, l->tls_policies[i],
						"listeners.tls_policies",
						listener, out);
		l->tls_policies_at[i] = (uint8_t)at;
	}
	return ERR_OK;
}

enum err
policies_resolve(struct loader *l, struct complaint *out)
{
	struct settings *s = l->settings;
	enum err e = ERR_OK;

	memcpy(s->tls_policies, policies_built_in, sizeof policies_built_in);
	s->tls_policies_count =
	    SETTINGS_BUILT_IN_POLICIES + s->own_policies_count;
	for (size_t i = 0; e == ERR_OK && i < s->own_policies_count; i++) {
		e = check_names(s, i, out);
		if (e == ERR_OK)
			fill_in(l, &s->own_policies[i], i);
	}
	for (size_t i = 0; e == ERR_OK && i < s->listeners_count; i++)
		e = find_policies(s, i, out);
	return e;
}

size_t
settings_policy_of(const struct settings *s, const struct listener_settings *l,
		   const struct address *client)
{
	size_t i = 0;

	/* The last one holds everybody. */
	for (; i + 1 < l->tls_policies_count; i++) {
		const struct tls_policy_settings *p =
		    &s->tls_policies[l->tls_policies_at[i]];

		if (p->networks_count == 0 ||
		    cidr_any_contains(p->networks, p->networks_count, client))
			break;
	}
	return l->tls_policies_at[i];
}
