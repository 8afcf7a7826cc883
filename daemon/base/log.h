/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for one fact: to the journal with fields where stderr is the journal, else to stderr.
 *
 *	log_info("%s: %s -> %s", handle, from, to);
 *	log_with(LOG_ERR, &(struct log_fields){.device = handle, .extack = text}, "...");
 */
#pragma once

#include "base/mem.h"

#include <stdint.h>
#include <syslog.h>

struct log_fields {
	const char *message_id; /* 32 hex digits, of the catalog */
	const char *device, *object, *trigger, *state, *extack;
	const char *file;
	uint32_t line;
};

void log_open(void);
int log_set_level(const char *name);
void log_with(int level, const struct log_fields *f, const char *format, ...) _printf_(3, 4);

#define log_error(...)	 log_with(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_with(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...)	 log_with(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...)	 log_with(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)	 log_with(LOG_DEBUG, NULL, __VA_ARGS__)
