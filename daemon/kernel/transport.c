// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening, joining, sending and receiving; nothing here knows devlink. */
#include "kernel/transport.h"
#include "base/mem.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
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

/*
 * Any process with the capability may send to a netlink socket. By recvmsg(2), of which the thread
 * sanitizer knows that what was done before the sending is done before what follows.
 */
static ssize_t receive_from_kernel(int fd, void *buffer, int flags)
{
	struct iovec room = {.iov_base = buffer, .iov_len = TRANSPORT_BUFFER};
	union {
		struct sockaddr_nl netlink;
		struct sockaddr_storage any; /* the address of a server of tests is longer */
	} from;
	ssize_t n;

	do {
		struct msghdr m = {.msg_name = &from,
				   .msg_namelen = sizeof(from),
				   .msg_iov = &room,
				   .msg_iovlen = 1};

		from.netlink = (struct sockaddr_nl){};
		n = recvmsg(fd, &m, flags | MSG_TRUNC);
	} while (n < 0 ? errno == EINTR
		       : from.netlink.nl_family == AF_NETLINK && from.netlink.nl_pid != 0);
	return n;
}

/**
 * transport_receive() - one datagram of the kernel into @buffer of TRANSPORT_BUFFER bytes.
 *
 * Return: its length; -EMSGSIZE if it was cut off; -ENOBUFS where messages were lost; -EPIPE at the
 * end of a connection; -errno.
 */
ssize_t transport_receive(int fd, void *buffer, int flags)
{
	ssize_t n = receive_from_kernel(fd, buffer, flags);

	if (n < 0)
		return -errno;
	if (n > TRANSPORT_BUFFER)
		return -EMSGSIZE;
	if (n >= NLMSG_HDRLEN && ((struct nlmsghdr *)buffer)->nlmsg_type == NLMSG_OVERRUN)
		return -ENOBUFS;
	return n ? n : -EPIPE;
}
