/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shall happen to which request. */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_TEXT 256

enum effect {
	EFFECT_NONE,
	EFFECT_DROP_ANSWER,  /* carried out; the client hears nothing */
	EFFECT_DROP_REQUEST, /* the kernel hears nothing; nor does the client */
	EFFECT_ERRNO,	     /* the kernel hears nothing; the client hears of an error */
	EFFECT_DELAY,	     /* before it is sent on */
	EFFECT_TRUNCATE,     /* its answers are cut */
	EFFECT_HOLD,	     /* neither, until the client has gone: for killing it here */
	EFFECT_KILL,	     /* the relay dies before it is sent on: no more kernel */
};

/* A datagram of notifications comes through, is lost, or is lost as in an overrun: with a word. */
enum fate { FATE_PASS, FATE_LOSE, FATE_OVERRUN };

struct verdict {
	unsigned long ordinal;
	enum effect effect;
	unsigned long value; /* of a delay 0: until the rules change */
	const char *name;
};

extern const char rules_usage[];

int rules_add(const char *text);
void rules_file(const char *path);
struct verdict rules_judge(const struct nlmsghdr *m);
void rules_wait_for_change(void);
enum fate rules_judge_notification(void);
void request_describe(const struct nlmsghdr *m, char text[static REQUEST_TEXT]);
