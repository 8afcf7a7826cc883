// SPDX-License-Identifier: GPL-2.0-or-later
/* Would carved take a setting that a file of others makes? Asked of its own reader of YAML. */
#include "import.h"
#include "yaml/yaml.h"

static const char *read_text(void *user, _unused_ const char *path)
{
	return user;
}

static void list_nothing(_unused_ void *user, _unused_ const char *dir,
			 _unused_ void (*found)(void *list, const char *name), _unused_ void *list)
{
}

/** import_try() - a setting on its own. Return: why carved would refuse it, or NULL. */
const char *import_try(struct imported *im, const struct setting *s)
{
	_cleanup_config_ struct config *config = NULL;
	struct imported alone = {};
	struct diag_list diags = {};
	struct yaml_files files = {.read = read_text, .list = list_nothing};
	const char *why = NULL;
	struct buf text = {};

	vec_push(&alone.settings, *s);
	import_render(&alone, &text);
	files.user = text.s;
	if (yaml_load(&(struct yaml_paths){.root = "", .files = &files}, &config, &diags) < 0)
		why = arena_strdup(&im->arena, diags.diags.v[0].message);
	diag_clear(&diags);
	buf_clear(&text);
	import_clear(&alone);
	return why;
}
