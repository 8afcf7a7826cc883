/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's end of the unix transport, for test_chan.c: a thread for each connection, which does
 * with a request what the request's command says, and notes how requests come. It knows nothing of
 * the code under test.
 */
#pragma once

#include "base/mem.h"
#include "kernel/transport.h"
#include "wire_bytes.h"

#include <errno.h>
#include <linux/devlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FAMILY	  0x1d
#define GROUP	  8
#define TAG	  1 /* the attribute by which a test knows its requests */
#define LINKS_MAX 64
#define LOG_MAX	  4096
#define WINDOW	  32

#define AFTER_PARTS "behind the end" /* the words of the acknowledgement of ACT_PARTS */

/* Commands above devlink's: what the server is to do. */
enum act {
	ACT_ACK = 200,	/* success */
	ACT_ECHO,	/* a message with the tag, then success */
	ACT_REFUSE,	/* -ENOENT with a text */
	ACT_WARN,	/* success with a text */
	ACT_PARTS,	/* two multi-part messages, NLMSG_DONE, success: each a datagram */
	ACT_LIST,	/* three datagrams of multi-part messages, NLMSG_DONE */
	ACT_LIST_ERROR, /* NLMSG_ERROR in place of a list */
	ACT_LIST_ENDS,	/* a message, then NLMSG_DONE with an error */
	ACT_LIST_TORN,	/* a message, one that says that the list has changed, NLMSG_DONE */
	ACT_TORN_END,	/* the same, said by NLMSG_DONE */
	ACT_STRAYS,	/* success, amid answers to nobody */
	ACT_SILENCE,	/* no answer */
	ACT_HOLD,	/* a message with the tag, then success when the test lets go */
	ACT_HANG_UP,	/* the end of the connection */
	ACT_NONSENSE,	/* bytes that are no message, then success */
	ACT_NO_DEVICE,	/* -ENODEV */
	ACT_NO_END,	/* messages for as long as somebody reads them */
	ACT_TOO_LONG,	/* a datagram larger than any of the kernel's */
};

struct link {
	struct server *server;
	pthread_t thread;
	int fd;
};

struct server {
	char path[64];
	int fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t changed;
	struct link links[LINKS_MAX];
	size_t n_links, n_ended;
	unsigned window[LOG_MAX]; /* the number of requests in each datagram */
	size_t n_windows;
	uint32_t seq[LOG_MAX], tag[LOG_MAX];
	size_t n_requests;
	bool early;	       /* a datagram came before the one before it was answered */
	bool late_dumps;       /* a request stood behind a dump in its datagram */
	unsigned held, let_go; /* requests of ACT_HOLD, and how many of them may be answered */
	unsigned groups[8];
	size_t n_groups;
	unsigned lists; /* of devices */
	int family_error, list_error;
	bool family_without_group, hold_lists;
	const char *const *devices;
};

static void reply(int fd, struct bytes *b)
{
	if (b->len && send(fd, b->data, b->len, MSG_NOSIGNAL) < 0)
		if (errno != EPIPE && errno != ECONNRESET)
			abort();
	b->len = 0;
}

static void put_tagged(struct bytes *b, uint16_t flags, uint32_t seq, uint32_t tag)
{
	size_t at = msg_open(b, FAMILY, flags, seq, ACT_ECHO);

	put_u32(b, TAG, tag);
	msg_close(b, at);
}

static void put_noop(struct bytes *b)
{
	msg_close(b, msg_open_bare(b, NLMSG_NOOP, 0, 0));
}

static void put_device(struct bytes *b, uint16_t family, uint32_t seq, uint8_t command,
		       const char *bus, const char *dev)
{
	size_t at = msg_open(b, family, NLM_F_MULTI, seq, command);

	put_string(b, DEVLINK_ATTR_BUS_NAME, bus);
	put_string(b, DEVLINK_ATTR_DEV_NAME, dev);
	msg_close(b, at);
}

static void answer_parts(int fd, struct bytes *b, uint32_t seq, uint32_t tag, bool acked)
{
	put_tagged(b, NLM_F_MULTI, seq, tag);
	reply(fd, b);
	put_tagged(b, NLM_F_MULTI, seq, tag + 1);
	reply(fd, b);
	put_done(b, seq, 0);
	reply(fd, b);
	if (!acked)
		return;
	put_ack(b, seq, 0, AFTER_PARTS);
	reply(fd, b);
}

static void answer_list(int fd, struct bytes *b, uint32_t seq, uint32_t tag)
{
	for (uint32_t i = 0; i < 6; i++) {
		put_tagged(b, NLM_F_MULTI, seq, tag + i);
		if (i % 2)
			reply(fd, b);
	}
	put_done(b, seq, 0);
	reply(fd, b);
}

static void put_torn_end(struct bytes *b, uint32_t seq)
{
	size_t at = msg_open_bare(b, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, seq);

	put_raw(b, "\0\0\0", sizeof(int));
	msg_close(b, at);
}

/* Other sequence numbers, near and far, and an answer after the answer. */
static void answer_strays(int fd, struct bytes *b, uint32_t seq, uint32_t tag)
{
	static const uint32_t off[] = {1, 1000, 0x80000000, (uint32_t)-1, (uint32_t)-1000};

	for (size_t i = 0; i < ARRAY_SIZE(off); i++) {
		put_tagged(b, 0, seq + off[i] + WINDOW, tag + 1000);
		put_ack(b, seq + off[i] + WINDOW, -EIO, "a stray");
		reply(fd, b);
	}
	put_done(b, 0, -EIO);
	put_ack(b, 0, -EIO, "a stray");
	put_tagged(b, 0, seq, tag);
	put_ack(b, seq, 0, NULL);
	put_tagged(b, 0, seq, tag + 1000);
	put_ack(b, seq, -EIO, "too late");
	reply(fd, b);
}

static void answer_no_end(int fd, struct bytes *b, uint32_t seq, uint32_t tag)
{
	static const unsigned char much[30000];
	size_t at = msg_open(b, FAMILY, NLM_F_MULTI, seq, ACT_NO_END);

	put_u32(b, TAG, tag);
	put_attr(b, TAG + 1, much, sizeof(much));
	msg_close(b, at);
	while (send(fd, b->data, b->len, MSG_NOSIGNAL) > 0)
		;
	b->len = 0;
}

static void hold(struct server *s, int fd, struct bytes *b)
{
	unsigned turn;

	reply(fd, b);
	pthread_mutex_lock(&s->lock);
	turn = ++s->held;
	pthread_cond_broadcast(&s->changed);
	while (s->let_go < turn)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void answer_family(struct server *s, struct bytes *b, uint32_t seq)
{
	static const char *const names[] = {"other", "config"};
	size_t at, groups;

	if (s->family_error) {
		put_ack(b, seq, s->family_error, NULL);
		return;
	}
	at = msg_open(b, GENL_ID_CTRL, 0, seq, CTRL_CMD_NEWFAMILY);
	put_string(b, CTRL_ATTR_FAMILY_NAME, "devlink");
	put_u16(b, CTRL_ATTR_FAMILY_ID, FAMILY);
	groups = nest_open(b, CTRL_ATTR_MCAST_GROUPS);
	for (uint16_t i = 0; i < (s->family_without_group ? 1 : 2); i++) {
		size_t group = nest_open(b, (uint16_t)(i + 1));

		put_u32(b, CTRL_ATTR_MCAST_GRP_ID, i ? GROUP : 77);
		put_string(b, CTRL_ATTR_MCAST_GRP_NAME, names[i]);
		nest_close(b, group);
	}
	nest_close(b, groups);
	msg_close(b, at);
	put_ack(b, seq, 0, NULL);
}

static void answer_devices(struct server *s, int fd, struct bytes *b, uint32_t seq)
{
	pthread_mutex_lock(&s->lock);
	s->lists++;
	pthread_mutex_unlock(&s->lock);
	if (s->hold_lists)
		hold(s, fd, b);
	if (s->list_error) {
		put_ack(b, seq, s->list_error, NULL);
		return;
	}
	put_device(b, FAMILY + 1, seq, DEVLINK_CMD_NEW, "pci", "of-another-family");
	for (size_t i = 0; s->devices[i]; i++) {
		put_device(b, FAMILY, seq, DEVLINK_CMD_NEW, "pci", s->devices[i]);
		reply(fd, b);
	}
	put_done(b, seq, 0);
}

/* Return: false where that was the end of the connection. */
static bool answer(struct server *s, int fd, struct bytes *b, const struct nlmsghdr *m)
{
	static const char nonsense[] = "nonsense that is no message at all";
	static const unsigned char too_long[TRANSPORT_BUFFER + 8];
	const unsigned char *p = (const unsigned char *)m;
	uint32_t seq = m->nlmsg_seq, tag = 0;
	bool acked = m->nlmsg_flags & NLM_F_ACK;
	enum act act = p[NLMSG_HDRLEN];

	if (m->nlmsg_len >= NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN + sizeof(tag))
		memcpy(&tag, p + NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN, sizeof(tag));
	if (m->nlmsg_type == GENL_ID_CTRL) {
		answer_family(s, b, seq);
		return true;
	}
	if (p[NLMSG_HDRLEN] == DEVLINK_CMD_GET) {
		answer_devices(s, fd, b, seq);
		return true;
	}
	switch (act) {
	case ACT_HOLD:
		put_tagged(b, 0, seq, tag);
		hold(s, fd, b);
		put_ack(b, seq, 0, NULL);
		break;
	case ACT_ECHO:
		put_tagged(b, 0, seq, tag);
		if (acked)
			put_ack(b, seq, 0, NULL);
		break;
	case ACT_ACK:
		put_ack(b, seq, 0, NULL);
		break;
	case ACT_REFUSE:
		put_ack(b, seq, -ENOENT, "there is none");
		break;
	case ACT_WARN:
		put_ack(b, seq, 0, "as you like");
		break;
	case ACT_PARTS:
		answer_parts(fd, b, seq, tag, acked);
		break;
	case ACT_LIST:
		answer_list(fd, b, seq, tag);
		break;
	case ACT_LIST_ERROR:
		put_ack(b, seq, -EOPNOTSUPP, "no lists");
		break;
	case ACT_LIST_ENDS:
		put_tagged(b, NLM_F_MULTI, seq, tag);
		put_done(b, seq, -EINTR);
		break;
	case ACT_LIST_TORN:
		put_tagged(b, NLM_F_MULTI, seq, tag);
		put_tagged(b, NLM_F_MULTI | NLM_F_DUMP_INTR, seq, tag + 1);
		put_done(b, seq, 0);
		break;
	case ACT_TORN_END:
		put_tagged(b, NLM_F_MULTI, seq, tag);
		put_torn_end(b, seq);
		break;
	case ACT_STRAYS:
		answer_strays(fd, b, seq, tag);
		break;
	case ACT_NO_DEVICE:
		put_ack(b, seq, -ENODEV, NULL);
		break;
	case ACT_NO_END:
		answer_no_end(fd, b, seq, tag);
		return false;
	case ACT_SILENCE:
		break;
	case ACT_HANG_UP:
		reply(fd, b);
		return false;
	case ACT_NONSENSE:
		put_raw(b, nonsense, sizeof(nonsense));
		reply(fd, b);
		put_ack(b, seq, 0, NULL);
		break;
	case ACT_TOO_LONG:
		send(fd, too_long, sizeof(too_long), MSG_NOSIGNAL);
		break;
	}
	return true;
}

static void note_window(struct server *s, const unsigned char *data, size_t len)
{
	unsigned n = 0;

	pthread_mutex_lock(&s->lock);
	for (size_t at = 0; at < len; n++) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(data + at);
		bool dump = (m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

		at += NLMSG_ALIGN(m->nlmsg_len);
		s->late_dumps |= dump && at < len;
		s->seq[s->n_requests % LOG_MAX] = m->nlmsg_seq;
		memcpy(&s->tag[s->n_requests++ % LOG_MAX],
		       (const char *)m + NLMSG_HDRLEN + GENL_HDRLEN + NLA_HDRLEN, 4);
	}
	s->window[s->n_windows++ % LOG_MAX] = n;
	pthread_mutex_unlock(&s->lock);
}

static void note_group(struct server *s, const unsigned char *data)
{
	pthread_mutex_lock(&s->lock);
	memcpy(&s->groups[s->n_groups++ % ARRAY_SIZE(s->groups)], data + NLMSG_HDRLEN, 4);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* One sendmsg() of a netlink socket: all requests in it, then the word that it has returned. */
static bool serve_window(struct link *l, const unsigned char *data, size_t len)
{
	struct bytes *b = mem_new(struct bytes);
	bool go_on = true;
	char c;

	note_window(l->server, data, len);
	for (size_t at = 0; go_on && at < len;) {
		const struct nlmsghdr *m = (const struct nlmsghdr *)(data + at);

		go_on = answer(l->server, l->fd, b, m);
		at += NLMSG_ALIGN(m->nlmsg_len);
		if (at % 3 == 0)
			reply(l->fd, b);
	}
	if (go_on && recv(l->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		pthread_mutex_lock(&l->server->lock);
		l->server->early = true;
		pthread_mutex_unlock(&l->server->lock);
	}
	reply(l->fd, b);
	put_noop(b);
	if (go_on)
		reply(l->fd, b);
	free(b);
	return go_on;
}

static void *serve_link(void *arg)
{
	struct link *l = arg;
	struct server *s = l->server;
	unsigned char *data = mem_alloc(TRANSPORT_BUFFER);
	bool go_on = true;

	while (go_on) {
		ssize_t n = recv(l->fd, data, TRANSPORT_BUFFER, 0);

		if (n <= 0)
			break;
		if (((const struct nlmsghdr *)data)->nlmsg_type == NLMSG_NOOP)
			note_group(s, data);
		else
			go_on = serve_window(l, data, (size_t)n);
	}
	shutdown(l->fd, SHUT_RDWR);
	free(data);
	pthread_mutex_lock(&s->lock);
	s->n_ended++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		struct link *l;

		pthread_mutex_lock(&s->lock);
		if (s->n_links == LINKS_MAX)
			abort();
		l = &s->links[s->n_links++];
		*l = (struct link){.server = s, .fd = fd};
		if (pthread_create(&l->thread, NULL, serve_link, l) != 0)
			abort();
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

static void server_listen(struct server *s)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	memcpy(sa.sun_path, s->path, strlen(s->path) + 1);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->fd, LINKS_MAX), 0);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static struct server *server_new(void)
{
	struct server *s = mem_new(struct server);
	char dir[] = "/tmp/test_chan.XXXXXX";

	assert_non_null(mkdtemp(dir));
	snprintf(s->path, sizeof(s->path), "%s/socket", dir);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->fd = -1;
	return s;
}

/* Wait until every client has closed its socket; clients of a test that failed are cut off. */
static void server_await_clients(struct server *s)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 2;
	pthread_mutex_lock(&s->lock);
	s->let_go = UINT32_MAX;
	pthread_cond_broadcast(&s->changed);
	while (s->n_ended < s->n_links && r == 0)
		r = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	for (size_t i = 0; i < s->n_links; i++)
		shutdown(s->links[i].fd, SHUT_RDWR);
	pthread_mutex_unlock(&s->lock);
}

static void server_free(struct server *s)
{
	bool early, late_dumps;

	if (s->fd >= 0) {
		shutdown(s->fd, SHUT_RDWR);
		pthread_join(s->thread, NULL);
		close(s->fd);
	}
	server_await_clients(s);
	for (size_t i = 0; i < s->n_links; i++) {
		pthread_join(s->links[i].thread, NULL);
		close(s->links[i].fd);
	}
	early = s->early;
	late_dumps = s->late_dumps;
	unlink(s->path);
	*strrchr(s->path, '/') = '\0';
	rmdir(s->path);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
	assert_false(early || late_dumps);
}

static void server_await_held(struct server *s, unsigned n)
{
	pthread_mutex_lock(&s->lock);
	while (s->held < n)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void server_let_go(struct server *s, unsigned n)
{
	pthread_mutex_lock(&s->lock);
	s->let_go = n;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void server_await_ended(struct server *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (s->n_ended < n)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void server_await_groups(struct server *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (s->n_groups < n)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}
