// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line of carvectl: which commands and options there are, and whether they are used
 * right. --help says what the tables say.
 */
#include "base/text.h"
#include "client.h"
#include "ctl.h"
#include "output.h"
#include "yaml/source.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{"status", "[DEVICE]", "what there is, what is wanted, and why it differs",
	 OPTION_JSON | OPTION_ALL | OPTION_PROBLEMS, 0, 1, command_status},
	{"plan", "[DEVICE]", "the steps that carved would take now",
	 OPTION_JSON | OPTION_CANDIDATE | OPTION_WITH | OPTION_WITHOUT, 0, 1, command_plan},
	{"reload", "", "read the files again, and wait until all is done",
	 OPTION_JSON | OPTION_NO_WAIT | OPTION_CONFIRM | OPTION_YES, 0, 0, command_reload},
	{"confirm", "", "keep the config that is on trial", 0, 0, 0, command_confirm},
	{"rollback", "[N]", "put an older config into force; leave the files",
	 OPTION_JSON | OPTION_NO_WAIT | OPTION_CONFIRM | OPTION_YES, 0, 1, command_rollback},
	{"configs", "[show N]", "which configs were accepted; one with its files", OPTION_JSON, 0,
	 2, command_configs},
	{"diff", "[N] [M]", "how the files, or config M, differ; and the plan",
	 OPTION_JSON | OPTION_WITH | OPTION_WITHOUT, 0, 2, command_diff},
	{"apply", "[DEVICE]", "read again, do what is needed, and wait for it",
	 OPTION_JSON | OPTION_ALLOW_RELOAD, 0, 1, command_apply},
	{"retry", "DEVICE", "the same, including what failed or was given up",
	 OPTION_JSON | OPTION_YES, 1, 1, command_retry},
	{"pause", "DEVICE [TIME]", "write nothing to it, for a time or until resumed", OPTION_JSON,
	 1, 2, command_pause},
	{"resume", "DEVICE", "end the pause, and do what waited for it", OPTION_JSON, 1, 1,
	 command_resume},
	{"wait", "[DEVICE]", "wait until all is as declared, for scripts and units",
	 OPTION_FOR | OPTION_TIMEOUT, 0, 1, command_wait},
	{"check", "[FILE]...", "check files, without a running carved",
	 OPTION_JSON | OPTION_FACTS_FILE | OPTION_ROOT, 0, SIZE_MAX, command_check},
	{"import", "FILE...", "devlink commands and .devlink files as a config", OPTION_JSON, 1,
	 SIZE_MAX, command_import},
	{"capture", "DEVICE", "the present state of a device, as a config",
	 OPTION_JSON | OPTION_FACTS, 1, 1, command_capture},
	{"explain", "DEVICE [OBJECT]", "why it is as it is, and what can be done", OPTION_JSON, 1,
	 3, command_explain},
	{"resources", "[DEVICE]", "how the ASIC is divided, as a picture",
	 OPTION_JSON | OPTION_WATCH, 0, 1, command_resources},
	{"history", "[DEVICE]", "what happened and why, how long reloads took",
	 OPTION_JSON | OPTION_SINCE | OPTION_BOOT | OPTION_JOURNAL, 0, 1, command_history},
	{"monitor", "", "the same, and every change of state, as it happens", OPTION_JSON, 0, 0,
	 command_monitor},
	{"metrics", "", "figures for Prometheus, as text", OPTION_OUTPUT, 0, 0, command_metrics},
};

static const struct row {
	int id;
	bool own; /* only commands that name it take it */
	const char *name, *args, *help;
} options[] = {
	{OPTION_JSON, true, "json", NULL, "write one JSON document, see carvectl(1)"},
	{OPTION_ALL, true, "all", NULL, "status: also what is as wanted"},
	{OPTION_PROBLEMS, true, "problems", NULL, "status: only devices that are not as wanted"},
	{OPTION_WATCH, true, "watch", NULL, "resources: draw it again and again"},
	{OPTION_NO_WAIT, true, "no-wait", NULL, "reload, rollback: do not wait until all is done"},
	{OPTION_YES, true, "yes", NULL, "reload, rollback, retry: do not ask on a terminal"},
	{OPTION_CONFIRM, true, "confirm", "TIME",
	 "reload, rollback: undone after TIME unless confirmed"},
	{OPTION_FOR, true, "for", "converged|settled",
	 "wait: for which of the two (default: converged)"},
	{OPTION_TIMEOUT, true, "timeout", "TIME", "wait: at most this long"},
	{OPTION_CANDIDATE, true, "candidate", NULL,
	 "plan: for the files on disk, without adopting them"},
	{OPTION_WITH, true, "with", "PATH=FILE",
	 "plan, diff: as if FILE were at PATH; may be repeated"},
	{OPTION_WITHOUT, true, "without", "PATH", "plan, diff: as if PATH were gone"},
	{OPTION_ALLOW_RELOAD, true, "allow-reload", NULL,
	 "apply: reload where needed, whatever it resets"},
	{OPTION_FACTS, true, "facts", NULL, "capture: names, limits, types and values, for checks"},
	{OPTION_FACTS_FILE, true, "facts", "FACTS",
	 "check: also against a device that was captured"},
	{OPTION_ROOT, true, "config-root", "DIR", "check: look for presets, and files, below DIR"},
	{OPTION_SINCE, true, "since", "TIME",
	 "history: since TIME, earlier runs and boots included"},
	{OPTION_BOOT, true, "boot", "N", "history: of this boot (0), the one before (-1), ..."},
	{OPTION_JOURNAL, true, "journal", "DIR", "history: from the journal in DIR"},
	{OPTION_OUTPUT, true, "output", "FILE", "metrics: write them to FILE, all or nothing"},
	{OPTION_BUS, false, "bus", "system|user", "where carved is (default: system)"},
	{OPTION_HELP, false, "help", NULL, "show this and exit; also -h"},
	{OPTION_VERSION, false, "version", NULL, "show the version and exit"},
};

/* What the command line says besides the words. */
struct parsed {
	struct ctl ctl;
	const struct row *given[ARRAY_SIZE(options)]; /* options that not every command takes */
	size_t n_given;
	bool help, version;
};

/* --- help -------------------------------------------------------------------- */

static void print_row(const char *name, const char *separator, const char *args, const char *help)
{
	_cleanup_free_ char *left = mem_printf("%s%s%s", name, *args ? separator : "", args);

	printf("  %-24s %s\n", left, help);
}

static void print_help(void)
{
	printf("Usage: carvectl [OPTION]... [COMMAND [ARGUMENT]...]\n"
	       "Inspect and control what carved does with switch ASICs.\n\nCommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		print_row(commands[i].name, " ", commands[i].args, commands[i].help);
	printf("\nDEVICE is a handle (pci/0000:03:00.0) or the name of an entry.\n\nOptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		_cleanup_free_ char *name = mem_printf("--%s", options[i].name);

		print_row(name, "=", options[i].args ? options[i].args : "", options[i].help);
	}
	printf("\nExit codes and the form of the JSON are described in carvectl(1).\n");
}

/* --- options ----------------------------------------------------------------- */

static int usage_error(char *text)
{
	client_say("%s", text);
	client_say("try: carvectl --help");
	free(text);
	return CTL_USAGE;
}

static int set_bus(struct parsed *p, const char *bus)
{
	p->ctl.user_bus = strcmp(bus, "user") == 0;
	if (p->ctl.user_bus || strcmp(bus, "system") == 0)
		return 0;
	return usage_error(mem_printf("--bus=%s: it is system or user", bus));
}

/* A file that cannot be read has been told. */
static int lay_over(struct parsed *p, const char *value)
{
	const char *equals = strchr(value, '=');
	_cleanup_free_ char *path = mem_printf("%.*s", (int)strcspn(value, "="), value);
	struct diag_list diags = {};
	struct source *source;
	int r;

	if (!equals || *path != '/')
		return usage_error(mem_printf("--with=%s: it is PATH=FILE", value));
	r = source_read(equals + 1, SOURCE_ANY, &diags, &source);
	if (r == 0) {
		overlay_add(&p->ctl.overlay, path, source->bytes);
		source_free(source);
	} else {
		_cleanup_free_ char *text = diag_render_all(&diags);

		if (r == -ENOENT)
			client_say("%s: %s", equals + 1, strerror(-r));
		fputs(text, stderr);
	}
	diag_clear(&diags);
	return r == 0 ? 0 : CTL_ERROR;
}

static int set_option(struct parsed *p, int id)
{
	switch (id) {
	case OPTION_JSON:
		p->ctl.json = true;
		break;
	case OPTION_NO_WAIT:
		p->ctl.no_wait = true;
		break;
	case OPTION_YES:
		p->ctl.yes = true;
		break;
	case OPTION_ALL:
		p->ctl.all = true;
		break;
	case OPTION_PROBLEMS:
		p->ctl.problems = true;
		break;
	case OPTION_WATCH:
		p->ctl.watch = true;
		break;
	case OPTION_CONFIRM:
		p->ctl.confirm = optarg;
		break;
	case OPTION_FOR:
		p->ctl.wait_for = optarg;
		break;
	case OPTION_TIMEOUT:
		p->ctl.timeout = optarg;
		break;
	case OPTION_CANDIDATE:
		p->ctl.candidate = true;
		break;
	case OPTION_WITH:
		return lay_over(p, optarg);
	case OPTION_WITHOUT:
		overlay_add(&p->ctl.overlay, optarg, NULL);
		break;
	case OPTION_ALLOW_RELOAD:
		p->ctl.allow_reload = true;
		break;
	case OPTION_FACTS:
		p->ctl.facts = true;
		break;
	case OPTION_FACTS_FILE:
		vec_push(&p->ctl.facts_files, optarg);
		break;
	case OPTION_ROOT:
		p->ctl.config_root = optarg;
		break;
	case OPTION_SINCE:
		p->ctl.since = optarg;
		break;
	case OPTION_BOOT:
		p->ctl.boot = optarg;
		break;
	case OPTION_JOURNAL:
		p->ctl.journal = optarg;
		break;
	case OPTION_OUTPUT:
		p->ctl.output = optarg;
		break;
	case OPTION_BUS:
		return set_bus(p, optarg);
	case OPTION_HELP:
		p->help = true;
		return 0;
	case OPTION_VERSION:
		p->version = true;
		return 0;
	}
	return 0;
}

static void note_given(struct parsed *p, int id)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].id == id && options[i].own && p->n_given < ARRAY_SIZE(p->given))
			p->given[p->n_given++] = &options[i];
}

static bool takes(const struct command *c, int option)
{
	return c && c->options & (unsigned)option;
}

/*
 * Is the option understood beside the command @c, which may be NULL? One that @c does not take
 * is, so that the error can name it; --facts has no value but where the command wants one.
 */
static bool is_understood(const struct command *c, const struct row *o)
{
	if (!o->own)
		return true;
	if (o->args)
		return takes(c, o->id);
	return o->id != OPTION_FACTS || !takes(c, OPTION_FACTS_FILE);
}

/*
 * The command, found before the options are parsed: which ones are valid depends on it. Without
 * one it is the first of the table.
 */
static const struct command *meant(int argc, char **argv)
{
	bool words = false;

	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(commands); k++)
			if (strcmp(commands[k].name, argv[i]) == 0)
				return &commands[k];
		words = words || argv[i][0] != '-';
	}
	return words ? NULL : &commands[0];
}

/* 0 or CTL_USAGE; getopt_long() has said what is wrong. */
static int parse_options(struct parsed *p, int argc, char **argv)
{
	const struct command *c = meant(argc, argv);
	struct option table[ARRAY_SIZE(options) + 1] = {};
	size_t n = 0;
	int id, r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct row *o = &options[i];

		if (is_understood(c, o))
			table[n++] = (struct option){
				o->name, o->args ? required_argument : no_argument, NULL, o->id};
	}
	while (r == 0 && (id = getopt_long(argc, argv, "h", table, NULL)) != -1) {
		if (id == '?') {
			client_say("try: carvectl --help");
			return CTL_USAGE;
		}
		if (id == 'h')
			id = OPTION_HELP;
		note_given(p, id);
		r = set_option(p, id);
	}
	return r;
}

/* --- commands ---------------------------------------------------------------- */

static int no_command(const char *name)
{
	const char *names[ARRAY_SIZE(commands)], *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		names[i] = commands[i].name;
	nearest =
		strcmp(name, "show") == 0 ? "status" : text_nearest(name, names, ARRAY_SIZE(names));
	if (nearest)
		return usage_error(
			mem_printf("there is no command %s; did you mean %s?", name, nearest));
	return usage_error(mem_printf("there is no command %s", name));
}

static int check_use(const struct parsed *p, const struct command *c)
{
	if (p->ctl.n_args < c->min_args || p->ctl.n_args > c->max_args)
		return usage_error(*c->args ? mem_printf("usage: carvectl %s %s", c->name, c->args)
					    : mem_printf("%s takes no arguments", c->name));
	for (size_t i = 0; i < p->n_given; i++) {
		if (!takes(c, p->given[i]->id))
			return usage_error(
				mem_printf("%s does not take --%s", c->name, p->given[i]->name));
	}
	return 0;
}

static int run(struct parsed *p, const char *name)
{
	p->ctl.command = name;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		int r;

		if (strcmp(commands[i].name, name) != 0)
			continue;
		r = check_use(p, &commands[i]);
		return r ? r : commands[i].run(&p->ctl);
	}
	return no_command(name);
}

/* A variable of a script that is not set must not stand for all devices. */
static int refuse_empty(char **words)
{
	for (; *words; words++)
		if (!**words)
			return usage_error(mem_strdup("an argument is empty"));
	return 0;
}

static int begin(struct parsed *p, int argc, char **argv)
{
	int r = parse_options(p, argc, argv);

	if (r == 0)
		r = refuse_empty(argv + optind);
	if (r)
		return r;
	p->help |= optind < argc && strcmp(argv[optind], "help") == 0;
	if (p->help)
		print_help();
	else if (p->version)
		printf("carvectl %s\n", PACKAGE_VERSION);
	if (p->help || p->version)
		return output_finish(0, CTL_OK);
	if (optind >= argc)
		return run(p, commands[0].name);
	p->ctl.args = (const char *const *)argv + optind + 1;
	p->ctl.n_args = (size_t)(argc - optind - 1);
	return run(p, argv[optind]);
}

int main(int argc, char **argv)
{
	struct parsed p = {};
	int exit_code;

	setlocale(LC_CTYPE, "");
	argv[0] = (char *)"carvectl"; /* for what getopt_long() says */
	exit_code = begin(&p, argc, argv);
	overlay_clear(&p.ctl.overlay);
	vec_clear(&p.ctl.facts_files);
	return exit_code;
}
