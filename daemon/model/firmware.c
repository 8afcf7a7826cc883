// SPDX-License-Identifier: GPL-2.0-or-later
/* Lifetime and names of firmware; what is to be done about it is plan/firmware.c's to say. */
#include "model/firmware.h"
#include "base/text.h"

/** firmware_text() - what makes it this firmware and no other; to be freed. */
char *firmware_text(const struct firmware *f)
{
	return mem_printf("%s %s%s%s%s%s%s%s", f->key, f->version, f->file ? " file " : "",
			  f->file ? f->file : "", f->component ? " component " : "",
			  f->component ? f->component : "", f->sha256 ? " sha256 " : "",
			  f->sha256 ? f->sha256 : "");
}

/** firmware_copy() - make @to equal to @from, with strings in @arena. */
void firmware_copy(struct arena *arena, struct firmware *to, const struct firmware *from)
{
	*to = *from;
	to->version = arena_strdup(arena, from->version);
	to->key = arena_strdup(arena, from->key);
	to->file = arena_strdup(arena, from->file);
	to->component = arena_strdup(arena, from->component);
	to->sha256 = arena_strdup(arena, from->sha256);
}

/** flash_latch_clear() - free what it owns; no flash is remembered then. */
void flash_latch_clear(struct flash_latch *l)
{
	free(l->firmware);
	free(l->boot);
	free(l->reason);
	*l = (struct flash_latch){};
}

/** image_verdict_clear() - free what it owns; no file was looked at then. */
void image_verdict_clear(struct image_verdict *c)
{
	free(c->file);
	free(c->sha256);
	free(c->why);
	*c = (struct image_verdict){};
}

/** image_verdict_ask() - the file of @f is to be looked at. */
void image_verdict_ask(struct image_verdict *c, const struct firmware *f)
{
	image_verdict_clear(c);
	c->file = mem_strdup(f->file);
	c->sha256 = mem_strdup(f->sha256);
}

/** image_verdict_covers() - was the very file of @f looked at? */
bool image_verdict_covers(const struct image_verdict *c, const struct firmware *f)
{
	return c->file && text_equal(c->file, f->file) && text_equal(c->sha256, f->sha256);
}
