/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * attempt.c - one attempt to log in: its memory, its end, its answer.
 */
#include "session/session.h"

#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

enum { GRID_MS = 250 };

struct attempt *
attempt_new(struct session *s, struct slice tag, size_t room)
{
	struct attempt *a = calloc(1, sizeof *a);

	if (!a || !attempt_room(a, room)) {
		free(a);
		return NULL;
	}
	a->verdict = REPLY_NONE;
	a->mechanism = MECHANISM_COUNT;
	a->began = s->now;
	a->answer_at = UINT64_MAX;
	a->tag_len = (unsigned char)tag.len;
	memcpy(a->tag, tag.ptr, tag.len);
	attempt_free(s);
	s->attempt = a;
	return a;
}

static void
forget(unsigned char *mem, size_t n)
{
	if (mem)
		wipe(mem, n);
	free(mem);
}

bool
attempt_room(struct attempt *a, size_t n)
{
	size_t cap = n < 64 ? 64 : n;
	unsigned char *mem;

	if (a->message && n <= a->message_cap)
		return true;
	mem = calloc(1, cap);
	if (!mem)
		return false;
	if (a->message_len > 0)
		memcpy(mem, a->message, a->message_len);
	forget(a->message, a->message_cap);
	a->message = mem;
	a->message_cap = cap;
	return true;
}

void
attempt_free(struct session *s)
{
	struct attempt *a = s->attempt;

	if (!a)
		return;
	/* What nobody has closed was not decided. */
	judge_end(s, a->trial.accepted ? TALLY_SUCCEEDED : TALLY_ABANDONED);
	forget(a->message, a->message_cap);
	script_forget(a);
	wipe(a, sizeof *a);
	free(a);
	s->attempt = NULL;
}

struct slice
attempt_user(const struct attempt *a)
{
	return slice_trim(a->name, ' ');
}

/*
 * Wrong password, unknown user and whatever else is keyed by the user sound
 * the same and take the same time: not before the delay, and on a grid. What
 * is keyed by the address takes it, too: whoever guesses shall wait.
 */
static uint64_t
answer_time(const struct session *s)
{
	uint64_t took = s->now - s->attempt->began;
	uint64_t least = session_settings(s)->timeouts.auth_failure_delay;

	if (took < least)
		took = least;
	took = (took + GRID_MS - 1) / GRID_MS * GRID_MS;
	return s->attempt->began + took;
}

enum state
attempt_fail(struct session *s, enum reply verdict, const char *reason)
{
	struct attempt *a = s->attempt;

	a->verdict = verdict;
	a->answer_at = s->now;
	judge_end(s, verdict == REPLY_LOGIN_FAILED && a->sent
			 ? TALLY_FAILED
			 : TALLY_ABANDONED);
	if (verdict == REPLY_LOGIN_FAILED || a->refused) {
		s->failures++;
		a->answer_at = answer_time(s);
	}
	report_login(s, verdict, reason);
	a->reported = true;
	upstream_close(s);
	return STATE_JUDGE;
}

static void
count_refused(struct session *s, enum reply r)
{
	s->attempts++;
	report_login(s, r,
		     r == REPLY_PRIVACY_REQUIRED
			 ? "login in clear, refused: STARTTLS first"
			 : "control character in a credential");
}

enum state
attempt_refuse(struct session *s, enum reply r)
{
	struct attempt *a = s->attempt;

	if (r == REPLY_CREDENTIAL_BAD || r == REPLY_PRIVACY_REQUIRED)
		count_refused(s, r);
	session_say(s, r, slice_of(a->tag, a->tag_len));
	attempt_free(s);
	return (enum state)s->state;
}

void
attempt_note_clear(struct session *s)
{
	struct attempt *a = attempt_new(s, SLICE_EMPTY, 0);

	if (!a)
		return;
	a->login_command = true;
	count_refused(s, REPLY_PRIVACY_REQUIRED);
	attempt_free(s);
}
