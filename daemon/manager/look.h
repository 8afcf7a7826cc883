/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A look at a file of firmware that no device's machine has asked for, by the worker: the file may
 * be large, and the devices be at work for long.
 */
#pragma once

#include "model/firmware.h"

struct look;
struct precheck;
struct worker;

struct precheck *look_precheck(const char *images, const char *file, const char *sha256);
struct look *look_new(struct worker *worker, const char *images, const struct firmware *f,
		      void (*done)(void *user), void *user);
struct look *look_free(struct look *l);
const struct image_verdict *look_verdict(const struct look *l);
