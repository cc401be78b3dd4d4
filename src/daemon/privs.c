/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/privs.h"

#include "config/settings.h"
#include "daemon/admin.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RESERVE_OTHERS = 32 + ADMIN_CLIENTS };

static bool
look_up(const char *name, struct identity *out)
{
	const struct passwd *p = getpwnam(name);

	if (!p)
		return false;
	*out = (struct identity){true, p->pw_uid, p->pw_gid, ""};
	(void)snprintf(out->name, sizeof out->name, "%s", name);
	return true;
}

bool
privs_known(const char *user)
{
	struct identity found;

	return look_up(user, &found);
}

static enum err
refuse(enum err e, const char *text, const char *name, char *why, size_t cap)
{
	(void)snprintf(why, cap, "%s%s", text, name);
	return e;
}

enum err
privs_find(const char *user, struct identity *out, char *why, size_t cap)
{
	struct identity found = {0};

	if (geteuid() != 0) {
		if (*user && (!look_up(user, &found) || found.uid != geteuid()))
			return refuse(ERR_DENIED,
				      "only root can run the relay as user ",
				      user, why, cap);
		*out = (struct identity){0};
		return ERR_OK;
	}
	if (*user) {
		if (!look_up(user, &found))
			return refuse(ERR_UNKNOWN, "there is no user ", user,
				      why, cap);
	} else if (!look_up("imapward", &found) && !look_up("nobody", &found)) {
		return refuse(ERR_UNKNOWN,
			      "no user to run the relay as: make one named ",
			      "imapward", why, cap);
	}
	*out = found;
	return ERR_OK;
}

void
privs_conceal(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

size_t
privs_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return 0;
	return (size_t)r.rlim_cur;
}

size_t
privs_reserve(size_t descriptors, size_t workers)
{
	size_t enough = workers * SETTINGS_LISTENERS_MAX + RESERVE_OTHERS;

	return enough < descriptors / 6 ? enough : descriptors / 6;
}

/* The keeper may have had the one to bind low ports without being root. */
static bool
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof none);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

enum err
privs_drop(const struct identity *who)
{
	if (who->change && (setgroups(0, NULL) != 0 ||
			    setresgid(who->gid, who->gid, who->gid) != 0 ||
			    setresuid(who->uid, who->uid, who->uid) != 0))
		return ERR_SYSTEM;
	/* Who asked for root gets it, but for nothing more than sockets. */
	if (!drop_capabilities())
		return ERR_SYSTEM;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ERR_SYSTEM;
	/* Changing the user made us dumpable as the system's setting says. */
	privs_conceal();
	return ERR_OK;
}

void
privs_follow(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
}
