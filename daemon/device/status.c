// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of a device as people see it: derived from what holds, the first in order of
 * precedence, with all that holds in the reason. Nothing is decided by it.
 */
#include "device/parts.h"
#include "base/clock.h"
#include "base/log.h"

#include <inttypes.h>
#include <string.h>

/* A re-read shows as `reading` only when it takes longer than this. */
#define SLOW_READ_USEC USEC_PER_SEC

static const char *const names[] = {
	[STATE_QUARANTINED] = "quarantined",
	[STATE_FAILED] = "failed",
	[STATE_REFUSED] = "refused",
	[STATE_RELOADING] = "reloading",
	[STATE_FLASHING] = "flashing",
	[STATE_APPLYING] = "applying",
	[STATE_READING] = "reading",
	[STATE_PENDING_POWER_CYCLE] = "pending-power-cycle",
	[STATE_PENDING_RELOAD] = "pending-reload",
	[STATE_DRIFTED] = "drifted",
	[STATE_ABSENT] = "absent",
	[STATE_CONVERGED] = "converged",
	[STATE_UNMANAGED] = "unmanaged",
};

const char *device_state_name(enum device_state s)
{
	return names[s];
}

struct finding {
	enum device_state state;
	struct buf reason;
};

static void add(struct finding *f, enum device_state state, const char *separator)
{
	f->state = MIN(f->state, state);
	if (f->reason.n)
		buf_add(&f->reason, "%s", separator);
}

static void find_failures(const struct device *d, struct finding *f)
{
	if (d->read_error) {
		add(f, STATE_FAILED, "; ");
		buf_add(&f->reason, "the device cannot be read: %s", strerror(-d->read_error));
	}
	if (d->identity_error) {
		add(f, STATE_FAILED, "; ");
		buf_add(&f->reason, "the driver does not tell its versions: %s",
			strerror(-d->identity_error));
	}
	if (d->plan.unreadable_text.n) {
		add(f, STATE_FAILED, "; ");
		buf_add(&f->reason, "the driver cannot read %s", d->plan.unreadable_text.s);
	}
	vec_each(failure, &d->failures) {
		add(f, STATE_FAILED, "; ");
		failure_explain(failure, &f->reason);
	}
	if (d->world.facts.reload_failed && d->world.memory.lasting.rollback == ROLLBACK_NONE) {
		add(f, STATE_FAILED, "; ");
		buf_add(&f->reason, "its last reload failed: ports and traps are gone");
	}
}

static void find_quarantine(const struct device *d, struct finding *f)
{
	static const char *const up[] = {
		[ROLLBACK_GOOD] = "the values that worked before are in force",
		[ROLLBACK_DEFAULTS] = "the values before our first write are in force",
		[ROLLBACK_GIVEN_UP] = "somebody else brought the device back"};
	static const char *const down[] = {
		[ROLLBACK_GOOD] = "the values that worked before are being brought back",
		[ROLLBACK_DEFAULTS] = "the values before our first write are being brought back",
		[ROLLBACK_GIVEN_UP] = "no roll-back succeeded: ports and traps are gone"};
	const struct lasting *l = &d->world.memory.lasting;

	if (l->rollback == ROLLBACK_NONE)
		return;
	add(f, STATE_QUARANTINED, "; ");
	buf_add(&f->reason,
		"%s; %s; what failed is not tried again until the config changes or carvectl retry",
		l->reason ? l->reason : "a reload failed",
		!d->identified		       ? "what is in force now is being read"
		: d->world.facts.reload_failed ? down[l->rollback]
					       : up[l->rollback]);
}

static void find_firmware(const struct device *d, struct finding *f)
{
	const struct firmware *want = &d->goal.firmware;
	const struct flash_latch *l = &d->world.memory.lasting.flash;

	switch (d->plan.firmware) {
	case FIRMWARE_RUNS:
	case FIRMWARE_FLASH:
	case FIRMWARE_ACTIVATE:
		return;
	case FIRMWARE_MISMATCH:
		add(f, STATE_QUARANTINED, "; ");
		break;
	case FIRMWARE_FAILED:
	case FIRMWARE_GONE:
		add(f, STATE_FAILED, "; ");
		break;
	}
	if (l->reason)
		buf_add(&f->reason, "%s", l->reason);
	else
		buf_add(&f->reason, "firmware %s ran in this boot and does not any more",
			want->version);
	buf_add(&f->reason, "; it is not flashed again until its config changes or carvectl retry");
}

static void find_refusal(const struct device *d, struct finding *f)
{
	if (!d->refused)
		return;
	vec_each(diag, &d->diags.diags) {
		_cleanup_free_ char *place = mark_format(diag->mark);

		if (diag->severity != DIAG_ERROR)
			continue;
		add(f, STATE_REFUSED, "; ");
		buf_add(&f->reason, "%s: %s", place, diag->message);
	}
}

/* What is in flight. */
static enum device_state writing_state(const struct device *d)
{
	for (size_t i = d->first; i < d->end; i++) {
		if (d->plan.steps.v[i].kind == STEP_RELOAD)
			return STATE_RELOADING;
		if (d->plan.steps.v[i].kind == STEP_FLASH)
			return STATE_FLASHING;
	}
	return STATE_APPLYING;
}

static void find_activity(const struct device *d, uint64_t now, struct finding *f)
{
	bool slow = d->activity == DEVICE_READING && now >= d->since + SLOW_READ_USEC;

	if (d->activity == DEVICE_WRITING) {
		add(f, writing_state(d), "; ");
		buf_add(&f->reason, "%zu of %zu steps, trigger %s", d->first, d->plan.steps.n,
			d->trigger);
	} else if (slow) {
		add(f, STATE_READING, "; ");
		buf_add(&f->reason, "the kernel is busy with another request to the device");
	} else if (device_rereads(d)) {
		add(f, STATE_READING, "; ");
		buf_add(&f->reason, "the kernel did not answer, and is asked again");
	} else if (d->ran.n && d->activity == DEVICE_READING) {
		add(f, STATE_APPLYING, "; ");
		buf_add(&f->reason, "reading back");
	} else if (d->foreign && (d->activity == DEVICE_READING || d->need_read || d->stale)) {
		add(f, STATE_READING, "; ");
		buf_add(&f->reason, "it was reloaded by somebody else");
	} else if (d->vanished) {
		add(f, STATE_READING, "; ");
		buf_add(&f->reason, "it said that it is gone%s",
			d->doubted ? ", and still answers" : "");
	} else if (!d->known && (d->activity == DEVICE_READING || !d->identified)) {
		add(f, STATE_READING, "; ");
		buf_add(&f->reason, "reading the device");
	}
}

/** device_pending() - what it would take to bring about all that is wanted. */
enum disruption device_pending(const struct device *d)
{
	return d->world.memory.until_boot.notes.n ? DISRUPTION_POWER_CYCLE : d->plan.pending;
}

static void find_pending(const struct device *d, struct finding *f)
{
	bool torn_down =
		d->world.facts.reload_failed && d->world.memory.lasting.rollback != ROLLBACK_NONE;

	vec_each(note, &d->world.memory.until_boot.notes) {
		add(f, STATE_PENDING_POWER_CYCLE, "; ");
		buf_add(&f->reason, "waits for a power cycle: param %s", note->name);
	}
	if (d->plan.pending == DISRUPTION_POWER_CYCLE) {
		add(f, STATE_PENDING_POWER_CYCLE, "; ");
		buf_add(&f->reason, "waits for a power cycle, no reload can activate it: %s",
			d->plan.pending_text.s);
	} else if (d->plan.pending != DISRUPTION_NONE && !torn_down) {
		add(f, STATE_PENDING_RELOAD, "; ");
		buf_add(&f->reason, "waits for a permitted reload: %s", d->plan.pending_text.s);
	}
	if (d->activity == DEVICE_IDLE && d->plan.steps.n && !device_live_permitted(d)) {
		add(f, STATE_DRIFTED, "; ");
		buf_add(&f->reason, "%zu differences are only reported (%s)", d->plan.steps.n,
			d->env->off ? "carved=off on the kernel command line" : "drift: report");
	}
	if (d->plan.held_text.n) {
		add(f, STATE_DRIFTED, "; ");
		buf_add(&f->reason,
			"somebody else sets it again and again, left alone until the config "
			"changes or "
			"carvectl retry: %s",
			d->plan.held_text.s);
	}
	if (d->plan.unread_text.n) {
		add(f, STATE_CONVERGED, "; ");
		buf_add(&f->reason, "accepted-unread: %s", d->plan.unread_text.s);
	}
}

/* What somebody should look at is a warning, and has a text of its own in the catalog. */
static const struct {
	int level;
	const char *id;
} messages[] = {
	[STATE_QUARANTINED] = {LOG_WARNING, MESSAGE_QUARANTINED},
	[STATE_FAILED] = {LOG_WARNING, MESSAGE_FAILED},
	[STATE_REFUSED] = {LOG_WARNING, MESSAGE_REFUSED},
	[STATE_RELOADING] = {LOG_INFO, MESSAGE_STATE},
	[STATE_FLASHING] = {LOG_INFO, MESSAGE_STATE},
	[STATE_APPLYING] = {LOG_DEBUG, MESSAGE_STATE},
	[STATE_READING] = {LOG_DEBUG, MESSAGE_STATE},
	[STATE_PENDING_POWER_CYCLE] = {LOG_NOTICE, MESSAGE_PENDING_POWER},
	[STATE_PENDING_RELOAD] = {LOG_NOTICE, MESSAGE_PENDING_RELOAD},
	[STATE_DRIFTED] = {LOG_WARNING, MESSAGE_DRIFTED},
	[STATE_ABSENT] = {LOG_INFO, MESSAGE_STATE},
	[STATE_CONVERGED] = {LOG_INFO, MESSAGE_STATE},
	[STATE_UNMANAGED] = {LOG_INFO, MESSAGE_STATE},
};

static void log_state(const struct device *d, enum device_state before)
{
	log_with(messages[d->state].level,
		 &(struct log_fields){.id = messages[d->state].id,
				      .device = d->handle,
				      .trigger = d->trigger,
				      .state = names[d->state]},
		 "%s: %s -> %s%s%s%s", d->handle, names[before], names[d->state],
		 *d->reason ? " (" : "", d->reason, *d->reason ? ")" : "");
}

/*
 * The journal is told how it ended, and at once of what stops traffic. To be back where it was is news only
 * after something was done of which no other line tells.
 */
static void tell_state(struct device *d)
{
	bool news = d->state != d->told || !text_equal(d->reason, d->told_reason);

	if (!d->moved || messages[d->state].level == LOG_DEBUG ||
	    (d->activity != DEVICE_IDLE && d->state != STATE_RELOADING &&
	     d->state != STATE_FLASHING))
		return;
	if (news)
		log_state(d, d->told);
	d->moved = false;
	d->told = d->state;
	free(d->told_reason);
	d->told_reason = mem_strdup(d->reason);
}

static void set_state(struct device *d, enum device_state state, const char *reason)
{
	enum device_state before = d->state;

	if (state == before && text_equal(reason, d->reason))
		return;
	d->revision++;
	d->state = state;
	free(d->reason);
	d->reason = mem_strdup(reason);
	if (state == before)
		return;
	d->moved = true;
	if (messages[state].level == LOG_DEBUG)
		log_state(d, before);
	if (state == STATE_APPLYING && !d->explained && !d->foreign)
		d->told = state;
}

/** device_update_state() - derive the state anew. */
void device_update_state(struct device *d, uint64_t now)
{
	bool managed = d->used.entry || d->refused || !d->identified;
	struct finding f = {.state = managed ? STATE_CONVERGED : STATE_UNMANAGED};
	_cleanup_free_ char *reason = NULL;

	if (managed) {
		find_quarantine(d, &f);
		find_firmware(d, &f);
		find_failures(d, &f);
		find_refusal(d, &f);
		find_activity(d, now, &f);
		find_pending(d, &f);
	}
	reason = buf_take(&f.reason);
	if (f.state == STATE_CONVERGED && d->state != STATE_CONVERGED)
		d->converged_at = now;
	set_state(d, f.state, reason);
	tell_state(d);
}
