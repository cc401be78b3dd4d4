/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/protocol.h"

#include <string.h>

/* Lengths of the parts that follow: the YAML, its path with the NUL. */
struct config_head {
	unsigned char privacy_key[HASH_KEY];
	uint64_t yaml_len, path_len;
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

enum err
protocol_put_config(struct channel *c, const struct snapshot_source *src,
		    int shelf)
{
	struct slice path =
	    slice_of(src->yaml_path, strlen(src->yaml_path) + 1);
	struct config_head head = {.yaml_len = src->yaml.len,
				   .path_len = path.len};
	const struct slice parts[] = {slice_of(&head, sizeof head), src->yaml,
				      path};

	memcpy(head.privacy_key, src->privacy_key, sizeof head.privacy_key);
	return channel_put(c, MESSAGE_CONFIG, parts,
			   sizeof parts / sizeof parts[0], &shelf, 1);
}

enum err
protocol_get_config(struct slice body, struct snapshot_source *src)
{
	struct slice rest = slice_skip(body, sizeof(struct config_head));
	struct slice yaml, path;
	struct config_head head;

	if (body.len < sizeof head)
		return ERR_PROTOCOL;
	memcpy(&head, body.ptr, sizeof head);
	if (head.yaml_len > rest.len)
		return ERR_PROTOCOL;
	yaml = slice_head(rest, head.yaml_len);
	path = slice_skip(rest, head.yaml_len);
	if (path.len != head.path_len || slice_find(path, 0) + 1 != path.len)
		return ERR_PROTOCOL;
	*src = (struct snapshot_source){.yaml = yaml,
					.yaml_path = (const char *)path.ptr};
	memcpy(src->privacy_key, head.privacy_key, sizeof src->privacy_key);
	return ERR_OK;
}
