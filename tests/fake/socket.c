// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink sockets: a sendmsg() whose messages are carried out one after the other, a receive queue
 * that can overflow, dumps that go on as their chunks are read (net/netlink/af_netlink.c).
 */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CHUNK 3776  /* NLMSG_GOODSIZE */
#define LAST_CHUNK  32448 /* SKB_WITH_OVERHEAD(32768) */

const char *const fake_line_names[FAKE_LINES] = {"6.1", "6.12", "7.3"};

struct fake *fake_new(enum fake_line line)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->line = line;
	f->requests = json_array();
	return f;
}

static void drop_first(struct fake_socket *s)
{
	struct datagram *d = s->out;

	s->out = d->next;
	if (!s->out)
		s->out_end = &s->out;
	s->n_out--;
	bytes_clear(&d->bytes);
	free(d);
}

static void destroy(struct fake_socket *s)
{
	struct fake_socket **p;

	while (s->out)
		drop_first(s);
	for (p = &s->fake->sockets; *p != s; p = &(*p)->next)
		;
	*p = s->next;
	bytes_clear(&s->in);
	json_decref(s->entry);
	free(s);
}

struct fake *fake_free(struct fake *f)
{
	struct device *d;
	struct rule *r;

	if (!f)
		return NULL;
	while (f->sockets)
		destroy(f->sockets);
	while ((d = f->devices)) {
		f->devices = d->next;
		device_free(d);
	}
	while ((r = f->rules)) {
		f->rules = r->next;
		free(r);
	}
	json_decref(f->requests);
	free(f);
	return NULL;
}

struct fake_socket *fake_socket_new(struct fake *f)
{
	struct fake_socket *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	*s = (struct fake_socket){.fake = f,
				  .id = ++f->sockets_made,
				  .admin = true,
				  .ext_ack = true,
				  .cap_ack = true,
				  .room = FIRST_CHUNK,
				  .next = f->sockets};
	s->out_end = &s->out;
	f->sockets = s;
	return s;
}

/**
 * fake_socket_free() - close it. What was sent is carried out to its end all the same, as a killed
 * process waits in sendmsg().
 *
 * Return: NULL.
 */
struct fake_socket *fake_socket_free(struct fake_socket *s)
{
	if (!s)
		return NULL;
	s->member = false;
	s->closed = true;
	if (!s->sending || s->held)
		destroy(s);
	return NULL;
}

/* Who it is: CAP_NET_ADMIN, NETLINK_EXT_ACK, NETLINK_CAP_ACK; all three unless told otherwise. */
void fake_socket_options(struct fake_socket *s, bool admin, bool ext_ack, bool cap_ack)
{
	s->admin = admin;
	s->ext_ack = ext_ack;
	s->cap_ack = cap_ack;
}

/** fake_join() - NETLINK_ADD_MEMBERSHIP. Return: 0 or -EINVAL. */
int fake_join(struct fake_socket *s, uint32_t group)
{
	if (group != GROUP || s->fake->no_devlink)
		return -EINVAL;
	s->member = true;
	return 0;
}

static void enqueue(struct fake_socket *s, struct bytes *b)
{
	struct datagram *d = calloc(1, sizeof(*d));

	if (!d)
		abort();
	d->bytes = *b;
	*b = (struct bytes){};
	*s->out_end = d;
	s->out_end = &d->next;
	s->n_out++;
}

/**
 * socket_put() - a datagram into the receive queue, which takes it over.
 *
 * When the queue is full it is lost, and so is everything that comes until the queue has been read
 * to its end: netlink_overrun().
 */
void socket_put(struct fake_socket *s, struct bytes *b)
{
	bool full = s->fake->queue_limit && s->n_out >= s->fake->queue_limit;

	if (!full && !s->congested && !s->closed) {
		enqueue(s, b);
		return;
	}
	bytes_clear(b);
	if (!s->congested)
		s->overrun = true;
	s->congested = true;
}

size_t reply_start(struct call *c, struct bytes *b, uint8_t command, uint16_t flags)
{
	b->pad = c->fake->pad;
	return genl_start(b, FAMILY, command, flags, c->m->nlmsg_seq, c->socket->id);
}

void reply_send(struct call *c, struct bytes *b, size_t at)
{
	if (at < b->len)
		message_end(b, at);
	if (c->socket->muted)
		bytes_clear(b);
	else
		socket_put(c->socket, b);
}

static void put_tlvs(const struct call *c, struct bytes *b, int error)
{
	if (*c->text)
		put_string(b, NLMSGERR_ATTR_MSG, c->text);
	if (error && c->bad)
		put_u32(b, NLMSGERR_ATTR_OFFS,
			(uint32_t)((const char *)c->bad - (const char *)c->m));
	if (error && c->missing)
		put_u32(b, NLMSGERR_ATTR_MISS_TYPE, c->missing);
}

/* netlink_ack(): the request is repeated only behind an error, and not for NETLINK_CAP_ACK. */
static void acknowledge(struct call *c, int error)
{
	struct fake_socket *s = c->socket;
	bool capped = !error || s->cap_ack;
	bool tlvs = s->ext_ack && (*c->text || (error && (c->bad || c->missing)));
	struct bytes b = {};
	size_t at;

	at = message_start(&b, NLMSG_ERROR,
			   (uint16_t)((capped ? NLM_F_CAPPED : 0) | (tlvs ? NLM_F_ACK_TLVS : 0)),
			   c->m->nlmsg_seq, s->id);

	bytes_put(&b, &error, sizeof(error));
	bytes_put(&b, c->m, capped ? sizeof(*c->m) : NLMSG_ALIGN(c->m->nlmsg_len));
	if (tlvs)
		put_tlvs(c, &b, error);
	reply_send(c, &b, at);
}

/* The next chunk into the queue, past its limit; or the end. */
static void continue_dump(struct fake_socket *s)
{
	size_t room = s->fake->chunk_limit ?: s->room, at;
	struct bytes b = {};
	int error = s->dump.error;

	if (!error && s->dump.filtered) {
		const struct device *d = device_find(s->fake, s->dump.handle);

		error = d && d->registered ? 0 : -ENODEV;
	}
	if (error || !dump_chunk(s, &b, room)) {
		at = message_start(&b, NLMSG_DONE, NLM_F_MULTI, s->dump.seq, s->id);
		bytes_put(&b, &error, sizeof(error));
		message_end(&b, at);
		s->dump.running = false;
	}
	enqueue(s, &b);
}

/* CTRL_CMD_GETFAMILY: the numbers are dynamic, so nobody may guess them. */
static int get_family(struct call *c)
{
	static const char wanted[] = DEVLINK_GENL_NAME;
	const struct nlattr *name;
	struct bytes b = {};
	size_t at, groups, group;

	attrs_read(&c->a, (const char *)c->m + NLMSG_LENGTH(GENL_HDRLEN),
		   c->m->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN));
	name = c->a.v[CTRL_ATTR_FAMILY_NAME];
	if (c->command != CTRL_CMD_GETFAMILY || (c->m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
		return -EOPNOTSUPP;
	if (!name)
		return -EINVAL;
	if (c->fake->no_devlink || attr_len(name) != sizeof(wanted) ||
	    memcmp(attr_data(name), wanted, sizeof(wanted)) != 0)
		return -ENOENT;
	at = genl_start(&b, GENL_ID_CTRL, CTRL_CMD_NEWFAMILY, 0, c->m->nlmsg_seq, c->socket->id);
	put_string(&b, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
	put_u16(&b, CTRL_ATTR_FAMILY_ID, FAMILY);
	put_u32(&b, CTRL_ATTR_VERSION, DEVLINK_GENL_VERSION);
	put_u32(&b, CTRL_ATTR_HDRSIZE, 0);
	put_u32(&b, CTRL_ATTR_MAXATTR, DEVLINK_ATTR_MAX);
	groups = nest_start(&b, CTRL_ATTR_MCAST_GROUPS);
	group = nest_start(&b, 1);
	put_u32(&b, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	put_string(&b, CTRL_ATTR_MCAST_GRP_NAME, DEVLINK_GENL_MCGRP_CONFIG_NAME);
	nest_end(&b, group);
	nest_end(&b, groups);
	reply_send(c, &b, at);
	return 0;
}

static int run_message(struct call *c)
{
	if (!(c->m->nlmsg_flags & NLM_F_REQUEST) || c->m->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (c->m->nlmsg_type != GENL_ID_CTRL && (c->m->nlmsg_type != FAMILY || c->fake->no_devlink))
		return -ENOENT;
	if (c->m->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return -EINVAL;
	c->command = *((const uint8_t *)c->m + NLMSG_HDRLEN);
	return c->m->nlmsg_type == GENL_ID_CTRL ? get_family(c) : call_run(c);
}

/* netlink_rcv_skb() for one message. Return: false where it must wait. */
static bool step(struct fake_socket *s)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)(s->in.data + s->at);
	size_t left = s->in.len - s->at;
	struct call c = {.fake = s->fake, .socket = s, .m = m};
	int r;

	if (s->held)
		return false;
	if (left < sizeof(*m) || m->nlmsg_len < sizeof(*m) || m->nlmsg_len > left) {
		s->sending = false;
		return true;
	}
	r = run_message(&c);
	if (r == CALL_WAIT)
		return false;
	if (r == CALL_NO_ACK)
		continue_dump(s);
	else if (r || (m->nlmsg_flags & NLM_F_ACK))
		acknowledge(&c, r);
	log_end(&c, r < 0 ? r : 0);
	s->error = r < 0 ? r : 0;
	s->muted = false;
	s->at += NLMSG_ALIGN(m->nlmsg_len);
	if (s->at >= s->in.len)
		s->sending = false;
	return true;
}

/* First come, first served: the sender after ticket @last. */
static struct fake_socket *next_sender(const struct fake *f, uint64_t last)
{
	struct fake_socket *best = NULL;

	for (struct fake_socket *s = f->sockets; s; s = s->next)
		if (s->sending && s->ticket > last && (!best || s->ticket < best->ticket))
			best = s;
	return best;
}

static void free_closed(struct fake *f)
{
	struct fake_socket *next;

	for (struct fake_socket *s = f->sockets; s; s = next) {
		next = s->next;
		if (s->closed && !s->sending)
			destroy(s);
	}
}

/** fake_run() - everything that can be done at this time. */
void fake_run(struct fake *f)
{
	struct fake_socket *s;
	bool progress = true;

	while (progress) {
		uint64_t last = 0;

		progress = false;
		devices_reap(f);
		for (struct device *d = f->devices; d; d = d->next)
			linecards_run(f, d);
		while ((s = next_sender(f, last))) {
			last = s->ticket;
			while (s->sending && step(s)) {
				progress = true;
				devices_reap(f); /* whoever unbinds came before who waits */
			}
		}
	}
	free_closed(f);
}

/** fake_begin() - a sendmsg() that may be still under way when this returns. */
void fake_begin(struct fake_socket *s, const void *data, size_t len)
{
	if (s->sending)
		abort();
	s->in.len = 0;
	bytes_put(&s->in, data, len);
	s->at = 0;
	s->sending = true;
	s->ticket = ++s->fake->ticket;
	fake_run(s->fake);
}

bool fake_busy(const struct fake_socket *s)
{
	return s->sending;
}

/** fake_submit() - a sendmsg() to its end, however long that takes. */
void fake_submit(struct fake_socket *s, const void *data, size_t len)
{
	fake_begin(s, data, len);
	while (s->sending) {
		if (fake_due(s->fake) == NOT_BEFORE)
			abort();
		fake_set_time(s->fake, fake_due(s->fake));
	}
}

/**
 * fake_receive() - a recvmsg() that does not wait. An overrun is told first, then come the
 * datagrams from before it.
 *
 * Return: the length of the datagram, which may be more than @size; -EAGAIN; -ENOBUFS.
 */
ssize_t fake_receive(struct fake_socket *s, void *buffer, size_t size)
{
	size_t len;

	if (s->overrun) {
		s->overrun = false;
		s->congested = s->out;
		return -ENOBUFS;
	}
	if (!s->out)
		return -EAGAIN;
	len = s->out->bytes.len;
	memcpy(buffer, s->out->bytes.data, len < size ? len : size);
	drop_first(s);
	if (!s->out)
		s->congested = false;
	if (size > s->room)
		s->room = size < LAST_CHUNK ? size : LAST_CHUNK;
	if (s->dump.running)
		continue_dump(s);
	return (ssize_t)len;
}

uint64_t fake_now(const struct fake *f)
{
	return f->now;
}

static uint64_t first(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/** fake_due() - when something goes on by itself; UINT64_MAX: never. */
uint64_t fake_due(const struct fake *f)
{
	uint64_t due = NOT_BEFORE;

	for (const struct device *d = f->devices; d; d = d->next)
		due = first(first(due, device_locked(d) ? d->operation.due : NOT_BEFORE),
			    linecards_due(d));
	return due;
}

/** fake_set_time() - time does not go back. */
void fake_set_time(struct fake *f, uint64_t now)
{
	while (fake_due(f) <= now && fake_due(f) > f->now) {
		f->now = fake_due(f);
		fake_run(f);
	}
	if (now > f->now)
		f->now = now;
	fake_run(f);
}

void fake_advance(struct fake *f, uint64_t msec)
{
	fake_set_time(f, f->now + msec);
}
