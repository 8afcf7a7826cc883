// SPDX-License-Identifier: GPL-2.0-or-later
/* See glance.h. */
#include "manager/glance.h"
#include "base/mem.h"
#include "base/vec.h"
#include "wire/decode.h"

#include <errno.h>

struct check {
	struct precheck precheck;
	struct glance glance;
	char *handle;
};

static int run(struct precheck *p, _unused_ char **ret_why)
{
	const struct glance *g = &container_of(p, struct check, precheck)->glance;
	struct state state = {};
	struct facts facts = {};
	bool shown;

	decode_each(m, g->answer->reply, g->answer->reply_len)
		decode_answer(m, g->family, g->handle, &state, &facts);
	shown = facts_show_reload(&facts, &g->counters, g->registration);
	state_clear(&state);
	facts_clear(&facts);
	return shown ? 0 : -ECANCELED;
}

static struct precheck *free_check(struct precheck *p)
{
	struct check *c = container_of(p, struct check, precheck);

	vec_clear(&c->glance.counters);
	free(c->handle);
	free(c);
	return NULL;
}

/** glance_precheck() - does @g->answer show a reload? What @g points to but for that is copied. */
struct precheck *glance_precheck(const struct glance *g)
{
	struct check *c = mem_new(struct check);

	*c = (struct check){.precheck = {.run = run, .free = free_check},
			    .glance = *g,
			    .handle = mem_strdup(g->handle)};
	c->glance.handle = c->handle;
	c->glance.counters = (counter_list){};
	counters_copy(&c->glance.counters, &g->counters);
	return &c->precheck;
}
