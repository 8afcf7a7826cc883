/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of devlink, one netlink message at a time:
 *
 *	decode_each(m, reply, len)
 *		decode_answer(m, family, handle, &state, &facts);
 *	state_sort(&state);
 *
 * Messages of other devices and of unknown commands are passed over; unknown attributes are
 * ignored; an attribute that is too short counts as absent.
 */
#pragma once

#include "model/facts.h"
#include "model/handle.h"
#include "model/impact.h"
#include "model/object.h"

#include <linux/netlink.h>

struct family {
	uint16_t id;
	uint32_t config_group;
};

#define HANDLE_MAX (2 * HANDLE_PART_MAX)

/* Walk the messages of a buffer. */
#define decode_each(m, data, len)                                                                  \
	for (const struct nlmsghdr *m = decode_first(data, len); m; m = decode_next(m, data, len))

const struct nlmsghdr *decode_first(const void *data, size_t len);
const struct nlmsghdr *decode_next(const struct nlmsghdr *m, const void *data, size_t len);

int decode_family(const struct nlmsghdr *m, struct family *ret);
int decode_handle(const struct nlmsghdr *m, uint16_t family, char ret[static HANDLE_MAX]);
int decode_answer(const struct nlmsghdr *m, uint16_t family, const char *handle,
		  struct state *state, struct facts *facts);

bool decode_port(const struct nlmsghdr *m, uint16_t family, const char *handle,
		 struct state *state);
bool decode_port_resources(const struct nlmsghdr *m, uint16_t family, const char *handle,
			   struct state *state);
bool decode_impact(const struct nlmsghdr *m, uint16_t family, const char *handle,
		   struct impact *impact);

/*
 * What a notification tells of a flash, whoever has asked for it. The outcome is not among it: the
 * kernel ends a failed flash with the same message as a good one.
 */
struct flash_progress {
	bool ended;
	const char *text, *component; /* in the message; NULL where it has none */
	uint64_t done, total;	      /* total 0: unknown */
	uint64_t timeout;	      /* seconds that this part may take; 0: unknown */
};

struct notification {
	char handle[HANDLE_MAX];
	uint8_t command; /* DEVLINK_CMD_* */
	bool is_flash;	 /* FLASH_UPDATE, FLASH_UPDATE_STATUS or FLASH_UPDATE_END */
	struct flash_progress flash;
};

int decode_notification(const struct nlmsghdr *m, uint16_t family, struct notification *ret);

/* What an NLMSG_ERROR or NLMSG_DONE says. */
struct ack {
	int error;  /* -errno, or 0 */
	char *text; /* the kernel's words, or NULL; comes with success too; to be freed */
};

int decode_ack(const struct nlmsghdr *m, struct ack *ret);
