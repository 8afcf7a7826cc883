/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growable array of any type:
 *
 *	VEC(struct wish) wishes = {};
 *	*vec_add(&wishes) = (struct wish){ ... };
 *	vec_each(w, &wishes)
 *		use(w);
 *	vec_clear(&wishes);
 *
 * Adding may move the elements, so pointers into a vec do not survive vec_add(). What the elements
 * own is the owner's to free before vec_clear().
 */
#pragma once

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

/* vec_add(): a zeroed new last element, as a pointer. */
#define vec_add(vec)                                                                               \
	({                                                                                         \
		__typeof__(vec) vec_ = (vec);                                                      \
		if (vec_->n == vec_->cap) {                                                        \
			vec_->cap = vec_->cap ? vec_->cap * 2 : 8;                                 \
			vec_->v = mem_resize(vec_->v, vec_->cap * sizeof(*vec_->v));               \
		}                                                                                  \
		memset(&vec_->v[vec_->n], 0, sizeof(*vec_->v));                                    \
		&vec_->v[vec_->n++];                                                               \
	})

/* vec_reserve(): room for @n in all, as that many are expected. */
#define vec_reserve(vec, n_)                                                                       \
	({                                                                                         \
		__typeof__(vec) vec_ = (vec);                                                      \
		if (vec_->cap < (n_)) {                                                            \
			vec_->cap = (n_);                                                          \
			vec_->v = mem_resize(vec_->v, vec_->cap * sizeof(*vec_->v));               \
		}                                                                                  \
	})

/* vec_fit(): give back the room that is not used; nothing is added from now on. */
#define vec_fit(vec)                                                                               \
	({                                                                                         \
		__typeof__(vec) vec_ = (vec);                                                      \
		if (vec_->n && vec_->n < vec_->cap) {                                              \
			vec_->cap = vec_->n;                                                       \
			vec_->v = mem_resize(vec_->v, vec_->cap * sizeof(*vec_->v));               \
		}                                                                                  \
	})

#define vec_push(vec, item) (*vec_add(vec) = (item))

#define vec_each(it, vec)                                                                          \
	for (__typeof__((vec)->v + 0) it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)

#define vec_remove(vec, i)                                                                         \
	({                                                                                         \
		__typeof__(vec) vec_ = (vec);                                                      \
		size_t i_ = (i);                                                                   \
		memmove(&vec_->v[i_], &vec_->v[i_ + 1], (vec_->n - i_ - 1) * sizeof(*vec_->v));    \
		vec_->n--;                                                                         \
	})

/* vec_insert(): @item becomes the one at @i. */
#define vec_insert(vec, i, item)                                                                   \
	({                                                                                         \
		size_t at_ = (i);                                                                  \
		vec_add(vec);                                                                      \
		memmove(&(vec)->v[at_ + 1], &(vec)->v[at_],                                        \
			((vec)->n - 1 - at_) * sizeof(*(vec)->v));                                 \
		(vec)->v[at_] = (item);                                                            \
	})

#define vec_clear(vec)                                                                             \
	({                                                                                         \
		__typeof__(vec) vec_ = (vec);                                                      \
		free(vec_->v);                                                                     \
		vec_->v = NULL;                                                                    \
		vec_->n = vec_->cap = 0;                                                           \
	})

/* Most lists are made in order: to see that is one comparison a member. */
static inline bool vec_is_sorted(const void *v, size_t n, size_t size,
				 int (*cmp)(const void *a, const void *b))
{
	for (size_t i = 1; i < n; i++)
		if (cmp((const char *)v + (i - 1) * size, (const char *)v + i * size) > 0)
			return false;
	return true;
}

#define vec_sort(vec, cmp)                                                                         \
	({                                                                                         \
		if (!vec_is_sorted((vec)->v, (vec)->n, sizeof(*(vec)->v), cmp))                    \
			qsort((vec)->v, (vec)->n, sizeof(*(vec)->v), cmp);                         \
	})
