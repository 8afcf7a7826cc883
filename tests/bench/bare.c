// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that a program can do: the SETs of traps that it is told, in windows of 32 requests,
 * and their acknowledgements. It reads nothing before or after, and knows nothing of carved.
 *
 *	bare [--at-reload N] SOCKET HANDLE ACTION TRAP|POLICER=RATE|GROUP~POLICER...
 *	bare [--at-reload N] SOCKET HANDLE threshold PORTS THRESHOLD
 *
 * The latter sets the thresholds of so many ports, from index 0 on: in 11 pools, and of 24 TCs.
 *
 * SOCKET is the fake kernel's, or "netlink". Says how many microseconds it took, from the first
 * request to the last answer. With --at-reload it says "ready", waits for the notification that
 * ends a reload of the device, and does it then, N times.
 */
#include <errno.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 32

enum { POOLS = 11, INGRESS_TCS = 8, PER_PORT = POOLS + 24 };

struct bare {
	const char *path, *bus, *dev;
	uint16_t family;
	uint32_t group;
	uint32_t seq;
	uint8_t action;
	char **traps;
	uint32_t threshold;
	char buffer[256 * 1024];
};

static void fail(const char *what)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool is_netlink(const struct bare *b)
{
	return strcmp(b->path, "netlink") == 0;
}

static int open_socket(const struct bare *b)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct sockaddr_nl nl = {.nl_family = AF_NETLINK};
	int fd, size = 1 << 20;

	if (is_netlink(b)) {
		fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		if (fd < 0)
			fail("socket");
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		if (bind(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0) /* or it hears nothing */
			fail("bind");
		return fd;
	}
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", b->path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		fail(b->path);
	return fd;
}

static void send_all(const struct bare *b, int fd, const void *data, size_t len)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	bool netlink = is_netlink(b);

	if (sendto(fd, data, len, 0, netlink ? (struct sockaddr *)&kernel : NULL,
		   netlink ? sizeof(kernel) : 0) < 0)
		fail("send");
}

static size_t receive(struct bare *b, int fd)
{
	ssize_t n = recv(fd, b->buffer, sizeof(b->buffer), 0);

	if (n <= 0)
		fail("receive");
	return (size_t)n;
}

static struct nl_msg *request(const struct bare *b, uint16_t family, uint8_t command,
			      uint8_t version)
{
	struct nl_msg *m = nlmsg_alloc();

	if (!m ||
	    !genlmsg_put(m, 0, b->seq, family, 0, NLM_F_REQUEST | NLM_F_ACK, command, version))
		fail("a request");
	return m;
}

/*
 * All answers to the @n requests up to the last one sent, and on the fake's socket the message that
 * ends them.
 */
static void await(struct bare *b, int fd, size_t n, void (*found)(struct bare *, struct nlmsghdr *))
{
	bool ended = is_netlink(b);

	while (n || !ended) {
		int len = (int)receive(b, fd);

		for (struct nlmsghdr *m = (void *)b->buffer; nlmsg_ok(m, len);
		     m = nlmsg_next(m, &len)) {
			const struct nlmsgerr *e = nlmsg_data(m);

			ended |= m->nlmsg_type == NLMSG_NOOP;
			if (m->nlmsg_type == NLMSG_ERROR) {
				errno = -e->error;
				if (errno)
					fail("an answer");
				n--;
			} else if (found && m->nlmsg_type >= NLMSG_MIN_TYPE) {
				found(b, m);
			}
		}
	}
}

static void take_family(struct bare *b, struct nlmsghdr *m)
{
	struct nlattr *attrs[CTRL_ATTR_MAX + 1], *group, *parts[CTRL_ATTR_MCAST_GRP_MAX + 1];
	int rest;

	if (genlmsg_parse(m, 0, attrs, CTRL_ATTR_MAX, NULL) < 0 || !attrs[CTRL_ATTR_FAMILY_ID] ||
	    !attrs[CTRL_ATTR_MCAST_GROUPS])
		fail("the family");
	b->family = nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	nla_for_each_nested(group, attrs[CTRL_ATTR_MCAST_GROUPS], rest) {
		nla_parse_nested(parts, CTRL_ATTR_MCAST_GRP_MAX, group, NULL);
		if (parts[CTRL_ATTR_MCAST_GRP_ID])
			b->group = nla_get_u32(parts[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static void find_family(struct bare *b, int fd)
{
	struct nl_msg *m = request(b, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);

	nla_put_string(m, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
	send_all(b, fd, nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
	await(b, fd, 1, take_family);
	nlmsg_free(m);
}

static struct nl_msg *to_device(struct bare *b, uint8_t command)
{
	struct nl_msg *m = request(b, b->family, command, DEVLINK_GENL_VERSION);

	nla_put_string(m, DEVLINK_ATTR_BUS_NAME, b->bus);
	nla_put_string(m, DEVLINK_ATTR_DEV_NAME, b->dev);
	return m;
}

/* A trap, which gets the action, or "POLICER=RATE", or "GROUP~POLICER". */
static struct nl_msg *make_trap(struct bare *b, size_t i)
{
	const char *what = b->traps[i], *rate = strchr(what, '='), *policer = strchr(what, '~');
	struct nl_msg *m = to_device(b, rate	  ? DEVLINK_CMD_TRAP_POLICER_SET
					: policer ? DEVLINK_CMD_TRAP_GROUP_SET
						  : DEVLINK_CMD_TRAP_SET);
	char name[64];

	if (rate) {
		nla_put_u32(m, DEVLINK_ATTR_TRAP_POLICER_ID, (uint32_t)atoi(what));
		nla_put_u64(m, DEVLINK_ATTR_TRAP_POLICER_RATE, strtoull(rate + 1, NULL, 10));
	} else if (policer) {
		snprintf(name, sizeof(name), "%.*s", (int)(policer - what), what);
		nla_put_string(m, DEVLINK_ATTR_TRAP_GROUP_NAME, name);
		nla_put_u32(m, DEVLINK_ATTR_TRAP_POLICER_ID, (uint32_t)atoi(policer + 1));
	} else {
		nla_put_string(m, DEVLINK_ATTR_TRAP_NAME, what);
		nla_put_u8(m, DEVLINK_ATTR_TRAP_ACTION, b->action);
	}
	return m;
}

/* Of each port its pools first; TCs of ingress are bound to the first pool, others to the fifth. */
static struct nl_msg *make_threshold(struct bare *b, size_t i)
{
	size_t n = i % PER_PORT, tc = n - POOLS;
	bool pool = n < POOLS, egress = tc >= INGRESS_TCS;
	struct nl_msg *m =
		to_device(b, pool ? DEVLINK_CMD_SB_PORT_POOL_SET : DEVLINK_CMD_SB_TC_POOL_BIND_SET);

	nla_put_u32(m, DEVLINK_ATTR_PORT_INDEX, (uint32_t)(i / PER_PORT));
	nla_put_u32(m, DEVLINK_ATTR_SB_INDEX, 0);
	nla_put_u32(m, DEVLINK_ATTR_SB_THRESHOLD, b->threshold);
	nla_put_u16(m, DEVLINK_ATTR_SB_POOL_INDEX, (uint16_t)(pool ? n : egress ? 4 : 0));
	if (!pool) {
		nla_put_u16(m, DEVLINK_ATTR_SB_TC_INDEX,
			    (uint16_t)(egress ? tc - INGRESS_TCS : tc));
		nla_put_u8(m, DEVLINK_ATTR_SB_POOL_TYPE, egress);
	}
	return m;
}

static void set_window(struct bare *b, int fd, struct nl_msg *(*make)(struct bare *b, size_t i),
		       size_t first, size_t n)
{
	static char data[WINDOW * 256];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct nl_msg *m = make(b, first + i);

		nlmsg_hdr(m)->nlmsg_seq = ++b->seq;
		memcpy(data + len, nlmsg_hdr(m), nlmsg_hdr(m)->nlmsg_len);
		len += NLMSG_ALIGN(nlmsg_hdr(m)->nlmsg_len);
		nlmsg_free(m);
	}
	send_all(b, fd, data, len);
	await(b, fd, n, NULL);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void set_all(struct bare *b, int fd, struct nl_msg *(*make)(struct bare *b, size_t i),
		    size_t n)
{
	uint64_t start = now();

	for (size_t i = 0; i < n; i += WINDOW)
		set_window(b, fd, make, i, n - i < WINDOW ? n - i : WINDOW);
	printf("%llu\n", (unsigned long long)(now() - start));
	fflush(stdout);
}

static int join(const struct bare *b)
{
	struct {
		struct nlmsghdr header;
		uint32_t group;
	} join = {{.nlmsg_len = sizeof(join), .nlmsg_type = NLMSG_NOOP}, b->group};
	int fd = open_socket(b);

	if (!is_netlink(b))
		send_all(b, fd, &join, sizeof(join));
	else if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &b->group, sizeof(b->group)) <
		 0)
		fail("join");
	return fd;
}

/* A reload takes the device's traps or ports away, and ends with the device itself. */
static void await_reload(struct bare *b, int fd)
{
	bool gone = false;

	for (;;) {
		int len = (int)receive(b, fd);

		for (struct nlmsghdr *m = (void *)b->buffer; nlmsg_ok(m, len);
		     m = nlmsg_next(m, &len)) {
			uint8_t command = m->nlmsg_type == b->family ? genlmsg_hdr(m)->cmd : 0;

			gone |= command == DEVLINK_CMD_TRAP_DEL || command == DEVLINK_CMD_PORT_DEL;
			if (gone && command == DEVLINK_CMD_NEW)
				return;
		}
	}
}

int main(int argc, char **argv)
{
	struct nl_msg *(*make)(struct bare * b, size_t i) = make_trap;
	static struct bare b;
	unsigned reloads = 0;
	int fd, events;
	size_t n;

	if (argc > 2 && strcmp(argv[1], "--at-reload") == 0) {
		reloads = (unsigned)atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 5 || !strchr(argv[2], '/')) {
		fprintf(stderr,
			"usage: bare [--at-reload N] SOCKET|netlink HANDLE ACTION TRAP...\n");
		return 64;
	}
	b.path = argv[1];
	b.bus = strtok(argv[2], "/");
	b.dev = strtok(NULL, "");
	b.action =
		strcmp(argv[3], "drop") == 0 ? DEVLINK_TRAP_ACTION_DROP : DEVLINK_TRAP_ACTION_TRAP;
	b.traps = argv + 4;
	fd = open_socket(&b);
	find_family(&b, fd);
	n = (size_t)argc - 4;
	if (argc == 6 && strcmp(argv[3], "threshold") == 0) {
		b.threshold = (uint32_t)atoi(argv[5]);
		make = make_threshold;
		n = (size_t)atoi(argv[4]) * PER_PORT;
	}
	if (!reloads)
		set_all(&b, fd, make, n);
	events = reloads ? join(&b) : -1;
	if (reloads)
		puts("ready");
	fflush(stdout);
	for (; reloads; reloads--) {
		await_reload(&b, events);
		set_all(&b, fd, make, n);
	}
	return 0;
}
