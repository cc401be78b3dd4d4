/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_search.h - the way up, as the files of path share it.
 */
#ifndef X509_PATH_SEARCH_H
#define X509_PATH_SEARCH_H

#include "x509/path.h"

/* What is wrong, with which certificate, and which other one is concerned. */
struct path_fault {
	enum path_reason reason;
	size_t certificate, other;
};

/*
 * Looks for a way from out->at[0] to an anchor and leaves it, or the best that
 * failed, in *out, with the fault as its reason. All but *out's certificates
 * must be zeroed.
 */
void path_search(const struct path_input *in, struct path *out);

/* path_whole.c: a way without fault up to here, seen as a whole. */
struct path_whole {
	const struct path_input *in;
	struct path *out;
	const size_t *way; /* the server's own first */
	size_t length;
	const struct certificate *anchor;
	bool direct; /* the anchor is the server's own certificate */
};
struct path_fault path_whole(const struct path_whole *w);

#endif
