/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a command ends with: one JSON document or one text on standard output. */
#pragma once

#include "answer.h"

int output_json(const struct answer_type *type, const void *answer, int exit_code);
const char *output_newline(const char *text);
int output_text(struct buf *text, int exit_code);
int output_finish(int r, int exit_code);
int output_file(struct buf *text, const char *path);
