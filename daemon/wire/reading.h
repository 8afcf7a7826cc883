/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One read of a device: which requests it takes, and what their answers come to.
 *
 *	reading_start(&reading, &reads, family, handle, &requests);
 *	... send them, in order, and for each: ...
 *	reading_answer(&reading, &requests.v[i], &answer);
 *	reading_finish(&reading);
 */
#pragma once

#include "model/world.h"
#include "wire/decode.h"

struct nl_msg;

struct read_request {
	struct nl_msg *msg;	   /* the caller's to free or to give away */
	const struct class *class; /* of the object or dump; NULL: GET or INFO_GET */
	const char *name;	   /* of the object; in the reading's arena */
	bool dump;		   /* ends with NLMSG_DONE, without an acknowledgement */
	bool catalogue;		   /* of all that the device has of the class */
	bool info;		   /* INFO_GET */
	bool impact;		   /* of ports or the eswitch; that it fails is no harm */
	bool ports;		   /* what the ports are called */
	bool port_resources;	   /* of the ports only */
};

typedef VEC(struct read_request) read_request_list;

/* What came back for one request. */
struct read_answer {
	const void *reply; /* the messages that came before the acknowledgement */
	size_t len;
	int error;	   /* -errno of the acknowledgement, or 0 */
	const char *words; /* the kernel's, with it; or NULL */
	bool lost;	   /* there was none, the error says why */
};

struct reading {
	uint16_t family;
	char *handle;
	int error;		     /* the first one that says more than "no such object" */
	int untold;		     /* why INFO_GET failed, which is no `error`; 0: it did not */
	char *words, *untold_words;  /* the kernel's, with these; or NULL */
	bool identified, catalogued; /* INFO_GET, the dumps were part of it */
	bool params_cut;	     /* ... and that of params ended early */
	bool denied;		     /* what was asked for by name or class is not there */
	struct state have, catalogue;
	struct facts facts;
	struct impact impact;
};

void reading_start(struct reading *r, const struct reads *reads, uint16_t family,
		   const char *handle, read_request_list *ret);
void reading_answer(struct reading *r, const struct read_request *request,
		    const struct read_answer *answer);
void reading_finish(struct reading *r);
void reading_clear(struct reading *r);
