/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a device under this handle, and is it the one that is known?
 *
 *            NEW       DEL      answer     INFO  ENODEV  ENODEV, heard since  registered  the same
 * UNKNOWN    .         .        .          HERE  GONE    .                    .           .
 * HERE       .         LEAVING  .          .     GONE    REPLACED             UNKNOWN     .
 * LEAVING    REPLACED  .        LINGERING  .     GONE    REPLACED             UNKNOWN     HERE
 * LINGERING  REPLACED  LEAVING  HERE       .     GONE    REPLACED             UNKNOWN     HERE
 * REPLACED   .         LEAVING  UNKNOWN    .     GONE    .                    UNKNOWN     HERE
 * GONE       .         .        .          .     .       .                    .           .
 *
 * "." leaves it as it is. ENODEV may be the farewell of an instance that has a successor already:
 * only where nothing was heard since the question is the device gone. Linux 6.1 says DEL when a
 * move to another namespace failed and leaves it at that: what said DEL and answers is asked again
 * a moment later (LINGERING), as a real successor can be asked a moment before its NEW comes. Where
 * the kernel numbers registrations an answer tells which one it is of.
 */
#pragma once

enum presence {
	PRESENCE_UNKNOWN,   /* INFO_GET has not told yet what it is */
	PRESENCE_HERE,	    /* it is the one that is known */
	PRESENCE_LEAVING,   /* it said that it is gone */
	PRESENCE_LINGERING, /* it said that it is gone and still answers */
	PRESENCE_REPLACED,  /* another instance has the handle, or will */
	PRESENCE_GONE,	    /* there is no device under this handle */
};

enum presence_event {
	PRESENCE_EV_NEW,       /* DEVLINK_CMD_NEW, or another message of a device that registers */
	PRESENCE_EV_DEL,       /* DEVLINK_CMD_DEL */
	PRESENCE_EV_ANSWER,    /* a read succeeded */
	PRESENCE_EV_INFO,      /* ... with the answer to INFO_GET */
	PRESENCE_EV_NO_DEVICE, /* ENODEV, and nothing was heard since the question */
	PRESENCE_EV_WAS_REPLACED, /* ENODEV, and something was heard since */
	PRESENCE_EV_REGISTERED,	  /* its number or counters are those of another registration */
	PRESENCE_EV_SAME,	  /* a read succeeded, and is of the registration that is known */
};

enum presence presence_next(enum presence p, enum presence_event e);
