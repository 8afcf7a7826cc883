// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between the device machine and the kernel: encodes what it wants, decodes what comes back, keeps
 * its memory on disk. Decides nothing.
 */
#include "manager/runner.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/chan.h"
#include "kernel/netdevs.h"
#include "loop/loop.h"
#include "manager/glance.h"
#include "manager/look.h"
#include "plan/match.h"
#include "store/memory.h"
#include "wire/encode.h"
#include "wire/reading.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/*
 * What the batch in flight is for, and so what its answers are. Savings are told apart by their
 * own.
 */
enum sent { SENT_NOTHING, SENT_READ, SENT_LOOK, SENT_STEPS };

struct runner {
	const struct runner_env *env;
	struct device *device;
	struct chan *chan;
	struct loop_timer *timer;
	bool gone;
	bool unnamed_told, no_thread_told;
	enum sent sent;
	unsigned saving;      /* batches that save */
	bool unsaved;	      /* something is to be saved, and no batch does it yet */
	bool unsaved_running; /* ... of what a reboot ends */
	int save_error;	      /* the last one, or 0 */
	struct progress progress;
	struct reading reading;	    /* of SENT_READ */
	read_request_list requests; /* of SENT_READ */
};

static void submit(struct runner *r, struct batch *b, enum sent what)
{
	r->sent = what;
	chan_submit(r->chan, b);
}

static struct precheck *probe(const struct runner *r, bool closely)
{
	const struct config *c = r->device->assignment.latest;
	struct precheck *p;
	text_list names = {};

	if (c)
		match_netdev_names(c, &names);
	p = netdevs_probe(r->env->sysfs, r->device->handle, closely, &names);
	vec_clear(&names);
	return p;
}

/* @n_more: leave room for so many behind them */
static struct batch *pack_requests(struct runner *r, size_t n_more)
{
	struct batch *b = batch_new(r->requests.n + n_more);

	b->n = r->requests.n;
	for (size_t i = 0; i < r->requests.n; i++) {
		b->v[i].request = TAKE(r->requests.v[i].msg);
		b->v[i].dump = r->requests.v[i].dump;
	}
	return b;
}

/* Put the steps behind what is in @b; a phase waits for the answers to the one before it. */
static void pack_steps(struct runner *r, struct batch *b, const struct device_todo *todo)
{
	chan_hold(r->chan, false);
	for (size_t i = 0; i < todo->n_steps; i++) {
		const struct step *s = &todo->steps[i];
		struct nl_msg *request = encode_step(r->env->family, r->device->handle,
						     r->device->world.facts.registration, s);

		if (!request)
			continue;
		if (s->firmware.file)
			b->v[b->n].precheck =
				look_precheck(r->env->images, s->firmware.file, s->firmware.sha256);
		b->v[b->n].gated = i > 0 && s->phase != s[-1].phase;
		b->v[b->n++].request = request;
	}
}

/* What is offered along with a glance is sent by the channel as soon as that shows a reload. */
static void pack_offered(struct runner *r, struct batch *b, const struct device_todo *todo)
{
	const struct world *w = &r->device->world;
	size_t glance = b->n - 1;

	pack_steps(r, b, todo);
	b->v[glance + 1].gated = true;
	b->v[glance + 1].precheck =
		glance_precheck(&(struct glance){.answer = &b->v[glance],
						 .family = r->env->family,
						 .handle = r->device->handle,
						 .counters = w->memory.counters,
						 .registration = w->memory.registration});
}

static void send_read(struct runner *r, struct device_todo *todo)
{
	const struct world *w = &r->device->world;
	struct batch *b;

	reading_start(&r->reading, &todo->reads, w->has_catalogue ? &w->catalogue : NULL,
		      r->env->family, r->device->handle, &r->requests);
	vec_clear(&todo->reads.names);
	b = pack_requests(r, todo->n_steps);
	if (todo->reads.impact || todo->reads.identify)
		b->v[0].precheck = probe(r, todo->reads.impact);
	if (todo->n_steps)
		pack_offered(r, b, todo);
	submit(r, b, SENT_READ);
}

/* The file is looked at in the channel's thread: it may be large. */
static void send_look(struct runner *r, const struct image_verdict *image)
{
	struct batch *b = batch_new(1);

	b->v[0].request = encode_get(r->env->family, r->device->handle);
	b->v[0].precheck = look_precheck(r->env->images, image->file, image->sha256);
	submit(r, b, SENT_LOOK);
}

static void finish_look(struct runner *r, const struct batch *b)
{
	const struct exchange *e = &b->v[0];
	struct device_event event = {.type = DEVICE_EV_IMAGE};

	if (e->unsent) {
		event.error = e->error;
		event.why = e->extack;
	}
	runner_event(r, &event);
}

static void send_steps(struct runner *r, const struct device_todo *todo)
{
	struct batch *b = batch_new(todo->n_steps);

	b->n = 0;
	pack_steps(r, b, todo);
	submit(r, b, SENT_STEPS);
}

/* A saving as what a batch does before its requests. */
struct save_job {
	struct precheck precheck;
	struct saving *saving;
	enum saving_kind kind;
};

static int run_save(struct precheck *p, char **ret_why _unused_)
{
	return store_saving_write(container_of(p, struct save_job, precheck)->saving);
}

static struct precheck *free_save(struct precheck *p)
{
	struct save_job *job = container_of(p, struct save_job, precheck);

	store_saving_free(job->saving);
	free(job);
	return NULL;
}

static enum saving_kind saving_kind(const struct runner *r, bool lasting)
{
	if (!r->device->assignment.used.entry && !r->device->world.memory.pause.until)
		return SAVING_AGAIN;
	if (!lasting)
		return SAVING_RUNNING;
	return r->unsaved_running ? SAVING_ALL : SAVING_LASTING;
}

/*
 * The disk may be slow: the channel's thread waits for it, before any request that comes after.
 * @lasting: also what a reboot does not end
 */
static void save(struct runner *r, bool lasting)
{
	enum saving_kind kind = saving_kind(r, lasting);
	struct save_job *job;
	struct batch *b;

	r->unsaved = kind == SAVING_RUNNING;
	r->unsaved_running = kind == SAVING_AGAIN; /* it is not known whether there was a file */
	if (r->device->world.memory.unreadable)
		return;
	job = mem_new(struct save_job);
	b = batch_new(0);
	job->precheck = (struct precheck){.run = run_save, .free = free_save};
	job->saving =
		store_saving_new(r->env->store, r->device->handle, &r->device->world.memory, kind);
	job->kind = kind;
	b->before = &job->precheck;
	r->saving++;
	chan_submit(r->chan, b);
}

/*
 * That it cannot be saved costs a reload at most, is said once until the disk has taken all, and is
 * tried again with the next event.
 */
static void finish_save(struct runner *r, const struct batch *b)
{
	int error = b->before_error;

	r->saving--;
	if (error < 0 && error != r->save_error)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = r->device->handle},
			 "%s: what carved remembers of the device cannot be saved: %s",
			 r->device->handle, strerror(-error));
	if (error < 0 || container_of(b->before, struct save_job, precheck)->kind != SAVING_RUNNING)
		r->save_error = error;
	if (error < 0)
		device_not_saved(r->device);
	r->env->changed(r->env->user, r);
}

/*
 * Memory is to be kept before a write. Neither a read nor what follows it at once waits for the
 * disk, but where it says so.
 */
static void carry_out(struct runner *r, struct device_todo *todo)
{
	r->unsaved |= todo->save;
	r->unsaved_running |= todo->running;
	if (r->env->stopping) {
		if (r->unsaved)
			save(r, true);
		vec_clear(&todo->reads.names);
		if (r->sent != SENT_NOTHING) /* a thread that dies is noticed to the end */
			loop_timer_set(r->timer, todo->wake_at);
		return;
	}
	switch (todo->what) {
	case DEVICE_READ:
		if (todo->save_first)
			save(r, true);
		send_read(r, todo);
		break;
	case DEVICE_LOOK:
		send_look(r, todo->image);
		break;
	case DEVICE_RUN:
		if (r->unsaved_running || (r->unsaved && todo->lasting))
			save(r, todo->lasting);
		send_steps(r, todo);
		break;
	case DEVICE_GONE:
		if (r->unsaved)
			save(r, true);
		r->gone = true;
		break;
	case DEVICE_REST: /* the rest is runner_keep()'s */
		if (r->unsaved && todo->save_first)
			save(r, true);
		break;
	}
	loop_timer_set(r->timer, todo->wake_at);
}

static const char *const event_names[] = {
	[DEVICE_EV_CONFIG] = "a config",
	[DEVICE_EV_STALE] = "a notification",
	[DEVICE_EV_COUNTED] = "a notification with counters",
	[DEVICE_EV_VANISHED] = "a farewell",
	[DEVICE_EV_RECREATED] = "objects that were registered again",
	[DEVICE_EV_HEARD] = "notifications",
	[DEVICE_EV_READ] = "answers",
	[DEVICE_EV_DONE] = "results",
	[DEVICE_EV_IMAGE] = "a firmware file",
	[DEVICE_EV_APPLY] = "an operator",
	[DEVICE_EV_PAUSE] = "a pause",
	[DEVICE_EV_CAPTURE] = "a capture",
	[DEVICE_EV_TURN] = "its turn",
	[DEVICE_EV_BROKEN] = "a dead thread",
	[DEVICE_EV_TICK] = "the time",
};

static void on_done(void *user, struct batch *b);

/** runner_event() - let the machine take an event and do what it says. */
void runner_event(struct runner *r, const struct device_event *e)
{
	struct device_todo todo;

	if (r->gone)
		return;
	log_debug("%s: called for %s", r->device->handle, event_names[e->type]);
	log_hold(); /* nothing waits for the journal */
	device_event(r->device, e, clock_now(), &todo);
	if (device_stops(r->device))
		chan_hold(r->chan, true);
	carry_out(r, &todo);
	log_release();
	r->env->changed(r->env->user, r);
}

/* What was in flight is lost, and so is the device: nothing but savings is sent from here on. */
static void lose_thread(struct runner *r)
{
	r->chan = chan_free(r->chan);
	r->chan = chan_new(r->env->hub, on_done, r);
	r->sent = SENT_NOTHING;
	r->saving = 0;
	device_not_saved(r->device);
	runner_event(r, &(struct device_event){.type = DEVICE_EV_BROKEN});
}

static void on_timer(void *user)
{
	struct runner *r = user;

	if (chan_died(r->chan))
		lose_thread(r);
	else
		runner_event(r, &(struct device_event){.type = DEVICE_EV_TICK});
}

/* Of an object that was passed over nothing else is known. */
static void tell_unnamed(struct runner *r, const char *name)
{
	if (name && !r->unnamed_told)
		log_with(LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_UNNAMED, .device = r->device->handle},
			 "%s: an object is passed over, as its name is not text: %s",
			 r->device->handle, name);
	r->unnamed_told |= name != NULL;
}

static void take_answers(struct runner *r, const struct batch *b)
{
	struct reading *reading = &r->reading;

	for (size_t i = 0; i < r->requests.n; i++)
		reading_answer(reading, &r->requests.v[i],
			       &(struct read_answer){.reply = b->v[i].reply,
						     .len = b->v[i].reply_len,
						     .error = b->v[i].error,
						     .words = b->v[i].extack,
						     .lost = b->v[i].lost});
	vec_clear(&r->requests);
	if (b->v[0].precheck && reading->impact.known)
		netdevs_found(b->v[0].precheck, &reading->impact);
	if (b->v[0].precheck && reading->identified)
		netdevs_identify(b->v[0].precheck, &reading->facts);
}

/*
 * Hands @e in with the answers to what was sent of @b as steps, from @first on: where a gate was
 * shut or a precheck failed, that is not all.
 */
static void hand_in(struct runner *r, const struct batch *b, size_t first, struct device_event *e)
{
	_cleanup_free_ struct step_result *results = mem_alloc((b->n - first) * sizeof(*results));

	e->results = results;
	for (size_t i = first; i < b->n && !b->v[i].held; i++)
		results[e->n_results++] = (struct step_result){.error = b->v[i].error,
							       .lost = b->v[i].lost,
							       .unsent = b->v[i].unsent,
							       .extack = b->v[i].extack};
	runner_event(r, e);
}

/* The machine may start the next read at once: what belongs to this one is taken out first. */
static void finish_read(struct runner *r, const struct batch *b)
{
	size_t n = r->requests.n;
	struct reading reading;
	struct device_reading result;

	take_answers(r, b);
	if (reading_rest(&r->reading, &r->requests)) {
		submit(r, pack_requests(r, 0), SENT_READ);
		return;
	}
	reading = r->reading;
	r->reading = (struct reading){};
	reading_finish(&reading);
	tell_unnamed(r, reading.have.passed_over ?: reading.catalogue.passed_over);
	result = (struct device_reading){.error = reading.error,
					 .words = reading.words,
					 .untold = reading.untold,
					 .untold_words = reading.untold_words,
					 .identified = reading.identified,
					 .catalogued = reading.catalogued,
					 .params_cut = reading.params_cut,
					 .denied = reading.denied,
					 .have = &reading.have,
					 .catalogue = &reading.catalogue,
					 .facts = &reading.facts,
					 .impact = &reading.impact};
	hand_in(r, b, n < b->n && b->v[n].unsent ? b->n : n,
		&(struct device_event){.type = DEVICE_EV_READ, .reading = &result});
	reading_clear(&reading);
}

static void finish_steps(struct runner *r, const struct batch *b)
{
	hand_in(r, b, 0, &(struct device_event){.type = DEVICE_EV_DONE});
}

static void tell_no_thread(struct runner *r, const struct batch *b)
{
	if (b->no_thread && !r->no_thread_told)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_KERNEL, .device = r->device->handle},
			 "%s: no thread can be had for its requests", r->device->handle);
	r->no_thread_told = b->no_thread;
}

static void on_done(void *user, struct batch *b)
{
	struct runner *r = user;
	enum sent sent = r->sent;

	tell_no_thread(r, b);
	if (b->before) {
		finish_save(r, b);
		batch_free(b);
		return;
	}
	r->sent = SENT_NOTHING; /* the machine may send the next at once */
	switch (sent) {
	case SENT_READ:
		finish_read(r, b);
		break;
	case SENT_LOOK:
		finish_look(r, b);
		break;
	case SENT_STEPS:
		finish_steps(r, b);
		break;
	case SENT_NOTHING:
		break;
	}
	batch_free(b);
}

/**
 * runner_new() - start to look after a device, which need not exist: then it is gone soon.
 * @trigger: how it was found
 */
struct runner *runner_new(const struct runner_env *env, const char *handle, struct config *config,
			  enum trigger trigger)
{
	struct runner *r = mem_new(struct runner);
	struct memory memory = {};

	store_load_memory(env->store, handle, &memory);
	r->env = env;
	r->device = device_new(&env->device, handle, config, trigger, &memory, clock_now());
	r->chan = chan_new(env->hub, on_done, r);
	r->timer = loop_timer_new(env->loop, on_timer, r);
	return r;
}

/** runner_free() - what the kernel is at goes on without it. Return: NULL. */
struct runner *runner_free(struct runner *r)
{
	if (!r)
		return NULL;
	chan_free(r->chan);
	loop_timer_free(r->timer);
	device_free(r->device);
	vec_each(request, &r->requests)
		encode_free(request->msg);
	vec_clear(&r->requests);
	reading_clear(&r->reading);
	free(r->progress.what);
	free(r);
	return NULL;
}

/** runner_stop() - later phases of what the kernel is at are not sent; what is to be is saved. */
void runner_stop(struct runner *r)
{
	if (r->unsaved)
		save(r, true);
	chan_hold(r->chan, true);
}

/**
 * runner_keep() - what is remembered is saved where the device rests.
 *
 * To be called when all have been told: they do not wait for the texts of thousands of values.
 */
void runner_keep(struct runner *r)
{
	if (r->unsaved && r->sent == SENT_NOTHING && !r->gone)
		save(r, true);
}

/** runner_device() - Return: the machine, to look at. */
const struct device *runner_device(const struct runner *r)
{
	return r->device;
}

/** runner_take_records() - Return: what the device has done, which is forgotten here. */
record_list runner_take_records(struct runner *r)
{
	return device_take_records(r->device);
}

/** runner_inherit() - @r, which is new, goes on where a predecessor was, see device_inherit(). */
void runner_inherit(struct runner *r, record_list *records, const struct config_entry *accepted)
{
	device_inherit(r->device, records, accepted);
}

/** runner_gone() - has the kernel said that there is no such device? */
bool runner_gone(const struct runner *r)
{
	return r->gone;
}

/** runner_saving() - is something that is to be remembered not on disk yet? */
bool runner_saving(const struct runner *r)
{
	return r->saving > 0 || r->unsaved;
}

/** runner_save_error() - what kept it from being saved the last time. Return: 0 or -errno. */
int runner_save_error(const struct runner *r)
{
	return r->save_error;
}

/** runner_writing() - is the kernel carrying out a request that cannot be interrupted? */
bool runner_writing(const struct runner *r)
{
	return r->sent == SENT_STEPS;
}

/**
 * runner_request() - what runner_writing() is about.
 * @ret_since: when it was sent, by clock_now()
 *
 * Return: "a reload", "a flash", "a setting", or NULL: nothing is being carried out.
 */
const char *runner_request(const struct runner *r, uint64_t *ret_since)
{
	*ret_since = r->device->run.since;
	return runner_writing(r) ? run_request(&r->device->run) : NULL;
}

/** runner_progress() - of the flash that goes on, or NULL. */
const struct progress *runner_progress(const struct runner *r)
{
	return r->progress.what ? &r->progress : NULL;
}

/** runner_set_progress() - @flash is what the kernel said last, or NULL: nothing is known. */
void runner_set_progress(struct runner *r, const struct flash_progress *flash)
{
	_cleanup_free_ char *text = NULL;

	free(r->progress.what);
	r->progress = (struct progress){};
	if (!flash || flash->ended)
		return;
	text = mem_printf("%s%s%s", flash->text ? flash->text : "flash",
			  flash->component ? " " : "", flash->component ? flash->component : "");
	r->progress.what = text_clean_line(text);
	r->progress.done = flash->done;
	r->progress.total = flash->total;
}
