// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model behind sockets, for `carved --kernel=unix:PATH`: one thread, one poll(). A datagram of
 * a connection is one sendmsg() of a netlink socket, and is answered by what its recvmsg()s would
 * give, then an NLMSG_NOOP, for "sendmsg() has returned". An NLMSG_NOOP with a u32 joins a group.
 * NLMSG_OVERRUN stands for a recvmsg() that fails with ENOBUFS. Here a reload takes real time.
 *
 * One line of the control socket is the server's own, "stamps": see stamps.h.
 */
#include "fake.h"
#include "stamps.h"

#include <errno.h>
#include <getopt.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX (256 * 1024)
#define CLIENTS_MAX  320 /* of 256 devices, and more than their notifications */

enum client_kind { CLIENT_KERNEL, CLIENT_CONTROL };

struct client {
	enum client_kind kind;
	int fd;
	struct fake_socket *socket;
	bool owes_noop;
	char *unsent; /* a datagram, or answers of the control socket */
	size_t unsent_len;
	char *line; /* read from the control socket so far */
	size_t line_len;
};

struct server {
	struct fake *fake;
	int listen_fd, control_fd;
	struct client clients[CLIENTS_MAX];
	size_t n;
	uint64_t start; /* by clock_usec() */
	struct stamps stamps;
	sigset_t unblocked; /* while waiting */
	char buffer[DATAGRAM_MAX];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	(void)number;
	stopped = 1;
}

/* CLOCK_MONOTONIC in microseconds. */
static uint64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The model's time, in milliseconds. */
static uint64_t elapsed(const struct server *s)
{
	return (clock_usec() - s->start) / 1000;
}

static int unix_socket(const char *path, int type, bool client)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | (client ? 0 : SOCK_NONBLOCK), 0);

	if (fd < 0 || strlen(path) >= sizeof(sa.sun_path)) {
		fprintf(stderr, "fake-kernel: %s: no such address\n", path);
		exit(1);
	}
	strcpy(sa.sun_path, path);
	if (!client)
		unlink(path);
	if ((client ? connect(fd, (struct sockaddr *)&sa, sizeof(sa))
		    : bind(fd, (struct sockaddr *)&sa, sizeof(sa))) < 0 ||
	    (!client && listen(fd, CLIENTS_MAX) < 0)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void client_add(struct server *s, int listen_fd, enum client_kind kind)
{
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (s->n == CLIENTS_MAX) {
		close(fd);
		return;
	}
	s->clients[s->n++] =
		(struct client){.kind = kind,
				.fd = fd,
				.socket = kind == CLIENT_KERNEL ? fake_socket_new(s->fake) : NULL};
}

static void client_drop(struct client *c)
{
	close(c->fd);
	fake_socket_free(c->socket);
	free(c->unsent);
	free(c->line);
	*c = (struct client){.fd = -1};
}

static void unsent_put(struct client *c, const void *data, size_t len)
{
	c->unsent = realloc(c->unsent, c->unsent_len + len);
	if (!c->unsent)
		abort();
	memcpy(c->unsent + c->unsent_len, data, len);
	c->unsent_len += len;
}

static void put_empty_message(struct client *c, uint16_t type)
{
	struct nlmsghdr m = {.nlmsg_len = sizeof(m), .nlmsg_type = type};

	unsent_put(c, &m, sizeof(m));
}

/* What the connection is to get next. Return: false if there is nothing. */
static bool fetch(struct server *s, struct client *c)
{
	ssize_t n = fake_receive(c->socket, s->buffer, sizeof(s->buffer));

	if (n >= 0) {
		unsent_put(c, s->buffer, (size_t)n);
		return true;
	}
	if (n == -ENOBUFS) {
		put_empty_message(c, NLMSG_OVERRUN);
		return true;
	}
	if (c->owes_noop && !fake_busy(c->socket)) {
		c->owes_noop = false;
		put_empty_message(c, NLMSG_NOOP);
		return true;
	}
	return false;
}

static void client_write(struct server *s, struct client *c)
{
	while (c->fd >= 0 && (c->unsent_len || (c->kind == CLIENT_KERNEL && fetch(s, c)))) {
		ssize_t n = send(c->fd, c->unsent, c->unsent_len, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0) {
			client_drop(c);
			return;
		}
		if (c->kind == CLIENT_KERNEL)
			stamps_note(&s->stamps, c->unsent, (size_t)n, clock_usec());
		memmove(c->unsent, c->unsent + n, c->unsent_len - (size_t)n);
		c->unsent_len -= (size_t)n;
	}
}

static void take_datagram(struct client *c, const char *data, size_t len)
{
	const struct nlmsghdr *m = (const struct nlmsghdr *)data;
	uint32_t group;

	if (len >= NLMSG_LENGTH(sizeof(group)) && m->nlmsg_type == NLMSG_NOOP) {
		memcpy(&group, data + NLMSG_HDRLEN, sizeof(group));
		fake_join(c->socket, group);
		return;
	}
	c->owes_noop = true;
	fake_begin(c->socket, data, len);
}

static void take_lines(struct server *s, struct client *c, const char *data, size_t len)
{
	char *end;

	c->line = realloc(c->line, c->line_len + len + 1);
	if (!c->line)
		abort();
	memcpy(c->line + c->line_len, data, len);
	c->line_len += len;
	c->line[c->line_len] = '\0';
	while ((end = memchr(c->line, '\n', c->line_len))) {
		size_t used = (size_t)(end - c->line) + 1;
		char *answer;

		*end = '\0';
		if (strcmp(c->line, "stamps") == 0)
			answer = stamps_text(&s->stamps);
		else
			fake_control(s->fake, c->line, &answer);
		unsent_put(c, answer, strlen(answer));
		unsent_put(c, "\n", 1);
		free(answer);
		memmove(c->line, c->line + used, c->line_len - used + 1);
		c->line_len -= used;
	}
}

static void client_read(struct server *s, struct client *c)
{
	ssize_t n = recv(c->fd, s->buffer, sizeof(s->buffer), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		client_drop(c);
	else if (c->kind == CLIENT_KERNEL)
		take_datagram(c, s->buffer, (size_t)n);
	else
		take_lines(s, c, s->buffer, (size_t)n);
}

/* A sender that has not been answered yet is in its sendmsg(): it is not read from. */
static short events_of(const struct client *c)
{
	short events = c->unsent_len ? POLLOUT : 0;

	if (c->kind == CLIENT_CONTROL || !c->owes_noop)
		events |= POLLIN;
	return events;
}

static int wait_msec(const struct server *s)
{
	uint64_t due = fake_due(s->fake), now = elapsed(s);

	if (due == UINT64_MAX)
		return -1;
	return due > now ? (int)(due - now) : 0;
}

static void serve_once(struct server *s)
{
	struct pollfd fds[CLIENTS_MAX + 2] = {{.fd = s->listen_fd, .events = POLLIN},
					      {.fd = s->control_fd, .events = POLLIN}};
	int msec = wait_msec(s);
	struct timespec wait = {.tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L};
	size_t n = s->n, kept = 0;

	for (size_t i = 0; i < n; i++)
		fds[i + 2] = (struct pollfd){.fd = s->clients[i].fd,
					     .events = events_of(&s->clients[i])};
	if (ppoll(fds, n + 2, msec < 0 ? NULL : &wait, &s->unblocked) < 0)
		return;
	fake_set_time(s->fake, elapsed(s));
	if (fds[0].revents)
		client_add(s, s->listen_fd, CLIENT_KERNEL);
	if (fds[1].revents)
		client_add(s, s->control_fd, CLIENT_CONTROL);
	for (size_t i = 0; i < n; i++)
		if (fds[i + 2].revents & (POLLIN | POLLHUP | POLLERR))
			client_read(s, &s->clients[i]);
	for (size_t i = 0; i < s->n; i++)
		if (s->clients[i].fd >= 0)
			client_write(s, &s->clients[i]);
	for (size_t i = 0; i < s->n; i++)
		if (s->clients[i].fd >= 0)
			s->clients[kept++] = s->clients[i];
	s->n = kept;
}

/* A control client: each line's answer on standard output. Return: 1 if one was an error. */
static int ask(const char *path, int n, char **lines)
{
	int fd = unix_socket(path, SOCK_STREAM, true), r = 0;
	FILE *in = fdopen(fd, "r");
	char *answer = NULL;
	size_t size = 0;

	for (int i = 0; i < n; i++) {
		if (dprintf(fd, "%s\n", lines[i]) < 0 || getline(&answer, &size, in) < 0) {
			r = 1;
			break;
		}
		fputs(answer, stdout);
		r |= strncmp(answer, "{\"error\"", 8) == 0;
	}
	free(answer);
	fclose(in);
	return r;
}

static void load_all(struct fake *f, int n, char **files)
{
	for (int i = 0; i < n; i++) {
		char *why = NULL;

		if (fake_load_file(f, files[i], &why) < 0) {
			fprintf(stderr, "fake-kernel: %s: %s\n", files[i], why);
			exit(1);
		}
	}
}

static int serve(struct server *s, const char *listen_path, const char *control_path)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t ends;

	/* only while waiting: else one that comes right before it is forgotten */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, &s->unblocked);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	s->start = clock_usec();
	s->listen_fd = unix_socket(listen_path, SOCK_SEQPACKET, false);
	s->control_fd = control_path ? unix_socket(control_path, SOCK_STREAM, false) : -1;
	puts("ready");
	fflush(stdout);
	while (!stopped)
		serve_once(s);
	for (size_t i = 0; i < s->n; i++)
		client_drop(&s->clients[i]);
	close(s->listen_fd);
	if (s->control_fd >= 0)
		close(s->control_fd);
	unlink(listen_path);
	if (control_path)
		unlink(control_path);
	return 0;
}

static const char usage[] =
	"Usage: fake-kernel --listen PATH [--control PATH] [--line 6.1|6.12|7.3] FACTS...\n"
	"       fake-kernel --ask PATH LINE...\n"
	"A kernel with the devlink devices of the facts files, for carved --kernel=unix:PATH.\n"
	"It says \"ready\" when it listens. The lines of the control socket are in control.c.\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {{"listen", required_argument, NULL, 'l'},
						{"control", required_argument, NULL, 'c'},
						{"line", required_argument, NULL, 'k'},
						{"ask", required_argument, NULL, 'a'},
						{}};
	const char *listen_path = NULL, *control_path = NULL, *ask_path = NULL, *line = "6.1";
	unsigned number;
	struct server *s;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			listen_path = optarg;
		else if (c == 'c')
			control_path = optarg;
		else if (c == 'k')
			line = optarg;
		else if (c == 'a')
			ask_path = optarg;
		else
			return 64;
	}
	if (ask_path)
		return ask(ask_path, argc - optind, argv + optind);
	for (number = 0; number < FAKE_LINES && strcmp(line, fake_line_names[number]) != 0;)
		number++;
	if (!listen_path || number == FAKE_LINES) {
		fputs(usage, stderr);
		return 64;
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->fake = fake_new((enum fake_line)number);
	load_all(s->fake, argc - optind, argv + optind);
	r = serve(s, listen_path, control_path);
	fake_free(s->fake);
	free(s);
	return r;
}
