// SPDX-License-Identifier: GPL-2.0-or-later
/* When jobs end and when carved is ready, as far as that needs no device. */
#include "base/clock.h"
#include "manager/jobs.h"
#include "yaml/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bed {
	struct observers observers;
	struct devices devices;
	struct jobs jobs;
	char told[200];
};

static const char *read_file(_unused_ void *user, _unused_ const char *path)
{
	return "version: 1\nsettings: {settle_timeout: 30s}\n"
	       "devices: {leaf: {match: {driver: d}, traps: {}}}\n";
}

static void list_nothing(_unused_ void *user, _unused_ const char *dir,
			 _unused_ void (*found)(void *list, const char *name), _unused_ void *list)
{
}

static void on_job_removed(void *user, uint64_t job, const char *result)
{
	struct bed *b = user;
	size_t n = strlen(b->told);

	snprintf(b->told + n, sizeof(b->told) - n, "%u %s\n", (unsigned)job, result);
}

static int make_bed(void **state)
{
	static const struct manager_observer calls = {.job_removed = on_job_removed};
	static const struct yaml_files files = {.read = read_file, .list = list_nothing};
	struct bed *b = mem_new(struct bed);
	struct diag_list diags = {};

	assert_int_equal(yaml_load(&(struct yaml_paths){.root = "", .files = &files},
				   &b->devices.config, &diags),
			 0);
	diag_clear(&diags);
	vec_push(&b->observers.list, ((struct observer){&calls, b}));
	b->jobs.started = clock_now();
	*state = b;
	return 0;
}

static int free_bed(void **state)
{
	struct bed *b = *state;

	jobs_clear(&b->jobs);
	config_unref(b->devices.config);
	vec_clear(&b->observers.list);
	free(b);
	return 0;
}

/* Nothing is known to rest before it is known what there is. */
static void test_job_for_all(void **state)
{
	struct bed *b = *state;

	assert_int_equal(jobs_add(&b->jobs, ""), 1);
	jobs_end(&b->jobs, &b->devices, &b->observers);
	assert_string_equal(b->told, "");
	b->devices.listed = true;
	jobs_end(&b->jobs, &b->devices, &b->observers);
	assert_string_equal(b->told, "1 absent\n");
	jobs_end(&b->jobs, &b->devices, &b->observers);
	assert_string_equal(b->told, "1 absent\n"); /* once */
}

static void test_jobs_by_name_in_order(void **state)
{
	struct bed *b = *state;

	assert_int_equal(jobs_add(&b->jobs, "leaf"), 1);
	assert_int_equal(jobs_add(&b->jobs, ""), 2);
	assert_int_equal(jobs_add(&b->jobs, "spine"), 3);
	jobs_end(&b->jobs, &b->devices, &b->observers);
	assert_string_equal(b->told, "1 absent\n3 absent\n");
}

static void test_too_many(void **state)
{
	struct bed *b = *state;
	int left = 0; /* for those who are not limited */

	for (int i = 0; !jobs_full(&b->jobs, false); i++) {
		left += jobs_full(&b->jobs, true);
		assert_true(i < 10000);
		jobs_add(&b->jobs, "");
	}
	b->devices.listed = true;
	jobs_end(&b->jobs, &b->devices, &b->observers);
	assert_false(jobs_full(&b->jobs, true));
	assert_in_range(left, 16, 128);
}

/*
 * Drivers may still come up: an entry without a device is waited for, for a while after the start.
 */
static void test_absent_is_waited_for(void **state)
{
	struct bed *b = *state;

	assert_false(jobs_settled(&b->jobs, &b->devices, true));
	b->devices.listed = true;
	assert_false(jobs_settled(&b->jobs, &b->devices, true));
	b->jobs.started -= 31 * USEC_PER_SEC;
	assert_true(jobs_settled(&b->jobs, &b->devices, true));
	b->jobs.started = clock_now();
	assert_true(jobs_settled(&b->jobs, &b->devices, true)); /* not twice */
}

/* A kernel without devlink will have no device. */
static void test_nothing_can_come(void **state)
{
	struct bed *b = *state;

	b->devices.listed = true;
	assert_true(jobs_settled(&b->jobs, &b->devices, false));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_bed, free_bed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_job_for_all),	     TEST(test_jobs_by_name_in_order),
		TEST(test_too_many),	     TEST(test_absent_is_waited_for),
		TEST(test_nothing_can_come),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
