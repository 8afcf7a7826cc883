// SPDX-License-Identifier: GPL-2.0-or-later
/* See ledger.h. */
#include "model/ledger.h"
#include "base/mem.h"

#include <string.h>

/** fate_name() - as D-Bus and carvectl show it. */
const char *fate_name(enum fate f)
{
	static const char *const names[] = {[FATE_IN_FORCE] = "in-force",
					    [FATE_ON_TRIAL] = "on-trial",
					    [FATE_REPLACED] = "replaced",
					    [FATE_ROLLED_BACK] = "rolled-back"};

	return names[f];
}

/** ledger_has_trial() - is there a config that comes to nothing if it is not confirmed? */
bool ledger_has_trial(const struct ledger *l)
{
	return l->trial.hash;
}

/** ledger_ends_trial() - is what is on trial undone where the config @hash comes into force? */
bool ledger_ends_trial(const struct ledger *l, uint64_t hash)
{
	return ledger_has_trial(l) && hash == l->trial.before;
}

/** ledger_follows_files() - would a start take what is in the files, whatever was before? */
bool ledger_follows_files(const struct ledger *l)
{
	return !ledger_has_trial(l) && !l->why && !l->undoing;
}

/** ledger_in_force() - Return: the hash of the config in force; 0: none was accepted so far. */
uint64_t ledger_in_force(const struct ledger *l)
{
	return l->accepted.n ? l->accepted.v[0].hash : 0;
}

/** ledger_previous() - Return: the hash of the config that was in force before, or 0. */
uint64_t ledger_previous(const struct ledger *l)
{
	if (ledger_has_trial(l))
		return l->trial.before;
	vec_each(a, &l->accepted)
		if (a->hash != ledger_in_force(l) && a->fate == FATE_REPLACED)
			return a->hash;
	return 0;
}

static void accepted_clear(struct accepted *a)
{
	free(a->who);
}

/* @hash is in force; accepted once more, a config keeps its line only if it is the newest. */
static void put(struct ledger *l, uint64_t hash, const char *who, uint64_t wall)
{
	struct accepted a = {.hash = hash, .at = wall, .who = mem_strdup(who ? who : "")};

	if (ledger_in_force(l) == hash) {
		l->accepted.v[0].fate = FATE_IN_FORCE;
		accepted_clear(&a);
		return;
	}
	if (l->accepted.n && l->accepted.v[0].fate != FATE_ROLLED_BACK)
		l->accepted.v[0].fate = FATE_REPLACED;
	while (l->accepted.n >= ACCEPTED_MAX)
		accepted_clear(&l->accepted.v[--l->accepted.n]);
	vec_push(&l->accepted, a);
	memmove(l->accepted.v + 1, l->accepted.v, (l->accepted.n - 1) * sizeof(a));
	l->accepted.v[0] = a;
}

static void forget_trial(struct ledger *l)
{
	free(l->trial.boot);
	l->trial = (struct trial){};
}

/*
 * @hash is to be in force. Where it is the config before the trial, devices go back to it, and go
 * on with that when it is accepted once more.
 */
static void end_trial(struct ledger *l, uint64_t hash)
{
	if (ledger_ends_trial(l, hash)) {
		l->accepted.v[0].fate = FATE_ROLLED_BACK;
		l->undoing = true;
	} else if (hash != ledger_in_force(l)) {
		l->undoing = false;
	}
	forget_trial(l);
}

static void set_why(struct ledger *l, const char *why)
{
	char *copy = mem_strdup(why);

	free(l->why);
	l->why = copy;
}

/**
 * ledger_accept() - the config of the files is in force.
 * @who: asked, or NULL
 * @wall: when, microseconds since 1970
 */
void ledger_accept(struct ledger *l, uint64_t hash, const char *who, uint64_t wall)
{
	end_trial(l, hash);
	put(l, hash, who, wall);
	set_why(l, NULL);
	l->files = hash;
}

/**
 * ledger_try() - what was accepted last is on trial.
 * @deadline: until when, of the boot's clock, microseconds
 * @boot: the id of the boot
 * @before: the hash of the config that comes back; where it is the same one nothing is on trial
 */
void ledger_try(struct ledger *l, uint64_t deadline, const char *boot, uint64_t before)
{
	forget_trial(l);
	if (before == ledger_in_force(l))
		return;
	l->accepted.v[0].fate = FATE_ON_TRIAL;
	l->trial = (struct trial){.hash = ledger_in_force(l),
				  .before = before,
				  .deadline = deadline,
				  .boot = mem_strdup(boot)};
}

/** ledger_confirm() - what is on trial stays. Return: false where nothing is. */
bool ledger_confirm(struct ledger *l)
{
	if (!ledger_has_trial(l))
		return false;
	l->accepted.v[0].fate = FATE_IN_FORCE;
	forget_trial(l);
	return true;
}

/**
 * ledger_is_over() - has nobody confirmed what is on trial?
 * @now: of the boot's clock, microseconds
 * @boot: the id of the boot
 */
bool ledger_is_over(const struct ledger *l, uint64_t now, const char *boot)
{
	return ledger_has_trial(l) &&
	       (now >= l->trial.deadline || strcmp(boot, l->trial.boot) != 0);
}

/**
 * ledger_roll_back() - what was on trial is not, and the config before is in force.
 * @why: for people
 * @who: asked for it, or NULL
 * @wall: when, microseconds since 1970
 */
void ledger_roll_back(struct ledger *l, const char *why, const char *who, uint64_t wall)
{
	uint64_t before = l->trial.before;

	end_trial(l, before);
	put(l, before, who, wall);
	set_why(l, before == l->files ? NULL : why);
}

/**
 * ledger_replace() - an older config is in force, and the files stay as they are.
 * @files: their hash; 0: not known
 * @why, @who, @wall: as in ledger_roll_back()
 */
void ledger_replace(struct ledger *l, uint64_t hash, uint64_t files, const char *why,
		    const char *who, uint64_t wall)
{
	end_trial(l, hash);
	put(l, hash, who, wall);
	set_why(l, hash == files ? NULL : why);
	l->files = files;
}

/**
 * ledger_stands_for() - what is in force at a start.
 * @files: the hash of the files now; 0: they are refused
 *
 * Return: the hash of the config that stands in their place; 0: they count, as they are not those
 * that were put aside; or else it is not known, and what was kept last is all there is.
 */
uint64_t ledger_stands_for(const struct ledger *l, uint64_t files)
{
	bool aside = l->why && files == l->files;

	return aside || (!files && l->undoing) ? ledger_in_force(l) : 0;
}

/** ledger_clear() - forget all. */
void ledger_clear(struct ledger *l)
{
	vec_each(a, &l->accepted)
		accepted_clear(a);
	vec_clear(&l->accepted);
	forget_trial(l);
	free(l->why);
	*l = (struct ledger){};
}
