// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a config to a file and back. A stored config whose hash does not match is treated as
 * missing.
 */
#include "store/configs.h"
#include "base/text.h"
#include "store/file.h"
#include "store/memory.h"
#include "yaml/yaml.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define CONFIG_FORMAT 1

static char *config_file(uint64_t hash)
{
	return hash ? mem_printf("configs/%016" PRIx64 ".json", hash) : mem_strdup("accepted.json");
}

/**
 * store_keep_config() - keep an accepted config as the newest, and under its own name.
 * @file: the one that was read alone, or NULL
 *
 * Return: 0 or -errno.
 */
int store_keep_config(const struct store *s, const char *file, const struct config *config)
{
	_cleanup_free_ char *name = config_file(0), *own = config_file(config->hash);
	_cleanup_free_ char *text = NULL, *hash = NULL;
	json_t *texts = json_object();
	int r;

	vec_each(f, &config->files)
		json_object_set_new(texts, text_below(f->path, s->config_root),
				    json_string(f->text));
	hash = mem_printf("%016" PRIx64, config->hash);
	text = file_json_text(
		json_pack("{s:i,s:s,s:s*,s:o}", "version", CONFIG_FORMAT, "hash", hash, "file",
			  file ? text_below(file, s->config_root) : NULL, "files", texts));
	r = file_save(s->state_fd, name, text, true);
	return r < 0 ? r : file_link(s->state_fd, name, own, text);
}

/* --- loading from what was kept ---------------------------------------------------- */

struct kept {
	const char *root;
	json_t *files;
	const char *file;  /* the one that was read alone, or NULL */
	uint64_t accepted; /* what it was accepted as; 0: an earlier carved did not say it */
};

static const char *read_kept(void *user, const char *path)
{
	const struct kept *k = user;

	return json_string_value(json_object_get(k->files, text_below(path, k->root)));
}

static void list_kept(void *user, const char *dir, void (*found)(void *list, const char *name),
		      void *list)
{
	const struct kept *k = user;
	const char *below = text_below(dir, k->root), *path;
	size_t n = strlen(below);
	json_t *text;

	json_object_foreach(k->files, path, text)
		if (strncmp(path, below, n) == 0 && path[n] == '/' && !strchr(path + n + 1, '/'))
			found(list, path + n + 1);
}

/* By all that is known of what was accepted. */
static bool is_the_same(const struct config *c, const struct kept *k, uint64_t hash)
{
	if (!k->accepted)
		return c->files.n == json_object_size(k->files);
	return (c->hash == k->accepted || c->hash_before == k->accepted) &&
	       (!hash || hash == k->accepted);
}

static bool is_ours(const char *path)
{
	static const char *const places[] = {"/etc/carved/", "/run/carved/", "/usr/lib/carved/",
					     "/usr/share/carved/"};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strncmp(path, places[i], strlen(places[i])) == 0)
			return !strstr(path, "/../");
	return false;
}

/* What carved has kept has names that it reads. */
static bool names_are_ours(const struct kept *k)
{
	const char *path;
	json_t *text;

	json_object_foreach(k->files, path, text)
		if (!is_ours(path) && !text_equal(path, k->file))
			return false;
	return true;
}

static int load(struct kept *k, uint64_t hash, struct config **ret)
{
	_cleanup_free_ char *file = k->file ? mem_printf("%s%s", k->root, k->file) : NULL;
	const struct yaml_files files = {.read = read_kept, .list = list_kept, .user = k};
	const struct yaml_paths paths = {.root = k->root, .file = file, .files = &files};
	_cleanup_config_ struct config *config = NULL;
	struct diag_list diags = {};
	int r = yaml_load(&paths, &config, &diags);

	diag_clear(&diags);
	if (r < 0 || !is_the_same(config, k, hash))
		return -EINVAL;
	if (config->hash != k->accepted) /* an earlier version kept it: files go by its old name */
		config->hash = config->hash_before;
	*ret = TAKE(config);
	return 0;
}

/**
 * store_load_config() - a config that was accepted before; its origins are the paths that it came
 * from.
 * @hash: its name, or 0: the newest. Where one with a name makes no sense it is set aside
 *
 * Return: 0; -ENOENT; -EINVAL where it makes no sense; -errno.
 */
int store_load_config(const struct store *s, uint64_t hash, struct config **ret)
{
	_cleanup_free_ char *name = config_file(hash);
	struct kept k = {.root = s->config_root};
	const char *accepted = NULL;
	json_t *j = NULL;
	int r = file_read_json(s->state_fd, name, &j), version;

	if (r == 0 && (json_unpack(j, "{s:i,s?s,s?s,s:o}", "version", &version, "hash", &accepted,
				   "file", &k.file, "files", &k.files) < 0 ||
		       version != CONFIG_FORMAT))
		r = -EINVAL;
	k.accepted = accepted ? strtoull(accepted, NULL, 16) : hash;
	if (r == 0 && !names_are_ours(&k))
		r = -EINVAL;
	if (r == 0)
		r = load(&k, hash, ret);
	json_decref(j);
	if (r == -EINVAL && hash)
		file_set_aside(s->state_fd, name);
	return r;
}

/* --- forgetting ---------------------------------------------------------------------- */

struct keep {
	const struct store *store;
	hash_list hashes;
};

static void add(void *user, uint64_t hash)
{
	struct keep *k = user;

	vec_push(&k->hashes, hash);
}

static bool contains(const hash_list *list, uint64_t hash)
{
	vec_each(h, list)
		if (*h == hash)
			return true;
	return false;
}

static void forget_unused(void *user, const char *name)
{
	const struct keep *k = user;
	_cleanup_free_ char *path = mem_printf("configs/%s", name);
	char *end;
	uint64_t hash = strtoull(name, &end, 16);

	if (end == name || strcmp(end, ".json.damaged") == 0 ||
	    (strcmp(end, ".json") == 0 && contains(&k->hashes, hash)))
		return;
	file_remove(k->store->state_fd, path);
}

/** store_forget_configs() - but for those in @used, and those that a device's file names. */
void store_forget_configs(const struct store *s, const hash_list *used)
{
	struct keep keep = {.store = s};

	vec_each(h, used)
		vec_push(&keep.hashes, *h);
	store_each_accepted(s, add, &keep);
	file_each(s->state_fd, "configs", forget_unused, &keep);
	vec_clear(&keep.hashes);
}
