// SPDX-License-Identifier: GPL-2.0
/*
 * The bus "asicsim", its one driver, and the two files by which boards are plugged in and pulled
 * out: new_device "ID PERSONALITY [PORTS]" and del_device "ID". Knows nothing of devlink.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>

#include "asicsim.h"

static LIST_HEAD(boards);
static DEFINE_MUTEX(boards_lock);	/* protects boards and asicsim.dying */
static DEFINE_MUTEX(plug_lock);		/* one board is plugged in at a time; protects accepting */
static bool accepting;

/* The code of board_release() must outlive the last reference, which may be held by sysfs. */
static refcount_t alive = REFCOUNT_INIT(1);
static DECLARE_COMPLETION(all_gone);

static void alive_put(void)
{
	if (refcount_dec_and_test(&alive))
		complete(&all_gone);
}

static void board_release(struct device *dev)
{
	struct asicsim *sim = container_of(dev, struct asicsim, dev);

	asicsim_counts_clear(sim);
	kvfree(sim);
	alive_put();
}

static ssize_t new_device_store(ASICSIM_BUS_CONST struct bus_type *bus, const char *buf,
				size_t count);
static ssize_t del_device_store(ASICSIM_BUS_CONST struct bus_type *bus, const char *buf,
				size_t count);
static BUS_ATTR_WO(new_device);
static BUS_ATTR_WO(del_device);

static struct attribute *bus_attrs[] = {
	&bus_attr_new_device.attr,
	&bus_attr_del_device.attr,
	NULL
};
ATTRIBUTE_GROUPS(bus);

static struct bus_type asicsim_bus = {
	.name = ASICSIM_NAME,
	.bus_groups = bus_groups,
};

static struct device_driver asicsim_driver = {
	.name = ASICSIM_NAME,
	.bus = &asicsim_bus,
	.owner = THIS_MODULE,
	.probe = asicsim_probe,
	.remove = asicsim_remove,
};

static struct asicsim *board_find(u32 id)
{
	struct asicsim *sim;

	list_for_each_entry(sim, &boards, node)
		if (sim->id == id)
			return sim;
	return NULL;
}

static struct asicsim *board_alloc(u32 id, const struct asicsim_model *model, u32 ports)
{
	struct asicsim *sim;
	size_t i;

	sim = kvzalloc(sizeof(*sim), GFP_KERNEL);
	if (!sim)
		return NULL;
	mutex_init(&sim->bind_lock);
	mutex_init(&sim->lock);
	INIT_LIST_HEAD(&sim->counts);
	INIT_LIST_HEAD(&sim->ports);
	asicsim_cards_init(sim);
	asicsim_nic_reset(sim);
	sim->id = id;
	sim->n_ports = ports;
	sim->model = model;
	sim->flash_steps = 10;
	sim->num_vfs = 2;
	sim->keep_traps = model->keeps_traps;
	sim->builtin = model->fw;
	sim->running = model->fw;
	sim->stored = model->fw;
	for (i = 0; i < ARRAY_SIZE(sim->resources); i++)
		sim->resources[i].sim = sim;
	for (i = 0; i < model->n_params; i++)
		sim->params[i].nvram = model->params[i].def;
	asicsim_params_power_on(sim);
	return sim;
}

/* Reserves the id; a board is "dying" as long as nobody may pull it out. */
static int board_enlist(struct asicsim *sim)
{
	int err = 0;

	mutex_lock(&boards_lock);
	if (board_find(sim->id)) {
		err = -EEXIST;
	} else {
		sim->dying = true;
		list_add_tail(&sim->node, &boards);
	}
	mutex_unlock(&boards_lock);
	return err;
}

static int board_add(u32 id, const struct asicsim_model *model, u32 ports)
{
	struct asicsim *sim;
	int err;

	if (!accepting)
		return -EBUSY;
	sim = board_alloc(id, model, ports);
	if (!sim)
		return -ENOMEM;
	err = board_enlist(sim);
	if (err) {
		kvfree(sim);
		return err;
	}
	refcount_inc(&alive);
	device_initialize(&sim->dev);
	sim->dev.bus = &asicsim_bus;
	sim->dev.release = board_release;
	err = dev_set_name(&sim->dev, ASICSIM_NAME "%u", id);
	if (!err) {
		asicsim_knobs_add(sim);
		err = device_add(&sim->dev);
	}
	mutex_lock(&boards_lock);
	if (err)
		list_del(&sim->node);
	else
		sim->dying = false;
	mutex_unlock(&boards_lock);
	if (err) {
		asicsim_knobs_del(sim);
		put_device(&sim->dev);
	}
	return err;
}

/* The board stays in the list, unusable, until its name is free again. */
static void board_del(struct asicsim *sim)
{
	device_del(&sim->dev);
	asicsim_knobs_del(sim);
	mutex_lock(&boards_lock);
	list_del(&sim->node);
	mutex_unlock(&boards_lock);
	put_device(&sim->dev);
}

static ssize_t new_device_store(ASICSIM_BUS_CONST struct bus_type *bus, const char *buf,
				size_t count)
{
	const struct asicsim_model *model;
	char name[16];
	u32 id, ports;
	int n, err;

	n = sscanf(buf, "%u %15s %u", &id, name, &ports);
	if (n == 2)
		ports = 2;
	if (n < 2 || id > ASICSIM_MAX_ID || ports > ASICSIM_PORTS)
		return -EINVAL;
	model = asicsim_model_find(name);
	if (!model)
		return -EINVAL;
	mutex_lock(&plug_lock);
	err = board_add(id, model, ports);
	mutex_unlock(&plug_lock);
	return err ?: count;
}

static ssize_t del_device_store(ASICSIM_BUS_CONST struct bus_type *bus, const char *buf,
				size_t count)
{
	struct asicsim *sim;
	u32 id;

	if (kstrtou32(buf, 0, &id))
		return -EINVAL;
	mutex_lock(&boards_lock);
	sim = board_find(id);
	if (sim && sim->dying)
		sim = NULL;
	if (sim)
		sim->dying = true;
	mutex_unlock(&boards_lock);
	if (!sim)
		return -ENOENT;
	board_del(sim);
	return count;
}

static struct asicsim *board_take(void)
{
	struct asicsim *sim;

	mutex_lock(&boards_lock);
	list_for_each_entry(sim, &boards, node)
		if (!sim->dying)
			goto found;
	sim = NULL;
found:
	if (sim)
		sim->dying = true;
	mutex_unlock(&boards_lock);
	return sim;
}

static int __init asicsim_init(void)
{
	int err;

	err = asicsim_knobs_init();
	if (err)
		return err;
	err = bus_register(&asicsim_bus);
	if (err)
		goto err_knobs;
	err = driver_register(&asicsim_driver);
	if (err)
		goto err_bus;
	mutex_lock(&plug_lock);
	accepting = true;
	mutex_unlock(&plug_lock);
	return 0;

err_bus:
	bus_unregister(&asicsim_bus);
err_knobs:
	asicsim_knobs_exit();
	return err;
}

static void __exit asicsim_exit(void)
{
	struct asicsim *sim;

	mutex_lock(&plug_lock);
	accepting = false;
	mutex_unlock(&plug_lock);
	while ((sim = board_take()))
		board_del(sim);
	driver_unregister(&asicsim_driver);
	bus_unregister(&asicsim_bus);
	asicsim_knobs_exit();
	alive_put();
	wait_for_completion(&all_gone);
}

module_init(asicsim_init);
module_exit(asicsim_exit);
MODULE_DESCRIPTION("switch and NIC ASICs without the ASIC, on the real devlink core");
MODULE_LICENSE("GPL");
