// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening, joining, sending and receiving; nothing here knows devlink. */
#include "kernel/transport.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Extended acks are the kernel's own words; capped ones do not repeat the request. */
static void set_options(int fd, int rcvbuf)
{
	int one = 1;

	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof(rcvbuf));
}

static int open_unix(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

/**
 * transport_open() - a new socket.
 * @rcvbuf: bytes of receive buffer to ask for; only the netlink transport can lose messages
 *
 * Return: the descriptor or -errno.
 */
int transport_open(const struct transport *t, int rcvbuf)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	int fd;

	if (t->unix_path)
		return open_unix(t->unix_path);
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	set_options(fd, rcvbuf);
	return fd;
}

/** transport_join() - become a member of a multicast group. Return: 0 or -errno. */
int transport_join(const struct transport *t, int fd, uint32_t group)
{
	struct {
		struct nlmsghdr header;
		uint32_t group;
	} join = {{.nlmsg_len = sizeof(join), .nlmsg_type = NLMSG_NOOP}, group};

	if (t->unix_path)
		return transport_send(t, fd, &join, sizeof(join));
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

/**
 * transport_send() - one datagram of one or more messages.
 *
 * On netlink the kernel carries out every request before this returns, and cannot be interrupted.
 *
 * Return: 0 or -errno.
 */
int transport_send(const struct transport *t, int fd, const void *data, size_t len)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const struct sockaddr *to = t->unix_path ? NULL : (const struct sockaddr *)&kernel;
	ssize_t n;

	do
		n = sendto(fd, data, len, MSG_NOSIGNAL, to, to ? sizeof(kernel) : 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/** inbox_new() - an empty one, to be freed. */
struct inbox *inbox_new(void)
{
	struct inbox *in = mem_new(struct inbox);

	in->room = mmap(NULL, INBOX_MAX * sizeof(*in->room), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (in->room == MAP_FAILED)
		abort();
	return in;
}

/** inbox_free() - Return: NULL. */
struct inbox *inbox_free(struct inbox *in)
{
	if (in)
		munmap(in->room, INBOX_MAX * sizeof(*in->room));
	free(in);
	return NULL;
}

/** inbox_rest() - nothing is in it, and nothing will be for a while: its pages are given back. */
void inbox_rest(struct inbox *in)
{
	if (in->next == in->n)
		madvise(in->room, INBOX_MAX * sizeof(*in->room), MADV_DONTNEED);
}

/*
 * What waits, as far as there is room. By recvmmsg(2), of which the thread sanitizer knows that
 * what was done before the sending is done before what follows.
 */
static int fill(int fd, struct inbox *in)
{
	struct mmsghdr m[INBOX_MAX] = {};
	struct iovec room[INBOX_MAX];
	union {
		struct sockaddr_nl netlink;
		struct sockaddr_storage any; /* the address of a server of tests is longer */
	} from[INBOX_MAX] = {};
	int n;

	for (unsigned i = 0; i < INBOX_MAX; i++) {
		room[i] = (struct iovec){.iov_base = in->room[i], .iov_len = TRANSPORT_BUFFER};
		m[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
					       .msg_namelen = sizeof(from[i]),
					       .msg_iov = &room[i],
					       .msg_iovlen = 1};
	}
	do
		n = recvmmsg(fd, m, INBOX_MAX, MSG_DONTWAIT | MSG_TRUNC, NULL);
	while (n < 0 && errno == EINTR);
	in->next = 0;
	in->n = n < 0 ? 0 : (unsigned)n;
	for (unsigned i = 0; i < in->n; i++) {
		in->len[i] = m[i].msg_len;
		in->forged[i] =
			from[i].netlink.nl_family == AF_NETLINK && from[i].netlink.nl_pid != 0;
	}
	return n < 0 ? -errno : 0;
}

/**
 * transport_receive() - the next datagram of the kernel; does not wait.
 * @ret: it, in @in, until the next call
 *
 * Any process with the capability may send to a netlink socket: what does is passed over.
 *
 * Return: its length; -EAGAIN; -EMSGSIZE if it was cut off; -ENOBUFS where messages were lost;
 * -EPIPE at the end of a connection; -errno.
 */
ssize_t transport_receive(int fd, struct inbox *in, void **ret)
{
	size_t n;

	do {
		int r = in->next == in->n ? fill(fd, in) : 0;

		if (r < 0)
			return r;
		*ret = in->room[in->next];
		n = in->len[in->next];
	} while (in->forged[in->next++]);
	if (n > TRANSPORT_BUFFER)
		return -EMSGSIZE;
	if (n >= NLMSG_HDRLEN && ((struct nlmsghdr *)*ret)->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	return n ? (ssize_t)n : -EPIPE;
}
