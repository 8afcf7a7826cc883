// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Channels, the watch and the directory against a server in this process, on the unix transport.
 * Nothing here depends on how long anything takes, but for the one answer that never comes.
 */
#include "base/clock.h"
#include "kernel/chan.h"
#include "kernel/directory.h"
#include "kernel/watch.h"

#include <errno.h>
#include <netlink/msg.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire_server.h"

#define PATIENCE_SEC 60 /* a test that hangs is ended */

/* ---- the client ---- */

struct rig {
	struct server *server;
	struct transport transport;
	struct chan_hub *hub;
};

/* A channel and what came back on it. */
struct line {
	struct chan *chan;
	VEC(struct batch *) done;
	struct line *close_too; /* the channel to close when something comes back */
};

static int set_up_deaf(void **state)
{
	struct rig *r = mem_new(struct rig);

	r->server = server_new();
	r->transport.unix_path = r->server->path;
	r->hub = chan_hub_new(&r->transport);
	*state = r;
	return 0;
}

static int set_up(void **state)
{
	set_up_deaf(state);
	server_listen(((struct rig *)*state)->server);
	return 0;
}

static int tear_down(void **state)
{
	struct rig *r = *state;

	struct server *server = r->server;

	chan_hub_free(r->hub);
	free(r);
	server_free(server);
	return 0;
}

static void on_done(void *user, struct batch *b)
{
	struct line *l = user;

	vec_push(&l->done, b);
	if (l->close_too)
		l->close_too->chan = chan_free(l->close_too->chan);
}

static void line_open(struct line *l, struct rig *r)
{
	*l = (struct line){};
	l->chan = chan_new(r->hub, on_done, l);
}

static void line_forget(struct line *l)
{
	vec_each(b, &l->done)
		batch_free(*b);
	vec_clear(&l->done);
}

static void line_close(struct line *l)
{
	l->chan = chan_free(l->chan);
	line_forget(l);
}

static bool is_dump(enum act act)
{
	return act >= ACT_LIST && act <= ACT_TORN_END;
}

static struct nl_msg *new_request(enum act act, uint32_t tag)
{
	struct nl_msg *msg = nlmsg_alloc_size(64);
	uint16_t flags = NLM_F_REQUEST | NLM_F_ACK;
	struct bytes b = {};
	size_t at;

	if (is_dump(act))
		flags |= NLM_F_DUMP;
	at = msg_open(&b, FAMILY, flags, 0, act);
	put_u32(&b, TAG, tag);
	msg_close(&b, at);
	memcpy(nlmsg_hdr(msg), b.data, b.len);
	return msg;
}

static void batch_put(struct batch *b, size_t i, enum act act, uint32_t tag)
{
	b->v[i].request = new_request(act, tag);
	b->v[i].dump = is_dump(act);
}

/* Submit a batch of @n requests alike. */
static void submit(struct line *l, enum act act, uint32_t tag, size_t n)
{
	struct batch *b = batch_new(n);

	for (size_t i = 0; i < n; i++)
		batch_put(b, i, act, tag + (uint32_t)i);
	chan_submit(l->chan, b);
}

static void wait_hub(struct rig *r)
{
	struct pollfd p = {.fd = chan_hub_fd(r->hub), .events = POLLIN};

	assert_int_equal(poll(&p, 1, PATIENCE_SEC * 1000), 1);
}

static struct batch *await(struct rig *r, struct line *l, size_t n)
{
	while (l->done.n < n) {
		wait_hub(r);
		chan_hub_dispatch(r->hub);
	}
	return l->done.v[n - 1];
}

/* The tags of the messages that an exchange kept, "1 2 3 ". */
static const char *tags_of(const struct exchange *x)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t at = 0; at < x->reply_len;) {
		struct nlmsghdr m;
		uint32_t tag;

		memcpy(&m, (char *)x->reply + at, sizeof(m));
		memcpy(&tag, (char *)x->reply + at + NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN,
		       sizeof(tag));
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u ", tag);
		at += NLMSG_ALIGN(m.nlmsg_len);
	}
	return text;
}

static void check_exchange(const struct exchange *x, int error, const char *tags,
			   const char *extack)
{
	assert_int_equal(x->error, error);
	assert_string_equal(tags_of(x), tags);
	assert_true(x->answered);
	if (extack) {
		assert_non_null(x->extack);
		assert_string_equal(x->extack, extack);
	} else {
		assert_null(x->extack);
	}
}

/* ---- channels ---- */

static void test_answers(void **state)
{
	static const struct {
		enum act act;
		int error;
		const char *tags, *extack;
	} table[] = {
		{ACT_ACK, 0, "", NULL},
		{ACT_ECHO, 0, "1 ", NULL},
		{ACT_REFUSE, -ENOENT, "", "there is none"},
		{ACT_PARTS, 0, "3 4 ", AFTER_PARTS},
		{ACT_WARN, 0, "", "as you like"},
		{ACT_LIST, 0, "5 6 7 8 9 10 ", NULL},
		{ACT_LIST_ERROR, -EOPNOTSUPP, "", "no lists"},
		{ACT_ECHO, 0, "7 ", NULL},
		{ACT_LIST_ENDS, -EINTR, "8 ", NULL},
		{ACT_PARTS, 0, "9 10 ", AFTER_PARTS},
		{ACT_STRAYS, 0, "10 ", NULL},
		{ACT_NONSENSE, 0, "", NULL},
		{ACT_ECHO, 0, "12 ", NULL},
		{ACT_LIST_TORN, -EAGAIN, "13 14 ", NULL},
		{ACT_TORN_END, -EAGAIN, "14 ", NULL},
		{ACT_LIST, 0, "15 16 17 18 19 20 ", NULL},
	};
	struct batch *b = batch_new(ARRAY_SIZE(table));
	struct rig *r = *state;
	struct line l;

	line_open(&l, r);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		batch_put(b, i, table[i].act, (uint32_t)i);
	chan_submit(l.chan, b);
	assert_ptr_equal(await(r, &l, 1), b);
	for (size_t i = 0; i < b->n; i++)
		check_exchange(&b->v[i], table[i].error, table[i].tags, table[i].extack);
	line_close(&l);
}

/*
 * A question is over with its answer, one of several parts with NLMSG_DONE: no acknowledgement is
 * waited for.
 */
static void test_questions(void **state)
{
	static const struct {
		enum act act;
		int error;
		const char *tags;
	} table[] = {{ACT_ECHO, 0, "0 "},	{ACT_PARTS, 0, "1 2 "}, {ACT_ECHO, 0, "2 "},
		     {ACT_REFUSE, -ENOENT, ""}, {ACT_PARTS, 0, "4 5 "}, {ACT_ECHO, 0, "5 "}};
	struct batch *b = batch_new(ARRAY_SIZE(table));
	struct rig *r = *state;
	struct line l;

	line_open(&l, r);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		batch_put(b, i, table[i].act, (uint32_t)i);
		nlmsg_hdr(b->v[i].request)->nlmsg_flags = NLM_F_REQUEST;
	}
	chan_submit(l.chan, b);
	await(r, &l, 1);
	for (size_t i = 0; i < b->n; i++)
		check_exchange(&b->v[i], table[i].error, table[i].tags,
			       table[i].error ? "there is none" : NULL);
	assert_int_equal(r->server->n_windows, 1);
	line_close(&l);
}

static void test_windows(void **state)
{
	static const unsigned windows[] = {11, 32, 8, 1, 32, 17};
	struct rig *r = *state;
	struct batch *b = batch_new(101);
	struct line l;

	line_open(&l, r);
	for (size_t i = 0; i < b->n; i++)
		batch_put(b, i, i == 10 || i == 50 || i == 51 ? ACT_LIST : ACT_ECHO, (uint32_t)i);
	chan_submit(l.chan, b);
	await(r, &l, 1);
	assert_int_equal(r->server->n_windows, ARRAY_SIZE(windows));
	for (size_t i = 0; i < ARRAY_SIZE(windows); i++)
		assert_int_equal(r->server->window[i], windows[i]);
	assert_int_equal(r->server->n_requests, b->n);
	for (size_t i = 0; i < b->n; i++) {
		assert_int_equal(r->server->tag[i], i);
		assert_int_equal(r->server->seq[i], r->server->seq[0] + i);
		assert_int_equal(b->v[i].error, 0);
		assert_true(b->v[i].reply_len > 0);
	}
	line_close(&l);
}

/* A batch may be empty: its place in the order is kept. */
static void test_order(void **state)
{
	struct rig *r = *state;
	struct line l;

	line_open(&l, r);
	for (uint32_t i = 0; i < 40; i++)
		submit(&l, ACT_ECHO, i, i % 7);
	await(r, &l, 40);
	for (uint32_t i = 0; i < 40; i++) {
		struct batch *b = l.done.v[i];

		assert_int_equal(b->n, i % 7);
		for (size_t k = 0; k < b->n; k++) {
			char tag[16];

			snprintf(tag, sizeof(tag), "%zu ", i + k);
			check_exchange(&b->v[k], 0, tag, NULL);
		}
	}
	line_close(&l);
}

/* One channel is held by the kernel; all batches of the others come back. */
static void test_parallel(void **state)
{
	enum { LINES = 12, BATCHES = 25 };
	struct rig *r = *state;
	struct line held, l[LINES];

	line_open(&held, r);
	submit(&held, ACT_HOLD, 7, 1);
	submit(&held, ACT_ECHO, 8, 1);
	server_await_held(r->server, 1);
	for (size_t i = 0; i < LINES; i++)
		line_open(&l[i], r);
	for (uint32_t k = 0; k < BATCHES; k++)
		for (size_t i = 0; i < LINES; i++)
			submit(&l[i], k % 5 == 4 ? ACT_PARTS : ACT_ECHO, k, 1 + k + i);
	for (size_t i = 0; i < LINES; i++) {
		await(r, &l[i], BATCHES);
		for (uint32_t k = 0; k < BATCHES; k++) {
			struct batch *b = l[i].done.v[k];
			char tags[32];

			assert_int_equal(b->n, 1 + k + i);
			snprintf(tags, sizeof(tags), k % 5 == 4 ? "%u %u " : "%u ", k, k + 1);
			check_exchange(&b->v[0], 0, tags, k % 5 == 4 ? AFTER_PARTS : NULL);
		}
	}
	assert_int_equal(held.done.n, 0);
	server_let_go(r->server, 1);
	await(r, &held, 2);
	check_exchange(&held.done.v[0]->v[0], 0, "7 ", NULL);
	check_exchange(&held.done.v[1]->v[0], 0, "8 ", NULL);
	for (size_t i = 0; i < LINES; i++)
		line_close(&l[i]);
	line_close(&held);
}

/*
 * An answer that does not come though the kernel is through is lost; one for which the kernel takes
 * its time is not, also when the same socket was told of the end of earlier requests.
 */
static void test_lost_and_slow(void **state)
{
	struct rig *r = *state;
	struct line slow, lossy;
	struct batch *b = batch_new(3);
	uint64_t submitted;

	line_open(&slow, r);
	line_open(&lossy, r);
	submit(&slow, ACT_ECHO, 1, 40);
	await(r, &slow, 1);
	submit(&slow, ACT_HOLD, 2, 1);
	server_await_held(r->server, 1);
	batch_put(b, 0, ACT_ECHO, 3);
	batch_put(b, 1, ACT_SILENCE, 4);
	batch_put(b, 2, ACT_ECHO, 5);
	submitted = clock_now();
	chan_submit(lossy.chan, b);
	submit(&lossy, ACT_STRAYS, 6, 1);
	await(r, &lossy, 2);
	check_exchange(&b->v[0], 0, "3 ", NULL);
	check_exchange(&b->v[1], -ETIMEDOUT, "", NULL);
	assert_true(b->v[1].lost);
	check_exchange(&b->v[2], 0, "5 ", NULL);
	assert_false(b->v[2].lost);
	check_exchange(&lossy.done.v[1]->v[0], 0, "6 ", NULL);
	assert_true(clock_now() - submitted >= USEC_PER_SEC);
	assert_int_equal(slow.done.n, 1);
	server_let_go(r->server, 1);
	await(r, &slow, 2);
	check_exchange(&slow.done.v[1]->v[0], 0, "2 ", NULL);
	line_close(&slow);
	line_close(&lossy);
}

static bool is_hang_up(int error)
{
	return error == -EPIPE || error == -ECONNRESET;
}

/* What was not answered fails, in later windows too; the next batch gets a new connection. */
static void test_end_of_connection(void **state)
{
	struct rig *r = *state;
	struct batch *b = batch_new(WINDOW * 2);
	struct line l;

	line_open(&l, r);
	for (size_t i = 0; i < b->n; i++)
		batch_put(b, i, i == 5 ? ACT_HANG_UP : ACT_ECHO, (uint32_t)i);
	chan_submit(l.chan, b);
	await(r, &l, 1);
	check_exchange(&b->v[0], 0, "0 ", NULL);
	check_exchange(&b->v[4], 0, "4 ", NULL);
	for (size_t i = 5; i < b->n; i++) {
		assert_true(is_hang_up(b->v[i].error));
		assert_true(b->v[i].answered);
	}
	submit(&l, ACT_ECHO, 100, 1);
	check_exchange(&await(r, &l, 2)->v[0], 0, "100 ", NULL);
	submit(&l, ACT_LIST, 200, 1);
	check_exchange(&await(r, &l, 3)->v[0], 0, "200 201 202 203 204 205 ", NULL);
	assert_int_equal(r->server->n_links, 2);
	line_close(&l);
}

/* A server that went away between two batches: the first to notice fails, the next does not. */
static void test_end_between(void **state)
{
	struct rig *r = *state;
	struct line l;
	int error;

	line_open(&l, r);
	submit(&l, ACT_ECHO, 1, 1);
	await(r, &l, 1);
	shutdown(r->server->links[0].fd, SHUT_RDWR);
	server_await_ended(r->server, 1);
	submit(&l, ACT_ECHO, 2, 1);
	error = await(r, &l, 2)->v[0].error;
	assert_true(is_hang_up(error));
	submit(&l, ACT_ECHO, 3, 1);
	check_exchange(&await(r, &l, 3)->v[0], 0, "3 ", NULL);
	line_close(&l);
}

static void test_too_long(void **state)
{
	struct rig *r = *state;
	struct line l;

	line_open(&l, r);
	submit(&l, ACT_TOO_LONG, 1, 1);
	check_exchange(&await(r, &l, 1)->v[0], -EMSGSIZE, "", NULL);
	submit(&l, ACT_ECHO, 2, 3);
	check_exchange(&await(r, &l, 2)->v[2], 0, "4 ", NULL);
	line_close(&l);
}

static void test_no_server(void **state)
{
	struct rig *r = *state;
	struct line l;

	line_open(&l, r);
	submit(&l, ACT_ECHO, 1, 2);
	assert_int_equal(await(r, &l, 1)->v[1].error, -ENOENT);
	server_listen(r->server);
	submit(&l, ACT_ECHO, 2, 1);
	check_exchange(&await(r, &l, 2)->v[0], 0, "2 ", NULL);
	line_close(&l);
}

static void test_refused(void **state)
{
	struct rig *r = *state;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct line l;

	memcpy(sa.sun_path, r->server->path, sizeof(r->server->path));
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	line_open(&l, r);
	submit(&l, ACT_ECHO, 1, 1);
	assert_int_equal(await(r, &l, 1)->v[0].error, -ECONNREFUSED);
	line_close(&l);
	close(fd);
}

static void test_long_path(void **state)
{
	static const char path[] = "/tmp/0123456789012345678901234567890123456789012345678901234567"
				   "8901234567890123456789012345678901234567890123456789/socket";
	struct transport t = {.unix_path = path};
	struct rig r = {.hub = chan_hub_new(&t)};
	struct line l;

	(void)state;
	line_open(&l, &r);
	submit(&l, ACT_ECHO, 1, 1);
	assert_int_equal(await(&r, &l, 1)->v[0].error, -ENAMETOOLONG);
	line_close(&l);
	chan_hub_free(r.hub);
}

/* ---- prechecks ---- */

/* Remembers where it ran; holds its thread until let go, if it is to. */
struct probe {
	struct precheck precheck;
	struct server *server;
	int error;
	bool hold;
	unsigned *runs, *frees;
	pthread_t *thread;
	size_t *requests; /* that the server had seen by then */
};

static int run_probe(struct precheck *precheck, char **ret_why)
{
	struct probe *p = (struct probe *)precheck;
	struct server *s = p->server;

	*p->thread = pthread_self();
	pthread_mutex_lock(&s->lock);
	++*p->runs;
	*p->requests = s->n_requests;
	pthread_mutex_unlock(&s->lock);
	if (p->hold) {
		pthread_mutex_lock(&s->lock);
		s->held++;
		pthread_cond_broadcast(&s->changed);
		while (s->let_go < 1)
			pthread_cond_wait(&s->changed, &s->lock);
		pthread_mutex_unlock(&s->lock);
	}
	if (p->error < 0)
		*ret_why = mem_printf("the image is another one");
	return p->error;
}

static struct precheck *free_probe(struct precheck *precheck)
{
	++*((struct probe *)precheck)->frees;
	free(precheck);
	return NULL;
}

struct marks {
	unsigned runs, frees;
	pthread_t thread;
	size_t requests;
};

static struct precheck *new_probe(struct rig *r, struct marks *m, int error, bool hold)
{
	struct probe *p = mem_new(struct probe);

	*m = (struct marks){.thread = pthread_self()};
	*p = (struct probe){.precheck = {run_probe, free_probe},
			    .server = r->server,
			    .error = error,
			    .hold = hold,
			    .runs = &m->runs,
			    .frees = &m->frees,
			    .thread = &m->thread,
			    .requests = &m->requests};
	return &p->precheck;
}

/* Run in the channel's thread when all before it is answered, and right before its request. */
static void test_precheck(void **state)
{
	struct rig *r = *state;
	struct batch *b = batch_new(6);
	struct marks m[3];
	struct line l;

	line_open(&l, r);
	for (uint32_t i = 0; i < b->n; i++)
		batch_put(b, i, ACT_ECHO, i);
	b->v[0].precheck = new_probe(r, &m[0], 0, false);
	b->v[2].precheck = new_probe(r, &m[1], 0, false);
	b->v[4].precheck = new_probe(r, &m[2], -EKEYREJECTED, false);
	chan_submit(l.chan, b);
	submit(&l, ACT_ECHO, 6, 1);
	await(r, &l, 2);
	for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
		assert_int_equal(m[i].runs, 1);
		assert_int_equal(m[i].frees, 0);
		assert_int_equal(m[i].requests, 2 * i);
		assert_false(pthread_equal(m[i].thread, pthread_self()));
	}
	check_exchange(&b->v[0], 0, "0 ", NULL);
	check_exchange(&b->v[1], 0, "1 ", NULL);
	check_exchange(&b->v[2], 0, "2 ", NULL);
	check_exchange(&b->v[3], 0, "3 ", NULL);
	for (size_t i = 0; i < b->n; i++) {
		assert_int_equal(b->v[i].unsent, i >= 4);
		assert_int_equal(b->v[i].answered, i < 4);
		assert_int_equal(b->v[i].error, i >= 4 ? -EKEYREJECTED : 0);
	}
	assert_string_equal(b->v[4].extack, "the image is another one");
	assert_null(b->v[5].extack);
	/* the same socket serves the next batch */
	check_exchange(&l.done.v[1]->v[0], 0, "6 ", NULL);
	assert_int_equal(r->server->n_requests, 5);
	assert_int_equal(r->server->n_links, 1);
	line_close(&l);
	for (size_t i = 0; i < ARRAY_SIZE(m); i++)
		assert_int_equal(m[i].frees, 1);
}

/* What a batch does first needs no request, and that it fails stops nothing. */
static void test_before(void **state)
{
	struct rig *r = *state;
	struct batch *alone = batch_new(0), *b = batch_new(1);
	struct marks m[2];
	struct line l;

	line_open(&l, r);
	submit(&l, ACT_ECHO, 0, 1);
	alone->before = new_probe(r, &m[0], -ENOSPC, false);
	chan_submit(l.chan, alone);
	batch_put(b, 0, ACT_ECHO, 1);
	b->before = new_probe(r, &m[1], -EROFS, false);
	chan_submit(l.chan, b);
	await(r, &l, 3);
	assert_int_equal(alone->before_error, -ENOSPC);
	assert_int_equal(b->before_error, -EROFS);
	check_exchange(&b->v[0], 0, "1 ", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(m); i++) {
		assert_int_equal(m[i].runs, 1);
		assert_int_equal(m[i].requests, 1);
		assert_false(pthread_equal(m[i].thread, pthread_self()));
	}
	line_close(&l);
	for (size_t i = 0; i < ARRAY_SIZE(m); i++)
		assert_int_equal(m[i].frees, 1);
}

/* What is gated waits for the answers to all before it, and is not sent after an error. */
static void test_gates(void **state)
{
	struct rig *r = *state;
	struct batch *good = batch_new(3), *bad = batch_new(4);
	struct line l;

	line_open(&l, r);
	for (uint32_t i = 0; i < 3; i++)
		batch_put(good, i, ACT_ECHO, i);
	good->v[1].gated = good->v[2].gated = true;
	chan_submit(l.chan, good);
	await(r, &l, 1);
	for (uint32_t i = 0; i < 3; i++) {
		assert_false(good->v[i].held);
		assert_int_equal(good->v[i].error, 0);
	}
	assert_int_equal(r->server->n_windows, 3);

	batch_put(bad, 0, ACT_ECHO, 0);
	batch_put(bad, 1, ACT_REFUSE, 1);
	batch_put(bad, 2, ACT_ECHO, 2);
	batch_put(bad, 3, ACT_ECHO, 3);
	bad->v[2].gated = true;
	chan_submit(l.chan, bad);
	await(r, &l, 2);
	assert_int_equal(r->server->n_requests, 5);
	assert_false(bad->v[0].held || bad->v[1].held);
	assert_true(bad->v[2].held && bad->v[3].held);
	line_close(&l);
}

/* A gate that is shut while the batch is in flight holds the rest of it. */
static void test_hold(void **state)
{
	struct rig *r = *state;
	struct batch *b = batch_new(2), *next = batch_new(2);
	struct line l;

	line_open(&l, r);
	batch_put(b, 0, ACT_HOLD, 0);
	batch_put(b, 1, ACT_ECHO, 1);
	b->v[1].gated = true;
	chan_submit(l.chan, b);
	server_await_held(r->server, 1);
	chan_hold(l.chan, true);
	server_let_go(r->server, 1);
	await(r, &l, 1);
	assert_false(b->v[0].held);
	assert_int_equal(b->v[0].error, 0);
	assert_true(b->v[1].held);

	chan_hold(l.chan, false);
	batch_put(next, 0, ACT_ECHO, 0);
	batch_put(next, 1, ACT_ECHO, 1);
	next->v[1].gated = true;
	chan_submit(l.chan, next);
	await(r, &l, 2);
	assert_false(next->v[1].held);
	line_close(&l);
}

/* Nobody wants the flash any more when the digest has been computed: it is not asked for. */
static void test_precheck_closed(void **state)
{
	struct rig *r = *state;
	static struct marks m; /* the thread's to the end */
	struct batch *b = batch_new(2);
	struct line l;

	line_open(&l, r);
	batch_put(b, 0, ACT_ECHO, 0);
	batch_put(b, 1, ACT_ECHO, 1);
	b->v[1].precheck = new_probe(r, &m, 0, true);
	chan_submit(l.chan, b);
	server_await_held(r->server, 1);
	line_close(&l);
	server_let_go(r->server, 1);
	server_await_ended(r->server, 1);
	assert_int_equal(r->server->n_requests, 1);
}

/* ---- threads ---- */

/* The threads for names that no device has end; a device that answers keeps one. */
static void test_nobody_there(void **state)
{
	struct rig *r = *state;
	struct line l[40];
	size_t links;

	for (uint32_t i = 0; i < ARRAY_SIZE(l); i++) {
		line_open(&l[i], r);
		submit(&l[i], ACT_NO_DEVICE, i, 2);
	}
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		check_exchange(&await(r, &l[i], 1)->v[1], -ENODEV, "", NULL);
	links = r->server->n_links;
	server_await_ended(r->server, links);
	submit(&l[0], ACT_REFUSE, 7, 1);
	await(r, &l[0], 2);
	submit(&l[0], ACT_ECHO, 8, 1);
	check_exchange(&await(r, &l[0], 3)->v[0], 0, "8 ", NULL);
	assert_int_equal(r->server->n_links, links + 1);
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		line_close(&l[i]);
}

/* Busy devices delay none that has been answered, and a new one only until one of them is done. */
static void test_many_busy(void **state)
{
	struct rig *r = *state;
	struct line l[16], known, new[3];

	line_open(&known, r);
	submit(&known, ACT_ECHO, 1, 1);
	await(r, &known, 1);
	for (uint32_t i = 0; i < ARRAY_SIZE(l); i++) {
		line_open(&l[i], r);
		submit(&l[i], ACT_HOLD, i, 1);
	}
	server_await_held(r->server, ARRAY_SIZE(l));
	for (uint32_t i = 0; i < ARRAY_SIZE(new); i++) {
		line_open(&new[i], r);
		submit(&new[i], ACT_ECHO, 10 + i, 1);
	}
	submit(&known, ACT_ECHO, 2, 1);
	check_exchange(&await(r, &known, 2)->v[0], 0, "2 ", NULL);
	line_close(&new[1]);
	assert_int_equal(new[0].done.n + new[2].done.n, 0);
	server_let_go(r->server, 1);
	check_exchange(&await(r, &new[0], 1)->v[0], 0, "10 ", NULL);
	check_exchange(&await(r, &new[2], 1)->v[0], 0, "12 ", NULL);
	server_let_go(r->server, ARRAY_SIZE(l));
	for (size_t i = 0; i < ARRAY_SIZE(l); i++) {
		await(r, &l[i], 1);
		line_close(&l[i]);
	}
	line_close(&known);
	line_close(&new[0]);
	line_close(&new[2]);
}

/* An answer without an end is given up; the channel goes on. */
static void test_no_end(void **state)
{
	struct rig *r = *state;
	struct line l;
	struct batch *b;

	line_open(&l, r);
	submit(&l, ACT_NO_END, 1, 1);
	b = await(r, &l, 1);
	assert_int_equal(b->v[0].error, -EMSGSIZE);
	assert_true(b->v[0].lost);
	assert_in_range(b->v[0].reply_len, 60u << 20, 64u << 20);
	submit(&l, ACT_ECHO, 2, 1);
	check_exchange(&await(r, &l, 2)->v[0], 0, "2 ", NULL);
	line_close(&l);
}

/* What another process sends to a netlink socket is not the kernel's answer. */
static void test_forged(void **state)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	int other = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
	struct inbox *inbox = inbox_new();
	void *datagram;
	struct nlmsghdr m = {.nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_DONE};
	socklen_t len = sizeof(sa);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	assert_int_equal(sendto(other, &m, sizeof(m), 0, (struct sockaddr *)&sa, len), sizeof(m));
	assert_int_equal(transport_receive(fd, inbox, &datagram), -EAGAIN);
	inbox_free(inbox);
	close(fd);
	close(other);
}

/* An inbox at rest holds no memory, one that is not read to its end keeps what is in it. */
static void test_inbox_rests(void **state)
{
	struct inbox *inbox = inbox_new();
	char *last = inbox->room[INBOX_MAX] - 1;

	(void)state;
	*last = 1;
	inbox->n = 1;
	inbox_rest(inbox);
	assert_int_equal(*last, 1);
	inbox->next = 1;
	inbox_rest(inbox);
	assert_int_equal(*last, 0);
	inbox_free(inbox);
}

/* ---- the end of channels ---- */

/* Freed in the middle of a request: it goes on, what waited behind it is never sent. */
static void test_free_in_flight(void **state)
{
	struct rig *r = *state;
	struct line l, other;

	line_open(&l, r);
	line_open(&other, r);
	submit(&l, ACT_HOLD, 1, 1);
	submit(&l, ACT_ECHO, 2, 5);
	server_await_held(r->server, 1);
	line_close(&l);
	submit(&other, ACT_ECHO, 3, 1);
	await(r, &other, 1);
	server_let_go(r->server, 1);
	server_await_ended(r->server, 1);
	chan_hub_dispatch(r->hub);
	assert_int_equal(l.done.n, 0);
	assert_int_equal(r->server->n_requests, 2);
	line_close(&other);
}

/* That a thread is seen to be gone is an order which the sanitizer does not know. */
static char death_order;
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_release(address) ((void)(address))
#define __tsan_acquire(address) ((void)(address))
#endif

/* As a thread that the kernel kills when it breaks down in a request of it. */
static int die(_unused_ struct precheck *p, _unused_ char **ret_why)
{
	__tsan_release(&death_order);
	syscall(SYS_exit, 0);
	return 0;
}

static struct precheck *free_death(struct precheck *p)
{
	free(p);
	return NULL;
}

static void test_dead_thread(void **state)
{
	struct rig *r = *state;
	struct precheck *death = mem_new(struct precheck);
	struct batch *b = batch_new(0);
	struct line l, other;

	*death = (struct precheck){.run = die, .free = free_death};
	line_open(&l, r);
	line_open(&other, r);
	submit(&l, ACT_ECHO, 0, 1);
	await(r, &l, 1);
	assert_false(chan_died(l.chan));
	b->before = death;
	chan_submit(l.chan, b);
	while (!chan_died(l.chan))
		usleep(1000);
	__tsan_acquire(&death_order);
	line_close(&l);
	submit(&other, ACT_ECHO, 1, 1);
	await(r, &other, 1);
	assert_false(chan_died(other.chan));
	line_close(&other);
}

/* The hub goes with the last channel that the kernel holds. */
static void test_hub_first(void **state)
{
	struct rig *r = *state;
	struct line l[4];

	for (unsigned i = 0; i < ARRAY_SIZE(l); i++) {
		line_open(&l[i], r);
		submit(&l[i], ACT_HOLD, i, 1);
	}
	server_await_held(r->server, ARRAY_SIZE(l));
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		line_close(&l[i]);
	r->hub = chan_hub_free(r->hub);
	assert_null(r->hub);
	server_let_go(r->server, ARRAY_SIZE(l));
	server_await_ended(r->server, ARRAY_SIZE(l));
	for (size_t i = 0; i < ARRAY_SIZE(l); i++)
		assert_int_equal(l[i].done.n, 0);
}

/* Batches that came back but were not handed out belong to nobody when their channel is freed. */
static void test_free_before_dispatch(void **state)
{
	struct rig *r = *state;
	struct line gone, stays;

	line_open(&gone, r);
	line_open(&stays, r);
	for (uint32_t i = 0; i < 3; i++)
		submit(&gone, ACT_ECHO, i, 2);
	wait_hub(r);
	submit(&stays, ACT_ECHO, 9, 1);
	line_close(&gone);
	check_exchange(&await(r, &stays, 1)->v[0], 0, "9 ", NULL);
	server_await_ended(r->server, 1);
	chan_hub_dispatch(r->hub);
	assert_int_equal(gone.done.n, 0);
	line_close(&stays);
}

/* A done function may free its own channel, and others whose batches are next. */
static void test_free_from_done(void **state)
{
	struct rig *r = *state;
	struct line a, b;

	line_open(&a, r);
	line_open(&b, r);
	a.close_too = &a;
	submit(&a, ACT_ECHO, 1, 1);
	submit(&a, ACT_ECHO, 2, 1);
	await(r, &a, 1);
	assert_null(a.chan);
	line_forget(&a);
	line_open(&a, r);
	a.close_too = &b;
	b.close_too = &a;
	submit(&a, ACT_ECHO, 3, 1);
	submit(&b, ACT_ECHO, 4, 1);
	while (a.chan && b.chan) {
		wait_hub(r);
		chan_hub_dispatch(r->hub);
	}
	assert_int_equal(a.done.n + b.done.n, 1);
	line_close(&a);
	line_close(&b);
}

static void test_never_used(void **state)
{
	struct rig *r = *state;

	for (int i = 0; i < 50; i++) {
		struct line l;

		line_open(&l, r);
		line_close(&l);
	}
	assert_null(chan_free(NULL));
	assert_null(chan_hub_free(NULL));
	assert_null(batch_free(NULL));
	chan_hub_dispatch(r->hub);
}

/* Opened, used and freed without regard to where their batches are. */
static void test_churn(void **state)
{
	struct rig *r = *state;
	struct line l[5];
	size_t done = 0;

	for (unsigned round = 0; round < 8; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(l); i++) {
			line_open(&l[i], r);
			for (uint32_t k = 0; k < 4; k++)
				submit(&l[i], ACT_PARTS, k, 3 + i);
		}
		await(r, &l[round % ARRAY_SIZE(l)], 1 + round % 4);
		for (size_t i = 0; i < ARRAY_SIZE(l); i++) {
			done += l[i].done.n;
			line_close(&l[i]);
		}
	}
	assert_true(done >= 8);
}

/* ---- watch ---- */

struct sight {
	char text[512];
};

static void on_event(void *user, enum watch_event event, const char *handle,
		     const struct flash_progress *progress)
{
	static const char *const names[] = {
		[WATCH_STALE] = "stale",       [WATCH_APPEARED] = "appeared",
		[WATCH_VANISHED] = "vanished", [WATCH_RECREATED] = "recreated",
		[WATCH_OVERRUN] = "overrun",   [WATCH_PROGRESS] = "progress"};
	struct sight *s = user;
	size_t n = strlen(s->text);

	assert_int_equal(progress != NULL, event == WATCH_PROGRESS);
	snprintf(s->text + n, sizeof(s->text) - n, "%s %s\n", names[event], handle ? handle : "-");
	if (progress) {
		n = strlen(s->text) - 1;
		snprintf(s->text + n, sizeof(s->text) - n, " %s %ju/%ju%s\n",
			 progress->text ? progress->text : "-", (uintmax_t)progress->done,
			 (uintmax_t)progress->total, progress->ended ? " ended" : "");
	}
}

static struct watch *watch_joined(struct rig *r, struct sight *s)
{
	struct watch *w;

	*s = (struct sight){};
	assert_int_equal(
		watch_open(&r->transport, &(struct family){FAMILY, GROUP}, on_event, s, &w), 0);
	server_await_groups(r->server, 1);
	assert_int_equal(r->server->groups[0], GROUP);
	return w;
}

static void check_sight(struct watch *w, struct sight *s, const char *expected)
{
	assert_int_equal(watch_dispatch(w), 0);
	assert_string_equal(s->text, expected);
	s->text[0] = '\0';
}

static void test_watch(void **state)
{
	struct rig *r = *state;
	struct bytes b = {};
	struct sight s;
	struct watch *w = watch_joined(r, &s);
	int fd = r->server->links[0].fd;

	assert_true(watch_fd(w) >= 0);
	check_sight(w, &s, "");
	put_device(&b, FAMILY, 0, DEVLINK_CMD_NEW, "pci", "0000:03:00.0");
	put_device(&b, FAMILY, 0, DEVLINK_CMD_PARAM_NEW, "pci", "0000:03:00.0");
	reply(fd, &b);
	put_noop(&b);
	put_device(&b, FAMILY, 0, DEVLINK_CMD_DEL, "netdevsim", "netdevsim1");
	reply(fd, &b);
	check_sight(w, &s,
		    "appeared pci/0000:03:00.0\nstale pci/0000:03:00.0\n"
		    "vanished netdevsim/netdevsim1\n");
	put_device(&b, FAMILY, 0, DEVLINK_CMD_TRAP_DEL, "a", "b/c");
	put_device(&b, FAMILY, 0, 250, "a", "e");
	reply(fd, &b);
	check_sight(w, &s, "recreated a/b/c\nstale a/e\n");
	assert_null(watch_free(w));
	assert_null(watch_free(NULL));
}

/* Progress is passed on and makes nothing stale; the end does, whatever the outcome. */
static void test_watch_flash(void **state)
{
	struct rig *r = *state;
	struct bytes b = {};
	struct sight s;
	struct watch *w = watch_joined(r, &s);
	int fd = r->server->links[0].fd;
	size_t at;

	put_device(&b, FAMILY, 0, DEVLINK_CMD_FLASH_UPDATE, "a", "b");
	at = msg_open(&b, FAMILY, 0, 0, DEVLINK_CMD_FLASH_UPDATE_STATUS);
	put_string(&b, DEVLINK_ATTR_BUS_NAME, "a");
	put_string(&b, DEVLINK_ATTR_DEV_NAME, "b");
	put_string(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_MSG, "Flashing");
	put_u64(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_DONE, 3);
	put_u64(&b, DEVLINK_ATTR_FLASH_UPDATE_STATUS_TOTAL, 10);
	msg_close(&b, at);
	reply(fd, &b);
	check_sight(w, &s, "progress a/b - 0/0\nprogress a/b Flashing 3/10\n");
	put_device(&b, FAMILY, 0, DEVLINK_CMD_FLASH_UPDATE_END, "a", "b");
	put_device(&b, FAMILY + 1, 0, DEVLINK_CMD_FLASH_UPDATE_END, "a", "b");
	reply(fd, &b);
	check_sight(w, &s, "progress a/b - 0/0 ended\nstale a/b\noverrun -\n");
	watch_free(w);
}

/* Whatever is not understood means that anything may have changed. */
static void test_watch_overrun(void **state)
{
	static const unsigned char too_long[TRANSPORT_BUFFER + 8];
	struct rig *r = *state;
	struct bytes b = {};
	struct sight s;
	struct watch *w = watch_joined(r, &s);
	int fd = r->server->links[0].fd;
	size_t at;

	put_device(&b, FAMILY + 1, 0, DEVLINK_CMD_NEW, "of", "another family");
	msg_close(&b, msg_open_bare(&b, NLMSG_OVERRUN, 0, 0));
	at = msg_open(&b, FAMILY, 0, 0, DEVLINK_CMD_NEW);
	put_string(&b, DEVLINK_ATTR_BUS_NAME, "only a bus");
	msg_close(&b, at);
	msg_close(&b, msg_open_bare(&b, FAMILY, 0, 0));
	put_device(&b, FAMILY, 0, DEVLINK_CMD_NEW, "a", "good one");
	reply(fd, &b);
	check_sight(w, &s, "overrun -\noverrun -\noverrun -\noverrun -\nappeared a/good one\n");
	send(fd, too_long, sizeof(too_long), MSG_NOSIGNAL);
	check_sight(w, &s, "overrun -\n");
	put_raw(&b, "xyz", 3);
	reply(fd, &b);
	check_sight(w, &s, "overrun -\n");
	put_device(&b, FAMILY, 0, DEVLINK_CMD_NEW, "a", "b");
	at = msg_open(&b, FAMILY, 0, 0, DEVLINK_CMD_NEW);
	msg_close(&b, at);
	b.data[at] = 200; /* longer than the datagram */
	reply(fd, &b);
	check_sight(w, &s, "appeared a/b\noverrun -\n");
	watch_free(w);
}

static void test_watch_end(void **state)
{
	struct rig *r = *state;
	struct bytes b = {};
	struct sight s;
	struct watch *w = watch_joined(r, &s);

	put_device(&b, FAMILY, 0, DEVLINK_CMD_NEW, "a", "b");
	reply(r->server->links[0].fd, &b);
	shutdown(r->server->links[0].fd, SHUT_RDWR);
	assert_int_equal(watch_dispatch(w), -EPIPE);
	assert_string_equal(s.text, "appeared a/b\n");
	watch_free(w);
}

static void test_watch_refused(void **state)
{
	struct rig *r = *state;
	struct watch *w = NULL;

	assert_int_equal(
		watch_open(&r->transport, &(struct family){FAMILY, GROUP}, on_event, NULL, &w),
		-ENOENT);
	assert_null(w);
}

/* ---- directory ---- */

struct listing {
	char text[512];
	unsigned ends; /* how often found or listed was called */
};

static void on_found(void *user, int error, const struct family *family)
{
	struct listing *l = user;
	size_t n = strlen(l->text);

	l->ends++;
	snprintf(l->text + n, sizeof(l->text) - n, "found %d %u %u\n", -error,
		 error ? 0 : family->id, error ? 0 : family->config_group);
}

static void on_device(void *user, const char *handle)
{
	struct listing *l = user;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof(l->text) - n, "%s\n", handle);
}

static void on_listed(void *user, int error)
{
	struct listing *l = user;
	size_t n = strlen(l->text);

	l->ends++;
	snprintf(l->text + n, sizeof(l->text) - n, "listed %d\n", -error);
}

static void on_unnamed(void *user, const char *name)
{
	struct listing *l = user;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof(l->text) - n, "unnamed %s\n", name);
}

static const struct directory_handlers handlers = {
	.found = on_found, .device = on_device, .unnamed = on_unnamed, .listed = on_listed};

static void check_listing(struct rig *r, struct listing *l, unsigned ends, const char *expected)
{
	while (l->ends < ends) {
		wait_hub(r);
		chan_hub_dispatch(r->hub);
	}
	assert_string_equal(l->text, expected);
	*l = (struct listing){};
}

static void test_directory(void **state)
{
	static const char *const devices[] = {"0000:01:00.0", "0000:03:00.0", NULL};
	static const char *const strange[] = {"\xff\xfe\x80", "a\nb", "\x1b[1m", "x", NULL};
	static const char *const nothing[] = {NULL};
	struct rig *r = *state;
	struct listing l = {};
	struct directory *d = directory_new(r->hub, &handlers, &l);

	r->server->devices = devices;
	directory_find(d);
	check_listing(r, &l, 1, "found 0 29 8\n");
	directory_list(d);
	check_listing(r, &l, 1, "pci/0000:01:00.0\npci/0000:03:00.0\nlisted 0\n");
	r->server->devices = strange;
	directory_list(d);
	check_listing(r, &l, 1,
		      "unnamed pci/???\nunnamed pci/a?b\nunnamed pci/?[1m\npci/x\nlisted 0\n");
	r->server->devices = nothing;
	directory_list(d);
	check_listing(r, &l, 1, "listed 0\n");
	r->server->list_error = -EPERM;
	directory_list(d);
	check_listing(r, &l, 1, "listed 1\n");
	assert_null(directory_free(d));
	assert_null(directory_free(NULL));
}

static void test_directory_not_found(void **state)
{
	struct rig *r = *state;
	struct listing l = {};
	struct directory *d = directory_new(r->hub, &handlers, &l);
	char expected[64];

	directory_find(d);
	check_listing(r, &l, 1, "found 2 0 0\n"); /* no server, -ENOENT */
	server_listen(r->server);
	r->server->family_error = -EPERM;
	directory_find(d);
	check_listing(r, &l, 1, "found 1 0 0\n");
	r->server->family_error = EPERM; /* positive: neither success nor an error of the kernel */
	directory_find(d);
	snprintf(expected, sizeof(expected), "found %d 0 0\n", EBADMSG);
	check_listing(r, &l, 1, expected);
	r->server->family_error = 0;
	r->server->family_without_group = true;
	directory_find(d);
	snprintf(expected, sizeof(expected), "found %d 0 0\n", EBADMSG);
	check_listing(r, &l, 1, expected);
	r->server->family_without_group = false;
	directory_find(d);
	check_listing(r, &l, 1, "found 0 29 8\n");
	directory_free(d);
}

/* However often a list is asked for while one is being made, one more is made. */
static void test_directory_again(void **state)
{
	static const char *const devices[] = {"x", NULL};
	struct rig *r = *state;
	struct listing l = {};
	struct directory *d = directory_new(r->hub, &handlers, &l);

	r->server->devices = devices;
	r->server->hold_lists = true;
	directory_find(d);
	check_listing(r, &l, 1, "found 0 29 8\n");
	directory_list(d);
	server_await_held(r->server, 1);
	directory_list(d);
	directory_list(d);
	directory_list(d);
	server_let_go(r->server, 1);
	check_listing(r, &l, 1, "pci/x\nlisted 0\n");
	server_let_go(r->server, 2);
	check_listing(r, &l, 1, "pci/x\nlisted 0\n");
	directory_list(d);
	server_await_held(r->server, 3);
	directory_free(d);
	server_let_go(r->server, 3);
	server_await_ended(r->server, 1);
	chan_hub_dispatch(r->hub);
	assert_string_equal(l.text, "");
	assert_int_equal(r->server->lists, 3);
}

#define listening(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define deaf(test)	cmocka_unit_test_setup_teardown(test, set_up_deaf, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		listening(test_answers),
		listening(test_questions),
		listening(test_windows),
		listening(test_order),
		listening(test_precheck),
		listening(test_precheck_closed),
		listening(test_before),
		listening(test_gates),
		listening(test_hold),
		listening(test_nobody_there),
		listening(test_many_busy),
		listening(test_no_end),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_inbox_rests),
		listening(test_parallel),
		listening(test_lost_and_slow),
		listening(test_end_of_connection),
		listening(test_end_between),
		listening(test_too_long),
		deaf(test_no_server),
		deaf(test_refused),
		cmocka_unit_test(test_long_path),
		listening(test_free_in_flight),
		listening(test_dead_thread),
		listening(test_hub_first),
		listening(test_free_before_dispatch),
		listening(test_free_from_done),
		listening(test_never_used),
		listening(test_churn),
		listening(test_watch),
		listening(test_watch_flash),
		listening(test_watch_overrun),
		listening(test_watch_end),
		deaf(test_watch_refused),
		listening(test_directory),
		deaf(test_directory_not_found),
		listening(test_directory_again),
	};

	alarm(PATIENCE_SEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
