/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line for one fact: to the journal with fields where stderr is the journal, else to stderr.
 *
 *	log_fact(LOG_WARNING, MESSAGE_OVERRUN, "notifications were lost");
 *	log_with(LOG_ERR, &(struct log_fields){.id = MESSAGE_FAILED, .device = handle}, "...");
 *
 * Every line above debug has an id (tests/lint/messages), and none may come again and again while
 * nothing has changed.
 */
#pragma once

#include "base/mem.h"
#include "base/messages.h"

#include <stdint.h>
#include <syslog.h>

struct log_fields {
	const char *id; /* of base/messages.h */
	const char *device, *object, *trigger, *state, *extack;
	const char *file;
	uint32_t line;
};

void log_hold(void);
void log_release(void);
void log_open(void);
int log_set_level(const char *name);
void log_with(int level, const struct log_fields *f, const char *format, ...) _printf_(3, 4);

#define log_debug(...) log_with(LOG_DEBUG, NULL, __VA_ARGS__)

/* log_fact(): a line that is about no device and no file. */
#define log_fact(level, message_id, ...)                                                           \
	log_with(level, &(struct log_fields){.id = message_id}, __VA_ARGS__)
