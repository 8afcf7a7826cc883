/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose the files are. Started as root beside a service of another user, carved becomes that user:
 * so it can neither be led astray by what that user has put there, nor leave what he cannot read.
 */
#pragma once

int owner_become(const char *state_dir, const char *runtime_dir);
