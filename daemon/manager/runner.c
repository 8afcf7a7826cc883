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

struct managed {
	const struct managed_environment *env;
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

static void send_read(struct managed *m, struct device_todo *todo)
{
	struct batch *b;

	reading_start(&m->reading, &todo->reads, m->env->family, m->device->handle, &m->requests);
	vec_clear(&todo->reads.names);
	b = batch_new(m->requests.n);
	for (size_t i = 0; i < m->requests.n; i++) {
		b->v[i].request = TAKE(m->requests.v[i].msg);
		b->v[i].dump = m->requests.v[i].dump;
	}
	if (todo->reads.impact)
		b->v[0].precheck = netdevs_probe(m->env->sysfs, m->device->handle);
	chan_submit(m->chan, b);
}

static struct precheck *precheck_of(const struct managed *m, const char *file, const char *sha256)
{
	struct image_tree tree = {.prefix = m->env->images, .owner = getuid()};

	if (strcmp(tree.prefix, "/") == 0)
		tree.owner = 0;
	return image_precheck(&tree, file, sha256);
}

/* The file is looked at in the channel's thread: it may be large. */
static void send_look(struct managed *m, const struct image_verdict *image)
{
	struct batch *b = batch_new(1);

	b->v[0].request = encode_get(m->env->family, m->device->handle);
	b->v[0].precheck = precheck_of(m, image->file, image->sha256);
	m->looking = true;
	chan_submit(m->chan, b);
}

static void finish_look(struct managed *m, const struct batch *b)
{
	const struct exchange *e = &b->v[0];
	struct device_event event = {.type = DEVICE_EV_IMAGE};

	m->looking = false;
	if (e->unsent) {
		event.error = e->error;
		event.why = e->extack;
	}
	managed_event(m, &event);
}

static struct nl_msg *encode_step(const struct managed *m, const struct step *s)
{
	if (s->kind == STEP_RELOAD)
		return encode_reload(m->env->family, m->device->handle, s->action, s->limit);
	if (s->kind == STEP_FLASH)
		return encode_flash(m->env->family, m->device->handle, s->firmware.file,
				    s->firmware.component);
	return encode_object_set(m->env->family, m->device->handle, &s->target);
}

static void send_steps(struct managed *m, const struct device_todo *todo)
{
	struct batch *b = batch_new(todo->n_steps);

	b->n = 0;
	for (size_t i = 0; i < todo->n_steps; i++) {
		const struct step *s = &todo->steps[i];

		if (s->kind == STEP_REMEMBER)
			continue;
		if (s->kind == STEP_FLASH)
			b->v[b->n].precheck = precheck_of(m, s->firmware.file, s->firmware.sha256);
		b->v[b->n++].request = encode_step(m, s);
	}
	m->writing = true;
	chan_submit(m->chan, b);
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
static void save(struct managed *m)
{
	struct save_job *job = mem_new(struct save_job);
	struct batch *b = batch_new(0);

	job->precheck = (struct precheck){.run = run_save, .free = free_save};
	job->saving = store_saving_new(m->env->store, m->device->handle, &m->device->world.memory);
	b->before = &job->precheck;
	m->saving++;
	chan_submit(m->chan, b);
}

/* That it cannot be saved costs a reload at most, is said once, and tried again with the next event. */
static void finish_save(struct managed *m, const struct batch *b)
{
	int r = b->before_error;

	m->saving--;
	if (r < 0 && r != m->save_error)
		log_with(LOG_ERR,
			 &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = m->device->handle},
			 "%s: what carved remembers of the device cannot be saved: %s",
			 m->device->handle, strerror(-r));
	m->save_error = r;
	m->device->dirty |= r < 0;
	m->env->changed(m->env->user, m);
}

static void carry_out(struct managed *m, struct device_todo *todo)
{
	if (todo->save)
		save(m);
	if (m->env->stopping) {
		vec_clear(&todo->reads.names);
		return;
	}
	switch (todo->what) {
	case DEVICE_READ:
		send_read(m, todo);
		break;
	case DEVICE_LOOK:
		send_look(m, todo->image);
		break;
	case DEVICE_RUN:
		send_steps(m, todo);
		break;
	case DEVICE_GONE:
		m->gone = true;
		break;
	case DEVICE_REST:
		break;
	}
	loop_timer_set(m->timer, todo->wake_at);
}

/** managed_event() - let the machine take an event and do what it says. */
void managed_event(struct managed *m, const struct device_event *e)
{
	struct device_todo todo;

	if (m->gone)
		return;
	device_event(m->device, e, clock_now(), &todo);
	carry_out(m, &todo);
	m->env->changed(m->env->user, m);
}

static void on_timer(void *user)
{
	managed_event(user, &(struct device_event){.type = DEVICE_EV_TICK});
}

/* The machine may start the next read at once: what belongs to this one is taken out first. */
static void finish_read(struct managed *m, struct batch *b)
{
	struct reading r = m->reading;
	read_request_list requests = m->requests;
	struct device_reading result;

	m->reading = (struct reading){};
	m->requests = (read_request_list){};
	for (size_t i = 0; i < b->n; i++)
		reading_answer(&r, &requests.v[i], b->v[i].reply, b->v[i].reply_len, b->v[i].error,
			       b->v[i].lost);
	reading_finish(&r);
	if (r.impact.known)
		netdevs_found(b->v[0].precheck, &r.impact);
	result = (struct device_reading){.error = r.error,
					 .identified = r.identified,
					 .catalogued = r.catalogued,
					 .params_cut = r.params_cut,
					 .have = &r.have,
					 .catalogue = &r.catalogue,
					 .facts = &r.facts,
					 .impact = &r.impact};
	managed_event(m, &(struct device_event){.type = DEVICE_EV_READ, .reading = &result});
	reading_clear(&r);
	vec_clear(&requests);
}

static void finish_steps(struct managed *m, struct batch *b)
{
	struct step_result *results = mem_alloc(b->n * sizeof(*results));

	for (size_t i = 0; i < b->n; i++)
		results[i] = (struct step_result){.error = b->v[i].error,
						  .lost = b->v[i].lost,
						  .unsent = b->v[i].unsent,
						  .extack = b->v[i].extack};
	managed_event(m, &(struct device_event){.type = DEVICE_EV_DONE, .results = results});
	free(results);
}

static void on_done(void *user, struct batch *b)
{
	struct managed *m = user;

	if (b->before) {
		finish_save(m, b);
		batch_free(b);
		return;
	}
	m->env->drain(m->env->user);
	if (m->requests.n) {
		finish_read(m, b);
	} else if (m->looking) {
		finish_look(m, b);
	} else {
		m->writing = false;
		finish_steps(m, b);
	}
	batch_free(b);
}

/**
 * managed_new() - start to look after a device, which need not exist: then it is gone soon.
 * @trigger: how it was found, for people; a literal
 */
struct managed *managed_new(const struct managed_environment *env, const char *handle,
			    struct config *config, const char *trigger)
{
	struct managed *m = mem_new(struct managed);

	m->env = env;
	m->device = device_new(handle, config, clock_now());
	m->chan = chan_new(env->hub, on_done, m);
	m->timer = loop_timer_new(env->loop, on_timer, m);
	m->device->trigger = trigger;
	m->device->world.kernel = env->kernel;
	m->device->boot = env->boot;
	m->device->off = env->off;
	store_load_memory(env->store, handle, &m->device->world.memory);
	return m;
}

struct managed *managed_free(struct managed *m)
{
	if (!m)
		return NULL;
	chan_free(m->chan);
	loop_timer_free(m->timer);
	device_free(m->device);
	vec_each(r, &m->requests)
		nlmsg_free(r->msg);
	vec_clear(&m->requests);
	reading_clear(&m->reading);
	free(m->progress.what);
	free(m);
	return NULL;
}

const struct device *managed_device(const struct managed *m)
{
	return m->device;
}

/** managed_take_records() - what the device has done, which is forgotten here. */
record_list managed_take_records(struct managed *m)
{
	record_list records = m->device->records;

	m->device->records = (record_list){};
	return records;
}

/** managed_inherit() - @m, which is new, takes over what a predecessor has done and accepted. */
void managed_inherit(struct managed *m, record_list *records, const struct assignment *accepted)
{
	records_clear(&m->device->records);
	m->device->records = *records;
	*records = (record_list){};
	device_inherit(m->device, accepted);
}

/** managed_inherit_config() - @m, which is new, has accepted @config before a restart. */
void managed_inherit_config(struct managed *m, struct config *config)
{
	device_inherit(m->device, &(struct assignment){.config = config});
}

/** managed_gone() - the kernel says that there is no such device. */
bool managed_gone(const struct managed *m)
{
	return m->gone;
}

/** managed_saving() - something that is to be remembered is not on disk yet. */
bool managed_saving(const struct managed *m)
{
	return m->saving > 0;
}

/** managed_writing() - the kernel is carrying out a request that cannot be interrupted. */
bool managed_writing(const struct managed *m)
{
	return m->writing;
}

/** managed_progress() - of the flash that goes on, or NULL. */
const struct progress *managed_progress(const struct managed *m)
{
	return m->progress.what ? &m->progress : NULL;
}

/** managed_set_progress() - @flash is what the kernel said last, or NULL: nothing is known. */
void managed_set_progress(struct managed *m, const struct flash_progress *flash)
{
	_cleanup_free_ char *text = NULL;

	free(m->progress.what);
	m->progress = (struct progress){};
	if (!flash || flash->ended)
		return;
	text = mem_printf("%s%s%s", flash->text ? flash->text : "flash",
			  flash->component ? " " : "", flash->component ? flash->component : "");
	m->progress.what = text_clean(text, strlen(text));
	m->progress.done = flash->done;
	m->progress.total = flash->total;
}

/* --- files of firmware, for somebody else ------------------------------------ */

struct managed_look {
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
	struct managed_look *l = user;

	l->image.error = b->before_error;
	l->image.why = TAKE(job->why);
	batch_free(b);
	l->tell(l->user);
}

/**
 * managed_look_new() - look at the file of @f, in a thread of its own: it may be large, and
 * the device be at work for long.
 * @done: called later, and may free it
 */
struct managed_look *managed_look_new(const struct managed *m, const struct firmware *f,
				      void (*done)(void *user), void *user)
{
	struct managed_look *l = mem_new(struct managed_look);
	struct look_job *job = mem_new(struct look_job);
	struct batch *b = batch_new(0);

	*l = (struct managed_look){.tell = done, .user = user};
	l->image = (struct image_verdict){.file = mem_strdup(f->file),
					  .sha256 = mem_strdup(f->sha256),
					  .error = -EINPROGRESS};
	job->precheck = (struct precheck){.run = run_look, .free = free_look};
	job->check = precheck_of(m, f->file, f->sha256);
	b->before = &job->precheck;
	l->chan = chan_new(m->env->hub, on_looked, l);
	chan_submit(l->chan, b);
	return l;
}

struct managed_look *managed_look_free(struct managed_look *l)
{
	chan_free(l->chan);
	image_verdict_clear(&l->image);
	free(l);
	return NULL;
}

/** managed_look_verdict() - what the file is like; its error is -EINPROGRESS until that is known. */
const struct image_verdict *managed_look_verdict(const struct managed_look *l)
{
	return &l->image;
}
