// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of D-Bus into the fields of an answer, led by the tables of answer.c. */
#include "reader.h"
#include "message.h"

#include <errno.h>

static void *member(void *answer, const struct answer_field *f)
{
	return (char *)answer + f->offset;
}

static int read_texts(sd_bus_message *m, struct arena *arena, text_list *to)
{
	const char *text;
	int r = sd_bus_message_enter_container(m, 'a', "s");

	while (r >= 0 && (r = message_read_text(m, arena, &text)) > 0)
		vec_push(to, text);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static char form_signature(enum answer_form form)
{
	switch (form) {
	case ANSWER_TEXT:
	case ANSWER_LINES:
		return 's';
	case ANSWER_NUMBER:
	case ANSWER_MAYBE:
		return 't';
	case ANSWER_FLAG:
		return 'b';
	case ANSWER_TEXTS:
	case ANSWER_STRUCT:
	case ANSWER_ROWS: /* not within another struct */
		break;
	}
	abort();
}

/* The signature of a struct of the fields of @type: "ss..."; to be freed. */
static char *row_signature(const struct answer_type *type)
{
	struct buf b = {};

	for (size_t i = 0; !type->dictionary && i < type->n_fields; i++)
		buf_add(&b, "%c", form_signature(type->fields[i].form));
	if (type->dictionary)
		buf_add(&b, "sa{sv}");
	return buf_take(&b);
}

static void *add_row(const struct answer_type *type, void *list)
{
	struct answer_rows rows;
	void *row;

	memcpy(&rows, list, sizeof(rows));
	if (rows.n == rows.cap) {
		rows.cap = rows.cap ? rows.cap * 2 : 8;
		rows.v = mem_resize(rows.v, rows.cap * type->size);
	}
	row = (char *)rows.v + rows.n++ * type->size;
	memcpy(list, &rows, sizeof(rows));
	answer_init(type, row);
	return row;
}

static int read_value(sd_bus_message *m, const struct answer_field *f, struct arena *arena,
		      void *to);
static int read_members(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
			void *row)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < (type->dictionary ? 1 : type->n_fields); i++)
		r = read_value(m, &type->fields[i], arena, member(row, &type->fields[i]));
	return r >= 0 && type->dictionary ? reader_properties(m, type, arena, row) : r;
}

/* Return: 0 at the end of a list. */
static int read_struct(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
		       void *to)
{
	_cleanup_free_ char *signature = row_signature(type);
	int r = sd_bus_message_enter_container(m, 'r', signature);

	if (r <= 0)
		return r;
	r = read_members(m, type, arena, to);
	r = r < 0 ? r : sd_bus_message_exit_container(m);
	return r < 0 ? r : 1;
}

/** reader_rows() - the structs of an array are added to @list. Return: 0 or more; -errno. */
int reader_rows(sd_bus_message *m, const struct answer_type *type, struct arena *arena, void *list)
{
	_cleanup_free_ char *row = row_signature(type), *signature = mem_printf("(%s)", row);
	int r = sd_bus_message_enter_container(m, 'a', signature);

	while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0)
		r = read_struct(m, type, arena, add_row(type, list));
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_flag(sd_bus_message *m, bool *to)
{
	int flag, r = sd_bus_message_read(m, "b", &flag);

	*to = r > 0 && flag;
	return r;
}

static int read_value(sd_bus_message *m, const struct answer_field *f, struct arena *arena,
		      void *to)
{
	switch (f->form) {
	case ANSWER_TEXT:
		return message_read_line(m, arena, to);
	case ANSWER_LINES:
		return message_read_text(m, arena, to);
	case ANSWER_NUMBER:
		return sd_bus_message_read(m, "t", to);
	case ANSWER_MAYBE:
		((struct maybe *)to)->known = true;
		return sd_bus_message_read(m, "t", &((struct maybe *)to)->n);
	case ANSWER_FLAG:
		return read_flag(m, to);
	case ANSWER_TEXTS:
		return read_texts(m, arena, to);
	case ANSWER_STRUCT:
		return read_struct(m, f->of, arena, to);
	case ANSWER_ROWS:
		return reader_rows(m, f->of, arena, to);
	}
	return -EINVAL;
}

static const struct answer_field *find_field(const struct answer_type *type, const char *property)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (text_equal(type->fields[i].property, property))
			return &type->fields[i];
	return NULL;
}

static int read_property(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
			 void *answer)
{
	const struct answer_field *f;
	const char *name, *contents;
	int r = message_read_line(m, arena, &name);

	if (r < 0)
		return r;
	f = find_field(type, name);
	if (!f)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_peek_type(m, NULL, &contents);
	if (r >= 0)
		r = sd_bus_message_enter_container(m, 'v', contents);
	if (r >= 0)
		r = read_value(m, f, arena, member(answer, f));
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/**
 * reader_properties() - an a{sv} into those fields of @answer that have a property; what has none
 * is passed over, what is not sent stays as it was.
 *
 * Return: 0 or more; -errno.
 */
int reader_properties(sd_bus_message *m, const struct answer_type *type, struct arena *arena,
		      void *answer)
{
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = read_property(m, type, arena, answer);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}
