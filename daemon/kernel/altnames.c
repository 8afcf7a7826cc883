// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See altnames.h. rtnetlink has the names of all netdevs in a list, but a socket of it could also
 * change every address and route; ethtool is of the family of sockets that carved has anyway.
 */
#include "kernel/altnames.h"
#include "kernel/exchange.h"
#include "wire/decode.h"
#include "wire/ethtool.h"

#include <netlink/msg.h>
#include <unistd.h>

#define RECEIVE_BUFFER 65536

/* Send @v and free its request. Return: its answer, or NULL. */
static const struct nlmsghdr *ask(struct exchange_socket *s, struct exchange *x)
{
	int r = exchange_all(s, x, 1);

	nlmsg_free(x->request);
	if (r < 0 || x->error || x->reply_len < NLMSG_HDRLEN)
		return NULL;
	return x->reply;
}

static void forget(struct exchange *x)
{
	free(x->reply);
	free(x->extack);
}

static bool find_family(struct exchange_socket *s, uint16_t *ret)
{
	struct exchange x = {.request = ethtool_encode_getfamily()};
	const struct nlmsghdr *m = ask(s, &x);
	bool there = m && ethtool_decode_family(m, ret);

	forget(&x);
	return there;
}

/**
 * altnames_resolve() - call @found for each of @names that a netdev has, with its own name.
 *
 * There may be none that can be asked: the kernel may lack ethtool's family.
 */
void altnames_resolve(const text_list *names,
		      void (*found)(void *user, const char *name, const char *netdev), void *user)
{
	static const atomic_bool never;
	const struct transport netlink = {};
	struct exchange_socket s = {.transport = &netlink, .cancel = &never, .hold = &never};
	uint16_t family;

	s.fd = transport_open(&netlink, RECEIVE_BUFFER);
	if (s.fd < 0)
		return;
	s.inbox = inbox_new();
	if (find_family(&s, &family))
		vec_each(name, names) {
			struct exchange x = {.request = ethtool_encode_get(family, *name)};
			const struct nlmsghdr *m = ask(&s, &x);
			const char *netdev = m ? ethtool_decode_name(m, family) : NULL;

			if (netdev)
				found(user, *name, netdev);
			forget(&x);
		}
	inbox_free(s.inbox);
	close(s.fd);
}
