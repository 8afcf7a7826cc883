/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of bind share: the wishes that won, and how to complain about one. */
#pragma once

#include "model/world.h"
#include "plan/quirks.h"
#include "plan/winners.h"

struct binder {
	const char *handle;
	const struct world *world;
	const struct quirks *quirks; /* of its driver */
	const winner_list *winners;
	struct state *want;
	struct diag_list *diags;
	bool needs_catalogue, needs_image;
	bool restores;		    /* what was taken out of the config goes back to what it was */
	const struct wish *missing; /* the last one whose object is missing: said once is enough */
	winner_list lacks;	    /* what a preset names and the device has not got */
};

/* binder.c: what all binders do */
void bind_error(struct binder *b, const struct wish *w, const char *format, ...) _printf_(3, 4);
void bind_error_name(struct binder *b, const struct wish *w, const char *format, ...)
	_printf_(3, 4);
void bind_missing(struct binder *b, const struct winner *w);
void bind_note_lacks(struct binder *b);
void bind_staged(struct binder *b, const struct wish *w, const struct object *want);
bool bind_settable(struct binder *b, const struct wish *w, const struct object *have);
bool bind_parse(struct binder *b, const struct wish *w, enum value_type type,
		const struct enum_names *names, struct value *ret);
void bind_want(struct binder *b, const struct wish *w, const struct class *class, const char *name,
	       uint8_t cmode, unsigned field, struct value v);
const struct winner *bind_winner(const struct binder *b, const struct class *class,
				 const char *name);
const struct object *bind_find(const struct binder *b, const struct wish *w);
void reads_add(struct reads *reads, const struct class *class, const char *name);

/* takes.c: what the driver is known to refuse, and to round */
void bind_threshold_reads(struct reads *reads, const struct world *w, const struct wish *wish);
bool bind_round(struct binder *b, const struct wish *w, const struct object *have, unsigned field,
		struct value *v);
bool bind_takes(struct binder *b, const struct wish *w, const struct object *have, unsigned field,
		const struct value *v);

/* bind_port.c: ports that are to come or to go */
bool bind_port_waits(struct binder *b, const struct winner *winner);

/* The binders, each for the winners of one class. */
void bind_objects(struct binder *b, const struct winner *first, size_t n);
void bind_params(struct binder *b, const struct winner *first, size_t n);
void bind_groups(struct binder *b, const struct winner *first, size_t n);
void bind_group_reads(struct reads *reads, const struct world *w, const struct wish *wish);
void bind_resources(struct binder *b, const struct winner *first, size_t n);
void bind_firmware(struct binder *b, const struct entry *e);
