// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Line cards after net/devlink/linecard.c and mlxsw/core_linecards.c of Linux 6.1: a SET begins
 * what the device goes on with by itself. What a card is provisioned for is the device's: it is
 * kept over a reload, as all but the splits of its ports.
 */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNPROVISIONED = 1, UNPROVISIONING, PROVISIONING, FAILED, PROVISIONED, ACTIVE };

static const char *const states[] = {"unspecified",  "unprovisioned",	    "unprovisioning",
				     "provisioning", "provisioning_failed", "provisioned",
				     "active"};

/* devlink_nl_linecard_fill() */
static int fill_card(struct bytes *b, const struct device *d, const struct card *c)
{
	size_t nest, i;
	json_t *type;

	put_handle(b, d);
	put_u32(b, DEVLINK_ATTR_LINECARD_INDEX, c->index);
	put_u8(b, DEVLINK_ATTR_LINECARD_STATE, c->state);
	if (*c->type)
		put_string(b, DEVLINK_ATTR_LINECARD_TYPE, c->type);
	if (!json_array_size(c->supported))
		return 0;
	nest = nest_start(b, DEVLINK_ATTR_LINECARD_SUPPORTED_TYPES | NLA_F_NESTED);
	json_array_foreach(c->supported, i, type)
		put_string(b, DEVLINK_ATTR_LINECARD_TYPE, json_string_value(type));
	nest_end(b, nest);
	return 0;
}

static void notify_card(struct fake *f, struct device *d, const struct card *c, uint8_t command)
{
	struct bytes b = {};
	size_t at = notify_start(f, &b, command);

	notify_finish(f, &b, at, fill_card(&b, d, c));
}

static void set_state(struct fake *f, struct device *d, struct card *c, uint8_t state)
{
	c->state = state;
	if (state == UNPROVISIONED)
		*c->type = '\0';
	notify_card(f, d, c, DEVLINK_CMD_LINECARD_NEW);
}

/* A slot is made empty, and then the driver says what it has found in it. */
static void notify_found(struct fake *f, struct device *d, struct card *c)
{
	const struct card found = *c;

	set_state(f, d, c, UNPROVISIONED);
	for (uint8_t state = PROVISIONED; found.state >= PROVISIONED && state <= found.state;
	     state++) {
		memcpy(c->type, found.type, sizeof(c->type));
		set_state(f, d, c, state);
	}
	*c = found;
}

/** linecards_notify() - all of them: they were made, or are destroyed. */
void linecards_notify(struct fake *f, struct device *d, bool new)
{
	for (size_t i = 0; i < d->n_cards; i++) {
		if (new)
			notify_found(f, d, &d->cards[i]);
		else
			notify_card(f, d, &d->cards[d->n_cards - 1 - i], DEVLINK_CMD_LINECARD_DEL);
	}
}

/* "16x100G" has 16 ports. */
static unsigned ports_of_type(const char *type)
{
	return (unsigned)strtoul(type, NULL, 10);
}

/* mlxsw_linecard_status_process(): the device has done what it was told. */
static void go_on(struct fake *f, struct device *d, struct card *c)
{
	c->due = NOT_BEFORE;
	if (c->state == UNPROVISIONING) {
		ports_drop_card(f, d, (int)c->index);
		set_state(f, d, c, UNPROVISIONED);
	} else if (c->fails) {
		c->fails--;
		set_state(f, d, c, FAILED);
	} else {
		set_state(f, d, c, PROVISIONED);
		set_state(f, d, c, ACTIVE);
		ports_add_card(f, d, (int)c->index, ports_of_type(c->type));
	}
}

/** linecards_due() - when the next of them goes on by itself, or NOT_BEFORE. */
uint64_t linecards_due(const struct device *d)
{
	uint64_t due = NOT_BEFORE;

	for (size_t i = 0; i < d->n_cards; i++)
		if (d->registered && d->cards[i].due < due)
			due = d->cards[i].due;
	return due;
}

/** linecards_run() - what is due; not while the device is locked. */
void linecards_run(struct fake *f, struct device *d)
{
	for (size_t i = 0; i < d->n_cards; i++)
		if (d->registered && d->up && d->cards[i].due <= f->now)
			go_on(f, d, &d->cards[i]);
}

/** linecards_hurry() - what goes on by itself takes @msec, also what has begun, from now on. */
void linecards_hurry(struct fake *f, struct device *d, uint64_t msec)
{
	d->linecard_msec = msec;
	for (size_t i = 0; i < d->n_cards; i++)
		if (d->cards[i].due != NOT_BEFORE)
			d->cards[i].due = f->now + msec;
}

static struct card *asked_card(const struct call *c)
{
	const struct nlattr *index = c->a.v[DEVLINK_ATTR_LINECARD_INDEX];

	for (size_t i = 0; index && c->dev && c->dev->up && i < c->dev->n_cards; i++)
		if (c->dev->cards[i].index == attr_num(index))
			return &c->dev->cards[i];
	return NULL;
}

/** linecard_label() - the number of the card that a request is about, or NULL. */
const char *linecard_label(const struct call *c, char buffer[static HANDLE_SIZE])
{
	const struct card *card = asked_card(c);

	if (card)
		snprintf(buffer, HANDLE_SIZE, "%u", card->index);
	return card ? buffer : NULL;
}

int get_linecard(struct call *c)
{
	const struct card *card = asked_card(c);
	struct bytes b = {};
	size_t at;

	if (!card)
		return c->a.v[DEVLINK_ATTR_LINECARD_INDEX] ? -ENODEV : -EINVAL;
	at = reply_start(c, &b, DEVLINK_CMD_LINECARD_NEW, 0);
	b.pad = c->fake->pad;
	fill_card(&b, c->dev, card);
	reply_send(c, &b, at);
	return 0;
}

/** linecard_dump() - card @i of a dump. */
int linecard_dump(struct bytes *b, const struct device *d, size_t i)
{
	return fill_card(b, d, &d->cards[i]);
}

static bool supports(const struct card *c, const char *type)
{
	json_t *one;
	size_t i;

	json_array_foreach(c->supported, i, one)
		if (strcmp(json_string_value(one), type) == 0)
			return true;
	return false;
}

static int check_busy(struct call *c, const struct card *card)
{
	if (card->state == PROVISIONING)
		call_say(c, "Line card is currently being provisioned");
	else if (card->state == UNPROVISIONING)
		call_say(c, "Line card is currently being unprovisioned");
	else
		return 0;
	return -EBUSY;
}

/* devlink_linecard_type_unset() */
static int unset_type(struct call *c, struct card *card)
{
	if (card->state == FAILED)
		set_state(c->fake, c->dev, card, UNPROVISIONED);
	else if (card->state == UNPROVISIONED)
		call_say(c, "Line card is not provisioned");
	else {
		set_state(c->fake, c->dev, card, UNPROVISIONING);
		card->due = c->fake->now + c->dev->linecard_msec;
	}
	return 0;
}

/* devlink_linecard_type_set() */
static int set_type(struct call *c, struct card *card, const char *type)
{
	if (!supports(card, type)) {
		call_say(c, "Unsupported line card type provided");
		return -EINVAL;
	}
	if (card->state == PROVISIONED || card->state == ACTIVE) {
		call_say(c, "Line card already provisioned");
		return strcmp(card->type, type) == 0 ? 0 : -EBUSY;
	}
	snprintf(card->type, sizeof(card->type), "%s", type);
	set_state(c->fake, c->dev, card, PROVISIONING);
	card->due = c->fake->now + c->dev->linecard_msec;
	return 0;
}

/* devlink_nl_linecard_set_doit() */
int set_linecard(struct call *c)
{
	const char *type = call_string(c, DEVLINK_ATTR_LINECARD_TYPE);
	struct card *card = asked_card(c);
	int r;

	if (!card)
		return c->a.v[DEVLINK_ATTR_LINECARD_INDEX] ? -ENODEV : -EINVAL;
	r = type ? check_busy(c, card) : 0;
	if (r || !type)
		return r;
	return *type ? set_type(c, card, type) : unset_type(c, card);
}

/** linecard_fail() - the next @times provisionings of card @index fail. */
bool linecard_fail(struct device *d, unsigned index, unsigned times)
{
	for (size_t i = 0; i < d->n_cards; i++) {
		if (d->cards[i].index != index)
			continue;
		d->cards[i].fails = times;
		return true;
	}
	return false;
}

static json_t *list_types(const char *text)
{
	json_t *list = json_array();
	char *copy = strdup(text), *rest = copy, *item;

	while ((item = strsep(&rest, ",")))
		if (*item)
			json_array_append_new(list, json_string(item + strspn(item, " ")));
	free(copy);
	return list;
}

/** linecards_load() - of a facts document. Return: NULL, or the name that is wrong. */
const char *linecards_load(struct device *d, json_t *facts)
{
	json_t *section = json_object_get(facts, "linecards"), *j;
	const char *name;

	d->cards = calloc(json_object_size(section) + 1, sizeof(*d->cards));
	if (!d->cards)
		abort();
	json_object_foreach(section, name, j) {
		const char *type = json_string_value(json_object_get(j, "type")) ?: "";
		struct card *c = &d->cards[d->n_cards++];

		*c = (struct card){.index = (unsigned)strtoul(name, NULL, 10),
				   .state = *type ? ACTIVE : UNPROVISIONED,
				   .due = NOT_BEFORE};
		snprintf(c->type, sizeof(c->type), "%s", type);
		c->supported = list_types(json_string_value(json_object_get(j, "supported")) ?: "");
		if (*type && !supports(c, type))
			return name;
		if (*type)
			ports_add_card(NULL, d, (int)c->index, ports_of_type(type));
	}
	return NULL;
}

void linecards_free(struct device *d)
{
	for (size_t i = 0; i < d->n_cards; i++)
		json_decref(d->cards[i].supported);
	free(d->cards);
}

/** linecards_json() - the section for tests to look at. */
void linecards_json(const struct device *d, json_t *all)
{
	json_t *section = json_object();

	for (size_t i = 0; i < d->n_cards; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", d->cards[i].index);
		json_object_set_new(section, name,
				    json_pack("{s:s,s:s}", "type", d->cards[i].type, "state",
					      states[d->cards[i].state]));
	}
	if (d->n_cards)
		json_object_set(all, "linecards", section);
	json_decref(section);
}
