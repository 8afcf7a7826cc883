// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lines about devices that carved has left in the journal, as records. Decides that all lines
 * with an id count, and that only root's carved.service is believed.
 */
#include "past.h"
#include "base/text.h"
#include "client.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define MESSAGE_MAX 4096 /* bytes of a line that are shown */

/* A boot in the journal. */
struct boot {
	sd_id128_t id;
	uint64_t began;
};

typedef VEC(struct boot) boot_list;

/* The field @name of the entry that is read, as one line of text; "" where it has none. */
static const char *field(sd_journal *j, struct arena *arena, const char *name)
{
	_cleanup_free_ char *text = NULL, *clean = NULL;
	size_t n, prefix = strlen(name) + 1;
	const void *data;

	if (sd_journal_get_data(j, name, &data, &n) < 0 || n < prefix)
		return "";
	n = MIN(n - prefix, (size_t)MESSAGE_MAX);
	text = mem_printf("%.*s", (int)n, (const char *)data + prefix);
	clean = text_clean_line(text);
	return arena_strdup(arena, clean);
}

/* Of a line about @device; the rest of @ret is known already. */
static void make_record(struct arena *arena, const char *device, const char *message,
			struct record_answer *ret)
{
	size_t n = strlen(device);

	ret->handle = arena_strdup(arena, device);
	if (strncmp(message, device, n) == 0 && strncmp(message + n, ": ", 2) == 0)
		message += n + 2;
	ret->detail = arena_strdup(arena, message);
}

static void add_entry(sd_journal *j, const struct past_query *q, struct history_answer *ret)
{
	const char *device = field(j, &ret->arena, "CARVED_DEVICE");
	struct record_answer r = {};

	if (!*device || (q->device && strcmp(q->device, device) != 0) ||
	    !*field(j, &ret->arena, "MESSAGE_ID"))
		return;
	r.trigger = field(j, &ret->arena, "CARVED_TRIGGER");
	r.result = field(j, &ret->arena, "CARVED_STATE");
	sd_journal_get_realtime_usec(j, &r.time);
	make_record(&ret->arena, device, field(j, &ret->arena, "MESSAGE"), &r);
	vec_push(&ret->records, r);
}

/* --- which boot ------------------------------------------------------------------------- */

static int by_begin(const void *pa, const void *pb)
{
	const struct boot *a = pa, *b = pb;

	return CMP(a->began, b->began);
}

static uint64_t first_time(sd_journal *j, sd_id128_t id)
{
	char match[9 + SD_ID128_STRING_MAX] = "_BOOT_ID=";
	uint64_t time = 0;

	sd_id128_to_string(id, match + 9);
	sd_journal_flush_matches(j);
	if (sd_journal_add_match(j, match, 0) >= 0 && sd_journal_seek_head(j) >= 0 &&
	    sd_journal_next(j) > 0)
		sd_journal_get_realtime_usec(j, &time);
	sd_journal_flush_matches(j);
	return time;
}

static void find_boots(sd_journal *j, boot_list *ret)
{
	const void *data;
	size_t n;

	if (sd_journal_query_unique(j, "_BOOT_ID") < 0)
		return;
	SD_JOURNAL_FOREACH_UNIQUE(j, data, n)
	{
		_cleanup_free_ char *text = mem_printf("%.*s", (int)n, (const char *)data);
		struct boot b = {};

		if (n > 9 && sd_id128_from_string(text + 9, &b.id) >= 0)
			vec_push(ret, b);
	}
	vec_each(b, ret)
		b->began = first_time(j, b->id);
	vec_sort(ret, by_begin);
}

/* Return: 0; -ENOENT, which has been reported. */
static int find_boot(sd_journal *j, const char *name, sd_id128_t *ret)
{
	boot_list boots = {};
	char *end;
	long back = strtol(name, &end, 10);
	int r = -ENOENT;

	if (sd_id128_from_string(name, ret) >= 0)
		return 0;
	find_boots(j, &boots);
	if (*name && !*end && back <= 0 && (size_t)-back < boots.n) {
		*ret = boots.v[boots.n - 1 - (size_t)-back].id;
		r = 0;
	}
	if (r < 0)
		client_say("the journal has no boot %s; write 0 for this one, -1 for the one "
			   "before, or its id",
			   name);
	vec_clear(&boots);
	return r;
}

/* --- the journal -------------------------------------------------------------------------- */

/** past_is_hidden() - is there a journal of the system that may not be read by who asks? */
bool past_is_hidden(void)
{
	glob_t found = {};
	bool hidden = false;

	glob("/var/log/journal/*/system*.journal", 0, NULL, &found);
	glob("/run/log/journal/*/system*.journal", GLOB_APPEND, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		hidden = hidden || access(found.gl_pathv[i], R_OK) < 0;
	globfree(&found);
	return hidden;
}

static int open_journal(const struct past_query *q, sd_journal **ret)
{
	int r = q->directory ? sd_journal_open_directory(ret, q->directory, 0)
			     : sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);

	if (r < 0)
		client_say("cannot read the journal: %s", strerror(-r));
	else if (!q->directory && !past_is_hidden() && sd_journal_has_persistent_files(*ret) == 0)
		client_say("%s",
			   sd_journal_has_runtime_files(*ret) == 0
				   ? "there is no journal here; carvectl history alone shows what "
				     "this run of carved has done"
				   : "the journal here has only this boot, see Storage= in "
				     "journald.conf(5)");
	return r;
}

static int narrow(sd_journal *j, const struct past_query *q)
{
	char match[9 + SD_ID128_STRING_MAX] = "_BOOT_ID=";
	sd_id128_t boot;
	int r = q->boot ? find_boot(j, q->boot, &boot) : 0;

	if (r < 0)
		return r;
	r = sd_journal_add_match(j, "_SYSTEMD_UNIT=carved.service", 0);
	if (r >= 0 && q->boot) {
		sd_id128_to_string(boot, match + 9);
		r = sd_journal_add_match(j, match, 0);
	}
	if (r >= 0)
		r = q->since ? sd_journal_seek_realtime_usec(j, q->since) : sd_journal_seek_head(j);
	return r;
}

/**
 * past_fetch() - what the journal has, added to @ret, the oldest first.
 *
 * Return: 0 or more; -errno, which has been reported.
 */
int past_fetch(const struct past_query *q, struct history_answer *ret)
{
	sd_journal *j = NULL;
	int r = open_journal(q, &j);

	if (r >= 0)
		r = narrow(j, q);
	while (r >= 0 && (r = sd_journal_next(j)) > 0)
		add_entry(j, q, ret);
	sd_journal_close(j);
	return r;
}
