// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From kept files back to a config. Decides that a kept config which is not what it was is none.
 * How files are kept is the store's; what a device does with a config its machine's.
 */
#include "kept.h"
#include "base/log.h"

#include <errno.h>

/**
 * kept_load() - a config that was accepted before.
 * @paths: where configs come from now
 * @hash: its name, or 0: the newest
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense; -errno.
 */
int kept_load(const struct store *s, const struct yaml_paths *paths, uint64_t hash,
	      struct config **ret)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_free_ char *root = NULL, *file = NULL;
	struct diag_list diags = {};
	int r = store_unpack_config(s, hash, &root);

	if (r < 0)
		return r;
	if (paths->file)
		file = mem_printf("%s%s", root, text_below(paths->file, paths->root));
	r = yaml_load(&(struct yaml_paths){.root = root, .file = file}, &config, &diags);
	diag_clear(&diags);
	if (r < 0 || (hash && config->hash != hash))
		return -EINVAL;
	*ret = TAKE(config);
	return 0;
}

/** kept_return() - @m is new: it is given the config that it accepted last, if that is not the latest. */
void kept_return(const struct store *s, const struct yaml_paths *paths, struct managed *m)
{
	const struct device *d = managed_device(m);
	_cleanup_config_ struct config *config = NULL;
	uint64_t hash = d->world.memory.lasting.accepted;
	int r;

	if (!hash || hash == d->latest->hash || d->accepted.config)
		return;
	r = kept_load(s, paths, hash, &config);
	if (r == 0) {
		managed_inherit_config(m, config);
		return;
	}
	if (r == -EINVAL)
		store_damaged_config(s, hash);
	log_with(LOG_WARNING, &(struct log_fields){.id = MESSAGE_NOT_SAVED, .device = d->handle},
		 "%s: the config that it accepted last cannot be read again", d->handle);
}
