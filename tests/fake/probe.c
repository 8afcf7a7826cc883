// SPDX-License-Identifier: GPL-2.0-or-later
/* Asking the model and taking its answers apart. */
#include "probe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef FACTS_DIR
#define FACTS_DIR "tests/fake/facts"
#endif

static const char *facts_dir(void)
{
	static char dir[512];
	const char *srcdir = getenv("srcdir");

	snprintf(dir, sizeof(dir), "%s/%s", srcdir ? srcdir : ".", FACTS_DIR);
	return dir;
}

void probe_start(struct probe *p, enum fake_line line, const char *facts)
{
	*p = (struct probe){.fake = fake_new(line)};
	p->socket = fake_socket_new(p->fake);
	p->listener = fake_socket_new(p->fake);
	if (facts)
		probe_add(p, facts);
	assert_int_equal(fake_join(p->listener, 5), 0);
}

void probe_add(struct probe *p, const char *facts)
{
	char path[640];
	char *why = NULL;

	snprintf(path, sizeof(path), "%s/%s.json", facts_dir(), facts);
	if (fake_load_file(p->fake, path, &why) < 0)
		fail_msg("%s", why);
}

static void forget(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->got[i].data);
	p->n = 0;
	p->error = 0;
	p->acked = false;
	p->text[0] = '\0';
	p->offset = p->missing = 0;
}

void probe_stop(struct probe *p)
{
	forget(p);
	bytes_clear(&p->out);
	fake_free(p->fake);
}

int probe_try(struct probe *p, const char *line)
{
	return fake_control(p->fake, line, NULL);
}

/** probe_tell() - a control line that must work. */
void probe_tell(struct probe *p, const char *line)
{
	char *answer;

	if (fake_control(p->fake, line, &answer) < 0)
		fail_msg("%s: %s", line, answer);
	free(answer);
}

/** probe_request() - begin a request; attributes go to p->out. @handle may be NULL. */
void probe_request(struct probe *p, uint8_t command, uint16_t flags, const char *handle)
{
	p->out.len = 0;
	p->out_at =
		genl_start(&p->out, 21, command, NLM_F_REQUEST | NLM_F_ACK | flags, ++p->seq, 0);
	if (handle) {
		char bus[64];
		const char *slash = strchr(handle, '/');

		snprintf(bus, sizeof(bus), "%.*s", (int)(slash - handle), handle);
		put_string(&p->out, DEVLINK_ATTR_BUS_NAME, bus);
		put_string(&p->out, DEVLINK_ATTR_DEV_NAME, slash + 1);
	}
}

static void take_ack(struct probe *p, const struct got *g)
{
	const struct nlmsgerr *e = (const struct nlmsgerr *)(g->data + NLMSG_HDRLEN);
	size_t skip = NLMSG_HDRLEN + sizeof(*e);
	struct attrs a;

	p->acked = true;
	p->error = e->error;
	p->ack_flags = g->flags;
	if (!(g->flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - sizeof(e->msg);
	if (!(g->flags & NLM_F_ACK_TLVS))
		return;
	attrs_read(&a, g->data + skip, g->len - skip);
	if (a.v[NLMSGERR_ATTR_MSG])
		snprintf(p->text, sizeof(p->text), "%s",
			 (const char *)attr_data(a.v[NLMSGERR_ATTR_MSG]));
	if (a.v[NLMSGERR_ATTR_OFFS])
		p->offset = (uint32_t)attr_num(a.v[NLMSGERR_ATTR_OFFS]);
	if (a.v[5])
		p->missing = (uint32_t)attr_num(a.v[5]);
}

static void take(struct probe *p, const struct nlmsghdr *m, size_t datagram)
{
	struct got *g = &p->got[p->n++];

	assert_true(p->n < PROBE_MAX);
	*g = (struct got){.type = m->nlmsg_type,
			  .flags = m->nlmsg_flags,
			  .seq = m->nlmsg_seq,
			  .len = m->nlmsg_len,
			  .data = malloc(m->nlmsg_len),
			  .datagram = datagram};
	assert_non_null(g->data);
	memcpy(g->data, m, m->nlmsg_len);
	if (m->nlmsg_type >= NLMSG_MIN_TYPE)
		g->command = g->data[NLMSG_HDRLEN];
	if (m->nlmsg_type == NLMSG_ERROR)
		take_ack(p, g);
	if (m->nlmsg_type == NLMSG_DONE && m->nlmsg_len >= NLMSG_LENGTH(sizeof(int)))
		memcpy(&p->error, g->data + NLMSG_HDRLEN, sizeof(int));
}

/** probe_collect() - everything that a socket has to read. Return: the error, or -ENOBUFS. */
int probe_collect(struct probe *p, struct fake_socket *s)
{
	static uint8_t buffer[PROBE_BUFFER];
	size_t datagram = 0;
	bool overrun = false;
	ssize_t n;

	forget(p);
	while ((n = fake_receive(s, buffer, sizeof(buffer))) != -EAGAIN) {
		size_t at = 0;

		overrun |= n == -ENOBUFS;
		while (n > 0 && at < (size_t)n) {
			const struct nlmsghdr *m = (const struct nlmsghdr *)(buffer + at);

			take(p, m, datagram);
			at += NLMSG_ALIGN(m->nlmsg_len);
		}
		datagram++;
	}
	return overrun ? -ENOBUFS : p->error;
}

/** probe_begin() - the request is sent on @s, and may have to wait. */
void probe_begin(struct probe *p, struct fake_socket *s)
{
	message_end(&p->out, p->out_at);
	fake_begin(s, p->out.data, p->out.len);
}

/** probe_send() - send, as long as it takes, and collect. Return: the error. */
int probe_send(struct probe *p)
{
	message_end(&p->out, p->out_at);
	fake_submit(p->socket, p->out.data, p->out.len);
	return probe_collect(p, p->socket);
}

static const char *name_of(uint8_t command)
{
	static const char *const names[] = {[DEVLINK_CMD_NEW] = "NEW",
					    [DEVLINK_CMD_LINECARD_NEW] = "LINECARD_NEW",
					    [DEVLINK_CMD_DEL] = "DEL",
					    [DEVLINK_CMD_PORT_NEW] = "PORT_NEW",
					    [DEVLINK_CMD_PORT_DEL] = "PORT_DEL",
					    [DEVLINK_CMD_RELOAD] = "RELOAD",
					    [DEVLINK_CMD_PARAM_NEW] = "PARAM_NEW",
					    [DEVLINK_CMD_PARAM_DEL] = "PARAM_DEL",
					    [DEVLINK_CMD_REGION_NEW] = "REGION_NEW",
					    [DEVLINK_CMD_REGION_DEL] = "REGION_DEL",
					    [DEVLINK_CMD_FLASH_UPDATE] = "FLASH",
					    [DEVLINK_CMD_FLASH_UPDATE_END] = "FLASH_END",
					    [DEVLINK_CMD_FLASH_UPDATE_STATUS] = "FLASH_STATUS",
					    [DEVLINK_CMD_TRAP_NEW] = "TRAP_NEW",
					    [DEVLINK_CMD_TRAP_DEL] = "TRAP_DEL",
					    [DEVLINK_CMD_TRAP_GROUP_NEW] = "GROUP_NEW",
					    [DEVLINK_CMD_TRAP_GROUP_DEL] = "GROUP_DEL",
					    [DEVLINK_CMD_TRAP_POLICER_NEW] = "POLICER_NEW",
					    [DEVLINK_CMD_TRAP_POLICER_DEL] = "POLICER_DEL"};

	return command < sizeof(names) / sizeof(*names) && names[command] ? names[command] : "?";
}

/** probe_heard() - what the subscriber has got since, in short: "TRAP_DEL*14 NEW". */
const char *probe_heard(struct probe *p)
{
	probe_collect(p, p->listener);
	p->names[0] = '\0';
	for (size_t i = 0, run; i < p->n; i += run) {
		char one[64];

		for (run = 1; i + run < p->n && p->got[i + run].command == p->got[i].command; run++)
			;
		snprintf(one, sizeof(one), run > 1 ? "%s%s*%zu" : "%s%s", i ? " " : "",
			 name_of(p->got[i].command), run);
		strcat(p->names, one);
	}
	return p->names;
}

void probe_attrs(const struct got *g, struct attrs *a)
{
	size_t skip = NLMSG_LENGTH(GENL_HDRLEN);

	attrs_read(a, g->data + skip, g->len - skip);
}

/** probe_find() - the first attribute of each type on the way down. Return: NULL if absent. */
const struct nlattr *probe_find(const struct got *g, const uint16_t *path, size_t n)
{
	const void *data = g->data + NLMSG_LENGTH(GENL_HDRLEN);
	size_t len = g->len - NLMSG_LENGTH(GENL_HDRLEN);
	const struct nlattr *found = NULL;

	for (size_t i = 0; i < n; i++) {
		found = NULL;
		attrs_each(a, data, len)
		{
			if (attr_type(a) == path[i]) {
				found = a;
				break;
			}
		}
		if (!found)
			return NULL;
		data = attr_data(found);
		len = attr_len(found);
	}
	return found;
}

json_t *probe_device(struct probe *p, const char *handle)
{
	json_t *all = fake_state(p->fake);
	json_t *d = json_incref(json_object_get(json_object_get(all, "devices"), handle));

	json_decref(all);
	return d;
}

/**
 * probe_state() - a value of the oracle as text. @path: keys with blanks between them.
 *
 * Return: valid until the next call.
 */
const char *probe_state(struct probe *p, const char *handle, const char *path)
{
	static char text[256];
	json_t *device = probe_device(p, handle), *j = device;
	char *copy = strdup(path), *rest = NULL, *dump;

	for (char *key = strtok_r(copy, " ", &rest); key; key = strtok_r(NULL, " ", &rest))
		j = json_object_get(j, key);
	dump = json_dumps(j, JSON_ENCODE_ANY | JSON_COMPACT);
	snprintf(text, sizeof(text), "%s", dump ? dump : "absent");
	free(dump);
	free(copy);
	json_decref(device);
	return text;
}
