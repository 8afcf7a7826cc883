// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carvectl metrics: what is known, in the text format of Prometheus, for node_exporter's textfile
 * collector. Decides the names of the metrics, which must not change any more.
 */
#include "metrics.h"
#include "base/clock.h"
#include "ctl.h"
#include "fetch.h"
#include "output.h"

#include <inttypes.h>

static const char *const states[] = {
	"unmanaged", "absent",	  "reading",	    "converged",	   "applying",
	"flashing",  "reloading", "pending-reload", "pending-power-cycle", "drifted",
	"paused",    "refused",	  "failed",	    "quarantined"};

static void begin(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_add(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value, as the format wants it. */
static void add_label(struct buf *out, const char *name, const char *value, bool first)
{
	buf_add(out, "%s%s=\"", first ? "" : ",", name);
	for (const char *p = value; *p; p++) {
		if (*p == '\n')
			buf_add(out, "\\n");
		else
			buf_add(out, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
	}
	buf_add(out, "\"");
}

static void add_number(struct buf *out, uint64_t n)
{
	if (n == UINT64_MAX)
		buf_add(out, " +Inf\n");
	else
		buf_add(out, " %" PRIu64 "\n", n);
}

static void add_seconds(struct buf *out, uint64_t usec)
{
	buf_add(out, " %" PRIu64 ".%06" PRIu64 "\n", usec / 1000000, usec % 1000000);
}

static bool is_there(const struct device_answer *d)
{
	return *d->handle;
}

#define each_device(d, a)                                                                          \
	vec_each(d, &(a)->devices)                                                                 \
		if (is_there(d))

static void add_device(struct buf *out, const char *name, const struct device_answer *d)
{
	buf_add(out, "%s{", name);
	add_label(out, "device", d->handle, true);
}

/* --- carved itself ----------------------------------------------------------- */

static size_t count_errors(const struct status_answer *a)
{
	size_t n = 0;

	vec_each(text, &a->diagnostics)
		n += strstr(*text, ": error: ") != NULL;
	return n;
}

static void render_daemon(const struct status_answer *a, struct buf *out)
{
	begin(out, "carved_up", "gauge", "Whether carved answers.");
	buf_add(out, "carved_up 1\n");
	begin(out, "carved_info", "gauge", "The version of carved.");
	buf_add(out, "carved_info{");
	add_label(out, "version", a->version, true);
	buf_add(out, "} 1\n");
	begin(out, "carved_state", "gauge",
	      "The state of all devices together: 1 for the one it is.");
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		buf_add(out, "carved_state{state=\"%s\"} %d\n", states[i],
			strcmp(states[i], a->state) == 0);
	begin(out, "carved_config_generation", "gauge",
	      "Counts the configurations that came into force.");
	buf_add(out, "carved_config_generation %" PRIu64 "\n", a->generation);
	begin(out, "carved_config_out_of_sync", "gauge",
	      "Whether the files on disk differ from what is in force.");
	buf_add(out, "carved_config_out_of_sync %d\n", a->out_of_sync);
	begin(out, "carved_config_trial_deadline_timestamp_seconds", "gauge",
	      "Until when the configuration is on trial; 0 where it is not.");
	buf_add(out, "carved_config_trial_deadline_timestamp_seconds %" PRIu64 "\n",
		a->confirm_deadline / USEC_PER_SEC);
	begin(out, "carved_config_errors", "gauge", "Errors in the files and on devices.");
	buf_add(out, "carved_config_errors %zu\n", count_errors(a));
	begin(out, "carved_entry_absent", "gauge", "Entries that no device matches.");
	vec_each(d, &a->devices) {
		if (is_there(d) || strcmp(d->state, "absent") != 0)
			continue;
		buf_add(out, "carved_entry_absent{");
		add_label(out, "entry", d->entry, true);
		buf_add(out, "} 1\n");
	}
}

static void render_config(const struct config_answer *in_force, struct buf *out)
{
	begin(out, "carved_config_info", "gauge",
	      "The configuration in force, by the hash of its files: their names and their bytes.");
	buf_add(out, "carved_config_info{");
	add_label(out, "hash", in_force->hash, true);
	buf_add(out, "} 1\n");
	begin(out, "carved_config_timestamp_seconds", "gauge",
	      "When the configuration in force was accepted.");
	buf_add(out, "carved_config_timestamp_seconds");
	add_seconds(out, in_force->time);
}

/* --- devices ----------------------------------------------------------------- */

static void render_identity(const struct status_answer *a, struct buf *out)
{
	begin(out, "carved_device_info", "gauge", "What a device is, and its firmware.");
	each_device(d, a)
	{
		add_device(out, "carved_device_info", d);
		add_label(out, "entry", d->entry, false);
		add_label(out, "driver", d->driver, false);
		add_label(out, "firmware_running", d->firmware_running, false);
		add_label(out, "firmware_stored", d->firmware_stored, false);
		buf_add(out, "} 1\n");
	}
	begin(out, "carved_device_state", "gauge", "The state of a device: 1 for the one it is.");
	each_device(d, a)
	{
		for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
			add_device(out, "carved_device_state", d);
			add_label(out, "state", states[i], false);
			buf_add(out, "} %d\n", strcmp(states[i], d->state) == 0);
		}
	}
	begin(out, "carved_device_reloads_total", "counter",
	      "Reloads since the device was first seen, by carved and by others.");
	each_device(d, a)
	{
		add_device(out, "carved_device_reloads_total", d);
		buf_add(out, ",by=\"carved\"} %" PRIu64 "\n", d->reloads);
		add_device(out, "carved_device_reloads_total", d);
		buf_add(out, ",by=\"others\"} %" PRIu64 "\n", d->foreign_reloads);
	}
	begin(out, "carved_device_down", "gauge",
	      "Whether a failed reload has left it torn down: ports and traps are gone.");
	each_device(d, a)
	{
		add_device(out, "carved_device_down", d);
		buf_add(out, "} %d\n", d->down_since != 0);
	}
	begin(out, "carved_device_drift", "gauge", "Attributes that are not in force as wanted.");
	each_device(d, a)
	{
		add_device(out, "carved_device_drift", d);
		buf_add(out, "} %zu\n", d->drift.n);
	}
}

static const struct {
	const char *name, *help;
	size_t offset; /* microseconds; 0: not known */
} times[] = {
	{"carved_device_last_reload_outage_seconds",
	 "From the beginning of the last reload until all was as wanted again.",
	 offsetof(struct device_answer, outage_usec)},
	{"carved_device_state_timestamp_seconds", "Since when it has been in its state.",
	 offsetof(struct device_answer, state_since)},
	{"carved_device_down_timestamp_seconds",
	 "Since when a failed reload has left it torn down; missing where it is not.",
	 offsetof(struct device_answer, down_since)},
	{"carved_device_converged_timestamp_seconds", "When it last became as wanted.",
	 offsetof(struct device_answer, converged_at)},
	{"carved_device_last_change_timestamp_seconds", "When something was last done to it.",
	 offsetof(struct device_answer, changed_at)},
	{"carved_device_last_read_timestamp_seconds", "When it was last read, audits included.",
	 offsetof(struct device_answer, read_at)},
};

static void render_times(const struct status_answer *a, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		begin(out, times[i].name, "gauge", times[i].help);
		each_device(d, a)
		{
			uint64_t usec = *(const uint64_t *)((const char *)d + times[i].offset);

			if (!usec)
				continue;
			add_device(out, times[i].name, d);
			buf_add(out, "}");
			add_seconds(out, usec);
		}
	}
}

/* --- resources --------------------------------------------------------------- */

static const struct {
	const char *name, *help;
	size_t offset;
} figures[] = {
	{"carved_resource_size", "The size in force.", offsetof(struct resource_answer, size)},
	{"carved_resource_size_pending", "The size that the next reload brings.",
	 offsetof(struct resource_answer, size_new)},
	{"carved_resource_min", "The smallest size.", offsetof(struct resource_answer, min)},
	{"carved_resource_max", "The largest size.", offsetof(struct resource_answer, max)},
	{"carved_resource_occupancy", "Entries in use.", offsetof(struct resource_answer, occ)},
};

static void add_resource(struct buf *out, const char *name, const struct device_answer *d,
			 const char *path)
{
	add_device(out, name, d);
	add_label(out, "path", path, false);
	buf_add(out, "}");
}

static void render_figure(const struct status_answer *a, size_t i, struct buf *out)
{
	begin(out, figures[i].name, "gauge", figures[i].help);
	each_device(d, a)
	{
		vec_each(r, &d->resources) {
			const struct maybe *m =
				(const struct maybe *)((const char *)r + figures[i].offset);

			if (!m->known)
				continue;
			add_resource(out, figures[i].name, d, r->path);
			add_number(out, m->n);
		}
	}
}

static void render_wanted(const struct status_answer *a, struct buf *out)
{
	begin(out, "carved_resource_wanted", "gauge", "The size that the configuration wants.");
	each_device(d, a)
	{
		vec_each(o, &d->objects) {
			char *end;
			uint64_t n = strtoull(o->wanted, &end, 10);

			if (strcmp(o->kind, "resource") != 0)
				continue;
			if (*end)
				n = UINT64_MAX; /* "unlimited" */
			add_resource(out, "carved_resource_wanted", d, o->object);
			add_number(out, n);
		}
	}
}

/** metrics_render() - append all metrics. @in_force: NULL: not known */
void metrics_render(const struct status_answer *a, const struct config_answer *in_force,
		    struct buf *out)
{
	render_daemon(a, out);
	if (in_force)
		render_config(in_force, out);
	render_identity(a, out);
	render_times(a, out);
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++)
		render_figure(a, i, out);
	render_wanted(a, out);
}

/* What is known while carved does not answer. */
static void render_down(struct buf *out)
{
	begin(out, "carved_up", "gauge", "Whether carved answers.");
	buf_add(out, "carved_up 0\n");
}

/**
 * command_metrics() - carvectl metrics [--output FILE]. That carved does not answer is no error of
 * a file that says so.
 *
 * Return: the exit code.
 */
int command_metrics(const struct ctl *ctl)
{
	_cleanup_client_ struct client c = {};
	struct configs_answer configs = {};
	struct status_answer a = {};
	int exit_code = CTL_ERROR;
	struct buf out = {};

	if (client_open(&c, ctl) >= 0 && fetch_status(&c, NULL, &a) >= 0 &&
	    fetch_configs(&c, &configs) >= 0) {
		metrics_render(&a, configs.configs.n ? configs.configs.v : NULL, &out);
		exit_code = CTL_OK;
	} else {
		render_down(&out);
	}
	answer_clear(&status_type, &a, &a.arena);
	answer_clear(&configs_type, &configs, &configs.arena);
	return ctl->output ? output_file(&out, ctl->output) : output_text(&out, exit_code);
}
