/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library.c - the TLS library as a whole: once per process.
 */
#include "tls/internal.h"
#include "tls/tickets.h"

#include "base/random.h"

#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdio.h>

static struct ticket_secrets *own;

struct ticket_secrets *
ticket_secrets_own(void)
{
	return own;
}

/*
 * The kernel's own, each time: no generator of the library's stands between,
 * whose state could leak, be cloned with the machine, or live on over a fork.
 */
int
imapward_random(unsigned char *out, unsigned n)
{
	return random_fill(out, n) == ERR_OK ? 0 : RNG_FAILURE_E;
}

enum err
tls_library_init(void)
{
	if (wolfSSL_lib_version_hex() < 0x05009002)
		return ERR_REFUSED;
	if (wolfSSL_Init() != WOLFSSL_SUCCESS)
		return ERR_SYSTEM;
	if (!own)
		own = ticket_secrets_random(&TICKET_SCHEDULE, NULL);
	return own ? ERR_OK : ERR_SYSTEM;
}

void
tls_library_text(char *out, size_t cap)
{
	char cpu[128];

	cpu_text(cpu, sizeof cpu);
	(void)snprintf(out, cap, "wolfSSL %s (%s)", wolfSSL_lib_version(), cpu);
}
