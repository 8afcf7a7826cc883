/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two kinds of format: the memory of a device as kept on disk, and a device as captured ("facts"):
 * who it is, what it has, within which limits. The facts format serves `capture --facts`, `check
 * --facts` and tests; it is made for people to read:
 *
 *	{"format": 1, "handle": "pci/0000:03:00.0", "driver": "mlxsw_spectrum",
 *	 "versions": {"running": {"fw.version": "13.2010.1006"}},
 *	 "reload": {"failed": false, "counters": [["driver_reinit", "unspec", "local", 0]]},
 *	 "impact": {"netdevs": 32, "up": 12, "mastered": 4, "splits": 2},	(may be missing)
 *	 "resources": {"/kvd": {"size": 245760, "min": 245760, "max": 245760, "granularity": 128}},
 *	 "params": {"fw_load_policy": {"driverinit": {"type": "u8", "value": 0}}},
 *	 "traps": {"blackhole_route": {"action": "drop", "type": "drop", "group": "l3_drops"}}}
 */
#pragma once

#include "model/world.h"

struct json_t; /* of jansson */

struct json_t *json_number(uint64_t n);

struct json_t *memory_to_json(const char *handle, const struct memory *m);
int memory_from_json(struct json_t *j, struct memory *m);
struct json_t *lasting_to_json(const char *handle, const struct lasting *l);
int lasting_from_json(struct json_t *j, struct lasting *l);

struct json_t *facts_to_json(const char *handle, const struct world *w);
char *facts_to_text(const char *handle, const struct world *w);
int facts_from_json(struct json_t *j, struct world *w, char **ret_handle, char **ret_why);
