// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rules, and how a request is known: by its ordinal, or as the Nth of its command. A rules file is
 * read again whenever it has changed, and its rules then replace all that came from it; counts of
 * requests go on.
 */
#include "rules.h"

#include <errno.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define RULES_MAX 64

const char rules_usage[] =
	"Usage: relay --listen PATH [--rule RULE]... [--rules FILE] [--log FILE]\n"
	"Carries netlink between a unix socket and the kernel. A RULE is EFFECT N or EFFECT\n"
	"COMMAND [N]: the request of ordinal N, or the Nth (first) of a command; N may be * for "
	"all.\n"
	"  drop-answer   the kernel carries it out, no answer comes\n"
	"  drop-request  the kernel never sees it, no answer comes\n"
	"  errno=NUMBER  the kernel never sees it, this error comes\n"
	"  delay[=MSEC]  before it is sent on; without MSEC until FILE changes\n"
	"  truncate=LEN  its answers are cut to so many bytes\n"
	"  hold          it gets stuck until the client has gone, and is never sent on\n"
	"  kill          the relay dies before it is sent on\n"
	"  drop-notifications [N]   the Nth datagram of notifications, or all\n"
	"  overrun [N]              the same, and the client reads that some were lost\n"
	"COMMAND: GETFAMILY GET RELOAD TRAP_SET ... or its number. The log has a line per "
	"request:\n"
	"ordinal, command, handle, object.\n";

static const struct {
	uint8_t id;
	const char *name;
} commands[] = {
	{DEVLINK_CMD_GET, "GET"},
	{DEVLINK_CMD_PORT_GET, "PORT_GET"},
	{DEVLINK_CMD_RESOURCE_SET, "RESOURCE_SET"},
	{DEVLINK_CMD_RESOURCE_DUMP, "RESOURCE_DUMP"},
	{DEVLINK_CMD_RELOAD, "RELOAD"},
	{DEVLINK_CMD_PARAM_GET, "PARAM_GET"},
	{DEVLINK_CMD_PARAM_SET, "PARAM_SET"},
	{DEVLINK_CMD_INFO_GET, "INFO_GET"},
	{DEVLINK_CMD_FLASH_UPDATE, "FLASH_UPDATE"},
	{DEVLINK_CMD_TRAP_GET, "TRAP_GET"},
	{DEVLINK_CMD_TRAP_SET, "TRAP_SET"},
	{DEVLINK_CMD_TRAP_GROUP_GET, "TRAP_GROUP_GET"},
	{DEVLINK_CMD_TRAP_GROUP_SET, "TRAP_GROUP_SET"},
	{DEVLINK_CMD_TRAP_POLICER_GET, "TRAP_POLICER_GET"},
	{DEVLINK_CMD_TRAP_POLICER_SET, "TRAP_POLICER_SET"},
};

#define COMMAND_FAMILY 255 /* the controller's GETFAMILY */

static const struct {
	const char *word;
	enum effect effect;
} effects[] = {{"drop-answer", EFFECT_DROP_ANSWER},
	       {"drop-request", EFFECT_DROP_REQUEST},
	       {"errno", EFFECT_ERRNO},
	       {"delay", EFFECT_DELAY},
	       {"truncate", EFFECT_TRUNCATE},
	       {"hold", EFFECT_HOLD},
	       {"kill", EFFECT_KILL}};

struct rule {
	enum effect effect;
	const char *name;
	unsigned long value;
	enum fate fate; /* of notifications; then the effect does not count */
	bool every, from_file;
	uint8_t command; /* 0: the ordinal counts */
	unsigned long n, seen;
};

static struct rule rules[RULES_MAX];
static size_t n_rules;
static unsigned long n_requests;
static const char *file;
static struct timespec file_time;
static unsigned long file_changes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int command_read(const char *word)
{
	if (strcmp(word, "GETFAMILY") == 0)
		return COMMAND_FAMILY;
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(word, commands[i].name) == 0)
			return commands[i].id;
	return -1;
}

static int effect_read(struct rule *r, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	r->value = value ? strtoul(value, NULL, 10) : 0;
	if (strcmp(word, "truncate") == 0 && r->value < NLMSG_HDRLEN)
		return -EINVAL;
	if (strcmp(word, "drop-notifications") == 0)
		r->fate = FATE_LOSE;
	if (strcmp(word, "overrun") == 0)
		r->fate = FATE_OVERRUN;
	if (r->fate) {
		r->every = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++) {
		if (strcmp(word, effects[i].word) == 0) {
			r->effect = effects[i].effect;
			r->name = effects[i].word;
			return 0;
		}
	}
	return -EINVAL;
}

static int which_read(struct rule *r, const char *word)
{
	int command;

	if (strcmp(word, "*") == 0) {
		r->every = true;
		return 0;
	}
	if (*word >= '0' && *word <= '9') {
		r->n = strtoul(word, NULL, 10);
		r->every = false;
		return 0;
	}
	command = command_read(word);
	if (command < 0)
		return -EINVAL;
	r->command = (uint8_t)command;
	r->n = 1;
	return 0;
}

static int add(const char *text, bool from_file)
{
	struct rule r = {.from_file = from_file};
	char *copy = strdup(text), *rest = NULL, *word;
	int ret = 0;

	if (!copy)
		abort();
	word = strtok_r(copy, " \t\n", &rest);
	if (!word || *word == '#') {
		free(copy);
		return 0;
	}
	ret = effect_read(&r, word);
	while (ret == 0 && (word = strtok_r(NULL, " \t\n", &rest)))
		ret = which_read(&r, word);
	if (ret == 0 && n_rules == RULES_MAX)
		ret = -ENOSPC;
	if (ret == 0)
		rules[n_rules++] = r;
	else
		fprintf(stderr, "relay: no rule: %s\n", text);
	free(copy);
	return ret;
}

/** rules_add() - Return: 0 or -errno, which has been told. */
int rules_add(const char *text)
{
	return add(text, false);
}

/** rules_file() - further rules are in this file, now or later. */
void rules_file(const char *path)
{
	file = path;
}

static void reread(void)
{
	char *line = NULL;
	size_t size = 0, kept = 0;
	struct stat st;
	FILE *f;

	if (!file || stat(file, &st) < 0 ||
	    (st.st_mtim.tv_sec == file_time.tv_sec && st.st_mtim.tv_nsec == file_time.tv_nsec))
		return;
	f = fopen(file, "r");
	if (!f)
		return;
	file_time = st.st_mtim;
	file_changes++;
	for (size_t i = 0; i < n_rules; i++)
		if (!rules[i].from_file)
			rules[kept++] = rules[i];
	n_rules = kept;
	while (getline(&line, &size, f) >= 0)
		add(line, true);
	free(line);
	fclose(f);
}

static uint8_t command_of(const struct nlmsghdr *m)
{
	if (m->nlmsg_type == GENL_ID_CTRL)
		return COMMAND_FAMILY;
	return m->nlmsg_len > NLMSG_HDRLEN ? *((const uint8_t *)m + NLMSG_HDRLEN) : 0;
}

/* A rule for one request of a command counts those requests by itself. */
static bool applies(struct rule *r, uint8_t command, unsigned long ordinal)
{
	if (r->fate)
		return false;
	if (!r->command)
		return r->every || r->n == ordinal;
	return r->command == command && (++r->seen == r->n || r->every);
}

/** rules_judge() - count a request and say what becomes of it. */
struct verdict rules_judge(const struct nlmsghdr *m)
{
	struct verdict v = {.name = ""};

	pthread_mutex_lock(&lock);
	reread();
	v.ordinal = ++n_requests;
	for (size_t i = 0; i < n_rules; i++) {
		if (!applies(&rules[i], command_of(m), v.ordinal) || v.effect != EFFECT_NONE)
			continue;
		v.effect = rules[i].effect;
		v.value = rules[i].value;
		v.name = rules[i].name;
	}
	pthread_mutex_unlock(&lock);
	return v;
}

/** rules_wait_for_change() - until the rules file is another one. */
void rules_wait_for_change(void)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	unsigned long before, now;

	pthread_mutex_lock(&lock);
	before = now = file_changes;
	while (now == before) {
		pthread_mutex_unlock(&lock);
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&lock);
		reread();
		now = file_changes;
	}
	pthread_mutex_unlock(&lock);
}

/** rules_judge_notification() - count a datagram of notifications and say what becomes of it. */
enum fate rules_judge_notification(void)
{
	enum fate fate = FATE_PASS;

	pthread_mutex_lock(&lock);
	reread();
	for (size_t i = 0; i < n_rules; i++)
		if (rules[i].fate && (rules[i].every || ++rules[i].seen == rules[i].n))
			fate = rules[i].fate;
	pthread_mutex_unlock(&lock);
	return fate;
}

static const struct nlattr *find(const struct nlmsghdr *m, uint16_t type)
{
	const char *p = (const char *)m + NLMSG_LENGTH(GENL_HDRLEN);
	const char *end = (const char *)m + m->nlmsg_len;

	while (end - p >= (ptrdiff_t)sizeof(struct nlattr)) {
		const struct nlattr *a = (const struct nlattr *)p;

		if (a->nla_len < sizeof(*a) || a->nla_len > end - p)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
		p += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static int string_len(const struct nlattr *a)
{
	return a ? (int)strnlen((const char *)a + NLA_HDRLEN, a->nla_len - (size_t)NLA_HDRLEN) : 0;
}

static const char *string(const struct nlattr *a)
{
	return a ? (const char *)a + NLA_HDRLEN : "";
}

static void describe_object(const struct nlmsghdr *m, char *text, size_t size)
{
	static const uint16_t names[] = {DEVLINK_ATTR_PARAM_NAME, DEVLINK_ATTR_TRAP_NAME,
					 DEVLINK_ATTR_TRAP_GROUP_NAME,
					 DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME};
	static const uint16_t numbers[] = {DEVLINK_ATTR_RESOURCE_ID, DEVLINK_ATTR_TRAP_POLICER_ID,
					   DEVLINK_ATTR_RELOAD_ACTION};
	const struct nlattr *a;
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		a = find(m, names[i]);
		if (a) {
			snprintf(text, size, " %.*s", string_len(a), string(a));
			return;
		}
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		a = find(m, numbers[i]);
		if (a && a->nla_len <= NLA_HDRLEN + sizeof(n)) {
			memcpy(&n, string(a), a->nla_len - (size_t)NLA_HDRLEN);
			snprintf(text, size, " %llu", (unsigned long long)n);
			return;
		}
	}
}

/* From Linux 7.1 on it stands for the handle. */
static void describe_index(const struct nlmsghdr *m, char *text, size_t size)
{
	const struct nlattr *a = find(m, 184);
	uint32_t n;

	if (!a || a->nla_len != NLA_HDRLEN + sizeof(n))
		return;
	memcpy(&n, string(a), sizeof(n));
	snprintf(text, size, " devlink_index/%u", n);
}

/** request_describe() - "TRAP_SET netdevsim/netdevsim10 tail_drop"; "GET dump". */
void request_describe(const struct nlmsghdr *m, char text[static REQUEST_TEXT])
{
	const struct nlattr *bus = find(m, DEVLINK_ATTR_BUS_NAME);
	const struct nlattr *dev = find(m, DEVLINK_ATTR_DEV_NAME);
	bool dump = (m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	const char *name = "other";
	char object[128] = "", index[32] = "";

	if (command_of(m) == COMMAND_FAMILY) {
		snprintf(text, REQUEST_TEXT, "GETFAMILY");
		return;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (commands[i].id == command_of(m))
			name = commands[i].name;
	describe_object(m, object, sizeof(object));
	describe_index(m, index, sizeof(index));
	snprintf(text, REQUEST_TEXT, "%s%s%s%.*s%s%.*s%s%s", name, dump ? " dump" : "",
		 bus ? " " : "", string_len(bus), string(bus), dev ? "/" : "", string_len(dev),
		 string(dev), index, object);
}
