// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds a firmware image as drivers/base/firmware_loader/main.c of Linux 6.1 and 6.12 does: the
 * name as it is in all directories, then with .zst in all of them, then with .xz. Which of the two
 * a kernel can unpack is its configuration; where both are there they have to hold the same bytes.
 *
 * Stricter than the kernel: what stands in the way of a look-up, or could be changed by anybody but
 * root until the kernel has a look, is an error, not a reason to try the next directory.
 */
#include "kernel/image.h"
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PATH_PARAMETER "sys/module/firmware_class/parameters/path"

struct search {
	int root;
	uid_t owner;
	const char *name;
	char *directories[5]; /* those of fw_path[] that are set */
	size_t n;
	char **why;
};

static const char *const suffixes[] = {
	[PACKED_NOT] = "", [PACKED_ZSTD] = ".zst", [PACKED_XZ] = ".xz"};

static int check_name(struct search *s)
{
	if (s->name[0] == '\0' || s->name[0] == '/') {
		*s->why = mem_printf("the name of a firmware file must be relative and not empty");
		return -EINVAL;
	}
	for (const char *part = s->name; part; part = strchr(part, '/')) {
		part += part[0] == '/';
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0')) {
			*s->why =
				mem_printf("the firmware file %s has \"..\" in its name", s->name);
			return -EINVAL;
		}
	}
	return 0;
}

static void add_directory(struct search *s, char *path)
{
	s->directories[s->n++] = path;
}

/* Return: bytes, 0 where this kernel has none, -errno. */
static ssize_t read_parameter(int root, char *ret, size_t size)
{
	int fd = openat(root, PATH_PARAMETER, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	n = read(fd, ret, size);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

/*
 * The parameter comes with a newline. Where it has one of its own too, as `echo` leaves it, Linux
 * 6.1 looks into a directory with a newline in its name, and 6.12 into the one that was meant.
 */
static int add_custom(struct search *s)
{
	char path[512] = "";
	ssize_t n = read_parameter(s->root, path, sizeof(path) - 1);

	if (n < 0) {
		*s->why = mem_printf("/%s: %s", PATH_PARAMETER, strerror((int)-n));
		return (int)n;
	}
	if (n > 0 && path[n - 1] == '\n')
		path[n - 1] = '\0';
	if (strchr(path, '\n')) {
		*s->why = mem_printf("/%s ends in a newline, which kernels take in different ways: "
				     "write it with printf",
				     PATH_PARAMETER);
		return -EINVAL;
	}
	if (path[0])
		add_directory(s, mem_strdup(path));
	return 0;
}

static int list_directories(struct search *s)
{
	int r = add_custom(s);
	struct utsname u;

	if (r < 0)
		return r;
	uname(&u);
	add_directory(s, mem_printf("/lib/firmware/updates/%s", u.release));
	add_directory(s, mem_strdup("/lib/firmware/updates"));
	add_directory(s, mem_printf("/lib/firmware/%s", u.release));
	add_directory(s, mem_strdup("/lib/firmware"));
	return 0;
}

/* Return: a descriptor, or -ENOENT, or -errno with the reason. */
static int look_up(struct search *s, enum packing packing, char **ret_place)
{
	int fd = -ENOENT;

	for (size_t i = 0; i < s->n && fd == -ENOENT; i++) {
		_cleanup_free_ char *path =
			mem_printf("%s/%s%s", s->directories[i], s->name, suffixes[packing]);

		fd = trusted_open(s->root, s->owner, path, ret_place, s->why);
	}
	return fd;
}

static int read_image(struct search *s, enum packing packing, struct image *ret)
{
	int fd = look_up(s, packing, &ret->path), r;

	if (fd < 0)
		return fd;
	r = digest_file(fd, packing, &ret->size, ret->sha256);
	close(fd);
	if (r == -EBADMSG)
		*s->why = mem_printf("%s is damaged", ret->path);
	else if (r < 0)
		*s->why = mem_printf("%s: %s", ret->path, strerror(-r));
	else if (ret->size == 0)
		*s->why = mem_printf("%s is empty", ret->path);
	if (r == 0 && ret->size == 0)
		r = -EINVAL;
	if (r < 0)
		image_clear(ret);
	return r;
}

static int compare(struct search *s, const struct image *a, const struct image *b)
{
	if (strcmp(a->sha256, b->sha256) == 0)
		return 0;
	*s->why = mem_printf("%s and %s are different images, and which one the kernel takes is up "
			     "to its configuration",
			     a->path, b->path);
	return -ENOTUNIQ;
}

static int read_packed(struct search *s, struct image *ret)
{
	struct image zstd = {}, xz = {};
	int r = read_image(s, PACKED_ZSTD, &zstd), other;

	if (r == -ENOENT)
		return read_image(s, PACKED_XZ, ret);
	if (r < 0)
		return r;
	other = read_image(s, PACKED_XZ, &xz);
	if (other != -ENOENT)
		r = other == 0 ? compare(s, &zstd, &xz) : other;
	image_clear(&xz);
	if (r < 0)
		image_clear(&zstd);
	*ret = zstd;
	return r;
}

static int find(struct search *s, struct image *ret)
{
	int r = check_name(s);

	if (r == 0)
		r = list_directories(s);
	if (r == 0)
		r = read_image(s, PACKED_NOT, ret);
	if (r == -ENOENT)
		r = read_packed(s, ret);
	if (r == -ENOENT)
		*s->why = mem_printf("there is no firmware file %s in the directories in which the "
				     "kernel looks",
				     s->name);
	return r;
}

/**
 * image_find() - the image that a flash of @name writes, if nothing changes until then.
 * @ret_why: on an error, the reason as text
 *
 * Return: 0; -EINVAL: a bad name or an empty file; -ENOENT: no such file; -EPERM: the file or a
 * directory on the way to it is not root's or is writable by others; -EBADMSG: it cannot be
 * unpacked; -ENOTUNIQ: two packed files that differ; -errno.
 */
int image_find(const struct image_tree *tree, const char *name, struct image *ret, char **ret_why)
{
	struct search s = {.owner = tree->owner, .name = name, .why = ret_why};
	struct image found = {};
	int r;

	s.root = open(tree->prefix, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s.root < 0) {
		r = -errno;
		*ret_why = mem_printf("%s: %s", tree->prefix, strerror(-r));
		return r;
	}
	r = find(&s, &found);
	close(s.root);
	for (size_t i = 0; i < s.n; i++)
		free(s.directories[i]);
	if (r == 0)
		*ret = found;
	return r;
}

/** image_clear() - forget what image_find() found. */
void image_clear(struct image *image)
{
	free(image->path);
	*image = (struct image){};
}

struct image_check {
	struct precheck precheck;
	struct image_tree tree;
	char *prefix, *name, *sha256;
};

static int run_check(struct precheck *p, char **ret_why)
{
	struct image_check *c = container_of(p, struct image_check, precheck);
	struct image image = {};
	int r = image_find(&c->tree, c->name, &image, ret_why);

	if (r == 0 && c->sha256 && strcmp(c->sha256, image.sha256) != 0) {
		*ret_why = mem_printf("%s has the sha256 %s, not %s", image.path, image.sha256,
				      c->sha256);
		r = -EKEYREJECTED;
	}
	image_clear(&image);
	return r;
}

static struct precheck *free_check(struct precheck *p)
{
	struct image_check *c = container_of(p, struct image_check, precheck);

	free(c->prefix);
	free(c->name);
	free(c->sha256);
	free(c);
	return NULL;
}

/**
 * image_precheck() - image_find() right before a flash is requested.
 * @sha256: what the image's digest must be, in lower case; NULL: only the rest is checked
 *
 * Its errors are those of image_find(), and -EKEYREJECTED where the digest is another one.
 */
struct precheck *image_precheck(const struct image_tree *tree, const char *name, const char *sha256)
{
	struct image_check *c = mem_new(struct image_check);

	c->precheck = (struct precheck){run_check, free_check};
	c->prefix = mem_strdup(tree->prefix);
	c->tree = (struct image_tree){c->prefix, tree->owner};
	c->name = mem_strdup(name);
	c->sha256 = mem_strdup(sha256);
	return &c->precheck;
}
