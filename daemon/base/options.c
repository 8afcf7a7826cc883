// SPDX-License-Identifier: GPL-2.0-or-later
/* What is wrong with a command line is said on standard error, with the program's name. */
#include "base/options.h"

#include <stdio.h>
#include <string.h>

static const char *program(char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	return slash ? slash + 1 : argv[0];
}

/**
 * options_parse() - hand each option to @take.
 * @letters, @table: as of getopt_long(3)
 *
 * Return: false where something is wrong, which has been said.
 */
bool options_parse(int argc, char **argv, const char *letters, const struct option *table,
		   option_taker take, void *user)
{
	int c;

	while ((c = getopt_long(argc, argv, letters, table, NULL)) != -1) {
		if (c != '?' && take(user, c))
			continue;
		if (c != '?')
			fprintf(stderr, "%s: \"%s\" is not a value for this option\n",
				program(argv), optarg);
		return false;
	}
	if (optind < argc)
		fprintf(stderr, "%s: \"%s\" is not an option\n", program(argv), argv[optind]);
	return optind == argc;
}
