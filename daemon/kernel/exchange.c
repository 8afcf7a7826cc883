// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receive loop: which answer belongs to which request, when a request is over, and what it
 * means when an answer does not come. Runs in a channel's thread; does not look into devlink's
 * attributes.
 */
#include "kernel/exchange.h"
#include "base/mem.h"
#include "base/vec.h"
#include "wire/decode.h"

#include <errno.h>
#include <netlink/msg.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* So many requests in one send that their answers fit into the receive buffer. */
#define WINDOW		32
#define LOST_AFTER_MSEC 2000
/* No device has as much to say: a list of this length has no end. */
#define REPLY_MAX (64u * 1024 * 1024)

struct window {
	const struct exchange_socket *socket;
	struct exchange *v;
	size_t n, open;
	uint32_t first_seq;
	bool sent; /* the kernel has carried out all of it: answers are there or lost */
	int error; /* why answers were lost, or 0 */
};

static void finish(struct window *w, struct exchange *x, int error, char *extack)
{
	x->error = error;
	x->extack = extack;
	x->answered = true;
	w->open--;
}

static void lose_all(struct window *w, int error)
{
	w->error = error;
	for (size_t i = 0; i < w->n; i++)
		if (!w->v[i].answered) {
			finish(w, &w->v[i], error, NULL);
			w->v[i].lost = true;
		}
}

/* Return: 0, or -EMSGSIZE where the answer grows too long. */
static int keep(struct exchange *x, const struct nlmsghdr *m)
{
	size_t len = NLMSG_ALIGN(m->nlmsg_len);

	if (x->reply_len + len > REPLY_MAX)
		return -EMSGSIZE;
	if (x->reply_len + len > x->reply_room) {
		x->reply_room = MAX(2 * x->reply_room, x->reply_len + len);
		x->reply = mem_resize(x->reply, x->reply_room);
	}
	memset((char *)x->reply + x->reply_len, 0, len);
	memcpy((char *)x->reply + x->reply_len, m, m->nlmsg_len);
	x->reply_len += len;
	return 0;
}

/*
 * What is to be carried out is acknowledged. A question is over with its answer, a dump and other
 * answers of several parts with NLMSG_DONE. A dump that says that it may not be consistent is one
 * that has to be made again.
 */
static bool is_acked(const struct exchange *x)
{
	return nlmsg_hdr(x->request)->nlmsg_flags & NLM_F_ACK;
}

/* Return: 0; -errno where the rest of the answers is of no use. */
static int take(struct window *w, const struct nlmsghdr *m)
{
	uint32_t i = m->nlmsg_seq - w->first_seq;
	struct exchange *x;
	struct ack ack;
	int r = 0;

	if (m->nlmsg_type == NLMSG_NOOP)
		w->sent = true;
	if (i >= w->n || w->v[i].answered) /* an answer to an earlier window, or to nothing */
		return 0;
	x = &w->v[i];
	x->torn |= x->dump && (m->nlmsg_flags & NLM_F_DUMP_INTR);
	if (decode_ack(m, &ack) < 0) {
		r = keep(x, m);
		if (r == 0 && !is_acked(x) && !x->dump && !(m->nlmsg_flags & NLM_F_MULTI))
			finish(w, x, 0, NULL);
	} else if (m->nlmsg_type == NLMSG_ERROR || x->dump || !is_acked(x)) {
		finish(w, x, ack.error ?: x->torn ? -EAGAIN : 0, ack.text);
	} else { /* the NLMSG_DONE of several parts: the acknowledgement follows */
		free(ack.text);
	}
	return r;
}

static int take_all(struct window *w, void *datagram, size_t len)
{
	int r = 0;

	decode_each(m, datagram, len)
		if (r == 0)
			r = take(w, m);
	return r;
}

/* Return: 0; -ETIMEDOUT where no answer will come any more; -errno. */
static int wait_for_answer(const struct window *w)
{
	struct pollfd p = {.fd = w->socket->fd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, w->sent ? LOST_AFTER_MSEC : -1);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

/* Take all answers, and the NLMSG_NOOP that ends them, which the next window must not see. */
static void receive(struct window *w)
{
	while (w->open || !w->sent) {
		void *datagram;
		ssize_t n = transport_receive(w->socket->fd, w->socket->inbox, &datagram);

		if (n == -EAGAIN)
			n = wait_for_answer(w);
		if (n > 0)
			n = take_all(w, datagram, (size_t)n);
		if (n < 0) {
			lose_all(w, (int)n);
			return;
		}
	}
}

/* The requests of @w as one datagram; to be freed. */
static char *pack(const struct window *w, size_t *ret_len)
{
	size_t len = 0;
	char *data;

	for (size_t i = 0; i < w->n; i++)
		len += NLMSG_ALIGN(nlmsg_hdr(w->v[i].request)->nlmsg_len);
	data = mem_alloc(len);
	*ret_len = len;
	len = 0;
	for (size_t i = 0; i < w->n; i++) {
		struct nlmsghdr *m = nlmsg_hdr(w->v[i].request);

		m->nlmsg_seq = w->first_seq + (uint32_t)i;
		memcpy(data + len, m, m->nlmsg_len);
		len += NLMSG_ALIGN(m->nlmsg_len);
	}
	return data;
}

static void send_window(struct window *w)
{
	size_t len;
	_cleanup_free_ char *data = pack(w, &len);
	int r = transport_send(w->socket->transport, w->socket->fd, data, len);

	if (r < 0)
		lose_all(w, r);
	else
		receive(w);
}

/*
 * Requests for one send: not too many; a dump only as the last, as a socket does one at a time; one
 * with a precheck only as the first, as nothing may come between the two, and a gated one, as all
 * before it must have been answered.
 */
static size_t window_size(const struct exchange *v, size_t n)
{
	size_t i = 0;

	while (i < n && i < WINDOW && (i == 0 || !(v[i].precheck || v[i].gated)))
		if (v[i++].dump)
			break;
	return i;
}

/* Is the gate before @v[at] shut? Then neither it nor what follows is sent. */
static bool is_shut(const struct exchange_socket *s, struct exchange *v, size_t at, size_t n)
{
	bool shut = v[at].gated && atomic_load(s->hold);

	for (size_t i = 0; v[at].gated && i < at; i++)
		shut |= v[i].error != 0;
	for (size_t i = at; shut && i < n; i++)
		v[i].held = true;
	return shut;
}

/* May the first of @v be sent? Return: false where all of them end here. */
static bool may_send(const struct exchange_socket *s, struct exchange *v, size_t n)
{
	int r = v->precheck ? v->precheck->run(v->precheck, &v->extack) : 0;

	if (r == 0 && v->precheck && atomic_load(s->cancel)) /* a precheck can take long */
		r = -ECANCELED;
	for (size_t i = 0; r < 0 && i < n; i++) {
		v[i].error = r;
		v[i].unsent = true;
	}
	return r == 0;
}

/**
 * exchange_all() - carry out @n requests in order; each has its answer then, or has lost it, or was
 * not sent.
 *
 * Return: 0; -errno where answers were lost, and the socket should not be used again.
 */
int exchange_all(struct exchange_socket *s, struct exchange *v, size_t n)
{
	size_t done = 0;
	int r = 0;

	while (done < n && !is_shut(s, v, done, n) && may_send(s, v + done, n - done)) {
		struct window w = {.socket = s,
				   .v = v + done,
				   .n = window_size(v + done, n - done),
				   .first_seq = s->seq + 1,
				   .sent = !s->transport->unix_path};

		w.open = w.n;
		s->seq += (uint32_t)w.n;
		send_window(&w);
		done += w.n;
		if (w.error < 0)
			r = w.error;
	}
	return r;
}
