// SPDX-License-Identifier: GPL-2.0-or-later
/* Kinds that are rows of a table, and line cards, as read in the sources of core and mlxsw. */
#include "probe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#define MODULAR "pci/0000:09:00.0"

static int set_card(struct probe *p, uint32_t index, const char *type)
{
	probe_request(p, DEVLINK_CMD_LINECARD_SET, 0, MODULAR);
	put_u32(&p->out, DEVLINK_ATTR_LINECARD_INDEX, index);
	put_string(&p->out, DEVLINK_ATTR_LINECARD_TYPE, type);
	return probe_send(p);
}

#define expect(p, handle, path, value) assert_string_equal(probe_state(p, handle, path), value)

static void test_linecard(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "sn4800");
	probe_tell(&p, "linecard " MODULAR " 1000");
	probe_heard(&p);
	assert_int_equal(set_card(&p, 9, "16x100G"), -ENODEV);
	assert_int_equal(set_card(&p, 1, "32x100G"), -EINVAL);
	assert_string_equal(p.text, "Unsupported line card type provided");
	assert_int_equal(set_card(&p, 1, ""), 0); /* there is nothing to do */
	expect(&p, MODULAR, "linecards 1 state", "\"unprovisioned\"");
	assert_int_equal(set_card(&p, 1, "16x100G"), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"provisioning\"");
	assert_string_equal(probe_heard(&p), "LINECARD_NEW");
	assert_int_equal(set_card(&p, 1, ""), -EBUSY);
	assert_string_equal(p.text, "Line card is currently being provisioned");
	fake_advance(p.fake, 1000);
	expect(&p, MODULAR, "linecards 1 state", "\"active\"");
	expect(&p, MODULAR, "port_splits l1p16 lanes", "4");
	assert_int_equal(set_card(&p, 1, "16x100G"), 0);
	assert_int_equal(set_card(&p, 1, "8x200G"), -EBUSY);
	assert_string_equal(p.text, "Line card already provisioned");
	assert_int_equal(set_card(&p, 1, ""), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"unprovisioning\"");
	assert_int_equal(set_card(&p, 1, "8x200G"), -EBUSY);
	fake_advance(p.fake, 1000);
	expect(&p, MODULAR, "linecards 1 state", "\"unprovisioned\"");
	expect(&p, MODULAR, "linecards 1 type", "\"\"");
	probe_stop(&p);
}

/* What failed may be tried again, or be taken back; a reload keeps what a card is for. */
static void test_linecard_fails(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "sn4800");
	probe_tell(&p, "linecard " MODULAR " 0 1 fail=2");
	assert_int_equal(set_card(&p, 1, "16x100G"), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"provisioning_failed\"");
	assert_int_equal(set_card(&p, 1, ""), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"unprovisioned\"");
	assert_int_equal(set_card(&p, 1, "16x100G"), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"provisioning_failed\"");
	assert_int_equal(set_card(&p, 1, "16x100G"), 0);
	expect(&p, MODULAR, "linecards 1 state", "\"active\"");
	probe_tell(&p, "reload " MODULAR);
	expect(&p, MODULAR, "linecards 1 state", "\"active\"");
	probe_stop(&p);
}

static int set_pool(struct probe *p, uint16_t pool, uint8_t type, uint32_t size)
{
	probe_request(p, DEVLINK_CMD_SB_POOL_SET, 0, SPECTRUM);
	put_u32(&p->out, DEVLINK_ATTR_SB_INDEX, 0);
	put_u16(&p->out, DEVLINK_ATTR_SB_POOL_INDEX, pool);
	put_u8(&p->out, DEVLINK_ATTR_SB_POOL_THRESHOLD_TYPE, type);
	put_u32(&p->out, DEVLINK_ATTR_SB_POOL_SIZE, size);
	return probe_send(p);
}

/* mlxsw_sp_sb_pool_set(): in cells, and even what is there is refused where it is frozen. */
static void test_pool(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "buffers");
	assert_int_equal(set_pool(&p, 1, 1, 97), 0);
	expect(&p, SPECTRUM, "shared_buffers pools 0/1 size", "192");
	assert_int_equal(set_pool(&p, 0, 0, 960), 0); /* its thresholds are reckoned anew */
	expect(&p, SPECTRUM, "shared_buffers ports p1/0/0 threshold", "480");
	assert_int_equal(set_pool(&p, 8, 0, 15794208), -EINVAL);
	assert_int_equal(set_pool(&p, 4, 0, 960), -EINVAL);
	assert_int_equal(set_pool(&p, 1, 2, 960), -ERANGE);
	probe_tell(&p, "reload " SPECTRUM);
	expect(&p, SPECTRUM, "shared_buffers pools 0/1 size", "0");
	expect(&p, SPECTRUM, "shared_buffers ports p1/0/0 threshold", "7");
	probe_stop(&p);
}

static int set_eswitch(struct probe *p, const char *handle, uint16_t mode)
{
	probe_request(p, DEVLINK_CMD_ESWITCH_SET, 0, handle);
	put_u16(&p->out, DEVLINK_ATTR_ESWITCH_MODE, mode);
	return probe_send(p);
}

/* mlx5 forgets it in a reload, netdevsim keeps it; the third mode is of newer kernels. */
static void test_eswitch(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line < FAKE_LINES; line++) {
		bool newer = line == FAKE_7_3;

		probe_start(&p, (enum fake_line)line, "netdevsim");
		probe_add(&p, "mlx5");
		assert_int_equal(set_eswitch(&p, NSIM, 2), newer ? -EINVAL : -ERANGE);
		assert_int_equal(set_eswitch(&p, MLX5, 2), newer ? 0 : -ERANGE);
		assert_int_equal(set_eswitch(&p, NSIM, 1), 0);
		assert_int_equal(set_eswitch(&p, MLX5, 1), 0);
		probe_tell(&p, "reload " NSIM);
		probe_tell(&p, "reload " MLX5);
		expect(&p, NSIM, "eswitch mode", "\"switchdev\"");
		expect(&p, MLX5, "eswitch mode", "\"legacy\"");
		probe_stop(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linecard),
		cmocka_unit_test(test_linecard_fails),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_eswitch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
