/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu.c - instructions of this machine that wolfSSL's assembly looks for.
 */
#include "tls/internal.h"

#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

enum { EBX, ECX };

static const struct {
	const char *name;
	unsigned leaf, reg, bit;
} features[] = {
    {"AES-NI", 1, ECX, 25}, {"PCLMUL", 1, ECX, 1}, {"AVX", 1, ECX, 28},
    {"AVX2", 7, EBX, 5},    {"SHA", 7, EBX, 29},   {"BMI2", 7, EBX, 8},
    {"ADX", 7, EBX, 19},
};

static bool
has(size_t i)
{
	unsigned reg[2] = {0}, eax, edx;

	return __get_cpuid_count(features[i].leaf, 0, &eax, &reg[EBX],
				 &reg[ECX], &edx) &&
	       (reg[features[i].reg] >> features[i].bit & 1) != 0;
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>

#include <asm/hwcap.h>

static const struct {
	const char *name;
	unsigned long bit;
} features[] = {
    {"AES", HWCAP_AES},
    {"PMULL", HWCAP_PMULL},
    {"SHA2", HWCAP_SHA2},
    {"SHA512", HWCAP_SHA512},
};

static bool
has(size_t i)
{
	return (getauxval(AT_HWCAP) & features[i].bit) != 0;
}
#else
static const struct {
	const char *name;
} features[] = {{""}};

static bool
has(size_t i)
{
	(void)i;
	return false;
}
#endif

/* The first row of each table. */
bool
cpu_has_aes(void)
{
	return has(0);
}

void
cpu_text(char *out, size_t cap)
{
	size_t used = 0;

	if (cap > 0)
		out[0] = '\0';
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		if (used < cap && has(i))
			used += (size_t)snprintf(out + used, cap - used, "%s%s",
						 used > 0 ? ", " : "",
						 features[i].name);
	if (used == 0)
		(void)snprintf(out, cap, "no acceleration");
}
