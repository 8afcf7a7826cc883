// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides how much a caller may take, and refuses what is more.
 *
 * Who calls, and what each may take of carved: time in the event loop, and places for what is kept
 * until it is answered. All is counted by connection, by uid and in all; only root, and on a user's
 * bus its owner, goes without limits. Whose a connection is has to be asked of the bus, so that:
 *
 *	callers_begin(b, m)		a call has come; false: it is refused already
 *	caller_identify(b, m, then)	then(), at once or when it is known whose call it is
 *	caller_take(c, SHARE_PLANS, error); ... caller_give(c, SHARE_PLANS);
 *
 * A caller is forgotten when its connection ends; whoever keeps something for it has let go of it
 * before.
 */
#include "base/clock.h"
#include "bus/internal.h"
#include "loop/loop.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* A uid may take the loop for so long at once, and for one part in so many in the long run. */
#define TIME_AT_ONCE_USEC (200 * USEC_PER_MSEC)
#define TIME_PART	  10

/* Who calls all the time is refused only so often. */
#define REFUSAL_USEC	    USEC_PER_SEC
#define REFUSALS_MAX	    2048
#define REFUSALS_AT_ONCE    8
#define REFUSALS_EVERY_USEC (10 * USEC_PER_MSEC)

/* Calls of one connection that wait until it is known whose it is. */
#define UNIDENTIFIED_MAX 8

struct limit {
	const char *what;
	unsigned connection, uid, all;
};

static const struct limit limits[N_SHARES] = {
	[SHARE_QUESTIONS] = {"calls that wait for polkit", 1, 8, 32},
	[SHARE_CAPTURES] = {"captures", 2, 4, 16},
	[SHARE_PLANS] = {"plans", 2, 4, 15},
	[SHARE_JOBS] = {"calls that wait for a device", 4, 16, 64},
};

static void caller_free(struct caller *c)
{
	sd_bus_slot_unref(c->slot);
	free(c->name);
	free(c);
}

/** callers_find() - Return: the caller of that unique name, or NULL. */
struct caller *callers_find(struct bus *b, const char *name)
{
	vec_each(c, &b->callers.list)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/** caller_is_master() - may it do all, without limits? Not known counts as no. */
bool caller_is_master(const struct caller *c)
{
	return c->known && (c->uid == 0 || c->uid == getuid());
}

/** caller_text() - Return: who asks, for people; to be freed. */
char *caller_text(const struct caller *c)
{
	return c->uid ? mem_printf("uid %" PRIu32, c->uid) : mem_strdup("root");
}

/* --- time in the loop ----------------------------------------------------------- */

/* An account that owes nothing any more is as good as none. */
static struct account *account_of(struct bus *b, uint32_t uid)
{
	uint64_t now = clock_now();

	for (size_t i = b->callers.accounts.n; i-- > 0;)
		if (b->callers.accounts.v[i].uid != uid && b->callers.accounts.v[i].charge <= now)
			vec_remove(&b->callers.accounts, i);
	vec_each(a, &b->callers.accounts)
		if (a->uid == uid)
			return a;
	vec_push(&b->callers.accounts, ((struct account){.uid = uid}));
	return &b->callers.accounts.v[b->callers.accounts.n - 1];
}

static void add_charge(uint64_t *charge, uint64_t usec)
{
	*charge = MAX(*charge, clock_now()) + usec;
}

static uint64_t remaining(uint64_t charge)
{
	uint64_t now = clock_now();

	return charge > now ? charge - now : 0;
}

static uint64_t *charge_of(struct caller *c)
{
	return c->known ? &account_of(c->bus, c->uid)->charge : &c->charge;
}

/** callers_charge() - what is handled since callers_begin() has taken @usec. */
void callers_charge(struct bus *b, uint64_t usec)
{
	struct caller *c = TAKE(b->callers.current);

	if (c)
		add_charge(charge_of(c), usec * TIME_PART);
}

/* --- whose a connection is -------------------------------------------------------- */

static void pass_on(const struct unidentified *u)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = u->then(u->caller->bus, u->caller, u->call, &error);

	if (r < 0)
		sd_bus_reply_method_errno(u->call, r, &error);
	sd_bus_message_unref(u->call);
}

/* Its calls go on in the order in which they came. */
static void identified(struct caller *c)
{
	struct callers *all = &c->bus->callers;

	for (size_t i = 0; i < all->waiting.n;) {
		struct unidentified u = all->waiting.v[i];

		if (u.caller != c) {
			i++;
			continue;
		}
		vec_remove(&all->waiting, i);
		pass_on(&u);
	}
}

static int on_uid(sd_bus_message *m, void *user, _unused_ sd_bus_error *error)
{
	struct caller *c = user;
	uint32_t uid;

	if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "u", &uid) >= 0)
		c->uid = uid;
	c->known = true;
	add_charge(&account_of(c->bus, c->uid)->charge, remaining(c->charge));
	identified(c);
	return 0;
}

static struct caller *caller_new(struct bus *b, const char *name)
{
	struct caller *c = mem_new(struct caller);

	*c = (struct caller){.bus = b, .name = mem_strdup(name), .uid = UINT32_MAX};
	vec_push(&b->callers.list, c);
	if (sd_bus_call_method_async(b->connection, &c->slot, "org.freedesktop.DBus",
				     "/org/freedesktop/DBus", "org.freedesktop.DBus",
				     "GetConnectionUnixUser", on_uid, c, "s", name) < 0)
		c->known = true;
	return c;
}

static void refuse_later(struct bus *b, sd_bus_message *call)
{
	_cleanup_message_ sd_bus_message *answer = NULL;

	if (sd_bus_message_new_method_errorf(call, &answer, SD_BUS_ERROR_LIMITS_EXCEEDED,
					     "too many calls at a time") < 0)
		return;
	if (b->callers.refusals.n >= REFUSALS_MAX) {
		sd_bus_send(b->connection, answer, NULL);
		return;
	}
	if (!b->callers.refusals.n)
		loop_timer_set(b->timeout_timer, clock_now());
	vec_push(&b->callers.refusals,
		 ((struct refusal){TAKE(answer), clock_now() + REFUSAL_USEC}));
}

/** callers_answer() - refuse what has waited for that. Return: when to look again. */
uint64_t callers_answer(struct bus *b, uint64_t now)
{
	struct callers *c = &b->callers;

	for (int i = 0; c->refusals.n && c->refusals.v[0].at <= now; i++) {
		if (i >= REFUSALS_AT_ONCE)
			return now + REFUSALS_EVERY_USEC;
		sd_bus_send(b->connection, c->refusals.v[0].answer, NULL);
		sd_bus_message_unref(c->refusals.v[0].answer);
		vec_remove(&c->refusals, 0);
	}
	return c->refusals.n ? c->refusals.v[0].at : USEC_NEVER;
}

/**
 * callers_begin() - note who has sent @call, which is going to be handled.
 *
 * Return: false where its share of the loop's time is used up: that was answered.
 */
bool callers_begin(struct bus *b, sd_bus_message *call)
{
	const char *name = sd_bus_message_get_sender(call);
	struct caller *c = callers_find(b, name);

	if (!c)
		c = caller_new(b, name);
	if (!caller_is_master(c) && remaining(*charge_of(c)) > TIME_AT_ONCE_USEC * TIME_PART) {
		refuse_later(b, call);
		return false;
	}
	b->callers.current = c;
	return true;
}

/**
 * caller_identify() - go on with @then when it is known whose call it is.
 * @call: its arguments were checked, so that it is small
 *
 * Return: as a method's handler.
 */
int caller_identify(struct bus *b, sd_bus_message *call, caller_handler then)
{
	struct caller *c = callers_find(b, sd_bus_message_get_sender(call));
	unsigned n = 0;

	if (c->known) {
		_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
		int r = then(b, c, call, &error);

		return r < 0 ? sd_bus_reply_method_errno(call, r, &error) : r;
	}
	vec_each(u, &b->callers.waiting)
		n += u->caller == c;
	if (n >= UNIDENTIFIED_MAX)
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_LIMITS_EXCEEDED,
						  "too many calls at a time");
	vec_push(&b->callers.waiting, ((struct unidentified){c, sd_bus_message_ref(call), then}));
	return 1;
}

/* --- places ------------------------------------------------------------------------- */

/**
 * caller_take() - take a place, to be given back by caller_give().
 *
 * Return: 0, or -errno with @error where all that @c may have are taken.
 */
int caller_take(struct caller *c, enum share share, sd_bus_error *error)
{
	const struct limit *limit = &limits[share];
	unsigned uid = 0, all = 0;

	vec_each(other, &c->bus->callers.list) {
		uid += (*other)->uid == c->uid ? (*other)->taken[share] : 0;
		all += caller_is_master(*other) ? 0 : (*other)->taken[share];
	}
	if (!caller_is_master(c) &&
	    (c->taken[share] >= limit->connection || uid >= limit->uid || all >= limit->all))
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "there are too many %s already", limit->what);
	c->taken[share]++;
	return 0;
}

/** caller_give() - give a place back. */
void caller_give(struct caller *c, enum share share)
{
	c->taken[share]--;
}

/* --- the end of a connection ---------------------------------------------------------- */

/** caller_forget() - its connection has ended. */
void caller_forget(struct caller *c)
{
	struct callers *all = &c->bus->callers;

	for (size_t i = all->waiting.n; i-- > 0;) {
		if (all->waiting.v[i].caller != c)
			continue;
		sd_bus_message_unref(all->waiting.v[i].call);
		vec_remove(&all->waiting, i);
	}
	for (size_t i = all->list.n; i-- > 0;)
		if (all->list.v[i] == c)
			vec_remove(&all->list, i);
	if (all->current == c)
		all->current = NULL;
	caller_free(c);
}

/** callers_drop() - the connection to the bus is gone. */
void callers_drop(struct bus *b)
{
	while (b->callers.list.n)
		caller_forget(b->callers.list.v[b->callers.list.n - 1]);
	vec_clear(&b->callers.list);
	vec_clear(&b->callers.waiting);
	vec_each(r, &b->callers.refusals)
		sd_bus_message_unref(r->answer);
	vec_clear(&b->callers.refusals);
	vec_clear(&b->callers.accounts);
}
