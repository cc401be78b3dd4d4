/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check_tls.c - do certificates and TLS policies make sense?
 */
#include "config/check.h"
#include "config/keys.h"
#include "config/policies.h"

#include <stdio.h>
#include <string.h>

static enum err
check_certificate(const struct certificate_settings *c, size_t i,
		  struct complaint *out)
{
	bool pair = *c->chain || *c->key;

	if (!pair && !*c->directory)
		return complain(out, ERR_MISSING, "certificates", i,
				"'certificates': expected chain and key, or a "
				"directory");
	if (pair && *c->directory)
		return complain(out, ERR_REFUSED, "certificates.directory", i,
				"'certificates': chain and key, or a "
				"directory, but not both in one entry");
	if (!pair && *c->staple)
		return complain(out, ERR_REFUSED, "certificates.staple", i,
				"'certificates.staple' belongs to a chain; in "
				"a directory, staples are found by their "
				"names");
	if (pair && !*c->key)
		return complain(out, ERR_MISSING, "certificates", i,
				"'certificates': the chain %.200s has no key",
				c->chain);
	if (pair && !*c->chain)
		return complain(out, ERR_MISSING, "certificates", i,
				"'certificates': the key %.200s has no chain",
				c->key);
	return ERR_OK;
}

static enum err
check_certificates(const struct settings *s, struct complaint *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < s->certificates_count; i++) {
		const struct certificate_settings *c = &s->certificates[i];

		e = check_certificate(c, i, out);
		for (size_t j = 0; e == ERR_OK && j < i; j++)
			if (strcmp(c->chain, s->certificates[j].chain) == 0 &&
			    strcmp(c->directory,
				   s->certificates[j].directory) == 0)
				return complain(
				    out, ERR_DUPLICATE,
				    *c->chain ? "certificates.chain"
					      : "certificates.directory",
				    i, "'certificates': %.200s is given twice",
				    *c->chain ? c->chain : c->directory);
	}
	return e;
}

static const char *
version_text(enum tls_version v)
{
	return v == TLS_VERSION_13 ? "TLS 1.3" : "TLS 1.2";
}

/* One of a policy's sets, by its key. */
struct set {
	const struct key *key;
	const uint8_t *ids;
	size_t count;
};

static const struct term *
term_at(const struct set *set, size_t i)
{
	return &set->key->vocabulary->terms[set->ids[i]];
}

static bool
serves(const struct set *set, enum tls_version v)
{
	for (size_t i = 0; i < set->count; i++)
		if (term_has(term_at(set, i), v))
			return true;
	return false;
}

/* With whose keys it works in TLS 1.2. */
static unsigned
keys_of(const struct set *set)
{
	unsigned keys = 0;

	for (size_t i = 0; i < set->count; i++)
		if (term_has(term_at(set, i), TLS_VERSION_12))
			keys |= term_at(set, i)->keys;
	return keys;
}

/* Each set must have something for each version, and nothing for none. */
static enum err
check_set(const struct tls_policy_settings *p, const struct set *set,
	  size_t own, struct complaint *out)
{
	for (unsigned v = p->minimum; v <= (unsigned)p->maximum; v++) {
		const char *bound = v == (unsigned)p->minimum
					? "tls_policies.minimum_version"
					: "tls_policies.maximum_version";

		if (serves(set, (enum tls_version)v))
			continue;
		(void)complain(out, ERR_MISMATCH, set->key->path, own,
			       "TLS policy '%s' allows %s, but has no %s for "
			       "it; add one, or change '%s'",
			       p->name, version_text((enum tls_version)v),
			       set->key->vocabulary->noun, bound);
		out->other = bound;
		return ERR_MISMATCH;
	}
	for (size_t i = 0; i < set->count; i++)
		if (!policy_uses(p, term_at(set, i)))
			return complain(
			    out, ERR_MISMATCH, set->key->path, own,
			    "TLS policy '%s': %s cannot be used with its "
			    "versions of TLS",
			    p->name, term_at(set, i)->name);
	return ERR_OK;
}

static enum err
check_sets(const struct tls_policy_settings *p, size_t own,
	   struct complaint *out)
{
	const struct set ciphers = {key_of("tls_policies.ciphers"), p->ciphers,
				    p->ciphers_count};
	const struct set groups = {key_of("tls_policies.groups"), p->groups,
				   p->groups_count};
	const struct set signatures = {
	    key_of("tls_policies.signature_algorithms"), p->signatures,
	    p->signatures_count};
	enum err e = check_set(p, &ciphers, own, out);

	if (e == ERR_OK)
		e = check_set(p, &groups, own, out);
	if (e == ERR_OK)
		e = check_set(p, &signatures, own, out);
	if (e != ERR_OK || p->minimum != TLS_VERSION_12)
		return e;
	if (keys_of(&ciphers) & keys_of(&signatures))
		return ERR_OK;
	e = complain(out, ERR_MISMATCH, signatures.key->path, own,
		     "TLS policy '%s': with TLS 1.2 none of its signature "
		     "algorithms fits its cipher suites (ECDSA, RSA)",
		     p->name);
	out->other = ciphers.key->path;
	return e;
}

static enum err
check_clients(const struct tls_policy_settings *p, size_t own,
	      struct complaint *out)
{
	const struct {
		const char *path;
		bool given;
	} rows[] = {
	    {"tls_policies.client_ca", *p->client_ca},
	    {"tls_policies.client_crl", *p->client_crl},
	    {"tls_policies.client_names", p->client_names_count > 0},
	};

	if (p->client_certificate != CLIENT_CERTIFICATE_OFF && !*p->client_ca)
		return complain(out, ERR_MISSING,
				"tls_policies.client_certificate", own,
				"TLS policy '%s': who asks for client "
				"certificates needs a client_ca",
				p->name);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (p->client_certificate == CLIENT_CERTIFICATE_OFF &&
		    rows[i].given)
			return complain(out, ERR_REFUSED, rows[i].path, own,
					"TLS policy '%s': '%s' has no effect "
					"while client_certificate is off",
					p->name, rows[i].path);
	return ERR_OK;
}

static enum err
check_policies(const struct settings *s, struct complaint *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < s->own_policies_count; i++) {
		const struct tls_policy_settings *p = &s->own_policies[i];

		if (p->minimum > p->maximum) {
			e = complain(out, ERR_RANGE,
				     "tls_policies.minimum_version", i,
				     "TLS policy '%s': its minimum_version is "
				     "above its maximum_version",
				     p->name);
			out->other = "tls_policies.maximum_version";
			return e;
		}
		e = check_sets(p, i, out);
		if (e == ERR_OK)
			e = check_clients(p, i, out);
	}
	return e;
}

static enum err
check_reach(const struct settings *s, size_t listener, struct complaint *out)
{
	static const char path[] = "listeners.tls_policies";
	const struct listener_settings *l = &s->listeners[listener];
	const struct tls_policy_settings *p = NULL;

	for (size_t i = 0; i < l->tls_policies_count; i++) {
		if (p && p->networks_count == 0)
			return complain(out, ERR_REFUSED, path, listener,
					"'%s': nobody gets '%s', for '%s' "
					"before it holds everybody",
					path, l->tls_policies[i], p->name);
		p = &s->tls_policies[l->tls_policies_at[i]];
	}
	if (p && p->networks_count > 0)
		return complain(out, ERR_REFUSED, path, listener,
				"'%s': the last one, '%s', is for some "
				"networks only; add one without networks, such "
				"as intermediate",
				path, p->name);
	return ERR_OK;
}

static enum err
check_times(const struct settings *s, struct complaint *out)
{
	enum err e;

	if (s->tls.watch > 0 && s->tls.watch < 1000)
		return complain(out, ERR_RANGE, "tls.watch", 0,
				"'tls.watch': expected 0s, or one second at "
				"least");
	if (s->tls.ticket_lifetime <=
	    SETTINGS_ROTATIONS_MAX * s->tls.ticket_rotation)
		return ERR_OK;
	e = complain(out, ERR_RANGE, "tls.ticket_rotation", 0,
		     "'tls.ticket_lifetime' may not be more than %d times "
		     "'tls.ticket_rotation'",
		     SETTINGS_ROTATIONS_MAX);
	out->other = "tls.ticket_lifetime";
	return e;
}

enum err
check_tls(const struct settings *s, struct complaint *out)
{
	enum err e = check_certificates(s, out);

	if (e == ERR_OK)
		e = check_policies(s, out);
	for (size_t i = 0; e == ERR_OK && i < s->listeners_count; i++)
		e = check_reach(s, i, out);
	if (e == ERR_OK)
		e = check_times(s, out);
	return e;
}
