/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/near.h"

#include "config/keys.h"

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t
near_distance(struct slice a, struct slice b)
{
	size_t row[NEAR_MAX + 1];

	a = slice_head(a, NEAR_MAX);
	b = slice_head(b, NEAR_MAX);
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = byte_lower(a.ptr[i - 1]) ==
				    byte_lower(b.ptr[j - 1]);
			size_t next = least_of(diagonal + !same, row[j] + 1,
					       row[j - 1] + 1);

			diagonal = row[j];
			row[j] = next;
		}
	}
	return row[b.len];
}

size_t
near_limit(struct slice name)
{
	return 1 + name.len / 3;
}

/* Else the right name in the wrong place, give or take one letter. */
static const struct key *
near_anywhere(struct slice name)
{
	const struct key *k;

	for (size_t limit = 0; limit <= 1; limit++)
		for (size_t i = 0; (k = key_at(i)); i++)
			if (near_distance(name, slice_str(key_name(k))) <=
			    limit)
				return k;
	return NULL;
}

const struct key *
key_near(const struct key *parent, struct slice name)
{
	const struct key *best = NULL, *k;
	size_t limit = near_limit(name);

	if (name.len > NEAR_MAX)
		return NULL;
	for (size_t i = 0; (k = key_at(i)); i++) {
		size_t d = near_distance(name, slice_str(key_name(k)));

		if (key_is_child(k, parent) && d <= limit) {
			best = k;
			limit = d - (d > 0);
		}
	}
	return best ? best : near_anywhere(name);
}
