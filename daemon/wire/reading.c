// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Composes reads out of by-name requests, which no other device can block, and dumps where they
 * cannot be avoided; tells "the device has no such object" from "it could not be read".
 */
#include "wire/reading.h"
#include "model/errors.h"
#include "wire/encode.h"

#include <errno.h>

static void add(read_request_list *list, struct nl_msg *msg, const struct class *class, bool dump)
{
	vec_push(list, ((struct read_request){.msg = msg, .class = class, .dump = dump}));
}

static void add_impact(read_request_list *list, struct nl_msg *msg, bool dump)
{
	vec_push(list, ((struct read_request){.msg = msg, .dump = dump, .impact = true}));
}

/** reading_start() - set up @r and list the requests it takes, GET first. */
void reading_start(struct reading *r, const struct reads *reads, uint16_t family,
		   const char *handle, read_request_list *ret)
{
	*r = (struct reading){.family = family,
			      .handle = mem_strdup(handle),
			      .identified = reads->identify,
			      .catalogued = reads->catalogue};
	add(ret, encode_get(family, handle), NULL, false);
	if (reads->identify)
		add(ret, encode_info_get(family, handle), NULL, false);
	if (reads->resources)
		add(ret, encode_resource_dump(family, handle), &class_resource, false);
	vec_each(n, &reads->names) {
		add(ret, encode_object_get(family, handle, n->class, n->name), n->class, false);
		ret->v[ret->n - 1].name = arena_strdup(&r->have.arena, n->name);
	}
	for (size_t i = 0; reads->catalogue && i < n_classes; i++)
		if (classes[i] != &class_resource)
			add(ret, encode_object_dump(family, handle, classes[i]), classes[i], true);
	if (reads->impact)
		add_impact(ret, encode_eswitch_get(family, handle), false);
	if (reads->impact && reads->ports)
		add_impact(ret, encode_port_dump(family, handle), true);
	r->impact.known = reads->impact;
}

/*
 * Errors that say "there is no such thing": unknown traps, groups and policers are ENOENT, unknown
 * params EINVAL; EOPNOTSUPP comes from a driver without any of the kind (net/devlink of Linux 6.1
 * and 6.12).
 */
static bool means_absent(const struct read_request *request, int error)
{
	if (request->class == NULL)
		return error == -EOPNOTSUPP; /* INFO_GET of a driver without it */
	return error == -ENOENT || error == -EINVAL || error == -EOPNOTSUPP;
}

/*
 * The driver failed to tell of one object: of that which was asked for by its name, or of the one
 * at which a dump of params ended (the kernel ends other dumps without a word). A statistic that
 * cannot be read is enough (EMSGSIZE), and firmware that does not answer. That does not make the
 * device unreadable, nor is a device gone for ENODEV of it: GET was answered, and who goes says so
 * to all.
 */
static bool is_of_object(const struct read_request *request, int error)
{
	return error_is(error, ERROR_OF_OBJECT) &&
	       (request->name || (request->dump && request->class == &class_param));
}

/**
 * reading_answer() - take in the answer to one request.
 * @reply: the messages that came before the acknowledgement
 * @error: -errno of the acknowledgement, or 0; that nothing whole came with it is -EBADMSG
 * @lost: there was none, @error says why
 */
void reading_answer(struct reading *r, const struct read_request *request, const void *reply,
		    size_t len, int error, bool lost)
{
	struct state *into = request->dump ? &r->catalogue : &r->have;
	bool told = request->dump;

	if (request->impact) {
		decode_each(m, reply, len)
			decode_impact(m, r->family, r->handle, &r->impact);
		return;
	}
	decode_each(m, reply, len) {
		int n = decode_answer(m, r->family, r->handle, into, &r->facts);

		told |= n > 0;
		if (n < 0 && error == 0)
			error = n;
	}
	if (error == 0 && !told)
		error = -EBADMSG;
	if (error == 0 || means_absent(request, error))
		return;
	if (lost || !is_of_object(request, error))
		r->error = r->error ? r->error : error;
	else if (request->dump)
		r->params_cut = true;
	else
		state_add(&r->have, request->class, request->name, CLASS_NO_CMODE)->error = error;
}

/** reading_finish() - all answers are in. */
void reading_finish(struct reading *r)
{
	state_sort(&r->have);
	state_sort(&r->catalogue);
}

void reading_clear(struct reading *r)
{
	free(r->handle);
	state_clear(&r->have);
	state_clear(&r->catalogue);
	facts_clear(&r->facts);
	*r = (struct reading){};
}
