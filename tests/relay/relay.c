// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A wire to the real kernel that can be cut: `carved --kernel=unix:PATH` on one side, a generic
 * netlink socket per connection on the other. Datagrams pass unchanged, but for the rules.
 *
 * As sendmsg() on netlink carries the requests out, each connection has a thread that sends, then
 * forwards the answers, then an NLMSG_NOOP ("sendmsg() has returned"); notifications are forwarded
 * as they come while nothing is sent. An NLMSG_NOOP with a u32 from the client joins that group.
 * NLMSG_OVERRUN to the client stands for ENOBUFS.
 *
 * A request's ordinal counts from 1 over all connections, in the order in which they come.
 */
#include "rules.h"

#include <errno.h>
#include <getopt.h>
#include <linux/genetlink.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define DATAGRAM_MAX  (256 * 1024)
#define ANSWER_MSEC   2000 /* longer than a kernel needs once sendmsg() has returned */
#define REQUESTS_MAX  256  /* in one datagram */
#define RECEIVE_BYTES (8 * 1024 * 1024)

/* One message of a datagram that waits for its end. */
struct request {
	uint32_t seq;
	bool dump, acked, over;
	struct verdict verdict;
};

struct link {
	int client, kernel;
	struct request requests[REQUESTS_MAX];
	size_t n, open;
	char buffer[DATAGRAM_MAX];
	char out[DATAGRAM_MAX]; /* not sent to the kernel yet */
	size_t out_len;
};

static FILE *log_file;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;

static void log_line(const struct verdict *v, const struct nlmsghdr *m)
{
	char text[REQUEST_TEXT];

	if (!log_file)
		return;
	request_describe(m, text);
	pthread_mutex_lock(&log_lock);
	fprintf(log_file, "%lu %s%s%s\n", v->ordinal, text, *v->name ? " rule=" : "", v->name);
	fflush(log_file);
	pthread_mutex_unlock(&log_lock);
}

static int open_kernel(void)
{
	struct sockaddr_nl sa = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	int one = 1, size = RECEIVE_BYTES;

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		perror("relay: netlink");
		exit(1);
	}
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void to_client(struct link *l, const void *data, size_t len)
{
	if (len)
		(void)!send(l->client, data, len, MSG_NOSIGNAL);
}

static void empty_message(struct link *l, uint16_t type)
{
	struct nlmsghdr m = {.nlmsg_len = sizeof(m), .nlmsg_type = type};

	to_client(l, &m, sizeof(m));
}

/* An answer made up: the request never reached the kernel. */
static void answer_error(struct link *l, const struct nlmsghdr *m, int error)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} a = {{.nlmsg_len = sizeof(a),
		.nlmsg_type = NLMSG_ERROR,
		.nlmsg_flags = NLM_F_CAPPED,
		.nlmsg_seq = m->nlmsg_seq},
	       {.error = -error, .msg = *m}};

	to_client(l, &a, sizeof(a));
}

static struct request *request_of(struct link *l, uint32_t seq)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->requests[i].seq == seq && !l->requests[i].over)
			return &l->requests[i];
	return NULL;
}

static void end_request(struct link *l, struct request *r)
{
	r->over = true;
	l->open--;
}

/*
 * Does @m end the answer to @r? What is in several parts with DONE, unless an acknowledgement is to
 * follow.
 */
static bool ends(const struct request *r, const struct nlmsghdr *m)
{
	if (m->nlmsg_type == NLMSG_ERROR)
		return true;
	if (r->dump || !r->acked)
		return m->nlmsg_type == NLMSG_DONE || (!r->dump && !(m->nlmsg_flags & NLM_F_MULTI));
	return false;
}

/* Forward one datagram of the kernel, less what the rules take out of it. */
static void forward(struct link *l, char *data, size_t len)
{
	size_t at = 0, kept = 0;
	bool notification = false;

	while (len - at >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr *m = (struct nlmsghdr *)(data + at);
		size_t size = NLMSG_ALIGN(m->nlmsg_len);
		struct request *r = request_of(l, m->nlmsg_seq);
		bool keep = true;

		if (m->nlmsg_len < sizeof(*m) || size > len - at)
			break;
		at += size;
		notification |= m->nlmsg_seq == 0;
		if (r && r->verdict.effect == EFFECT_DROP_ANSWER)
			keep = false;
		if (r && r->verdict.effect == EFFECT_TRUNCATE && m->nlmsg_type >= NLMSG_MIN_TYPE &&
		    m->nlmsg_len > r->verdict.value) {
			m->nlmsg_len = (uint32_t)r->verdict.value;
			size = NLMSG_ALIGN(m->nlmsg_len);
		}
		if (r && ends(r, m))
			end_request(l, r);
		if (keep) {
			memmove(data + kept, m, size);
			kept += size;
		}
	}
	switch (notification ? rules_judge_notification() : FATE_PASS) {
	case FATE_PASS:
		to_client(l, data, kept);
		break;
	case FATE_LOSE:
		break;
	case FATE_OVERRUN:
		empty_message(l, NLMSG_OVERRUN);
		break;
	}
}

/* Return: false when nothing came within @msec. */
static bool forward_one(struct link *l, int msec)
{
	struct pollfd p = {.fd = l->kernel, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, msec) <= 0)
		return false;
	n = recv(l->kernel, l->buffer, sizeof(l->buffer), MSG_DONTWAIT);
	if (n < 0 && errno == ENOBUFS)
		empty_message(l, NLMSG_OVERRUN);
	else if (n > 0)
		forward(l, l->buffer, (size_t)n);
	return true;
}

static void join_group(struct link *l, const struct nlmsghdr *m)
{
	uint32_t group;

	memcpy(&group, (const char *)m + NLMSG_HDRLEN, sizeof(group));
	if (setsockopt(l->kernel, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		perror("relay: joining");
}

static void flush(struct link *l)
{
	static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	if (l->out_len && sendto(l->kernel, l->out, l->out_len, 0, (const struct sockaddr *)&kernel,
				 sizeof(kernel)) < 0)
		perror("relay: sendto");
	l->out_len = 0;
}

/* Until the client has gone; what it sends meanwhile is not read. */
static void hold(struct link *l)
{
	struct pollfd p = {.fd = l->client};

	while (poll(&p, 1, -1) < 0 || !(p.revents & (POLLHUP | POLLERR)))
		;
}

/* Return: whether the message goes to the kernel. Those before it have gone. */
static bool obey(struct link *l, const struct nlmsghdr *m, const struct verdict *v)
{
	if (v->effect == EFFECT_NONE)
		return true;
	flush(l);
	switch (v->effect) {
	case EFFECT_NONE:
	case EFFECT_DROP_ANSWER:
	case EFFECT_TRUNCATE:
		return true;
	case EFFECT_DELAY:
		if (v->value)
			usleep((useconds_t)v->value * 1000);
		else
			rules_wait_for_change();
		return true;
	case EFFECT_DROP_REQUEST:
		return false;
	case EFFECT_ERRNO:
		answer_error(l, m, (int)v->value);
		return false;
	case EFFECT_HOLD:
		hold(l);
		return false;
	case EFFECT_KILL:
		_exit(0);
	}
	return true;
}

static void pass(struct link *l, const struct nlmsghdr *m)
{
	struct request *r = &l->requests[l->n];

	*r = (struct request){.seq = m->nlmsg_seq,
			      .dump = (m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
			      .acked = m->nlmsg_flags & NLM_F_ACK,
			      .verdict = rules_judge(m)};
	log_line(&r->verdict, m);
	if (!obey(l, m, &r->verdict))
		return;
	memset(l->out + l->out_len, 0, NLMSG_ALIGN(m->nlmsg_len));
	memcpy(l->out + l->out_len, m, m->nlmsg_len);
	l->out_len += NLMSG_ALIGN(m->nlmsg_len);
	if (l->n + 1 < REQUESTS_MAX) {
		l->n++;
		l->open++;
	}
}

/* A datagram of the client: one sendmsg(), its answers, and the word that they are all. */
static void take_datagram(struct link *l, const char *data, size_t len)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)data;
	size_t at = 0;

	l->n = l->open = 0;
	if (len >= NLMSG_LENGTH(sizeof(uint32_t)) && m->nlmsg_type == NLMSG_NOOP) {
		join_group(l, m);
		return;
	}
	while (at < len && len - at >= sizeof(*m)) {
		m = (const struct nlmsghdr *)(data + at);
		if (m->nlmsg_len < sizeof(*m) || m->nlmsg_len > len - at)
			break;
		pass(l, m);
		at += NLMSG_ALIGN(m->nlmsg_len);
	}
	flush(l);
	while (l->open && forward_one(l, ANSWER_MSEC))
		;
	empty_message(l, NLMSG_NOOP);
}

static void *serve(void *arg)
{
	struct link *l = arg;
	char *in = malloc(DATAGRAM_MAX - NLMSG_ALIGNTO);

	if (!in)
		abort();
	for (;;) {
		struct pollfd p[2] = {{.fd = l->client, .events = POLLIN},
				      {.fd = l->kernel, .events = POLLIN}};
		ssize_t n;

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents)
			forward_one(l, 0);
		if (!p[0].revents)
			continue;
		n = recv(l->client, in, DATAGRAM_MAX - NLMSG_ALIGNTO, 0);
		if (n <= 0)
			break;
		take_datagram(l, in, (size_t)n);
	}
	free(in);
	close(l->client);
	close(l->kernel);
	free(l);
	return NULL;
}

static int listen_on(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sa.sun_path))
		return -1;
	strcpy(sa.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 16) < 0) {
		perror(path);
		return -1;
	}
	return fd;
}

static void accept_one(int fd)
{
	pthread_attr_t attr;
	pthread_t thread;
	struct link *l;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	if (client < 0)
		return;
	l = calloc(1, sizeof(*l));
	if (!l)
		abort();
	l->client = client;
	l->kernel = open_kernel();
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, serve, l) != 0)
		abort();
	pthread_attr_destroy(&attr);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
						{"rule", required_argument, NULL, 'r'},
						{"rules", required_argument, NULL, 'f'},
						{"log", required_argument, NULL, 'o'},
						{}};
	const char *path = NULL;
	int c, fd, bad = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			path = optarg;
		else if (c == 'r')
			bad |= rules_add(optarg) < 0;
		else if (c == 'f')
			rules_file(optarg);
		else if (c == 'o')
			bad |= !(log_file = fopen(optarg, "a"));
		else
			bad = 1;
	}
	if (bad || !path || optind < argc) {
		fputs(rules_usage, stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	fd = listen_on(path);
	if (fd < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		accept_one(fd);
}
