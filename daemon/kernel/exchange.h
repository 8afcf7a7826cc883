/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending requests on a socket and sorting the answers; blocks for as long as the kernel takes.
 * Once `cancel` is set, a request with a precheck is not sent any more.
 */
#pragma once

#include "kernel/transport.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl_msg;

/*
 * What must hold right before a request is sent. It is looked at in the channel's thread, may take
 * its time, and shares nothing with other threads. Embedded in what it needs to know.
 */
struct precheck {
	/* Return: 0; -errno where it does not hold, with the reason as text. */
	int (*run)(struct precheck *p, char **ret_why);
	struct precheck *(*free)(struct precheck *p);
};

/* One request and its answer. */
struct exchange {
	struct nl_msg *request;
	bool dump;		   /* of the kernel: a socket does one at a time */
	struct precheck *precheck; /* NULL: none; else the batch's own */
	bool gated; /* not sent where one before it in its batch failed, or the channel is held */
	/* filled in by the channel */
	bool unsent; /* a precheck, its own or an earlier one's, failed with error and extack */
	bool held;   /* a gate was shut, its own or an earlier one's: it was not sent */
	void *reply; /* the messages but for the acknowledgement and NLMSG_DONE */
	size_t reply_len, reply_room;
	int error;    /* 0 or -errno */
	bool lost;    /* no answer came, error says why: the request may have been carried out */
	char *extack; /* the text of the kernel, or of the failed precheck; NULL: none */
	bool answered;
	bool torn; /* the list changed while it was dumped */
};

/* A socket in the hands of one thread. */
struct exchange_socket {
	const struct transport *transport;
	int fd;
	uint32_t seq;		   /* the last sequence number */
	struct inbox *inbox;	   /* of fd */
	const atomic_bool *cancel; /* requests that are not sent yet are not wanted any more */
	const atomic_bool *hold;   /* gates are shut */
};

int exchange_all(struct exchange_socket *s, struct exchange *v, size_t n);
