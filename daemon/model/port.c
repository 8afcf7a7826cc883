// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of ports. */
#include "model/port.h"

#include <string.h>

/* One letter and a number without leading zeros. Return: what is behind it; NULL: it is none. */
static const char *skip_part(const char *text, char letter)
{
	size_t digits;

	if (*text != letter)
		return NULL;
	digits = strspn(text + 1, "0123456789");
	if (digits == 0 || digits > 9 || (digits > 1 && text[1] == '0'))
		return NULL;
	return text + 1 + digits;
}

/** port_name_valid() - is it "p1", "p1s0", "l1p5" or PORT_DEFAULT? */
bool port_name_valid(const char *name)
{
	const char *card = skip_part(name, 'l'), *number, *part;

	if (strcmp(name, PORT_DEFAULT) == 0)
		return true;
	number = skip_part(card ? card : name, 'p');
	if (!number)
		return false;
	part = skip_part(number, 's');
	return !*(part ? part : number);
}

/** port_name() - the name of the port with this index. Return: NULL where it has none. */
const char *port_name(const port_list *ports, uint32_t index)
{
	vec_each(p, ports)
		if (p->index == index)
			return p->name;
	return NULL;
}
