// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Between the device machine and the kernel: encodes what it wants, decodes what comes back, keeps
 * its memory on disk. Decides nothing.
 */
#include "manager/runner.h"
#include "base/clock.h"
#include "base/log.h"
#include "kernel/image.h"
#include "kernel/netdevs.h"
#include "wire/encode.h"
#include "wire/reading.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct runner {
	const struct runner_env *env;
	struct device *device;
	struct chan *chan;
	struct loop_timer *timer;
	bool gone, writing, looking;
	unsigned saving; /* batches that save */
	int save_error;	 /* the last one, or 0 */
	struct progress progress;
	/* the read in flight */
	struct reading reading;
	read_request_list requests;
};

static void send_read(struct runner *r, struct device_todo *todo)
{
	struct batch *b;

	reading_start(&r->reading, &todo->reads, r->env->family, r->device->handle, &r->requests);
	vec_clear(&todo->reads.names);
	b = batch_new(r->requests.n);
	for (size_t i = 0; i < r->requests.n; i++) {
		b->v[i].request = TAKE(r->requests.v[i].msg);
		b->v[i].dump = r->requests.v[i].dump;
	}
	if (todo->reads.impact)
		b->v[0].precheck = netdevs_probe(r->env->sysfs, r->device->handle);
	chan_submit(r->chan, b);
}

static struct precheck *precheck_of(const struct runner *r, const char *file, const char *sha256)
{
	struct image_tree tree = {.prefix = r->env->images, .owner = getuid()};

	if (strcmp(tree.prefix, "/") == 0)
		tree.owner = 0;
	return image_precheck(&tree, file, sha256);
}

/* The file is looked at in the channel's thread: it may be large. */
static void send_look(struct runner *r, const struct image_verdict *image)
{
	struct batch *b = batch_new(1);

	b->v[0].request = encode_get(r->env->family, r->device->handle);
	b->v[0].precheck = precheck_of(r, image->file, image->sha256);
	r->looking = true;
	chan_submit(r->chan, b);
}

static void finish_look(struct runner *r, const struct batch *b)
{
	const struct exchange *e = &b->v[0];
	struct device_event event = {.type = DEVICE_EV_IMAGE};

	r->looking = false;
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
	for (size_t i = 0; i < todo->n_steps; i++) {
		const struct step *s = &todo->steps[i];

		struct nl_msg *request = encode_step(r->env->family, r->device->handle, s);

		if (!request)
			continue;
		if (s->firmware.file)
			b->v[b->n].precheck = precheck_of(r, s->firmware.file, s->firmware.sha256);
		b->v[b->n++].request = request;
	}
	r->writing = true;
	chan_submit(r->chan, b);
}

/* A saving as what a batch does before its requests. */
struct save_job {
	struct precheck precheck;
	struct saving *saving;
};

static int run_save(struct precheck *p, char **ret_why _unused_)
{
	return store_saving_write(((struct save_job *)p)->saving);
}

static struct precheck *free_save(struct precheck *p)
{
	struct save_job *job = (struct save_job *)p;

	store_saving_free(job->saving);
	free(job);
	return NULL;
}

/* The disk may be slow: the channel's thread waits for it, before any request that comes after. */
static void save(struct runner *r)
{
	struct save_job *job = mem_new(struct save_job);
	struct batch *b = batch_new(0);

	job->precheck = (struct precheck){.run = run_save, .free = free_save};
	job->saving = store_saving_new(r->env->store, r->device->handle, &r->device->world.memory);
	b->before = &job->precheck;
	r->saving++;
	chan_submit(r->chan, b);
}

/* That it cannot be saved costs a reload at most, is said once, and tried again with the next event. */
static void finish_save(struct runner *r, const struct batch *b)
{
	int error = b->before_error;

	r->saving--;
	if (error < 0 && error != r->save_error)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = r->device->handle},
			 "%s: what carved remembers of the device cannot be saved: %s",
			 r->device->handle, strerror(-error));
	r->save_error = error;
	if (error < 0)
		device_not_saved(r->device);
	r->env->changed(r->env->user, r);
}

static void carry_out(struct runner *r, struct device_todo *todo)
{
	if (todo->save)
		save(r);
	if (r->env->stopping) {
		vec_clear(&todo->reads.names);
		return;
	}
	switch (todo->what) {
	case DEVICE_READ:
		send_read(r, todo);
		break;
	case DEVICE_LOOK:
		send_look(r, todo->image);
		break;
	case DEVICE_RUN:
		send_steps(r, todo);
		break;
	case DEVICE_GONE:
		r->gone = true;
		break;
	case DEVICE_REST:
		break;
	}
	loop_timer_set(r->timer, todo->wake_at);
}

/** runner_event() - let the machine take an event and do what it says. */
void runner_event(struct runner *r, const struct device_event *e)
{
	struct device_todo todo;

	if (r->gone)
		return;
	device_event(r->device, e, clock_now(), &todo);
	carry_out(r, &todo);
	r->env->changed(r->env->user, r);
}

static void on_timer(void *user)
{
	runner_event(user, &(struct device_event){.type = DEVICE_EV_TICK});
}

/* The machine may start the next read at once: what belongs to this one is taken out first. */
static void finish_read(struct runner *r, struct batch *b)
{
	struct reading reading = r->reading;
	read_request_list requests = r->requests;
	struct device_reading result;

	r->reading = (struct reading){};
	r->requests = (read_request_list){};
	for (size_t i = 0; i < b->n; i++)
		reading_answer(&reading, &requests.v[i], b->v[i].reply, b->v[i].reply_len,
			       b->v[i].error, b->v[i].lost);
	reading_finish(&reading);
	if (reading.impact.known)
		netdevs_found(b->v[0].precheck, &reading.impact);
	result = (struct device_reading){.error = reading.error,
					 .identified = reading.identified,
					 .catalogued = reading.catalogued,
					 .params_cut = reading.params_cut,
					 .have = &reading.have,
					 .catalogue = &reading.catalogue,
					 .facts = &reading.facts,
					 .impact = &reading.impact};
	runner_event(r, &(struct device_event){.type = DEVICE_EV_READ, .reading = &result});
	reading_clear(&reading);
	vec_clear(&requests);
}

static void finish_steps(struct runner *r, struct batch *b)
{
	struct step_result *results = mem_alloc(b->n * sizeof(*results));

	for (size_t i = 0; i < b->n; i++)
		results[i] = (struct step_result){.error = b->v[i].error,
						  .lost = b->v[i].lost,
						  .unsent = b->v[i].unsent,
						  .extack = b->v[i].extack};
	runner_event(r, &(struct device_event){.type = DEVICE_EV_DONE, .results = results});
	free(results);
}

static void on_done(void *user, struct batch *b)
{
	struct runner *r = user;

	if (b->before) {
		finish_save(r, b);
		batch_free(b);
		return;
	}
	r->env->drain(r->env->user);
	if (r->requests.n) {
		finish_read(r, b);
	} else if (r->looking) {
		finish_look(r, b);
	} else {
		r->writing = false;
		finish_steps(r, b);
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

struct runner *runner_free(struct runner *r)
{
	if (!r)
		return NULL;
	chan_free(r->chan);
	loop_timer_free(r->timer);
	device_free(r->device);
	vec_each(request, &r->requests)
		nlmsg_free(request->msg);
	vec_clear(&r->requests);
	reading_clear(&r->reading);
	free(r->progress.what);
	free(r);
	return NULL;
}

const struct device *runner_device(const struct runner *r)
{
	return r->device;
}

/** runner_take_records() - what the device has done, which is forgotten here. */
record_list runner_take_records(struct runner *r)
{
	return device_take_records(r->device);
}

/** runner_inherit() - @r, which is new, goes on where a predecessor was, see device_inherit(). */
void runner_inherit(struct runner *r, record_list *records, const struct config_entry *accepted)
{
	device_inherit(r->device, records, accepted);
}

/** runner_gone() - the kernel says that there is no such device. */
bool runner_gone(const struct runner *r)
{
	return r->gone;
}

/** runner_saving() - something that is to be remembered is not on disk yet. */
bool runner_saving(const struct runner *r)
{
	return r->saving > 0;
}

/** runner_writing() - the kernel is carrying out a request that cannot be interrupted. */
bool runner_writing(const struct runner *r)
{
	return r->writing;
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
	r->progress.what = text_clean(text, strlen(text));
	r->progress.done = flash->done;
	r->progress.total = flash->total;
}

/* --- files of firmware, for somebody else ------------------------------------ */

struct look {
	struct chan *chan;
	struct image_verdict image;
	void (*tell)(void *user);
	void *user;
};

/* A batch without requests that runs another precheck and keeps its words. */
struct look_job {
	struct precheck precheck;
	struct precheck *check;
	char *why;
};

static int run_look(struct precheck *p, _unused_ char **ret_why)
{
	struct look_job *job = (struct look_job *)p;

	return job->check->run(job->check, &job->why);
}

static struct precheck *free_look(struct precheck *p)
{
	struct look_job *job = (struct look_job *)p;

	job->check->free(job->check);
	free(job->why);
	free(job);
	return NULL;
}

static void on_looked(void *user, struct batch *b)
{
	struct look_job *job = (struct look_job *)b->before;
	struct look *l = user;

	l->image.error = b->before_error;
	l->image.why = TAKE(job->why);
	batch_free(b);
	l->tell(l->user);
}

/**
 * look_new() - look at the file of @f, in a thread of its own: it may be large, and
 * the device be at work for long.
 * @done: called later, and may free it
 */
struct look *look_new(const struct runner *r, const struct firmware *f, void (*done)(void *user),
		      void *user)
{
	struct look *l = mem_new(struct look);
	struct look_job *job = mem_new(struct look_job);
	struct batch *b = batch_new(0);

	*l = (struct look){.tell = done, .user = user};
	l->image = (struct image_verdict){.file = mem_strdup(f->file),
					  .sha256 = mem_strdup(f->sha256),
					  .error = -EINPROGRESS};
	job->precheck = (struct precheck){.run = run_look, .free = free_look};
	job->check = precheck_of(r, f->file, f->sha256);
	b->before = &job->precheck;
	l->chan = chan_new(r->env->hub, on_looked, l);
	chan_submit(l->chan, b);
	return l;
}

struct look *look_free(struct look *l)
{
	chan_free(l->chan);
	image_verdict_clear(&l->image);
	free(l);
	return NULL;
}

/** look_verdict() - what the file is like; its error is -EINPROGRESS until that is known. */
const struct image_verdict *look_verdict(const struct look *l)
{
	return &l->image;
}
