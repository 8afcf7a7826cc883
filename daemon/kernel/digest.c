// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a file once, unpacks and hashes it piece by piece. As the kernel does, takes the first
 * stream of an .xz file and all frames of a .zst file. Does not care where the file came from.
 */
#include "kernel/digest.h"
#include "base/mem.h"

#include <errno.h>
#include <lzma.h>
#include <sha2.h>
#include <stdbool.h>
#include <unistd.h>
#include <zstd.h>

#define PIECE	      (64 * 1024)
#define XZ_MEMORY_MAX (256 * 1024 * 1024) /* the largest preset takes 65 MiB */

struct source {
	int fd;
	unsigned char in[PIECE], out[PIECE];
	SHA2_CTX sha;
	uint64_t size;
};

/* Return: bytes in @in, 0 at the end, -errno. */
static ssize_t fill(struct source *s)
{
	ssize_t n;

	do
		n = read(s->fd, s->in, sizeof(s->in));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void hash(struct source *s, const unsigned char *p, size_t n)
{
	SHA256Update(&s->sha, p, n);
	s->size += n;
}

static int hash_plain(struct source *s)
{
	ssize_t n;

	while ((n = fill(s)) > 0)
		hash(s, s->in, (size_t)n);
	return (int)n;
}

static int unpack_xz(struct source *s, lzma_stream *x)
{
	lzma_ret r;

	do {
		if (x->avail_in == 0) {
			ssize_t n = fill(s);

			if (n <= 0)
				return n < 0 ? (int)n : -EBADMSG;
			x->next_in = s->in;
			x->avail_in = (size_t)n;
		}
		x->next_out = s->out;
		x->avail_out = sizeof(s->out);
		r = lzma_code(x, LZMA_RUN);
		hash(s, s->out, sizeof(s->out) - x->avail_out);
	} while (r == LZMA_OK);
	return r == LZMA_STREAM_END ? 0 : -EBADMSG;
}

static int hash_xz(struct source *s)
{
	lzma_stream x = LZMA_STREAM_INIT;
	int r;

	if (lzma_stream_decoder(&x, XZ_MEMORY_MAX, 0) != LZMA_OK)
		abort(); /* out of memory */
	r = unpack_xz(s, &x);
	lzma_end(&x);
	return r;
}

/* Return: false where the data is damaged. @ret_open: a frame is not at its end. */
static bool unpack_piece(struct source *s, ZSTD_DStream *z, ZSTD_inBuffer *in, bool *ret_open)
{
	ZSTD_outBuffer out = {.dst = s->out, .size = sizeof(s->out)};
	size_t left;

	do {
		out.pos = 0;
		left = ZSTD_decompressStream(z, &out, in);
		if (ZSTD_isError(left))
			return false;
		hash(s, s->out, out.pos);
	} while (in->pos < in->size || (left && out.pos == out.size));
	*ret_open = left != 0;
	return true;
}

static int unpack_zstd(struct source *s, ZSTD_DStream *z)
{
	bool open = true;
	ssize_t n;

	while ((n = fill(s)) > 0)
		if (!unpack_piece(s, z, &(ZSTD_inBuffer){s->in, (size_t)n, 0}, &open))
			return -EBADMSG;
	return n < 0 ? (int)n : open ? -EBADMSG : 0;
}

static int hash_zstd(struct source *s)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	int r;

	if (!z)
		abort();
	r = unpack_zstd(s, z);
	ZSTD_freeDStream(z);
	return r;
}

/**
 * digest_file() - hash what is in a file, from its offset on.
 * @ret_size: bytes that were hashed
 *
 * Return: 0; -EBADMSG where it is not packed as @packing says or is cut off; -errno.
 */
int digest_file(int fd, enum packing packing, uint64_t *ret_size, char ret[static DIGEST_TEXT])
{
	static int (*const how[])(struct source *) = {
		[PACKED_NOT] = hash_plain, [PACKED_ZSTD] = hash_zstd, [PACKED_XZ] = hash_xz};
	_cleanup_free_ struct source *s = mem_new(struct source);
	int r;

	s->fd = fd;
	SHA256Init(&s->sha);
	r = how[packing](s);
	if (r < 0)
		return r;
	*ret_size = s->size;
	SHA256End(&s->sha, ret);
	return 0;
}
