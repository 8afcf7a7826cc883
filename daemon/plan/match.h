/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entry of the config is a device's. */
#pragma once

#include "base/text.h"
#include "model/config.h"
#include "model/facts.h"

bool match_entry(const struct entry *e, const char *handle, const struct facts *f);
bool match_may_be(const struct entry *e, const char *handle, const struct facts *f);
void match_open(const struct config *c, const char *handle, const struct facts *f, entry_list *ret);
bool match_value(const char *pattern, const char *value);
bool match_has_key(const char *key, const char *handle, const struct facts *f);
bool match_netdev(const char *pattern, const struct facts *f);
void match_netdev_names(const struct config *c, text_list *ret);
const char *match_named(const struct entry *e);
bool match_layer(const struct layer *l, const char *handle, const struct facts *f);
void match_note_layers(const struct entry *e, const char *handle, const struct facts *f,
		       struct diag_list *diags);
void match_all(const struct config *c, const char *handle, const struct facts *f, entry_list *ret);
void match_conflict(const entry_list *matches, const char *handle, struct diag_list *diags);
