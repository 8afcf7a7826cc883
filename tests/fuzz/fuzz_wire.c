// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds bytes to all that reads what comes from the kernel. An input is what a socket gives:
 * netlink messages, of the family 21 and about pci/0000:03:00.0 where they are to count. It is the
 * answer to each kind of request, a notification, and an acknowledgement. Whatever comes: no crash,
 * error numbers that can be negated, names and words that can be shown and remembered.
 */
#include "base/text.h"
#include "fuzz.h"
#include "model/json.h"
#include "wire/reading.h"

#include <errno.h>
#include <jansson.h>
#include <netlink/msg.h>
#include <string.h>

#define FAMILY 21
#define HANDLE "pci/0000:03:00.0"
static void check_state(const struct state *s)
{
	vec_each(o, &s->objects) {
		_cleanup_free_ char *label = object_label(o);

		MUST(text_is_line(o->name) && text_is_utf8(label));
	}
	MUST(!s->passed_over || text_is_line(s->passed_over));
}

/* What was read can be kept and shown. */
static void check_world(struct reading *r)
{
	struct world w = {.have = r->have, .catalogue = r->catalogue, .facts = r->facts};
	json_t *j = facts_to_json(HANDLE, &w);
	char *text = json_dumps(j, 0);

	MUST(text);
	free(text);
	json_decref(j);
}

static void read_as_answers(const uint8_t *data, size_t size)
{
	struct reads reads = {.identify = true,
			      .resources = true,
			      .catalogue = true,
			      .impact = true,
			      .narrowed = true,
			      .port_resources = true};
	static const char *const names[] = {"t", "t1", "t2", "t3", "t4", "t5", "t6", "t7"};
	read_request_list requests = {}, rest = {};
	struct reading r;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		vec_push(&reads.names, ((struct read_name){&class_trap, names[i]}));
	reading_start(&r, &reads, NULL, FAMILY, HANDLE, &requests);
	vec_clear(&reads.names);
	vec_each(q, &requests) {
		reading_answer(&r, q, &(struct read_answer){.reply = data, .len = size});
		nlmsg_free(q->msg);
	}
	vec_clear(&requests);
	reading_rest(&r, &rest);
	vec_each(q, &rest) {
		reading_answer(&r, q, &(struct read_answer){.reply = data, .len = size});
		nlmsg_free(q->msg);
	}
	vec_clear(&rest);
	reading_finish(&r);
	check_state(&r.have);
	check_state(&r.catalogue);
	check_world(&r);
	reading_clear(&r);
}

static void read_one(const struct nlmsghdr *m)
{
	char handle[HANDLE_MAX];
	struct notification n;
	struct family family;
	struct ack ack;
	int r = decode_handle(m, FAMILY, handle);

	MUST(r == 0 || r == -EBADMSG || r == -EILSEQ);
	MUST(r == -EBADMSG || text_is_line(handle));
	MUST(decode_notification(m, FAMILY, &n) == r);
	if (r == 0 && n.is_flash)
		MUST(!n.flash.text || strlen(n.flash.text) < m->nlmsg_len);
	if (decode_family(m, &family) == 0)
		MUST(family.config_group);
	if (decode_ack(m, &ack) < 0)
		return;
	MUST(ack.error <= 0 && ack.error >= -4095);
	MUST(!ack.text || (*ack.text && text_is_line(ack.text)));
	free(ack.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t *aligned = mem_alloc(size + sizeof(*aligned)); /* as a socket's buffer is */

	memcpy(aligned, data, size);
	read_as_answers((const uint8_t *)aligned, size);
	decode_each(m, aligned, size)
		read_one(m);
	free(aligned);
	return 0;
}
