// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds the methods of carved on D-Bus with arguments of all kinds: options that it knows and does
 * not, names, numbers. An input is a method, by its number, and the values of its signature
 * (message.h). Whatever comes: no crash, what is wrong is said in words, and of what waits until it
 * is known who calls nothing is large.
 */
#include "base/clock.h"
#include "base/text.h"
#include "bus/internal.h"
#include "loop/loop.h"
#include "manager/manager.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A call may be kept for two minutes, while somebody types a password. */
#define KEPT_MAX (64 * 1024)

static struct bus bus;
static struct caller caller = {.bus = &bus, .name = ":1.7", .known = true};
static size_t size_of_call;

/* --- who calls is never known ------------------------------------------------------------- */

int caller_identify(_unused_ struct bus *b, _unused_ sd_bus_message *call,
		    _unused_ caller_handler then)
{
	MUST(size_of_call <= KEPT_MAX);
	return 1;
}

int caller_take(_unused_ struct caller *c, _unused_ enum share share, sd_bus_error *error)
{
	return sd_bus_error_set_const(error, SD_BUS_ERROR_LIMITS_EXCEEDED, "none is left");
}

struct caller *callers_find(_unused_ struct bus *b, _unused_ const char *name)
{
	return &caller;
}

bool callers_begin(_unused_ struct bus *b, _unused_ sd_bus_message *call)
{
	return true;
}

uint64_t callers_answer(_unused_ struct bus *b, _unused_ uint64_t now)
{
	return USEC_NEVER;
}

bool caller_is_master(_unused_ const struct caller *c)
{
	return false;
}

char *caller_text(_unused_ const struct caller *c)
{
	return mem_strdup("uid 7");
}

void callers_charge(_unused_ struct bus *b, _unused_ uint64_t usec)
{
}

void caller_give(_unused_ struct caller *c, _unused_ enum share share)
{
}

void caller_forget(_unused_ struct caller *c)
{
}

void callers_drop(_unused_ struct bus *b)
{
}

/* --- carved without a kernel ---------------------------------------------------------------- */

static char folder[] = "/tmp/carved-fuzz-XXXXXX";

static void write_config(const char *path)
{
	static const char config[] = "version: 1\ndevices:\n  leaf:\n"
				     "    match: {driver: mlxsw_spectrum}\n"
				     "    traps: {dmac_filter: trap}\n";
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	MUST(fd >= 0 && write(fd, config, sizeof(config) - 1) == sizeof(config) - 1);
	close(fd);
}

static void clean_up(void)
{
	_cleanup_free_ char *remove = mem_printf("rm -rf %s", folder);

	manager_free(bus.manager);
	loop_timer_free(bus.timeout_timer);
	loop_task_free(bus.flush);
	loop_free(bus.loop);
	MUST(system(remove) == 0);
}

static void start(void)
{
	static char *paths[3];
	struct manager_options options = {.config_root = folder, .kernel_path = "/nowhere"};

	if (bus.manager)
		return;
	MUST(mkdtemp(folder));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		paths[i] = mem_printf("%s/%zu", folder, i);
	write_config(paths[0]);
	options.config_file = paths[0];
	options.runtime_dir = paths[1];
	options.state_dir = paths[2];
	options.device = (struct device_env){.kernel = "6.12.0", .boot = "b"};
	bus.loop = loop_new();
	bus.manager = manager_new(bus.loop, &options);
	MUST(manager_start(bus.manager) == 0);
	bus.timeout_timer = loop_timer_new(bus.loop, NULL, NULL);
	bus.flush = loop_task_new(bus.loop, NULL, NULL);
	atexit(clean_up);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* Number @n of the methods, from the first again after the last. */
static const sd_bus_vtable *find_method(size_t n)
{
	const sd_bus_vtable *methods[32];
	size_t count = 0;

	for (const sd_bus_vtable *v = bus_manager_vtable; v->type != _SD_BUS_VTABLE_END; v++)
		if (v->type == _SD_BUS_VTABLE_METHOD && count < ARRAY_SIZE(methods))
			methods[count++] = v;
	return methods[n % count];
}

static void call(const sd_bus_vtable *method, sd_bus_message *m)
{
	_cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = method->x.method.handler(m, &bus, &error);

	MUST(r >= 0 || sd_bus_error_is_set(&error));
	MUST(!error.message || text_is_utf8(error.message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	const sd_bus_vtable *method = find_method(fuzz_number(&in, 1));
	_cleanup_message_ sd_bus_message *m = NULL;

	start();
	size_of_call = size;
	bus.connection = message_connection();
	MUST(sd_bus_message_new_method_call(bus.connection, &m, BUS_NAME, BUS_PATH, BUS_MANAGER,
					    method->x.method.member) >= 0);
	if (message_fill(m, &in, method->x.method.signature) >= 0 && message_finish(m) >= 0)
		call(method, m);
	m = sd_bus_message_unref(m);
	bus.connection = sd_bus_close_unref(bus.connection);
	return 0;
}
