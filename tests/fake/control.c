// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of text that do what happens behind the requester's back. WORDS key=value ... and, last,
 * text=... to the end of the line. ERRNO is a name or a number.
 *
 *	state [HANDLE]				the oracle
 *	requests [FROM]				every request, from ordinal FROM on
 *	forget					the requests and counts so far
 *	add FILE				a device of this facts file appears
 *	unbind|bind|remove|power-cycle HANDLE	remove: for good; power-cycle: unbind, and bind
 *						with permanent params in force
 *	refuse-down HANDLE ERRNO [times=N] [text=...]	the next reload, before anything
 *	fail-up HANDLE ERRNO [times=N] [early=1] [text=...]	early: before sizes are read
 *	fail-flash HANDLE ERRNO [percent=N] [times=N] [text=...]
 *	delay HANDLE MSEC			of every reload, also of one that goes on; the
 *						device is locked meanwhile
 *	flash HANDLE MSEC [steps=N]		of every flash
 *	linecard HANDLE MSEC [N] [fail=TIMES]	a change takes so long; card N fails so often
 *	file HANDLE NAME [VERSION=VALUE]...	is in the firmware path
 *	firmware HANDLE [sticky=0|1] [loses=0|1] [builtin=VERSION]	sticky: no activation
 *						changes what runs; loses: each probe starts
 *						from the first image; builtin: the driver's
 *						own, which replaces what is
 *						older at a probe or reload while fw_load_policy is 0
 *	rule HANDLE|* COMMAND|* NAME|* EFFECT [skip=N] [times=N] [text=...]
 *		EFFECT: ERRNO, ignore, clamp=SIZE, lose-answer, lose, hold; COMMAND: TRAP_SET ...
 *		hold: the sender is stuck in sendmsg(); if it is killed the request was never made
 *	rules-clear
 *	release					what rules hold goes on, and they hold nothing more
 *	reload HANDLE [ACTION] [no_reset]	by somebody else
 *	update HANDLE FILE [component=NAME]	by somebody else: a flash
 *	set HANDLE trap NAME ACTION		by somebody else, through the same checks
 *	set HANDLE group NAME POLICER
 *	set HANDLE policer ID [rate=N] [burst=N]
 *	set HANDLE resource PATH SIZE
 *	set HANDLE param NAME CMODE VALUE
 *	set HANDLE port PORT COUNT		0: made whole again
 *	self-reinit HANDLE			the driver recovers: no counter tells
 *	remote-reload HANDLE ACTION [no_reset]	another host of the same device
 *	occ HANDLE PATH N			entries in use
 *	break|mend HANDLE trap|group|policer|param NAME		filling its message fails
 *	storm HANDLE N				N notifications
 *	queue N					of each socket: more overruns it; 0: no limit
 *	chunk BYTES				of dumps and parts; 0: the kernel's
 *	pad 0|1					u64 attributes are aligned with padding
 *	devlink 0|1				whether the kernel has the family
 */
#include "model.h"
#include "control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} errnos[] = {{"EPERM", EPERM},	    {"ENOENT", ENOENT},	     {"EIO", EIO},
	      {"EAGAIN", EAGAIN},   {"ENOMEM", ENOMEM},	     {"EBUSY", EBUSY},
	      {"ENODEV", ENODEV},   {"EINVAL", EINVAL},	     {"ENOSPC", ENOSPC},
	      {"ERANGE", ERANGE},   {"EMSGSIZE", EMSGSIZE},  {"EOPNOTSUPP", EOPNOTSUPP},
	      {"ENOBUFS", ENOBUFS}, {"ETIMEDOUT", ETIMEDOUT}};

/** line_errno() - Return: a positive errno, or 0 where @word is none. */
int line_errno(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_LEN(errnos); i++)
		if (strcmp(word, errnos[i].name) == 0)
			return errnos[i].number;
	return word ? atoi(word) : 0;
}

/* Cut a line into words in place; key=value pairs go to a list of their own. */
static void line_split(struct line *l, char *text)
{
	char *rest, *word;

	rest = strncmp(text, "text=", 5) == 0 ? text : strstr(text, " text=");
	if (rest) {
		l->text = strchr(rest, '=') + 1;
		*rest = '\0';
	}
	for (word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		char *equals = strchr(word, '=');

		if (equals && equals > word && l->n_pairs < LINE_PAIRS) {
			*equals = '\0';
			l->key[l->n_pairs] = word;
			l->value[l->n_pairs++] = equals + 1;
		} else if (l->n < LINE_WORDS) {
			l->word[l->n++] = word;
		}
	}
}

/** line_pair() - the value of @key, or NULL. */
const char *line_pair(const struct line *l, const char *key)
{
	for (size_t i = 0; i < l->n_pairs; i++)
		if (strcmp(l->key[i], key) == 0)
			return l->value[i];
	return NULL;
}

uint64_t line_number(const struct line *l, const char *key, uint64_t otherwise)
{
	const char *value = line_pair(l, key);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

static int do_state(struct line *l)
{
	l->answer = l->dev ? device_json(l->dev) : fake_state(l->fake);
	return 0;
}

static int do_requests(struct line *l)
{
	l->answer = fake_requests(l->fake, l->n > 1 ? strtoul(l->word[1], NULL, 10) : 0);
	return 0;
}

static int do_forget(struct line *l)
{
	l->fake->forgotten += json_array_size(l->fake->requests);
	json_array_clear(l->fake->requests);
	for (struct device *d = l->fake->devices; d; d = d->next)
		d->counts = (struct counts){};
	return 0;
}

static int do_add(struct line *l)
{
	char *why = NULL;
	int r = fake_load_file(l->fake, l->word[1], &why);

	if (why)
		l->answer = json_pack("{s:s}", "error", why);
	free(why);
	return r;
}

static int do_unbind(struct line *l)
{
	device_unregister(l->fake, l->dev);
	return 0;
}

static int do_bind(struct line *l)
{
	if (l->dev->registered)
		return -EBUSY;
	device_defaults(l->dev);
	device_register(l->fake, l->dev);
	return 0;
}

static int do_remove(struct line *l)
{
	l->dev->forget = true;
	device_unregister(l->fake, l->dev);
	return 0;
}

/* The host goes down with the device, so nobody's request is waited for. */
static int do_power_cycle(struct line *l)
{
	struct device *d = l->dev;

	if (device_locked(d))
		return -EBUSY;
	device_unregister(l->fake, d);
	for (size_t i = 0; i < d->n_params; i++)
		d->params[i].mode[DEVLINK_PARAM_CMODE_PERMANENT].active =
			d->params[i].mode[DEVLINK_PARAM_CMODE_PERMANENT].now;
	firmware_activate(d);
	return do_bind(l);
}

static int read_fate(struct line *l, struct fate *fate)
{
	if (line_errno(l->word[2]) <= 0)
		return -EINVAL;
	*fate = (struct fate){.times = (unsigned)line_number(l, "times", 1),
			      .error = line_errno(l->word[2]),
			      .percent = (unsigned)line_number(l, "percent", 50),
			      .early = line_number(l, "early", 0)};
	snprintf(fate->text, sizeof(fate->text), "%s", l->text ?: "");
	return 0;
}

static int do_refuse_down(struct line *l)
{
	return read_fate(l, &l->dev->refuse_down);
}

static int do_fail_up(struct line *l)
{
	return read_fate(l, &l->dev->fail_up);
}

static int do_fail_flash(struct line *l)
{
	return read_fate(l, &l->dev->fail_flash);
}

static int do_delay(struct line *l)
{
	struct operation *o = &l->dev->operation;

	l->dev->quirks.reload_msec = strtoull(l->word[2], NULL, 10);
	if (o->kind == OPERATION_RELOAD)
		o->due = o->started + l->dev->quirks.reload_msec;
	return 0;
}

static int do_linecard(struct line *l)
{
	linecards_hurry(l->fake, l->dev, strtoull(l->word[2], NULL, 10));
	if (l->n < 4 || linecard_fail(l->dev, (unsigned)strtoul(l->word[3], NULL, 10),
				      (unsigned)line_number(l, "fail", 0)))
		return 0;
	return -ENODEV;
}

static int do_flash(struct line *l)
{
	l->dev->quirks.flash_msec = strtoull(l->word[2], NULL, 10);
	l->dev->quirks.flash_steps = (unsigned)line_number(l, "steps", l->dev->quirks.flash_steps);
	return l->dev->quirks.flash_steps ? 0 : -EINVAL;
}

static json_t *child(json_t *parent, const char *key)
{
	if (!json_object_get(parent, key))
		json_object_set_new(parent, key, json_object());
	return json_object_get(parent, key);
}

static int do_file(struct line *l)
{
	json_t *file = json_object();

	for (size_t i = 0; i < l->n_pairs; i++)
		json_object_set_new(file, l->key[i], json_string(l->value[i]));
	return json_object_set_new(child(child(l->dev->facts, "fake"), "files"), l->word[2], file);
}

static int do_firmware(struct line *l)
{
	const char *builtin = line_pair(l, "builtin");

	l->dev->sticky = line_number(l, "sticky", l->dev->sticky);
	l->dev->loses = line_number(l, "loses", l->dev->loses);
	if (builtin)
		snprintf(l->dev->builtin, sizeof(l->dev->builtin), "%s", builtin);
	return 0;
}

static bool effect_read(const struct line *l, struct rule *r)
{
	static const char *const words[] = {[RULE_IGNORE] = "ignore",
					    [RULE_LOSE_ANSWER] = "lose-answer",
					    [RULE_LOSE] = "lose",
					    [RULE_HOLD] = "hold"};

	if (line_pair(l, "clamp")) {
		r->effect = RULE_CLAMP;
		r->value = line_number(l, "clamp", 0);
		return true;
	}
	if (l->n < 5)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i] && strcmp(l->word[4], words[i]) == 0) {
			r->effect = (enum rule_effect)i;
			return true;
		}
	}
	r->effect = RULE_ERROR;
	r->error = line_errno(l->word[4]);
	return r->error > 0;
}

static int do_rule(struct line *l)
{
	struct rule *r = calloc(1, sizeof(*r)), **end = &l->fake->rules;
	bool any = strcmp(l->word[2], "*") == 0;

	if (!r)
		abort();
	r->command = any ? 0 : command_by_name(l->word[2]);
	r->skip = (unsigned)line_number(l, "skip", 0);
	r->times = (unsigned)line_number(l, "times", 1);
	snprintf(r->handle, sizeof(r->handle), "%s", l->word[1]);
	snprintf(r->name, sizeof(r->name), "%s", strcmp(l->word[3], "*") ? l->word[3] : "");
	snprintf(r->text, sizeof(r->text), "%s", l->text ?: "");
	if ((!any && !r->command) || !effect_read(l, r)) {
		free(r);
		return -EINVAL;
	}
	while (*end)
		end = &(*end)->next;
	*end = r;
	return 0;
}

static int do_rules_clear(struct line *l)
{
	for (struct rule *r = l->fake->rules; r; r = r->next)
		r->times = 0;
	return 0;
}

static int do_release(struct line *l)
{
	for (struct rule *r = l->fake->rules; r; r = r->next)
		if (r->effect == RULE_HOLD)
			r->times = 0;
	for (struct fake_socket *s = l->fake->sockets; s; s = s->next)
		s->held = false;
	return 0;
}

static int do_self_reinit(struct line *l)
{
	if (device_locked(l->dev))
		return -EBUSY;
	reload_down(l->fake, l->dev);
	reload_up(l->fake, l->dev, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	return 0;
}

/* devlink_remote_reload_actions_performed(): this host's driver was torn down as well. */
static int do_remote_reload(struct line *l)
{
	unsigned action = strcmp(l->word[2], "fw_activate") == 0
				  ? DEVLINK_RELOAD_ACTION_FW_ACTIVATE
				  : DEVLINK_RELOAD_ACTION_DRIVER_REINIT;
	unsigned limit = l->n > 3;
	uint32_t performed = limit ? 1u << action : l->dev->quirks.performed[action];
	int r = limit ? 0 : do_self_reinit(l);

	if (r)
		return r;
	for (unsigned i = 1; i < N_ACTIONS; i++)
		l->dev->stats[1][i][limit] += performed >> i & 1;
	notify_device(l->fake, l->dev, DEVLINK_CMD_NEW);
	return 0;
}

static int do_occ(struct line *l)
{
	struct resource *r = resource_find(l->dev, l->word[2]);

	if (!r)
		return -ENOENT;
	r->has_occ = true;
	r->occ = strtoull(l->word[3], NULL, 10);
	return 0;
}

static int do_break(struct line *l)
{
	bool broken = strcmp(l->word[0], "break") == 0;
	const char *kind = l->word[2], *name = l->word[3];
	struct trap *t = strcmp(kind, "trap") ? NULL : trap_find(l->dev, name);
	struct group *g = strcmp(kind, "group") ? NULL : group_find(l->dev, name);
	struct param *p = strcmp(kind, "param") ? NULL : param_find(l->dev, name);
	struct policer *o = strcmp(kind, "policer")
				    ? NULL
				    : policer_find(l->dev, (uint32_t)strtoul(name, NULL, 10));

	if (t)
		t->broken = broken;
	if (g)
		g->broken = broken;
	if (p)
		p->broken = broken;
	if (o)
		o->broken = broken;
	return t || g || p || o ? 0 : -ENOENT;
}

/* Nothing has changed; what it is that has not does not matter. */
static int do_storm(struct line *l)
{
	for (unsigned long n = strtoul(l->word[2], NULL, 10); n > 0; n--) {
		if (l->dev->n_params)
			notify_param(l->fake, l->dev, &l->dev->params[0], DEVLINK_CMD_PARAM_NEW);
		else
			notify_device(l->fake, l->dev, DEVLINK_CMD_NEW);
	}
	return 0;
}

static int do_number(struct line *l)
{
	unsigned long n = strtoul(l->word[1], NULL, 10);

	if (strcmp(l->word[0], "queue") == 0)
		l->fake->queue_limit = n;
	else if (strcmp(l->word[0], "chunk") == 0)
		l->fake->chunk_limit = n;
	else if (strcmp(l->word[0], "pad") == 0)
		l->fake->pad = n;
	else
		l->fake->no_devlink = !n;
	return 0;
}

static const struct {
	const char *name;
	size_t words; /* at least, with the name */
	bool device;  /* the second is a handle */
	int (*run)(struct line *l);
} verbs[] = {
	{"state", 1, true, do_state},
	{"requests", 1, false, do_requests},
	{"forget", 1, false, do_forget},
	{"add", 2, false, do_add},
	{"unbind", 2, true, do_unbind},
	{"bind", 2, true, do_bind},
	{"remove", 2, true, do_remove},
	{"power-cycle", 2, true, do_power_cycle},
	{"refuse-down", 3, true, do_refuse_down},
	{"fail-up", 3, true, do_fail_up},
	{"fail-flash", 3, true, do_fail_flash},
	{"delay", 3, true, do_delay},
	{"linecard", 3, true, do_linecard},
	{"flash", 3, true, do_flash},
	{"file", 3, true, do_file},
	{"firmware", 2, true, do_firmware},
	{"rule", 4, false, do_rule},
	{"rules-clear", 1, false, do_rules_clear},
	{"release", 1, false, do_release},
	{"reload", 2, true, stranger_reload},
	{"update", 3, true, stranger_update},
	{"set", 4, true, stranger_set},
	{"self-reinit", 2, true, do_self_reinit},
	{"remote-reload", 3, true, do_remote_reload},
	{"occ", 4, true, do_occ},
	{"break", 4, true, do_break},
	{"mend", 4, true, do_break},
	{"storm", 3, true, do_storm},
	{"queue", 2, false, do_number},
	{"chunk", 2, false, do_number},
	{"pad", 2, false, do_number},
	{"devlink", 2, false, do_number},
};

static int line_run(struct line *l)
{
	for (size_t i = 0; l->n && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(l->word[0], verbs[i].name) != 0)
			continue;
		if (l->n < verbs[i].words)
			return -EINVAL;
		if (verbs[i].device && l->n > 1) {
			l->dev = device_find(l->fake, l->word[1]);
			if (!l->dev)
				return -ENODEV;
		}
		return verbs[i].run(l);
	}
	return -EINVAL;
}

/**
 * fake_control() - carry out one line.
 * @ret_answer: one line of JSON without a newline, to be freed; may be NULL
 *
 * Return: 0, or -errno, which the answer tells too.
 */
int fake_control(struct fake *f, const char *line, char **ret_answer)
{
	struct line l = {.fake = f};
	char *copy = strdup(line);
	int r;

	if (!copy)
		abort();
	line_split(&l, copy);
	r = line_run(&l);
	fake_run(f);
	if (r && !l.answer)
		l.answer = json_pack("{s:s}", "error", strerror(-r));
	if (!l.answer)
		l.answer = json_pack("{s:b}", "ok", 1);
	if (ret_answer)
		*ret_answer = json_dumps(l.answer, JSON_COMPACT);
	json_decref(l.answer);
	free(copy);
	return r;
}
