// SPDX-License-Identifier: GPL-2.0-or-later
/* The only user of libseccomp. Decides which system calls a carved that is up may make. */
#include "base/sandbox.h"
#include "base/mem.h"

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED true
#elif defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#define IS_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define IS_SANITIZED false
#endif

/* Where the flags of clone(2) are. */
#ifdef __s390__
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define CLONE_NAMESPACES                                                                           \
	((uint64_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
		    CLONE_NEWPID | CLONE_NEWNET))

/* Names that this architecture, or this libseccomp, does not have are passed over. */
static const char *const allowed[] = {
	/* memory and threads */
	"brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "membarrier", "futex",
	"futex_time64", "set_robust_list", "rseq", "set_tid_address", "gettid", "getpid", "getppid",
	"tgkill", "sched_yield", "sched_getaffinity", "getcpu", "exit", "exit_group", "prctl",
	"arch_prctl", "restart_syscall",
	/* signals and time */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack",
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
	"clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time",
	/* events */
	"pipe2", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
	"eventfd2", "poll", "ppoll", "ppoll_time64", "timerfd_create", "timerfd_settime",
	"timerfd_settime64",
	/* files */
	"open", "openat", "close", "close_range", "dup", "dup2", "dup3", "fcntl", "fcntl64", "read",
	"readv", "pread64", "write", "writev", "pwrite64", "lseek", "_llseek", "fsync", "fdatasync",
	"ftruncate", "ftruncate64", "fadvise64", "fadvise64_64", "flock", "stat", "stat64", "lstat",
	"lstat64", "fstat", "fstat64", "newfstatat", "fstatat64", "statx", "statfs", "statfs64",
	"fstatfs", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents64", "getcwd", "mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat",
	"renameat2", "link", "linkat", "utimensat", "utimensat_time64", "fchmod", "umask",
	"memfd_create",
	/* sockets that are open */
	"connect", "bind", "getsockname", "getpeername", "getsockopt", "setsockopt", "sendto",
	"sendmsg", "sendmmsg", "recvfrom", "recvmsg", "recvmmsg", "shutdown",
	/* who and where it is */
	"getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "uname",
	"sysinfo", "getrandom", "getrlimit", "ugetrlimit", "prlimit64", "getrusage", "times"};

/* The search for leaks, and the program that finds the names of functions. */
static const char *const of_sanitizers[] = {"clone",
					    "getdents",
					    "fork",
					    "vfork",
					    "execve",
					    "wait4",
					    "waitid",
					    "ptrace",
					    "pipe",
					    "kill",
					    "getpgrp",
					    "setrlimit",
					    "mincore",
					    "msync",
					    "personality",
					    "sched_getparam",
					    "sched_getscheduler",
					    "process_vm_readv",
					    "rt_sigtimedwait"};

static int allow(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int call = seccomp_syscall_resolve_name(names[i]);
		int r = call == __NR_SCMP_ERROR ? 0
						: seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);

		if (r < 0 && r != -EDOM)
			return r;
	}
	return 0;
}

/* Calls of which only some arguments will do. */
static int allow_some(scmp_filter_ctx filter, enum sandbox kind)
{
	const struct scmp_arg_cmp local[] = {SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0)},
				  devlink[] = {SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
					       SCMP_A2(SCMP_CMP_EQ, NETLINK_GENERIC, 0)},
				  is_terminal[] = {SCMP_A1(SCMP_CMP_EQ, TCGETS, 0)},
				  thread[] = {SCMP_CMP(CLONE_FLAGS, SCMP_CMP_MASKED_EQ,
						       CLONE_NAMESPACES | CLONE_THREAD,
						       CLONE_THREAD)};
	int r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, local);

	if (r >= 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, devlink);
	if (r >= 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, local);
	if (r >= 0)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, is_terminal);
	if (r >= 0 && kind == SANDBOX_TIGHT)
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, thread);
	return r;
}

/** sandbox_of_build() - Return: what this program needs. */
enum sandbox sandbox_of_build(void)
{
	return IS_SANITIZED ? SANDBOX_WITH_SANITIZERS : SANDBOX_TIGHT;
}

/**
 * sandbox_enter() - of this thread and those that it starts, for ever.
 *
 * Return: 0, or -errno where the kernel has no such filters.
 */
int sandbox_enter(enum sandbox kind)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	int r;

	if (!filter)
		return -ENOMEM;
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree, not a chain */
	r = allow(filter, allowed, ARRAY_SIZE(allowed));
	if (r >= 0 && kind == SANDBOX_WITH_SANITIZERS)
		r = allow(filter, of_sanitizers, ARRAY_SIZE(of_sanitizers));
	if (r >= 0)
		r = allow_some(filter, kind);
	if (r >= 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
