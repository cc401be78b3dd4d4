/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/secret.h"

#include "tls/store.h"
#include "unit/certs.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

/* One key on P-256 as openssl(1) writes it; the passphrase is "secret". */
/* openssl pkcs8 -topk8: AES-256, HMAC with SHA-256 */
static const char pbes2_aes256[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjnRzAPwRGRcAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEG7bOTFkR8ciXy/Bnw3U7wwEgZCJ\n"
    "RZgj9dib8JsKLwjgbIyLoCqrd1PBVo7zq/ReNYT7/wqaYx75BY3bpo5usEVDVjP7\n"
    "gKXrkF5wdg+KH0mgOiDqU5a3UPlEl9BQKp43R2KHimUY0TtAzFm3S313+xiNQu5q\n"
    "oixGh6ql0mXZZ+A2mDQis1tZs377TqJNJu1/+mVis7+jQjDkaT76jMoS+xbrJ0k=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* -v2 aes128 -v2prf hmacWithSHA1, which is left out */
static const char pbes2_aes128[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHeMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAi+6Up1Y0TYMAICCAAw\n"
    "HQYJYIZIAWUDBAECBBCZRWUZ5+s5X6ZwVy6L9iUgBIGQIZgDa02V19J8YVoU0v/5\n"
    "ZI/b+9HwLEA/mi/7MwSBBy/WFanqIVkJGKSmEOSzzxiUdu1yoVrTbBGB+q7xKcOt\n"
    "NskJVLNif1k48qKr3y7RHkrCOivDW3pQ/kenMt3+JdG6hoeyKqk8sa3O6yhL7ie6\n"
    "QZivlQCJD3DA+ioLEfn5Gx1v8ggVFOslI3lkGbwJ5q52\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* -v2prf hmacWithSHA512 */
static const char pbes2_sha512[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgBrmJChpZP3AICCAAw\n"
    "DAYIKoZIhvcNAgsFADAdBglghkgBZQMEASoEEENzFnkGqFH1kFFJ+q0ydfoEgZB8\n"
    "Gr8ekbxZ4xUkImLY6rUZXpM20CcHppBPg9TgFTbfBR0E5fIke95Y1J4G6HxkZy9r\n"
    "6llV2jshowJj52WxlXMyTYFbSso9IIzuG9FfCUsWBAn6Ela+KUw+BetfYu/abnXa\n"
    "imTWsShblgx9l+6KXXKqpPC69cZj+Fy3fbzJXnP1YY5TB4lsq2P/q/VB6gjoeg4=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* -v2 des3: what openssl req -newkey makes */
static const char pbes2_des[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAiZCCChkOAmFAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIKOJ1WvqedC0EgZC5NivBT3ZY2erJ\n"
    "rF6CNE1wajSjoqUeU877bgTBpdnHKZnx1wDyQIDRYLlLTKH+eBrKuqAuwp5ud3xv\n"
    "kOhgNcP9nX3bUQZcPi7AlHrj3n83TlwS4Uz5Ufj0cPBTsJ1U8yeJrXC3/Ll4vXHs\n"
    "heto+LkxyIjoKGqCNQIwJdCrJYmqV17iUaBQ89Kzs7id3u3IIMk=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* -v1 PBE-SHA1-3DES */
static const char pbes1[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGxMBwGCiqGSIb3DQEMAQMwDgQIKxqucKyPdH0CAggABIGQtn2snhA+/Ca6fwTF\n"
    "uYdl+8vk36hXhwcW9hjEZ/pic7ezCdc8mTkcWmEsQyBsUnjEgLDpb6/EuNevwvAM\n"
    "87jRnjjPaRSXGiKb6kfeK7UKWIj27kXBMP2oyhWBxAEtNqk6bxzrxvi9+PCokOaZ\n"
    "SpB+U0FnnQayOLDqTwd2yX8jkA9eF2kOZ9B3L5urOfYP/dbx\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* -scrypt */
static const char scrypt[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjV0RlyqIHv6gICQAAC\n"
    "AQgCAQEwHQYJYIZIAWUDBAEqBBCSl7sYV1Uq5kRYcl9LI8BIBIGQH+JZfwqYM2Az\n"
    "A7s3bDJaniMWECvhPj3cvQLz6eu+vvmX/3qJ9uKHTVU+VFSQGzkgcgEeY9/8+1Tm\n"
    "VbwdjwT0uzkDNxuLSN4pWda2SDVeB6vqjWhREcvegN8rNsdgZgCnJ/qzxQpQ4a1a\n"
    "mT31eOnKZy68lYjX1u7gmidPj0GvtPDHfVJMwmV80On/datyMQ3G\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
/* openssl ec -aes128 */
static const char traditional[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,5C82DC61F60E78C62D3A2601167BAEFC\n"
    "\n"
    "X1I1s4NvGD/oe76g92VdLRIkCBY0MmYKUpqasnTyHmbrmBUektY2hE2LZc2qxLyL\n"
    "k3uPlXPIbNSpIrk/gmE9QiDnW7myIGAnEy5LWIkrE0bXaNrfpskcDQt3n6KKhGaN\n"
    "DVLtgI+nyP2g04OdaJ8pGBkuo382YCu+DNJHIpGBNA8=\n"
    "-----END EC PRIVATE KEY-----\n";
/* openssl ec -aes192 */
static const char traditional_192[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-192-CBC,9FE51B924381934FD2E57474B9985BF4\n"
    "\n"
    "CWMXnFF1mde6or1SJqZMehPLnypmkB7lWDeJyQzU0Qg7x6CeoNXjmp0Wv9QXnaHA\n"
    "IyjGpVcSjypyArtSsfFqrAbITULuoV72GYEZDkaykEc72sEzpUq84E1THIodhqHL\n"
    "CSoW5N+pGBfDrnwfTIuvHe5fe0DP8kPw9MY2dFQPzHU=\n"
    "-----END EC PRIVATE KEY-----\n";
/* openssl ec -aes256 */
static const char traditional_256[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-256-CBC,F871B8E95610751F421647329B71E2E8\n"
    "\n"
    "zbaw48ZdDUEtF5Waca1ZsZPc+JkA8R2a1huINqtW7+KSOlfNdbiXLWUUqEbQtU+8\n"
    "uNdiQHlLLJ0Hk1JSjimHdD0CZuhz9zhhUh6oKHyGefg0AFakLQvPyW3zy/QqOnTL\n"
    "Hv5H/irqvmRhRC35jURiAWwsXnoVTlRRm2b4bm+JbBs=\n"
    "-----END EC PRIVATE KEY-----\n";
/* openssl ec -des3 */
static const char traditional_des[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: DES-EDE3-CBC,E7DDDB84B7376C48\n"
    "\n"
    "AqOLpWnn7xCSsXZsbcKaMSEtOy3mf1OsPCZq0SW119foSmY96yXEicuLg+k3B9b4\n"
    "MYCKMhxG6tleSPwUMLeO7w4wMfXg1zt9K+CEtTBBkpRLC8OSPAEVGD3JkPlXTvDc\n"
    "rJJ0K+byRSW3Pmd/MJNfM/MuzAkvI3ubEh/KVE3ysNY=\n"
    "-----END EC PRIVATE KEY-----\n";
/* openssl genpkey -algorithm ed25519 */
static const char ed25519[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIBPsG87WFcGeECKLkgqnF4a8iazSLECJVil8dSyfVBl0\n"
    "-----END PRIVATE KEY-----\n";

static void
test_locks(void)
{
	static const struct {
		const char *pem;
		enum secret_state without, with, with_another;
	} rows[] = {
	    {pbes2_aes256, SECRET_LOCKED, SECRET_READ, SECRET_MISMATCH},
	    {pbes2_aes128, SECRET_LOCKED, SECRET_READ, SECRET_MISMATCH},
	    {pbes2_sha512, SECRET_FOREIGN, SECRET_FOREIGN, SECRET_FOREIGN},
	    {pbes2_des, SECRET_FOREIGN, SECRET_FOREIGN, SECRET_FOREIGN},
	    {pbes1, SECRET_FOREIGN, SECRET_FOREIGN, SECRET_FOREIGN},
	    {scrypt, SECRET_FOREIGN, SECRET_FOREIGN, SECRET_FOREIGN},
	    {traditional, SECRET_LOCKED, SECRET_READ, SECRET_MISMATCH},
	    {traditional_192, SECRET_LOCKED, SECRET_READ, SECRET_MISMATCH},
	    {traditional_256, SECRET_LOCKED, SECRET_READ, SECRET_MISMATCH},
	    {traditional_des, SECRET_FOREIGN, SECRET_FOREIGN, SECRET_FOREIGN},
	    {ed25519, SECRET_READ, SECRET_READ, SECRET_READ},
	};
	struct secret first = {.len = 0}, s;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct slice pem = slice_str(rows[i].pem);

		CU_ASSERT_EQUAL(secret_read(pem, SLICE_EMPTY, &s),
				rows[i].without);
		CU_ASSERT_EQUAL(secret_read(pem, SLICE("Secret"), &s),
				rows[i].with_another);
		CU_ASSERT_EQUAL(secret_read(pem, SLICE("secret"), &s),
				rows[i].with);
		if (i == 0)
			first = s;
		/* The same key, so the same bytes. */
		if (i > 0 && rows[i].with == SECRET_READ && s.kind == KEY_P256)
			CU_ASSERT_TRUE(slice_eq(slice_of(first.der, first.len),
						slice_of(s.der, s.len)));
	}
	CU_ASSERT_EQUAL(first.kind, KEY_P256);
	CU_ASSERT_EQUAL(s.kind, KEY_ED25519);
	secret_clear(&s);
	CU_ASSERT_EQUAL(s.len, 0);
	CU_ASSERT_EQUAL(s.der[0], 0);
}

/* However it is cut or altered: an answer, and no key of another kind. */
static void
damage(const char *pem, size_t len, size_t end)
{
	char copy[1024];
	struct secret s = {.len = 0};

	CU_ASSERT_FATAL(len < sizeof copy);
	memcpy(copy, pem, len);
	for (size_t i = 0; i < len; i++) {
		s.kind = KEY_OTHER;
		(void)secret_read(slice_of(copy, i), SLICE("secret"), &s);
		CU_ASSERT_TRUE(i > len - end || s.kind == KEY_OTHER);
		copy[i] ^= 1;
		(void)secret_read(slice_of(copy, len), SLICE("secret"), &s);
		copy[i] ^= 1;
	}
	secret_clear(&s);
}

static void
test_damage(void)
{
	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	damage(pbes2_aes256, sizeof pbes2_aes256 - 1,
	       sizeof "-----END ENCRYPTED PRIVATE KEY-----");
	damage(traditional, sizeof traditional - 1,
	       sizeof "-----END EC PRIVATE KEY-----");
}

/* As they are after a visit to Windows; nothing but the headers. */
static void
test_old_headers(void)
{
	static const char *const bad[] = {
	    "Proc-Type: 4,ENCRYPTED\n",
	    "Proc-Type: 4,ENCRYPTED\n\n",
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: \n\n",
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,\n\n",
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123\n\n",
	    ("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
	     "0123456789ABCDEF0123456789ABCDEX\n\n")};
	static const char empty[] =
	    "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,"
	    "0123456789ABCDEF0123456789ABCDEF\n\n";
	char text[2048];
	struct secret s;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	for (size_t i = 0; traditional[i]; i++) {
		if (traditional[i] == '\n')
			text[n++] = '\r';
		text[n++] = traditional[i];
	}
	CU_ASSERT_EQUAL(secret_read(slice_of(text, n), SLICE("secret"), &s),
			SECRET_READ);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(text, sizeof text,
			       "-----BEGIN RSA PRIVATE KEY-----\n%s"
			       "AAAA\n-----END RSA PRIVATE KEY-----\n",
			       bad[i]);
		CU_ASSERT_EQUAL(
		    secret_read(slice_str(text), SLICE("secret"), &s),
		    SECRET_FOREIGN);
	}
	(void)snprintf(text, sizeof text,
		       "-----BEGIN RSA PRIVATE KEY-----\n%s"
		       "-----END RSA PRIVATE KEY-----\n",
		       empty);
	CU_ASSERT_EQUAL(secret_read(slice_str(text), SLICE("secret"), &s),
			SECRET_BROKEN);
	secret_clear(&s);
}

static void
test_formats(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_EC384,
						CERTS_RSA, CERTS_EC521};
	static const enum key_kind expected[] = {KEY_P256, KEY_P384, KEY_RSA,
						 KEY_P521};
	struct secret a, b;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		CU_ASSERT_EQUAL(
		    secret_read(certs_key(kinds[i]), SLICE_EMPTY, &a),
		    SECRET_READ);
		CU_ASSERT_EQUAL(
		    secret_read(certs_key_pkcs8(kinds[i]), SLICE_EMPTY, &b),
		    SECRET_READ);
		CU_ASSERT_EQUAL(a.kind, expected[i]);
		CU_ASSERT_TRUE(
		    slice_eq(slice_of(a.der, a.len), slice_of(b.der, b.len)));
	}
	CU_ASSERT_EQUAL(secret_read(certs_root(), SLICE_EMPTY, &a),
			SECRET_ABSENT);
	secret_clear(&a);
	secret_clear(&b);
}

void
suite_secret(void)
{
	CU_pSuite suite = CU_add_suite("secret", NULL, NULL);

	CU_add_test(suite, "PKCS#8 and the forms before it give the same key",
		    test_formats);
	CU_add_test(suite, "encrypted keys: what opens, and what is told",
		    test_locks);
	CU_add_test(suite, "damaged keys do no harm", test_damage);
	CU_add_test(suite, "headers of old encrypted keys", test_old_headers);
}
