// SPDX-License-Identifier: GPL-2.0
/*
 * Line cards after mlxsw's core_linecards.c: a SET only begins what the device goes on with by
 * itself. What a card is provisioned for is the board's: a reload and a probe find it so.
 */
#include "asicsim.h"

/* Types of an SN4800, and how many ports each has. */
static const struct {
	const char *name;
	u32 ports;
} types[] = { { "16x100G", 16 }, { "8x200G", 8 } };

/* A line card's ports come behind those of the board, sixteen of the ASIC's for each card. */
static u32 first_slot(const struct asicsim_card *card)
{
	return ASICSIM_PORTS + (card->index - 1) * 16;
}

static int ports_up(struct asicsim_card *card, struct devlink *devlink)
{
	struct asicsim *sim = card->sim;
	struct asicsim_port p = {
		.part = -1, .flavour = DEVLINK_PORT_FLAVOUR_PHYSICAL, .card = card,
		.lanes = sim->model->lanes,
	};
	int err = 0;

	for (p.nr = 1; !err && p.nr <= types[card->type].ports; p.nr++) {
		p.index = p.whole = asicsim_port_index(sim, first_slot(card) + p.nr - 1);
		err = asicsim_port_add(sim, devlink, &p);
	}
	return err;
}

static bool is_on(const struct asicsim_port *p, const void *card)
{
	return p->card == card;
}

static void set_state(struct asicsim_card *card, enum asicsim_card_state state)
{
	mutex_lock(&card->sim->lock);
	card->state = state;
	mutex_unlock(&card->sim->lock);
}

/* mlxsw_linecard_provision_set(), mlxsw_linecard_active_set() */
static void provisioned(struct asicsim_card *card)
{
	set_state(card, ASICSIM_CARD_ACTIVE);
	devlink_linecard_provision_set(card->linecard, types[card->type].name);
	devlink_linecard_activate(card->linecard);
}

/* mlxsw_linecard_status_process(): the device has done what it was told. */
static void go_on(struct asicsim_card *card, struct devlink *devlink)
{
	if (card->state == ASICSIM_CARD_GOING) {
		asicsim_ports_del(card->sim, is_on, card);
		set_state(card, ASICSIM_CARD_EMPTY);
		devlink_linecard_provision_clear(card->linecard);
	} else if (asicsim_fault_hit(card->sim, &card->sim->fail_linecard)) {
		set_state(card, ASICSIM_CARD_EMPTY);
		devlink_linecard_provision_fail(card->linecard);
	} else {
		provisioned(card);
		if (ports_up(card, devlink))
			asicsim_ports_del(card->sim, is_on, card);
	}
}

/* Whoever has the instance's lock may wait for this to end. */
static void card_work(struct work_struct *work)
{
	struct asicsim_card *card = container_of(work, struct asicsim_card, work.work);
	struct devlink *devlink = priv_to_devlink(dev_get_drvdata(&card->sim->dev));

	if (!devl_trylock(devlink)) {
		schedule_delayed_work(&card->work, 1);
		return;
	}
	go_on(card, devlink);
	devl_unlock(devlink);
}

static void begin(struct asicsim_card *card)
{
	u32 ms;

	mutex_lock(&card->sim->lock);
	ms = card->sim->linecard_ms;
	mutex_unlock(&card->sim->lock);
	schedule_delayed_work(&card->work, msecs_to_jiffies(ms));
}

/* What is under way takes @ms from now on. */
void asicsim_cards_hurry(struct asicsim *sim, u32 ms)
{
	u32 i;

	for (i = 0; i < sim->model->n_cards; i++)
		if (delayed_work_pending(&sim->cards[i].work))
			mod_delayed_work(system_wq, &sim->cards[i].work, msecs_to_jiffies(ms));
}

/* ---- operations ---- */

/* mlxsw_linecard_provision() */
static int provision(struct devlink_linecard *linecard, void *priv, const char *type,
		     const void *type_priv, struct netlink_ext_ack *extack)
{
	struct asicsim_card *card = priv;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", card->index);
	err = asicsim_set_begin(card->sim, ASICSIM_LINECARD, name, extack);
	if (err < 0)
		return err;
	asicsim_count(card->sim, "linecard %s %s", name, type);
	mutex_lock(&card->sim->lock);
	card->type = (uintptr_t)type_priv;
	mutex_unlock(&card->sim->lock);
	set_state(card, ASICSIM_CARD_COMING);
	if (!err)
		begin(card);
	return 0;
}

/* mlxsw_linecard_unprovision() */
static int unprovision(struct devlink_linecard *linecard, void *priv,
		       struct netlink_ext_ack *extack)
{
	struct asicsim_card *card = priv;
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", card->index);
	err = asicsim_set_begin(card->sim, ASICSIM_LINECARD, name, extack);
	if (err < 0)
		return err;
	asicsim_count(card->sim, "linecard %s none", name);
	set_state(card, ASICSIM_CARD_GOING);
	if (!err)
		begin(card);
	return 0;
}

/* mlxsw_linecard_same_provision() */
static bool same_provision(struct devlink_linecard *linecard, void *priv, const char *type,
			   const void *type_priv)
{
	struct asicsim_card *card = priv;

	return card->type == (uintptr_t)type_priv;
}

static unsigned int types_count(struct devlink_linecard *linecard, void *priv)
{
	return ARRAY_SIZE(types);
}

static void types_get(struct devlink_linecard *linecard, void *priv, unsigned int index,
		      const char **type, const void **type_priv)
{
	*type = types[index].name;
	*type_priv = (const void *)(uintptr_t)index;
}

static const struct devlink_linecard_ops card_ops = {
	.provision = provision,
	.unprovision = unprovision,
	.same_provision = same_provision,
	.types_count = types_count,
	.types_get = types_get,
};

/* ---- up and down ---- */

void asicsim_cards_init(struct asicsim *sim)
{
	u32 i;

	for (i = 0; i < ASICSIM_CARDS; i++) {
		sim->cards[i].sim = sim;
		sim->cards[i].index = i + 1;
		INIT_DELAYED_WORK(&sim->cards[i].work, card_work);
	}
}

/* mlxsw_linecards_init(): the slots, and what the device says of each. */
int asicsim_cards_up(struct asicsim *sim, struct devlink *devlink)
{
	u32 i;

	for (i = 0; i < sim->model->n_cards; i++) {
		struct asicsim_card *card = &sim->cards[i];
		struct devlink_linecard *linecard;

		linecard = asicsim_linecard_create(devlink, card->index, &card_ops, card);
		if (IS_ERR(linecard))
			return PTR_ERR(linecard);
		card->linecard = linecard;
		if (card->state == ASICSIM_CARD_ACTIVE)
			provisioned(card);
		else if (card->state != ASICSIM_CARD_EMPTY)
			begin(card);
	}
	return 0;
}

/* Those that are provisioned have theirs behind the board's own: mlxsw_sp_ports_create(). */
int asicsim_cards_ports_up(struct asicsim *sim, struct devlink *devlink)
{
	int err = 0;
	u32 i;

	for (i = 0; !err && i < sim->model->n_cards; i++)
		if (sim->cards[i].state == ASICSIM_CARD_ACTIVE)
			err = ports_up(&sim->cards[i], devlink);
	return err;
}

/* After their ports. */
void asicsim_cards_down(struct asicsim *sim)
{
	u32 i;

	for (i = sim->model->n_cards; i-- > 0;) {
		struct asicsim_card *card = &sim->cards[i];

		cancel_delayed_work_sync(&card->work);
		if (card->linecard)
			asicsim_linecard_destroy(card->linecard);
		card->linecard = NULL;
	}
}

/* With sim->lock. */
void asicsim_cards_show(const struct asicsim *sim, struct seq_file *s)
{
	static const char * const states[] = { "empty", "coming", "active", "going" };
	u32 i;

	for (i = 0; i < sim->model->n_cards; i++)
		seq_printf(s, "linecard %u %s %s\n", i + 1, states[sim->cards[i].state],
			   sim->cards[i].state == ASICSIM_CARD_EMPTY ? "none" :
								types[sim->cards[i].type].name);
}
