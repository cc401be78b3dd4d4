/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/vault.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int
create(const char *name)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	return fd >= 0 ? fd : memfd_create(name, flags);
}

static enum err
map(struct vault *v, int protection)
{
	void *mem = mmap(NULL, v->len, protection, MAP_SHARED, v->fd, 0);

	if (mem == MAP_FAILED)
		return ERR_SYSTEM;
	v->mem = mem;
	(void)madvise(mem, v->len, MADV_DONTDUMP);
	return ERR_OK;
}

enum err
vault_make(size_t len, struct vault *out)
{
	struct vault v = {.fd = create("imapward-keys"), .len = len};

	assert(len > 0);
	if (v.fd >= 0 && ftruncate(v.fd, (off_t)len) == 0 &&
	    map(&v, PROT_READ | PROT_WRITE) == ERR_OK) {
		*out = v;
		return ERR_OK;
	}
	vault_clear(&v);
	return ERR_SYSTEM;
}

enum err
vault_begin(struct vault *out)
{
	struct vault v = {.fd = create("imapward-state")};

	if (v.fd < 0)
		return ERR_SYSTEM;
	*out = v;
	return ERR_OK;
}

enum err
vault_add(struct vault *v, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(v->fd, bytes.ptr, bytes.len);

		if (n < 0 && errno != EINTR) {
			if (v->len == 0)
				(void)close(v->fd);
			return ERR_SYSTEM;
		}
		n = n > 0 ? n : 0;
		v->len += (size_t)n;
		bytes = slice_skip(bytes, (size_t)n);
	}
	return ERR_OK;
}

enum err
vault_seal(struct vault *v)
{
	/* As long as somebody may write it cannot be sealed. */
	if (v->mem)
		(void)munmap(v->mem, v->len);
	v->mem = NULL;
	if (fcntl(v->fd, F_ADD_SEALS, SEALS) != 0)
		return ERR_SYSTEM;
	return map(v, PROT_READ);
}

enum err
vault_open(int fd, struct vault *out)
{
	struct vault v = {.fd = fd};
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	enum err e = ERR_REFUSED;

	if (seals >= 0 && (seals & SEALS) == SEALS && fstat(fd, &st) == 0 &&
	    st.st_size > 0) {
		v.len = (size_t)st.st_size;
		e = map(&v, PROT_READ);
	}
	(void)close(fd);
	v.fd = -1;
	if (e == ERR_OK)
		*out = v;
	return e;
}

struct slice
vault_bytes(const struct vault *v)
{
	return v->mem ? slice_of(v->mem, v->len) : SLICE_EMPTY;
}

void
vault_clear(struct vault *v)
{
	if (v->mem)
		(void)munmap(v->mem, v->len);
	if (v->len > 0 && v->fd >= 0)
		(void)close(v->fd);
	*v = (struct vault){.fd = -1};
}
