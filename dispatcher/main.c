// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * carved-dispatcher: runs scripts when something has happened to a device of carved's. A program of
 * its own, as the daemon runs nothing. Here are options, signals, and the connection: without one
 * it ends, and systemd starts it again.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/options.h"
#include "watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define EXIT_USAGE 64

#define TIME_LIMIT_USEC (90 * USEC_PER_SEC)

struct options {
	bool user_bus, help, version;
	const char *root;
	uint64_t limit;
};

struct dispatcher {
	struct bench bench;
	struct watch watch;
	sd_bus *bus;
};

static const char usage[] =
	"Usage: carved-dispatcher [OPTION]...\n"
	"Run the scripts of /etc/carved/dispatch.d when something has happened to a device.\n\n"
	"      --time-limit T    end a script after so long (90s)\n"
	"      --bus=BUS         system or user\n"
	"      --config-root DIR put before /etc\n"
	"      --version\n"
	"      --help\n";

enum { OPT_LIMIT = 256, OPT_BUS, OPT_ROOT, OPT_VERSION, OPT_HELP };

static const struct option long_options[] = {{"time-limit", required_argument, NULL, OPT_LIMIT},
					     {"bus", required_argument, NULL, OPT_BUS},
					     {"config-root", required_argument, NULL, OPT_ROOT},
					     {"version", no_argument, NULL, OPT_VERSION},
					     {"help", no_argument, NULL, OPT_HELP},
					     {}};

static bool take_option(void *user, int c)
{
	struct options *o = user;

	switch (c) {
	case OPT_LIMIT:
		return clock_parse_duration(optarg, &o->limit) == 0 && o->limit;
	case OPT_BUS:
		o->user_bus = strcmp(optarg, "user") == 0;
		return o->user_bus || strcmp(optarg, "system") == 0;
	case OPT_ROOT:
		o->root = optarg;
		return true;
	case OPT_VERSION:
		return o->version = true;
	case OPT_HELP:
		return o->help = true;
	default:
		return false;
	}
}

/* SIGCHLD is for sd_event_add_child(), the others end the loop. */
static int watch_signals(sd_event *event)
{
	sigset_t mask;
	int r;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	return r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
}

static int open_bus(struct dispatcher *d, bool is_users)
{
	int r = is_users ? sd_bus_open_user(&d->bus) : sd_bus_open_system(&d->bus);

	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(d->bus, true);
	return r < 0 ? r : sd_bus_attach_event(d->bus, d->bench.event, 0);
}

static int start(struct dispatcher *d, const struct options *o)
{
	int r = sd_event_default(&d->bench.event);

	if (r >= 0)
		r = watch_signals(d->bench.event);
	if (r >= 0)
		r = scripts_open(&d->bench.scripts, o->root, geteuid());
	if (r >= 0)
		r = open_bus(d, o->user_bus);
	if (r >= 0)
		r = watch_start(&d->watch, d->bus);
	if (r < 0)
		log_fact(LOG_ERR, MESSAGE_BUS, "carved-dispatcher cannot start: %s", strerror(-r));
	return r;
}

static void stop(struct dispatcher *d)
{
	watch_stop(&d->watch);
	sd_bus_flush_close_unref(d->bus);
	scripts_close(&d->bench.scripts);
	sd_event_unref(d->bench.event);
}

/** main() - until a signal or the end of the bus. */
int main(int argc, char **argv)
{
	struct options o = {.root = "", .limit = TIME_LIMIT_USEC};
	struct dispatcher d = {.bench.scripts.fd = -1, .watch.bench = &d.bench};
	int r;

	if (!options_parse(argc, argv, "", long_options, take_option, &o)) {
		fputs("Try carved-dispatcher --help.\n", stderr);
		return EXIT_USAGE;
	}
	if (o.help || o.version) {
		fputs(o.help ? usage : "carved-dispatcher " PACKAGE_VERSION "\n", stdout);
		return 0;
	}
	log_open();
	d.bench.limit = o.limit;
	r = start(&d, &o);
	if (r >= 0) {
		sd_notify(0, "READY=1");
		r = sd_event_loop(d.bench.event);
	}
	stop(&d);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
