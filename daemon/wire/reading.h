/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One read of a device: which requests it takes, and what their answers come to.
 *
 *	reading_start(&reading, &reads, known, family, handle, &requests);
 *	... send them, in order, and for each: ...
 *	reading_answer(&reading, &requests.v[i], &answer);
 *	... and the same once more for what reading_rest() asks for ...
 *	reading_finish(&reading);
 *
 * Objects are asked for by name. Where a dump is narrowed to the device and many objects of a class
 * are wanted, one dump tells of them, and what is not wanted is passed over. What it does not tell
 * of may be there all the same: the kernel ends a dump at an object that the driver fails to tell
 * of, mostly without a word, and one that goes on after a reload at a number in the list. So
 * nothing is believed to be absent, or to be unreadable, before it was asked for by its name.
 *
 * The device may be reloaded amid a read. Each answer by name, and each part of a dump, is of one
 * moment, as the kernel holds the device while it makes it; some of them may be of before, and some
 * of after the reload. Its notifications come after the question, or are lost with a word, so
 * another read follows, of which GET tells what happened. What a dump tells of twice is as it was
 * told last.
 */
#pragma once

#include "model/world.h"
#include "wire/decode.h"

struct nl_msg;

struct read_request {
	struct nl_msg *msg;	   /* the caller's to free or to give away */
	const struct class *class; /* of the object or dump; NULL: GET or INFO_GET */
	const char *name;	   /* of the object; the reading's */
	bool dump;		   /* ends with NLMSG_DONE, without an acknowledgement */
	size_t first, n;	   /* of a dump for them: these of the reading's wanted */
	bool catalogue;		   /* of all that the device has of the class */
	bool info;		   /* INFO_GET */
	bool impact;		   /* of ports or the eswitch; that it fails is no harm */
	bool ports;		   /* what the ports are called */
	bool port_resources;	   /* of the ports only */
};

typedef VEC(struct read_request) read_request_list;

/* An object that a dump is to tell of. */
struct read_wanted {
	const struct class *class;
	const char *name;
	size_t told; /* 1 + where it is in have.objects; 0: not yet */
};

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
	struct arena names;	     /* that were asked for */
	VEC(struct read_wanted) wanted;
	struct state have, catalogue;
	struct facts facts;
	struct impact impact;
};

void reading_start(struct reading *r, const struct reads *reads, const struct state *known,
		   uint16_t family, const char *handle, read_request_list *ret);
void reading_answer(struct reading *r, const struct read_request *request,
		    const struct read_answer *answer);
bool reading_rest(struct reading *r, read_request_list *ret);
void reading_finish(struct reading *r);
void reading_clear(struct reading *r);
