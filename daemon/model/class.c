// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding a class, and the names of its objects as the parts of a key. Knows no class by name. */
#include "model/class.h"
#include "model/port.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/devlink.h>
#include <string.h>

/**
 * class_by_section() - the class with this section of the YAML. Return: NULL where there is none.
 */
const struct class *class_by_section(const char *section)
{
	for (size_t i = 0; i < n_classes; i++)
		if (strcmp(section, classes[i]->section) == 0)
			return classes[i];
	return NULL;
}

/** class_by_name() - the class that is called @name. Return: NULL where there is none. */
const struct class *class_by_name(const char *name)
{
	for (size_t i = 0; i < n_classes; i++)
		if (strcmp(name, classes[i]->name) == 0)
			return classes[i];
	return NULL;
}

/** class_n_keys() - of how many parts a key consists. Return: 0 where there is one object. */
size_t class_n_keys(const struct class *class)
{
	size_t n = 0;

	while (n < CLASS_MAX_KEYS && class->keys[n].type != VALUE_NONE)
		n++;
	return n;
}

/** class_is_structural() - does the SET of a field of it make ports go and come? */
bool class_is_structural(const struct class *class)
{
	for (size_t i = 0; i < class->n_writable; i++)
		if (class->fields[i].flags & FIELD_STRUCTURAL)
			return true;
	return false;
}

/** class_has_ports() - does its key begin with a port? */
bool class_has_ports(const struct class *class)
{
	return class->keys[0].attr == DEVLINK_ATTR_PORT_INDEX &&
	       class->keys[0].type == VALUE_STRING;
}

/**
 * class_port_of() - the end of the port in the name of an object.
 *
 * Return: where the "/" behind it is, or the end of the name; NULL where it has no port.
 */
const char *class_port_of(const struct class *class, const char *name)
{
	if (!class_has_ports(class) || (class->port_optional && !strchr(name, '/')))
		return NULL;
	return name + strcspn(name, "/");
}

static int parse_part(const struct class *class, const struct key *key, const char *text,
		      struct value *ret, char **ret_why)
{
	_cleanup_free_ char *why = NULL;

	if (key->attr == DEVLINK_ATTR_PORT_INDEX && key->type == VALUE_STRING &&
	    !port_name_valid(text)) {
		*ret_why = mem_strdup("a port is written as p1, p1s0, l1p5, or default: by "
				      "its number, which devlink port show tells");
		return -EINVAL;
	}
	if (class->whole_ports && port_is_part(text)) {
		_cleanup_free_ char *whole = port_whole(text);

		*ret_why = mem_printf("it is a part of port %s: write that one", whole);
		return -EINVAL;
	}
	if (key->type == VALUE_STRING && *text) {
		*ret = (struct value){.type = VALUE_STRING, .str = text};
		return 0;
	}
	if (!*text)
		*ret_why = mem_printf("%s is empty", key->name);
	else if (value_parse(text, key->type, key->names, ret, &why) < 0)
		*ret_why = mem_printf("%s: %s", key->name, why);
	else if (ret->num < key->least)
		*ret_why = mem_printf("%s: the least is %" PRIu64, key->name, key->least);
	else if (!key->names && !isdigit((unsigned char)text[strlen(text) - 1]))
		*ret_why = mem_printf("%s: write %" PRIu64 " instead of \"%s\"", key->name,
				      ret->num, text); /* it tells which, not how many */
	else
		return 0;
	return -EINVAL;
}

static char *explain_parts(const struct class *class)
{
	struct buf b = {};

	for (size_t i = 0; i < class_n_keys(class); i++)
		buf_add(&b, "%s%s", i ? "/" : "write it as ", class->keys[i].name);
	return buf_take(&b);
}

/**
 * class_key_parse() - the parts of the key of the object that is called @name.
 * @ret: to be cleared, after an error too
 * @ret_why: on error the reason, to be freed
 *
 * Return: 0 or -EINVAL.
 */
int class_key_parse(const struct class *class, const char *name, struct key_values *ret,
		    char **ret_why)
{
	size_t n = class_n_keys(class),
	       first = class_has_ports(class) && !class_port_of(class, name);
	char *at;

	*ret = (struct key_values){.text = mem_strdup(name)};
	at = ret->text;
	for (size_t i = first; i < n; i++) {
		char *part = at, *end = i + 1 < n ? strchr(part, '/') : NULL;

		if (i + 1 < n && !end) {
			*ret_why = explain_parts(class);
			return -EINVAL;
		}
		if (end) {
			*end = '\0';
			at = end + 1;
		}
		if (parse_part(class, &class->keys[i], part, &ret->v[i], ret_why) < 0)
			return -EINVAL;
	}
	return 0;
}

/**
 * class_key_format() - the name of the object with these parts of its key; VALUE_NONE: is left out.
 *
 * Return: to be freed.
 */
char *class_key_format(const struct class *class, const struct value *v)
{
	struct buf b = {};

	if (class_n_keys(class) == 0)
		return mem_strdup(class->section);
	for (size_t i = 0; i < class_n_keys(class); i++) {
		if (v[i].type == VALUE_NONE)
			continue;
		buf_put(&b, b.n ? "/" : "");
		value_format(&v[i], class->keys[i].names, &b);
	}
	return buf_take(&b);
}

/** key_values_clear() - free what class_key_parse() has allocated. */
void key_values_clear(struct key_values *k)
{
	free(k->text);
	*k = (struct key_values){};
}
