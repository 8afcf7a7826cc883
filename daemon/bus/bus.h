/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * D-Bus: answers from what the manager and the machines know at the moment, at once,
 * whatever the kernel is busy with. Marshalling only. The bus may come, go and come back.
 */
#pragma once

enum bus_kind { BUS_SYSTEM, BUS_USER, BUS_NONE };

struct bus;
struct loop;
struct manager;

struct bus *bus_new(struct loop *loop, struct manager *manager, enum bus_kind kind);
struct bus *bus_free(struct bus *b);
