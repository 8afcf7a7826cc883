// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime of a config. */
#include "model/config.h"

/** config_new() - an empty config with default settings and one reference. */
struct config *config_new(void)
{
	struct config *c = mem_new(struct config);

	c->refs = 1;
	c->audit_interval = CONFIG_AUDIT_INTERVAL_DEFAULT;
	c->settle_timeout = CONFIG_SETTLE_TIMEOUT_DEFAULT;
	return c;
}

struct config *config_ref(struct config *c)
{
	c->refs++;
	return c;
}

/** config_unref() - drop a reference. Return: NULL. */
struct config *config_unref(struct config *c)
{
	if (!c || --c->refs > 0)
		return NULL;
	vec_each(e, &c->entries) {
		vec_each(l, &e->layers) {
			vec_clear(&l->matches);
			vec_clear(&l->wishes);
		}
		vec_clear(&e->matches);
		vec_clear(&e->layers);
	}
	vec_clear(&c->entries);
	vec_clear(&c->files);
	arena_clear(&c->arena);
	free(c);
	return NULL;
}

void config_unrefp(struct config **c)
{
	config_unref(*c);
}
