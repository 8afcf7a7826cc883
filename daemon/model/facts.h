/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device is, apart from its objects: driver, versions, reload counters. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum version_kind { VERSION_FIXED, VERSION_RUNNING, VERSION_STORED };

struct version {
	enum version_kind kind;
	const char *name, *value;
};

/* One of the kernel's reload counters. They start at 0 whenever the device registers. */
struct counter {
	uint8_t action, limit; /* DEVLINK_RELOAD_ACTION_*, DEVLINK_RELOAD_LIMIT_* */
	bool remote;
	uint32_t value;
};

typedef VEC(struct counter) counter_list;

struct facts {
	struct arena arena;
	const char *driver, *serial_number, *board_serial_number; /* each may be NULL */
	VEC(struct version) versions;
	VEC(const char *) netdevs;  /* of the device itself, as sysfs has them */
	VEC(const char *) altnames; /* of these, as far as they were asked for */
	counter_list counters;	    /* the local ones tell which actions the driver offers */
	bool reload_failed;
	uint64_t registration; /* the kernel's INDEX of it, and 1; 0: the kernel tells none */
	bool untold;	       /* INFO_GET failed: versions and serial numbers are not known */
};

void facts_clear(struct facts *f);
const char *facts_lookup(const struct facts *f, const char *handle, const char *key);
void facts_add_netdev(struct facts *f, const char *name);
void facts_add_altname(struct facts *f, const char *name);
const char *facts_version(const struct facts *f, enum version_kind kind, const char *name);
bool facts_same_versions(const struct facts *a, const struct facts *b);
const char *facts_firmware_key(const struct facts *f, const char *written);
bool facts_offers(const struct facts *f, uint8_t action, uint8_t limit);
bool facts_of_another(const struct facts *now, const counter_list *known, uint64_t registration);
bool facts_show_reload(const struct facts *now, const counter_list *known, uint64_t registration);
bool counters_offer(const counter_list *list, uint8_t action, uint8_t limit);
unsigned counters_reloads(const counter_list *now, const counter_list *before);
bool counters_differ(const counter_list *a, const counter_list *b);
bool counters_restarted(const counter_list *now, const counter_list *before);
bool counters_action_differs(const counter_list *a, const counter_list *b, uint8_t action);
void counters_copy(counter_list *to, const counter_list *from);
