// SPDX-License-Identifier: GPL-2.0-or-later
/* What a process in the sandbox may do and may not; each case is a process of its own. */
#include "base/sandbox.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int result(long r)
{
	return r < 0 ? errno : 0;
}

static int open_netlink(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
}

static int open_routes(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

static int open_firewall(void)
{
	return result(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
}

static int open_local(void)
{
	return result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int open_internet(void)
{
	return result(socket(AF_INET, SOCK_DGRAM, 0));
}

/* The kernel takes 32 bits of the family. */
static int open_disguised(void)
{
	return result(syscall(SYS_socket, (1LL << 32) | AF_INET, SOCK_DGRAM, 0));
}

static int change_an_interface(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return result(ioctl(fd, SIOCGIFFLAGS, &request));
}

static int is_a_terminal(void)
{
	return isatty(open("/dev/null", O_RDONLY)) || errno != ENOTTY ? errno : 0;
}

static int start_a_program(void)
{
	char *const none[] = {NULL};

	return result(execve("/bin/true", none, none));
}

static int start_a_process(void)
{
	return result(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static int make_a_namespace(void)
{
	return result(unshare(CLONE_NEWUSER));
}

static int make_a_ring(void)
{
	return result(syscall(425 /* io_uring_setup */, 1, NULL));
}

static int become_root(void)
{
	return result(syscall(SYS_setuid, 0));
}

static void *nothing(_unused_ void *user)
{
	return NULL;
}

static int start_a_thread(void)
{
	pthread_t thread;
	int r = pthread_create(&thread, NULL, nothing, NULL);

	return r ? r : pthread_join(thread, NULL);
}

static int read_a_file(void)
{
	char c;

	return result(read(open("/proc/self/stat", O_RDONLY | O_CLOEXEC), &c, 1));
}

static const struct {
	const char *name;
	int (*call)(void);
	int error;
} cases[] = {
	{"generic netlink", open_netlink, 0},
	{"rtnetlink", open_routes, ENOSYS},
	{"nftables", open_firewall, ENOSYS},
	{"a unix socket", open_local, 0},
	{"an internet socket", open_internet, ENOSYS},
	{"a family with more than 32 bits", open_disguised, ENOSYS},
	{"an ioctl of interfaces", change_an_interface, ENOSYS},
	{"isatty()", is_a_terminal, 0},
	{"execve()", start_a_program, ENOSYS},
	{"fork()", start_a_process, ENOSYS},
	{"unshare()", make_a_namespace, ENOSYS},
	{"io_uring_setup()", make_a_ring, ENOSYS},
	{"setuid()", become_root, ENOSYS},
	{"a thread", start_a_thread, 0},
	{"a file", read_a_file, 0},
};

/* In a child: what the case comes to, or 255 where there is no filter. */
static int in_sandbox(int (*call)(void), enum sandbox kind)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(sandbox_enter(kind) < 0 ? 255 : call());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_tight(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int error = in_sandbox(cases[i].call, SANDBOX_TIGHT);

		if (error != cases[i].error)
			fail_msg("%s: %d instead of %d", cases[i].name, error, cases[i].error);
	}
}

/* Programs may be started; all about sockets is the same. */
static void test_with_sanitizers(void **state)
{
	(void)state;
	assert_int_equal(in_sandbox(start_a_program, SANDBOX_WITH_SANITIZERS), 0);
	assert_int_equal(in_sandbox(open_routes, SANDBOX_WITH_SANITIZERS), ENOSYS);
	assert_int_equal(in_sandbox(change_an_interface, SANDBOX_WITH_SANITIZERS), ENOSYS);
	assert_int_equal(in_sandbox(is_a_terminal, SANDBOX_WITH_SANITIZERS), 0);
	assert_int_equal(in_sandbox(open_netlink, SANDBOX_WITH_SANITIZERS), 0);
	assert_int_equal(in_sandbox(make_a_namespace, SANDBOX_WITH_SANITIZERS), ENOSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_tight),
					   cmocka_unit_test(test_with_sanitizers)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
