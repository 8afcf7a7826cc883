// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model against what was measured on Linux 6.1.192 and 6.12.117 with netdevsim, and read in the
 * sources where netdevsim cannot show it. Reading, framing, permission, locks and losses.
 */
#include "probe.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void test_family(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, NULL);
	p.out_at = genl_start(&p.out, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, NLM_F_REQUEST | NLM_F_ACK,
			      1, 0);
	put_string(&p.out, CTRL_ATTR_FAMILY_NAME, "devlink");
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[0], CTRL_ATTR_FAMILY_ID)), 21);
	assert_int_equal(
		attr_num(PROBE_ATTR(&p.got[0], CTRL_ATTR_MCAST_GROUPS, 1, CTRL_ATTR_MCAST_GRP_ID)),
		5);
	assert_string_equal(attr_data(PROBE_ATTR(&p.got[0], CTRL_ATTR_MCAST_GROUPS, 1,
						 CTRL_ATTR_MCAST_GRP_NAME)),
			    "config");
	probe_tell(&p, "devlink 0");
	assert_int_equal(probe_send(&p), -ENOENT);
	probe_request(&p, DEVLINK_CMD_GET, NLM_F_DUMP, NULL);
	assert_int_equal(probe_send(&p), -ENOENT);
	probe_stop(&p);
}

static void test_handles(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_request(&p, DEVLINK_CMD_GET, 0, NULL);
	assert_int_equal(probe_send(&p), -EINVAL);
	probe_request(&p, DEVLINK_CMD_GET, 0, "netdevsim/netdevsim1");
	assert_int_equal(probe_send(&p), -ENODEV);
	probe_request(&p, DEVLINK_CMD_GET, 0, NULL);
	put_string(&p.out, DEVLINK_ATTR_BUS_NAME, "netdevsim");
	put_attr(&p.out, DEVLINK_ATTR_DEV_NAME, "netdevsim10", 11); /* not terminated */
	assert_int_equal(probe_send(&p), -EINVAL);
	assert_true(p.offset > 0);
	probe_request(&p, 200, 0, NSIM);
	assert_int_equal(probe_send(&p), -EOPNOTSUPP);
	probe_stop(&p);
}

static unsigned count_entries(const struct nlattr *stats)
{
	unsigned n = 0;

	attrs_each(info, attr_data(stats), attr_len(stats))
		attrs_each(a, attr_data(info),
			   attr_len(info)) if (attr_type(a) == DEVLINK_ATTR_RELOAD_ACTION_STATS)
			attrs_each(entry, attr_data(a), attr_len(a)) n +=
		attr_type(entry) == DEVLINK_ATTR_RELOAD_STATS_ENTRY;
	return n;
}

static void test_get(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_add(&p, "mlx5");
	probe_request(&p, DEVLINK_CMD_GET, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.got[0].command, DEVLINK_CMD_NEW);
	assert_int_equal(attr_num(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RELOAD_FAILED)), 0);
	assert_int_equal(count_entries(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_DEV_STATS,
						  DEVLINK_ATTR_RELOAD_STATS)),
			 1);
	assert_int_equal(count_entries(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_DEV_STATS,
						  DEVLINK_ATTR_REMOTE_RELOAD_STATS)),
			 3);
	probe_request(&p, DEVLINK_CMD_GET, 0, MLX5);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(count_entries(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_DEV_STATS,
						  DEVLINK_ATTR_RELOAD_STATS)),
			 3);
	probe_stop(&p);
}

static void test_info(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "spectrum1");
	probe_request(&p, DEVLINK_CMD_INFO_GET, 0, SPECTRUM);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.got[0].command, DEVLINK_CMD_INFO_GET);
	assert_string_equal(attr_data(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_INFO_DRIVER_NAME)),
			    "mlxsw_spectrum");
	assert_string_equal(attr_data(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_INFO_VERSION_RUNNING,
						 DEVLINK_ATTR_INFO_VERSION_VALUE)),
			    "13.2010.1006");
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_INFO_VERSION_STORED));
	probe_stop(&p);
}

static void test_resource_dump(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_add(&p, "mlx5");
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.got[0].type, 21);
	assert_int_equal(p.got[0].flags, NLM_F_MULTI);
	assert_int_equal(p.got[1].type, NLMSG_DONE);
	assert_int_equal(p.got[2].type, NLMSG_ERROR);
	assert_int_equal(
		attr_num(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
				    DEVLINK_ATTR_RESOURCE_SIZE_VALID)),
		1);
	assert_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
			       DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
			       DEVLINK_ATTR_RESOURCE_SIZE_VALID));
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, NLM_F_DUMP, NSIM);
	assert_int_equal(probe_send(&p), -EOPNOTSUPP);
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, MLX5);
	assert_int_equal(probe_send(&p), -EOPNOTSUPP);
	/* several parts, each with the handle and some of the top-level trees */
	probe_tell(&p, "chunk 300");
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.n, 5);
	assert_int_equal(p.got[4].datagram, 3);
	for (int i = 0; i < 3; i++)
		assert_non_null(
			PROBE_ATTR(&p.got[i], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE));
	probe_stop(&p);
}

static void test_resource_unaligned(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "pad 1");
	probe_request(&p, DEVLINK_CMD_RESOURCE_DUMP, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	assert_non_null(PROBE_ATTR(&p.got[0], DEVLINK_ATTR_RESOURCE_LIST, DEVLINK_ATTR_RESOURCE,
				   DEVLINK_ATTR_PAD));
	probe_stop(&p);
}

static void test_unknown_objects(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_request(&p, DEVLINK_CMD_TRAP_GET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "no_such");
	assert_int_equal(probe_send(&p), -ENOENT);
	assert_string_equal(p.text, "leftover: Device did not register this trap");
	probe_request(&p, DEVLINK_CMD_PARAM_GET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_PARAM_NAME, "no_such");
	assert_int_equal(probe_send(&p), -EINVAL);
	assert_string_equal(p.text, "");
	probe_request(&p, DEVLINK_CMD_PARAM_GET, 0, NSIM);
	assert_int_equal(probe_send(&p), -EINVAL);
	assert_int_equal(p.missing, DEVLINK_ATTR_PARAM_NAME);
	probe_request(&p, DEVLINK_CMD_TRAP_POLICER_GET, 0, NSIM);
	put_u32(&p.out, DEVLINK_ATTR_TRAP_POLICER_ID, 9);
	assert_int_equal(probe_send(&p), -ENOENT);
	probe_stop(&p);
}

static void test_no_such_kind(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "mlx5");
	probe_request(&p, DEVLINK_CMD_TRAP_POLICER_GET, 0, MLX5);
	put_u32(&p.out, DEVLINK_ATTR_TRAP_POLICER_ID, 1);
	assert_int_equal(probe_send(&p), -EOPNOTSUPP);
	probe_stop(&p);
}

/* How many objects of a device a dump tells, and of all. */
static size_t objects_in(const struct probe *p, const char *handle)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->got[i].type == 21 &&
		    (!handle || !strcmp(attr_data(PROBE_ATTR(&p->got[i], DEVLINK_ATTR_DEV_NAME)),
					strchr(handle, '/') + 1)))
			n++;
	return n;
}

static void dump(struct probe *p, uint8_t command, const char *handle)
{
	probe_request(p, command, NLM_F_DUMP, handle);
	assert_int_equal(probe_send(p), 0);
	assert_int_equal(p->got[p->n - 1].type, NLMSG_DONE);
	assert_false(p->acked);
}

static void test_dumps_6_1(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_add(&p, "mlx5");
	dump(&p, DEVLINK_CMD_TRAP_GET, NSIM);
	assert_int_equal(objects_in(&p, NSIM), 14);
	assert_int_equal(objects_in(&p, NULL), 16);
	assert_int_equal(p.got[0].flags, NLM_F_MULTI);
	assert_int_equal(p.got[0].command, DEVLINK_CMD_TRAP_NEW);
	dump(&p, DEVLINK_CMD_GET, NULL);
	assert_int_equal(objects_in(&p, NULL), 2);
	dump(&p, DEVLINK_CMD_PARAM_GET, NULL);
	assert_int_equal(p.got[0].command, DEVLINK_CMD_PARAM_GET);
	probe_stop(&p);
}

static void test_dumps_6_12(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_12, "netdevsim");
	probe_add(&p, "mlx5");
	dump(&p, DEVLINK_CMD_TRAP_GET, NSIM);
	assert_int_equal(objects_in(&p, NULL), 14);
	assert_int_equal(p.got[0].flags, NLM_F_MULTI | NLM_F_DUMP_FILTERED);
	dump(&p, DEVLINK_CMD_TRAP_GET, NULL);
	assert_int_equal(objects_in(&p, NULL), 16);
	dump(&p, DEVLINK_CMD_GET, NSIM);
	assert_int_equal(objects_in(&p, NULL), 2);
	probe_tell(&p, "unbind " NSIM);
	probe_tell(&p, "bind " NSIM);
	dump(&p, DEVLINK_CMD_GET, NULL);
	assert_int_equal(objects_in(&p, NULL), 2);
	probe_request(&p, DEVLINK_CMD_TRAP_GET, NLM_F_DUMP, "netdevsim/netdevsim3");
	assert_int_equal(probe_send(&p), -ENODEV);
	probe_stop(&p);
}

static void test_dump_chunks(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "netdevsim");
		probe_add(&p, "spectrum1");
		dump(&p, DEVLINK_CMD_TRAP_GET, NULL);
		assert_int_equal(objects_in(&p, NSIM), 14);
		assert_int_equal(p.got[p.n - 1].datagram, 2); /* a page first, then the DONE */
		probe_tell(&p, "chunk 500");
		dump(&p, DEVLINK_CMD_TRAP_GET, NULL);
		assert_int_equal(objects_in(&p, NSIM), 14);
		assert_int_equal(objects_in(&p, SPECTRUM), 27);
		assert_true(p.got[p.n - 1].datagram > 10);
		probe_stop(&p);
	}
}

static void test_dump_cut_short(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "break " NSIM " trap port_list_is_empty");
	dump(&p, DEVLINK_CMD_TRAP_GET, NULL);
	assert_int_equal(objects_in(&p, NULL), 4);
	probe_request(&p, DEVLINK_CMD_TRAP_GET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "port_list_is_empty");
	assert_int_equal(probe_send(&p), -EMSGSIZE);
	probe_stop(&p);
}

static void test_one_dump_at_a_time(void **state)
{
	struct probe p;
	size_t second;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_request(&p, DEVLINK_CMD_TRAP_GET, NLM_F_DUMP, NULL);
	message_end(&p.out, p.out_at);
	second = genl_start(&p.out, 21, DEVLINK_CMD_GET, NLM_F_REQUEST | NLM_F_DUMP, ++p.seq, 0);
	p.out_at = second;
	assert_int_equal(probe_send(&p), 0);
	assert_int_equal(p.got[14].type == NLMSG_DONE || p.got[14].type == NLMSG_ERROR, 1);
	assert_true(p.acked);
	probe_request(&p, DEVLINK_CMD_GET, NLM_F_DUMP, NULL);
	assert_int_equal(probe_send(&p), 0);
	probe_stop(&p);
}

/* An unknown attribute and a wrong length: strict for the trap commands of 6.1 only. */
static void test_validation(void **state)
{
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		int strict = line == FAKE_6_1 ? -EINVAL : 0;

		probe_start(&p, (enum fake_line)line, "netdevsim");
		probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
		put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
		put_u32(&p.out, 900, 1);
		assert_int_equal(probe_send(&p), strict);
		probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
		put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
		put_u32(&p.out, DEVLINK_ATTR_TRAP_ACTION, 1);
		assert_int_equal(probe_send(&p), strict);
		probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
		put_u32(&p.out, 900, 1);
		assert_int_equal(probe_send(&p), 0);
		probe_request(&p, DEVLINK_CMD_RESOURCE_SET, 0, NSIM);
		put_u64(&p.out, DEVLINK_ATTR_RESOURCE_ID, 2);
		put_u32(&p.out, DEVLINK_ATTR_RESOURCE_SIZE, 100);
		assert_int_equal(probe_send(&p), -ERANGE);
		probe_stop(&p);
	}
}

static void test_permission(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	fake_socket_options(p.socket, false, true, true);
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, "netdevsim/netdevsim77");
	assert_int_equal(probe_send(&p), -EPERM);
	probe_request(&p, DEVLINK_CMD_GET, 0, NSIM);
	assert_int_equal(probe_send(&p), 0);
	probe_stop(&p);
}

static void test_ack_options(void **state)
{
	struct probe p;
	size_t request;

	(void)state;
	probe_start(&p, FAKE_6_12, "netdevsim");
	probe_request(&p, DEVLINK_CMD_TRAP_GET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "no_such");
	assert_int_equal(probe_send(&p), -ENOENT);
	assert_int_equal(p.ack_flags, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	assert_string_equal(p.text, "Device did not register this trap"); /* no prefix any more */
	fake_socket_options(p.socket, true, false, true);
	assert_int_equal(probe_send(&p), -ENOENT);
	assert_int_equal(p.ack_flags, NLM_F_CAPPED);
	fake_socket_options(p.socket, true, true, false);
	assert_int_equal(probe_send(&p), -ENOENT);
	assert_int_equal(p.ack_flags, NLM_F_ACK_TLVS);
	assert_string_equal(p.text, "Device did not register this trap");
	request = p.out.len;
	assert_true(p.got[0].len > NLMSG_HDRLEN + 4 + request);
	probe_stop(&p);
}

/* A GET waits for the lock of its own device; other devices go on; who dumps waits in 6.1. */
static void test_locks(void **state)
{
	struct fake_socket *other, *dumper;
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "netdevsim");
		probe_add(&p, "mlx5");
		other = fake_socket_new(p.fake);
		dumper = fake_socket_new(p.fake);
		probe_tell(&p, "delay " NSIM " 3000");
		probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
		probe_begin(&p, p.socket);
		assert_true(fake_busy(p.socket));
		assert_int_equal(fake_due(p.fake), 3000);
		probe_request(&p, DEVLINK_CMD_GET, 0, MLX5);
		probe_begin(&p, other);
		assert_false(fake_busy(other));
		assert_int_equal(probe_collect(&p, other), 0);
		probe_request(&p, DEVLINK_CMD_GET, 0, NSIM);
		probe_begin(&p, other);
		assert_true(fake_busy(other));
		probe_request(&p, DEVLINK_CMD_PARAM_GET, NLM_F_DUMP, MLX5);
		probe_begin(&p, dumper);
		assert_int_equal(fake_busy(dumper), line == FAKE_6_1);
		fake_advance(p.fake, 2999);
		assert_true(fake_busy(other));
		fake_advance(p.fake, 1);
		assert_false(fake_busy(p.socket) || fake_busy(other) || fake_busy(dumper));
		assert_int_equal(probe_collect(&p, p.socket), 0);
		assert_true(p.acked);
		probe_collect(&p, dumper);
		assert_true(objects_in(&p, MLX5) == 12);
		probe_stop(&p);
	}
}

static void test_two_reloads_queue(void **state)
{
	struct fake_socket *other;
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	other = fake_socket_new(p.fake);
	probe_tell(&p, "delay " NSIM " 100");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	probe_begin(&p, p.socket);
	probe_begin(&p, other);
	fake_advance(p.fake, 150);
	assert_false(fake_busy(p.socket));
	assert_true(fake_busy(other));
	fake_advance(p.fake, 50);
	assert_false(fake_busy(other));
	assert_string_equal(probe_state(&p, NSIM, "counters"),
			    "[[\"driver_reinit\",\"unspec\",\"local\",2]]");
	probe_stop(&p);
}

static void test_reload_that_is_told_to_end(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "delay " NSIM " 3600000");
	probe_tell(&p, "reload " NSIM);
	fake_advance(p.fake, 1000);
	probe_request(&p, DEVLINK_CMD_GET, 0, NSIM);
	probe_begin(&p, p.socket);
	assert_true(fake_busy(p.socket));
	probe_tell(&p, "delay " NSIM " 0");
	assert_false(fake_busy(p.socket));
	assert_string_equal(probe_state(&p, NSIM, "counters"),
			    "[[\"driver_reinit\",\"unspec\",\"local\",1]]");
	probe_stop(&p);
}

static void test_unbind_while_busy(void **state)
{
	struct fake_socket *other;
	struct probe p;

	(void)state;
	for (int line = FAKE_6_1; line <= FAKE_6_12; line++) {
		probe_start(&p, (enum fake_line)line, "netdevsim");
		other = fake_socket_new(p.fake);
		probe_tell(&p, "delay " NSIM " 100");
		probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
		probe_begin(&p, p.socket);
		probe_tell(&p, "unbind " NSIM);
		probe_request(&p, DEVLINK_CMD_GET, 0, NSIM);
		probe_begin(&p, other);
		assert_int_equal(fake_busy(other), line == FAKE_6_12);
		fake_advance(p.fake, 100);
		assert_int_equal(probe_collect(&p, other), -ENODEV);
		assert_int_equal(probe_collect(&p, p.socket), 0);
		assert_string_equal(probe_state(&p, NSIM, "registered"), "false");
		probe_stop(&p);
	}
}

/* A killed process: what it has sent goes on to its end, and nobody is told. */
static void test_closed_sender(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "delay " NSIM " 100");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	probe_begin(&p, p.socket);
	fake_socket_free(p.socket);
	fake_advance(p.fake, 100);
	assert_string_equal(probe_state(&p, NSIM, "counters"),
			    "[[\"driver_reinit\",\"unspec\",\"local\",1]]");
	probe_stop(&p);
}

static void test_overrun(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_collect(&p, p.listener);
	probe_tell(&p, "queue 84");
	probe_tell(&p, "storm " NSIM " 84");
	assert_int_equal(probe_collect(&p, p.listener), 0);
	assert_int_equal(p.n, 84);
	probe_tell(&p, "storm " NSIM " 100");
	/* one recvmsg() fails; what is old can be read; what is new is lost until then */
	assert_int_equal(fake_receive(p.listener, p.got, 0), -ENOBUFS);
	assert_true(fake_receive(p.listener, p.got, 0) > 0);
	probe_tell(&p, "storm " NSIM " 1");
	probe_collect(&p, p.listener);
	assert_int_equal(p.n, 83);
	probe_tell(&p, "storm " NSIM " 1");
	assert_int_equal(probe_collect(&p, p.listener), 0);
	assert_int_equal(p.n, 1);
	probe_stop(&p);
}

/* On a socket that is subscribed too, its own burst can drown the acknowledgement. */
static void test_ack_drowns(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	assert_int_equal(fake_join(p.socket, 5), 0);
	probe_tell(&p, "queue 10");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	assert_int_equal(probe_send(&p), -ENOBUFS);
	assert_false(p.acked);
	probe_stop(&p);
}

static void test_rules(void **state)
{
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_tell(&p, "rule * TRAP_SET tail_drop EIO skip=1 text=bus is gone");
	probe_tell(&p, "rule " NSIM " TRAP_SET * ignore skip=1");
	probe_tell(&p, "rule * RESOURCE_SET /nexthops clamp=50");
	probe_tell(&p, "rule * RELOAD * lose-answer");
	probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
	put_u8(&p.out, DEVLINK_ATTR_TRAP_ACTION, DEVLINK_TRAP_ACTION_TRAP);
	assert_int_equal(probe_send(&p), 0);
	assert_string_equal(probe_state(&p, NSIM, "traps tail_drop action"), "\"trap\"");
	assert_int_equal(probe_send(&p), -EIO);
	assert_string_equal(p.text, "netdevsim: bus is gone");
	probe_tell(&p, "set " NSIM " trap tail_drop drop");
	assert_int_equal(probe_send(&p), 0); /* ignored */
	assert_string_equal(probe_state(&p, NSIM, "traps tail_drop action"), "\"drop\"");
	probe_request(&p, DEVLINK_CMD_RESOURCE_SET, 0, NSIM);
	put_u64(&p.out, DEVLINK_ATTR_RESOURCE_ID, 7);
	put_u64(&p.out, DEVLINK_ATTR_RESOURCE_SIZE, 100);
	assert_int_equal(probe_send(&p), 0);
	assert_string_equal(probe_state(&p, NSIM, "resources /nexthops size_new"), "50");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	probe_send(&p);
	assert_int_equal(p.n, 0);
	assert_string_equal(probe_state(&p, NSIM, "resources /nexthops active"), "50");
	assert_int_equal(probe_try(&p, "rule * NO_SUCH * ignore"), -EINVAL);
	assert_int_equal(probe_try(&p, "unbind pci/no"), -ENODEV);
	assert_int_equal(probe_try(&p, "nonsense"), -EINVAL);
	probe_stop(&p);
}

static void test_hold(void **state)
{
	struct fake_socket *other;
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	other = fake_socket_new(p.fake);
	probe_tell(&p, "rule * RELOAD * hold times=2");
	probe_request(&p, DEVLINK_CMD_RELOAD, 0, NSIM);
	probe_begin(&p, p.socket);
	probe_begin(&p, other);
	assert_true(fake_busy(p.socket) && fake_busy(other));
	fake_socket_free(other);
	assert_string_equal(probe_state(&p, NSIM, "requests reloads"), "0");
	probe_tell(&p, "release");
	assert_int_equal(probe_collect(&p, p.socket), 0);
	assert_true(p.acked);
	assert_string_equal(probe_state(&p, NSIM, "requests reloads"), "1");
	probe_stop(&p);
}

static void test_requests_are_kept(void **state)
{
	struct probe p;
	json_t *list, *one;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
	put_u8(&p.out, DEVLINK_ATTR_TRAP_ACTION, DEVLINK_TRAP_ACTION_TRAP);
	probe_send(&p);
	probe_request(&p, DEVLINK_CMD_GET, 0, "pci/no");
	probe_send(&p);
	list = fake_requests(p.fake, 0);
	assert_int_equal(json_array_size(list), 2);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "command")), "TRAP_SET");
	assert_string_equal(json_string_value(json_object_get(one, "handle")), NSIM);
	assert_string_equal(json_string_value(json_object_get(one, "name")), "tail_drop");
	assert_string_equal(json_string_value(json_object_get(one, "action")), "trap");
	one = json_array_get(list, 1);
	assert_string_equal(json_string_value(json_object_get(one, "handle")), "pci/no");
	assert_int_equal(json_integer_value(json_object_get(one, "error")), -ENODEV);
	json_decref(list);
	probe_tell(&p, "forget");
	list = fake_requests(p.fake, 0);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	assert_string_equal(probe_state(&p, NSIM, "requests sets"), "0");
	probe_stop(&p);
}

/* One request for several things with a byte or more of it changed. Return: what came back. */
static unsigned send_garbage(struct probe *p, unsigned i, uint32_t *random)
{
	static const uint8_t commands[] = {DEVLINK_CMD_GET,	    DEVLINK_CMD_RESOURCE_SET,
					   DEVLINK_CMD_RELOAD,	    DEVLINK_CMD_PARAM_SET,
					   DEVLINK_CMD_TRAP_SET,    DEVLINK_CMD_TRAP_GROUP_SET,
					   DEVLINK_CMD_FLASH_UPDATE};
	static uint8_t buffer[PROBE_BUFFER];
	unsigned answers = 0;

	probe_request(p, commands[i % sizeof(commands)], i % 3 ? 0 : NLM_F_DUMP, NSIM);
	put_string(&p->out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
	put_string(&p->out, DEVLINK_ATTR_PARAM_NAME, "test1");
	put_u8(&p->out, DEVLINK_ATTR_PARAM_TYPE, 6);
	put_u64(&p->out, DEVLINK_ATTR_RESOURCE_ID, 3);
	put_u8(&p->out, DEVLINK_ATTR_RELOAD_ACTION, 1);
	message_end(&p->out, p->out_at);
	for (unsigned k = 0; k < 1 + i % 3; k++) {
		*random = *random * 1664525 + 1013904223;
		p->out.data[(*random >> 8) % p->out.len] = (uint8_t)(*random >> 24);
	}
	fake_submit(p->socket, p->out.data, p->out.len);
	while (fake_receive(p->socket, buffer, sizeof(buffer)) != -EAGAIN)
		answers++;
	return answers;
}

/* Requests with bytes changed must neither crash nor hang it; nearly all are answered. */
static void test_garbage(void **state)
{
	unsigned answered = 0, most = 0;
	uint32_t random = 1;
	struct probe p;

	(void)state;
	probe_start(&p, FAKE_6_1, "netdevsim");
	fake_socket_free(p.listener);
	p.listener = NULL;
	for (unsigned i = 0; i < 20000; i++) {
		unsigned n = send_garbage(&p, i, &random);

		answered += n > 0;
		most = n > most ? n : most;
		if (i % 1000 == 0)
			probe_tell(&p, "forget");
	}
	/* not where the change has made it something else than a request */
	assert_in_range(answered, 18000, 20000);
	assert_in_range(most, 1, 2);
	probe_request(&p, DEVLINK_CMD_TRAP_SET, 0, NSIM);
	put_string(&p.out, DEVLINK_ATTR_TRAP_NAME, "tail_drop");
	put_u8(&p.out, DEVLINK_ATTR_TRAP_ACTION, DEVLINK_TRAP_ACTION_TRAP);
	assert_int_equal(probe_send(&p), 0);
	assert_string_equal(probe_state(&p, NSIM, "traps tail_drop action"), "\"trap\"");
	probe_stop(&p);
}

static void test_bad_facts(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"format\": 1}",
		"{\"format\": 1, \"handle\": \"x\"}",
		"{\"format\": 1, \"handle\": \"a/b\", \"params\": {\"p\": {}}}",
		"{\"format\": 1, \"handle\": \"a/b\", \"traps\": {\"t\": {}}}",
		"{\"format\": 1, \"handle\": \"a/b\", \"resources\": {\"x\": {\"size\": 1}}}",
		"{\"format\": 1, \"handle\": \"a/b\", \"fake\": {\"unread\": [\"/no\"]}}"};
	struct fake *f = fake_new(FAKE_6_1);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *facts = json_loads(texts[i], 0, NULL);
		char *why = NULL;

		assert_int_equal(fake_load(f, facts, &why), -EINVAL);
		assert_non_null(why);
		free(why);
		json_decref(facts);
	}
	fake_free(f);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_family),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_resource_dump),
		cmocka_unit_test(test_resource_unaligned),
		cmocka_unit_test(test_unknown_objects),
		cmocka_unit_test(test_no_such_kind),
		cmocka_unit_test(test_dumps_6_1),
		cmocka_unit_test(test_dumps_6_12),
		cmocka_unit_test(test_dump_chunks),
		cmocka_unit_test(test_dump_cut_short),
		cmocka_unit_test(test_one_dump_at_a_time),
		cmocka_unit_test(test_validation),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_ack_options),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_two_reloads_queue),
		cmocka_unit_test(test_reload_that_is_told_to_end),
		cmocka_unit_test(test_unbind_while_busy),
		cmocka_unit_test(test_closed_sender),
		cmocka_unit_test(test_overrun),
		cmocka_unit_test(test_ack_drowns),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_requests_are_kept),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_bad_facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
