/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one question that is put to the kernel's ethtool family: which netdev has a name, that may be
 * an alternative one. Its answer begins with the netdev's own name; what follows is not looked at.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct nl_msg;
struct nlmsghdr;

struct nl_msg *ethtool_encode_getfamily(void);
bool ethtool_decode_family(const struct nlmsghdr *m, uint16_t *ret);
struct nl_msg *ethtool_encode_get(uint16_t family, const char *name);
const char *ethtool_decode_name(const struct nlmsghdr *m, uint16_t family);
