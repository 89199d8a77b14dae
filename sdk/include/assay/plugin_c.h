/* SPDX-License-Identifier: Apache-2.0
 * What every plugin in C would write again: failures with a text, whole entries, a sealed binary form (the same bytes as
 * bytes.hpp and the Rust crate make), cells of a batch, and result tables. C11, header-only, optional: abi.h is the
 * contract. Nothing here keeps state; what allocates says so, and running out of memory is an answer. */
#pragma once

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/abi.h"

/* ---- Texts, failures, answers ------------------------------------------------------------------------------------ */

static inline assay_str assay_text(const char* text) { return (assay_str){text, strlen(text)}; }

static inline int assay_same(assay_str a, assay_str b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, (size_t)a.size) == 0);
}

/* Explains a failure as printf would, cut to 1 KiB, and answers its status: `return assay_failf(call, ...)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static inline assay_status assay_failf(const assay_call* call, assay_status status, const char* format, ...) {
  char message[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return call->fail(call, status, assay_text(message), (assay_str){NULL, 0});
}

static inline assay_status assay_no_memory(const assay_call* call) {
  return assay_failf(call, ASSAY_E_OUT_OF_MEMORY, "the operation ran out of memory");
}

/* Copies what fits of `value`, a struct of `size` bytes that begins with struct_size, and says there how much that is. */
static inline assay_status assay_fill(void* out, void* value, uint32_t size) {
  uint32_t room = 0;
  if (out != NULL) memcpy(&room, out, sizeof room);
  if (room < sizeof room) return ASSAY_E_INVALID_ARGUMENT;
  if (room > size) room = size;
  memcpy(value, &room, sizeof room);
  memcpy(out, value, room);
  return ASSAY_OK;
}

/* ---- Bytes out --------------------------------------------------------------------------------------------------- */

/* Grows; start it as {0}, end it with assay_bytes_free. After running out of memory it only keeps `failed`. */
typedef struct assay_bytes {
  char* data;
  size_t size, capacity;
  int failed;
} assay_bytes;

static inline void assay_put(assay_bytes* out, const void* data, size_t size) {
  if (out->failed) return;
  if (size > out->capacity - out->size) {
    const size_t wanted = (out->size + size) * 2 + 64;
    char* grown = wanted < size ? NULL : (char*)realloc(out->data, wanted);
    if (grown == NULL) {
      out->failed = 1;
      return;
    }
    out->data = grown;
    out->capacity = wanted;
  }
  if (size > 0) memcpy(out->data + out->size, data, size);
  out->size += size;
}
static inline void assay_put_u64(assay_bytes* out, uint64_t value) {
  unsigned char little[8];
  for (int i = 0; i < 8; ++i) little[i] = (unsigned char)(value >> (8 * i));
  assay_put(out, little, sizeof little);
}
static inline void assay_put_i64(assay_bytes* out, int64_t value) { assay_put_u64(out, (uint64_t)value); }
static inline void assay_put_f64(assay_bytes* out, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  assay_put_u64(out, bits);
}
/* A count and that many bytes. */
static inline void assay_put_text(assay_bytes* out, assay_str text) {
  assay_put_u64(out, text.size);
  assay_put(out, text.data, (size_t)text.size);
}
static inline void assay_bytes_free(assay_bytes* bytes) {
  free(bytes->data);
  memset(bytes, 0, sizeof *bytes);
}

/* ---- Bytes in: what does not fit sets `bad` and reads as 0, and no count is believed before its bytes are there --- */

typedef struct assay_cursor {
  const char* at;
  size_t left;
  int bad;
} assay_cursor;

static inline assay_str assay_take(assay_cursor* in, uint64_t size) {
  if (in->bad || size > in->left) {
    in->bad = 1;
    return (assay_str){NULL, 0};
  }
  const assay_str taken = {in->at, size};
  in->at += size;
  in->left -= (size_t)size;
  return taken;
}
static inline uint64_t assay_take_u64(assay_cursor* in) {
  const assay_str raw = assay_take(in, 8);
  uint64_t value = 0;
  for (int i = 0; i < (int)raw.size; ++i) value |= (uint64_t)(unsigned char)raw.data[i] << (8 * i);
  return value;
}
static inline int64_t assay_take_i64(assay_cursor* in) { return (int64_t)assay_take_u64(in); }
static inline double assay_take_f64(assay_cursor* in) {
  const uint64_t bits = assay_take_u64(in);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}
static inline assay_str assay_take_text(assay_cursor* in) { return assay_take(in, assay_take_u64(in)); }
/* A count of items that take at least `item_bytes` each. */
static inline size_t assay_take_count(assay_cursor* in, size_t item_bytes) {
  const uint64_t items = assay_take_u64(in);
  if (items > in->left / item_bytes) in->bad = 1;
  return in->bad ? 0 : (size_t)items;
}

static inline uint64_t assay_checksum(const char* data, size_t size) { /* FNV-1a, 64 bit */
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < size; ++i) hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
  return hash;
}

/* ---- Entries of a bundle ----------------------------------------------------------------------------------------- */

static inline assay_status assay_write_entry(const assay_call* call, const assay_sink* sink, const char* name,
                                             const char* media_type, const char* data, size_t size) {
  assay_writer writer;
  memset(&writer, 0, sizeof writer);
  writer.struct_size = sizeof writer;
  assay_status status = sink->open(sink, call, assay_text(name), assay_text(media_type), &writer);
  if (status != ASSAY_OK) return assay_failf(call, status, "opening entry '%s' for writing failed", name);
  while (size > 0) {
    uint64_t taken = 0;
    status = writer.write(&writer, call, data, size, &taken);
    if (status == ASSAY_OK && (taken == 0 || taken > size)) status = ASSAY_E_IO;
    if (status != ASSAY_OK) {
      writer.abort(&writer);
      return assay_failf(call, status, "writing entry '%s' failed", name);
    }
    data += taken;
    size -= (size_t)taken;
  }
  status = writer.finish(&writer, call);
  return status == ASSAY_OK ? status : assay_failf(call, status, "finishing entry '%s' failed", name);
}

/* Reads a whole entry into `out`, which is {0} before; the caller frees it, also after a failure. */
static inline assay_status assay_read_entry(const assay_call* call, const assay_source* source, const char* name,
                                            assay_bytes* out) {
  assay_reader reader;
  memset(&reader, 0, sizeof reader);
  reader.struct_size = sizeof reader;
  assay_status status = source->open(source, call, assay_text(name), &reader);
  if (status == ASSAY_E_NOT_FOUND) return assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "entry '%s' is missing", name);
  if (status != ASSAY_OK) return assay_failf(call, status, "opening entry '%s' failed", name);
  char part[4096]; /* grows as bytes arrive: the size is only a claim */
  while (status == ASSAY_OK && out->size < reader.size && !out->failed) {
    uint64_t got = 0;
    status = reader.read(&reader, call, part, sizeof part, &got);
    if (status == ASSAY_OK && (got == 0 || got > sizeof part)) status = ASSAY_E_CORRUPT_ARTIFACT;
    if (status == ASSAY_OK) assay_put(out, part, (size_t)got);
  }
  reader.close(&reader);
  if (out->failed) return assay_no_memory(call);
  return status == ASSAY_OK ? status : assay_failf(call, status, "reading entry '%s' failed", name);
}

/* Writes `magic` (which should name format and version, such as "linear-model/1"), the payload, and a checksum. */
static inline assay_status assay_write_sealed(const assay_call* call, const assay_sink* sink, const char* name,
                                              const char* magic, const assay_bytes* payload) {
  assay_bytes sealed = {0};
  assay_put_text(&sealed, assay_text(magic));
  assay_put_text(&sealed, (assay_str){payload->data, payload->size});
  assay_put_u64(&sealed, assay_checksum(sealed.data, sealed.size));
  const assay_status status =
      payload->failed || sealed.failed
          ? assay_no_memory(call)
          : assay_write_entry(call, sink, name, "application/octet-stream", sealed.data, sealed.size);
  assay_bytes_free(&sealed);
  return status;
}

/* Reads it back into `kept` (the caller frees it) and puts `in` on the payload. CORRUPT_ARTIFACT when it is of another
 * magic, cut short or altered. */
static inline assay_status assay_read_sealed(const assay_call* call, const assay_source* source, const char* name,
                                             const char* magic, assay_bytes* kept, assay_cursor* in) {
  const assay_status status = assay_read_entry(call, source, name, kept);
  if (status != ASSAY_OK) return status;
  assay_cursor tail = {kept->data + (kept->size < 8 ? 0 : kept->size - 8), kept->size < 8 ? 0 : 8, 0};
  assay_cursor all = {kept->data, kept->size < 8 ? 0 : kept->size - 8, 0};
  const int whole = kept->size >= 8 && assay_take_u64(&tail) == assay_checksum(all.at, all.left);
  const assay_str found = assay_take_text(&all), payload = assay_take_text(&all);
  if (!whole || all.bad || all.left != 0 || !assay_same(found, assay_text(magic)))
    return assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "entry '%s' is not a whole %s; fetch the version again", name,
                       magic);
  *in = (assay_cursor){payload.data, (size_t)payload.size, 0};
  return ASSAY_OK;
}

/* ---- Cells of a batch -------------------------------------------------------------------------------------------- */

/* 'g' f64, 'l' i64, 'b' bool, 'u' utf8, 0 anything else. */
static inline char assay_type_of(const struct ArrowSchema* column) {
  if (column->dictionary != NULL || column->format[0] == 0 || column->format[1] != 0) return 0;
  return strchr("glbu", column->format[0]) == NULL ? 0 : column->format[0];
}

/* The index of the column `name`, or -1. */
static inline int64_t assay_find_column(const struct ArrowSchema* schema, assay_str name) {
  for (int64_t i = 0; i < schema->n_children; ++i)
    if (schema->children[i]->name != NULL && assay_same(assay_text(schema->children[i]->name), name)) return i;
  return -1;
}

static inline int assay_bit(const void* bits, int64_t i) { return (((const unsigned char*)bits)[i >> 3] >> (i & 7)) & 1; }

/* Rows count from 0 whatever the Arrow offsets are. */
static inline int assay_is_null(const struct ArrowArray* batch, int64_t column, int64_t row) {
  const struct ArrowArray* cells = batch->children[column];
  const int64_t at = batch->offset + row;
  return (cells->null_count != 0 && cells->buffers[0] != NULL && !assay_bit(cells->buffers[0], cells->offset + at)) ||
         (batch->null_count != 0 && batch->n_buffers > 0 && batch->buffers[0] != NULL && !assay_bit(batch->buffers[0], at));
}

/* f64, i64 and bool (0 or 1) as a double; null and any other type is NaN. */
static inline double assay_number(const struct ArrowArray* batch, int64_t column, char type, int64_t row) {
  const struct ArrowArray* cells = batch->children[column];
  const int64_t at = cells->offset + batch->offset + row;
  if (assay_is_null(batch, column, row)) return NAN;
  if (type == 'g') return ((const double*)cells->buffers[1])[at];
  if (type == 'l') return (double)((const int64_t*)cells->buffers[1])[at];
  if (type == 'b') return assay_bit(cells->buffers[1], at);
  return NAN;
}

/* The text of a cell of a utf8 column; empty when null. */
static inline assay_str assay_cell_text(const struct ArrowArray* batch, int64_t column, int64_t row) {
  const struct ArrowArray* cells = batch->children[column];
  if (assay_is_null(batch, column, row)) return (assay_str){NULL, 0};
  const int32_t* ends = (const int32_t*)cells->buffers[1] + cells->offset + batch->offset + row;
  return (assay_str){(const char*)cells->buffers[2] + ends[0], (uint64_t)(ends[1] - ends[0])};
}

/* Takes over a moved batch: what an update or a score does first. Release it at the end. */
static inline struct ArrowArray assay_take_array(struct ArrowArray* from) {
  const struct ArrowArray taken = *from;
  from->release = NULL;
  return taken;
}

/* ---- Result tables ----------------------------------------------------------------------------------------------- */

/* Columns as name:type with type g l b u or L (a list of i64), and ? where nulls are allowed. */
#define ASSAY_TABLE_METRIC "name:u value:g ci_low:g? ci_high:g? slice:u n:l higher_is_better:b"
#define ASSAY_TABLE_DRIFT "column:u statistic:u value:g p_value:g? threshold:g drifted:b n_ref:l n_cur:l"
#define ASSAY_TABLE_FINDING "severity:u rule:u column:u row_count:l sample_rows:L message:u"
#define ASSAY_TABLE_PREDICTION "prediction:g"

typedef struct assay_table_column {
  char name[64];
  char type;
  int nullable;
  int64_t rows, nulls;
  assay_bytes valid, ends, cells;
} assay_table_column;

/* Filled cell by cell, row after row. {0} before assay_table_start, ended by assay_table_export or assay_table_free. */
typedef struct assay_table {
  assay_table_column column[16];
  int columns, next, failed;
} assay_table;

static inline void assay_table_start(assay_table* table, const char* columns) {
  memset(table, 0, sizeof *table);
  while (*columns != 0 && table->columns < 16) {
    assay_table_column* column = &table->column[table->columns++];
    const size_t length = strcspn(columns, ":");
    if (length >= sizeof column->name || columns[length] == 0) {
      table->failed = 1;
      return;
    }
    memcpy(column->name, columns, length);
    column->type = columns[length + 1];
    columns += length + 2;
    column->nullable = *columns == '?';
    columns += column->nullable;
    columns += strspn(columns, " ");
    const int32_t zero = 0;
    if (column->type == 'u' || column->type == 'L') assay_put(&column->ends, &zero, sizeof zero);
  }
}

static inline void assay_push_bit(assay_bytes* bits, int64_t at, int value) {
  const char empty = 0;
  if (at % 8 == 0) assay_put(bits, &empty, 1);
  if (!bits->failed && value) bits->data[at / 8] = (char)((unsigned char)bits->data[at / 8] | (1u << (at % 8)));
}

/* Answers the column of the next cell when it is of `type` (0: any), and counts the cell. */
static inline assay_table_column* assay_next_cell(assay_table* table, char type, int there) {
  assay_table_column* column = &table->column[table->next];
  if (table->failed || table->columns == 0 || (type != 0 && column->type != type) || (!there && !column->nullable)) {
    table->failed = 1;
    return NULL;
  }
  table->next = (table->next + 1) % table->columns;
  assay_push_bit(&column->valid, column->rows++, there);
  column->nulls += !there;
  return column;
}
static inline void assay_push_end(assay_table_column* column, size_t item_bytes) {
  const size_t items = column->cells.size / item_bytes;
  const int32_t end = (int32_t)items;
  if (items > INT32_MAX) column->cells.failed = 1;
  assay_put(&column->ends, &end, sizeof end);
}
static inline void assay_add_f64(assay_table* table, double value) {
  assay_table_column* column = assay_next_cell(table, 'g', 1);
  if (column != NULL) assay_put(&column->cells, &value, sizeof value);
}
static inline void assay_add_i64(assay_table* table, int64_t value) {
  assay_table_column* column = assay_next_cell(table, 'l', 1);
  if (column != NULL) assay_put(&column->cells, &value, sizeof value);
}
static inline void assay_add_bool(assay_table* table, int value) {
  assay_table_column* column = assay_next_cell(table, 'b', 1);
  if (column != NULL) assay_push_bit(&column->cells, column->rows - 1, value);
}
static inline void assay_add_text(assay_table* table, assay_str value) {
  assay_table_column* column = assay_next_cell(table, 'u', 1);
  if (column == NULL) return;
  assay_put(&column->cells, value.data, (size_t)value.size);
  assay_push_end(column, 1);
}
static inline void assay_add_list(assay_table* table, const int64_t* values, size_t count) {
  assay_table_column* column = assay_next_cell(table, 'L', 1);
  if (column == NULL) return;
  assay_put(&column->cells, values, count * sizeof *values);
  assay_push_end(column, sizeof *values);
}
static inline void assay_add_null(assay_table* table) {
  assay_table_column* column = assay_next_cell(table, 0, 0);
  const double nothing = 0;
  if (column == NULL) return;
  if (column->type == 'b') assay_push_bit(&column->cells, column->rows - 1, 0);
  if (column->type == 'g' || column->type == 'l') assay_put(&column->cells, &nothing, sizeof nothing);
  if (column->type == 'u' || column->type == 'L') assay_push_end(column, column->type == 'u' ? 1 : 8);
}

static inline void assay_table_free(assay_table* table) {
  for (int i = 0; i < table->columns; ++i) {
    assay_bytes_free(&table->column[i].valid);
    assay_bytes_free(&table->column[i].ends);
    assay_bytes_free(&table->column[i].cells);
  }
  memset(table, 0, sizeof *table);
}

/* What an exported schema or array keeps; freed with it. Children stand in one block behind their parent. */
typedef struct assay_kept {
  const void* buffers[3];
  void* owned[3];
  void* block;
  void** children;
} assay_kept;

static inline void assay_release_schema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
    free(schema->children[i]);
  }
  free(schema->children);
  free(schema->private_data); /* the name */
  schema->release = NULL;
}
static inline void assay_release_array(struct ArrowArray* array) {
  assay_kept* kept = (assay_kept*)array->private_data;
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
    free(array->children[i]);
  }
  free(array->children);
  for (int i = 0; i < 3; ++i) free(kept->owned[i]);
  free(kept);
  array->release = NULL;
}

/* An empty schema of `children` columns, or 0 for memory. It can be released at once. */
static inline int assay_make_schema(struct ArrowSchema* out, const char* format, const char* name, int nullable,
                                    int64_t children) {
  memset(out, 0, sizeof *out);
  const size_t length = strlen(name) + 1;
  char* copy = (char*)malloc(length);
  struct ArrowSchema** list = (struct ArrowSchema**)calloc((size_t)children + 1, sizeof *list);
  if (copy == NULL || list == NULL) {
    free(copy);
    free(list);
    return 0;
  }
  memcpy(copy, name, length);
  out->format = format;
  out->name = copy;
  out->flags = nullable ? ARROW_FLAG_NULLABLE : 0;
  out->children = list;
  out->private_data = copy;
  out->release = assay_release_schema;
  for (; out->n_children < children; ++out->n_children) {
    list[out->n_children] = (struct ArrowSchema*)calloc(1, sizeof **list);
    if (list[out->n_children] == NULL) {
      out->release(out);
      return 0;
    }
  }
  return 1;
}
static inline int assay_make_array(struct ArrowArray* out, int64_t rows, int64_t nulls, int64_t children) {
  memset(out, 0, sizeof *out);
  assay_kept* kept = (assay_kept*)calloc(1, sizeof *kept);
  struct ArrowArray** list = (struct ArrowArray**)calloc((size_t)children + 1, sizeof *list);
  if (kept == NULL || list == NULL) {
    free(kept);
    free(list);
    return 0;
  }
  out->length = rows;
  out->null_count = nulls;
  out->n_buffers = 1;
  out->buffers = kept->buffers;
  out->children = list;
  out->private_data = kept;
  out->release = assay_release_array;
  for (; out->n_children < children; ++out->n_children) {
    list[out->n_children] = (struct ArrowArray*)calloc(1, sizeof **list);
    if (list[out->n_children] == NULL) {
      out->release(out);
      return 0;
    }
  }
  return 1;
}
/* Moves `bytes` into the next buffer of `array`. */
static inline void assay_give_buffer(struct ArrowArray* array, int at, assay_bytes* bytes) {
  assay_kept* kept = (assay_kept*)array->private_data;
  kept->buffers[at] = kept->owned[at] = bytes->data;
  memset(bytes, 0, sizeof *bytes);
  if (array->n_buffers <= at) array->n_buffers = at + 1;
}

/* Moves one column into an array; 0 for memory. */
static inline int assay_export_column(assay_table_column* column, struct ArrowArray* out) {
  const int list = column->type == 'L';
  if (!assay_make_array(out, column->rows, column->nulls, list)) return 0;
  assay_put(&column->cells, "\0\0\0\0\0\0\0", 8); /* so that a buffer is there also without cells */
  if (column->valid.failed || column->ends.failed || column->cells.failed) return 0;
  if (column->nulls > 0) assay_give_buffer(out, 0, &column->valid);
  const int64_t items = (int64_t)(column->cells.size - 8) / 8;
  if (column->type == 'u' || list) assay_give_buffer(out, 1, &column->ends);
  if (!list) {
    assay_give_buffer(out, column->type == 'u' ? 2 : 1, &column->cells);
    return 1;
  }
  if (!assay_make_array(out->children[0], items, 0, 0)) return 0;
  assay_give_buffer(out->children[0], 1, &column->cells);
  return 1;
}

static inline int assay_export_schema(const assay_table* table, struct ArrowSchema* out) {
  if (!assay_make_schema(out, "+s", "", 0, table->columns)) return 0;
  for (int i = 0; i < table->columns; ++i) {
    const assay_table_column* column = &table->column[i];
    const char* format = column->type == 'g'   ? "g"
                         : column->type == 'l' ? "l"
                         : column->type == 'b' ? "b"
                         : column->type == 'u' ? "u"
                                               : "+l";
    const int list = column->type == 'L';
    if (!assay_make_schema(out->children[i], format, column->name, column->nullable, list) ||
        (list && !assay_make_schema(out->children[i]->children[0], "l", "item", 0, 0))) {
      out->release(out);
      return 0;
    }
  }
  return 1;
}

/* Moves the table into what `finish` or `score` answers; `schema` or `rows` may be NULL. Frees the table, also after a
 * failure, and then leaves both outputs untouched. */
static inline assay_status assay_table_export(const assay_call* call, assay_table* table, struct ArrowSchema* schema,
                                              struct ArrowArray* rows) {
  struct ArrowSchema made_schema;
  struct ArrowArray made_rows;
  memset(&made_schema, 0, sizeof made_schema);
  memset(&made_rows, 0, sizeof made_rows);
  assay_status status = ASSAY_OK;
  if (table->failed || table->next != 0)
    status = assay_failf(call, ASSAY_E_INTERNAL, "a result table got a cell of another type than its column's");
  else if (!assay_export_schema(table, &made_schema) ||
           !assay_make_array(&made_rows, table->column[0].rows, 0, table->columns))
    status = assay_no_memory(call);
  for (int i = 0; status == ASSAY_OK && i < table->columns; ++i)
    if (!assay_export_column(&table->column[i], made_rows.children[i])) status = assay_no_memory(call);
  assay_table_free(table);
  if (status == ASSAY_OK && schema != NULL) {
    *schema = made_schema;
    made_schema.release = NULL;
  }
  if (status == ASSAY_OK && rows != NULL) {
    *rows = made_rows;
    made_rows.release = NULL;
  }
  if (made_schema.release != NULL) made_schema.release(&made_schema);
  if (made_rows.release != NULL) made_rows.release(&made_rows);
  return status;
}

/* ---- The plugin --------------------------------------------------------------------------------------------------- */

#if defined(__clang__)
#define ASSAY_C_NO_REDZONE __attribute__((no_sanitize("address")))
#else
#define ASSAY_C_NO_REDZONE
#endif

/* ASSAY_C_PLUGIN(manifest, create_component): once a library. `manifest` is a string literal, such as the
 * ASSAY_MANIFEST_JSON of the assay_manifest.h that assay_add_plugin(... MANIFEST file.json) makes; `create_component`
 * is the `create` of assay_plugin, whose first argument is then the host: `const assay_host* host = plugin;`. */
#define ASSAY_C_PLUGIN(manifest_json, create_component)                                                   \
  __attribute__((section(".assay.manifest"), used))                                                       \
  ASSAY_C_NO_REDZONE static const char assay_manifest_section[] = manifest_json;                           \
  static const void* assay_no_extension(void* self, const char* id) {                                     \
    (void)self;                                                                                           \
    (void)id;                                                                                             \
    return NULL;                                                                                          \
  }                                                                                                       \
  static void assay_nothing_to_close(void* self) { (void)self; }                                          \
  ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call,          \
                                                 assay_plugin* out) {                                     \
    assay_plugin plugin = {0};                                                                            \
    if (call == NULL) return ASSAY_E_INVALID_ARGUMENT;                                                    \
    plugin.self = (void*)(uintptr_t)host;                                                                 \
    plugin.abi_minor = ASSAY_ABI_MINOR;                                                                   \
    plugin.manifest = (assay_str){assay_manifest_section, sizeof assay_manifest_section - 1};             \
    plugin.create = create_component;                                                                     \
    plugin.get_extension = assay_no_extension;                                                            \
    plugin.close = assay_nothing_to_close;                                                                \
    return assay_fill(out, &plugin, sizeof plugin);                                                       \
  }
