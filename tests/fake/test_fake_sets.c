// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model against what was measured on Linux 6.1.192 and 6.12.117 with netdevsim, and read in the
 * sources where netdevsim cannot show it. Changes: SETs, reloads, flashes, and what they tell.
 */
#include "probe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int reload(struct probe *p, const char *handle, uint8_t action)
{
	probe_request(p, DEVLINK_CMD_RELOAD, 0, handle);
	if (action)
		put_u8(&p->out, DEVLINK_ATTR_RELOAD_ACTION, action);
	return probe_send(p);
}

static int reload_limits(struct probe *p, const char *handle, uint8_t action, uint32_t value,
			 uint32_t selector)
{
	struct nla_bitfield32 limits = {value, selector};

	probe_request(p, DEVLINK_CMD_RELOAD, 0, handle);
	put_u8(&p->out, DEVLINK_ATTR_RELOAD_ACTION, action);
	put_attr(&p->out, DEVLINK_ATTR_RELOAD_LIMITS, &limits, sizeof(limits));
	return probe_send(p);
}

static int set_size(struct probe *p, const char *handle, uint64_t id, uint64_t size)
{
	probe_request(p, DEVLINK_CMD_RESOURCE_SET, 0, handle);
	put_u64(&p->out, DEVLINK_ATTR_RESOURCE_ID, id);
	put_u64(&p->out, DEVLINK_ATTR_RESOURCE_SIZE, size);
	return probe_send(p);
}

static void begin_param(struct probe *p, const char *handle, const char *name, uint8_t type,
			uint8_t cmode)
{
	probe_request(p, DEVLINK_CMD_PARAM_SET, 0, handle);
	put_string(&p->out, DEVLINK_ATTR_PARAM_NAME, name);
	put_u8(&p->out, DEVLINK_ATTR_PARAM_TYPE, type);
	put_u8(&p->out, DEVLINK_ATTR_PARAM_VALUE_CMODE, cmode);
}

static int set_u32(struct probe *p, const char *handle, const char *name, uint32_t n)
{
	begin_param(p, handle, name, 3, DEVLINK_PARAM_CMODE_DRIVERINIT);
	put_u32(&p->out, DEVLINK_ATTR_PARAM_VALUE_DATA, n);
	return probe_send(p);
}

static int set_trap_action(struct probe *p, const char *handle, const char *name, uint8_t action)
{
	probe_request(p, DEVLINK_CMD_TRAP_SET, 0, handle);
	put_string(&p->out, DEVLINK_ATTR_TRAP_NAME, name);
	put_u8(&p->out, DEVLINK_ATTR_TRAP_ACTION, action);
	return probe_send(p);
}

static int set_group_policer(struct probe *p, const char *handle, const char *name, uint32_t id)
{
	probe_request(p, DEVLINK_CMD_TRAP_GROUP_SET, 0, handle);
	put_string(&p->out, DEVLINK_ATTR_TRAP_GROUP_NAME, name);
	put_u32(&p->out, DEVLINK_ATTR_TRAP_POLICER_ID, id);
	return probe_send(p);
}

static int set_burst(struct probe *p, const char *handle, uint32_t id, uint64_t burst)
{
	probe_request(p, DEVLINK_CMD_TRAP_POLICER_SET, 0, handle);
	put_u32(&p->out, DEVLINK_ATTR_TRAP_POLICER_ID, id);
	put_u64(&p->out, DEVLINK_ATTR_TRAP_POLICER_BURST, burst);
	return probe_send(p);
}

#define expect_state(p, handle, path, value)                                                       \
	assert_string_equal(probe_state(p, handle, path), value)

static void test_reload_checks(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "netdevsim");
		assert_int_equal(reload(&p, NSIM, 3), -ERANGE);
		assert_int_equal(reload(&p, NSIM, DEVLINK_RELOAD_ACTION_FW_ACTIVATE), -EOPNOTSUPP);
		assert_non_null(strstr(p.text, "not supported"));
		assert_int_equal(reload_limits(&p, NSIM, 1, 0, 2), -EINVAL);
		assert_int_equal(reload_limits(&p, NSIM, 1, 2, 2), -EOPNOTSUPP);
		assert_int_equal(reload_limits(&p, NSIM, 1, 4, 4),
				 line == FAKE_6_1 ? -EINVAL : -EOPNOTSUPP);
		assert_int_equal(reload_limits(&p, NSIM, 1, 3, 3),
				 line == FAKE_6_1 ? -EOPNOTSUPP : -EINVAL);
		probe_add(&p, "mlx5");
		assert_int_equal(reload_limits(&p, MLX5, 1, 2, 2), -EINVAL);
		/* 6.12 knows the one bit only, also in the selector */
		assert_int_equal(reload_limits(&p, MLX5, 2, 2, 3), line == FAKE_6_1 ? 0 : -EINVAL);
		assert_int_equal(reload_limits(&p, MLX5, 2, 2, 2), 0);
		probe_stop(&p);
	}
}

static void test_reload_not_offered(void **state)
{
	json_t *facts = json_pack("{s:i,s:s}", "format", 1, "handle", "pci/0");
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, NULL);
	assert_int_equal(fake_load(p.fake, facts, NULL), 0);
	json_decref(facts);
	assert_int_equal(reload(&p, "pci/0", 0), -EOPNOTSUPP);
	assert_string_equal(p.text, "");
	probe_stop(&p);
}

static void test_netns_is_not_found(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	put_u32(&p.out, DEVLINK_ATTR_NETNS_PID, 1);
	assert_int_equal(probe_send(&p), -EINVAL);
	probe_stop(&p);
}

/* The reply comes to those who named an action, after all notifications, before the ACK. */
static void test_reload_reply(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "spectrum1");
	assert_int_equal(reload(&p, SPECTRUM, 0), 0);
	assert_int_equal(p.n, 1);
	assert_int_equal(fake_join(p.socket, 5), 0);
	assert_int_equal(reload(&p, SPECTRUM, DEVLINK_RELOAD_ACTION_FW_ACTIVATE), 0);
	assert_int_equal(p.got[p.n - 3].command, DEVLINK_CMD_NEW);
	assert_int_equal(p.got[p.n - 3].seq, 0);
	assert_int_equal(p.got[p.n - 2].command, DEVLINK_CMD_RELOAD);
	assert_int_equal(p.got[p.n - 2].seq, p.seq);
	assert_int_equal(p.got[p.n - 1].type, NLMSG_ERROR);
	assert_int_equal((uint32_t)attr_num(PROBE_ATTR(&p.got[p.n - 2],
						       DEVLINK_ATTR_RELOAD_ACTIONS_PERFORMED)),
			 6);
	expect_state(&p, SPECTRUM, "counters",
		     "[[\"driver_reinit\",\"unspec\",\"local\",2],"
		     "[\"fw_activate\",\"unspec\",\"local\",2]]");
	probe_stop(&p);
}

#define DOWN_6_1 "PORT_NEW PORT_DEL TRAP_DEL*14 GROUP_DEL*6 POLICER_DEL*3 REGION_DEL"
#define UP_6_1	 "REGION_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 PORT_NEW*2"

static void test_reload_notifications(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_heard(&p);
	reload(&p, NSIM, 1);
	assert_string_equal(probe_heard(&p), DOWN_6_1 " " UP_6_1 " NEW");
	assert_int_equal(p.n, 53);
	for (size_t i = 0; i < p.n; i++)
		assert_int_equal(p.got[i].seq + p.got[i].flags, 0);
	assert_string_equal(attr_data(PROBE_ATTR(&p.got[2], DEVLINK_ATTR_TRAP_NAME)),
			    "igmp_v1_report"); /* the last one first, and as drop */
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[2], DEVLINK_ATTR_TRAP_ACTION)), 0);
	probe_stop(&p);
	probe_start(&p, FAKE_6_12, "netdevsim");
	probe_heard(&p);
	reload(&p, NSIM, 1);
	assert_string_equal(probe_heard(&p),
			    "PORT_NEW*2 PORT_DEL TRAP_DEL*14 GROUP_DEL*6 POLICER_DEL*3 REGION_DEL "
			    "REGION_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 PORT_NEW*3 NEW");
	assert_int_equal(p.n, 55);
	probe_stop(&p);
}

static void test_reload_fails_in_up(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(set_size(&p, NSIM, 7, 100), 0);
	probe_heard(&p);
	probe_tell(&p, "fail-up " NSIM " EINVAL times=2 text=User setup the reload to fail");
	assert_int_equal(reload(&p, NSIM, 1), -EINVAL);
	assert_string_equal(p.text, "netdevsim: User setup the reload to fail");
	assert_string_equal(probe_heard(&p), DOWN_6_1 " NEW");
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[p.n - 1], DEVLINK_ATTR_RELOAD_FAILED)), 1);
	expect_state(&p, NSIM, "counters", "[[\"driver_reinit\",\"unspec\",\"local\",0]]");
	/* the size was committed when it was read, though it is not in force */
	expect_state(&p, NSIM, "resources /nexthops size", "100");
	expect_state(&p, NSIM, "resources /nexthops active", "\"unlimited\"");
	assert_int_equal(reload(&p, NSIM, 1), -EINVAL);
	assert_string_equal(probe_heard(&p), "");
	assert_int_equal(reload(&p, NSIM, 1), 0);
	assert_string_equal(probe_heard(&p), UP_6_1 " NEW*2");
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[p.n - 2], DEVLINK_ATTR_RELOAD_FAILED)), 0);
	probe_stop(&p);
}

static void test_while_failed(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "fail-up " NSIM " EINVAL early=1");
	reload(&p, NSIM, 1);
	assert_int_equal(set_trap_action(&p, NSIM, "tail_drop", 1), -EOPNOTSUPP);
	assert_int_equal(set_size(&p, NSIM, 7, 100), 0);
	assert_int_equal(set_u32(&p, NSIM, "max_macs", 64), 0);
	probe_request(&p, DEVLINK_CMD_INFO_GET, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
			       DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
			       DEVLINK_ATTR_RESOURCE_OCC));
	probe_request(&p, DEVLINK_CMD_TRAP_GET, NLM_F_DUMP, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.n, 1);
	probe_heard(&p);
	probe_tell(&p, "unbind " NSIM);
	assert_string_equal(probe_heard(&p), "PARAM_DEL*2 DEL");
	probe_tell(&p, "bind " NSIM);
	expect_state(&p, NSIM, "reload_failed", "false");
	expect_state(&p, NSIM, "params max_macs driverinit value", "32");
	probe_stop(&p);
}

static void test_reload_refused_in_down(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	set_trap_action(&p, NSIM, "tail_drop", 1);
	probe_heard(&p);
	probe_tell(&p, "refuse-down " NSIM " EOPNOTSUPP");
	assert_int_equal(reload(&p, NSIM, 1), -EOPNOTSUPP);
	assert_string_equal(probe_heard(&p), "");
	expect_state(&p, NSIM, "traps tail_drop action", "\"trap\"");
	expect_state(&p, NSIM, "reload_failed", "false");
	assert_int_equal(reload(&p, NSIM, 1), 0);
	probe_stop(&p);
}

static void test_no_reset(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	set_trap_action(&p, MLX5, "dmac_filter", 1);
	probe_heard(&p);
	assert_int_equal(reload_limits(&p, MLX5, 2, 2, 2), 0);
	assert_string_equal(probe_heard(&p), "NEW");
	expect_state(&p, MLX5, "traps dmac_filter action", "\"trap\"");
	expect_state(&p, MLX5, "counters",
		     "[[\"driver_reinit\",\"unspec\",\"local\",0],"
		     "[\"fw_activate\",\"unspec\",\"local\",0],"
		     "[\"fw_activate\",\"no_reset\",\"local\",1]]");
	probe_stop(&p);
}

static void test_add_and_remove(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, NULL);
	probe_add(&p, "netdevsim");
	assert_string_equal(probe_heard(&p), "NEW PORT_NEW POLICER_NEW*3 GROUP_NEW*6 TRAP_NEW*14 "
					     "REGION_NEW PARAM_NEW*2");
	assert_int_equal(p.n, 28);
	set_trap_action(&p, NSIM, "tail_drop", 1);
	probe_tell(&p, "unbind " NSIM);
	assert_string_equal(probe_heard(&p), "PARAM_DEL*2 REGION_DEL TRAP_DEL*14 GROUP_DEL*6 "
					     "POLICER_DEL*3 PORT_DEL DEL");
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[7], DEVLINK_ATTR_TRAP_ACTION)), 1);
	probe_stop(&p);
	probe_start(&p, FAKE_6_12, "netdevsim");
	probe_tell(&p, "unbind " NSIM);
	probe_heard(&p);
	probe_tell(&p, "bind " NSIM);
	assert_string_equal(probe_heard(&p), "NEW PARAM_NEW*2 REGION_NEW POLICER_NEW*3 GROUP_NEW*6 "
					     "TRAP_NEW*14 PORT_NEW*3");
	probe_tell(&p, "remove " NSIM);
	assert_string_equal(probe_heard(&p), "PORT_NEW*2 PORT_DEL TRAP_DEL*14 GROUP_DEL*6 "
					     "POLICER_DEL*3 REGION_DEL PARAM_DEL*2 DEL");
	expect_state(&p, NSIM, "registered", "absent");
	probe_stop(&p);
}

static void test_size_checks(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "spectrum1");
	assert_int_equal(set_size(&p, SPECTRUM, 99, 1), -EINVAL);
	assert_string_equal(p.text, "");
	assert_int_equal(set_size(&p, SPECTRUM, 2, 147456 + 128), -EINVAL);
	assert_string_equal(p.text, "Size larger than maximum");
	assert_int_equal(set_size(&p, SPECTRUM, 4, 128), -EINVAL);
	assert_string_equal(p.text, "Size smaller than minimum");
	assert_int_equal(set_size(&p, SPECTRUM, 4, 1), -EINVAL);
	assert_string_equal(p.text, "Wrong granularity"); /* of several the last */
	probe_request(&p, DEVLINK_CMD_RESOURCE_SET, 0, SPECTRUM);
	put_u64(&p.out, DEVLINK_ATTR_RESOURCE_ID, 2);
	assert_int_equal(probe_send(&p), -EINVAL);
	assert_int_equal(p.missing, DEVLINK_ATTR_RESOURCE_SIZE);
	probe_stop(&p);
}

static void test_sums_are_checked_at_reload(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "spectrum1");
	probe_heard(&p);
	assert_int_equal(set_size(&p, SPECTRUM, 2, 1280), 0);
	expect_state(&p, SPECTRUM, "resources /kvd/linear valid", "false");
	for (uint8_t action = 0; action <= 2; action++)
		assert_int_equal(reload(&p, SPECTRUM, action), -EINVAL);
	assert_string_equal(p.text, "leftover: resources size validation failed");
	assert_string_equal(probe_heard(&p), "");
	assert_int_equal(set_size(&p, SPECTRUM, 5, 0), 0);
	assert_int_equal(set_size(&p, SPECTRUM, 6, 0), 0);
	assert_int_equal(set_size(&p, SPECTRUM, 7, 0), 0);
	expect_state(&p, SPECTRUM, "resources /kvd/linear valid", "true");
	assert_int_equal(reload(&p, SPECTRUM, 1), 0);
	expect_state(&p, SPECTRUM, "resources /kvd/linear size", "1280");
	expect_state(&p, SPECTRUM, "resources /kvd/linear active", "1280");
	probe_stop(&p);
}

/* Two unlimited children are too much; one of them finite wraps the sum around. */
static void test_sum_wraps(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(set_size(&p, NSIM, 1, 1000), 0);
	expect_state(&p, NSIM, "resources /IPv4 valid", "false");
	assert_int_equal(set_size(&p, NSIM, 2, 100), 0);
	expect_state(&p, NSIM, "resources /IPv4 valid", "true");
	/* and the parent is never read: its new size stays pending */
	assert_int_equal(reload(&p, NSIM, 1), 0);
	expect_state(&p, NSIM, "resources /IPv4 size", "\"unlimited\"");
	expect_state(&p, NSIM, "resources /IPv4 size_new", "1000");
	expect_state(&p, NSIM, "resources /IPv4/fib size", "100");
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	probe_send(&p);
	assert_int_equal(
		attr_num(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
				    DEVLINK_ATTR_RESOURCE_SIZE_NEW)),
		1000);
	assert_int_equal(set_size(&p, NSIM, 1, UINT64_MAX), 0);
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	probe_send(&p);
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
			       DEVLINK_ATTR_RESOURCE_SIZE_NEW));
	probe_stop(&p);
}

static void test_size_below_occupancy(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(set_size(&p, NSIM, 3, 1), 0);
	probe_heard(&p);
	assert_int_equal(reload(&p, NSIM, 1), -ENOSPC);
	probe_heard(&p);
	assert_int_equal(p.n, 75);
	expect_state(&p, NSIM, "reload_failed", "true");
	expect_state(&p, NSIM, "resources /IPv4/fib-rules size", "1");
	assert_int_equal(set_size(&p, NSIM, 3, 10), 0);
	assert_int_equal(reload(&p, NSIM, 1), 0);
	probe_stop(&p);
}

static void test_driverinit(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "mlx5");
		assert_int_equal(set_u32(&p, MLX5, "io_eq_size", 512), 0);
		probe_request(&p, DEVLINK_CMD_PARAM_GET, 0, MLX5);
		put_string(&p.out, DEVLINK_ATTR_PARAM_NAME, "io_eq_size");
		assert_int_equal(probe_send(&p), 0);
		assert_int_equal(attr_num(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_PARAM,
						     DEVLINK_ATTR_PARAM_VALUES_LIST,
						     DEVLINK_ATTR_PARAM_VALUE,
						     DEVLINK_ATTR_PARAM_VALUE_DATA)),
				 512);
		expect_state(&p, MLX5, "params io_eq_size driverinit active", "1024");
		/* from 6.3 on only a requested driver_reinit loads it */
		assert_int_equal(reload(&p, MLX5, DEVLINK_RELOAD_ACTION_FW_ACTIVATE), 0);
		expect_state(&p, MLX5, "params io_eq_size driverinit active",
			     line == FAKE_6_1 ? "512" : "1024");
		expect_state(&p, MLX5, "params io_eq_size driverinit value", "512");
		assert_int_equal(reload(&p, MLX5, DEVLINK_RELOAD_ACTION_DRIVER_REINIT), 0);
		expect_state(&p, MLX5, "params io_eq_size driverinit active", "512");
		probe_tell(&p, "unbind " MLX5);
		probe_tell(&p, "bind " MLX5);
		expect_state(&p, MLX5, "params io_eq_size driverinit value", "1024");
		probe_stop(&p);
	}
}

static void test_param_errors(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "mlx5");
		assert_int_equal(set_u32(&p, MLX5, "no_such", 1), -EINVAL);
		begin_param(&p, MLX5, "io_eq_size", 1, 1);
		put_u8(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 1);
		assert_int_equal(probe_send(&p), -EINVAL); /* type */
		begin_param(&p, MLX5, "io_eq_size", 3, 1);
		put_u8(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 1);
		assert_int_equal(probe_send(&p), -EINVAL); /* length */
		begin_param(&p, MLX5, "io_eq_size", 3, 1);
		assert_int_equal(probe_send(&p), -EINVAL); /* no data */
		begin_param(&p, MLX5, "io_eq_size", 3, 0);
		put_u32(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 128);
		assert_int_equal(probe_send(&p), -EOPNOTSUPP); /* not in this cmode */
		begin_param(&p, MLX5, "io_eq_size", 3, 3);
		put_u32(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 128);
		assert_int_equal(probe_send(&p), line == FAKE_6_1 ? -EOPNOTSUPP : -ERANGE);
		/* the driver's validator speaks before the cmode is looked at */
		begin_param(&p, MLX5, "io_eq_size", 3, 0);
		put_u32(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 1);
		assert_int_equal(probe_send(&p), -EINVAL);
		assert_string_equal(p.text, "mlx5_core: The value is out of range");
		probe_request(&p, DEVLINK_CMD_PARAM_SET, 0, MLX5);
		put_string(&p.out, DEVLINK_ATTR_PARAM_NAME, "io_eq_size");
		assert_int_equal(probe_send(&p), -EINVAL);
		assert_int_equal(p.missing, DEVLINK_ATTR_PARAM_TYPE);
		probe_stop(&p);
	}
}

static int set_string(struct probe *p, const char *value, size_t len)
{
	begin_param(p, MLX5, "flow_steering_mode", 5, DEVLINK_PARAM_CMODE_RUNTIME);
	put_attr(&p->out, DEVLINK_ATTR_PARAM_VALUE_DATA, value, len);
	return probe_send(p);
}

static void test_param_types(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	begin_param(&p, MLX5, "enable_roce", 6, 1);
	assert_int_equal(probe_send(&p), 0);
	expect_state(&p, MLX5, "params enable_roce driverinit value", "false");
	begin_param(&p, MLX5, "enable_roce", 6, 1);
	put_flag(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA);
	assert_int_equal(probe_send(&p), 0);
	expect_state(&p, MLX5, "params enable_roce driverinit value", "true");
	begin_param(&p, MLX5, "enable_roce", 6, 1);
	put_u8(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA, 1);
	assert_int_equal(probe_send(&p), -EINVAL);
	assert_int_equal(set_string(&p, "smfs", 5), 0);
	expect_state(&p, MLX5, "params flow_steering_mode runtime active", "\"smfs\"");
	assert_int_equal(set_string(&p, "smfs", 4), -EINVAL);
	assert_int_equal(set_string(&p, "0123456789012345678901234567890", 32), -EINVAL);
	assert_non_null(strstr(p.text, "range")); /* the driver's word */
	assert_int_equal(set_string(&p, "01234567890123456789012345678901", 33), -EINVAL);
	assert_string_equal(p.text, ""); /* the core's */
	probe_stop(&p);
}

static void test_permanent_param(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	begin_param(&p, MLX5, "enable_sriov", 6, DEVLINK_PARAM_CMODE_PERMANENT);
	put_flag(&p.out, DEVLINK_ATTR_PARAM_VALUE_DATA);
	assert_int_equal(probe_send(&p), 0);
	reload(&p, MLX5, 2);
	probe_tell(&p, "unbind " MLX5);
	probe_tell(&p, "bind " MLX5);
	expect_state(&p, MLX5, "params enable_sriov permanent value", "true");
	expect_state(&p, MLX5, "params enable_sriov permanent active", "false");
	probe_tell(&p, "power-cycle " MLX5);
	expect_state(&p, MLX5, "params enable_sriov permanent active", "true");
	probe_stop(&p);
}

/* Of all SETs only that of a param is told, also if nothing changes, also by somebody else. */
static void test_what_others_hear(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_heard(&p);
	probe_tell(&p, "set " NSIM " trap tail_drop trap");
	probe_tell(&p, "set " NSIM " group l2_drops 2");
	probe_tell(&p, "set " NSIM " policer 1 rate=500 burst=64");
	probe_tell(&p, "set " NSIM " resource /nexthops 500");
	assert_string_equal(probe_heard(&p), "");
	probe_tell(&p, "set " NSIM " param max_macs driverinit 32");
	probe_tell(&p, "set " NSIM " param test1 driverinit false");
	assert_string_equal(probe_heard(&p), "PARAM_NEW*2");
	expect_state(&p, NSIM, "traps tail_drop action", "\"trap\"");
	expect_state(&p, NSIM, "trap_groups l2_drops policer", "2");
	expect_state(&p, NSIM, "trap_policers 1", "{\"rate\":500,\"burst\":64}");
	expect_state(&p, NSIM, "resources /nexthops size_new", "500");
	expect_state(&p, NSIM, "params test1 driverinit value", "false");
	assert_int_equal(probe_try(&p, "set " NSIM " policer 1 rate=9000"), -EINVAL);
	probe_stop(&p);
}

static void test_traps(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "netdevsim");
		assert_int_equal(set_trap_action(&p, NSIM, "tail_drop", 2), 0);
		expect_state(&p, NSIM, "traps tail_drop action", "\"mirror\"");
		assert_int_equal(set_trap_action(&p, NSIM, "fid_miss", 0), 0);
		assert_non_null(strstr(p.text, "Skipping"));
		expect_state(&p, NSIM, "traps fid_miss action", "\"trap\"");
		assert_int_equal(set_trap_action(&p, NSIM, "tail_drop", 3),
				 line == FAKE_6_1 ? -EINVAL : -ERANGE);
		assert_int_equal(set_trap_action(&p, NSIM, "no_such", 0), -ENOENT);
		probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
		put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
		assert_int_equal(probe_send(&p), 0);
		reload(&p, NSIM, 1);
		expect_state(&p, NSIM, "traps tail_drop action", "\"drop\"");
		probe_add(&p, "spectrum1");
		assert_int_equal(set_trap_action(&p, SPECTRUM, "blackhole_route", 2), -EINVAL);
		probe_add(&p, "mlx5");
		assert_int_equal(set_trap_action(&p, MLX5, "dmac_filter", 1), 0);
		reload(&p, MLX5, 1);
		expect_state(&p, MLX5, "traps dmac_filter action",
			     line == FAKE_6_1 ? "\"trap\"" : "\"drop\"");
		probe_stop(&p);
	}
}

static void test_groups(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(set_group_policer(&p, NSIM, "l2_drops", 3), 0);
	expect_state(&p, NSIM, "trap_groups l2_drops policer", "3");
	assert_int_equal(set_group_policer(&p, NSIM, "l2_drops", 0), 0);
	probe_request(&p, DEVLINK_CMD_TRAP_GROUP_GET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_GROUP_NAME, "l2_drops");
	assert_int_equal(probe_send(&p), 0);
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_TRAP_POLICER_ID));
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_TRAP_ACTION));
	assert_int_equal(set_group_policer(&p, NSIM, "l2_drops", 4), -ENOENT);
	assert_int_equal(set_group_policer(&p, NSIM, "no_such", 1), -ENOENT);
	probe_request(&p, DEVLINK_CMD_TRAP_GROUP_SET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_GROUP_NAME, "l2_drops");
	put_u8(&p.out, DEVLINK_ATTR_TRAP_ACTION, 1);
	put_u32(&p.out, DEVLINK_ATTR_TRAP_POLICER_ID, 9);
	assert_int_equal(probe_send(&p), -ENOENT);
	assert_non_null(strstr(p.text, "committed already"));
	expect_state(&p, NSIM, "traps port_list_is_empty action", "\"trap\"");
	expect_state(&p, NSIM, "traps tail_drop action", "\"drop\"");
	reload(&p, NSIM, 1);
	expect_state(&p, NSIM, "trap_groups l3_drops policer", "1");
	probe_add(&p, "spectrum1");
	assert_int_equal(set_group_policer(&p, SPECTRUM, "acl_sample", 1), -EOPNOTSUPP);
	probe_stop(&p);
}

static void test_policers(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "netdevsim");
	probe_add(&p, "spectrum1");
	assert_int_equal(set_burst(&p, NSIM, 1, 100), 0);
	expect_state(&p, NSIM, "trap_policers 1", "{\"rate\":1000,\"burst\":100}");
	assert_int_equal(set_burst(&p, NSIM, 1, 7), -EINVAL);
	assert_string_equal(p.text, "Policer burst size lower than limit");
	assert_int_equal(set_burst(&p, NSIM, 1, 65537), -EINVAL);
	assert_int_equal(set_burst(&p, NSIM, 7, 8), -ENOENT);
	assert_int_equal(set_burst(&p, SPECTRUM, 1, 100), -EINVAL);
	assert_string_equal(p.text, "mlxsw_spectrum: Policer burst size is not power of two");
	assert_int_equal(set_burst(&p, SPECTRUM, 1, 1 << 25), -EINVAL);
	assert_int_equal(set_burst(&p, SPECTRUM, 1, 512), 0);
	reload(&p, SPECTRUM, 2);
	expect_state(&p, SPECTRUM, "trap_policers 1 burst", "4096");
	probe_stop(&p);
}

/* The driver recovers by itself, or another host reloads: the counters of this one say nothing. */
static void test_reinit_by_others(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	set_trap_action(&p, NSIM, "tail_drop", 1);
	probe_heard(&p);
	probe_tell(&p, "self-reinit " NSIM);
	assert_string_equal(probe_heard(&p), DOWN_6_1 " " UP_6_1);
	expect_state(&p, NSIM, "traps tail_drop action", "\"drop\"");
	probe_tell(&p, "remote-reload " NSIM " fw_activate");
	expect_state(&p, NSIM, "counters",
		     "[[\"driver_reinit\",\"unspec\",\"local\",0],"
		     "[\"fw_activate\",\"unspec\",\"remote\",1]]");
	probe_tell(&p, "reload " NSIM " driver_reinit");
	assert_int_equal(probe_try(&p, "reload " NSIM " fw_activate"), -EOPNOTSUPP);
	probe_stop(&p);
}

static int flash(struct probe *p, const char *handle, const char *file, const char *component)
{
	probe_request(p, DEVLINK_CMD_FLASH_UPDATE, 0, handle);
	if (file)
		put_string(&p->out, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME, file);
	if (component)
		put_string(&p->out, DEVLINK_ATTR_FLASH_UPDATE_COMPONENT, component);
	return probe_send(p);
}

static void test_flash_errors(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_heard(&p);
	assert_int_equal(flash(&p, NSIM, NULL, NULL), -EINVAL);
	assert_int_equal(flash(&p, NSIM, "", NULL), -EINVAL);
	assert_int_equal(flash(&p, NSIM, "../dummy", NULL), -EINVAL);
	assert_int_equal(flash(&p, NSIM, "/lib/firmware/dummy", NULL), -ENOENT);
	assert_int_equal(flash(&p, NSIM, "no_such", NULL), -ENOENT);
	assert_int_equal(flash(&p, NSIM, "dummy", "no_such"), -EINVAL);
	assert_string_equal(probe_heard(&p), "");
	assert_int_equal(flash(&p, NSIM, "dummy", "fw.mgmt"), 0);
	assert_string_equal(probe_heard(&p), "FLASH FLASH_STATUS*504 FLASH_END");
	/* the end is told all the same, and does not say how it went */
	probe_tell(&p, "fail-flash " NSIM " EIO percent=50");
	assert_int_equal(flash(&p, NSIM, "dummy", NULL), -EIO);
	assert_string_equal(probe_heard(&p), "FLASH FLASH_STATUS*251 FLASH_END");
	probe_stop(&p);
}

static void test_flash_takes_time(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	probe_tell(&p, "flash " MLX5 " 10000 steps=10");
	probe_heard(&p);
	probe_request(&p, DEVLINK_CMD_FLASH_UPDATE, 0, MLX5);
	put_string(&p.out, DEVLINK_ATTR_FLASH_UPDATE_FILE_NAME, "mlx5/fw-22.36.1010.bin");
	probe_begin(&p, p.socket);
	fake_advance(p.fake, 3500);
	assert_string_equal(probe_heard(&p), "FLASH FLASH_STATUS*5");
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[5], DEVLINK_ATTR_FLASH_UPDATE_STATUS_DONE)),
			 3000);
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[5], DEVLINK_ATTR_FLASH_UPDATE_STATUS_TOTAL)),
			 10000);
	assert_true(fake_busy(p.socket));
	fake_advance(p.fake, 6500);
	assert_false(fake_busy(p.socket));
	assert_int_equal(probe_collect(&p, p.socket), 0);
	probe_stop(&p);
}

static void test_flash_then_activate(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	probe_add(&p, "spectrum1");
	assert_int_equal(flash(&p, MLX5, "mlx5/fw-22.36.1010.bin", NULL), 0);
	expect_state(&p, MLX5, "versions stored fw.version", "\"22.36.1010\"");
	expect_state(&p, MLX5, "versions running fw.version", "\"22.35.1012\"");
	reload(&p, MLX5, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.35.1012\"");
	reload(&p, MLX5, DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.36.1010\"");
	/* no stored version: what was flashed is invisible; any reload activates */
	flash(&p, SPECTRUM, "mellanox/mlxsw_spectrum-13.2010.1406.mfa2", NULL);
	expect_state(&p, SPECTRUM, "versions running fw.version", "\"13.2010.1006\"");
	expect_state(&p, SPECTRUM, "versions stored", "absent");
	reload(&p, SPECTRUM, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	expect_state(&p, SPECTRUM, "versions running fw.version", "\"13.2010.1406\"");
	probe_tell(&p, "file " SPECTRUM " b.mfa2 fw.version=1.2.3");
	assert_int_equal(flash(&p, SPECTRUM, "b.mfa2", NULL), 0);
	probe_stop(&p);
}

/* What an activation does not change, what a probe forgets, and what a driver replaces. */
static void test_firmware_unlike_flashed(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	probe_tell(&p, "firmware " MLX5 " sticky=1");
	probe_tell(&p, "update " MLX5 " mlx5/fw-22.36.1010.bin");
	reload(&p, MLX5, DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.35.1012\"");
	expect_state(&p, MLX5, "versions stored fw.version", "\"22.36.1010\"");
	probe_tell(&p, "firmware " MLX5 " sticky=0");
	reload(&p, MLX5, DEVLINK_RELOAD_ACTION_FW_ACTIVATE);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.36.1010\"");
	probe_tell(&p, "unbind " MLX5);
	probe_tell(&p, "bind " MLX5);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.36.1010\"");
	probe_tell(&p, "firmware " MLX5 " loses=1");
	probe_tell(&p, "unbind " MLX5);
	probe_tell(&p, "bind " MLX5);
	expect_state(&p, MLX5, "versions running fw.version", "\"22.35.1012\"");
	expect_state(&p, MLX5, "versions stored fw.version", "\"22.35.1012\"");
	probe_stop(&p);
}

static void test_builtin_firmware(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "spectrum1");
	probe_tell(&p, "firmware " SPECTRUM " builtin=13.2010.999");
	reload(&p, SPECTRUM, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	expect_state(&p, SPECTRUM, "versions running fw", "\"13.2010.1006\"");
	probe_tell(&p, "firmware " SPECTRUM " builtin=13.2011.5");
	probe_heard(&p);
	reload(&p, SPECTRUM, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	assert_non_null(strstr(probe_heard(&p), " FLASH_STATUS "));
	expect_state(&p, SPECTRUM, "versions running fw", "\"13.2011.5\"");
	/* an older one that is pinned lasts until the driver starts again */
	probe_tell(&p, "set " SPECTRUM " param fw_load_policy driverinit 1");
	probe_tell(&p, "update " SPECTRUM " mellanox/mlxsw_spectrum-13.2010.1406.mfa2");
	reload(&p, SPECTRUM, DEVLINK_RELOAD_ACTION_DRIVER_REINIT);
	expect_state(&p, SPECTRUM, "versions running fw", "\"13.2010.1406\"");
	probe_tell(&p, "unbind " SPECTRUM);
	probe_tell(&p, "bind " SPECTRUM);
	expect_state(&p, SPECTRUM, "versions running fw", "\"13.2011.5\"");
	probe_stop(&p);
}

/* Somebody else's flash takes the same time and meets the same checks. */
static void test_update_by_others(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(probe_try(&p, "update " NSIM " no_such"), -ENOENT);
	assert_int_equal(probe_try(&p, "update " NSIM " dummy component=none"), -EINVAL);
	probe_tell(&p, "flash " NSIM " 1000 steps=2");
	probe_heard(&p);
	probe_tell(&p, "update " NSIM " dummy component=fw.mgmt");
	expect_state(&p, NSIM, "operation", "\"flash\"");
	fake_advance(p.fake, 1000);
	expect_state(&p, NSIM, "operation", "\"none\"");
	assert_string_equal(probe_heard(&p), "FLASH FLASH_STATUS*6 FLASH_END");
	probe_stop(&p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reload_checks),
		cmocka_unit_test(test_reload_not_offered),
		cmocka_unit_test(test_netns_is_not_found),
		cmocka_unit_test(test_reload_reply),
		cmocka_unit_test(test_reload_notifications),
		cmocka_unit_test(test_reload_fails_in_up),
		cmocka_unit_test(test_while_failed),
		cmocka_unit_test(test_reload_refused_in_down),
		cmocka_unit_test(test_no_reset),
		cmocka_unit_test(test_add_and_remove),
		cmocka_unit_test(test_size_checks),
		cmocka_unit_test(test_sums_are_checked_at_reload),
		cmocka_unit_test(test_sum_wraps),
		cmocka_unit_test(test_size_below_occupancy),
		cmocka_unit_test(test_driverinit),
		cmocka_unit_test(test_param_errors),
		cmocka_unit_test(test_param_types),
		cmocka_unit_test(test_permanent_param),
		cmocka_unit_test(test_what_others_hear),
		cmocka_unit_test(test_traps),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_policers),
		cmocka_unit_test(test_reinit_by_others),
		cmocka_unit_test(test_flash_errors),
		cmocka_unit_test(test_flash_takes_time),
		cmocka_unit_test(test_flash_then_activate),
		cmocka_unit_test(test_firmware_unlike_flashed),
		cmocka_unit_test(test_builtin_firmware),
		cmocka_unit_test(test_update_by_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
