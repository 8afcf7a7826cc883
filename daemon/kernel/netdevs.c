// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Below /sys/bus/BUS/devices/NAME: net/ has a directory for each netdev (Linux,
 * Documentation/ABI/testing/sysfs-class-net), sriov_numvfs is the number of VFs. What cannot be
 * read is not there: a simulator's or a virtual device may have neither.
 */
#include "kernel/netdevs.h"
#include "kernel/altnames.h"
#include "base/text.h"

#include <dirent.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe {
	struct precheck precheck;
	char *path;
	bool closely;
	struct impact found;
	struct facts facts; /* driver and netdevs */
	text_list names;    /* that may be alternative ones */
};

/* The first line of a file below the device, or "". */
static void read_line(const struct probe *p, const char *name, char *line, size_t size)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", p->path, name);
	FILE *f = fopen(path, "re");

	if (!f || !fgets(line, (int)size, f))
		line[0] = '\0';
	if (f)
		fclose(f);
}

/* The last part of what a symbolic link below @dir points to, or NULL; to be freed. */
static char *link_name(const char *dir, const char *name)
{
	_cleanup_free_ char *path = mem_printf("%s/%s", dir, name);
	_cleanup_free_ char *target = mem_alloc(PATH_MAX); /* a page of each thread's stack, else */
	ssize_t n = readlink(path, target, PATH_MAX - 1);
	const char *slash;

	if (n < 0)
		return NULL;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return mem_strdup(slash ? slash + 1 : target);
}

/* "p1s0" is a part of port 1: net/devlink of Linux makes these names. */
static bool is_part_of_a_split(const char *name)
{
	unsigned port, part;

	return sscanf(name, "p%us%u", &port, &part) == 2;
}

static void look_at(struct probe *p, const char *netdev)
{
	_cleanup_free_ char *flags = mem_printf("net/%s/flags", netdev);
	_cleanup_free_ char *port = mem_printf("net/%s/phys_port_name", netdev);
	_cleanup_free_ char *dir = mem_printf("%s/net/%s", p->path, netdev);
	_cleanup_free_ char *master = link_name(dir, "master");
	char line[64];

	p->found.netdevs++;
	read_line(p, flags, line, sizeof(line));
	p->found.up += (strtoul(line, NULL, 16) & IFF_UP) != 0;
	p->found.mastered += master != NULL;
	read_line(p, port, line, sizeof(line));
	p->found.splits += is_part_of_a_split(line);
}

static bool has_netdev(const struct facts *f, const char *name)
{
	vec_each(n, &f->netdevs)
		if (strcmp(*n, name) == 0)
			return true;
	return false;
}

static void on_altname(void *user, const char *name, const char *netdev)
{
	struct facts *f = user;

	if (has_netdev(f, netdev) && strcmp(name, netdev) != 0)
		facts_add_altname(f, name);
}

/* Of names that are no netdev's own, as only a few are asked for. */
static void find_altnames(struct probe *p)
{
	text_list unknown = {};

	vec_each(name, &p->names)
		if (!has_netdev(&p->facts, *name))
			vec_push(&unknown, *name);
	if (unknown.n && p->facts.netdevs.n)
		altnames_resolve(&unknown, on_altname, &p->facts);
	vec_clear(&unknown);
}

static int run(struct precheck *precheck, char **ret_why _unused_)
{
	struct probe *p = container_of(precheck, struct probe, precheck);
	_cleanup_free_ char *path = mem_printf("%s/net", p->path);
	_cleanup_free_ char *driver = link_name(p->path, "driver");
	DIR *dir = opendir(path);
	char line[16] = "";

	p->facts.driver = arena_strdup(&p->facts.arena, driver);
	if (p->closely)
		read_line(p, "sriov_numvfs", line, sizeof(line));
	p->found.vfs = (unsigned)strtoul(line, NULL, 10);
	for (const struct dirent *e; dir && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		facts_add_netdev(&p->facts, e->d_name);
		if (p->closely)
			look_at(p, e->d_name);
	}
	if (dir)
		closedir(dir);
	find_altnames(p);
	return 0;
}

static struct precheck *probe_free(struct precheck *precheck)
{
	struct probe *p = container_of(precheck, struct probe, precheck);

	vec_clear(&p->names);
	facts_clear(&p->facts);
	free(p->path);
	free(p);
	return NULL;
}

/**
 * netdevs_probe() - look at the driver and the netdevs of @handle. It never fails.
 * @root: "" but in tests
 * @closely: into files, too, for netdevs_found(); reading them may wait for another device
 * @names: is one of them an alternative name of one of the netdevs?
 */
struct precheck *netdevs_probe(const char *root, const char *handle, bool closely,
			       const text_list *names)
{
	struct probe *p = mem_new(struct probe);
	const char *slash = strchr(handle, '/');
	int bus = slash ? (int)(slash - handle) : 0;

	p->precheck = (struct precheck){.run = run, .free = probe_free};
	p->closely = closely;
	p->path = mem_printf("%s/sys/bus/%.*s/devices/%s", root, bus, handle,
			     slash ? slash + 1 : handle);
	vec_each(name, names)
		vec_push(&p->names, arena_strdup(&p->facts.arena, *name));
	return &p->precheck;
}

/** netdevs_found() - add what was seen to @impact; the batch must be back. */
void netdevs_found(const struct precheck *precheck, struct impact *impact)
{
	const struct probe *p = (const struct probe *)precheck;

	impact->netdevs = p->found.netdevs;
	impact->up = p->found.up;
	impact->mastered = p->found.mastered;
	impact->vfs = p->found.vfs;
	impact->splits = MAX(impact->splits, p->found.splits);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/**
 * netdevs_identify() - add netdevs to @facts, in the order of their names, and the driver where
 * INFO_GET did not tell it; the batch must be back.
 */
void netdevs_identify(const struct precheck *precheck, struct facts *facts)
{
	const struct probe *p = (const struct probe *)precheck;

	if (!facts->driver)
		facts->driver = arena_strdup(&facts->arena, p->facts.driver);
	vec_each(name, &p->facts.netdevs)
		facts_add_netdev(facts, *name);
	vec_each(name, &p->facts.altnames)
		facts_add_altname(facts, *name);
	vec_sort(&facts->netdevs, by_name);
}

/** netdevs_each_device() - call @found with a handle, once for every netdev of the device. */
void netdevs_each_device(const char *root,
			 void (*found)(void *user, const char *handle, const char *driver),
			 void *user)
{
	_cleanup_free_ char *class = mem_printf("%s/sys/class/net", root);
	DIR *dir = opendir(class);

	for (const struct dirent *e; dir && (e = readdir(dir));) {
		_cleanup_free_ char *netdev = mem_printf("%s/%s", class, e->d_name);
		_cleanup_free_ char *device = mem_printf("%s/device", netdev);
		_cleanup_free_ char *name = link_name(netdev, "device");
		_cleanup_free_ char *bus = link_name(device, "subsystem");
		_cleanup_free_ char *driver = link_name(device, "driver");
		_cleanup_free_ char *handle = name && bus ? mem_printf("%s/%s", bus, name) : NULL;

		if (handle)
			found(user, handle, driver);
	}
	if (dir)
		closedir(dir);
}
