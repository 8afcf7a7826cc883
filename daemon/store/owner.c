// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides who may own the directories: root, or the service's user. */
#include "store/owner.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SERVICE_USER "carved"

/* Nothing but what devlink asks for. */
static int keep_net_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t kept;

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	kept = data[0].permitted & CAP_TO_MASK(CAP_NET_ADMIN);
	memset(data, 0, sizeof(data));
	data[0].effective = data[0].permitted = kept;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int become(const struct passwd *user)
{
	if (prctl(PR_SET_KEEPCAPS, 1L) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return -errno;
	return keep_net_admin();
}

/* Return: whose @path is; root where it is missing. */
static uid_t owner_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_uid;
}

/* Return: is @path, which is @owner's, root's or @user's? Else it was said whose it is. */
static bool may_own(const char *path, uid_t owner, const struct passwd *user)
{
	if (owner == 0 || (user && owner == user->pw_uid))
		return true;
	log_fact(LOG_ERR, MESSAGE_NOT_SAVED,
		 "%s belongs to uid %u, who is neither root nor the user " SERVICE_USER, path,
		 (unsigned)owner);
	return false;
}

/* Is the directory that @path is in root's? It is made where it is missing. */
static bool is_below_root(const char *path)
{
	_cleanup_free_ char *parent = mem_strdup(path);
	char *end = strrchr(parent, '/');
	struct stat st;

	if (!end || end == parent)
		return true;
	*end = '\0';
	(void)mkdir(parent, 0755);
	return lstat(parent, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0;
}

/* Where the directory above is root's, @user cannot make it, nor put another in its place. */
static int give(const char *path, const struct passwd *user)
{
	if (!is_below_root(path))
		return 0;
	if (mkdir(path, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	return chown(path, user->pw_uid, user->pw_gid) < 0 ? -errno : 0;
}

/**
 * owner_become() - where root has started it: be the user whose @state_dir is, with CAP_NET_ADMIN
 * alone, before any file is touched and any thread there is.
 *
 * Return: 0; -EPERM where a directory is neither root's nor the service's user's; -errno.
 */
int owner_become(const char *state_dir, const char *runtime_dir)
{
	uid_t state, runtime;
	const struct passwd *user;
	int r;

	if (geteuid() != 0)
		return 0;
	state = owner_of(state_dir);
	runtime = owner_of(runtime_dir);
	if (state == 0 && runtime == 0)
		return 0;
	user = getpwnam(SERVICE_USER); /* asks more of a system than all before */
	if (!may_own(state_dir, state, user) || !may_own(runtime_dir, runtime, user))
		return -EPERM;
	r = give(runtime_dir, user);
	return r < 0 ? r : become(user);
}
