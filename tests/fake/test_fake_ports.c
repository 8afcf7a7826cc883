// SPDX-License-Identifier: GPL-2.0-or-later
/* Ports that are split, and what goes and comes with a port, as read in the sources of mlxsw. */
#include "probe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

static int split(struct probe *p, uint32_t index, uint32_t count)
{
	probe_request(p, DEVLINK_CMD_PORT_SPLIT, 0, SPECTRUM);
	put_u32(&p->out, DEVLINK_ATTR_PORT_INDEX, index);
	put_u32(&p->out, DEVLINK_ATTR_PORT_SPLIT_COUNT, count);
	return probe_send(p);
}

static int unsplit(struct probe *p, uint32_t index)
{
	probe_request(p, DEVLINK_CMD_PORT_UNSPLIT, 0, SPECTRUM);
	put_u32(&p->out, DEVLINK_ATTR_PORT_INDEX, index);
	return probe_send(p);
}

static int set_threshold(struct probe *p, uint32_t index, uint32_t threshold)
{
	probe_request(p, DEVLINK_CMD_SB_PORT_POOL_SET, 0, SPECTRUM);
	put_u32(&p->out, DEVLINK_ATTR_PORT_INDEX, index);
	put_u32(&p->out, DEVLINK_ATTR_SB_INDEX, 0);
	put_u16(&p->out, DEVLINK_ATTR_SB_POOL_INDEX, 0);
	put_u32(&p->out, DEVLINK_ATTR_SB_THRESHOLD, threshold);
	return probe_send(p);
}

/* The indexes of all ports that a dump tells of, of parts with their group: "0 3/1 4/1 ". */
static const char *ports(struct probe *p)
{
	static char text[256];
	size_t n = 0;

	probe_request(p, DEVLINK_CMD_PORT_GET, NLM_F_DUMP, SPECTRUM);
	assert_int_equal(probe_send(p), 0);
	*text = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct nlattr *index = PROBE_ATTR(&p->got[i], DEVLINK_ATTR_PORT_INDEX);
		const struct nlattr *group = PROBE_ATTR(&p->got[i], DEVLINK_ATTR_PORT_SPLIT_GROUP);

		if (index && group)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u/%u ",
					      (unsigned)attr_num(index), (unsigned)attr_num(group));
		else if (index)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%u ",
					      (unsigned)attr_num(index));
	}
	return text;
}

static void test_split_checks(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "buffers");
	assert_int_equal(split(&p, 77, 2), -ENODEV);
	assert_int_equal(split(&p, 0, 3), -EINVAL);
	assert_string_equal(p.text, "Invalid split count");
	assert_int_equal(split(&p, 0, 8), -EINVAL);
	assert_int_equal(split(&p, 0, 0), -EINVAL);
	assert_int_equal(unsplit(&p, 0), -EINVAL);
	assert_non_null(strstr(p.text, "Port was not split"));
	assert_int_equal(split(&p, 0, 2), 0);
	assert_int_equal(split(&p, 0, 2), -ENODEV);
	assert_int_equal(split(&p, 3, 2), -EINVAL);
	assert_string_equal(p.text, "Port cannot be split further");
	probe_add(&p, "netdevsim");
	probe_request(&p, DEVLINK_CMD_PORT_SPLIT, 0, NSIM);
	put_u32(&p.out, DEVLINK_ATTR_PORT_INDEX, 0);
	put_u32(&p.out, DEVLINK_ATTR_PORT_SPLIT_COUNT, 2);
	assert_int_equal(probe_send(&p), -EOPNOTSUPP);
	probe_stop(&p);
}

/* Parts have indexes that were none before; whole again it has the one that it had. */
static void test_indexes(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line < FAKE_LINES; line++) {
		probe_start(&p, (enum fake_line)line, "buffers");
		assert_string_equal(ports(&p), "0 1 2 ");
		assert_int_equal(split(&p, 1, 2), 0);
		assert_string_equal(ports(&p), "0 2 3/2 4/2 ");
		assert_int_equal(unsplit(&p, 4), 0);
		assert_string_equal(ports(&p), "0 2 1 ");
		assert_int_equal(split(&p, 1, 4), 0);
		assert_string_equal(ports(&p), "0 2 5/2 6/2 7/2 8/2 ");
		probe_tell(&p, "reload " SPECTRUM);
		assert_string_equal(ports(&p), "0 1 2 ");
		probe_stop(&p);
	}
}

static void test_what_is_told(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "buffers");
	probe_heard(&p);
	assert_int_equal(split(&p, 0, 2), 0);
	assert_string_equal(probe_heard(&p), "PORT_NEW PORT_DEL PORT_NEW*4");
	probe_stop(&p);
}

/* What a port has is made with it: its thresholds are the driver's. */
static void test_what_ports_have(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_7_3, "buffers");
	assert_int_equal(set_threshold(&p, 0, 12), 0);
	assert_int_equal(split(&p, 0, 2), 0);
	assert_int_equal(set_threshold(&p, 0, 12), -ENODEV);
	assert_string_equal(probe_state(&p, SPECTRUM, "shared_buffers ports p1s1/0/0 threshold"),
			    "7");
	assert_int_equal(set_threshold(&p, 4, 13), 0);
	assert_string_equal(probe_state(&p, SPECTRUM, "shared_buffers ports p1s1/0/0 threshold"),
			    "13");
	assert_int_equal(unsplit(&p, 3), 0);
	assert_string_equal(probe_state(&p, SPECTRUM, "shared_buffers ports p1/0/0 threshold"),
			    "7");
	assert_string_equal(probe_state(&p, SPECTRUM, "port_splits p1 count"), "0");
	probe_stop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split_checks),
		cmocka_unit_test(test_indexes),
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_what_ports_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
