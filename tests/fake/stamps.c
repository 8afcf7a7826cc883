// SPDX-License-Identifier: GPL-2.0-or-later
/* See stamps.h. Only what is carried out is acknowledged; a question has its answer alone. */
#include "stamps.h"

#include <inttypes.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t error_of(const struct nlmsghdr *m)
{
	int32_t error;

	memcpy(&error, (const char *)m + NLMSG_HDRLEN, sizeof(error));
	return error;
}

static void note_message(struct stamps *s, const struct nlmsghdr *m, uint64_t now)
{
	if (m->nlmsg_type == NLMSG_ERROR) {
		if (error_of(m) == 0)
			s->acked = now;
	} else if (m->nlmsg_type == NLMSG_DONE ||
		   (m->nlmsg_type >= NLMSG_MIN_TYPE && m->nlmsg_seq)) {
		s->read = now;
	} else if (m->nlmsg_type >= NLMSG_MIN_TYPE &&
		   ((const struct genlmsghdr *)NLMSG_DATA(m))->cmd == DEVLINK_CMD_NEW) {
		s->told = now;
	}
}

/** stamps_note() - a datagram of the kernel's was sent. */
void stamps_note(struct stamps *s, const void *datagram, size_t len, uint64_t now)
{
	const char *p = datagram;

	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= len;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(p + at);

		note_message(s, m, now);
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
}

/** stamps_text() - Return: a line of JSON, to be freed. */
char *stamps_text(const struct stamps *s)
{
	char *text;

	if (asprintf(&text, "{\"told\":%" PRIu64 ",\"acked\":%" PRIu64 ",\"read\":%" PRIu64 "}",
		     s->told, s->acked, s->read) < 0)
		abort();
	return text;
}
