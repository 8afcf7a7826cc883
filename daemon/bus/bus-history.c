// SPDX-License-Identifier: GPL-2.0-or-later
/* What happened to the devices: all that is remembered, and each new piece as a signal. */
#include "bus/internal.h"
#include "manager/departed.h"
#include "manager/manager.h"

#include <string.h>

struct line {
	const char *handle;
	const struct record *record;
};

typedef VEC(struct line) line_list;

static int by_time(const void *pa, const void *pb)
{
	const struct line *a = pa, *b = pb;
	int c = CMP(a->record->at, b->record->at);

	return c ? c : CMP(a->record, b->record);
}

static int append(struct bus *b, sd_bus_message *reply, const struct line *l)
{
	return sd_bus_message_append(reply, "(tsssst)", bus_realtime(b, l->record->at), l->handle,
				     l->record->trigger, l->record->result, l->record->detail,
				     l->record->outage);
}

static void add_lines(line_list *lines, const char *handle, const record_list *records)
{
	vec_each(record, records)
		vec_push(lines, ((struct line){handle, record}));
}

/* Return: whether @name means anything. */
static bool find_lines(const struct bus *b, const char *name, line_list *lines)
{
	bool found = !*name || bus_is_entry(manager_config(b->manager), name);

	for (size_t i = 0; i < manager_count(b->manager); i++) {
		const struct device *d = runner_device(manager_at(b->manager, i));

		if (!device_matches_name(d, name))
			continue;
		found = true;
		add_lines(lines, d->handle, &d->history.records);
	}
	for (size_t i = 0; i < manager_count_departed(b->manager); i++) {
		const struct departed *gone = manager_departed(b->manager, i);

		if (*name && strcmp(gone->handle, name) != 0 && strcmp(gone->entry, name) != 0)
			continue;
		found = true;
		add_lines(lines, gone->handle, &gone->records);
	}
	vec_sort(lines, by_time);
	return found;
}

/** bus_history() - the method; the oldest comes first, of more than `max` the newest are kept. */
int bus_history(sd_bus_message *m, void *user, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	line_list lines = {};
	struct bus *b = user;
	const char *name;
	bool found;
	uint32_t max;
	int r = sd_bus_message_read(m, "su", &name, &max);

	if (r < 0)
		return r;
	found = find_lines(b, name, &lines);
	r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(tsssst)");
	for (size_t i = max && lines.n > max ? lines.n - max : 0; r >= 0 && i < lines.n; i++)
		r = append(b, reply, &lines.v[i]);
	vec_clear(&lines);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0 && !found)
		return sd_bus_error_setf(error, BUS_ERROR("NoSuchDevice"), "no device %s", name);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/** bus_tell_records() - signal those records that were not signalled yet. */
void bus_tell_records(struct bus_device *d)
{
	const struct device *device = runner_device(d->runner);
	uint64_t n =
		MIN(device->history.n_records - d->records, (uint64_t)device->history.records.n);

	d->records = device->history.n_records;
	for (size_t i = device->history.records.n - n; i < device->history.records.n; i++)
		sd_bus_emit_signal(d->bus->connection, BUS_PATH, BUS_MANAGER, "Changed", "sss",
				   device->handle, device->history.records.v[i].trigger,
				   device->history.records.v[i].result);
}
