/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets to the kernel. The netlink one is what runs on switches. The unix one speaks the same
 * bytes to a test's server: each datagram of a SOCK_SEQPACKET connection is what one sendmsg() or
 * recvmsg() on a netlink socket would carry. As a netlink sendmsg() returns when the request has
 * been carried out, the server ends each datagram's answer with an NLMSG_NOOP; a client's
 * NLMSG_NOOP with a u32 asks for membership in that multicast group.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRANSPORT_BUFFER 65536 /* no datagram of the kernel is larger: dumps stop at 32 KiB */

#define INBOX_MAX 8

/*
 * What was received from one socket at once: an answer is rarely alone. A page of the room that no
 * datagram has reached costs nothing.
 */
struct inbox {
	unsigned n, next;
	size_t len[INBOX_MAX]; /* larger than TRANSPORT_BUFFER: cut off */
	bool forged[INBOX_MAX];
	char (*room)[TRANSPORT_BUFFER]; /* INBOX_MAX of them */
};

struct transport {
	const char *unix_path; /* NULL: netlink */
};

int transport_open(const struct transport *t, int rcvbuf);
int transport_join(const struct transport *t, int fd, uint32_t group);
int transport_send(const struct transport *t, int fd, const void *data, size_t len);
struct inbox *inbox_new(void);
struct inbox *inbox_free(struct inbox *in);
void inbox_rest(struct inbox *in);
ssize_t transport_receive(int fd, struct inbox *in, void **ret);
