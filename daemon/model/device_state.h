/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of a device; device/status.h says what they are and derives them. */
#pragma once

/* In order of precedence: when several hold, the first one is the state. */
enum device_state {
	STATE_QUARANTINED,
	STATE_FAILED,
	STATE_REFUSED,
	STATE_PAUSED,
	STATE_RELOADING,
	STATE_FLASHING,
	STATE_APPLYING,
	STATE_READING,
	STATE_PENDING_POWER_CYCLE,
	STATE_PENDING_RELOAD,
	STATE_DRIFTED,
	STATE_ABSENT,
	STATE_CONVERGED,
	STATE_UNMANAGED,
};
