/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A model of the kernel's devlink, spoken to in the bytes of generic netlink. It knows no sockets,
 * no threads and no clock: time is a number that only callers move.
 *
 *	struct fake *f = fake_new(FAKE_6_1);
 *	fake_load_file(f, "facts/netdevsim.json", &why);
 *	struct fake_socket *s = fake_socket_new(f);
 *	fake_submit(s, request, len);		a sendmsg(): back when all of it is carried out
 *	while ((n = fake_receive(s, buffer, sizeof(buffer))) > 0)
 *		...				one recvmsg(): -EAGAIN when there is nothing
 *
 * fake_submit() moves the time on by as long as a reload or a flash takes. Several requests at once
 * are fake_begin() on each socket and fake_advance() or fake_set_time(); fake_busy() tells whose
 * sendmsg() has not returned yet. Notifications come to sockets that have called fake_join().
 *
 * What happens behind the requester's back is said in lines of text, the same as on the server's
 * control socket: fake_control(f, "fail-up netdevsim/netdevsim10 EINVAL", &answer). The answer is a
 * line of JSON: {"ok": true} or {"error": "..."}, or what was asked for. See control.c for the
 * lines. fake_state() is the oracle of tests: every device with all its values, in force and
 * pending, and every request in order.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_line { FAKE_6_1, FAKE_6_12, FAKE_7_3, FAKE_LINES };

extern const char *const fake_line_names[FAKE_LINES];

struct fake;
struct fake_socket;

struct fake *fake_new(enum fake_line line);
struct fake *fake_free(struct fake *f);
int fake_load(struct fake *f, json_t *facts, char **ret_why);
int fake_load_file(struct fake *f, const char *path, char **ret_why);

struct fake_socket *fake_socket_new(struct fake *f);
struct fake_socket *fake_socket_free(struct fake_socket *s);
void fake_socket_options(struct fake_socket *s, bool admin, bool ext_ack, bool cap_ack);
int fake_join(struct fake_socket *s, uint32_t group);
void fake_submit(struct fake_socket *s, const void *data, size_t len);
void fake_begin(struct fake_socket *s, const void *data, size_t len);
bool fake_busy(const struct fake_socket *s);
ssize_t fake_receive(struct fake_socket *s, void *buffer, size_t size);

uint64_t fake_now(const struct fake *f);
uint64_t fake_due(const struct fake *f);
void fake_set_time(struct fake *f, uint64_t now);
void fake_advance(struct fake *f, uint64_t msec);

int fake_control(struct fake *f, const char *line, char **ret_answer);
json_t *fake_state(const struct fake *f);
json_t *fake_requests(const struct fake *f, size_t from);
