/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reading.h - what the files that read a pair share.
 */
#ifndef TLS_READING_H
#define TLS_READING_H

#include "tls/pair.h"

/* One pair being read. */
struct reading {
	const struct pair_source *src;
	struct pair *pair;
	struct pair_fault *fault;
};

/* Sets the fault; returns the cause. */
enum err reading_refuse(struct reading *r, enum err cause, const char *format,
			...) __attribute__((format(printf, 3, 4)));
/* The same, but a warning and ERR_OK where faults are to be served. */
enum err reading_object(struct reading *r, enum err cause, const char *format,
			...) __attribute__((format(printf, 3, 4)));

/* chain_rules.c: of the chain that was decoded; takes the leaf's facts. */
enum err chain_judge(struct reading *r) MUST_USE;
/* Only the signatures: those that were left out if src->unproven. */
enum err chain_prove(struct reading *r) MUST_USE;

#endif
