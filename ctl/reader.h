/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What D-Bus carries, into the structs of answer.h. */
#pragma once

#include "answer.h"

#include <systemd/sd-bus.h>

int reader_rows(sd_bus_message *m, const struct answer_type *type, struct arena *arena, void *list);
int reader_properties(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
		      void *answer);
