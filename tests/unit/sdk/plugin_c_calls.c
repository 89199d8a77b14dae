/* SPDX-License-Identifier: Apache-2.0
 * plugin_c.h and services_c.h are C alone; plugin_c_test.cc reaches it through these. */
#include "assay/plugin_c.h"
#include "assay/services_c.h"

/* Two rows with every type, nulls in the second, and an empty table when `rows` is 0. */
assay_status c_table(const assay_call* call, int rows, struct ArrowSchema* schema, struct ArrowArray* array);
assay_status c_table(const assay_call* call, int rows, struct ArrowSchema* schema, struct ArrowArray* array) {
  const int64_t list[] = {7, 8, 9};
  assay_table table;
  assay_table_start(&table, "f:g? i:l? b:b? t:u? l:L?");
  for (int row = 0; row < rows; ++row) {
    if (row == 1) {
      for (int i = 0; i < 5; ++i) assay_add_null(&table);
      continue;
    }
    assay_add_f64(&table, 1.5);
    assay_add_i64(&table, -3);
    assay_add_bool(&table, 1);
    assay_add_text(&table, assay_text("text"));
    assay_add_list(&table, list, 3);
  }
  return assay_table_export(call, &table, schema, array);
}

/* A cell of another type than its column's. */
assay_status c_wrong_cell(const assay_call* call, struct ArrowSchema* schema, struct ArrowArray* array);
assay_status c_wrong_cell(const assay_call* call, struct ArrowSchema* schema, struct ArrowArray* array) {
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_DRIFT);
  assay_add_f64(&table, 1);
  return assay_table_export(call, &table, schema, array);
}

assay_status c_save(const assay_call* call, const assay_sink* sink);
assay_status c_save(const assay_call* call, const assay_sink* sink) {
  assay_bytes bytes = {0};
  assay_put_text(&bytes, assay_text("name"));
  assay_put_i64(&bytes, -2);
  assay_put_f64(&bytes, 0.1);
  const assay_status status = assay_write_sealed(call, sink, "entry", "format/1", &bytes);
  assay_bytes_free(&bytes);
  return status;
}

assay_status c_load(const assay_call* call, const assay_source* source, int64_t* i, double* f);
assay_status c_load(const assay_call* call, const assay_source* source, int64_t* i, double* f) {
  assay_bytes kept = {0};
  assay_cursor in = {0};
  assay_status status = assay_read_sealed(call, source, "entry", "format/1", &kept, &in);
  const int good = status == ASSAY_OK && assay_same(assay_take_text(&in), assay_text("name"));
  *i = assay_take_i64(&in);
  *f = assay_take_f64(&in);
  if (status == ASSAY_OK && (!good || in.bad || in.left != 0)) status = ASSAY_E_INTERNAL;
  assay_bytes_free(&kept);
  return status;
}

double c_number(const struct ArrowSchema* schema, const struct ArrowArray* batch, int64_t column, int64_t row);
double c_number(const struct ArrowSchema* schema, const struct ArrowArray* batch, int64_t column, int64_t row) {
  return assay_number(batch, column, assay_type_of(schema->children[column]), row);
}

/* Number n of a stream, and what it is in [0, 1) and in [0, end). */
uint64_t c_random(const assay_host* host, const assay_call* call, uint64_t stream, uint64_t n, uint64_t end,
                  double* uniform, uint64_t* below);
uint64_t c_random(const assay_host* host, const assay_call* call, uint64_t stream, uint64_t n, uint64_t end,
                  double* uniform, uint64_t* below) {
  assay_random random;
  assay_random_start(&random, host, call, stream);
  *uniform = assay_random_uniform(&random, n);
  *below = assay_random_below(&random, n, end);
  return assay_random_u64(&random, n);
}

/* Takes scratch room and gives it back; whether it was zeros that can be written. */
int c_scratch(const assay_host* host, const assay_call* call, size_t bytes, int* on_disk);
int c_scratch(const assay_host* host, const assay_call* call, size_t bytes, int* on_disk) {
  assay_scratch scratch;
  char* memory = assay_scratch_take(&scratch, host, call, bytes);
  if (memory == NULL) return 0;
  *on_disk = scratch.service != NULL;
  int zeros = 1;
  for (size_t i = 0; i < bytes; ++i) zeros = zeros && memory[i] == 0;
  memset(memory, 1, bytes);
  assay_scratch_end(&scratch);
  return zeros;
}
