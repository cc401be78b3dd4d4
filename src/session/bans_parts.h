/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bans_parts.h - the inside of the bans, for bans*.c alone: records, and where
 * they stand. Whoever calls these holds the lock, for writing unless said
 * otherwise.
 */
#ifndef SESSION_BANS_PARTS_H
#define SESSION_BANS_PARTS_H

#include "session/bans.h"

#include <pthread.h>
#include <uthash.h>

/* What a record is found by: the bits of a network and its address, or
 * KEY_OF_USER and the folded name. */
enum { KEY_OF_USER = 0xff, KEY_MAX = 1 + BAN_USER_MAX, SIZES = 129 };

struct ban_key {
	unsigned char bytes[KEY_MAX];
	size_t len;
};

struct ban_record {
	uint64_t id;
	uint64_t ends;      /* UINT64_MAX: for good */
	uint64_t forgotten; /* once it is over; monotonic ms */
	uint64_t longest;   /* ms from its end until then; 0: at once */
	uint64_t since;     /* wall ms */
	uint32_t times;
	uint32_t slot, place; /* in bans.slots, in its heap */
	bool by_hand, over;
	/* Of lookups, who hold the lock for reading only. */
	_Atomic uint64_t refused, told, told_at;
	struct evidence evidence;
	char reason[BAN_REASON_MAX + 1];
	UT_hash_handle hh;
	size_t key_len;
	unsigned char key[];
};

/* First stands what is due first: its end, or that it is forgotten. */
struct ban_heap {
	struct ban_record **records; /* room for BANS_MOST */
	uint32_t count;
};

struct bans {
	pthread_rwlock_t lock;
	unsigned char key[HASH_KEY];
	struct ban_record *records;
	struct ban_heap holding, remembered;
	struct ban_record **slots; /* BANS_MOST, NULL: spare */
	uint32_t *spare;
	uint32_t spare_count;
	/* Of those that hold: networks of each size; without the lock, whether
	 * there are any at all. */
	uint32_t sizes[SIZES];
	_Atomic uint64_t networks, users;
	uint64_t last_id, pushed_out;
};

struct ban_key ban_key_of(const struct ban_subject *subject);
bool ban_is_user(const struct ban_record *r);

/* For reading. NULL: there is none. */
struct ban_record *records_find(const struct bans *b,
				const struct ban_key *key);
/* A new one, nowhere in a heap yet. For it others have to go, unless they are
 * by hand and end after `ends`. ERR_NOMEM, ERR_LIMIT. */
enum err records_make(struct bans *b, const struct ban_key *key, uint64_t ends,
		      struct ban_record **out) MUST_USE;
void records_drop(struct bans *b, struct ban_record *r);
/* Into the heap it belongs to by its `over` and its times. Once it stands in
 * one, records_leave before those change. */
void records_place(struct bans *b, struct ban_record *r);
void records_leave(struct bans *b, struct ban_record *r);

/* For reading, as the others here. */
bool ban_holds(const struct ban_record *r, uint64_t now);
/* *network stays as it is where it is a user. */
enum ban_kind ban_kind_of(const struct ban_record *r, struct cidr *network);
void ban_copy(const struct ban_record *r, uint64_t now, uint64_t wall,
	      struct ban *out);
/* Cut off where it is too long; ends in NUL, has none within. */
void ban_text(char *out, size_t room, struct slice text);

#endif
