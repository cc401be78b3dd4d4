/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/check.h"

#include <stdarg.h>
#include <stdio.h>

enum err
complain(struct complaint *out, enum err cause, const char *path, size_t index,
	 const char *format, ...)
{
	va_list args;

	out->path = path;
	out->other = NULL;
	out->index = index;
	va_start(args, format);
	vsnprintf(out->text, sizeof out->text, format, args);
	va_end(args);
	return cause;
}

static bool
is_everything(const struct address *a)
{
	static const struct address v6 = {{0}};
	static const struct address v4 = {{[10] = 0xff, [11] = 0xff}};

	return address_eq(a, &v6) || address_eq(a, &v4);
}

/* "*" clashes with the all-zero address of either family, too. */
static bool
same_socket(const struct listener_settings *a,
	    const struct listener_settings *b)
{
	if (a->port != b->port)
		return false;
	if (a->any || b->any)
		return is_everything(&a->address) && is_everything(&b->address);
	return address_eq(&a->address, &b->address);
}

static enum err
check_pair(const struct settings *s, size_t i, size_t j, struct complaint *out)
{
	const struct listener_settings *a = &s->listeners[i];
	const struct listener_settings *b = &s->listeners[j];

	if (slice_eq(slice_str(a->name), slice_str(b->name)))
		return complain(out, ERR_DUPLICATE, "listeners.name", j,
				"two listeners are called '%s'", b->name);
	if (same_socket(a, b))
		return complain(out, ERR_DUPLICATE, "listeners.port", j,
				"listeners '%s' and '%s' have the same address "
				"and port",
				a->name, b->name);
	return ERR_OK;
}

/* A network that holds every address is no inside network. */
static enum err
check_networks(const struct listener_settings *l, size_t index,
	       struct complaint *out)
{
	static const char path[] = "listeners.plaintext_networks";

	if (l->plaintext_networks_count > 0 && l->mode != LISTENER_STARTTLS)
		return complain(out, ERR_REFUSED, path, index,
				"'%s' works with mode starttls only", path);
	for (size_t i = 0; i < l->plaintext_networks_count; i++)
		if (l->plaintext_networks[i].bits == 0 ||
		    (l->plaintext_networks[i].bits == 96 &&
		     address_is_v4(&l->plaintext_networks[i].network)))
			return complain(out, ERR_REFUSED, path, index,
					"'%s' may not hold every address",
					path);
	return ERR_OK;
}

static enum err
check_listeners(const struct settings *s, struct complaint *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < s->listeners_count; i++) {
		e = check_networks(&s->listeners[i], i, out);
		for (size_t j = 0; e == ERR_OK && j < i; j++)
			e = check_pair(s, j, i, out);
	}
	return e;
}

/* A socket that connects to the all-zero address reaches this machine. */
static bool
is_here(const struct address *a)
{
	return address_is_loopback(a) || is_everything(a);
}

static bool
is_loop(const struct listener_settings *l, const struct backend_settings *b)
{
	struct address a;

	if (l->port != b->port)
		return false;
	if (address_parse(slice_str(b->host), &a) != ERR_OK)
		return is_here(&l->address) &&
		       slice_ieq(slice_str(b->host), SLICE("localhost"));
	if (!l->any && address_is_v4(&a) != address_is_v4(&l->address))
		return false;
	return address_eq(&a, &l->address) ||
	       (is_here(&a) && is_everything(&l->address));
}

static enum err
check_backends(const struct settings *s, struct complaint *out)
{
	for (size_t i = 0; i < s->backends_count; i++) {
		const struct backend_settings *b = &s->backends[i];

		for (size_t j = 0; j < i; j++)
			if (slice_eq(slice_str(b->name),
				     slice_str(s->backends[j].name)))
				return complain(
				    out, ERR_DUPLICATE, "backends.name", i,
				    "two backends are called '%s'", b->name);
		for (size_t j = 0; j < s->listeners_count; j++)
			if (is_loop(&s->listeners[j], b))
				return complain(out, ERR_REFUSED,
						"backends.address", i,
						"backend '%s' is our own "
						"listener '%s'",
						b->name, s->listeners[j].name);
	}
	return ERR_OK;
}

/* No first value may be greater than its second. */
static enum err
check_order(const struct settings *s, struct complaint *out)
{
	const struct {
		uint64_t small, great;
		const char *small_path, *great_path;
	} rows[] = {
	    {s->limits.line, s->limits.gate_bytes, "limits.line",
	     "limits.gate_bytes"},
	    {s->limits.literal, s->limits.gate_bytes, "limits.literal",
	     "limits.gate_bytes"},
	    {s->limits.sasl_line, s->limits.gate_bytes, "limits.sasl_line",
	     "limits.gate_bytes"},
	    {s->limits.oauth_line, s->limits.gate_bytes, "limits.oauth_line",
	     "limits.gate_bytes"},
	    {s->timeouts.gate_first, s->timeouts.gate_total,
	     "timeouts.gate_first", "timeouts.gate_total"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].small <= rows[i].great)
			continue;
		(void)complain(out, ERR_RANGE, rows[i].small_path, 0,
			       "'%s' may not be greater than '%s'",
			       rows[i].small_path, rows[i].great_path);
		out->other = rows[i].great_path;
		return ERR_RANGE;
	}
	return ERR_OK;
}

/* Two ends in one file would be cut off together. */
static enum err
check_audit(const struct settings *s, struct complaint *out)
{
	const struct sink_place *sink = &s->audit.sink;
	const struct sink_place *anchors = &s->audit.anchors;

	if (!*s->audit.chain)
		return ERR_OK;
	if (sink->kind == AUDIT_NONE)
		return complain(out, ERR_REFUSED, "audit.chain", 0,
				"'audit.chain' needs an 'audit.sink'");
	if (sink->kind == AUDIT_FILE && anchors->kind == AUDIT_FILE &&
	    slice_eq(slice_str(sink->path), slice_str(anchors->path)))
		return complain(out, ERR_DUPLICATE, "audit.anchors", 0,
				"'audit.anchors' must be another place than "
				"'audit.sink'");
	return ERR_OK;
}

enum err
config_check(const struct settings *s, struct complaint *out)
{
	enum err e = check_listeners(s, out);

	if (e == ERR_OK)
		e = check_backends(s, out);
	if (e == ERR_OK)
		e = check_tls(s, out);
	if (e == ERR_OK)
		e = check_order(s, out);
	if (e == ERR_OK)
		e = check_audit(s, out);
	return e;
}
