/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lint_rules.c - what the lint has to say.
 *
 * Who warns is known from measurements with these clients and from their
 * sources; "OpenSSL" stands for all that is built on it, such as fetchmail,
 * isync and Python.
 */
#include "tls/lint.h"

#include <assert.h>
#include <stddef.h>

#define ERROR   LINT_ERROR
#define WARNING LINT_WARNING
#define NOTE    LINT_NOTE

#define EVERYBODY "Every client."
#define US        "imapward does not load it."
#define REISSUE   "Have the certificate issued again"
#define FETCH                                                                  \
	"Fetch a new one: openssl ocsp -issuer ISSUER -cert FILE -url URL "    \
	"-no_nonce -respout STAPLE (URL: openssl x509 -noout -ocsp_uri); see " \
	"that the job which does it runs."
#define FULLCHAIN                                                              \
	"Use the file with the whole chain that the CA's tool writes "         \
	"(certbot: fullchain.pem)"

/* clang-format off */
static const struct lint_rule rules[LINT_RULES] = {
    [LINT_REFUSED] = {"refused", ERROR, "{}", US,
	"Write the file anew from what the CA gave you: PEM, the server's "
	"certificate first, then the intermediate ones."},
    [LINT_NOT_PEM] = {"not-pem", ERROR, "the file is {}, not PEM", US,
	"Convert it. DER: openssl x509 -inform DER -in FILE. PKCS#12: openssl "
	"pkcs12 -nodes -in FILE."},
    [LINT_KEY] = {"key", ERROR, "{}", US,
	"Give the private key as PEM, not encrypted, or with the file that has "
	"its passphrase (certificates.passphrase; here --passphrase FILE)."},
    [LINT_PAIR] = {"pair", ERROR,
	"the private key belongs to no certificate of the file", US,
	"Find the key with which the certificate was requested. A renewal "
	"makes a new key as a rule: take both files from the same renewal."},
    [LINT_UNUSABLE] = {"unusable", ERROR,
	"{} cannot be read by the TLS library: {}",
	US,
	"If it is a root, leave it out: clients have it. " REISSUE " with a "
	"current tool if it is another."},
    [LINT_LEAF_FIRST] = {"leaf-first", ERROR,
	"{} comes first, but the server's own is {}; the right order is {}",
	US " Elsewhere: all clients, which take the first for the server's.",
	"Put the server's certificate on top. " FULLCHAIN "."},
    [LINT_ORDER] = {"order", ERROR,
	"the certificates are not in order; the right order is {}",
	US " Elsewhere: old Java, old Android and embedded clients, which do "
	"not sort.",
	"Let each certificate be followed by its issuer. " FULLCHAIN "."},
    [LINT_DUPLICATE] = {"duplicate", ERROR, "{} is the same as number {}",
	US " Elsewhere: old Java and embedded clients.",
	"Leave the second one out."},
    [LINT_UNRELATED] = {"unrelated", ERROR,
	"{} has no part in the chain of {}",
	US " Elsewhere: old Java and embedded clients.",
	"Leave it out. " FULLCHAIN "."},
    [LINT_WRONG_ISSUER] = {"wrong-issuer", ERROR,
	"{} has the name of the issuer of {}, but its key did not sign it",
	EVERYBODY " They say: unknown issuer, or bad signature.",
	"The CA has several certificates of this name, or was made anew. "
	FULLCHAIN "."},
    [LINT_EXPIRED] = {"expired", ERROR, "{} expired on {}",
	EVERYBODY " Expired issuers: all but those that find another way to a "
	"root.",
	"Renew it and install the whole chain. If it was renewed, see that "
	"this is the new file. An old cross-signed issuer is just left out."},
    [LINT_EARLY] = {"not-yet-valid", ERROR, "{} is not valid before {}",
	EVERYBODY,
	"Wait, or look at this machine's clock and at the CA's. A private CA "
	"should set the first day a little back."},
    [LINT_RSA_SIZE] = {"rsa-size", ERROR,
	"{} has an RSA key of {} bits: imapward wants 2048 to 4096",
	US " Below 2048: Apple and OpenSSL refuse; GnuTLS, Java, Thunderbird "
	"take 1024.",
	REISSUE " for a new key, ECDSA P-256 or RSA with 2048 bits."},
    [LINT_KEY_TYPE] = {"key-type", ERROR,
	"{} has a key of type {}: imapward wants RSA, ECDSA P-256 or P-384",
	US " Elsewhere: Outlook, Apple, Java and others cannot use it.",
	REISSUE " for a new key: openssl ecparam -name prime256v1 -genkey."},
    [LINT_MALFORMED] = {"malformed", WARNING,
	"{} is not written as the standards want it (DER, RFC 5280)",
	"Thunderbird, Android, programs in Go and Rust, which are strict.",
	REISSUE " with a current tool."},
    [LINT_NOT_CA] = {"not-ca", ERROR,
	"{} is an issuer, but may not sign certificates: no CA:TRUE, or a key "
	"usage without keyCertSign",
	EVERYBODY " They say: invalid CA, or unknown issuer.",
	"Repair the private CA: basicConstraints CA:TRUE, keyUsage "
	"keyCertSign; then issue the chain again."},
    [LINT_MISSING_ISSUER] = {"missing-issuer", WARNING,
	"{} was issued by \"{}\", which is neither in the file nor among the "
	"roots{}",
	"Android, Java, Thunderbird, OpenSSL, mutt: unknown issuer. Windows "
	"and Apple fetch what is missing, which hides the fault.",
	FULLCHAIN ", or put the CA's intermediate certificate behind. If the "
	"CA is your own, every client needs its root; --ca FILE lets this "
	"check know it."},
    [LINT_SELF_SIGNED] = {"self-signed", WARNING, "{} is signed by itself",
	EVERYBODY " Only an exception made by hand lets a user in.",
	"Get one from a public CA by ACME (free), or set up a CA of your own "
	"and install its root on the clients."},
    [LINT_ISSUER_ENDS] = {"issuer-ends", WARNING,
	"{} ends on {}, before the server's certificate",
	"From that day: every client that finds no other way to a root.",
	"Have the chain replaced before that day."},
    [LINT_ENDS_NOW] = {"ends-now", WARNING,
	"{} ends on {}: {} days left, less than a tenth of its lifetime",
	"From that day: every client. The renewal has most likely failed.",
	"Renew it now; then find out why it did not happen by itself."},
    [LINT_ENDS_SOON] = {"ends-soon", WARNING,
	"{} ends on {}: {} days left, less than a third of its lifetime",
	"Nobody yet. This is when automatic renewal takes place.",
	"Look whether the renewal runs and installs the new file."},
    [LINT_LIFETIME] = {"lifetime", WARNING,
	"{} is valid for {} days; from its first day on, public CAs may give "
	"{} at most",
	"Apple: over 398 days it is refused. No public CA issues such any "
	"more: it may be revoked.",
	REISSUE " for a shorter time, and renew by ACME."},
    [LINT_LIFETIME_PRIVATE] = {"lifetime-private", WARNING,
	"{} is valid for {} days; Apple's limit is 825, for private CAs too",
	"Apple Mail on iOS and macOS refuses it (\"Cannot Verify Server "
	"Identity\"), except where the user trusts this one certificate.",
	REISSUE " for 825 days or less."},
    [LINT_NAME] = {"name", WARNING,
	"{} does not cover {}{}; it has {}",
	EVERYBODY " Thunderbird: bad domain; Outlook: target principal name; "
	"curl: closes without a word.",
	REISSUE " with this name among its DNS names, or tell users a name "
	"that it covers."},
    [LINT_NO_NAMES] = {"no-names", WARNING,
	"{} has no DNS name in its subjectAltName; the common name {} does not "
	"count",
	"Thunderbird, Apple, Python, programs in Go: wrong name. Outlook, Java "
	"and GnuTLS still look at the common name.",
	REISSUE " with a subjectAltName."},
    [LINT_NAME_FORM] = {"name-form", WARNING, "{} has the name {}: {}",
	"All clients ignore this name; strict ones refuse the certificate.",
	REISSUE " without it, or with it written right."},
    [LINT_NAME_FOREIGN] = {"name-foreign", WARNING,
	"{} has a name beyond ASCII: {}",
	"No client finds it: they look for the A-label (xn--...). Strict "
	"ones refuse the certificate.",
	REISSUE " with the A-label: idn2 NAME shows it."},
    [LINT_WILDCARD] = {"wildcard", WARNING, "{} has the name {}: {}",
	"Thunderbird, Apple, Java, Go and GnuTLS take \"*\" for one whole "
	"first label only, above two others or more.",
	REISSUE " with *.example.com, or better, with each name."},
    [LINT_WEAK_SIGNATURE] = {"weak-signature", WARNING,
	"{} is signed with {}",
	"Apple, OpenSSL, GnuTLS and Thunderbird refuse it; Java takes SHA-1 "
	"from a private CA.",
	REISSUE ", signed with SHA-256."},
    [LINT_WEAK_ISSUER] = {"weak-issuer", WARNING,
	"{} has an RSA key of {} bits only",
	"Apple and OpenSSL refuse less than 2048.",
	"Make the private CA anew with a stronger key."},
    [LINT_MUST_STAPLE] = {"must-staple", WARNING,
	"{} demands that an OCSP response be sent with it, and none is",
	"Thunderbird refuses it, where it checks OCSP.",
	"Give the CA's response with it (staple), or have it issued without "
	"\"must staple\": most CAs have given up OCSP."},
    [LINT_STAPLE] = {"staple", WARNING,
	"the OCSP response is not sent: {}",
	"Nobody, as long as the certificate does not demand it (must-staple): "
	"clients that ask get none.",
	FETCH},
    [LINT_STAPLE_OLD] = {"staple-old", WARNING,
	"the OCSP response ends on {}: less than a quarter of its time is left",
	"Nobody yet. From that moment on it is not sent.",
	FETCH},
    [LINT_REVOKED] = {"revoked", WARNING, "{}",
	"Thunderbird, Outlook and Apple, where they ask the CA: certificate "
	"revoked. The OCSP response is not sent.",
	"Have one issued for a new key, and find out who revoked this one, and "
	"why."},
    [LINT_PURPOSE] = {"purpose", WARNING,
	"{} is not meant for servers: extended key usage without serverAuth",
	"Every client but some built on GnuTLS. OpenSSL: unsupported purpose; "
	"Thunderbird: certificate type not approved.",
	REISSUE " with extendedKeyUsage serverAuth."},
    [LINT_NO_PURPOSE] = {"no-purpose", WARNING,
	"{} says nothing about its purpose (extended key usage)",
	"Apple Mail on iOS and macOS refuses it.",
	REISSUE " with extendedKeyUsage serverAuth."},
    [LINT_CA_LEAF] = {"ca-leaf", WARNING,
	"{} is the server's, but says it is a CA (CA:TRUE)",
	"Thunderbird (CA certificate used as end entity) and programs in Rust.",
	REISSUE " with basicConstraints CA:FALSE; \"openssl req -x509\" sets "
	"CA:TRUE by itself."},
    [LINT_USAGE] = {"key-usage", WARNING,
	"{} has a key usage without digitalSignature",
	"Thunderbird, Android, Java: TLS 1.3 and ECDHE sign with this key.",
	REISSUE " with keyUsage digitalSignature."},
    [LINT_KEY_MODE] = {"key-mode", WARNING,
	"the file of the private key is open to others (mode {})",
	"Whoever has an account on this machine can pose as the server.",
	"chmod 600; if others had accounts, take a new key."},
    [LINT_VERSION] = {"version", WARNING,
	"{} is of version {}; the current one, since 1996, is 3",
	"Strict clients: a certificate of version 1 or 2 has no names.",
	REISSUE " with a current tool."},
    [LINT_SERIAL] = {"serial", WARNING, "{} has a serial number that is {}",
	"Thunderbird, programs in Go: invalid certificate.",
	REISSUE " by a CA that draws 64 random bits or more, at most 20 bytes "
	"and positive."},
    [LINT_ROOT] = {"root", NOTE,
	"{} is a root: clients do not need it, they have it or refuse it",
	"Nobody; it only makes each handshake longer.", "Leave it out."},
    [LINT_PRIVATE_ROOT] = {"private-root", NOTE,
	"the chain ends in {}, which is not among the roots of this system",
	"Clients on which the root was not installed: unknown issuer.",
	"Install the root on every client; --ca FILE lets this check know it."},
};
/* clang-format on */

const struct lint_rule *
lint_rule(enum lint_id id)
{
	assert((unsigned)id < LINT_RULES);
	return &rules[id];
}

const char *
lint_severity_text(enum lint_severity s)
{
	static const char *const texts[LINT_SEVERITIES] = {
	    [LINT_NOTE] = "note",
	    [LINT_WARNING] = "warning",
	    [LINT_ERROR] = "error",
	};

	assert((unsigned)s < LINT_SEVERITIES);
	return texts[s];
}
