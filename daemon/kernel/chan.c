// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads and queues. A channel's thread takes batches from its inbox and puts them into the hub's
 * outbox; an eventfd tells the loop. Knows when things are sent, not what they mean.
 */
#include "kernel/chan.h"
#include "base/clock.h"

#include <errno.h>
#include <netlink/msg.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define STACK_SIZE     (256 * 1024)
#define REQUEST_RCVBUF (1024 * 1024)

struct queue {
	struct batch *first, **end;
};

struct chan_hub {
	struct transport transport;
	int event_fd;
	unsigned refs; /* the owner's and one of each channel; under lock */
	pthread_mutex_t lock;
	struct queue outbox;
};

struct chan {
	struct chan_hub *hub;
	chan_done done;
	void *user;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue inbox;
	atomic_bool closing; /* written under lock */
};

static void queue_put(struct queue *q, struct batch *b)
{
	b->next = NULL;
	if (!q->first)
		q->end = &q->first;
	*q->end = b;
	q->end = &b->next;
}

static struct batch *queue_get(struct queue *q)
{
	struct batch *b = q->first;

	if (b)
		q->first = b->next;
	return b;
}

/** batch_new() - room for @n exchanges. */
struct batch *batch_new(size_t n)
{
	struct batch *b = mem_new(struct batch);

	b->v = mem_alloc(n * sizeof(*b->v));
	b->n = n;
	return b;
}

/** batch_free() - with requests and answers. Return: NULL. */
struct batch *batch_free(struct batch *b)
{
	for (size_t i = 0; b && i < b->n; i++) {
		nlmsg_free(b->v[i].request);
		if (b->v[i].precheck)
			b->v[i].precheck->free(b->v[i].precheck);
		free(b->v[i].reply);
		free(b->v[i].extack);
	}
	if (b && b->before)
		b->before->free(b->before);
	if (b)
		free(b->v);
	free(b);
	return NULL;
}

/** chan_hub_new() - the meeting point of channels over one transport, which must outlive it. */
struct chan_hub *chan_hub_new(const struct transport *t)
{
	struct chan_hub *hub = mem_new(struct chan_hub);

	hub->transport = *t;
	hub->refs = 1;
	hub->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
	if (hub->event_fd < 0)
		abort();
	pthread_mutex_init(&hub->lock, NULL);
	return hub;
}

static void hub_unref(struct chan_hub *hub)
{
	struct batch *b;
	unsigned left;

	pthread_mutex_lock(&hub->lock);
	left = --hub->refs;
	pthread_mutex_unlock(&hub->lock);
	if (left > 0)
		return;
	while ((b = queue_get(&hub->outbox)))
		batch_free(b);
	close(hub->event_fd);
	pthread_mutex_destroy(&hub->lock);
	free(hub);
}

/**
 * chan_hub_free() - free it now, or with the last channel that the kernel still holds.
 *
 * Return: NULL.
 */
struct chan_hub *chan_hub_free(struct chan_hub *hub)
{
	if (hub)
		hub_unref(hub);
	return NULL;
}

/** chan_hub_fd() - the descriptor that is readable when chan_hub_dispatch() has something to do. */
int chan_hub_fd(const struct chan_hub *hub)
{
	return hub->event_fd;
}

static struct batch *take_out(struct chan_hub *hub)
{
	struct batch *b;

	pthread_mutex_lock(&hub->lock);
	b = queue_get(&hub->outbox);
	pthread_mutex_unlock(&hub->lock);
	return b;
}

/**
 * chan_hub_dispatch() - hand one finished batch to its channel's done function.
 *
 * The descriptor stays readable while there are more batches, so that other handlers of the loop
 * have their turn between them.
 */
void chan_hub_dispatch(struct chan_hub *hub)
{
	struct batch *b;
	uint64_t n;

	if (read(hub->event_fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
		abort();
	b = take_out(hub);
	if (b)
		b->chan->done(b->chan->user, b);
}

static void put_out(struct chan *c, struct batch *b)
{
	uint64_t one = 1;

	pthread_mutex_lock(&c->lock);
	if (c->closing) {
		b = batch_free(b);
	} else {
		pthread_mutex_lock(&c->hub->lock);
		queue_put(&c->hub->outbox, b);
		pthread_mutex_unlock(&c->hub->lock);
	}
	pthread_mutex_unlock(&c->lock);
	if (b && write(c->hub->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN)
		abort();
}

/* The next batch, or NULL when the channel is closing. */
static struct batch *take_in(struct chan *c)
{
	struct batch *b = NULL;

	pthread_mutex_lock(&c->lock);
	while (!c->closing && !(b = queue_get(&c->inbox)))
		pthread_cond_wait(&c->wake, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return b;
}

static void fail_batch(struct batch *b, int error)
{
	for (size_t i = 0; i < b->n; i++)
		b->v[i].error = error;
}

static void destroy(struct chan *c)
{
	struct batch *b;

	while ((b = queue_get(&c->inbox)))
		batch_free(b);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	hub_unref(c->hub);
	free(c);
}

/* The next batch gets a new socket, without this one's end, late answers or unfinished dump. */
static int hang_up(int fd)
{
	close(fd);
	return -ENOTCONN;
}

static void run_before(struct batch *b)
{
	_cleanup_free_ char *why = NULL;

	if (b->before)
		b->before_error = b->before->run(b->before, &why);
}

static void carry_out(struct chan *c, struct exchange_socket *s, struct batch *b)
{
	if (s->fd < 0)
		s->fd = transport_open(s->transport, REQUEST_RCVBUF);
	run_before(b);
	b->sent = clock_now();
	if (s->fd < 0)
		fail_batch(b, s->fd);
	else if (exchange_all(s, b->v, b->n) < 0)
		s->fd = hang_up(s->fd);
	b->answered = clock_now();
	put_out(c, b);
}

static void *run(void *arg)
{
	struct chan *c = arg;
	struct exchange_socket s = {.transport = &c->hub->transport,
				    .fd = -ENOTCONN,
				    .buffer = mem_alloc(TRANSPORT_BUFFER),
				    .cancel = &c->closing};
	struct batch *b;

	while ((b = take_in(c)))
		carry_out(c, &s, b);
	if (s.fd >= 0)
		close(s.fd);
	free(s.buffer);
	destroy(c);
	return NULL;
}

static void start_thread(struct chan *c)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, run, c) != 0)
		abort();
	pthread_attr_destroy(&attr);
}

/** chan_new() - a channel with a thread of its own; @done is called with @user for every batch. */
struct chan *chan_new(struct chan_hub *hub, chan_done done, void *user)
{
	struct chan *c = mem_new(struct chan);

	c->hub = hub;
	c->done = done;
	c->user = user;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	pthread_mutex_lock(&hub->lock);
	hub->refs++;
	pthread_mutex_unlock(&hub->lock);
	start_thread(c);
	return c;
}

/** chan_submit() - carry out @batch after those submitted before. */
void chan_submit(struct chan *c, struct batch *batch)
{
	batch->chan = c;
	pthread_mutex_lock(&c->lock);
	queue_put(&c->inbox, batch);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

/* Free those batches of a closing channel that wait in the outbox. */
static void withdraw(struct chan *c)
{
	struct queue keep = {};
	struct batch *b;

	pthread_mutex_lock(&c->hub->lock);
	while ((b = queue_get(&c->hub->outbox))) {
		if (b->chan == c)
			batch_free(b);
		else
			queue_put(&keep, b);
	}
	c->hub->outbox = keep;
	pthread_mutex_unlock(&c->hub->lock);
}

/** chan_free() - close it; its thread ends now or when the kernel lets go of it. Return: NULL. */
struct chan *chan_free(struct chan *c)
{
	if (!c)
		return NULL;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_signal(&c->wake);
	withdraw(c);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}
