// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/plan.h"

/** plan_clear() - free the steps and texts; the plan is empty then. */
void plan_clear(struct plan *p)
{
	steps_clear(&p->steps);
	steps_clear(&p->refused);
	steps_clear(&p->left);
	buf_clear(&p->pending_text);
	buf_clear(&p->moving_text);
	buf_clear(&p->unread_text);
	buf_clear(&p->unreadable_text);
	buf_clear(&p->yielded_text);
	*p = (struct plan){};
}
