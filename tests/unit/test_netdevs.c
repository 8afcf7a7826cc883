// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs tells of a device's netdevs, in a tree that looks like it. */
#include "kernel/netdevs.h"
#include "base/text.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DEVICE "sys/devices/x/sw1"

static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
}

static void put(const char *root, const char *name, const char *text)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", root, name);
	FILE *f;

	make_parents(path);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void put_link(const char *root, const char *name, const char *to)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", root, name);

	make_parents(path);
	assert_int_equal(symlink(to, path), 0);
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
		      _unused_ struct FTW *ftw)
{
	return remove(path);
}

static int set_up(void **state)
{
	char *root = mem_strdup("/tmp/netdevs-XXXXXX");

	*state = mkdtemp(root);
	put(root, DEVICE "/sriov_numvfs", "3\n");
	put(root, DEVICE "/net/p1s0/flags", "0x1003\n");
	put(root, DEVICE "/net/p1s0/phys_port_name", "p1s0\n");
	put(root, DEVICE "/net/p1s1/flags", "0x1002\n");
	put(root, DEVICE "/net/p1s1/phys_port_name", "p1s1\n");
	put(root, DEVICE "/net/p2/flags", "0x1003\n");
	put(root, DEVICE "/net/p2/phys_port_name", "p2\n");
	put_link(root, DEVICE "/net/p2/master", "../../../../virtual/net/br0");
	put(root, DEVICE "/net/vf/flags", "nonsense\n");
	put(root, DEVICE "/net/vf/phys_port_name", "pf0vf1\n");
	put_link(root, DEVICE "/subsystem", "../../../bus/switches");
	put_link(root, DEVICE "/driver", "../../../bus/switches/drivers/acme");
	put_link(root, "sys/bus/switches/devices/sw1", "../../../devices/x/sw1");
	put(root, "sys/bus/switches/drivers/acme/bind", "");
	put_link(root, "sys/class/net/p2", "../../devices/x/sw1/net/p2");
	put_link(root, DEVICE "/net/p2/device", "../../../sw1");
	put(root, "sys/class/net/lo/flags", "0x9\n");
	return *state ? 0 : -1;
}

static int tear_down(void **state)
{
	nftw(*state, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static struct impact look(const char *root, const char *handle, unsigned splits)
{
	const text_list names = {};
	struct precheck *p = netdevs_probe(root, handle, true, &names);
	struct impact i = {.splits = splits};
	char *why = NULL;

	assert_int_equal(p->run(p, &why), 0);
	assert_null(why);
	netdevs_found(p, &i);
	p->free(p);
	return i;
}

static void test_impact(void **state)
{
	struct impact i = look(*state, "switches/sw1", 0);
	struct buf text = {};

	assert_int_equal(i.netdevs, 4);
	assert_int_equal(i.up, 2);
	assert_int_equal(i.mastered, 1);
	assert_int_equal(i.splits, 2);
	assert_int_equal(i.vfs, 3);
	impact_format(&i, &text);
	assert_string_equal(text.s, "2 netdevs up, 2 netdevs down, 1 with a master, 2 split ports, "
				    "3 VFs");
	buf_clear(&text);
}

/* What devlink counts is not less for that. */
static void test_devlink_knows_more(void **state)
{
	assert_int_equal(look(*state, "switches/sw1", 8).splits, 8);
}

static void test_nothing_there(void **state)
{
	struct impact i = look(*state, "switches/sw2", 0);

	assert_int_equal(i.netdevs + i.vfs, 0);
	assert_false(impact_destroys(&i));
	i = look(*state, "nonsense", 0);
	assert_int_equal(i.netdevs, 0);
}

static void note(void *user, const char *handle, const char *driver)
{
	buf_add(user, "%s %s;", handle, driver ? driver : "-");
}

static void test_devices(void **state)
{
	struct buf found = {};

	netdevs_each_device(*state, note, &found);
	assert_string_equal(found.s, "switches/sw1 acme;");
	buf_clear(&found);
	netdevs_each_device("/nowhere", note, &found);
	assert_int_equal(found.n, 0);
}

static int ip(const char *arguments)
{
	_cleanup_free_ char *line = mem_printf("ip link %s 2>/dev/null", arguments);

	return system(line); /* in a network namespace of the test's own */
}

/* sysfs does not have it, the kernel knows it. */
static void test_alternative_name(void **state)
{
	const char *wanted[] = {"lo", "nowhere", "another-name-for-loopback"};
	const text_list names = {wanted, ARRAY_SIZE(wanted), 0};
	struct facts facts = {};
	struct precheck *p;
	char *why = NULL;

	if (unshare(CLONE_NEWNET) < 0 ||
	    ip("property add dev lo altname another-name-for-loopback") != 0)
		skip();
	put(*state, DEVICE "/net/lo/flags", "0x9\n");
	p = netdevs_probe(*state, "switches/sw1", false, &names);
	assert_int_equal(p->run(p, &why), 0);
	netdevs_identify(p, &facts);
	assert_string_equal(facts.netdevs.v[0], "lo");
	assert_int_equal(facts.altnames.n, 1);
	assert_string_equal(facts.altnames.v[0], "another-name-for-loopback");
	p->free(p);
	facts_clear(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_impact),		 cmocka_unit_test(test_devlink_knows_more),
		cmocka_unit_test(test_nothing_there),	 cmocka_unit_test(test_devices),
		cmocka_unit_test(test_alternative_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
