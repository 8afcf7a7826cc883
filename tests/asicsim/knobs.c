// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/asicsim/asicsimN/: the tester's side of a board. What to do wrong next, what
 * happens by itself, what was done (counters) and what is in force (active). The files belong to
 * the board, not to the bound driver: knobs outlive unbind, and can be set for the next probe.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "asicsim.h"

#define MAX_COUNTS	4096
#define MAX_STORM	1000000

struct asicsim_knob {
	const char *name;
	int (*write)(struct asicsim *sim, char *text);
	void (*show)(struct asicsim *sim, struct seq_file *s);	/* with sim->lock held */
};

static struct dentry *root;

/* ---- counters ---- */

void asicsim_count(struct asicsim *sim, const char *fmt, ...)
{
	struct asicsim_count *c;
	char key[128];
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = vscnprintf(key, sizeof(key), fmt, args);
	va_end(args);

	mutex_lock(&sim->lock);
	list_for_each_entry(c, &sim->counts, node)
		if (!strcmp(c->key, key))
			goto found;
	c = sim->n_counts < MAX_COUNTS ? kzalloc(struct_size(c, key, len + 1), GFP_KERNEL) : NULL;
	if (!c)
		goto out;
	memcpy(c->key, key, len + 1);
	list_add_tail(&c->node, &sim->counts);
	sim->n_counts++;
found:
	c->n++;
out:
	mutex_unlock(&sim->lock);
}

void asicsim_counts_clear(struct asicsim *sim)
{
	struct asicsim_count *c, *next;

	mutex_lock(&sim->lock);
	list_for_each_entry_safe(c, next, &sim->counts, node)
		kfree(c);
	INIT_LIST_HEAD(&sim->counts);
	sim->n_counts = 0;
	mutex_unlock(&sim->lock);
}

static int counters_write(struct asicsim *sim, char *text)
{
	asicsim_counts_clear(sim);
	return 0;
}

static void counters_show(struct asicsim *sim, struct seq_file *s)
{
	struct asicsim_count *c;

	list_for_each_entry(c, &sim->counts, node)
		seq_printf(s, "%s %llu\n", c->key, c->n);
}

/* ---- times ---- */

void asicsim_stamp(struct asicsim *sim, u64 *at)
{
	mutex_lock(&sim->lock);
	*at = ktime_get_ns();
	mutex_unlock(&sim->lock);
}

static void stamps_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "reload %llu\nset %llu\n", sim->reload_at, sim->set_at);
}

/* ---- words and numbers ---- */

static char *next_word(char **text)
{
	char *word;

	do {
		word = strsep(text, " \t\n");
	} while (word && !*word);
	return word;
}

static int next_u32(char **text, u32 *val, u32 def)
{
	char *word = next_word(text);

	if (!word) {
		*val = def;
		return 0;
	}
	return kstrtou32(word, 10, val);
}

static int next_u64(char **text, u64 *val)
{
	char *word = next_word(text);

	return word ? kstrtou64(word, 10, val) : -EINVAL;
}

/* ---- faults: "ERRNO [COUNT]", count 0: always; errno 0: none ---- */

static int fault_parse(struct asicsim_fault *fault, char **text)
{
	u32 err, left;

	if (next_u32(text, &err, MAX_ERRNO + 1) || err > MAX_ERRNO || next_u32(text, &left, 1))
		return -EINVAL;
	*fault = (struct asicsim_fault) { .err = err, .left = left, .always = !left };
	return 0;
}

static void fault_print(const struct asicsim_fault *fault, struct seq_file *s)
{
	seq_printf(s, "%d %u\n", fault->err, fault->left);
}

static int fault_use(struct asicsim_fault *fault)
{
	int err = fault->err;

	if (err && !fault->always && !--fault->left)
		fault->err = 0;
	return -err;
}

int asicsim_fault_hit(struct asicsim *sim, struct asicsim_fault *fault)
{
	int err;

	mutex_lock(&sim->lock);
	err = fault_use(fault);
	mutex_unlock(&sim->lock);
	return err;
}

#define FAULT_KNOB(_name)								\
static int _name##_write(struct asicsim *sim, char *text)				\
{											\
	struct asicsim_fault fault;							\
	int err = fault_parse(&fault, &text);						\
											\
	if (err)									\
		return err;								\
	mutex_lock(&sim->lock);								\
	sim->_name = fault;								\
	mutex_unlock(&sim->lock);							\
	return 0;									\
}											\
											\
static void _name##_show(struct asicsim *sim, struct seq_file *s)			\
{											\
	fault_print(&sim->_name, s);							\
}

FAULT_KNOB(fail_down)
FAULT_KNOB(fail_up)
FAULT_KNOB(fail_probe)
FAULT_KNOB(fail_linecard)

static int flash_fail_write(struct asicsim *sim, char *text)
{
	struct asicsim_fault fault;
	u32 percent;
	int err;

	err = next_u32(&text, &percent, 101);
	if (!err)
		err = fault_parse(&fault, &text);
	if (err || percent > 100)
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->flash_fail = fault;
	sim->flash_fail_percent = percent;
	mutex_unlock(&sim->lock);
	return 0;
}

static void flash_fail_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "%u ", sim->flash_fail_percent);
	fault_print(&sim->flash_fail, s);
}

/* ---- numbers ---- */

#define NUMBER_KNOB(_name, _max)							\
static int _name##_write(struct asicsim *sim, char *text)				\
{											\
	u32 val;									\
											\
	if (kstrtou32(strim(text), 10, &val) || val > (_max))				\
		return -EINVAL;								\
	mutex_lock(&sim->lock);								\
	sim->_name = val;								\
	mutex_unlock(&sim->lock);							\
	return 0;									\
}											\
											\
static void _name##_show(struct asicsim *sim, struct seq_file *s)			\
{											\
	seq_printf(s, "%u\n", sim->_name);						\
}

NUMBER_KNOB(reload_ms, 600000)
NUMBER_KNOB(probe_ms, 600000)
NUMBER_KNOB(ports_ms, 600000)
NUMBER_KNOB(num_vfs, 64)
NUMBER_KNOB(sticky_version, 1)
NUMBER_KNOB(lose_fw, 1)
NUMBER_KNOB(keep_traps, 1)
NUMBER_KNOB(hang, 1)
NUMBER_KNOB(oops, 1)
NUMBER_KNOB(die, 1)

/* Of those under way, too. */
static int linecard_ms_write(struct asicsim *sim, char *text)
{
	u32 ms;

	if (kstrtou32(strim(text), 10, &ms) || ms > 600000)
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->linecard_ms = ms;
	mutex_unlock(&sim->lock);
	asicsim_cards_hurry(sim, ms);
	return 0;
}

static void linecard_ms_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "%u\n", sim->linecard_ms);
}

static int flash_ms_write(struct asicsim *sim, char *text)
{
	u32 ms, steps;

	if (next_u32(&text, &ms, 0) || next_u32(&text, &steps, 10) ||
	    ms > 600000 || !steps || steps > 10000)
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->flash_ms = ms;
	sim->flash_steps = steps;
	mutex_unlock(&sim->lock);
	return 0;
}

static void flash_ms_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "%u %u\n", sim->flash_ms, sim->flash_steps);
}

static int builtin_fw_write(struct asicsim *sim, char *text)
{
	struct asicsim_version v;
	int used = 0;

	if (sscanf(text, "%u.%u.%u%n", &v.major, &v.minor, &v.sub, &used) != 3 ||
	    *strim(text + used))
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->builtin = v;
	mutex_unlock(&sim->lock);
	return 0;
}

static void builtin_fw_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "%u.%u.%u\n", sim->builtin.major, sim->builtin.minor, sim->builtin.sub);
}

static int serial_write(struct asicsim *sim, char *text)
{
	text = strim(text);
	if (strlen(text) >= sizeof(sim->serial))
		return -EINVAL;
	mutex_lock(&sim->lock);
	strscpy(sim->serial, text, sizeof(sim->serial));
	mutex_unlock(&sim->lock);
	return 0;
}

static void serial_show(struct asicsim *sim, struct seq_file *s)
{
	seq_printf(s, "%s\n", sim->serial);
}

/* ---- SETs that fail or are ignored ---- */

static const char * const kinds[ASICSIM_KINDS] = {
	"param", "trap", "trap_group", "trap_policer", "pool", "sb_port", "sb_tc", "split",
	"linecard", "eswitch",
};

static struct asicsim_rule *rule_match(struct asicsim_rule *rules, enum asicsim_kind kind,
				       const char *name)
{
	size_t i;

	for (i = 0; i < ASICSIM_RULES; i++)
		if (rules[i].used && rules[i].kind == kind &&
		    (!strcmp(rules[i].name, name) || !strcmp(rules[i].name, "*")))
			return &rules[i];
	return NULL;
}

int asicsim_set_fails(struct asicsim *sim, enum asicsim_kind kind, const char *name,
		      struct netlink_ext_ack *extack)
{
	struct asicsim_rule *rule;
	int err = 0;

	mutex_lock(&sim->lock);
	rule = rule_match(sim->fail_set, kind, name);
	if (rule) {
		err = fault_use(&rule->fault);
		rule->used = rule->fault.err;
		if (*rule->text)
			asicsim_text(extack, rule->text);
	}
	mutex_unlock(&sim->lock);
	return err;
}

bool asicsim_set_ignored(struct asicsim *sim, enum asicsim_kind kind, const char *name)
{
	struct asicsim_rule *rule;

	mutex_lock(&sim->lock);
	rule = rule_match(sim->ignore_set, kind, name);
	if (rule && !rule->fault.always && !--rule->fault.left)
		rule->used = false;
	mutex_unlock(&sim->lock);
	return rule;
}

/* Return: 0 to go on, 1 to do nothing and be content, or an error. */
int asicsim_set_begin(struct asicsim *sim, enum asicsim_kind kind, const char *name,
		      struct netlink_ext_ack *extack)
{
	int err = asicsim_set_fails(sim, kind, name, extack);

	if (err)
		return asicsim_set_check(sim, kind, name, err);
	if (!asicsim_set_ignored(sim, kind, name))
		return 0;
	asicsim_count(sim, "%s_ignored %s", kinds[kind], name);
	return 1;
}

/* Counts a refusal. Return: @err. */
int asicsim_set_check(struct asicsim *sim, enum asicsim_kind kind, const char *name, int err)
{
	if (err)
		asicsim_count(sim, "%s_refused %s %d", kinds[kind], name, -err);
	return err;
}

static int rule_kind(const char *word)
{
	size_t i;

	for (i = 0; word && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(word, kinds[i]))
			return i;
	return -EINVAL;
}

/* "clear", or "KIND NAME ERRNO [COUNT [TEXT...]]", or for ignore_set "KIND NAME [COUNT]" */
static int rule_write(struct asicsim *sim, struct asicsim_rule *rules, char *text, bool fails)
{
	struct asicsim_rule rule = { .used = true };
	char *word = next_word(&text);
	int kind, err;
	size_t i;

	if (word && !strcmp(word, "clear")) {
		mutex_lock(&sim->lock);
		memset(rules, 0, ASICSIM_RULES * sizeof(*rules));
		mutex_unlock(&sim->lock);
		return 0;
	}
	kind = rule_kind(word);
	word = next_word(&text);
	if (kind < 0 || !word || strlen(word) >= sizeof(rule.name))
		return -EINVAL;
	rule.kind = kind;
	strscpy(rule.name, word, sizeof(rule.name));
	if (fails) {
		err = fault_parse(&rule.fault, &text);
		if (err || !rule.fault.err)
			return -EINVAL;
		if (text && strscpy(rule.text, strim(text), sizeof(rule.text)) < 0)
			return -EINVAL;
	} else {
		if (next_u32(&text, &rule.fault.left, 1))
			return -EINVAL;
		rule.fault.always = !rule.fault.left;
	}
	err = -ENOSPC;
	mutex_lock(&sim->lock);
	for (i = 0; err && i < ASICSIM_RULES; i++)
		if (!rules[i].used) {
			rules[i] = rule;
			err = 0;
		}
	mutex_unlock(&sim->lock);
	return err;
}

static void rule_show(const struct asicsim_rule *rule, struct seq_file *s, bool fails)
{
	size_t i;

	for (i = 0; i < ASICSIM_RULES; i++, rule++) {
		if (!rule->used)
			continue;
		seq_printf(s, "%s %s ", kinds[rule->kind], rule->name);
		if (fails)
			seq_printf(s, "%d %u %s\n", rule->fault.err, rule->fault.left, rule->text);
		else
			seq_printf(s, "%u\n", rule->fault.left);
	}
}

static int fail_set_write(struct asicsim *sim, char *text)
{
	return rule_write(sim, sim->fail_set, text, true);
}

static void fail_set_show(struct asicsim *sim, struct seq_file *s)
{
	rule_show(sim->fail_set, s, true);
}

static int ignore_set_write(struct asicsim *sim, char *text)
{
	return rule_write(sim, sim->ignore_set, text, false);
}

static void ignore_set_show(struct asicsim *sim, struct seq_file *s)
{
	rule_show(sim->ignore_set, s, false);
}

/* ---- resources: "PATH MAX [hidden]" (0: no clamp) and "PATH N" ---- */

static int resource_parse(struct asicsim *sim, char **text, u64 *val)
{
	char *path = next_word(text);

	if (!path || next_u64(text, val))
		return -EINVAL;
	return asicsim_resource_find(sim->model, path);
}

static int clamp_size_write(struct asicsim *sim, char *text)
{
	char *word;
	u64 max;
	int i;

	i = resource_parse(sim, &text, &max);
	if (i < 0)
		return i;
	word = next_word(&text);
	if (word && strcmp(word, "hidden"))
		return -EINVAL;
	mutex_lock(&sim->lock);
	sim->resources[i].clamp = max;
	sim->resources[i].clamp_hidden = word;
	mutex_unlock(&sim->lock);
	return 0;
}

static void clamp_size_show(struct asicsim *sim, struct seq_file *s)
{
	size_t i;

	for (i = 0; i < sim->model->n_resources; i++)
		if (sim->resources[i].clamp)
			seq_printf(s, "%s %llu%s\n", sim->model->resources[i].path,
				   sim->resources[i].clamp,
				   sim->resources[i].clamp_hidden ? " hidden" : "");
}

static int occ_write(struct asicsim *sim, char *text)
{
	u64 occ;
	int i;

	i = resource_parse(sim, &text, &occ);
	if (i < 0)
		return i;
	if (!sim->model->resources[i].occ)
		return -EOPNOTSUPP;
	mutex_lock(&sim->lock);
	sim->resources[i].occ = occ;
	mutex_unlock(&sim->lock);
	return 0;
}

static void occ_show(struct asicsim *sim, struct seq_file *s)
{
	size_t i;

	for (i = 0; i < sim->model->n_resources; i++)
		if (sim->model->resources[i].occ)
			seq_printf(s, "%s %llu\n", sim->model->resources[i].path,
				   sim->resources[i].occ);
}

/* "PORT POOL CELLS" */
static int buffer_fill_write(struct asicsim *sim, char *text)
{
	char *port = next_word(&text);
	u32 pool, cells;

	if (!port || next_u32(&text, &pool, ASICSIM_POOLS) || next_u32(&text, &cells, 0))
		return -EINVAL;
	return asicsim_buffer_fill(sim, port, pool, cells);
}

/* ---- things that happen by themselves ---- */

static int storm_run(struct asicsim *sim, u32 n)
{
	u32 id = sim->model->params[0].param.id;

	devl_lock(sim->devlink);
	for (; n; n--) {
		asicsim_param_changed(sim->devlink, id);
		cond_resched();
	}
	devl_unlock(sim->devlink);
	return 0;
}

static int storm_write(struct asicsim *sim, char *text)
{
	int err = -ENODEV;
	u32 n;

	if (kstrtou32(strim(text), 10, &n) || n > MAX_STORM)
		return -EINVAL;
	mutex_lock(&sim->bind_lock);
	if (sim->devlink)
		err = storm_run(sim, n);
	mutex_unlock(&sim->bind_lock);
	return err;
}

/* A NIC reports itself dead and devlink calls back to recover it; a switch just restarts. */
static int recover_run(struct asicsim *sim)
{
	int err;

	if (sim->reporter)
		return devlink_health_report(sim->reporter, "the firmware does not answer", NULL);
	devl_lock(sim->devlink);
	asicsim_fw_activate(sim);
	err = asicsim_reinit(sim, sim->devlink);
	devl_unlock(sim->devlink);
	return err;
}

static int recover_write(struct asicsim *sim, char *text)
{
	int err = -ENODEV;

	mutex_lock(&sim->bind_lock);
	if (sim->devlink)
		err = recover_run(sim);
	mutex_unlock(&sim->bind_lock);
	return err;
}

/* mlx5_fw_reset_complete_reload(): another host of the board activated firmware. */
static int remote_run(struct asicsim *sim, bool no_reset)
{
	u32 performed = BIT(DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	int err = 0;

	devl_lock(sim->devlink);
	asicsim_fw_activate(sim);
	if (no_reset) {
		devlink_remote_reload_actions_performed(sim->devlink,
							DEVLINK_RELOAD_LIMIT_NO_RESET, performed);
	} else {
		asicsim_params_power_on(sim);
		err = asicsim_reinit(sim, sim->devlink);
		performed |= BIT(DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
		devlink_remote_reload_actions_performed(sim->devlink,
							DEVLINK_RELOAD_LIMIT_UNSPEC, performed);
	}
	devl_unlock(sim->devlink);
	return err;
}

static int remote_reload_write(struct asicsim *sim, char *text)
{
	bool no_reset;
	int err = -ENODEV;

	text = strim(text);
	no_reset = !strcmp(text, "no_reset");
	if (!no_reset && strcmp(text, "full"))
		return -EINVAL;
	if (!sim->model->ops->reload_limits)
		return -EOPNOTSUPP;
	mutex_lock(&sim->bind_lock);
	if (sim->devlink)
		err = remote_run(sim, no_reset);
	mutex_unlock(&sim->bind_lock);
	return err;
}

/* mlxsw from 6.8 on, when its PCI device is reset: the instance goes and comes again. */
static int reprobe_write(struct asicsim *sim, char *text)
{
	return device_reprobe(&sim->dev);
}

/* ---- what is in force ---- */

static void active_params_show(struct asicsim *sim, struct seq_file *s)
{
	char text[40];
	size_t i;

	for (i = 0; i < sim->model->n_params; i++) {
		const struct devlink_param *param = &sim->model->params[i].param;

		asicsim_param_print(text, sizeof(text), param, &sim->params[i].active);
		seq_printf(s, "param %s %s %s\n", param->name, asicsim_cmode_name(param), text);
	}
}

static void active_show(struct asicsim *sim, struct seq_file *s)
{
	const struct asicsim_port *p;
	char text[32];
	u32 i;

	seq_printf(s, "state %s\n", sim->up ? "up" : "down");
	asicsim_version_print(text, sizeof(text), sim, &sim->running);
	seq_printf(s, "fw running %s\n", text);
	asicsim_version_print(text, sizeof(text), sim, &sim->stored);
	seq_printf(s, "fw stored %s\n", text);
	active_params_show(sim, s);
	for (i = 0; i < sim->model->n_resources; i++)
		seq_printf(s, "size %s %llu\n", sim->model->resources[i].path,
			   sim->resources[i].size);
	if (sim->traps_on) {
		for (i = 0; i < sim->n_policers; i++)
			seq_printf(s, "policer %u %llu %llu\n", sim->policer_defs[i].id,
				   sim->policers[i].rate, sim->policers[i].burst);
		for (i = 0; i < sim->n_groups; i++)
			seq_printf(s, "group %s %u\n", sim->group_defs[i].name,
				   sim->groups[i].policer);
		for (i = 0; i < sim->n_traps; i++)
			seq_printf(s, "trap %s %s\n", sim->trap_defs[i].name,
				   asicsim_action_name(sim->traps[i].action));
	}
	asicsim_cards_show(sim, s);
	asicsim_buffers_show(sim, s);
	asicsim_nic_show(sim, s);
	list_for_each_entry(p, &sim->ports, node) {
		asicsim_port_name(text, sizeof(text), p);
		if (p->ifindex)
			seq_printf(s, "port %s ifindex %d\n", *text == 'p' ? text + 1 : text,
				   p->ifindex);
	}
}

/* ---- files ---- */

#define KNOB(_name) { #_name, _name##_write, _name##_show }

static const struct asicsim_knob knobs[] = {
	KNOB(fail_down),
	KNOB(fail_up),
	KNOB(fail_probe),
	KNOB(fail_set),
	KNOB(ignore_set),
	KNOB(clamp_size),
	KNOB(occ),
	KNOB(reload_ms),
	KNOB(probe_ms),
	KNOB(ports_ms),
	KNOB(linecard_ms),
	KNOB(fail_linecard),
	KNOB(num_vfs),
	{ "buffer_fill", buffer_fill_write },
	KNOB(flash_ms),
	KNOB(flash_fail),
	KNOB(sticky_version),
	KNOB(lose_fw),
	KNOB(keep_traps),
	KNOB(hang),
	KNOB(oops),
	KNOB(die),
	KNOB(builtin_fw),
	KNOB(serial),
	KNOB(counters),
	{ "stamps", .show = stamps_show },
	{ "storm", storm_write },
	{ "recover", recover_write },
	{ "remote_reload", remote_reload_write },
	{ "reprobe", reprobe_write },
	{ "active", .show = active_show },
};

static int knob_show(struct seq_file *s, void *unused)
{
	struct asicsim_file *file = s->private;

	mutex_lock(&file->sim->lock);
	if (file->knob->show)
		file->knob->show(file->sim, s);
	mutex_unlock(&file->sim->lock);
	return 0;
}

static int knob_open(struct inode *inode, struct file *f)
{
	return single_open(f, knob_show, inode->i_private);
}

static ssize_t knob_write(struct file *f, const char __user *buf, size_t count, loff_t *pos)
{
	struct asicsim_file *file = ((struct seq_file *)f->private_data)->private;
	char *text;
	int err;

	if (!file->knob->write)
		return -EACCES;
	if (count > 256)
		return -EINVAL;
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	err = file->knob->write(file->sim, text);
	kfree(text);
	return err ?: count;
}

static const struct file_operations knob_fops = {
	.owner = THIS_MODULE,
	.open = knob_open,
	.read = seq_read,
	.write = knob_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void asicsim_knobs_add(struct asicsim *sim)
{
	size_t i;

	BUILD_BUG_ON(ARRAY_SIZE(knobs) > ASICSIM_KNOBS);
	sim->dir = debugfs_create_dir(dev_name(&sim->dev), root);
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		umode_t mode = (knobs[i].show ? 0400 : 0) | (knobs[i].write ? 0200 : 0);

		sim->files[i] = (struct asicsim_file) { sim, &knobs[i] };
		debugfs_create_file(knobs[i].name, mode, sim->dir, &sim->files[i], &knob_fops);
	}
}

/* Waits for whoever is inside one of the files. */
void asicsim_knobs_del(struct asicsim *sim)
{
	debugfs_remove_recursive(sim->dir);
}

int asicsim_knobs_init(void)
{
	root = debugfs_create_dir(ASICSIM_NAME, NULL);
	return PTR_ERR_OR_ZERO(root);
}

void asicsim_knobs_exit(void)
{
	debugfs_remove_recursive(root);
}
