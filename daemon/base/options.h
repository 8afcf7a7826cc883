/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of a program that takes options and nothing else. */
#pragma once

#include <getopt.h>
#include <stdbool.h>

/* One option; its value is in optarg. Return: false where it is none. */
typedef bool (*option_taker)(void *user, int option);

bool options_parse(int argc, char **argv, const char *letters, const struct option *table,
		   option_taker take, void *user);
