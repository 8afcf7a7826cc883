// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The wall clock of carved-clock, which is carved otherwise: what the kernel says, and as many
 * seconds more as the first 8 bytes of the file CARVED_CLOCK say, which a test writes at any time.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

static const volatile int64_t *ahead;

/* Before anything else: later, carved may open no such file. */
__attribute__((constructor)) static void map_ahead(void)
{
	const char *path = getenv("CARVED_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map = mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		abort();
	ahead = map;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = __real_clock_gettime(id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += *ahead;
	return r;
}
