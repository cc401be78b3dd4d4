/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/old_lock.h"

#include "base/wipe.h"
#include "tls/internal.h"
#include "tls/md5.h"

#include <wolfssl/wolfcrypt/aes.h>

#include <string.h>

enum { PASSPHRASE_MAX = 1024, SALT = 8, DIGEST = 16 };

static const struct {
	const char *name;
	size_t key_len;
} ciphers[] = {
    {"AES-128-CBC,", 16}, {"AES-192-CBC,", 24}, {"AES-256-CBC,", 32}};

/* The line that begins with `name`, without that. */
static bool
header(struct slice body, struct slice name, struct slice *value)
{
	while (body.len > 0) {
		struct slice line = slice_cut(&body, '\n');

		if (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (slice_istarts(line, name)) {
			*value = slice_skip(line, name.len);
			return true;
		}
	}
	return false;
}

static bool
read_hex(struct slice text, unsigned char *out, size_t n)
{
	if (text.len != 2 * n)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = byte_lower(text.ptr[i]);
		int digit = byte_digit(c)          ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;

		if (digit < 0)
			return false;
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | digit);
	}
	return true;
}

/* Headers end in an empty line. */
static struct slice
behind_headers(struct slice body)
{
	while (body.len > 0) {
		struct slice line = slice_cut(&body, '\n');

		if (line.len == 0 || (line.len == 1 && line.ptr[0] == '\r'))
			break;
	}
	return body;
}

enum old_lock
old_lock_read(struct slice *body, struct old_lock_info *info)
{
	struct slice value, rest = *body;

	while (rest.len > 0 && (rest.ptr[0] == '\n' || rest.ptr[0] == '\r'))
		rest = slice_skip(rest, 1);
	if (!header(rest, SLICE("Proc-Type: 4,ENCRYPTED"), &value))
		return OLD_LOCK_NONE;
	if (!header(rest, SLICE("DEK-Info: "), &value))
		return OLD_LOCK_FOREIGN;
	for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
		struct slice name = slice_str(ciphers[i].name);

		if (!slice_istarts(value, name) ||
		    !read_hex(slice_skip(value, name.len), info->iv,
			      OLD_LOCK_IV))
			continue;
		info->key_len = ciphers[i].key_len;
		*body = behind_headers(rest);
		return OLD_LOCK_KNOWN;
	}
	return OLD_LOCK_FOREIGN;
}

/* OpenSSL's EVP_BytesToKey, one round: each block hashes the one before. */
static void
make_key(const struct old_lock_info *info, struct slice passphrase,
	 unsigned char key[OLD_LOCK_KEY])
{
	unsigned char text[DIGEST + PASSPHRASE_MAX + SALT];
	size_t from = DIGEST; /* the first has none before */

	memcpy(text + DIGEST, passphrase.ptr, passphrase.len);
	memcpy(text + DIGEST + passphrase.len, info->iv, SALT);
	for (size_t n = 0; n < OLD_LOCK_KEY; n += DIGEST) {
		md5(slice_of(text + from,
			     DIGEST + passphrase.len + SALT - from),
		    key + n);
		memcpy(text, key + n, DIGEST);
		from = 0;
	}
	wipe(text, sizeof text);
}

/* What PKCS#7 padding leaves; 0: it is none. */
static size_t
unpadded(const unsigned char *bytes, size_t n)
{
	size_t pad = bytes[n - 1];

	if (pad == 0 || pad > OLD_LOCK_IV || pad > n)
		return 0;
	for (size_t i = n - pad; i < n; i++)
		if (bytes[i] != pad)
			return 0;
	return n - pad;
}

size_t
old_lock_open(const struct old_lock_info *info, struct slice passphrase,
	      unsigned char *bytes, size_t n)
{
	unsigned char key[OLD_LOCK_KEY];
	bool good = false;
	Aes aes;

	if (n == 0 || n % OLD_LOCK_IV != 0 || passphrase.len > PASSPHRASE_MAX ||
	    wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
		return 0;
	make_key(info, passphrase, key);
	good = wc_AesSetKey(&aes, key, (word32)info->key_len, info->iv,
			    AES_DECRYPTION) == 0 &&
	       wc_AesCbcDecrypt(&aes, bytes, bytes, (word32)n) == 0;
	wc_AesFree(&aes);
	wipe(key, sizeof key);
	return good ? unpadded(bytes, n) : 0;
}
