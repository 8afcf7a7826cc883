/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the model and a look at its answers, for its own tests:
 *
 *	struct probe p;
 *	probe_start(&p, FAKE_6_1, "netdevsim");
 *	probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
 *	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
 *	assert_int_equal(probe_send(&p), -EINVAL);	p.text, p.got[] say more
 */
#pragma once

#include "bytes.h"
#include "fake.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>

#define NSIM	 "netdevsim/netdevsim10"
#define SPECTRUM "pci/0000:03:00.0"
#define MLX5	 "pci/0000:08:00.0"

#define PROBE_MAX    1200
#define PROBE_BUFFER 65536

/* One message that came. */
struct got {
	uint16_t type, flags;
	uint32_t seq;
	uint8_t command; /* of generic netlink messages */
	uint8_t *data;	 /* all of it */
	size_t len;
	size_t datagram; /* counted from 0 */
};

struct probe {
	struct fake *fake;
	struct fake_socket *socket, *listener;
	uint32_t seq;
	struct bytes out;
	size_t out_at;
	struct got got[PROBE_MAX];
	size_t n;
	int error; /* of the last acknowledgement or NLMSG_DONE */
	bool acked;
	char text[160];
	uint32_t offset, missing;
	uint16_t ack_flags;
	char names[4096];
};

void probe_start(struct probe *p, enum fake_line line, const char *facts);
void probe_add(struct probe *p, const char *facts);
void probe_stop(struct probe *p);
void probe_tell(struct probe *p, const char *line);
int probe_try(struct probe *p, const char *line);

void probe_request(struct probe *p, uint8_t command, uint16_t flags, const char *handle);
int probe_send(struct probe *p);
void probe_begin(struct probe *p, struct fake_socket *s);
int probe_collect(struct probe *p, struct fake_socket *s);
const char *probe_heard(struct probe *p);

void probe_attrs(const struct got *g, struct attrs *a);
const struct nlattr *probe_find(const struct got *g, const uint16_t *path, size_t n);
json_t *probe_device(struct probe *p, const char *handle);
const char *probe_state(struct probe *p, const char *handle, const char *path);

/* The attribute at a path of types: PROBE_ATTR(&p.got[0], DEVLINK_ATTR_PARAM, ...) */
#define PROBE_ATTR(g, ...)                                                                         \
	probe_find(g, (const uint16_t[]){__VA_ARGS__},                                             \
		   sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))
