// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a config costs: processor time and memory to parse, merge and bind it. A config of N
 * settings is 64 files, of which each says something of every entry; an entry has up to 1000
 * settings (params, traps, policers) for a device that has these objects. Every size is a process
 * of its own; times are user plus system, the least of RUNS. Tells nothing of the kernel or of the
 * machine's load.
 *
 *	bench_config [SETTINGS...]
 */
#include "plan/bind.h"
#include "yaml/node.h"
#include "yaml/yaml.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES	  64
#define PER_ENTRY 1000
#define RUNS	  9
#define HANDLE	  "pci/0000:03:00.0"

enum { PARSE, LOAD, BIND, N_TIMES };

struct bench {
	char folder[32];
	char *files[FILES];
	size_t settings, bytes;
	struct world world;
	double msec[N_TIMES];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- the config and the device ---- */

static const struct {
	const struct class *class;
	size_t first, end; /* of ten settings */
} parts[] = {{&class_param, 0, 5}, {&class_trap, 5, 8}, {&class_trap_policer, 8, 10}};

static const struct class *class_of(size_t setting)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (setting % 10 >= parts[i].first && setting % 10 < parts[i].end)
			return parts[i].class;
	return NULL;
}

/* What file number @file says of one entry with @n settings. */
static void write_entry(FILE *f, size_t file, size_t n)
{
	for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
		const struct class *class = parts[p].class;

		fprintf(f, "    %s:\n", class->section);
		for (size_t i = file; i < n; i += FILES) {
			if (class_of(i) != class)
				continue;
			if (class == &class_param)
				fprintf(f, "      a_param_%zu: {runtime: %zu}\n", i, i);
			else if (class == &class_trap)
				fprintf(f, "      a_trap_%zu: trap\n", i);
			else
				fprintf(f, "      %zu: {rate: 1k, burst: null}\n", i);
		}
	}
}

static size_t entry_size(const struct bench *b, size_t entry)
{
	return MIN(b->settings - entry * PER_ENTRY, (size_t)PER_ENTRY);
}

static void write_files(struct bench *b)
{
	if (!mkdtemp(b->folder))
		fail(b->folder);
	for (size_t file = 0; file < FILES; file++) {
		FILE *f;

		b->files[file] = mem_printf("%s/%zu.yaml", b->folder, file);
		f = fopen(b->files[file], "we");
		if (!f)
			fail(b->files[file]);
		fprintf(f, "version: 1\ndevices:\n");
		for (size_t e = 0; e * PER_ENTRY < b->settings; e++) {
			fprintf(f, "  device-%zu:\n    match: {driver: d%zu}\n", e, e);
			write_entry(f, file, entry_size(b, e));
		}
		b->bytes += (size_t)ftell(f);
		fclose(f);
	}
}

static void remove_files(struct bench *b)
{
	for (size_t i = 0; i < FILES; i++) {
		unlink(b->files[i]);
		free(b->files[i]);
	}
	rmdir(b->folder);
}

static void make_device(struct world *w)
{
	for (size_t i = 0; i < PER_ENTRY; i++) {
		const struct class *class = class_of(i);
		_cleanup_free_ char *name = class == &class_trap_policer
						    ? mem_printf("%zu", i)
						    : mem_printf("a_%s_%zu", class->name, i);
		struct object *o =
			state_add(&w->have, class, name,
				  class == &class_param ? CMODE_RUNTIME : CLASS_NO_CMODE);

		object_set(o, 0, (struct value){.type = VALUE_U32});
	}
	state_sort(&w->have);
	w->has_catalogue = true;
}

/* ---- measuring ---- */

static void parse_files(struct bench *b)
{
	struct arena arena = {};

	for (size_t i = 0; i < FILES; i++) {
		struct diag_list diags = {};
		struct source *source;
		struct node *tree;

		if (source_read(b->files[i], SOURCE_REGULAR, &diags, &source) < 0 ||
		    node_parse(source, &arena, &diags, &tree) < 0)
			fail("parse");
		source_free(source);
	}
	arena_clear(&arena);
}

static void bind_all(struct bench *b, const struct config *c)
{
	vec_each(e, &c->entries) {
		struct diag_list diags = {};
		struct state want = {};

		if (bind_entry(e, HANDLE, &b->world, &want, &diags) < 0)
			fail("bind");
		state_clear(&want);
		diag_clear(&diags);
	}
}

static void keep_least(double *least, double value)
{
	if (*least == 0 || value < *least)
		*least = value;
}

static void run_once(struct bench *b)
{
	struct yaml_paths paths = {.root = "/nowhere",
				   .file = b->files[0],
				   .dropins = (const char *const *)b->files + 1,
				   .n_dropins = FILES - 1};
	struct diag_list diags = {};
	struct config *c;
	double start = now(), parsed, loaded;

	parse_files(b);
	parsed = now();
	if (yaml_load(&paths, &c, &diags) < 0)
		fail("load");
	loaded = now();
	bind_all(b, c);
	keep_least(&b->msec[BIND], now() - loaded);
	keep_least(&b->msec[LOAD], loaded - parsed);
	keep_least(&b->msec[PARSE], parsed - start);
	config_unref(c);
	diag_clear(&diags);
}

/* A line of /proc/self/status in MB. */
static double status_mb(const char *key)
{
	FILE *f = fopen("/proc/self/status", "re");
	size_t n = strlen(key), kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, n) == 0)
			kb = strtoul(line + n, NULL, 10);
	if (f)
		fclose(f);
	return (double)kb / 1024;
}

static void run_size(size_t settings)
{
	struct bench b = {.folder = "/tmp/carved-bench-XXXXXX", .settings = settings};
	double before;

	write_files(&b);
	make_device(&b.world);
	before = status_mb("VmRSS:");
	for (int i = 0; i < RUNS; i++)
		run_once(&b);
	printf("%8zu %8.2f %9.1f %9.1f %9.1f %9.1f %9.1f\n", settings, (double)b.bytes / 1e6,
	       b.msec[PARSE], b.msec[LOAD] - b.msec[PARSE], b.msec[BIND],
	       b.msec[LOAD] + b.msec[BIND], status_mb("VmHWM:") - before);
	world_clear(&b.world);
	remove_files(&b);
}

static void run_apart(size_t settings)
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run_size(settings);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		fail("fork");
	if (status)
		exit(1);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = {1000, 10000, 31000, 100000};

	printf("settings  file MB  parse ms  merge ms   bind ms    all ms   peak MB\n");
	for (int i = 1; i < argc; i++)
		run_apart(strtoul(argv[i], NULL, 10));
	for (size_t i = 0; argc == 1 && i < ARRAY_SIZE(sizes); i++)
		run_apart(sizes[i]);
	return 0;
}
