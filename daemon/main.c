// SPDX-License-Identifier: GPL-2.0-or-later
/* Options, signals, and putting the parts together. */
#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "base/sandbox.h"
#include "base/text.h"
#include "bus/bus.h"
#include "loop/sdnotify.h"
#include "manager/manager.h"
#include "manager/runner.h"
#include "model/ledger.h"
#include "store/owner.h"
#include "yaml/yaml.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define EXIT_USAGE	   64
#define EXIT_NOT_PERMITTED 77

struct options {
	struct manager_options manager;
	enum bus_kind bus;
	bool check, help, version;
};

struct daemon {
	struct loop *loop;
	struct manager *manager;
	struct bus *bus;
	struct sdnotify *notify;
	bool stopping;
	struct loop_io *hup, *term, *interrupt;
};

static const char usage[] =
	"Usage: carved [OPTION]...\n"
	"Keep switch ASICs in the state that /etc/carved/carved.yaml declares.\n\n"
	"  -c, --config FILE     read this file only, no drop-ins\n"
	"      --check           read and check the config without a kernel: 0 good, 1 bad\n"
	"      --once            converge and exit: 0 converged, 3 not, 78 bad config,\n"
	"                        75 a daemon is running\n"
	"      --bus=BUS         system, user or none\n"
	"      --kernel=KERNEL   netlink, or unix:PATH for tests\n"
	"      --state-dir DIR   instead of /var/lib/carved\n"
	"      --runtime-dir DIR instead of /run/carved/private\n"
	"      --config-root DIR put before /etc, /run and /usr\n"
	"      --log-level LEVEL err, warning, notice, info or debug\n"
	"      --version\n"
	"      --help\n";

enum {
	OPT_CHECK = 256,
	OPT_ONCE,
	OPT_BUS,
	OPT_KERNEL,
	OPT_STATE,
	OPT_RUNTIME,
	OPT_ROOT,
	OPT_LEVEL,
	OPT_VERSION,
	OPT_HELP
};

static const struct option long_options[] = {{"config", required_argument, NULL, 'c'},
					     {"check", no_argument, NULL, OPT_CHECK},
					     {"once", no_argument, NULL, OPT_ONCE},
					     {"bus", required_argument, NULL, OPT_BUS},
					     {"kernel", required_argument, NULL, OPT_KERNEL},
					     {"state-dir", required_argument, NULL, OPT_STATE},
					     {"runtime-dir", required_argument, NULL, OPT_RUNTIME},
					     {"config-root", required_argument, NULL, OPT_ROOT},
					     {"log-level", required_argument, NULL, OPT_LEVEL},
					     {"version", no_argument, NULL, OPT_VERSION},
					     {"help", no_argument, NULL, OPT_HELP},
					     {}};

static bool parse_kernel(const char *text, const char **ret_path)
{
	*ret_path = strncmp(text, "unix:", 5) == 0 ? text + 5 : NULL;
	return *ret_path ? **ret_path != '\0' : strcmp(text, "netlink") == 0;
}

static bool parse_bus(const char *text, enum bus_kind *ret)
{
	static const char *const names[] = {
		[BUS_SYSTEM] = "system", [BUS_USER] = "user", [BUS_NONE] = "none"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum bus_kind)i;
			return true;
		}
	}
	return false;
}

static bool take_option(void *user, int c)
{
	struct options *o = user;

	switch (c) {
	case 'c':
		o->manager.config_file = optarg;
		return true;
	case OPT_CHECK:
		return o->check = true;
	case OPT_ONCE:
		return o->manager.once = true;
	case OPT_BUS:
		return parse_bus(optarg, &o->bus);
	case OPT_KERNEL:
		return parse_kernel(optarg, &o->manager.kernel_path);
	case OPT_STATE:
		o->manager.state_dir = optarg;
		return true;
	case OPT_RUNTIME:
		o->manager.runtime_dir = optarg;
		return true;
	case OPT_ROOT:
		o->manager.config_root = optarg;
		return true;
	case OPT_LEVEL:
		return log_set_level(optarg) == 0;
	case OPT_VERSION:
		return o->version = true;
	case OPT_HELP:
		return o->help = true;
	default:
		return false;
	}
}

static int check(const struct options *o)
{
	struct yaml_paths paths = {.root = o->manager.config_root,
				   .file = o->manager.config_file,
				   .trusted_only = !o->manager.config_file};
	_cleanup_config_ struct config *config = NULL;
	_cleanup_free_ char *text = NULL;
	struct diag_list diags = {};
	int r = yaml_load(&paths, &config, &diags);

	text = diag_render_all(&diags);
	fputs(text, stderr);
	diag_clear(&diags);
	return r < 0 ? 1 : 0;
}

/* What is to be known of the config in force, or NULL; to be freed. */
static char *describe_config(struct manager *m)
{
	const struct ledger *l = manager_ledger(m);
	_cleanup_free_ char *until = NULL;

	if (ledger_has_trial(l)) {
		until = clock_text(clock_wall() + l->trial.deadline - clock_now());
		return mem_printf("the config is on trial until %s", until);
	}
	if (l->undoing)
		return mem_strdup("the config before the trial is coming back");
	if (manager_diagnostics(m)->n_errors)
		return mem_strdup("the config on disk is refused, an older one is in force");
	return mem_strdup(l->why);
}

static void show_status(struct daemon *d)
{
	const char *problem = manager_problem(d->manager);
	_cleanup_free_ char *config = describe_config(d->manager);
	size_t devices = 0, converged = 0;
	_cleanup_free_ char *text = NULL;

	for (size_t i = 0; i < manager_count(d->manager); i++) {
		enum device_state state = runner_device(manager_at(d->manager, i))->status.state;

		devices += state != STATE_UNMANAGED;
		converged += state == STATE_CONVERGED;
	}
	text = mem_printf("%s: %zu of %zu devices converged%s%s%s%s",
			  device_state_name(manager_state(d->manager)), converged, devices,
			  config ? "; " : "", config ? config : "", problem ? "; " : "",
			  problem ? problem : "");
	sdnotify_status(d->notify, text);
}

/* --- the service manager, told of what happens ---------------------------------- */

static void on_config_loading(void *user)
{
	struct daemon *d = user;

	sdnotify_reloading(d->notify);
}

static void on_config_loaded(void *user, bool accepted)
{
	struct daemon *d = user;

	if (!accepted)
		sdnotify_reload_ended(d->notify);
}

static void on_concluded(void *user, bool settled)
{
	struct daemon *d = user;

	if (d->stopping)
		return;
	if (settled)
		sdnotify_ready(d->notify);
	sdnotify_busy(d->notify, manager_busy(d->manager));
	show_status(d);
}

static const struct manager_observer service_manager = {
	.config_loading = on_config_loading,
	.config_loaded = on_config_loaded,
	.concluded = on_concluded,
};

/* --- signals ---------------------------------------------------------------------- */

static void on_hup(void *user)
{
	struct daemon *d = user;
	uint64_t job;

	manager_reload(d->manager, "SIGHUP", 0, 0, &job);
}

static void on_term(void *user)
{
	struct daemon *d = user;

	d->stopping = true;
	manager_stop(d->manager); /* nothing is begun once it is told */
	sdnotify_stopping(d->notify);
}

static int run(const struct options *o)
{
	struct daemon d = {.loop = loop_new()};
	int r;

	d.notify = sdnotify_new(d.loop);
	d.manager = manager_new(d.loop, &o->manager);
	manager_add_observer(d.manager, &service_manager, &d);
	d.bus = bus_new(d.loop, d.manager, o->bus);
	d.hup = loop_watch_signal(d.loop, SIGHUP, on_hup, &d);
	d.term = loop_watch_signal(d.loop, SIGTERM, on_term, &d);
	d.interrupt = loop_watch_signal(d.loop, SIGINT, on_term, &d);
	r = manager_start(d.manager);
	if (r == 0) {
		loop_run(d.loop);
		r = manager_exit_code(d.manager);
	}
	bus_free(d.bus);
	manager_free(d.manager);
	loop_unwatch(d.hup);
	loop_unwatch(d.term);
	loop_unwatch(d.interrupt);
	sdnotify_free(d.notify);
	loop_free(d.loop);
	return r;
}

/*
 * carved=off on the kernel's command line: the way out when a config keeps a switch from starting.
 */
static bool is_switched_off(void)
{
	char line[4096], *rest = line;
	FILE *f = fopen("/proc/cmdline", "re");
	bool off = false;

	if (!f)
		return false;
	if (fgets(line, sizeof(line), f))
		for (const char *word; (word = strsep(&rest, " \n"));)
			if (strncmp(word, "carved=", 7) == 0)
				off = strcmp(word + 7, "off") == 0;
	fclose(f);
	if (off)
		log_fact(LOG_WARNING, MESSAGE_OFF,
			 "carved=off on the kernel command line: nothing is written");
	return off;
}

/* Without it every boot looks like the same: nothing is flashed twice. */
static const char *read_boot(void)
{
	static char boot[40];
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (f && fgets(boot, sizeof(boot), f))
		boot[strcspn(boot, "\n")] = '\0';
	if (f)
		fclose(f);
	return boot;
}

int main(int argc, char **argv)
{
	struct options o = {.manager = {.config_root = "",
					.runtime_dir = "/run/carved/private",
					.state_dir = "/var/lib/carved"},
			    .bus = BUS_SYSTEM};
	struct utsname kernel;
	int r;

	log_open();
	setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of characters, whatever the language */
	if (!options_parse(argc, argv, "c:", long_options, take_option, &o)) {
		fputs("Try 'carved --help'.\n", stderr);
		return EXIT_USAGE;
	}
	if (o.help || o.version) {
		fputs(o.help ? usage : "carved " PACKAGE_VERSION "\n", stdout);
		return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
	}
	signal(SIGPIPE, SIG_IGN);
	mem_one_heap();
	if (o.check)
		return check(&o);
	uname(&kernel);
	o.manager.device.kernel = kernel.release;
	o.manager.device.boot = read_boot();
	o.manager.device.off = is_switched_off();
	r = owner_become(o.manager.state_dir, o.manager.runtime_dir);
	if (r < 0) {
		log_fact(LOG_ERR, MESSAGE_NOT_SAVED, "carved does not run as root: %s",
			 strerror(-r));
		return EXIT_NOT_PERMITTED;
	}
	r = sandbox_enter(sandbox_of_build());
	if (r < 0)
		log_fact(LOG_WARNING, MESSAGE_NO_SANDBOX,
			 "the system calls that are not needed stay open: %s", strerror(-r));
	return run(&o);
}
