// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which config is in force, and what the files say meanwhile. Decides when an older one is used;
 * what a config may say is yaml/'s, how it is kept the store's.
 */
#include "manager/configs.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/configs.h"
#include "store/ledger.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Did the config come from something that is empty when it is read again? */
static bool is_read_once(const struct configs *c)
{
	struct stat st;

	if (!c->paths.file || stat(c->paths.file, &st) < 0 || S_ISREG(st.st_mode))
		return false;
	return !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3); /* /dev/null */
}

/* Return: as yaml_load(). */
static int load(const struct configs *c, struct config **ret, struct diag_list *diags)
{
	struct mark mark = {.file = c->paths.file};
	struct yaml_paths paths = c->paths;

	paths.regular_only = c->in_force; /* nothing waits for this carved at its start */
	if (!c->in_force || !is_read_once(c))
		return yaml_load(&paths, ret, diags);
	diag_add(diags, DIAG_ERROR, mark, NULL, NULL,
		 "this can be read only once, and was at the start: what is in force stays");
	return -EINVAL;
}

/**
 * configs_load() - read the files, and tell the journal of their problems.
 * @ret: written only on success; the caller's reference
 *
 * Return: 0, or -EINVAL with errors in @c->diags.
 */
int configs_load(struct configs *c, struct config **ret)
{
	struct diag_list diags = {};
	int r = load(c, ret, &diags);

	diag_clear(&c->diags);
	c->diags = diags;
	vec_each(d, &c->diags.diags) {
		_cleanup_free_ char *place = mark_format(d->mark);

		log_with(d->severity == DIAG_ERROR ? LOG_ERR : LOG_WARNING,
			 &(struct log_fields){.id = MESSAGE_CONFIG_PROBLEM,
					      .file = d->mark.file,
					      .line = d->mark.line},
			 "%s: %s", place, d->message);
	}
	return r;
}

/** configs_adopt() - @config, the caller's reference to which is taken over, is in force now. */
void configs_adopt(struct configs *c, struct config *config)
{
	config_unref(c->in_force);
	c->in_force = config;
	c->fresh = true;
}

/** configs_save_ledger() - Return: 0, or -errno, which the journal is told. */
int configs_save_ledger(const struct configs *c)
{
	int r = store_save_ledger(c->store, &c->ledger);

	if (r < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED,
			 "which config is in force is not saved: %s", strerror(-r));
	return r;
}

/**
 * configs_find() - a config that is in force, or was.
 * @ret: a new reference
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense any more; -errno.
 */
int configs_find(const struct configs *c, uint64_t hash, struct config **ret)
{
	struct config *const known[] = {c->in_force, c->before};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i] && known[i]->hash == hash) {
			*ret = config_ref(known[i]);
			return 0;
		}
	}
	return hash ? store_load_config(c->store, hash, ret) : -ENOENT;
}

/* But for those in @used, and those of the ledger, which can come into force again. */
static void forget_others(struct configs *c, const hash_list *used)
{
	hash_list keep = {};

	vec_each(h, used)
		vec_push(&keep, *h);
	vec_each(a, &c->ledger.accepted)
		vec_push(&keep, a->hash);
	vec_push(&keep, c->ledger.trial.before);
	store_forget_configs(c->store, &keep);
	vec_clear(&keep);
}

/**
 * configs_keep() - count the config in force as accepted and keep it on disk, where that is not
 * done yet.
 * @used: the configs that devices live by; what neither they nor the ledger need is deleted
 *
 * What is kept belongs to the carved that has the lock.
 */
void configs_keep(struct configs *c, const hash_list *used)
{
	int r;

	if (!c->fresh)
		return;
	c->fresh = false;
	c->generation++;
	r = store_keep_config(c->store, c->paths.file, c->in_force);
	log_fact(LOG_INFO, MESSAGE_CONFIG_ACCEPTED,
		 "the config is in force: %zu entries, %zu files", c->in_force->entries.n,
		 c->in_force->files.n);
	if (r < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED,
			 "the config is not kept for a start with broken files: %s", strerror(-r));
	configs_save_ledger(c);
	forget_others(c, used);
}

/**
 * configs_candidate() - the config that is in the files now, without adopting it.
 *
 * Return: 0; -EINVAL with errors in @diags; -ENODATA where the config came from something that can
 * be read only once.
 */
int configs_candidate(const struct configs *c, struct config **ret, struct diag_list *diags)
{
	if (is_read_once(c))
		return -ENODATA;
	return yaml_load(&c->paths, ret, diags);
}

/* What was wrong with the files when they were read last is of no interest where it is mended. */
static void renew_problems(struct configs *c, struct diag_list *now)
{
	if (c->diags.n_errors) {
		diag_clear(&c->diags);
		diag_move(&c->diags, now);
	}
	diag_clear(now);
}

/* Reads the files. Return: as configs_out_of_sync(). */
static bool differ(struct configs *c)
{
	_cleanup_config_ struct config *config = NULL;
	struct diag_list diags = {};
	int r = configs_candidate(c, &config, &diags);

	log_debug("the files are compared with the config in force");
	if (r == -ENODATA)
		diag_clear(&diags);
	else
		renew_problems(c, &diags);
	return r == 0 ? config->hash != c->in_force->hash : r != -ENODATA;
}

/**
 * configs_out_of_sync() - do the files say something else than what is in force?
 *
 * Anybody may ask that on D-Bus, as often as he likes, and to read a large config takes long: it is
 * read only where the files can have changed since the last time.
 */
bool configs_out_of_sync(struct configs *c)
{
	uint64_t now = clock_wall();
	stamp_list stamps = {};

	stamps_take(&c->paths, &stamps);
	if (c->compared.with == c->in_force->hash && stamps_same(&stamps, &c->compared.stamps)) {
		vec_clear(&stamps);
		return c->compared.differ;
	}
	vec_clear(&c->compared.stamps);
	c->compared.with = c->in_force->hash;
	c->compared.differ = differ(c);
	if (stamps_settled(&stamps, now))
		c->compared.stamps = stamps;
	else
		vec_clear(&stamps);
	return c->compared.differ;
}

/** configs_clear() - at the end. */
void configs_clear(struct configs *c)
{
	diag_clear(&c->diags);
	vec_clear(&c->compared.stamps);
	config_unref(c->in_force);
	config_unref(c->before);
	ledger_clear(&c->ledger);
}
