// SPDX-License-Identifier: GPL-2.0-or-later
/* What a reload resets, in words. */
#include "model/impact.h"

/** impact_destroys() - is there something that the driver does not bring back by itself? */
bool impact_destroys(const struct impact *i)
{
	return i->splits || i->vfs || i->subfunctions || i->rate_nodes || i->switchdev;
}

static void add(struct buf *out, unsigned n, const char *one, const char *many)
{
	if (n)
		buf_add(out, "%s%u %s", out->n ? ", " : "", n, n == 1 ? one : many);
}

/** impact_format() - append "12 netdevs up, 4 with a master, 2 split ports"; @out must be empty. */
void impact_format(const struct impact *i, struct buf *out)
{
	add(out, i->up, "netdev up", "netdevs up");
	add(out, i->netdevs - i->up, "netdev down", "netdevs down");
	add(out, i->mastered, "with a master", "with a master");
	add(out, i->splits, "split port", "split ports");
	add(out, i->vfs, "VF", "VFs");
	add(out, i->subfunctions, "SF", "SFs");
	add(out, i->rate_nodes, "rate node", "rate nodes");
	if (i->switchdev)
		buf_add(out, "%sswitchdev mode", out->n ? ", " : "");
}
