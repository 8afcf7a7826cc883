/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to the kernel, in threads of their own: a SET, RELOAD or FLASH runs to its end inside
 * sendmsg(), and a GET waits for it, so the event loop must never send one.
 *
 * A channel carries out batches in order; different channels run in parallel: from its first answer
 * on each has a thread with a socket of its own. Before that it may wait for one of a few threads,
 * and for what is not there (-ENODEV) none is kept.
 * The ownership of a batch moves to the channel and back; nothing else is shared:
 *
 *	struct chan_hub *hub = chan_hub_new(&transport);
 *	watch chan_hub_fd(hub) for reading, and then: chan_hub_dispatch(hub)
 *
 *	struct chan *c = chan_new(hub, done, user);
 *	struct batch *b = batch_new(n);
 *	b->v[0] = (struct exchange){.request = msg};
 *	chan_submit(c, b);	... later, from chan_hub_dispatch(): done(user, b); batch_free(b);
 *
 * A precheck that fails ends its batch: neither its request nor those behind it are sent, and all
 * of them have its error, but only the first its words.
 *
 * A gated request waits for the answers to all before it in its batch. Where one of them is an
 * error, or chan_hold() was called meanwhile, the batch ends there, and the rest is marked as held.
 *
 * A thread dies with the kernel where that breaks down in a request of it: chan_died(). What it was
 * at never comes back.
 *
 * A channel that is freed while the kernel holds its thread goes on until the kernel lets go; its
 * done function is not called any more.
 */
#pragma once

#include "base/vec.h"
#include "kernel/exchange.h"
#include "kernel/transport.h"

#include <stddef.h>
#include <stdint.h>

struct batch {
	struct exchange *v; /* there may be none */
	size_t n;
	struct precheck *before; /* NULL, or run first; its failure stops nothing */
	int before_error;	 /* what before->run() returned */
	bool no_thread;		 /* none could be had: nothing was done, the errors say why */
	struct batch *next;
	struct chan *chan;
};

typedef void (*chan_done)(void *user, struct batch *batch);

struct chan;
struct chan_hub;

struct batch *batch_new(size_t n);
struct batch *batch_free(struct batch *b);

struct chan_hub *chan_hub_new(const struct transport *t);
struct chan_hub *chan_hub_free(struct chan_hub *hub);
int chan_hub_fd(const struct chan_hub *hub);
void chan_hub_dispatch(struct chan_hub *hub);

struct chan *chan_new(struct chan_hub *hub, chan_done done, void *user);
struct chan *chan_free(struct chan *c);
bool chan_died(struct chan *c);
void chan_submit(struct chan *c, struct batch *batch);
void chan_hold(struct chan *c, bool hold);
