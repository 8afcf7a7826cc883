// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Composes reads out of by-name requests and dumps; tells "the device has no such object" from "it
 * could not be read".
 */
#include "wire/reading.h"
#include "base/text.h"
#include "model/errors.h"
#include "wire/encode.h"

#include <errno.h>
#include <string.h>

/*
 * An object costs Linux 6.12 a sixth in a dump of what it costs by name (doc/figures.md): a dump is
 * for so many names at least, and where it does not tell of so many times more than are wanted.
 */
#define DUMP_LEAST 8
#define DUMP_SHARE 4

static void add(read_request_list *list, struct read_request request)
{
	request.msg = encode_shrink(request.msg);
	vec_push(list, request);
}

static bool takes_ports(const struct reads *reads)
{
	vec_each(n, &reads->names)
		if (class_is_structural(n->class)) /* whose netdevs? */
			return true;
	for (size_t i = 0; i < n_classes; i++)
		if (class_has_ports(classes[i]) &&
		    (reads->catalogue || reads_all_of(reads, classes[i])))
			return true;
	return false;
}

static void add_dump(struct reading *r, const struct class *class, read_request_list *ret)
{
	add(ret, (struct read_request){.msg = encode_object_dump(r->family, r->handle, class),
				       .class = class,
				       .dump = true});
}

static void add_object(struct reading *r, const struct class *class, const char *name,
		       read_request_list *ret)
{
	add(ret, (struct read_request){.msg = encode_object_get(r->family, r->handle, class, name),
				       .class = class,
				       .name = arena_strdup(&r->names, name)});
}

/* Of a class whose dump one object can end with an error, or that would tell of ports, too: no. */
static bool is_dumped_narrowed(const struct class *class)
{
	return !class->ends_dump && class->form != FORM_SECTION && !class_has_ports(class);
}

/* Is a dump for these @n names of one class cheaper than they are? */
static bool are_many(const struct class *class, size_t n, const struct state *known)
{
	size_t all = 0;

	for (size_t i = 0; known && i < known->objects.n; i++)
		all += known->objects.v[i].class == class;
	return n >= DUMP_LEAST && n * DUMP_SHARE >= all;
}

static void add_narrowed(struct reading *r, const struct read_name *names, size_t n,
			 read_request_list *ret)
{
	size_t first = r->wanted.n;

	for (size_t i = 0; i < n; i++)
		vec_push(&r->wanted,
			 ((struct read_wanted){.class = names[i].class,
					       .name = arena_strdup(&r->names, names[i].name)}));
	add_dump(r, names->class, ret);
	ret->v[ret->n - 1].first = first;
	ret->v[ret->n - 1].n = n;
}

static void add_class(struct reading *r, const struct reads *reads, const struct state *known,
		      const struct read_name *names, size_t n, read_request_list *ret)
{
	const struct class *class = names->class;

	if (class->read == READ_PORTS)
		return;
	if (reads_all_of(reads, class))
		add_dump(r, class, ret);
	else if (reads->narrowed && is_dumped_narrowed(class) && are_many(class, n, known))
		add_narrowed(r, names, n, ret);
	else
		for (size_t i = 0; i < n; i++)
			add_object(r, class, names[i].name, ret);
}

static void add_names(struct reading *r, const struct reads *reads, const struct state *known,
		      read_request_list *ret)
{
	const struct read_name *names = reads->names.v;

	for (size_t i = 0, n; i < reads->names.n; i += n) {
		for (n = 1; i + n < reads->names.n && names[i + n].class == names[i].class;)
			n++;
		add_class(r, reads, known, &names[i], n, ret);
	}
}

static void add_of_device(struct reading *r, read_request_list *ret)
{
	for (size_t i = 0; i < n_classes; i++)
		if (classes[i]->read == READ_DEVICE)
			add(ret, (struct read_request){.msg = encode_device_objects(
							       r->family, r->handle, classes[i]),
						       .class = classes[i]});
}

/* A class whose section is its only object has nothing to dump. */
static struct read_request catalogue_request(const struct reading *r, const struct class *class)
{
	bool dump = class->form != FORM_SECTION;

	return (struct read_request){
		.msg = dump ? encode_object_dump(r->family, r->handle, class)
			    : encode_object_get(r->family, r->handle, class, class->section),
		.class = class,
		.dump = dump,
		.catalogue = true};
}

static void add_catalogue(struct reading *r, const struct reads *reads, read_request_list *ret)
{
	if (reads->port_resources)
		add(ret, (struct read_request){.msg = encode_port_resources(r->family, r->handle),
					       .dump = true,
					       .port_resources = true});
	for (size_t i = 0; i < n_classes; i++)
		if (classes[i]->read == READ_BY_NAME)
			add(ret, catalogue_request(r, classes[i]));
}

static void add_impact_dumps(struct reading *r, read_request_list *ret)
{
	add(ret, (struct read_request){.msg = encode_port_dump(r->family, r->handle),
				       .dump = true,
				       .impact = true});
	add(ret, (struct read_request){.msg = encode_rate_dump(r->family, r->handle),
				       .dump = true,
				       .impact = true});
}

/**
 * reading_start() - set up @r and list the requests it takes, GET first.
 * @known: the catalogue of the device, or NULL
 */
void reading_start(struct reading *r, const struct reads *reads, const struct state *known,
		   uint16_t family, const char *handle, read_request_list *ret)
{
	*r = (struct reading){.family = family,
			      .handle = mem_strdup(handle),
			      .identified = reads->identify,
			      .catalogued = reads->catalogue};
	add(ret, (struct read_request){.msg = encode_get(family, handle)});
	if (reads->identify)
		add(ret,
		    (struct read_request){.msg = encode_info_get(family, handle), .info = true});
	if (takes_ports(reads)) /* before what is of a port */
		add(ret, (struct read_request){.msg = encode_port_dump(family, handle),
					       .dump = true,
					       .ports = true});
	if (reads->resources)
		add_of_device(r, ret);
	add_names(r, reads, known, ret);
	if (reads->catalogue)
		add_catalogue(r, reads, ret);
	if (reads->impact)
		add(ret, (struct read_request){.msg = encode_eswitch_get(family, handle),
					       .impact = true});
	if (reads->impact && reads->narrowed)
		add_impact_dumps(r, ret);
	r->impact.known = reads->impact;
}

/* Does the error say that there is no such thing? */
static bool means_absent(const struct read_request *request, int error)
{
	if (request->class == NULL)
		return error == -EOPNOTSUPP; /* INFO_GET of a driver without it */
	for (size_t i = 0; i < CLASS_MAX_ERRORS; i++)
		if (error == -request->class->absent_errors[i])
			return true;
	return false;
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
	       (request->name || (request->catalogue && (request->class->ends_dump ||
							 request->class->form == FORM_SECTION)));
}

static void take_ports(struct reading *r, const struct read_answer *answer)
{
	decode_each(m, answer->reply, answer->len) {
		decode_port(m, r->family, r->handle, &r->have);
		decode_port(m, r->family, r->handle, &r->catalogue);
	}
	r->have.ports_read = true;
}

static bool is_get(const struct read_request *request)
{
	return !request->class && !request->info;
}

/*
 * From Linux 7.1 on an instance that has a device can be asked for as "devlink_index/N", too, and
 * answers by its own name: under this one there is no device.
 */
static bool is_of_another(const struct reading *r, const struct read_answer *answer)
{
	char handle[HANDLE_MAX];

	decode_each(m, answer->reply, answer->len)
		if (decode_handle(m, r->family, handle) == 0 && strcmp(handle, r->handle) != 0)
			return true;
	return false;
}

/* Return: 0; -EBADMSG where nothing whole came; -ENODEV where it is about another device. */
static int take_messages(struct reading *r, const struct read_request *request,
			 const struct read_answer *answer)
{
	struct state *into = request->catalogue ? &r->catalogue : &r->have;
	bool told = request->dump;
	int error = answer->error;

	decode_each(m, answer->reply, answer->len) {
		int n = decode_answer(m, r->family, r->handle, into, &r->facts);

		told |= n > 0;
		if (n < 0 && error == 0)
			error = n;
	}
	if (error == 0 && !told)
		error = is_get(request) && is_of_another(r, answer) ? -ENODEV : -EBADMSG;
	return error;
}

static void take_error(struct reading *r, const struct read_request *request, int error,
		       const struct read_answer *answer)
{
	struct object *o;

	if (request->info && !answer->lost && error != -ENODEV) {
		r->untold = error;
		r->untold_words = mem_strdup(answer->words);
		r->facts.untold = true;
	} else if (answer->lost || !is_of_object(request, error)) {
		if (r->error)
			return;
		r->error = error;
		r->words = mem_strdup(answer->words);
	} else if (request->catalogue) {
		r->params_cut |= request->class->ends_dump;
	} else {
		o = state_add(&r->have, request->class, request->name, CLASS_NO_CMODE);
		o->error = error;
		o->error_words = arena_strdup(&r->have.arena, answer->words);
	}
}

/* In the order of object_compare(). */
static int compare_names(const void *key, const void *wanted)
{
	return text_compare(key, ((const struct read_wanted *)wanted)->name);
}

/* Keep the last object that was told of, if it is wanted. Return: false where it is not. */
static bool keep_wanted(struct reading *r, const struct read_request *request)
{
	struct state *have = &r->have;
	const struct object *o = &have->objects.v[have->objects.n - 1];
	struct read_wanted *w = NULL;

	if (o->class == request->class)
		w = bsearch(o->name, &r->wanted.v[request->first], request->n, sizeof(*w),
			    compare_names);
	if (!w)
		return false;
	if (w->told)
		have->objects.v[w->told - 1] = have->objects.v[--have->objects.n];
	else
		w->told = have->objects.n;
	return true;
}

/* One message of a dump. Return: false where it was cut. */
static bool take_narrowed(struct reading *r, const struct read_request *request,
			  const struct nlmsghdr *m)
{
	struct arena_mark mark = arena_mark(&r->have.arena);
	size_t before = r->have.objects.n;
	int n = decode_answer(m, r->family, r->handle, &r->have, &r->facts);

	if (r->have.objects.n > before && !keep_wanted(r, request)) {
		r->have.objects.n = before;
		arena_rewind(&r->have.arena, mark);
	}
	return n >= 0;
}

/*
 * What a dump tells of names. One that ended with an error, or of which a message makes no sense,
 * is not believed: what it told is asked for once more by its name.
 */
static void take_dump(struct reading *r, const struct read_request *request,
		      const struct read_answer *answer)
{
	size_t before = r->have.objects.n;
	bool whole = answer->error == 0;

	decode_each(m, answer->reply, answer->len)
		whole = whole && take_narrowed(r, request, m);
	if (whole)
		return;
	if (answer->lost)
		take_error(r, request, answer->error, answer);
	r->have.objects.n = before;
	for (size_t i = 0; i < request->n; i++)
		r->wanted.v[request->first + i].told = 0;
}

/** reading_answer() - take in the answer to one request. */
void reading_answer(struct reading *r, const struct read_request *request,
		    const struct read_answer *answer)
{
	int error;

	if (request->impact) {
		decode_each(m, answer->reply, answer->len)
			decode_impact(m, r->family, r->handle, &r->impact);
		return;
	}
	if (request->port_resources && !answer->lost) {
		decode_each(m, answer->reply, answer->len)
			decode_port_resources(m, r->family, r->handle, &r->catalogue);
		return;
	}
	if (request->ports && answer->error == 0) {
		take_ports(r, answer);
		return;
	}
	if (request->n) {
		take_dump(r, request, answer);
		return;
	}
	error = take_messages(r, request, answer);
	if (error < 0 && means_absent(request, error))
		r->denied |= request->class && !request->catalogue;
	else if (error < 0)
		take_error(r, request, error, answer);
}

/**
 * reading_rest() - what of it has to be asked for by name, as no dump told of it.
 * @ret: must be empty
 *
 * Return: is there anything?
 */
bool reading_rest(struct reading *r, read_request_list *ret)
{
	if (r->error == 0)
		vec_each(w, &r->wanted)
			if (!w->told)
				add_object(r, w->class, w->name, ret);
	vec_clear(&r->wanted);
	return ret->n;
}

/** reading_finish() - all answers are in. */
void reading_finish(struct reading *r)
{
	for (size_t i = 0; i < n_classes; i++) {
		if (classes[i]->read != READ_PORTS)
			continue;
		classes[i]->of_ports(&r->have);
		classes[i]->of_ports(&r->catalogue);
	}
	state_sort(&r->have);
	state_sort(&r->catalogue);
}

/** reading_clear() - free what was read and not taken. */
void reading_clear(struct reading *r)
{
	free(r->handle);
	free(r->words);
	free(r->untold_words);
	arena_clear(&r->names);
	vec_clear(&r->wanted);
	state_clear(&r->have);
	state_clear(&r->catalogue);
	facts_clear(&r->facts);
	*r = (struct reading){};
}
