// SPDX-License-Identifier: GPL-2.0-or-later
/* See patience.h. */
#include "device/patience.h"
#include "base/clock.h"

/** patience_init() - nothing is staged by others. */
void patience_init(struct patience *p)
{
	*p = (struct patience){.until = USEC_NEVER};
}

/* Do both set the same objects back, from the same values? */
static bool same(const step_list *a, const step_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!step_same(&a->v[i], &b->v[i]) || !text_equal(a->v[i].from, b->v[i].from))
			return false;
	return true;
}

/**
 * patience_look() - a plan is made.
 * @planned: what it would set back
 *
 * Return: is it time for that?
 */
bool patience_look(struct patience *p, const step_list *planned, uint64_t now)
{
	if (same(&p->left, planned))
		return p->due;
	patience_clear(p);
	vec_each(s, planned)
		vec_push(&p->left, step_copy(s));
	p->until = planned->n ? now + STAGED_REST_USEC : USEC_NEVER;
	return false;
}

/** patience_tick() - it is @now, microseconds. Return: has it been left alone for long enough? */
bool patience_tick(struct patience *p, uint64_t now)
{
	if (now < p->until)
		return false;
	p->until = USEC_NEVER;
	p->due = true;
	return true;
}

/** patience_clear() - free what it holds; nothing is staged by others. */
void patience_clear(struct patience *p)
{
	steps_clear(&p->left);
	p->until = USEC_NEVER;
	p->due = false;
}
