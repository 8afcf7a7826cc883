/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests to devlink as libnl messages, complete but for the sequence number and the port, which
 * the sender fills in. Every request asks for an acknowledgement. The caller owns the message.
 */
#pragma once

#include "model/step.h"

struct nl_msg;

struct nl_msg *encode_getfamily(void);
struct nl_msg *encode_get(uint16_t family, const char *handle);
struct nl_msg *encode_get_all(uint16_t family);
struct nl_msg *encode_info_get(uint16_t family, const char *handle);
struct nl_msg *encode_device_objects(uint16_t family, const char *handle,
				     const struct class *class);
struct nl_msg *encode_port_resources(uint16_t family, const char *handle);
struct nl_msg *encode_object_get(uint16_t family, const char *handle, const struct class *class,
				 const char *name);
struct nl_msg *encode_object_dump(uint16_t family, const char *handle, const struct class *class);
struct nl_msg *encode_object_set(uint16_t family, const char *handle, const struct object *o);
struct nl_msg *encode_reload(uint16_t family, const char *handle, uint8_t action, uint8_t limit);
struct nl_msg *encode_step(uint16_t family, const char *handle, uint64_t registration,
			   const struct step *s);
struct nl_msg *encode_port_dump(uint16_t family, const char *handle);
struct nl_msg *encode_rate_dump(uint16_t family, const char *handle);
struct nl_msg *encode_eswitch_get(uint16_t family, const char *handle);
struct nl_msg *encode_flash(uint16_t family, const char *handle, const char *file,
			    const char *component);
struct nl_msg *encode_shrink(struct nl_msg *msg);
void encode_free(struct nl_msg *msg);
