// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of ports. Knows no device. */
#include "model/port.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* One letter and a number without leading zeros. Return: was it there, and is passed over? */
static bool take_part(const char **text, char letter, unsigned *ret)
{
	size_t digits;

	if (**text != letter)
		return false;
	digits = strspn(*text + 1, "0123456789");
	if (digits == 0 || digits > 9 || (digits > 1 && (*text)[1] == '0'))
		return false;
	*ret = (unsigned)strtoul(*text + 1, NULL, 10);
	*text += 1 + digits;
	return true;
}

/** port_parse() - the parts of "p1", "p1s0" or "l1p5". Return: false where @name is none. */
bool port_parse(const char *name, struct port_number *ret)
{
	*ret = (struct port_number){};
	ret->has_card = take_part(&name, 'l', &ret->card);
	if (!take_part(&name, 'p', &ret->number))
		return false;
	ret->has_part = take_part(&name, 's', &ret->part);
	return !*name;
}

/** port_name_valid() - is it "p1", "p1s0", "l1p5" or PORT_DEFAULT? */
bool port_name_valid(const char *name)
{
	struct port_number number;

	return strcmp(name, PORT_DEFAULT) == 0 || port_parse(name, &number);
}

/** port_is_part() - is it a part of a split port? */
bool port_is_part(const char *name)
{
	struct port_number number;

	return port_parse(name, &number) && number.has_part;
}

/** port_whole() - the name of the port that @name is a part of, or @name; to be freed. */
char *port_whole(const char *name)
{
	size_t n = port_is_part(name) ? (size_t)(strchr(name, 's') - name) : strlen(name);

	return mem_printf("%.*s", (int)n, name);
}

/** port_name() - the name of the port with this index. Return: NULL where it has none. */
const char *port_name(const port_list *ports, uint32_t index)
{
	vec_each(p, ports)
		if (p->index == index)
			return p->name;
	return NULL;
}
