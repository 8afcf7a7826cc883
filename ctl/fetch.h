/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's answers, from D-Bus messages into the structs of answer.h. */
#pragma once

#include "answer.h"
#include "client.h"

/* Which plan is asked for. */
struct plan_query {
	const char *device; /* a handle or an entry's name; NULL: all */
	bool candidate;	    /* under the files on disk, else under the config in force */
	const char *config; /* under this one that is kept, or "before"; NULL: see candidate */
	bool permitted;	    /* without what waits for a permitted reload */
};

int fetch_states(struct client *c,
		 void (*found)(void *user, const char *handle, const char *entry,
			       const char *state),
		 void *user);
int fetch_status(struct client *c, const char *device, struct status_answer *ret);
int fetch_plan(struct client *c, const struct plan_query *q, struct plan_answer *ret);
int fetch_plan_quietly(struct client *c, const struct plan_query *q, struct plan_answer *ret,
		       sd_bus_error *error);
int fetch_ask_records(struct client *c, sd_bus_message_handler_t then, void *user,
		      sd_bus_slot **ret);
int fetch_read_records(struct client *c, sd_bus_message *reply, struct arena *arena,
		       record_list *ret);
int fetch_records(struct client *c, const char *device, unsigned max, struct arena *arena,
		  record_list *ret);
int fetch_changed(sd_bus_message *m, struct arena *arena, struct device_answer *ret);
int fetch_diagnostics(struct client *c, struct reload_answer *ret);
int fetch_configs(struct client *c, struct configs_answer *ret);
int fetch_config(struct client *c, const char *name, struct files_answer *ret);
int fetch_config_hash(struct client *c, const char *number, char **ret);
int fetch_no_such_device(struct client *c, const char *device);
