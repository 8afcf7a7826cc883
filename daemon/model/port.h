/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports of a device. The index is the driver's, and another one after a split or a reload; what
 * stays is the physical number, with the line card and the part of a split port: "p5", "p5s1",
 * "l1p5s1".
 */
#pragma once

#include "base/arena.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define PORT_DEFAULT "default" /* each that is not named */

struct port {
	uint32_t index;
	const char *name;   /* NULL: it has no physical number, as that of the CPU */
	const char *netdev; /* NULL: it has none */
	uint32_t lanes;	    /* 0: the driver does not tell */
	bool splittable;
};

typedef VEC(struct port) port_list;

/* The parts of a name. */
struct port_number {
	bool has_card, has_part;
	unsigned card, number, part;
};

bool port_parse(const char *name, struct port_number *ret);
bool port_name_valid(const char *name);
bool port_is_part(const char *name);
char *port_whole(const char *name);
const char *port_name(const port_list *ports, uint32_t index);
