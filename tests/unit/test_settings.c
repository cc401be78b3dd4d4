/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The least that a configuration must say. */
#define CERTS    "certificates: [{chain: /c, key: /k}]\n"
#define BACKENDS "backends: [{name: m, address: mail, port: 1143}]\n"
#define LEAST    CERTS BACKENDS
#define IN_TLS   "listeners:\n  - {name: a, port: 993, mode: implicit"
#define IN_CLEAR "listeners:\n  - {name: a, port: 143, mode: starttls"

static const struct {
	const char *what, *yaml, *expected;
} faults[] = {
    /* keys */
    {"an unknown key brings the nearest one to mind", "lisener: 1\n" LEAST,
     "1:1: unknown key 'lisener'; did you mean 'listeners'?"},
    {"case does not hide it", LEAST "Limits:\n",
     "3:1: unknown key 'Limits'; did you mean 'limits'?"},
    {"a key in the wrong place is told the right one",
     LEAST "limits:\n  idle: 40m\n",
     "4:3: unknown key 'idle' in 'limits'; did you mean 'timeouts.idle'?"},
    {"far from all others there is no guess", LEAST "colour: red\n",
     "3:1: unknown key 'colour'"},
    {"where none is near, those there are help", LEAST "state:\n  file: /x\n",
     "4:3: unknown key 'file' in 'state'; known are path, interval"},
    {"unless they are many", LEAST "timeouts:\n  sleep: 1s\n",
     "4:3: unknown key 'sleep' in 'timeouts'"},
    {"a list is not meant within itself", "certificates: [{certificate: /x}]\n",
     "1:17: unknown key 'certificate' in 'certificates'; known are chain, key, "
     "directory, passphrase, staple, faults"},
    {"merge keys are unknown keys", LEAST "<<: {}\n", "3:1: unknown key '<<'"},
    {"a key twice", LEAST CERTS,
     "3:1: key 'certificates' is given twice, before in line 1"},
    {"a key twice in a group", LEAST "limits:\n  line: 1KiB\n  line: 1KiB\n",
     "5:3: key 'limits.line' is given twice, before in line 4"},
    {"a key twice in a list's entry", IN_TLS ", port: 1}\n" LEAST,
     "2:42: key 'listeners.port' is given twice, before in line 2"},
    {"a list is no key", "? [a]\n: b\n", "1:3: expected the name of a key"},
    {"no certificate", BACKENDS, "missing key 'certificates'"},
    {"no backend", CERTS, "missing key 'backends'"},
    {"an empty list of backends", CERTS "backends: []\n",
     "2:11: 'backends': expected at least one entry"},
    {"a backend without a name", CERTS "backends:\n  - address: mail\n",
     "3:5: missing key 'backends.name'"},
    {"an empty file", "", "the file is empty"},
    {"nothing but a comment", "# nothing\n", "the file is empty"},
    {"a list instead of keys", "- a\n", "1:1: expected keys and their values"},
    /* values */
    {"text for a number", LEAST "limits: {connections: many}\n",
     "3:23: 'limits.connections': expected a number from 1 to 1000000, found "
     "'many'"},
    {"a number above its bound", LEAST "limits: {login_attempts: 101}\n",
     "3:26: 'limits.login_attempts': expected a number from 1 to 100, found "
     "'101'"},
    {"a number that no integer holds",
     LEAST "limits: {connections: 99999999999999999999999}\n",
     "3:23: 'limits.connections': expected a number from 1 to 1000000, found "
     "'99999999999999999999999'"},
    {"a sign", LEAST "limits: {connections: -1}\n",
     "3:23: 'limits.connections': expected a number from 1 to 1000000, found "
     "'-1'"},
    {"a time without its unit", LEAST "timeouts: {connect: 10}\n",
     "3:21: 'timeouts.connect': expected a time from 100ms to 5m, found '10'"},
    {"a time that overflows", LEAST "timeouts: {connect: 18446744073709552s}\n",
     "3:21: 'timeouts.connect': expected a time from 100ms to 5m, found "
     "'18446744073709552s'"},
    {"IDLE never gets less than RFC 9051 gives it",
     LEAST "timeouts: {idle: 29m}\n",
     "3:18: 'timeouts.idle': expected a time from 30m to 24h, found '29m'"},
    {"a decimal unit", LEAST "limits: {line: 8KB}\n",
     "3:16: 'limits.line': expected a size from 512 to 64KiB, found '8KB'"},
    {"port 0", CERTS "backends: [{name: m, address: mail, port: 0}]\n",
     "2:43: 'backends.port': expected a port number from 1 to 65535, found "
     "'0'"},
    {"port 65536", CERTS "backends: [{name: m, address: mail, port: 65536}]\n",
     "2:43: 'backends.port': expected a port number from 1 to 65535, found "
     "'65536'"},
    {"a word that is none of the two", LEAST "audit: {user: redacted}\n",
     "3:15: 'audit.user': expected either plain or hashed, found 'redacted'"},
    {"yes is not true",
     CERTS "backends: [{name: m, address: mail, port: 1, trusted: yes}]\n",
     "2:55: 'backends.trusted': expected either false or true, found 'yes'"},
    {"a path that no socket can have",
     LEAST
     "admin:\n  socket: "
     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
     "4:11: 'admin.socket': expected an absolute path of 107 bytes at most or "
     "\"\", found "
     "'/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "...'"},
    {"a relative path", "certificates: [{chain: c.pem, key: /k}]\n" BACKENDS,
     "1:24: 'certificates.chain': expected an absolute path or \"\", found "
     "'c.pem'"},
    {"an escape makes no character that the file may not hold",
     "certificates: [{chain: \"/c\\N\", key: /k}]\n" BACKENDS,
     "1:24: 'certificates.chain': expected an absolute path or \"\", found "
     "'/c\\u0085'"},
    {"a sink that is no path", LEAST "audit: {sink: file}\n",
     "3:15: 'audit.sink': expected either stdout, stderr, syslog, "
     "syslog:SOCKET, journald, none or an absolute "
     "path, found 'file'"},
    {"a socket for a sink that has none",
     LEAST "audit: {sink: \"stdout:/x\"}\n",
     "3:15: 'audit.sink': expected either stdout, stderr, syslog, "
     "syslog:SOCKET, journald, none or an absolute "
     "path, found 'stdout:/x'"},
    {"a socket that is no path", LEAST "audit: {sink: \"syslog:x\"}\n",
     "3:15: 'audit.sink': expected either stdout, stderr, syslog, "
     "syslog:SOCKET, journald, none or an absolute "
     "path, found 'syslog:x'"},
    {"a chain through nothing", LEAST "audit: {sink: none, chain: /c}\n",
     "3:28: 'audit.chain' needs an 'audit.sink'"},
    {"anchors where the audit goes",
     LEAST "audit: {sink: /a, chain: /c, anchors: /a}\n",
     "3:39: 'audit.anchors' must be another place than 'audit.sink'"},
    {"nothing behind a key", LEAST "audit:\n  sink:\n",
     "4:8: 'audit.sink': expected either stdout, stderr, syslog, "
     "syslog:SOCKET, journald, none or an absolute "
     "path, found nothing"},
    {"YAML's null is nothing, too", LEAST "process: {user: null}\n",
     "3:17: 'process.user': expected a name of 0 to 63 letters, digits, '.', "
     "'_' or '-', no '-' first, found nothing"},
    {"a list for a value", LEAST "process: {user: [a]}\n",
     "3:17: 'process.user': expected a name of 0 to 63 letters, digits, '.', "
     "'_' or '-', no '-' first, found a list"},
    {"keys for a value", LEAST "limits: {line: {a: b}}\n",
     "3:16: 'limits.line': expected a size from 512 to 64KiB, found keys"},
    {"a value for keys", LEAST "limits: 3\n",
     "3:9: 'limits': expected keys and their values, found '3'"},
    {"a value for a list", LEAST "listeners: imaps\n",
     "3:12: 'listeners': expected a list, found 'imaps'"},
    {"a value for an entry", LEAST "listeners: [imaps]\n",
     "3:13: 'listeners': expected keys and values, found 'imaps'"},
    {"a name with a space", IN_TLS "}\n  - {name: a b}\n",
     "3:12: 'listeners.name': expected a name of 1 to 63 letters, digits, '.', "
     "'_' or '-', no '-' first, found 'a b'"},
    {"half an address", CERTS "backends: [{name: m, address: 10.0.0}]\n",
     "2:31: 'backends.address': expected an IPv4 or IPv6 address or a host "
     "name, found '10.0.0'"},
    {"a name is not enough to listen on",
     "listeners: [{name: a, address: localhost}]\n",
     "1:32: 'listeners.address': expected an IPv4 or IPv6 address or \"*\", "
     "found 'localhost'"},
    {"a network with host bits",
     IN_CLEAR ", plaintext_networks: [10.0.0.1/8]}\n" LEAST,
     "2:63: 'listeners.plaintext_networks': expected a network without bits "
     "behind its prefix, found '10.0.0.1/8'"},
    {"a network with too many bits",
     IN_CLEAR ", plaintext_networks: [10.0.0.0/33]}\n" LEAST,
     "2:63: 'listeners.plaintext_networks': expected a network such as "
     "192.0.2.0/24, found '10.0.0.0/33'"},
    {"what was found is escaped and cut",
     LEAST "audit: {user: \"\\e[31m"
	   "012345678901234567890123456789012345678901234567890123456789\"}\n",
     "3:15: 'audit.user': expected either plain or hashed, found "
     "'\\u001b[31m0123456789012345678901234567890123456789012345678901234...'"},
    /* YAML */
    {"an anchor", "tls: &t {watch: 1s}\n" LEAST,
     "1:6: anchors (&) are not supported"},
    {"\"*\" without its quotes",
     "listeners:\n  - name: a\n    address: *\n    port: 993\n" LEAST,
     "3:14: not valid YAML: write \"*\" with quotes"},
    {"the same within a line", "listeners: [{name: a, address: *, port: 1}]\n",
     "1:32: not valid YAML: write \"*\" with quotes"},
    {"a key indented less than the one before it is not a missing one",
     CERTS "backends:\n  - name: m\n   address: a\n    port: 143\n",
     "4:4: not valid YAML: while parsing a block collection from line 3, did "
     "not find expected '-' indicator; is this line indented as its "
     "neighbours are?"},
    {"nor is one that is indented more",
     CERTS "backends:\n  - name: m\n      address: a\n    port: 143\n",
     "4:7: this line continues the value before it; is it indented as its "
     "neighbours are?"},
    {"what is missing in an entry is told once the file is known to be whole",
     CERTS "backends:\n  - name: m\n    port: 143\nlimits: {line: x}\n",
     "5:16: 'limits.line': expected a size from 512 to 64KiB, found 'x'"},
    {"an alias", "tls: *t\n", "1:6: aliases (*) are not supported"},
    {"a tag", "tls: !!map {}\n", "1:6: tags (!) are not supported"},
    {"a directive", "%YAML 1.1\n---\n" LEAST,
     "1:1: directives (%) are not supported"},
    {"a second document", LEAST "---\n" LEAST,
     "3:1: a second document is not supported"},
    {"text behind the end of the document", LEAST "...\na: b\n",
     "4:1: not valid YAML: did not find expected <document start>"},
    {"a tab", "tls:\n\tkey: /k\n",
     "2:1: not valid YAML: a tab; indent with spaces"},
    {"a bracket left open brings the next key into the wrong place",
     "listeners: [\n\n" LEAST,
     "3:1: unknown key 'certificates' in 'listeners'; it belongs to the top "
     "level"},
    {"an open quote", "certificates: [{chain: \"/c\n",
     "2:1: not valid YAML: while scanning a quoted scalar from line 1, found "
     "unexpected end of stream"},
    {"nesting ends where the table does", "certificates: [{key: [[[[[[\n",
     "1:22: 'certificates.key': expected an absolute path or \"\", found a "
     "list"},
    /* bytes */
    {"not UTF-8", "tls:\n  key: /\xe9t\xe9\n", "2:9: byte 0xe9 is not UTF-8"},
    {"UTF-8 made longer than it needs to be", "# \xc0\xaf\n",
     "1:3: byte 0xc0 is not UTF-8"},
    {"an escape character", "# \x1b[0m\n",
     "1:3: character U+001B is not allowed"},
    {"a line break of Unicode hides nothing", "# \xe2\x80\xa8tls:\n",
     "1:3: character U+2028 is not allowed"},
    {"columns count characters", "# \xc3\xa4\xc3\xb6\x7f\n",
     "1:5: character U+007F is not allowed"},
    /* what must fit together */
    {"two listeners of one name",
     IN_TLS "}\n  - {name: a, port: 1, mode: implicit}\n" LEAST,
     "3:12: two listeners are called 'a'"},
    {"one address and port twice",
     IN_TLS "}\n  - {name: b, port: 993, mode: starttls}\n" LEAST,
     "3:21: listeners 'a' and 'b' have the same address and port"},
    {"\"*\" holds both families",
     IN_TLS
     "}\n  - {name: b, address: 0.0.0.0, port: 993, mode: starttls}\n" LEAST,
     "3:39: listeners 'a' and 'b' have the same address and port"},
    {"an IPv4-mapped address is the IPv4 address",
     "listeners:\n"
     "  - {name: a, address: 192.0.2.1, port: 1, mode: implicit}\n"
     "  - {name: b, address: \"::ffff:192.0.2.1\", port: 1, mode: "
     "implicit}\n" LEAST,
     "3:50: listeners 'a' and 'b' have the same address and port"},
    {"no login without TLS where TLS comes first",
     IN_TLS ", plaintext_networks: [10.0.0.0/8]}\n" LEAST,
     "2:62: 'listeners.plaintext_networks' works with mode starttls only"},
    {"everybody is not an inside network",
     IN_CLEAR ", plaintext_networks: [10.0.0.0/8, 0.0.0.0/0]}\n" LEAST,
     "2:62: 'listeners.plaintext_networks' may not hold every address"},
    {"nor is all of IPv6", IN_CLEAR ", plaintext_networks: [\"::/0\"]}\n" LEAST,
     "2:62: 'listeners.plaintext_networks' may not hold every address"},
    {"two backends of one name",
     CERTS "backends:\n  - {name: m, address: a, port: 1}\n"
	   "  - {name: m, address: b, port: 1}\n",
     "4:12: two backends are called 'm'"},
    {"a backend that is ourselves",
     CERTS "backends: [{name: m, address: 127.0.0.1, port: 143}]\n",
     "2:31: backend 'm' is our own listener 'imap'"},
    {"the same by the address of all",
     CERTS "backends: [{name: m, address: 0.0.0.0, port: 143}]\n",
     "2:31: backend 'm' is our own listener 'imap'"},
    {"the same by the listener's own address",
     "listeners: [{name: a, address: 192.0.2.1, port: 1, mode: "
     "implicit}]\n" CERTS
     "backends: [{name: m, address: 192.0.2.1, port: 1}]\n",
     "3:31: backend 'm' is our own listener 'a'"},
    {"the same by name",
     CERTS "backends: [{name: m, address: LocalHost, port: 993}]\n",
     "2:31: backend 'm' is our own listener 'imaps'"},
    {"a part may not be greater than the whole",
     LEAST "limits: {gate_bytes: 64KiB}\n",
     "3:22: 'limits.oauth_line' may not be greater than 'limits.gate_bytes'"},
    {"nor a first deadline later than the last",
     LEAST "timeouts: {gate_first: 4m}\n",
     "3:24: 'timeouts.gate_first' may not be greater than "
     "'timeouts.gate_total'"},
};

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct settings *s = NULL;
		struct settings_fault f = {0};
		char text[600];
		enum err e = settings_load(slice_str(faults[i].yaml), &s, &f);

		if (f.line > 0)
			snprintf(text, sizeof text, "%u:%u: %s", f.line,
				 f.column, f.text);
		else
			snprintf(text, sizeof text, "%s", f.text);
		CU_ASSERT(e != ERR_OK && !s);
		CU_ASSERT_STRING_EQUAL(text, faults[i].expected);
		if (strcmp(text, faults[i].expected) != 0)
			printf("%s:\n  %s\n  %s\n", faults[i].what,
			       faults[i].expected, text);
		settings_free(s);
	}
}

static struct settings *
load(struct slice yaml)
{
	struct settings *s = NULL;
	struct settings_fault f = {0};

	if (settings_load(yaml, &s, &f) != ERR_OK)
		printf("%u:%u: %s\n", f.line, f.column, f.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

struct text {
	size_t len;
	char bytes[64 * 1024];
};

static void
collect(void *arg, struct slice piece)
{
	struct text *t = arg;

	CU_ASSERT_FATAL(piece.len < sizeof t->bytes - t->len);
	memcpy(t->bytes + t->len, piece.ptr, piece.len);
	t->len += piece.len;
	t->bytes[t->len] = '\0';
}

static struct text *
printed(const struct settings *s)
{
	struct text *t = calloc(1, sizeof *t);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	settings_print(s, collect, t);
	return t;
}

static void
test_defaults(void)
{
	struct settings *s = load(SLICE(LEAST));

	CU_ASSERT_EQUAL_FATAL(s->listeners_count, 2);
	CU_ASSERT_STRING_EQUAL(s->listeners[0].name, "imaps");
	CU_ASSERT_EQUAL(s->listeners[0].port, 993);
	CU_ASSERT_EQUAL(s->listeners[0].mode, LISTENER_IMPLICIT);
	CU_ASSERT(s->listeners[0].any && s->listeners[1].any);
	CU_ASSERT_EQUAL(s->listeners[1].port, 143);
	CU_ASSERT_EQUAL(s->listeners[1].mode, LISTENER_STARTTLS);
	CU_ASSERT_EQUAL(s->listeners[1].plaintext_networks_count, 0);
	CU_ASSERT_EQUAL_FATAL(s->certificates_count, 1);
	CU_ASSERT_STRING_EQUAL(s->certificates[0].chain, "/c");
	CU_ASSERT_STRING_EQUAL(s->certificates[0].key, "/k");
	CU_ASSERT_STRING_EQUAL(s->certificates[0].directory, "");
	CU_ASSERT_FALSE(s->certificates[0].serve_faults);
	CU_ASSERT_EQUAL(s->own_policies_count, 0);
	CU_ASSERT_EQUAL_FATAL(s->listeners[1].tls_policies_count, 1);
	CU_ASSERT_STRING_EQUAL(s->listeners[1].tls_policies[0], "intermediate");
	CU_ASSERT_EQUAL(s->tls.ticket_rotation, 12 * 3600 * 1000);
	CU_ASSERT_EQUAL(s->tls.ticket_lifetime, 24 * 3600 * 1000);
	CU_ASSERT_STRING_EQUAL(s->tls.ticket_secret, "");
	CU_ASSERT_EQUAL(s->tls.watch, 30 * 1000);
	CU_ASSERT_EQUAL_FATAL(s->backends_count, 1);
	CU_ASSERT_STRING_EQUAL(s->backends[0].host, "mail");
	CU_ASSERT_EQUAL(s->backends[0].port, 1143);
	CU_ASSERT_FALSE(s->backends[0].trusted);
	CU_ASSERT_EQUAL(s->limits.connections, 8192);
	CU_ASSERT_EQUAL(s->limits.gate_bytes, 128 * 1024);
	CU_ASSERT_EQUAL(s->limits.line, 8192);
	CU_ASSERT_EQUAL(s->limits.literal, 4096);
	CU_ASSERT_EQUAL(s->limits.sasl_line, 16 * 1024);
	CU_ASSERT_EQUAL(s->limits.oauth_line, 96 * 1024);
	CU_ASSERT_EQUAL(s->timeouts.gate_first, 60 * 1000);
	CU_ASSERT_EQUAL(s->timeouts.gate_total, 180 * 1000);
	CU_ASSERT_EQUAL(s->timeouts.idle, 35 * 60 * 1000);
	CU_ASSERT_EQUAL(s->timeouts.auth_failure_delay, 2000);
	CU_ASSERT_EQUAL(s->audit.sink.kind, AUDIT_STDOUT);
	CU_ASSERT_STRING_EQUAL(s->admin.socket, "/run/imapward/admin.sock");
	CU_ASSERT_STRING_EQUAL(s->admin.readers, "");
	CU_ASSERT_STRING_EQUAL(s->admin.controllers, "");
	CU_ASSERT_STRING_EQUAL(s->process.user, "");
	CU_ASSERT_EQUAL(s->process.workers, 0);
	CU_ASSERT_EQUAL(s->certificates[0].places.chain.line, 1);
	CU_ASSERT_EQUAL(s->certificates[0].places.chain.column, 24);
	CU_ASSERT_EQUAL(s->certificates[0].places.key.column, 33);
	CU_ASSERT_EQUAL(s->certificates[0].places.staple.line, 0);
	CU_ASSERT_EQUAL(s->places.sink.line, 0);
	settings_free(s);
}

#define RULE(name, count, by, limit, burst, action)                            \
	"    - name: " name "\n      count: " count "\n      by: " by          \
	"\n      limit: " limit "\n      burst: " burst                        \
	"\n      action: " action "\n"

/* Every key, none with its default, in the form settings_print has. */
/* clang-format off */
static const char everything[] =
    "listeners:\n"
    "  - name: one\n"
    "    address: 192.0.2.1\n"
    "    port: 1993\n"
    "    mode: implicit\n"
    "    plaintext_networks: []\n"
    "    tls_policies: [kiosks, modern]\n"
    "  - name: \"2\"\n"
    "    address: \"2001:db8::1\"\n"
    "    port: 1143\n"
    "    mode: starttls\n"
    "    plaintext_networks: [10.0.0.0/8, \"2001:db8:1::/48\", 192.0.2.9/32]\n"
    "    tls_policies: [intermediate]\n"
    "  - name: three\n"
    "    address: \"*\"\n"
    "    port: 65535\n"
    "    mode: starttls\n"
    "    plaintext_networks: []\n"
    "    tls_policies: [deaf]\n"
    "certificates:\n"
    "  - chain: \"/a b/\\\"c\\\\d\\\".pem\"\n"
    "    key: \"/sch\xc3\xb6n.pem\"\n"
    "    directory: \"\"\n"
    "    passphrase: /p\n"
    "    staple: /s.der\n"
    "    faults: serve\n"
    "  - chain: \"\"\n"
    "    key: \"\"\n"
    "    directory: /etc/certs.d\n"
    "    passphrase: \"\"\n"
    "    staple: \"\"\n"
    "    faults: refuse\n"
    "tls_policies:\n"
    "  - name: kiosks\n"
    "    base: intermediate\n"
    "    networks: [10.9.0.0/16]\n"
    "    minimum_version: \"1.2\"\n"
    "    maximum_version: \"1.2\"\n"
    "    ciphers:\n"
    "      - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
    "      - TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n"
    "    groups:\n"
    "      - secp521r1\n"
    "      - secp256r1\n"
    "    signature_algorithms:\n"
    "      - rsa_pkcs1_sha512\n"
    "      - ed25519\n"
    "    alpn: required\n"
    "    sni: match\n"
    "    client_certificate: optional\n"
    "    client_ca: /ca.pem\n"
    "    client_crl: /crl.pem\n"
    "    client_names: [\"a b@example.org\", \"*.example.org\"]\n"
    "  - name: deaf\n"
    "    base: kiosks\n"
    "    networks: []\n"
    "    minimum_version: \"1.3\"\n"
    "    maximum_version: \"1.3\"\n"
    "    ciphers:\n"
    "      - TLS_CHACHA20_POLY1305_SHA256\n"
    "    groups:\n"
    "      - x25519\n"
    "    signature_algorithms:\n"
    "      - rsa_pss_pss_sha256\n"
    "    alpn: optional\n"
    "    sni: required\n"
    "    client_certificate: \"off\"\n"
    "    client_ca: \"\"\n"
    "    client_crl: \"\"\n"
    "    client_names: []\n"
    "tls:\n"
    "  ticket_rotation: 1h\n"
    "  ticket_lifetime: 32h\n"
    "  ticket_secret: /ticket.secret\n"
    "  watch: 0s\n"
    "backends:\n"
    "  - name: a\n"
    "    address: imap.example.net\n"
    "    port: 1\n"
    "    trusted: true\n"
    "  - name: \"null\"\n"
    "    address: \"::1\"\n"
    "    port: 143\n"
    "    trusted: false\n"
    "limits:\n"
    "  connections: 1\n"
    "  connections_per_address: 2\n"
    "  unauthenticated: 3\n"
    "  handshakes: 12\n"
    "  handshakes_per_address: 13\n"
    "  login_attempts: 4\n"
    "  gate_commands: 5\n"
    "  gate_bytes: 1MiB\n"
    "  line: 513\n"
    "  literal: 1KiB\n"
    "  sasl_line: 1025\n"
    "  oauth_line: 512KiB\n"
    "  sessions_per_user: 6\n"
    "  memory: 1MiB\n"
    "  observe: true\n"
    "  exempt: [192.0.2.0/24]\n"
    "  known_for: 2d\n"
    "  wrong_for: 0s\n"
    "  rules:\n"
    RULE("connections-per-address", "connections", "address", "1/s", "2", "ban")
    "      ban: 1s\n"
    "      ban_most: 366d\n"
    "      observe: true\n"
    RULE("connections-per-prefix", "handshakes", "all", "none", "3", "close")
    "      observe: false\n"
    RULE("logins-per-address", "logins", "listener", "4/min", "5", "delay")
    "      observe: true\n"
    RULE("logins-per-prefix", "logins", "all", "6/h", "7", "close")
    "      observe: true\n"
    RULE("logins-per-user", "failures", "user", "8/d", "9", "refuse")
    "      observe: true\n"
    RULE("failures-per-address", "failures", "prefix", "10/min", "11", "ban")
    "      ban: 36h\n"
    "      ban_most: 36h\n"
    "      observe: true\n"
    RULE("failures-per-prefix", "bytes", "session", "10MiB/s", "1024MiB", "delay")
    "      observe: true\n"
    RULE("failures-per-user", "commands", "user", "12/s", "1024", "delay")
    "      observe: true\n"
    RULE("mine", "bytes", "user", "1KiB/s", "1025", "delay")
    "      observe: false\n"
    "state:\n"
    "  path: \"\"\n"
    "  interval: 1h\n"
    "timeouts:\n"
    "  handshake: 101ms\n"
    "  clear: 1s\n"
    "  gate_first: 1500ms\n"
    "  gate_total: 1h\n"
    "  connect: 1m\n"
    "  greeting: 61s\n"
    "  login: 10m\n"
    "  write_stall: 59m\n"
    "  idle: 24h\n"
    "  drain: 0s\n"
    "  half_close: 4s\n"
    "  auth_failure_delay: 0s\n"
    "audit:\n"
    "  sink: /var/log/imapward/audit.jsonl\n"
    "  full: block\n"
    "  queue: 2MiB\n"
    "  chain: /var/lib/imapward/audit.chain\n"
    "  anchors: \"syslog:/run/other.sock\"\n"
    "  user: hashed\n"
    "  address: prefix\n"
    "admin:\n"
    "  socket: /run/a.sock\n"
    "  readers: adm\n"
    "  controllers: wheel\n"
    "process:\n"
    "  user: imapward\n"
    "  workers: 7\n"
    "  capability_refresh: 90s\n";
/* clang-format on */

/* What is printed, but for the comment on the built-in policies. */
static const char *
without_built_in(struct text *t)
{
	char *begin = strstr(t->bytes, "# These TLS policies are built in");
	char *end = strstr(t->bytes, "\ntls_policies:");

	CU_ASSERT_FATAL(begin && end && begin < end);
	memmove(begin, end + 1, strlen(end + 1) + 1);
	return t->bytes;
}

static void
test_everything(void)
{
	struct settings *s = load(SLICE(everything));
	struct text *t = printed(s);

	CU_ASSERT_STRING_EQUAL(without_built_in(t), everything);
	CU_ASSERT_EQUAL(s->listeners[1].plaintext_networks_count, 3);
	CU_ASSERT_FALSE(s->listeners[0].any);
	CU_ASSERT_STRING_EQUAL(s->certificates[0].chain, "/a b/\"c\\d\".pem");
	CU_ASSERT(s->backends[0].trusted);
	CU_ASSERT_EQUAL(s->timeouts.gate_first, 1500);
	CU_ASSERT_EQUAL(s->audit.sink.kind, AUDIT_FILE);
	CU_ASSERT_STRING_EQUAL(s->audit.sink.path,
			       "/var/log/imapward/audit.jsonl");
	CU_ASSERT_TRUE(s->audit.block);
	CU_ASSERT_EQUAL(s->audit.queue, 2 * 1024 * 1024);
	CU_ASSERT_STRING_EQUAL(s->audit.chain, "/var/lib/imapward/audit.chain");
	CU_ASSERT_EQUAL(s->audit.anchors.kind, AUDIT_SYSLOG);
	CU_ASSERT_STRING_EQUAL(s->audit.anchors.path, "/run/other.sock");
	CU_ASSERT(s->audit.hash_user && s->audit.prefix_address);
	free(t);
	settings_free(s);
}

/* Forms that YAML lets one write and that mean the same. */
static const struct {
	const char *what, *yaml;
} same[] = {
    {"the least", LEAST},
    {"a byte order mark", "\xef\xbb\xbf" LEAST},
    {"CRLF", "certificates: [{chain: /c, key: /k}]\r\n"
	     "backends: [{name: m, address: mail, port: 1143}]\r\n"},
    {"a document that says where it begins and ends", "---\n" LEAST "...\n"},
    {"quotes", "\"certificates\": [{'chain': \"/c\", key: '/k'}]\n"
	       "backends: [{name: \"m\", address: 'mail', port: \"1143\"}]\n"},
    {"groups whose keys are all commented out",
     LEAST "limits:\n  #line: 1\ntimeouts: ~\naudit:\nprocess: null\n"},
    {"empty groups", LEAST "limits: {}\n"},
    {"defaults written out",
     LEAST "limits: {line: 8192, gate_bytes: 128KiB}\n"
	   "timeouts: {gate_first: 60s, idle: 2100s}\n"},
};

static void
test_no_loop(void)
{
	settings_free(load(SLICE(
	    CERTS "listeners: [{name: a, address: 192.0.2.1, port: 143, mode: "
		  "starttls}, {name: b, address: 0.0.0.0, port: 1, mode: "
		  "starttls}]\n"
		  "backends: [{name: m, address: 127.0.0.1, port: 143}, {name: "
		  "n, address: \"::1\", port: 1}]\n")));
}

static void
test_same(void)
{
	struct settings *least = load(SLICE(LEAST));
	struct text *expected = printed(least);

	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		struct settings *s = load(slice_str(same[i].yaml));
		struct text *t = printed(s);

		CU_ASSERT_STRING_EQUAL(t->bytes, expected->bytes);
		if (strcmp(t->bytes, expected->bytes) != 0)
			printf("%s\n%s", same[i].what, t->bytes);
		free(t);
		settings_free(s);
	}
	free(expected);
	settings_free(least);
}

/* Takes the '#' off the keys that the sample comments out. */
static void
uncomment(const struct text *from, struct text *to)
{
	struct slice rest = slice_of(from->bytes, from->len);

	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		size_t hash = slice_find(line, '#');
		bool key = hash + 1 < line.len && line.ptr[hash + 1] != ' ';

		collect(to, slice_head(line, key ? hash : line.len));
		if (key)
			collect(to, slice_skip(line, hash + 1));
		collect(to, SLICE("\n"));
	}
}

static void
test_sample(void)
{
	static struct text sample, plain;
	struct settings *a, *b;
	struct text *as, *bs;

	settings_sample(collect, &sample);
	uncomment(&sample, &plain);
	a = load(slice_of(sample.bytes, sample.len));
	b = load(slice_of(plain.bytes, plain.len));
	/* Examples without which there is no such thing. */
	CU_ASSERT_EQUAL(b->own_policies_count, 1);
	b->own_policies_count = 0;
	CU_ASSERT_EQUAL(b->commands_count, 1);
	b->commands_count = 0;
	as = printed(a);
	bs = printed(b);
	CU_ASSERT_STRING_EQUAL(as->bytes, bs->bytes);
	CU_ASSERT_PTR_NOT_NULL(strstr(plain.bytes, "\n  idle: 35m\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sample.bytes, "\n  #idle: 35m\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(sample.bytes, "# The longest that they"));
	free(as);
	free(bs);
	settings_free(a);
	settings_free(b);
}

static void
test_manual(void)
{
	static struct text t;

	settings_manual(collect, &t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t.bytes, ".It Cm timeouts.idle\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.bytes, "Default:\n.Ql 35m .\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(t.bytes, ".Ql \\(dq\\(dq .\n"));
	CU_ASSERT_PTR_NULL(strstr(t.bytes, "\n'"));
}

static void
test_sizes(void)
{
	struct settings *s = NULL;
	struct settings_fault f = {0};
	char *mem = malloc(SETTINGS_BYTES_MAX + 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
	memset(mem, '\n', SETTINGS_BYTES_MAX + 1);
	memcpy(mem, LEAST, sizeof LEAST - 1);
	CU_ASSERT_EQUAL(
	    settings_load(slice_of(mem, SETTINGS_BYTES_MAX), &s, &f), ERR_OK);
	settings_free(s);
	CU_ASSERT_EQUAL(
	    settings_load(slice_of(mem, SETTINGS_BYTES_MAX + 1), &s, &f),
	    ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(f.text, "the file is longer than 1048576 bytes");
	CU_ASSERT_EQUAL(settings_load(SLICE(LEAST "# \0\n"), &s, &f),
			ERR_SYNTAX);
	CU_ASSERT_STRING_EQUAL(f.text, "character U+0000 is not allowed");
	CU_ASSERT_EQUAL(f.line, 3);
	free(mem);
}

/* n listeners on n ports */
static size_t
write_listeners(char *out, size_t cap, unsigned n)
{
	size_t len = (size_t)snprintf(out, cap, "%slisteners:\n", LEAST);

	for (unsigned i = 1; i <= n; i++)
		len += (size_t)snprintf(
		    out + len, cap - len,
		    "  - {name: l%u, port: %u, mode: implicit}\n", i, i);
	return len;
}

static void
test_counts(void)
{
	static char yaml[8192];
	struct settings *s = NULL;
	struct settings_fault f = {0};
	size_t len = write_listeners(yaml, sizeof yaml, SETTINGS_LISTENERS_MAX);

	s = load(slice_of(yaml, len));
	CU_ASSERT_EQUAL(s->listeners_count, SETTINGS_LISTENERS_MAX);
	settings_free(s);
	len = write_listeners(yaml, sizeof yaml, SETTINGS_LISTENERS_MAX + 1);
	CU_ASSERT_EQUAL(settings_load(slice_of(yaml, len), &s, &f), ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(f.text,
			       "'listeners': expected at most 16 entries");
	CU_ASSERT_EQUAL(f.line, 3 + SETTINGS_LISTENERS_MAX + 1);
}

/* However the file was cut, there is a fault or settings, and nothing worse. */
static void
test_cuts(void)
{
	for (size_t n = 0; n < sizeof everything; n++) {
		struct settings *s = NULL;
		struct settings_fault f = {0};
		char *copy = malloc(n + 1);

		CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
		memcpy(copy, everything, n);
		if (settings_load(slice_of(copy, n), &s, &f) != ERR_OK)
			CU_ASSERT(f.text[0] != '\0');
		settings_free(s);
		free(copy);
	}
}

void
suite_settings(void)
{
	CU_pSuite suite = CU_add_suite("settings", NULL, NULL);

	CU_add_test(suite, "an error says where, what and what instead",
		    test_faults);
	CU_add_test(suite, "what is left out has its default", test_defaults);
	CU_add_test(suite, "what is printed loads to the same settings",
		    test_everything);
	CU_add_test(suite, "a neighbour's port is not our own", test_no_loop);
	CU_add_test(suite, "YAML's other forms mean the same", test_same);
	CU_add_test(suite, "the sample says what holds without it",
		    test_sample);
	CU_add_test(suite, "the manual's list is mdoc", test_manual);
	CU_add_test(suite, "a file is at most one mebibyte", test_sizes);
	CU_add_test(suite, "a list is as long as its bounds say", test_counts);
	CU_add_test(suite, "a cut file never does harm", test_cuts);
}
