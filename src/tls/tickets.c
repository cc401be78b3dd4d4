/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/tickets.h"

#include "base/wipe.h"

#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>

#include <stdbool.h>
#include <string.h>

enum {
	SECRET_SIZE = 32,
	NONCE_SIZE = CHACHA20_POLY1305_AEAD_IV_SIZE,
	TAG_SIZE = CHACHA20_POLY1305_AEAD_AUTHTAG_SIZE,
	/*
	 * wolfSSL 5.9.2 numbers the tickets of a lineage with one byte, and
	 * breaks the handshake that would need number 256. So a lineage ends
	 * before: a full handshake brings fresh keys, as RFC 8446 section
	 * 4.6.1 asks for anyway. Issuing no more tickets instead
	 * (wolfSSL_no_ticket_TLSv13) would break wolfSSL's own clients: they
	 * keep the old ticket with the new secret.
	 */
	LINEAGE_MAX = 100
};

static struct {
	bool ready;
	unsigned char secret[SECRET_SIZE];
} process;

/* The rotation of the secret will begin here: a generation in the label. */
static const char label[] = "imapward ticket keys";

enum err
tickets_init(void)
{
	WC_RNG rng;
	int ret;

	if (process.ready)
		return ERR_OK;
	if (wc_InitRng(&rng) != 0)
		return ERR_SYSTEM;
	ret = wc_RNG_GenerateBlock(&rng, process.secret, SECRET_SIZE);
	(void)wc_FreeRng(&rng);
	process.ready = ret == 0;
	return process.ready ? ERR_OK : ERR_SYSTEM;
}

enum err
ticket_keys_derive(struct ticket_keys *k, struct slice policy)
{
	unsigned char out[sizeof k->name + sizeof k->seal];

	if (!process.ready || policy.len > UINT32_MAX)
		return ERR_INTERNAL;
	if (wc_HKDF(WC_SHA256, process.secret, SECRET_SIZE, policy.ptr,
		    (word32)policy.len, (const byte *)label, sizeof label - 1,
		    out, sizeof out) != 0)
		return ERR_INTERNAL;
	memcpy(k->name, out, sizeof k->name);
	memcpy(k->seal, out + sizeof k->name, sizeof k->seal);
	wipe(out, sizeof out);
	return ERR_OK;
}

/* The library leaves room for a few bytes of ours behind its state. */
static int
seal(WOLFSSL *ssl, const struct ticket_keys *k, unsigned char *name,
     unsigned char *iv, unsigned char *mac, unsigned char *state, int *length)
{
	unsigned char nonce[NONCE_SIZE];
	word32 n = (word32)*length;

	if (wc_RNG_GenerateBlock(wolfSSL_GetRNG(ssl), nonce, NONCE_SIZE) != 0)
		return WOLFSSL_TICKET_RET_FATAL;
	memcpy(name, k->name, sizeof k->name);
	memcpy(iv, nonce, NONCE_SIZE);
	state[n++] = *engine_lineage(ssl);
	if (wc_ChaCha20Poly1305_Encrypt(k->seal, nonce, name, sizeof k->name,
					state, n, state, mac) != 0)
		return WOLFSSL_TICKET_RET_FATAL;
	*length = (int)n;
	return WOLFSSL_TICKET_RET_OK;
}

/*
 * A ticket that does not open only costs a full handshake. Always OK, never
 * CREATE, for one that does: CREATE ends the resumption in TLS 1.3, and TLS
 * 1.2 renews nothing that way (wolfSSL 5.9.2).
 */
static int
unseal(WOLFSSL *ssl, const struct ticket_keys *k, const unsigned char *name,
       const unsigned char *iv, const unsigned char *mac, unsigned char *state,
       int *length)
{
	word32 n = (word32)*length;

	if (n == 0 || memcmp(name, k->name, sizeof k->name) != 0)
		return WOLFSSL_TICKET_RET_REJECT;
	if (wc_ChaCha20Poly1305_Decrypt(k->seal, iv, name, sizeof k->name,
					state, n, mac, state) != 0 ||
	    state[n - 1] == LINEAGE_MAX)
		return WOLFSSL_TICKET_RET_REJECT;
	*engine_lineage(ssl) = (uint8_t)(state[n - 1] + 1);
	*length = (int)n - 1;
	return WOLFSSL_TICKET_RET_OK;
}

/* SessionTicketEncCb. */
static int
on_ticket(WOLFSSL *ssl, unsigned char name[WOLFSSL_TICKET_NAME_SZ],
	  unsigned char iv[WOLFSSL_TICKET_IV_SZ],
	  unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int sealing,
	  unsigned char *state, int in, int *out, void *keys)
{
	*out = in;
	if (sealing)
		return seal(ssl, keys, name, iv, mac, state, out);
	return unseal(ssl, keys, name, iv, mac, state, out);
}

enum err
tickets_install(WOLFSSL_CTX *ctx, struct ticket_keys *k)
{
	if (wolfSSL_CTX_set_TicketEncCb(ctx, on_ticket) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketEncCtx(ctx, k) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketHint(ctx, TICKET_LIFETIME_S) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_timeout(ctx, TICKET_LIFETIME_S) < 0)
		return ERR_INTERNAL;
	return ERR_OK;
}
