// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds the store with files as they may lie in its directories: an input is at once the memory of
 * a device, what of it outlives a reboot, the ledger, and a kept config. Whatever comes: no crash,
 * what makes no sense is set aside, and what is taken is taken again when it has been saved.
 */
#include "base/mem.h"
#include "fuzz.h"
#include "model/json.h"
#include "store/configs.h"
#include "store/file.h"
#include "store/ledger.h"
#include "store/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#define HANDLE "a/b"

static char folder[] = "/tmp/carved-fuzz-XXXXXX";
static struct store store = {.config_root = "", .runtime_fd = -1, .state_fd = -1, .lock_fd = -1};

static void clean_up(void)
{
	_cleanup_free_ char *remove = mem_printf("rm -rf %s", folder);

	store_close(&store);
	MUST(system(remove) == 0);
}

/* In memory where there is such a place: each input is written, and synced. */
static void start(void)
{
	static char state[64], runtime[64];

	if (store.state_dir)
		return;
	if (access("/dev/shm", W_OK) == 0)
		strcpy(folder, "/dev/shm/fuzz-XXXXXX");
	MUST(mkdtemp(folder));
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(runtime, sizeof(runtime), "%s/run", folder);
	store.state_dir = state;
	store.runtime_dir = runtime;
	MUST(store_open(&store) == 0);
	atexit(clean_up);
}

static void put(int dir, const char *name, const uint8_t *data, size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	close(fd);
}

/* --- devices ---------------------------------------------------------------------------------- */

static json_t *shown(const struct memory *m)
{
	json_t *j = json_pack("{s:o,s:o}", "m", memory_to_json(HANDLE, m), "l",
			      lasting_to_json(HANDLE, &m->lasting));

	MUST(j);
	return j;
}

static void read_memory(void)
{
	struct memory first = {}, second = {};
	struct saving *saving;
	json_t *before, *after;

	store_load_memory(&store, HANDLE, &first);
	MUST(!first.unreadable);
	saving = store_saving_new(&store, HANDLE, &first, false);
	MUST(store_saving_write(saving) == 0);
	store_saving_free(saving);
	store_load_memory(&store, HANDLE, &second);
	before = shown(&first);
	after = shown(&second);
	MUST(json_equal(before, after));
	json_decref(before);
	json_decref(after);
	memory_clear(&first);
	memory_clear(&second);
}

/* --- configs ------------------------------------------------------------------------------- */

static void check_ledger(const struct ledger *l)
{
	MUST(l->accepted.n <= ACCEPTED_MAX);
	vec_each(a, &l->accepted)
		MUST(a->who && fate_name(a->fate));
	MUST(!ledger_has_trial(l) || l->trial.hash == ledger_in_force(l));
}

static void read_ledger(void)
{
	struct ledger first = {}, second = {};
	int r = store_load_ledger(&store, &first);

	MUST(r == 0 || r == -EINVAL);
	check_ledger(&first);
	MUST(store_save_ledger(&store, &first) == 0);
	MUST(store_load_ledger(&store, &second) == 0);
	MUST(first.accepted.n == second.accepted.n && first.files == second.files);
	MUST(first.undoing == second.undoing && !first.why == !second.why);
	MUST(ledger_has_trial(&first) == ledger_has_trial(&second));
	ledger_clear(&first);
	ledger_clear(&second);
}

static void read_config(void)
{
	struct config *first = NULL, *second = NULL;
	int r = store_load_config(&store, 0, &first);

	MUST(r == 0 || r == -EINVAL);
	if (r < 0)
		return;
	vec_each(f, &first->files)
		MUST(!strstr(f->path, "/../"));
	r = store_keep_config(&store, NULL, first);
	if (r == 0 && store_load_config(&store, first->hash, &second) == 0)
		MUST(second->hash == first->hash);
	config_unref(first);
	config_unref(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	start();
	put(store.state_fd, "devices/a!b.json", data, size);
	put(store.runtime_fd, "devices/a!b.json", data, size);
	put(store.state_fd, "ledger.json", data, size);
	put(store.state_fd, "accepted.json", data, size);
	read_memory();
	read_ledger();
	read_config();
	store_forget_configs(&store, &(hash_list){});
	return 0;
}
