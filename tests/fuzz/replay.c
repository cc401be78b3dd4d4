/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.c - feeds the files of a corpus to a fuzz target, with any compiler.
 *
 *   replay_scan PATH...    files, or folders of files
 *
 * What the fuzzers once found stays found. A target fails by dying; the name
 * of the input it died of is the last line written.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_CAP 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
/* Present when a sanitizer is linked in. */
__attribute__((weak)) void __sanitizer_set_death_callback(void (*)(void));

static char current[PATH_CAP] = "the empty input";
static unsigned passed, failed;

static void
name_culprit(void)
{
	static const char text[] = "\nfailing input: ";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, current, strlen(current)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(1);
}

static void
on_signal(int number)
{
	name_culprit();
	signal(number, SIG_DFL);
	raise(number);
}

static unsigned char *
read_whole(const char *path, size_t *size)
{
	struct stat st;
	unsigned char *data = NULL;
	FILE *file = fopen(path, "rb");

	if (!file)
		return NULL;
	if (fstat(fileno(file), &st) == 0) {
		*size = (size_t)st.st_size;
		data =
		    malloc(*size ? *size : 1); /* exact: ASan sees overruns */
	}
	if (data && fread(data, 1, *size, file) != *size) {
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

static void
replay_file(const char *path)
{
	size_t size;
	unsigned char *data = read_whole(path, &size);

	if (!data) {
		fprintf(stderr, "%s: cannot be read\n", path);
		failed++;
		return;
	}
	snprintf(current, sizeof(current), "%s", path);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	passed++;
}

static void
replay(const char *path)
{
	char name[PATH_CAP];
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0) {
		replay_file(path);
		return;
	}
	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(name, sizeof(name), "%s/%s", path,
				 entries[i]->d_name);
			replay(name);
		}
		free(entries[i]);
	}
	free(entries);
}

int
main(int argc, char **argv)
{
	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(name_culprit);
	else
		signal(SIGSEGV, on_signal);
	signal(SIGABRT, on_signal);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	passed++;
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%u passed, %u failed\n", passed, failed);
	return failed > 0;
}
