// SPDX-License-Identifier: GPL-2.0-or-later
/* The family's numbers and the list of devices, one request at a time. */
#include "kernel/directory.h"
#include "model/errors.h"
#include "wire/encode.h"

#include <errno.h>

/* An answer that is lost or cut is asked for again, so often in a row. */
#define LOSSES_MAX 3

struct directory {
	struct chan *chan;
	const struct directory_handlers *handlers;
	void *user;
	struct family family;
	bool listing, again;
	unsigned losses;
};

static void submit(struct directory *d, struct nl_msg *msg, bool dump)
{
	struct batch *b = batch_new(1);

	b->v[0].request = msg;
	b->v[0].dump = dump;
	chan_submit(d->chan, b);
}

static bool try_again(struct directory *d, int error)
{
	bool lost = error_is(error, ERROR_LOST);

	d->losses = lost ? d->losses + 1 : 0;
	return lost && d->losses <= LOSSES_MAX;
}

static void on_found(struct directory *d, const struct exchange *x)
{
	int error = x->error;

	if (error == 0) {
		error = -EBADMSG;
		decode_each(m, x->reply, x->reply_len)
			if (decode_family(m, &d->family) == 0)
				error = 0;
	}
	if (try_again(d, error))
		directory_find(d);
	else
		d->handlers->found(d->user, error, &d->family);
}

static void on_listed(struct directory *d, const struct exchange *x)
{
	char handle[HANDLE_MAX];
	int error = x->error;
	bool lost;

	decode_each(m, x->reply, x->reply_len) {
		int r = decode_handle(m, d->family.id, handle);

		if (r == 0)
			d->handlers->device(d->user, handle);
		else if (r == -EILSEQ)
			d->handlers->unnamed(d->user, handle);
		else if (m->nlmsg_type == d->family.id && error == 0)
			error = -EBADMSG;
	}
	d->listing = false;
	lost = try_again(d, error);
	if (!lost)
		d->handlers->listed(d->user, error);
	if (lost || d->again) {
		d->again = false;
		directory_list(d);
	}
}

static void on_done(void *user, struct batch *b)
{
	struct directory *d = user;

	if (b->v[0].dump)
		on_listed(d, &b->v[0]);
	else
		on_found(d, &b->v[0]);
	batch_free(b);
}

/** directory_new() - nothing is sent yet; @handlers must outlive it. */
struct directory *directory_new(struct chan_hub *hub, const struct directory_handlers *handlers,
				void *user)
{
	struct directory *d = mem_new(struct directory);

	d->handlers = handlers;
	d->user = user;
	d->chan = chan_new(hub, on_done, d);
	return d;
}

/** directory_free() - its handlers are not called any more. Return: NULL. */
struct directory *directory_free(struct directory *d)
{
	if (!d)
		return NULL;
	chan_free(d->chan);
	free(d);
	return NULL;
}

/** directory_find() - look for devlink; ends in handlers.found. */
void directory_find(struct directory *d)
{
	submit(d, encode_getfamily(), false);
}

/** directory_list() - list the devices; ends in handlers.listed. Needs the family to be found. */
void directory_list(struct directory *d)
{
	if (d->listing) {
		d->again = true;
		return;
	}
	d->listing = true;
	submit(d, encode_get_all(d->family.id), true);
}
