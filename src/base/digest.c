/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/digest.h"

#include "base/wipe.h"

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/hmac.h>

#include <assert.h>
#include <string.h>

/* The library fails here only for want of memory, and asks for none. */
void
digest_mac(const unsigned char key[DIGEST], const struct slice *parts,
	   size_t count, unsigned char out[DIGEST])
{
	unsigned char mac[DIGEST];
	Hmac h;
	int bad = wc_HmacInit(&h, NULL, INVALID_DEVID);

	bad |= wc_HmacSetKey(&h, WC_SHA256, key, DIGEST);
	for (size_t i = 0; i < count; i++)
		bad |= wc_HmacUpdate(&h, parts[i].ptr, (word32)parts[i].len);
	bad |= wc_HmacFinal(&h, mac);
	assert(bad == 0);
	wc_HmacFree(&h);
	memcpy(out, mac, sizeof mac);
	wipe(mac, sizeof mac);
	wipe(&h, sizeof h);
}
