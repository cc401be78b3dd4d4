/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialogs.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#define ADD(out, from, n)                                                      \
	do {                                                                   \
		memcpy((out).text + (out).len, (from), (n));                   \
		(out).len += (n);                                              \
	} while (0)

/* What a move says beside what is to be done. */
static void
note(struct dialogs *r, bool client, const struct move *m,
     const unsigned char *bytes)
{
	struct slice s = m->kind == MOVE_PUT ? m->text : slice_of(bytes, m->n);

	CU_ASSERT(client ? m->opened == 0 : m->watch == 0);
	if (m->opened)
		r->opened[strlen(r->opened)] =
		    m->opened == OPENED_YES ? 'y' : 'n';
	if (!m->watch)
		return;
	CU_ASSERT(m->kind == MOVE_PASS || m->kind == MOVE_PUT);
	if (m->watch & WATCH_FIRST)
		r->watched.len = r->watched.begun;
	ADD(r->watched, s.ptr, s.len);
	if (m->watch & WATCH_LAST)
		r->watched.begun = r->watched.len;
}

/* One move of one side; false when there is none. */
static bool
move(struct dialogs *r, bool client)
{
	unsigned char *bytes = client ? r->client.bytes : r->server.bytes;
	size_t *len = client ? &r->client.len : &r->server.len;
	/* Exactly as much memory as there are bytes. */
	unsigned char *copy = malloc(*len + 1);
	char text[REPLY_MAX];
	struct move m;

	memcpy(copy, bytes, *len);
	if (client)
		dialog_client(&r->d, slice_of(copy, *len), &m);
	else
		dialog_server(&r->d, slice_of(copy, *len), &m);
	CU_ASSERT(m.n <= *len);
	note(r, client, &m, copy);
	switch (m.kind) {
	case MOVE_PASS:
		CU_ASSERT(m.n > 0);
		if (client)
			ADD(r->to_backend, copy, m.n);
		else
			ADD(r->to_client, copy, m.n);
		break;
	case MOVE_PUT:
		CU_ASSERT(client);
		ADD(r->to_backend, m.text.ptr, m.text.len);
		break;
	case MOVE_REPLY:
		CU_ASSERT(dialog_boundary(&r->d));
		ADD(r->to_client, text, reply_format(m.reply, m.tag, text));
		break;
	case MOVE_END:
		CU_ASSERT_PTR_NOT_NULL(m.why);
		r->ended = true;
		break;
	case MOVE_SKIP:
	case MOVE_WAIT:
	default:
		break;
	}
	free(copy);
	if (m.kind == MOVE_WAIT || m.kind == MOVE_END) {
		CU_ASSERT(m.kind == MOVE_END || *len <= DIALOG_MOST ||
			  r->d.word_due || !dialog_boundary(&r->d) ||
			  r->d.tags.len + 8 > TAGS_ROOM);
		return false;
	}
	memmove(bytes, bytes + m.n, *len - m.n);
	*len -= m.n;
	return true;
}

static void
settle(struct dialogs *r)
{
	while (!r->ended && (move(r, true) || move(r, false)))
		;
}

void
dialogs_give(struct dialogs *r, char who, const char *bytes, size_t n)
{
	if (who == 'C') {
		memcpy(r->client.bytes + r->client.len, bytes, n);
		r->client.len += n;
	} else {
		memcpy(r->server.bytes + r->server.len, bytes, n);
		r->server.len += n;
	}
	settle(r);
}

void
dialogs_begin(struct dialogs *r, unsigned flags)
{
	memset(r, 0, sizeof *r);
	dialog_init(&r->d, flags);
}
