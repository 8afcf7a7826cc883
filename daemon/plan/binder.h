/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of bind share: the wishes that won, and how to complain about one. */
#pragma once

#include "model/config.h"
#include "model/world.h"

/* A wish that no higher layer beats. */
struct winner {
	const struct wish *wish;
	const char *preset; /* where it comes from; NULL: the entry's own keys */
};

typedef VEC(struct winner) winner_list;

struct binder {
	const char *handle;
	const struct world *world;
	winner_list winners; /* sorted by class and object */
	struct state *want;
	struct diag_list *diags;
	bool needs_catalogue, needs_image;
	const struct wish *missing; /* the last one whose object is missing: said once is enough */
};

void winners_collect(winner_list *winners, const struct entry *e, const char *handle,
		     const struct facts *facts);

void bind_error(struct binder *b, const struct wish *w, const char *format, ...) _printf_(3, 4);
void bind_error_name(struct binder *b, const struct wish *w, const char *format, ...)
	_printf_(3, 4);
void bind_missing(struct binder *b, const struct winner *w);
void bind_staged(struct binder *b, const struct wish *w, const struct object *want);
void bind_resources(struct binder *b, const struct winner *first, size_t n);
void bind_firmware(struct binder *b, const struct entry *e);
