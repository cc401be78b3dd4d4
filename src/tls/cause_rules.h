/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause_rules.h - what clients do when something is wrong, as a table.
 */
#ifndef TLS_CAUSE_RULES_H
#define TLS_CAUSE_RULES_H

#include "tls/cause.h"

enum { RULE_CAUSES = 14, RULE_ANY = -1 };

struct cause_rule {
	unsigned signals, stages; /* bits, 1 << SIGNAL_...; 0: any */
	int alert;                /* RULE_ANY: any, or none */
	unsigned families;        /* bits; 0: any */
	unsigned versions;        /* bits; 0: any */
	unsigned hints;           /* which must be there */
	/* If a flaw of the certificate confirms a cause, and if none does. */
	enum confidence confirmed, open;
	/* The most likely first, ends with CAUSE_NONE. */
	unsigned char causes[RULE_CAUSES + 1];
};

/* The first that fits decides. */
extern const struct cause_rule cause_rules[];
extern const size_t cause_rules_count;

#endif
