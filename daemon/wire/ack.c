// SPDX-License-Identifier: GPL-2.0-or-later
/* The outcome of a request: its number, and the kernel's words. */
#include "wire/attr.h"
#include "wire/decode.h"

#include <errno.h>
#include <netlink/msg.h>
#include <string.h>

#define ERRNO_MAX 4095 /* of the kernel's */

/* Or NULL where nothing is said: drivers end it with a line break at times. */
static char *without_end(char *text)
{
	char *end = text ? strchr(text, '\0') : NULL;

	while (end > text && end[-1] == ' ')
		*--end = '\0';
	if (end > text)
		return text;
	free(text);
	return NULL;
}

/* The kernel's words among the attributes that start @skip bytes into @m, or NULL. */
static char *extack_text(const struct nlmsghdr *m, size_t skip)
{
	struct nlattr *a[NLMSGERR_ATTR_MAX + 1];

	if (!(m->nlmsg_flags & NLM_F_ACK_TLVS) || m->nlmsg_len < NLMSG_HDRLEN + skip ||
	    nlmsg_parse((struct nlmsghdr *)m, (int)skip, a, NLMSGERR_ATTR_MAX, NULL) < 0)
		return NULL;
	return without_end(attr_clean(a[NLMSGERR_ATTR_MSG]));
}

/* They stand behind the error and, unless capped, behind the whole request. */
static char *error_text(const struct nlmsghdr *m, const struct nlmsgerr *e)
{
	size_t skip = sizeof(*e);

	if (!(m->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	return extack_text(m, skip);
}

/* Any other number could be taken for success, or not be negated. */
static int errno_of(int error)
{
	return error <= 0 && error >= -ERRNO_MAX ? error : -EBADMSG;
}

/**
 * decode_ack() - the outcome of a request.
 *
 * Return: 0; -EBADMSG where @m is neither NLMSG_ERROR nor NLMSG_DONE.
 */
int decode_ack(const struct nlmsghdr *m, struct ack *ret)
{
	const struct nlmsgerr *e = nlmsg_data(m);

	if (m->nlmsg_type == NLMSG_DONE) {
		int error = 0;

		if (m->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
			memcpy(&error, nlmsg_data(m), sizeof(error));
		*ret = (struct ack){.error = errno_of(error),
				    .text = extack_text(m, sizeof(error))};
		return 0;
	}
	if (m->nlmsg_type != NLMSG_ERROR || m->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return -EBADMSG;
	*ret = (struct ack){.error = errno_of(e->error), .text = error_text(m, e)};
	return 0;
}
