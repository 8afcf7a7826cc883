// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime of a config, and how layers add up where no device is needed for it. */
#include "model/config.h"

const char *const firmware_key_names[FIRMWARE_KEYS] = {
	[FIRMWARE_VERSION] = "version", [FIRMWARE_VERSION_KEY] = "version_key",
	[FIRMWARE_FILE] = "file",	[FIRMWARE_COMPONENT] = "component",
	[FIRMWARE_SHA256] = "sha256",	[FIRMWARE_ALLOW_DOWNGRADE] = "allow_downgrade",
};

/**
 * firmware_merge() - lay what a higher layer says of the firmware (or NULL) over what is below.
 * @low: starts zeroed; afterwards v[].text is what is wanted, NULL for nothing, and mark.file is
 *	NULL if no firmware is wanted
 */
void firmware_merge(struct firmware_wish *low, const struct firmware_wish *high)
{
	bool says_more;

	if (!high)
		return;
	if (high->cleared)
		*low = (struct firmware_wish){};
	says_more = !high->cleared;
	for (size_t i = 0; i < FIRMWARE_KEYS; i++) {
		if (high->v[i].mark.file) {
			low->v[i] = high->v[i];
			says_more = true;
		}
	}
	if (says_more) {
		low->mark = high->mark;
		low->source = high->source;
	}
}

/** config_new() - an empty config with default settings and one reference. */
struct config *config_new(void)
{
	struct config *c = mem_new(struct config);

	c->refs = 1;
	c->audit_interval = CONFIG_AUDIT_INTERVAL_DEFAULT;
	c->settle_timeout = CONFIG_SETTLE_TIMEOUT_DEFAULT;
	return c;
}

/** config_ref() - one more reference. Return: @c. */
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

/** config_unrefp() - for _cleanup_config_. */
void config_unrefp(struct config **c)
{
	config_unref(*c);
}
