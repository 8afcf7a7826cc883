// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds the watch with notifications, as a socket gives them. An input is datagrams, each of two
 * bytes of length and so many bytes, of the family 21 where they are to count. Whatever comes: no
 * crash, events about names that can be shown, marks that are what marks.h promises.
 */
#include "base/mem.h"
#include "base/text.h"
#include "fuzz.h"
#include "kernel/watch.h"
#include "manager/marks.h"
#include "model/handle.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FAMILY 21

static char path[] = "/tmp/carved-fuzz-XXXXXX";
static struct marks marks;

static void remove_socket(void)
{
	unlink(path);
}

/* What the watch connects to. Return: a descriptor. */
static int listen_once(void)
{
	static int fd = -1;
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (fd >= 0)
		return fd;
	close(mkstemp(path));
	unlink(path);
	strcpy(sa.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	MUST(fd >= 0 && bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 1) == 0);
	atexit(remove_socket);
	return fd;
}

static void check_marks(void)
{
	MUST(marks.n <= DEVICE_HEARD_MAX);
	for (size_t i = 0; i < marks.n; i++) {
		MUST(marks.kinds[i] != DEVICE_EV_STALE || i == 0);
		for (size_t k = 0; k < i; k++)
			MUST(marks.kinds[k] != marks.kinds[i]);
	}
	MUST(marks_event(&marks).n_heard == marks.n);
}

static void mark(enum watch_event event)
{
	static const enum device_event_type kinds[] = {[WATCH_STALE] = DEVICE_EV_STALE,
						       [WATCH_PORT] = DEVICE_EV_STALE,
						       [WATCH_APPEARED] = DEVICE_EV_COUNTED,
						       [WATCH_RECREATED] = DEVICE_EV_RECREATED,
						       [WATCH_VANISHED] = DEVICE_EV_VANISHED};

	if (event < ARRAY_SIZE(kinds))
		marks_add(&marks, kinds[event], event == WATCH_PORT, TRIGGER_NOTIFICATION);
	check_marks();
}

static void on_event(void *user, enum watch_event event, const char *handle,
		     const struct flash_progress *progress)
{
	size_t *events = user;

	++*events;
	MUST((event == WATCH_OVERRUN) == !handle);
	MUST((event == WATCH_PROGRESS) == (progress != NULL));
	MUST(!handle || (text_is_line(handle) && strlen(handle) < HANDLE_MAX));
	MUST(!progress || !progress->text || strlen(progress->text) < TRANSPORT_BUFFER);
	mark(event);
}

static void send_all(int fd, struct fuzz_input *in)
{
	while (in->n) {
		size_t n = fuzz_number(in, 2);

		n = MIN(n, in->n);
		if (n && send(fd, in->p, n, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)n)
			break;
		in->p += n;
		in->n -= n;
	}
}

/* The kernel's end of what the watch is on, which has asked for its group. Return: a descriptor. */
static int accept_watch(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char request[64];

	MUST(fd >= 0 && recv(fd, request, sizeof(request), 0) > 0);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct transport transport = {.unix_path = path};
	const struct family family = {.id = FAMILY, .config_group = 5};
	int listener = listen_once(), kernel;
	struct fuzz_input in = {data, size};
	size_t events = 0;
	struct watch *w;

	marks = (struct marks){};
	MUST(watch_open(&transport, &family, on_event, &events, &w) == 0);
	kernel = accept_watch(listener);
	send_all(kernel, &in);
	close(kernel);
	MUST(watch_dispatch(w) == -EPIPE);
	watch_free(w);
	return 0;
}
