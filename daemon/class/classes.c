// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of all kinds of object. */
#include "model/class.h"

#include <string.h>

const struct class *const classes[] = {
	&class_resource, &class_param, &class_trap_policer, &class_trap_group, &class_trap,
};
const size_t n_classes = ARRAY_SIZE(classes);

/** class_by_section() - the class whose objects the YAML lists under @section, or NULL. */
const struct class *class_by_section(const char *section)
{
	for (size_t i = 0; i < n_classes; i++)
		if (strcmp(section, classes[i]->section) == 0)
			return classes[i];
	return NULL;
}

/** class_by_name() - the class called @name, or NULL. */
const struct class *class_by_name(const char *name)
{
	for (size_t i = 0; i < n_classes; i++)
		if (strcmp(name, classes[i]->name) == 0)
			return classes[i];
	return NULL;
}
