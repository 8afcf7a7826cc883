/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Malformed YAML in words that tell what to change. */
#pragma once

#include "yaml/source.h"

#include <yaml.h>

struct place place_of(struct source *source, yaml_mark_t mark);
void syntax_report(const yaml_parser_t *parser, struct place open, struct diag_list *diags);
