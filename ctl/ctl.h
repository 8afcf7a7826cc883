/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command of carvectl is. A further command is one file with its function, declared below,
 * and one row of the table in main.c, from which --help and the checks of the command line follow.
 */
#pragma once

#include "base/vec.h"
#include "yaml/overlay.h"

#include <stdbool.h>
#include <stddef.h>

/* Exit codes; which command ends with which is said in carvectl(1). */
enum {
	CTL_OK = 0,
	CTL_ERROR = 1,
	CTL_STEPS = 2,	   /* plan: something is to be done */
	CTL_NOT_THERE = 3, /* not, or not yet, as the config wants it */
	CTL_USAGE = 64,
};

/* The command line, understood. */
struct ctl {
	const char *command;
	const char *const *args;
	size_t n_args;
	bool user_bus, json, no_wait, facts, candidate, allow_reload, yes, all, problems, watch;
	VEC(const char *) facts_files;
	const char *config_root, *since, *boot, *journal, *output, *confirm, *wait_for, *timeout;
	struct overlay overlay; /* files that are planned for as if they were on disk, or gone */
};

/* As bits, above the characters of short options. */
enum ctl_option {
	OPTION_JSON = 1 << 8,
	OPTION_NO_WAIT = 1 << 9,
	OPTION_CANDIDATE = 1 << 10,
	OPTION_ALLOW_RELOAD = 1 << 11,
	OPTION_FACTS = 1 << 12,
	OPTION_FACTS_FILE = 1 << 13, /* is called facts too, and takes a value */
	OPTION_ROOT = 1 << 14,
	OPTION_BUS = 1 << 15,
	OPTION_HELP = 1 << 16,
	OPTION_VERSION = 1 << 17,
	OPTION_OUTPUT = 1 << 18,
	OPTION_CONFIRM = 1 << 19,
	OPTION_FOR = 1 << 20,
	OPTION_TIMEOUT = 1 << 21,
	OPTION_WITH = 1 << 22,
	OPTION_WITHOUT = 1 << 23,
	OPTION_YES = 1 << 24,
	OPTION_ALL = 1 << 25,
	OPTION_PROBLEMS = 1 << 26,
	OPTION_SINCE = 1 << 27,
	OPTION_BOOT = 1 << 28,
	OPTION_JOURNAL = 1 << 29,
	OPTION_WATCH = 1 << 30,
};

struct command {
	const char *name;
	const char *args; /* as shown by --help, or "" */
	const char *help;
	unsigned options; /* those of its own: enum ctl_option */
	size_t min_args, max_args;
	int (*run)(const struct ctl *ctl); /* returns the exit code */
};

int command_apply(const struct ctl *ctl);
int command_capture(const struct ctl *ctl);
int command_check(const struct ctl *ctl);
int command_configs(const struct ctl *ctl);
int command_confirm(const struct ctl *ctl);
int command_diff(const struct ctl *ctl);
int command_explain(const struct ctl *ctl);
int command_history(const struct ctl *ctl);
int command_import(const struct ctl *ctl);
int command_metrics(const struct ctl *ctl);
int command_monitor(const struct ctl *ctl);
int command_pause(const struct ctl *ctl);
int command_plan(const struct ctl *ctl);
int command_reload(const struct ctl *ctl);
int command_resources(const struct ctl *ctl);
int command_resume(const struct ctl *ctl);
int command_rollback(const struct ctl *ctl);
int command_retry(const struct ctl *ctl);
int command_status(const struct ctl *ctl);
int command_wait(const struct ctl *ctl);
