// SPDX-License-Identifier: GPL-2.0-or-later
/* Draining the notification socket, without ever blocking, and reducing it to "stale". */
#include "kernel/watch.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/devlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* One reload of a switch sends 450 to 800 messages, a flash hundreds. */
#define WATCH_RCVBUF (4 * 1024 * 1024)

struct watch {
	int fd;
	struct family family;
	watch_handler handler;
	void *user;
	struct inbox *inbox;
};

/** watch_open() - subscribe. Return: 0 or -errno. */
int watch_open(const struct transport *t, const struct family *family, watch_handler handler,
	       void *user, struct watch **ret)
{
	int fd = transport_open(t, WATCH_RCVBUF), r;

	if (fd < 0)
		return fd;
	r = transport_join(t, fd, family->config_group);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret = mem_new(struct watch);
	**ret = (struct watch){.fd = fd,
			       .family = *family,
			       .handler = handler,
			       .user = user,
			       .inbox = inbox_new()};
	return 0;
}

/** watch_free() - end the subscription. Return: NULL. */
struct watch *watch_free(struct watch *w)
{
	if (!w)
		return NULL;
	close(w->fd);
	inbox_free(w->inbox);
	free(w);
	return NULL;
}

/** watch_fd() - Return: what is readable when watch_dispatch() has something to do. */
int watch_fd(const struct watch *w)
{
	return w->fd;
}

static enum watch_event event_of(uint8_t command)
{
	switch (command) {
	case DEVLINK_CMD_NEW:
		return WATCH_APPEARED;
	case DEVLINK_CMD_PORT_NEW:
	case DEVLINK_CMD_PORT_DEL:
		return WATCH_PORT;
	case DEVLINK_CMD_DEL:
		return WATCH_VANISHED;
	case DEVLINK_CMD_TRAP_NEW:
	case DEVLINK_CMD_TRAP_DEL:
	case DEVLINK_CMD_TRAP_GROUP_NEW:
	case DEVLINK_CMD_TRAP_GROUP_DEL:
	case DEVLINK_CMD_TRAP_POLICER_NEW:
	case DEVLINK_CMD_TRAP_POLICER_DEL:
		return WATCH_RECREATED;
	default:
		return WATCH_STALE;
	}
}

static void tell(struct watch *w, enum watch_event event, const char *handle)
{
	w->handler(w->user, event, handle, NULL);
}

static void take(struct watch *w, const struct nlmsghdr *m)
{
	struct notification n;
	int r;

	if (m->nlmsg_type == NLMSG_NOOP)
		return;
	r = decode_notification(m, w->family.id, &n);
	if (r < 0) {
		if (r == -EILSEQ)
			tell(w, WATCH_UNNAMED, n.handle);
		else
			tell(w, WATCH_OVERRUN, NULL);
		return;
	}
	if (n.is_flash) {
		w->handler(w->user, WATCH_PROGRESS, n.handle, &n.flash);
		if (!n.flash.ended) /* changes no state, and there are hundreds of it */
			return;
	}
	tell(w, event_of(n.command), n.handle);
}

/* A datagram that is not messages from end to end may have said anything. */
static void take_all(struct watch *w, void *datagram, size_t len)
{
	size_t understood = 0;

	decode_each(m, datagram, len) {
		take(w, m);
		understood += NLMSG_ALIGN(m->nlmsg_len);
	}
	if (understood < len)
		tell(w, WATCH_OVERRUN, NULL);
}

/**
 * watch_dispatch() - read all there is. An overrun is one event, after which old messages still
 * come.
 *
 * Return: 0, or -errno where the socket is of no more use.
 */
int watch_dispatch(struct watch *w)
{
	for (;;) {
		void *datagram;
		ssize_t n = transport_receive(w->fd, w->inbox, &datagram);

		if (n == -EAGAIN)
			return 0;
		if (n == -ENOBUFS || n == -EMSGSIZE) {
			tell(w, WATCH_OVERRUN, NULL);
			continue;
		}
		if (n < 0)
			return (int)n;
		take_all(w, datagram, (size_t)n);
	}
}
