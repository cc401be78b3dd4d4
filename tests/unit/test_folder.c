/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/folder.h"

#include <CUnit/CUnit.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void suite_folder(void);

/* A folder with these files, which are empty; its path is `path`. */
static void
fill(char *path, const char *const *names, size_t count)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(path));
	for (size_t i = 0; i < count; i++) {
		char file[200];
		int fd;

		(void)snprintf(file, sizeof file, "%s/%s", path, names[i]);
		fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
		CU_ASSERT_TRUE_FATAL(fd >= 0);
		(void)close(fd);
	}
}

static void
clear(const char *path, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char file[200];

		(void)snprintf(file, sizeof file, "%s/%s", path, names[i]);
		CU_ASSERT_EQUAL(unlink(file), 0);
	}
	CU_ASSERT_EQUAL(rmdir(path), 0);
}

/* Whoever may put files there may not write in the log by their names. */
static void
passes_over_odd_names(void)
{
	static const char *const names[] = {
	    "b.pem",           "a\nimapward: ready, 9 listeners.crt",
	    "c\033[2J.crt",    "d\x9b.crt",
	    "e\xc2\x9bmJ.pem", "f\xe2\x80\xae.pem",
	    "g\xff.pem",       "h\x7f.pem",
	    "\xc3\xbc.pem",    ".hidden.pem",
	};
	enum { COUNT = sizeof names / sizeof names[0] };
	char path[] = "/tmp/imapward-folder-XXXXXX";
	struct folder f = {.count = 0};

	fill(path, names, COUNT);
	CU_ASSERT_EQUAL_FATAL(folder_read(path, &f), ERR_OK);
	CU_ASSERT_EQUAL_FATAL(f.count, 2);
	CU_ASSERT_STRING_EQUAL(f.names[0], "b.pem");
	CU_ASSERT_STRING_EQUAL(f.names[1], "\xc3\xbc.pem");
	CU_ASSERT_EQUAL(f.odd, 7);
	folder_clear(&f);
	clear(path, names, COUNT);
}

void
suite_folder(void)
{
	CU_pSuite s = CU_add_suite("folder", NULL, NULL);

	CU_add_test(s, "names that would steer a terminal are passed over",
		    passes_over_odd_names);
}
