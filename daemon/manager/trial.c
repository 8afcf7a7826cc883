// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Configs on trial, and back from it, over restarts. What becomes of them is the ledger's to say;
 * here are the clocks, the disk and the journal. Decides that a config which cannot be read again
 * does not come back.
 */
#include "base/clock.h"
#include "base/log.h"
#include "manager/configs.h"
#include "store/configs.h"
#include "store/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* --- trials begin and are confirmed ------------------------------------------------- */

/* What comes back if a trial fails that begins now; another trial does not change that. */
static uint64_t before_trial(struct configs *c)
{
	if (ledger_has_trial(&c->ledger))
		return c->ledger.trial.before;
	config_unref(c->before);
	c->before = config_ref(c->in_force);
	return c->in_force->hash;
}

static void begin_trial(struct configs *c, uint64_t confirm, uint64_t before)
{
	_cleanup_free_ char *until = clock_text(clock_wall() + confirm);

	ledger_try(&c->ledger, clock_now() + confirm, c->boot, before);
	if (ledger_has_trial(&c->ledger))
		log_fact(LOG_NOTICE, MESSAGE_TRIAL,
			 "the config is on trial until %s; to keep it: carvectl confirm", until);
}

/**
 * configs_accept() - the config of the files is in force now.
 * @config: the caller's reference is taken over
 * @who: asked, or NULL
 * @confirm: on trial for so many microseconds; 0: for good
 */
void configs_accept(struct configs *c, struct config *config, const char *who, uint64_t confirm)
{
	uint64_t before = confirm ? before_trial(c) : 0;

	c->urgent |= confirm || !ledger_follows_files(&c->ledger);
	ledger_accept(&c->ledger, config->hash, who, clock_wall());
	if (confirm)
		begin_trial(c, confirm, before);
	configs_adopt(c, config);
}

/**
 * configs_confirm() - what is on trial stays. Where that was not saved it can be asked for again.
 *
 * Return: 0; -ENOENT where nothing is; -errno where that is not saved.
 */
int configs_confirm(struct configs *c)
{
	if (!ledger_confirm(&c->ledger))
		return c->unsaved.ledger ? configs_save_ledger(c) : -ENOENT;
	log_fact(LOG_NOTICE, MESSAGE_CONFIRMED, "the config that was on trial is confirmed");
	return configs_save_ledger(c);
}

/* --- an older config is in force ------------------------------------------------------ */

/* The files that differ, as "FILE, FILE: ". */
static char *differing_files(const struct config *a, const struct config *b)
{
	struct buf out = {};

	vec_each(f, &a->files) {
		bool same = false;

		vec_each(g, &b->files)
			same |= strcmp(f->path, g->path) == 0 && strcmp(f->text, g->text) == 0;
		if (!same)
			buf_add(&out, "%s%s", out.n ? ", " : "", f->path);
	}
	if (out.n)
		buf_add(&out, ": ");
	return buf_take(&out);
}

static const char deadline[] = "deadline"; /* in the place of who asked */

/* @trial, NULL if it is not known, is not in force any more; @before is. */
static void end_trial(struct configs *c, const struct config *trial, const struct config *before,
		      const char *why, const char *who)
{
	_cleanup_free_ char *files = trial ? differing_files(trial, before) : mem_strdup("");
	_cleanup_free_ char *when = clock_text(clock_wall());
	_cleanup_free_ char *text = mem_printf("%srolled back at %s: %s", files, when, why);

	log_fact(LOG_WARNING, MESSAGE_ROLLED_BACK, "%s", text);
	c->urgent = true;
	ledger_roll_back(&c->ledger, text, who, clock_wall());
}

/*
 * The time of a trial was over while no carved was there to see it. @files: what is in the files
 * now, or NULL
 */
static void end_overdue_trial(struct configs *c, const struct config *files)
{
	const struct trial *t = &c->ledger.trial;
	_cleanup_config_ struct config *before = NULL;
	bool known = files && files->hash == t->hash, rebooted;

	if (!ledger_is_over(&c->ledger, clock_now(), c->boot))
		return;
	rebooted = strcmp(t->boot, c->boot) != 0;
	if (configs_find(c, t->before, &before) == 0)
		end_trial(c, known ? files : NULL, before,
			  rebooted ? "the system was rebooted before it was confirmed"
				   : "it was not confirmed in time",
			  rebooted ? "reboot" : deadline);
}

/**
 * configs_roll_back() - the config before the one on trial is in force.
 * @why: for the journal
 * @who: asked, or NULL where its time was over
 *
 * Return: 0; -errno where it cannot be read again: then what was on trial stays.
 */
int configs_roll_back(struct configs *c, const char *why, const char *who)
{
	struct config *before;
	int r = configs_find(c, c->ledger.trial.before, &before);

	if (r < 0) {
		log_fact(LOG_ERR, MESSAGE_NOT_SAVED,
			 "the config before the one on trial cannot be read again, and the one on "
			 "trial stays: %s",
			 strerror(-r));
		ledger_confirm(&c->ledger);
		configs_save_ledger(c);
		return r;
	}
	end_trial(c, c->in_force, before, why, who ? who : deadline);
	configs_adopt(c, before);
	return 0;
}

/* The hash of the files as they are now, or 0. */
static uint64_t hash_of_files(struct configs *c)
{
	_cleanup_config_ struct config *files = NULL;
	struct diag_list diags = {};
	int r;

	if (!configs_out_of_sync(c) && !configs_read_once(c))
		return c->in_force->hash;
	r = configs_candidate(c, &files, &diags);
	diag_clear(&diags);
	if (r == 0)
		return files->hash;
	return r == -ENODATA ? c->ledger.files : 0;
}

/**
 * configs_replace() - an older config is in force, and the files stay as they are.
 * @who, @confirm: as in configs_accept()
 *
 * Return: 0; -ENOENT where it is not kept; -errno where it cannot be read again.
 */
int configs_replace(struct configs *c, uint64_t hash, const char *who, uint64_t confirm)
{
	_cleanup_free_ char *when = clock_text(clock_wall()), *text = NULL;
	uint64_t files = hash_of_files(c), before;
	struct config *config;
	int r = configs_find(c, hash, &config);

	if (r < 0)
		return r;
	text = mem_printf("the files on disk were put aside at %s: %s asked for an older config",
			  when, who ? who : "somebody");
	log_fact(LOG_NOTICE, MESSAGE_ROLLED_BACK, "the config %08" PRIx32 " is in force again",
		 (uint32_t)(hash >> 32));
	before = confirm ? before_trial(c) : 0;
	c->urgent = true;
	ledger_replace(&c->ledger, hash, files, text, who, clock_wall());
	if (confirm)
		begin_trial(c, confirm, before);
	configs_adopt(c, config);
	return 0;
}

/** configs_undone() - all devices have come back from a trial. */
void configs_undone(struct configs *c)
{
	if (!c->ledger.undoing || c->fresh)
		return;
	c->ledger.undoing = false;
	configs_save_ledger(c);
}

/* --- starts -------------------------------------------------------------------------- */

/*
 * What is in force whatever the files say: on trial, or back from one. Return: a reference, or
 * NULL.
 */
static struct config *find_stand_in(struct configs *c, struct config *files)
{
	uint64_t hash = ledger_has_trial(&c->ledger)
				? c->ledger.trial.hash
				: ledger_stands_for(&c->ledger, files ? files->hash : 0);
	struct config *config;

	if (!hash)
		return NULL;
	if (files && files->hash == hash)
		return config_ref(files);
	if (configs_find(c, hash, &config) == 0)
		return config;
	log_fact(LOG_ERR, MESSAGE_NOT_SAVED,
		 "the config that was in force before cannot be read again");
	return NULL;
}

/* The files are refused, and nothing stands in their place. */
static int fall_back(struct configs *c)
{
	struct config *config;
	int r = store_load_config(c->store, 0, &config);

	if (r < 0)
		return r;
	config_unref(c->in_force);
	c->in_force = config;
	c->generation++;
	log_fact(LOG_ERR, MESSAGE_CONFIG_REFUSED,
		 "the config is refused; the one accepted last is in force");
	return 0;
}

/**
 * configs_start() - the first config: one on trial, or one that stands in the place of the files;
 * else that of the files, else the one accepted last, before a restart or a reboot.
 * @may_be_kept: else the one accepted last will not do
 *
 * Return: 0, or -errno where there is none.
 */
int configs_start(struct configs *c, bool may_be_kept)
{
	_cleanup_config_ struct config *files = NULL;
	struct config *stand_in;

	store_load_ledger(c->store, &c->ledger);
	configs_load(c, &files);
	end_overdue_trial(c, files);
	stand_in = find_stand_in(c, files);
	if (stand_in)
		configs_adopt(c, stand_in);
	else if (files)
		configs_accept(c, TAKE(files), NULL, 0);
	else
		return may_be_kept ? fall_back(c) : -ENOENT;
	return 0;
}

/**
 * configs_start_again() - as configs_start(), when another carved has ended that this one has
 * waited for. What can be read only once was read already.
 */
void configs_start_again(struct configs *c)
{
	if (configs_read_once(c))
		return;
	ledger_clear(&c->ledger);
	c->fresh = c->urgent = false;
	if (configs_start(c, true) < 0)
		configs_accept(c, config_ref(c->in_force), NULL, 0);
}
