/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vigil.c - certificates that change on disk are taken into use by themselves.
 *
 *   lookout  sees that a file looks otherwise      settle  knows when to look,
 *   reload   reads all of them and takes them              and when to read
 */
#include "daemon/keeping.h"

#include "base/clock.h"

/* While the relay starts, is fed or ends, changes wait. */
static bool
awake(const struct keeper *k)
{
	return k->phase == PHASE_SERVING && keeper_settings(k)->tls.watch > 0;
}

void
vigil_begin(struct keeper *k)
{
	const struct settings *s = keeper_settings(k);

	settle_init(&k->settle, s->tls.watch, clock_monotonic_ms());
	k->seen = k->now.files.print;
	if (s->tls.watch == 0) {
		lookout_clear(&k->lookout);
		return;
	}
	lookout_aim(&k->lookout, s);
	/* What happened between reading and this was not heard. */
	settle_heard(&k->settle, clock_monotonic_ms());
}

uint64_t
vigil_due(const struct keeper *k)
{
	return awake(k) ? settle_due(&k->settle) : NEVER;
}

int
vigil_fd(const struct keeper *k)
{
	if (awake(k) && settle_listens(&k->settle, clock_monotonic_ms()))
		return k->lookout.fd;
	return -1;
}

void
vigil_heard(struct keeper *k)
{
	settle_heard(&k->settle, clock_monotonic_ms());
}

static void
look(struct keeper *k, uint64_t now)
{
	const struct settings *s = keeper_settings(k);
	uint64_t print;

	if (k->lookout.fd >= 0)
		lookout_drain(&k->lookout);
	print = lookout_print(s);
	/* Folders and links may be other ones than those watched. */
	if (print != k->seen)
		lookout_aim(&k->lookout, s);
	settle_looked(&k->settle, print != k->seen, now, clock_monotonic_ms());
	k->seen = print;
}

void
vigil_turn(struct keeper *k)
{
	uint64_t now = clock_monotonic_ms();

	if (!awake(k))
		return;
	if (settle_wants_look(&k->settle, now))
		look(k, now);
	if (settle_wants_reading(&k->settle, clock_monotonic_ms())) {
		settle_reading(&k->settle);
		reload_renew(k);
	}
}
