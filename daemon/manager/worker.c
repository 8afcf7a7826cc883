// SPDX-License-Identifier: GPL-2.0-or-later
/* Work in the order in which it came. */
#include "manager/worker.h"
#include "kernel/chan.h"

static void on_done(_unused_ void *user, struct batch *b)
{
	struct work *work = container_of(b->before, struct work, precheck);

	work->done(work, b->before_error);
	batch_free(b);
}

/** worker_submit() - run it after what was submitted before. */
void worker_submit(struct worker *w, struct work *work)
{
	struct batch *b = batch_new(0);

	if (!w->chan)
		w->chan = chan_new(w->hub, on_done, w);
	b->before = &work->precheck;
	chan_submit(w->chan, b);
}

/** worker_clear() - at the end, before the hub. */
void worker_clear(struct worker *w)
{
	w->chan = chan_free(w->chan);
}
