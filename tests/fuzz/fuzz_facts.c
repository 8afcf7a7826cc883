// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds captured facts to all that is done with a device: whatever a driver may say of itself can
 * be captured as a config, as YAML and as JSON, that loads again, and that binds to this device and
 * is planned for, or is refused in words. So are the configs of a few switches.
 */
#include "fuzz.h"
#include "model/json.h"
#include "plan/bind.h"
#include "plan/match.h"
#include "plan/make.h"
#include "yaml/emit.h"
#include "yaml/yaml.h"

#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char switches[] =
	"version: 1\ndevices:\n"
	"  leaf:\n    match: {driver: mlxsw_spectrum}\n"
	"    resources: {/kvd/linear: 64000, /kvd/hash_single: max, /a: rest}\n"
	"    traps: {dmac_filter: trap, source_mac_is_multicast: drop}\n"
	"    trap_groups: {l2_drops: {policer: 1}, l3_drops: {action: trap}}\n"
	"    trap_policers: {1: {rate: 1000, burst: 128}, 2: {rate: 9}}\n"
	"  nic:\n    match: {driver: mlx5_core}\n"
	"    params: {flow_steering_mode: smfs, enable_roce: {driverinit: true}, total_vfs: "
	"{permanent: 8}}\n"
	"    firmware: {version: \"22.36.1010\", file: mlx5/fw.bin}\n";

static struct config *load(const char *text, struct diag_list *diags)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	struct config *c = NULL;
	char path[32];

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	yaml_load(&(struct yaml_paths){.root = "/nowhere", .file = path}, &c, diags);
	close(fd);
	return c;
}

static void plan(const struct entry *e, const char *handle, const struct world *w)
{
	struct diag_list diags = {};
	struct state want = {};
	int r = bind_entry(e, handle, w, &want, &diags);

	MUST((r == 0) == (diags.n_errors == 0));
	vec_each(d, &diags.diags)
		MUST(d->message[0]);
	for (int reload = 0; r == 0 && reload <= 1; reload++) {
		struct plan p = {};

		plan_make(&want, w, &(struct policy){.reload = reload}, &p);
		plan_clear(&p);
	}
	state_clear(&want);
	diag_clear(&diags);
}

static void capture(const char *handle, const struct world *w, bool json)
{
	_cleanup_free_ char *text = yaml_emit_world(handle, w, json);
	struct diag_list diags = {};
	_cleanup_config_ struct config *c = load(text, &diags);

	MUST(c && c->entries.n == 1);
	MUST(match_entry(&c->entries.v[0], handle, &w->facts));
	plan(&c->entries.v[0], handle, w);
	diag_clear(&diags);
}

static void plan_switches(const char *handle, const struct world *w)
{
	struct diag_list diags = {};
	_cleanup_config_ struct config *c = load(switches, &diags);

	MUST(c);
	vec_each(e, &c->entries)
		plan(e, handle, w);
	diag_clear(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *handle = NULL, *why = NULL;
	json_t *j = json_loadb((const char *)data, size, 0, NULL);
	struct world w = {};

	setlocale(LC_CTYPE, "C.UTF-8"); /* as carved: for patterns */
	if (j && facts_from_json(j, &w, &handle, &why) == 0) {
		capture(handle, &w, false);
		capture(handle, &w, true);
		plan_switches(handle, &w);
	}
	json_decref(j);
	world_clear(&w);
	return 0;
}
