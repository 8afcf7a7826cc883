// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The receive loop: which answer belongs to which request, when a request is over, and what it
 * means when an answer does not come. Runs in a channel's thread; does not look into devlink's
 * attributes.
 */
#include "kernel/exchange.h"
#include "wire/decode.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* So many requests in one send that their answers fit into the receive buffer. */
#define WINDOW		32
#define LOST_AFTER_MSEC 2000

struct window {
	const struct transport *transport;
	int fd;
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

static void keep(struct exchange *x, const struct nlmsghdr *m)
{
	size_t len = NLMSG_ALIGN(m->nlmsg_len);

	x->reply = mem_resize(x->reply, x->reply_len + len);
	memset((char *)x->reply + x->reply_len, 0, len);
	memcpy((char *)x->reply + x->reply_len, m, m->nlmsg_len);
	x->reply_len += len;
}

static void take(struct window *w, const struct nlmsghdr *m)
{
	uint32_t i = m->nlmsg_seq - w->first_seq;
	struct exchange *x;
	struct ack ack;

	if (m->nlmsg_type == NLMSG_NOOP)
		w->sent = true;
	if (i >= w->n || w->v[i].answered) /* of an earlier window, or none of ours */
		return;
	x = &w->v[i];
	if (decode_ack(m, &ack) < 0)
		keep(x, m);
	else if (m->nlmsg_type == NLMSG_ERROR || x->dump)
		finish(w, x, ack.error, ack.text);
	else /* the NLMSG_DONE of a multi-part answer: its acknowledgement follows */
		free(ack.text);
}

/* Return: 0; -ETIMEDOUT where no answer will come any more; -errno. */
static int wait_for_answer(const struct window *w)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, w->sent ? LOST_AFTER_MSEC : -1);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
}

/* All answers, and the word that the kernel is through, which must not be the next window's. */
static void receive(struct window *w, void *buffer)
{
	while (w->open || !w->sent) {
		ssize_t n = transport_receive(w->fd, buffer, MSG_DONTWAIT);

		if (n == -EAGAIN)
			n = wait_for_answer(w);
		if (n < 0) {
			lose_all(w, (int)n);
			return;
		}
		decode_each(m, buffer, (size_t)n)
			take(w, m);
	}
}

static void send_window(struct window *w, void *buffer)
{
	size_t len = 0;
	char *data = NULL;
	int r;

	for (size_t i = 0; i < w->n; i++) {
		struct nlmsghdr *m = nlmsg_hdr(w->v[i].request);

		m->nlmsg_seq = w->first_seq + (uint32_t)i;
		data = mem_resize(data, len + NLMSG_ALIGN(m->nlmsg_len));
		memset(data + len, 0, NLMSG_ALIGN(m->nlmsg_len));
		memcpy(data + len, m, m->nlmsg_len);
		len += NLMSG_ALIGN(m->nlmsg_len);
	}
	r = transport_send(w->transport, w->fd, data, len);
	free(data);
	if (r < 0)
		lose_all(w, r);
	else
		receive(w, buffer);
}

/*
 * Requests for one send: not too many; a dump only as the last, as a socket does one at a time; one
 * with a precheck only as the first, as nothing may come between the two.
 */
static size_t window_size(const struct batch *b, size_t from)
{
	size_t n = 0;

	while (from + n < b->n && n < WINDOW && (n == 0 || !b->v[from + n].precheck))
		if (b->v[from + n++].dump)
			break;
	return n;
}

/* Return: false where the batch ends here. */
static bool may_send(struct batch *b, size_t from)
{
	struct exchange *x = &b->v[from];
	int r = x->precheck ? x->precheck->run(x->precheck, &x->extack) : 0;

	if (r == 0 && x->precheck && chan_closing(b->chan)) /* it may have taken its time */
		r = -ECANCELED;
	for (size_t i = from; r < 0 && i < b->n; i++) {
		b->v[i].error = r;
		b->v[i].unsent = true;
	}
	return r == 0;
}

/**
 * exchange_batch() - carry out a batch; returns when every exchange has an answer or has lost it.
 * @seq: the socket's last sequence number
 * @buffer: TRANSPORT_BUFFER bytes
 *
 * Return: 0; -errno where answers were lost, and the socket should not be used again.
 */
int exchange_batch(const struct transport *t, int fd, uint32_t *seq, void *buffer, struct batch *b)
{
	size_t done = 0;
	int r = 0;

	while (done < b->n && may_send(b, done)) {
		struct window w = {.transport = t,
				   .fd = fd,
				   .v = b->v + done,
				   .n = window_size(b, done),
				   .first_seq = *seq + 1,
				   .sent = !t->unix_path};

		w.open = w.n;
		*seq += (uint32_t)w.n;
		send_window(&w, buffer);
		done += w.n;
		if (w.error < 0)
			r = w.error;
	}
	return r;
}
