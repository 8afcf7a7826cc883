// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * JSON files, two for each device, written to a temporary file, synced and renamed. A file that
 * cannot be understood is set aside under another name and counts as missing: it can only cost a
 * reload.
 */
#include "store/store.h"
#include "base/log.h"
#include "model/json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_dir(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/** store_open() - make the directories. Return: 0 or -errno. */
int store_open(struct store *s, const char *runtime_dir, const char *state_dir)
{
	_cleanup_free_ char *running = mem_printf("%s/devices", runtime_dir);
	_cleanup_free_ char *lasting = mem_printf("%s/devices", state_dir);
	_cleanup_free_ char *configs = mem_printf("%s/configs", state_dir);
	const char *const dirs[] = {state_dir, lasting, configs, runtime_dir, running};
	int r = 0;

	*s = (struct store){.runtime_dir = runtime_dir, .state_dir = state_dir, .lock_fd = -1};
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int error = make_dir(dirs[i], i < 3 ? 0700 : 0755);

		r = r ? r : error;
	}
	return r;
}

/**
 * store_lock() - be the only carved on these files.
 *
 * Return: 0; -EWOULDBLOCK while another one is, even if it is dead and the kernel still holds one
 * of its requests; -errno.
 */
int store_lock(struct store *s)
{
	_cleanup_free_ char *path = mem_printf("%s/lock", s->runtime_dir);

	if (s->lock_fd < 0)
		s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		return -errno;
	return flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

void store_close(struct store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

/* A handle is a path; in a file name its slashes are written as sysfs does. */
static char *device_path(const char *dir, const char *handle)
{
	char *path = mem_printf("%s/devices/%s.json", dir, handle);

	for (char *p = path + strlen(dir) + strlen("/devices/"); *p; p++)
		if (*p == '/')
			*p = '!';
	return path;
}

static int parse_memory(json_t *j, struct memory *m)
{
	int r = memory_from_json(j, m);

	if (r < 0)
		memory_clear(m);
	return r;
}

static int parse_lasting(json_t *j, struct memory *m)
{
	int r = lasting_from_json(j, &m->lasting);

	if (r < 0)
		lasting_clear(&m->lasting);
	return r;
}

/* What makes no sense, or was written by a later version. */
static void set_aside(const char *path)
{
	_cleanup_free_ char *aside = mem_printf("%s.damaged", path);

	log_fact(LOG_WARNING, MESSAGE_DAMAGED, "%s: not understood, set aside as %s", path, aside);
	if (rename(path, aside) < 0)
		log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", path, strerror(errno));
}

static void load(const char *path, int (*parse)(json_t *j, struct memory *m), struct memory *m)
{
	json_t *j;
	int r;

	if (access(path, R_OK) < 0) {
		if (errno != ENOENT)
			log_fact(LOG_WARNING, MESSAGE_NOT_SAVED, "%s: %s", path, strerror(errno));
		return;
	}
	j = json_load_file(path, 0, NULL);
	r = j ? parse(j, m) : -EINVAL;
	json_decref(j);
	if (r < 0)
		set_aside(path);
}

/**
 * store_load_memory() - what is remembered of a device.
 * @ret: must be empty; what is missing or damaged stays so
 */
void store_load_memory(const struct store *s, const char *handle, struct memory *ret)
{
	_cleanup_free_ char *running = device_path(s->runtime_dir, handle);
	_cleanup_free_ char *lasting = device_path(s->state_dir, handle);

	load(running, parse_memory, ret);
	load(lasting, parse_lasting, ret);
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* A rename is on disk when its directory is. */
static int sync_parent(const char *path)
{
	_cleanup_free_ char *dir = mem_printf("%.*s", (int)(strrchr(path, '/') - path), path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int write_file(const char *path, const char *text)
{
	_cleanup_free_ char *temporary = mem_printf("%s.new", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return -errno;
	r = write_all(fd, text, strlen(text));
	close(fd);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	return r < 0 ? r : sync_parent(path);
}

static char *read_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = mem_strdup("");
	}
	fclose(f);
	return text;
}

/* What stands there already is not written again. */
static int save(const char *path, const char *text)
{
	_cleanup_free_ char *before = read_text(path);

	return text_equal(text, before) ? 0 : write_file(path, text);
}

struct saving {
	char *running, *lasting; /* paths */
	char *memory, *rest;	 /* texts */
};

static char *text_of(json_t *j)
{
	char *text = json_dumps(j, JSON_INDENT(1));

	json_decref(j);
	return text;
}

/** store_saving_new() - what is remembered of a device now. */
struct saving *store_saving_new(const struct store *s, const char *handle, const struct memory *m)
{
	struct saving *saving = mem_new(struct saving);

	saving->running = device_path(s->runtime_dir, handle);
	saving->lasting = device_path(s->state_dir, handle);
	saving->memory = text_of(memory_to_json(handle, m));
	saving->rest = text_of(lasting_to_json(handle, &m->lasting));
	return saving;
}

/** store_saving_write() - on disk when it returns. Return: 0 or -errno. */
int store_saving_write(const struct saving *saving)
{
	int r = save(saving->lasting, saving->rest), error = save(saving->running, saving->memory);

	return r < 0 ? r : error;
}

struct saving *store_saving_free(struct saving *saving)
{
	free(saving->running);
	free(saving->lasting);
	free(saving->memory);
	free(saving->rest);
	free(saving);
	return NULL;
}

/* --- accepted configs -------------------------------------------------------- */

#define CONFIG_FORMAT 1

static char *config_path(const struct store *s, uint64_t hash)
{
	return hash ? mem_printf("%s/configs/%016" PRIx64 ".json", s->state_dir, hash)
		    : mem_printf("%s/accepted.json", s->state_dir);
}

static char *config_tree(const struct store *s, uint64_t hash)
{
	return hash ? mem_printf("%s/accepted-%016" PRIx64, s->runtime_dir, hash)
		    : mem_printf("%s/accepted", s->runtime_dir);
}

/**
 * store_keep_config() - keep the files of an accepted config as the newest: for a start with broken
 * ones, and under its own name for devices that will refuse the next.
 * @root: what their paths begin with here, and will not when they are unpacked
 * @file: the one that was read alone, or NULL
 *
 * Return: 0 or -errno.
 */
int store_keep_config(const struct store *s, const char *root, const char *file,
		      const struct config *config)
{
	_cleanup_free_ char *path = config_path(s, 0), *own = config_path(s, config->hash);
	_cleanup_free_ char *text = NULL, *hash = NULL;
	json_t *texts = json_object();
	int r;

	vec_each(f, &config->files)
		json_object_set_new(texts, text_below(f->path, root), json_string(f->text));
	hash = mem_printf("%016" PRIx64, config->hash);
	text = text_of(json_pack("{s:i,s:s,s:s*,s:o}", "version", CONFIG_FORMAT, "hash", hash,
				 "file", file ? text_below(file, root) : NULL, "files", texts));
	r = save(path, text);
	if (r < 0)
		return r;
	if (link(path, own) < 0) /* files are replaced, never changed */
		return errno == EEXIST ? 0 : -errno;
	return sync_parent(own);
}

static int make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		int r;

		*p = '\0';
		r = make_dir(path, 0755);
		*p = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_one(const char *path, _unused_ const struct stat *st, _unused_ int type,
		      _unused_ struct FTW *ftw)
{
	return remove(path);
}

/* What another config has left there would be read, too. */
static void remove_tree(const char *root)
{
	(void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int unpack(const char *root, json_t *files)
{
	const char *name;
	json_t *text;
	int r = 0;

	remove_tree(root);
	json_object_foreach(files, name, text) {
		_cleanup_free_ char *path = mem_printf("%s%s", root, name);

		if (r >= 0)
			r = make_parents(path);
		if (r >= 0 && !json_is_string(text))
			r = -EINVAL;
		if (r >= 0)
			r = write_file(path, json_string_value(text));
	}
	return r;
}

/**
 * store_unpack_config() - the files that store_keep_config() kept, as a tree to load from.
 * @ret: to be cleared
 *
 * Return: 0; -ENOENT where none are kept; -EINVAL; -errno.
 */
int store_unpack_config(const struct store *s, uint64_t hash, struct unpacked *ret)
{
	_cleanup_free_ char *path = config_path(s, hash);
	struct unpacked u = {.root = config_tree(s, hash)};
	const char *name = NULL, *file = NULL;
	json_t *j = json_load_file(path, 0, NULL), *files;
	int r = access(path, R_OK) < 0 ? -errno : -EINVAL, version;

	if (j)
		r = json_unpack(j, "{s:i,s?s,s?s,s:o}", "version", &version, "hash", &name, "file",
				&file, "files", &files) < 0 ||
				    version != CONFIG_FORMAT
			    ? -EINVAL
			    : unpack(u.root, files);
	if (r == 0) {
		u.file = file ? mem_printf("%s%s", u.root, file) : NULL;
		u.hash = name ? strtoull(name, NULL, 16) : hash;
		u.n_files = json_object_size(files);
		*ret = u;
		u = (struct unpacked){};
	}
	json_decref(j);
	unpacked_clear(&u);
	return r;
}

void unpacked_clear(struct unpacked *u)
{
	free(u->root);
	free(u->file);
	*u = (struct unpacked){};
}

/** store_damaged_config() - a kept config makes no sense. */
void store_damaged_config(const struct store *s, uint64_t hash)
{
	_cleanup_free_ char *path = config_path(s, hash);

	set_aside(path);
}

/* The configs that devices live by which may not be there now. */
static void add_remembered(const struct store *s, hash_list *used)
{
	_cleanup_free_ char *path = mem_printf("%s/devices", s->state_dir);
	DIR *dir = opendir(path);

	for (struct dirent *e; dir && (e = readdir(dir));) {
		_cleanup_free_ char *file = mem_printf("%s/%s", path, e->d_name);
		json_t *j = json_load_file(file, 0, NULL);
		struct lasting l = {};

		if (j && lasting_from_json(j, &l) == 0)
			vec_push(used, l.accepted);
		lasting_clear(&l);
		json_decref(j);
	}
	if (dir)
		closedir(dir);
}

static bool contains(const hash_list *list, uint64_t hash)
{
	vec_each(h, list)
		if (*h == hash)
			return true;
	return false;
}

/** store_forget_configs() - but for those in @used, and those that a device's file names. */
void store_forget_configs(const struct store *s, const hash_list *used)
{
	_cleanup_free_ char *path = mem_printf("%s/configs", s->state_dir);
	DIR *dir = opendir(path);
	hash_list keep = {};

	vec_each(h, used)
		vec_push(&keep, *h);
	add_remembered(s, &keep);
	for (struct dirent *e; dir && (e = readdir(dir));) {
		char *end;
		uint64_t hash = strtoull(e->d_name, &end, 16);
		_cleanup_free_ char *tree = config_tree(s, hash);

		if (end == e->d_name || strcmp(end, ".json.damaged") == 0 ||
		    (strcmp(end, ".json") == 0 && contains(&keep, hash)))
			continue;
		(void)unlinkat(dirfd(dir), e->d_name, 0);
		remove_tree(tree);
	}
	if (dir)
		closedir(dir);
	vec_clear(&keep);
}
