/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Talking to the service manager: readiness, status, watchdog. Nothing happens outside systemd. */
#pragma once

#include "loop/loop.h"

#include <stdbool.h>

struct sdnotify;

struct sdnotify *sdnotify_new(struct loop *l);
struct sdnotify *sdnotify_free(struct sdnotify *s);
void sdnotify_ready(struct sdnotify *s);
void sdnotify_reloading(struct sdnotify *s);
void sdnotify_reload_ended(struct sdnotify *s);
void sdnotify_stopping(struct sdnotify *s);
void sdnotify_status(struct sdnotify *s, const char *text);
void sdnotify_busy(struct sdnotify *s, bool busy);
