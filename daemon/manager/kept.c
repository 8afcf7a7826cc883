// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From kept files back to a config. Decides that a kept config which is not what it was is none.
 * How files are kept is the store's; what a device does with a config its machine's.
 */
#include "manager/kept.h"
#include "base/log.h"
#include "store/store.h"
#include "yaml/yaml.h"

#include <errno.h>

/* ... as was accepted, by all that is known of that. */
static bool is_the_same(const struct config *c, const struct unpacked *u, uint64_t hash)
{
	if (!u->hash)
		return c->files.n == u->n_files;
	return (c->hash == u->hash || c->hash_before == u->hash) && (!hash || hash == u->hash);
}

/**
 * kept_load() - a config that was accepted before.
 * @hash: its name, or 0: the newest
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense; -errno.
 */
int kept_load(const struct store *s, uint64_t hash, struct config **ret)
{
	_cleanup_config_ struct config *config = NULL;
	struct diag_list diags = {};
	struct unpacked u = {};
	int r = store_unpack_config(s, hash, &u);

	if (r < 0)
		return r;
	r = yaml_load(&(struct yaml_paths){.root = u.root, .file = u.file}, &config, &diags);
	diag_clear(&diags);
	if (r == 0 && !is_the_same(config, &u, hash))
		r = -EINVAL;
	if (r == 0 &&
	    config->hash != u.hash) /* an earlier version kept it: files go by its old name */
		config->hash = config->hash_before;
	if (r == 0)
		*ret = TAKE(config);
	unpacked_clear(&u);
	return r;
}

/** kept_return() - @runner is new: it is given the config that it accepted last, if that is not the latest. */
void kept_return(const struct store *s, struct runner *runner)
{
	const struct device *d = runner_device(runner);
	_cleanup_config_ struct config *config = NULL;
	uint64_t hash = d->world.memory.lasting.accepted;
	int r;

	if (!hash || hash == d->assignment.latest->hash || d->assignment.accepted.config)
		return;
	r = kept_load(s, hash, &config);
	if (r == 0) {
		runner_inherit(runner, NULL, &(struct config_entry){.config = config});
		return;
	}
	if (r == -EINVAL)
		store_damaged_config(s, hash);
	log_with(LOG_WARNING, &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = d->handle},
		 "%s: the config that it accepted last cannot be read again", d->handle);
}
