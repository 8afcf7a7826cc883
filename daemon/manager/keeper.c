// SPDX-License-Identifier: GPL-2.0-or-later
/* See keeper.h. */
#include "manager/keeper.h"
#include "base/clock.h"
#include "loop/loop.h"
#include "manager/configs.h"
#include "manager/devices.h"

/* Devices that take longer than this to rest are not waited for. */
#define KEEP_USEC (USEC_PER_SEC / 2)

/* A disk is full for a while. */
#define RETRY_USEC (60 * USEC_PER_SEC)

static void on_timer(void *user)
{
	keeper_keep(user);
}

/** keeper_init() - what is given must outlive @k. */
void keeper_init(struct keeper *k, struct configs *configs, const struct devices *devices,
		 struct loop *loop)
{
	*k = (struct keeper){.configs = configs, .devices = devices};
	k->timer = loop_timer_new(loop, on_timer, k);
}

/** keeper_begin() - the config in force was adopted, and this carved has the lock. */
void keeper_begin(struct keeper *k)
{
	configs_begin(k->configs);
	if (configs_is_urgent(k->configs))
		keeper_keep(k);
	else
		loop_timer_set(k->timer, clock_now() + KEEP_USEC);
}

/** keeper_keep() - the config in force is on disk when it returns, where it can be. */
void keeper_keep(struct keeper *k)
{
	hash_list used = {};

	loop_timer_set(k->timer, USEC_NEVER);
	k->retrying = false;
	devices_configs(k->devices, &used);
	configs_keep(k->configs, &used);
	vec_clear(&used);
	keeper_retry(k);
}

/** keeper_retry() - what could not be saved is tried again later. */
void keeper_retry(struct keeper *k)
{
	if (k->retrying || k->configs->fresh || !configs_unsaved(k->configs))
		return;
	k->retrying = true;
	loop_timer_set(k->timer, clock_now() + RETRY_USEC);
}

/** keeper_clear() - nothing is written any more. */
void keeper_clear(struct keeper *k)
{
	k->timer = loop_timer_free(k->timer);
}
