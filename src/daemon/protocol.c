/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/protocol.h"

#include <string.h>

enum { BYTES = 3, PATHS = 3, PARTS = BYTES + PATHS };

/* Lengths of the parts that follow; paths with their NUL. */
struct config_head {
	int64_t judged_at;
	unsigned char privacy_key[HASH_KEY];
	uint64_t len[PARTS];
};

struct listener_key
listener_key(const struct listener_settings *l)
{
	struct listener_key k;

	/* Padding too: keys are compared and sent as bytes. */
	memset(&k, 0, sizeof k);
	memcpy(k.octets, l->address.octets, sizeof k.octets);
	k.port = l->port;
	k.any = l->any;
	return k;
}

bool
listener_key_eq(const struct listener_key *a, const struct listener_key *b)
{
	return a->port == b->port && a->any == b->any &&
	       memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

static struct slice
path_slice(const char *path)
{
	return slice_of(path, strlen(path) + 1);
}

enum err
protocol_put_config(struct channel *c, const struct snapshot_source *src,
		    int64_t judged_at)
{
	struct config_head head = {.judged_at = judged_at};
	struct slice parts[1 + PARTS] = {slice_of(&head, sizeof head),
					 src->yaml,
					 src->chain,
					 src->key,
					 path_slice(src->yaml_path),
					 path_slice(src->chain_path),
					 path_slice(src->key_path)};

	memcpy(head.privacy_key, src->privacy_key, sizeof head.privacy_key);
	for (size_t i = 0; i < PARTS; i++)
		head.len[i] = parts[1 + i].len;
	return channel_put(c, MESSAGE_CONFIG, parts, 1 + PARTS, NULL, 0);
}

enum err
protocol_get_config(struct slice body, struct snapshot_source *src,
		    int64_t *judged_at)
{
	struct config_head head;
	struct slice parts[PARTS], rest = slice_skip(body, sizeof head);

	if (body.len < sizeof head)
		return ERR_PROTOCOL;
	memcpy(&head, body.ptr, sizeof head);
	for (size_t i = 0; i < PARTS; i++) {
		if (head.len[i] > rest.len)
			return ERR_PROTOCOL;
		parts[i] = slice_head(rest, head.len[i]);
		rest = slice_skip(rest, head.len[i]);
		if (i >= BYTES && slice_find(parts[i], 0) + 1 != parts[i].len)
			return ERR_PROTOCOL;
	}
	*src =
	    (struct snapshot_source){.yaml = parts[0],
				     .chain = parts[1],
				     .key = parts[2],
				     .yaml_path = (const char *)parts[3].ptr,
				     .chain_path = (const char *)parts[4].ptr,
				     .key_path = (const char *)parts[5].ptr};
	memcpy(src->privacy_key, head.privacy_key, sizeof src->privacy_key);
	*judged_at = head.judged_at;
	return ERR_OK;
}
