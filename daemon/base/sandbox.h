/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the process may ask of the kernel from now on, whoever leads it. The unit has a filter of
 * its own, which has to let the start of a program pass and cannot look at arguments; this one ends
 * what is over then, and leaves of the capability what devlink needs: generic netlink.
 *
 * It is an allow-list of calls. What is not on it fails with ENOSYS, as on a kernel without it, so
 * that a later C library falls back to what it did before.
 */
#pragma once

enum sandbox {
	SANDBOX_TIGHT,
	SANDBOX_WITH_SANITIZERS, /* they start programs and trace the process when it ends */
};

int sandbox_enter(enum sandbox kind);
enum sandbox sandbox_of_build(void);
