/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread for what reads large files because somebody asks: whoever may ask, there is no second
 * one.
 *
 *	struct mine { struct work work; ... };
 *	m->work = (struct work){.precheck = {.run = run, .free = free_it}, .done = done};
 *	worker_submit(w, &m->work);	run() in the thread; then in the loop done(), and free_it()
 *
 * What was submitted is freed without done() where the worker ends before.
 */
#pragma once

#include "kernel/exchange.h"

struct chan;
struct chan_hub;

struct work {
	struct precheck precheck;
	void (*done)(struct work *w, int error);
};

struct worker {
	struct chan_hub *hub;
	struct chan *chan; /* NULL until there is work */
};

void worker_submit(struct worker *w, struct work *work);
void worker_clear(struct worker *w);
