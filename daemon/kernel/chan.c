// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads and queues. A thread takes batches from its channel's inbox and puts them into the hub's
 * outbox; an eventfd tells the loop. Knows when things are sent, not what they mean, but for
 * -ENODEV: nobody is there who needs a thread.
 *
 * A thread begins as a visitor: it serves the channels that have not been answered yet, each until
 * its inbox is empty. When one is answered, the thread stays with that channel, and another becomes
 * the visitor. So names that no device has cost no thread, and a busy device delays others only
 * while there are VISITORS_MAX of them.
 */
#include "kernel/chan.h"

#include <errno.h>
#include <netlink/msg.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_SIZE     (256 * 1024)
#define REQUEST_RCVBUF (1024 * 1024)
#define VISITORS_MAX   16

struct queue {
	struct batch *first, **end;
};

struct chan_hub {
	struct transport transport;
	int event_fd;
	pthread_mutex_t lock; /* of all below; taken after a channel's */
	unsigned refs;	      /* the owner's and one of each channel and thread */
	struct queue outbox;
	unsigned visitors;	       /* threads that stay with no channel */
	struct chan *waiting, **w_end; /* have something in the inbox and no thread */
};

struct chan {
	struct chan_hub *hub;
	chan_done done;
	void *user;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct queue inbox;
	atomic_bool closing;			/* written under lock */
	atomic_bool hold;			/* see chan_hold() */
	enum { IDLE, WAITING, SERVED } service; /* under the hub's lock */
	pid_t thread;				/* that serves it; under lock */
	struct batch *current;			/* what it is at; under lock */
	struct inbox *received;			/* of the thread */
	bool resident;				/* a thread stays with it; under the hub's lock */
	struct chan *next_waiting;
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
	hub->w_end = &hub->waiting;
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
	c->current = NULL;
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
	batch_free(c->current);
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

static void carry_out(struct exchange_socket *s, struct batch *b)
{
	if (s->fd < 0) {
		s->fd = transport_open(s->transport, REQUEST_RCVBUF);
		s->inbox->n = s->inbox->next = 0; /* was of the socket before */
	}
	run_before(b);
	if (s->fd < 0)
		fail_batch(b, s->fd);
	else if (exchange_all(s, b->v, b->n) < 0)
		s->fd = hang_up(s->fd);
}

/* --- threads ----------------------------------------------------------------- */

static void *run(void *arg);

/* The hub is locked. Return: 0 or -errno. */
static int start_thread(struct chan *c)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = -pthread_create(&thread, &attr, run, c);
	pthread_attr_destroy(&attr);
	if (r == 0) {
		c->service = SERVED;
		c->hub->visitors++;
		c->hub->refs++;
	}
	return r;
}

static void wait_for_thread(struct chan *c)
{
	c->service = WAITING;
	c->next_waiting = NULL;
	*c->hub->w_end = c;
	c->hub->w_end = &c->next_waiting;
}

static struct chan *end_wait(struct chan_hub *hub, struct chan **at)
{
	struct chan *c = *at;

	*at = c->next_waiting;
	if (!*at)
		hub->w_end = at;
	return c;
}

/* Give @c, which has work to do, a thread now or later. Return: 0; -errno where it gets none. */
static int find_thread(struct chan *c)
{
	struct chan_hub *hub = c->hub;
	int r = 0;

	pthread_mutex_lock(&hub->lock);
	if (c->service == IDLE) {
		r = hub->visitors < VISITORS_MAX ? start_thread(c) : -EAGAIN;
		if (r < 0 && hub->visitors) { /* one of which comes by */
			wait_for_thread(c);
			r = 0;
		}
	}
	pthread_mutex_unlock(&hub->lock);
	return r;
}

static bool is_answered(const struct batch *b)
{
	return b->n && b->v[0].answered && !b->v[0].lost && b->v[0].error != -ENODEV;
}

/* The thread of @c stays with it, where those that wait get another one. */
static void settle_down(struct chan *c)
{
	struct chan_hub *hub = c->hub;
	struct chan *next;

	pthread_mutex_lock(&hub->lock);
	next = hub->waiting;
	if (!c->resident && (!next || start_thread(next) == 0)) {
		if (next)
			end_wait(hub, &hub->waiting);
		c->resident = true;
		hub->visitors--;
	}
	pthread_mutex_unlock(&hub->lock);
}

/* Return: the channel that this thread goes to next; NULL where it ends. */
static struct chan *leave(struct chan_hub *hub, struct chan *c)
{
	struct chan *next = NULL;

	pthread_mutex_lock(&hub->lock);
	c->service = IDLE;
	c->thread = 0;
	if (!c->resident && hub->waiting) {
		next = end_wait(hub, &hub->waiting);
		next->service = SERVED;
	} else if (!c->resident) {
		hub->visitors--;
	}
	pthread_mutex_unlock(&hub->lock);
	return next;
}

/*
 * The next batch of @c, or NULL: it is closing, or has nothing to do and the thread does not stay
 * with it. Then *ret_next is where the thread goes.
 */
static struct batch *take_in(struct chan *c, struct chan **ret_next)
{
	struct batch *b = NULL;
	bool closing;

	pthread_mutex_lock(&c->lock);
	while (!c->closing && !(b = queue_get(&c->inbox)) && c->resident)
		pthread_cond_wait(&c->wake, &c->lock);
	closing = c->closing;
	c->thread = gettid();
	c->current = b;
	if (!b)
		*ret_next = leave(c->hub, c);
	pthread_mutex_unlock(&c->lock);
	if (!b && closing)
		destroy(c);
	return b;
}

static struct chan *serve(struct chan *c, struct exchange_socket *s)
{
	struct chan *next;
	struct batch *b;

	s->cancel = &c->closing;
	s->hold = &c->hold;
	c->received = s->inbox;
	while ((b = take_in(c, &next))) {
		carry_out(s, b);
		if (is_answered(b))
			settle_down(c);
		put_out(c, b);
		inbox_rest(s->inbox);
	}
	return next;
}

static void *run(void *arg)
{
	struct chan *c = arg;
	struct chan_hub *hub = c->hub;
	struct exchange_socket s = {
		.transport = &hub->transport, .fd = -ENOTCONN, .inbox = inbox_new()};

	while (c)
		c = serve(c, &s);
	if (s.fd >= 0)
		close(s.fd);
	inbox_free(s.inbox);
	hub_unref(hub);
	return NULL;
}

/* --- channels ---------------------------------------------------------------- */

/** chan_new() - a new channel; @done is called with @user for every batch. */
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
	return c;
}

/**
 * chan_submit() - carry out @batch after those submitted before. All of it has the error of
 * pthread_create() where it takes a thread, and none can be had.
 */
void chan_submit(struct chan *c, struct batch *batch)
{
	int r;

	batch->chan = c;
	pthread_mutex_lock(&c->lock);
	queue_put(&c->inbox, batch);
	r = find_thread(c);
	if (r < 0)
		queue_get(&c->inbox);
	pthread_mutex_unlock(&c->lock);
	pthread_cond_signal(&c->wake); /* who wakes up finds the lock free */
	if (r < 0) {
		fail_batch(batch, r);
		batch->before_error = r;
		batch->no_thread = true;
		put_out(c, batch);
	}
}

/** chan_hold() - from now on gates are shut, or open: also those of a batch in flight. */
void chan_hold(struct chan *c, bool hold)
{
	atomic_store(&c->hold, hold);
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

/* A channel that waits for a thread does not any more. Return: is a thread with it? */
static bool stop_waiting(struct chan *c)
{
	struct chan_hub *hub = c->hub;
	struct chan **at = &hub->waiting;
	bool served;

	pthread_mutex_lock(&hub->lock);
	served = c->service == SERVED;
	if (c->service == WAITING) {
		while (*at != c)
			at = &(*at)->next_waiting;
		end_wait(hub, at);
	}
	pthread_mutex_unlock(&hub->lock);
	return served;
}

static bool has_died(const struct chan *c)
{
	return c->current && c->thread && syscall(SYS_tgkill, getpid(), c->thread, 0) < 0 &&
	       errno == ESRCH;
}

/** chan_died() - has the thread that is at a batch gone down with the kernel? */
bool chan_died(struct chan *c)
{
	bool died;

	pthread_mutex_lock(&c->lock);
	died = has_died(c);
	pthread_mutex_unlock(&c->lock);
	return died;
}

/* What the thread of @c would have given back. */
static void bury_thread(struct chan *c)
{
	pthread_mutex_lock(&c->hub->lock);
	c->hub->refs--;
	c->hub->visitors -= !c->resident;
	pthread_mutex_unlock(&c->hub->lock);
	inbox_free(c->received);
}

/** chan_free() - close it; its thread leaves it when the kernel lets go of it. Return: NULL. */
struct chan *chan_free(struct chan *c)
{
	bool served, died;

	if (!c)
		return NULL;
	pthread_mutex_lock(&c->lock);
	c->closing = true;
	pthread_cond_signal(&c->wake);
	withdraw(c);
	served = stop_waiting(c);
	died = has_died(c);
	if (died)
		bury_thread(c);
	pthread_mutex_unlock(&c->lock);
	if (!served || died)
		destroy(c);
	return NULL;
}
