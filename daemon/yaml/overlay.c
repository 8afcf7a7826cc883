// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of paths and texts. Refuses to know what is in them. */
#include "yaml/overlay.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/** overlay_add() - @text in place of the file @path; NULL: without it. The last one counts. */
void overlay_add(struct overlay *o, const char *path, const char *text)
{
	struct overlaid *file = (struct overlaid *)overlay_find(o, path);

	if (!file) {
		vec_push(&o->files, ((struct overlaid){.path = mem_strdup(path)}));
		file = &o->files.v[o->files.n - 1];
	}
	free(file->text);
	file->text = text ? mem_strdup(text) : NULL;
}

/** overlay_find() - what lies over the file @path; NULL: nothing. @o: may be NULL */
const struct overlaid *overlay_find(const struct overlay *o, const char *path)
{
	for (size_t i = 0; o && i < o->files.n; i++)
		if (strcmp(o->files.v[i].path, path) == 0)
			return &o->files.v[i];
	return NULL;
}

/** overlay_is_in() - is it a file of the directory @dir itself? */
bool overlay_is_in(const struct overlaid *file, const char *dir)
{
	const char *slash = strrchr(file->path, '/');

	return slash && (size_t)(slash - file->path) == strlen(dir) &&
	       strncmp(file->path, dir, strlen(dir)) == 0;
}

/** overlay_clear() - what was added is freed. */
void overlay_clear(struct overlay *o)
{
	vec_each(f, &o->files) {
		free(f->path);
		free(f->text);
	}
	vec_clear(&o->files);
}
