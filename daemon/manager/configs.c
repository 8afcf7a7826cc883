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

/** configs_read_once() - did the config come from what is empty when it is read again? */
bool configs_read_once(const struct configs *c)
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
	if (!c->in_force || !configs_read_once(c))
		return yaml_load(&paths, ret, diags);
	diag_add(diags, DIAG_ERROR, mark, NULL, NULL,
		 "this can be read only once, and was at the start: what is in force stays");
	return -EINVAL;
}

/* The problems that are known are those of files with @stamps, which are taken over. */
static void judge(struct configs *c, stamp_list *stamps, uint64_t wall)
{
	stamps_clear(&c->judged.stamps);
	c->judged.settled = stamps_settled(stamps, wall);
	c->judged.stamps = *stamps;
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
	uint64_t now = clock_wall();
	stamp_list stamps = {};
	int r;

	stamps_take(&c->paths, &stamps);
	r = load(c, ret, &diags);
	judge(c, &stamps, now);
	c->judged.outdated = false;
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

/* What came of a write; that it fails is told once, not at each try. */
static int note_result(int *error, int r, const char *what)
{
	if (r < 0 && r != *error)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", what, strerror(-r));
	*error = MIN(r, 0);
	return r;
}

static void keep_in_force(struct configs *c)
{
	note_result(&c->unsaved.config, store_keep_config(c->store, c->paths.file, c->in_force),
		    "the config is not kept for a start with broken files");
}

/**
 * configs_adopt() - @config, the caller's reference to which is taken over, is in force now.
 *
 * The one that it replaces is on disk then, as a trial and the ledger may come back to it.
 */
void configs_adopt(struct configs *c, struct config *config)
{
	if (c->fresh && c->generation)
		keep_in_force(c);
	config_unref(c->in_force);
	c->in_force = config;
	c->fresh = true;
}

/** configs_save_ledger() - Return: 0, or -errno, which the journal is told. */
int configs_save_ledger(struct configs *c)
{
	return note_result(&c->unsaved.ledger, store_save_ledger(c->store, &c->ledger),
			   "which config is in force is not saved");
}

/** configs_unsaved() - Return: why the config in force or the ledger is not on disk, or 0. */
int configs_unsaved(const struct configs *c)
{
	return c->unsaved.ledger ? c->unsaved.ledger : c->unsaved.config;
}

/** configs_known() - Return: a config that is in force, or was, and is in memory; or NULL. */
struct config *configs_known(const struct configs *c, uint64_t hash)
{
	struct config *const known[] = {c->in_force, c->before, c->found};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] && known[i]->hash == hash)
			return known[i];
	return NULL;
}

/**
 * configs_find() - a config that is in force, or was; read again where it is not in memory.
 * @ret: a new reference
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense any more; -errno.
 */
int configs_find(const struct configs *c, uint64_t hash, struct config **ret)
{
	struct config *known = configs_known(c, hash);

	if (known) {
		*ret = config_ref(known);
		return 0;
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

/** configs_begin() - the config in force, which was adopted, counts and is told of. */
void configs_begin(struct configs *c)
{
	if (!c->fresh)
		return;
	c->generation++;
	log_fact(LOG_INFO, MESSAGE_CONFIG_ACCEPTED, "the config is in force: %zu %s, %zu %s",
		 c->in_force->entries.n, c->in_force->entries.n == 1 ? "entry" : "entries",
		 c->in_force->files.n, c->in_force->files.n == 1 ? "file" : "files");
}

/** configs_is_urgent() - is it to be on disk before a device hears of it? */
bool configs_is_urgent(const struct configs *c)
{
	return c->fresh && (c->urgent || configs_read_once(c));
}

/**
 * configs_keep() - keep the config in force on disk as accepted, where that is not done yet.
 * @used: the configs that devices live by; what neither they nor the ledger need is deleted
 *
 * What is kept belongs to the carved that has the lock.
 */
void configs_keep(struct configs *c, const hash_list *used)
{
	if (!c->fresh && !configs_unsaved(c))
		return;
	c->fresh = c->urgent = false;
	keep_in_force(c);
	configs_save_ledger(c);
	if (!configs_unsaved(c))
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
	if (configs_read_once(c))
		return -ENODATA;
	return yaml_load(&c->paths, ret, diags);
}

/* What was wrong with the files when they were read last is of no interest where it is mended. */
static bool differ(struct configs *c)
{
	bool same = yaml_unchanged(&c->paths, c->in_force);

	log_debug("the files are compared with the config in force");
	if (same)
		diag_clear(&c->diags);
	return !same;
}

/**
 * configs_out_of_sync() - do the files say something else than what is in force?
 *
 * Anybody may ask that on D-Bus, as often as he likes: files are compared with what was read of
 * them, and only where they can have changed since the last time.
 */
bool configs_out_of_sync(struct configs *c)
{
	uint64_t now = clock_wall();
	stamp_list stamps = {};

	if (configs_read_once(c))
		return false;
	stamps_take(&c->paths, &stamps);
	if (c->compared.with == c->in_force->hash && stamps_same(&stamps, &c->compared.stamps)) {
		stamps_clear(&stamps);
		return c->compared.differ;
	}
	stamps_clear(&c->compared.stamps);
	c->compared.with = c->in_force->hash;
	c->compared.differ = differ(c);
	if (stamps_settled(&stamps, now))
		c->compared.stamps = stamps;
	else
		stamps_clear(&stamps);
	return c->compared.differ;
}

/**
 * configs_doubt() - may what is wrong with the files have been mended since they were read?
 *
 * Who is told so is to have them read. Where they have changed, what was wrong is told no more.
 */
bool configs_doubt(struct configs *c)
{
	uint64_t now = clock_wall();
	stamp_list stamps = {};
	bool settled = c->judged.settled, changed;

	if (!c->diags.n_errors || configs_read_once(c) || !configs_out_of_sync(c))
		return false;
	stamps_take(&c->paths, &stamps);
	changed = !stamps_same(&stamps, &c->judged.stamps);
	c->judged.changes += changed;
	c->judged.outdated |= changed;
	judge(c, &stamps, now);
	return c->judged.outdated || !settled;
}

/** configs_problems() - Return: what is wrong with the files, as far as it is known. */
const struct diag_list *configs_problems(const struct configs *c)
{
	static const struct diag_list none;

	return c->judged.outdated ? &none : &c->diags;
}

/**
 * configs_read() - the files were read, for somebody who wants to know what they would do.
 * @changes: as of configs_doubt(), when that began
 * @diags: what is wrong with them; cleared
 */
void configs_read(struct configs *c, uint64_t changes, struct diag_list *diags)
{
	if (c->diags.n_errors && changes == c->judged.changes) {
		diag_clear(&c->diags);
		diag_move(&c->diags, diags);
		c->judged.outdated = false;
	}
	diag_clear(diags);
}

/** configs_found() - a kept config was read again, and is likely to be asked for. */
void configs_found(struct configs *c, struct config *config)
{
	config_unref(c->found);
	c->found = config_ref(config);
}

/** configs_clear() - at the end. */
void configs_clear(struct configs *c)
{
	diag_clear(&c->diags);
	stamps_clear(&c->compared.stamps);
	stamps_clear(&c->judged.stamps);
	config_unref(c->in_force);
	config_unref(c->before);
	config_unref(c->found);
	ledger_clear(&c->ledger);
}
