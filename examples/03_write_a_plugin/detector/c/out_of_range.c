/* SPDX-License-Identifier: Apache-2.0
 * The detector of ../out_of_range.cc in C: the same settings, the same bytes, the same answers. */
#include "assay/plugin_c.h"
#include "assay_manifest.h"

#define MAGIC "out-of-range/1"
#define ENTRY "ranges"

typedef struct range {
  int64_t rows; /* that hold a number */
  double low, high;
} range;

typedef struct watched {
  char* name;
  char type;       /* of the column, as plugin_c.h has it */
  int64_t column;  /* in the batches, -1 when the state was only read */
  range seen, reference; /* the reference has no rows when there is none */
  int64_t outside;
} watched;

typedef struct state {
  watched* column;
  size_t columns;
} state;

static const range nothing = {0, INFINITY, -INFINITY};

static void range_add(range* into, double value) {
  value += 0.0; /* a zero of either sign is one number */
  ++into->rows;
  if (value < into->low) into->low = value;
  if (value > into->high) into->high = value;
}
static void range_join(range* into, const range* other) {
  into->rows += other->rows;
  if (other->low < into->low) into->low = other->low;
  if (other->high > into->high) into->high = other->high;
}
static void range_save(const range* it, assay_bytes* out) {
  assay_put_i64(out, it->rows);
  assay_put_f64(out, it->low);
  assay_put_f64(out, it->high);
}
static range range_load(assay_cursor* in) {
  range out;
  out.rows = assay_take_i64(in);
  out.low = assay_take_f64(in);
  out.high = assay_take_f64(in);
  if (out.rows < 0 || (out.rows > 0) != (out.low <= out.high)) in->bad = 1;
  return out;
}

static void state_free(state* it) {
  if (it == NULL) return;
  for (size_t i = 0; i < it->columns; ++i) free(it->column[i].name);
  free(it->column);
  free(it);
}

/* A state without columns that has room for `columns`, or NULL. */
static state* state_make(size_t columns) {
  state* it = calloc(1, sizeof *it);
  if (it != NULL) it->column = calloc(columns + 1, sizeof *it->column);
  if (it != NULL && it->column == NULL) {
    free(it);
    return NULL;
  }
  return it;
}

/* The next column, or NULL when memory is out. */
static watched* state_add(state* it, assay_str name) {
  watched* column = &it->column[it->columns];
  *column = (watched){.name = malloc((size_t)name.size + 1), .column = -1, .seen = nothing, .reference = nothing};
  if (column->name == NULL) return NULL;
  if (name.size > 0) memcpy(column->name, name.data, (size_t)name.size);
  column->name[name.size] = 0;
  ++it->columns;
  return column;
}

/* Reads a stored state; NULL leaves the status of the failure in *status. */
static state* state_load(const assay_call* call, const assay_source* source, assay_status* status) {
  assay_bytes kept = {0};
  assay_cursor in = {0};
  state* it = NULL;
  *status = assay_read_sealed(call, source, ENTRY, MAGIC, &kept, &in);
  if (*status == ASSAY_OK) {
    const size_t columns = assay_take_count(&in, 64);
    it = state_make(columns);
    int memory = it != NULL;
    for (size_t i = 0; memory && !in.bad && i < columns; ++i) {
      watched* column = state_add(it, assay_take_text(&in));
      memory = column != NULL;
      if (!memory) break;
      column->seen = range_load(&in);
      column->reference = range_load(&in);
      column->outside = assay_take_i64(&in);
      if (column->outside < 0 || column->outside > column->seen.rows) in.bad = 1;
    }
    if (!memory) *status = assay_no_memory(call);
    else if (in.bad || in.left != 0)
      *status = assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "the stored ranges do not parse; fetch the version again");
  }
  assay_bytes_free(&kept);
  if (*status == ASSAY_OK) return it;
  state_free(it);
  return NULL;
}

/* Where the columns stand in the batches; -1 leaves one out. */
static void state_bind(state* it, const struct ArrowSchema* schema) {
  for (size_t i = 0; i < it->columns; ++i) {
    watched* column = &it->column[i];
    column->column = assay_find_column(schema, assay_text(column->name));
    if (column->column >= 0) column->type = assay_type_of(schema->children[column->column]);
  }
}

typedef struct detector {
  double threshold;
} detector;

static assay_status detector_begin(void* self, const assay_call* call, const struct ArrowSchema* schema,
                                   const assay_roles* roles, const assay_source* reference, void** out) {
  (void)self, (void)roles;
  assay_status status = ASSAY_OK;
  state* known = NULL;
  if (reference != NULL && (known = state_load(call, reference, &status)) == NULL) return status;
  state* it = state_make((size_t)schema->n_children);
  for (int64_t i = 0; it != NULL && i < schema->n_children; ++i) {
    const char type = assay_type_of(schema->children[i]);
    if (type != 'g' && type != 'l') continue;
    watched* column = state_add(it, assay_text(schema->children[i]->name == NULL ? "" : schema->children[i]->name));
    if (column == NULL) {
      state_free(it);
      it = NULL;
      break;
    }
    for (size_t j = 0; known != NULL && j < known->columns; ++j)
      if (strcmp(known->column[j].name, column->name) == 0) column->reference = known->column[j].seen;
  }
  state_free(known);
  if (it == NULL) return assay_no_memory(call);
  state_bind(it, schema);
  *out = it;
  return ASSAY_OK;
}

static assay_status detector_restore(void* self, const assay_call* call, const struct ArrowSchema* schema,
                                     const assay_roles* roles, const assay_source* saved, void** out) {
  (void)self, (void)roles;
  assay_status status = ASSAY_OK;
  state* it = state_load(call, saved, &status);
  if (it == NULL) return status;
  state_bind(it, schema);
  *out = it;
  return ASSAY_OK;
}

static assay_status detector_update(void* self, const assay_call* call, void* opened, struct ArrowArray* moved) {
  (void)self;
  struct ArrowArray batch = assay_take_array(moved);
  const state* it = opened;
  assay_status status = ASSAY_OK;
  for (size_t i = 0; status == ASSAY_OK && i < it->columns; ++i) {
    watched* column = &it->column[i];
    if (column->column < 0 || column->column >= batch.n_children) {
      status = assay_failf(call, ASSAY_E_INVALID_DATA, "column '%s' is missing", column->name);
      break;
    }
    for (int64_t row = 0; row < batch.length; ++row) {
      const double value = assay_number(&batch, column->column, column->type, row);
      if (isnan(value)) continue; /* empty cells are another plugin's business */
      range_add(&column->seen, value);
      column->outside += value < column->reference.low || value > column->reference.high;
    }
  }
  batch.release(&batch);
  return status;
}

static assay_status detector_merge(void* self, const assay_call* call, void* into, void* from) {
  (void)self, (void)call;
  const state *to = into, *other = from;
  for (size_t i = 0; i < to->columns && i < other->columns; ++i) {
    range_join(&to->column[i].seen, &other->column[i].seen);
    to->column[i].outside += other->column[i].outside;
  }
  return ASSAY_OK;
}

static assay_status detector_save(void* self, const assay_call* call, void* opened, const assay_sink* sink) {
  (void)self;
  const state* it = opened;
  assay_bytes bytes = {0};
  assay_put_u64(&bytes, it->columns);
  for (size_t i = 0; i < it->columns; ++i) {
    assay_put_text(&bytes, assay_text(it->column[i].name));
    range_save(&it->column[i].seen, &bytes);
    range_save(&it->column[i].reference, &bytes);
    assay_put_i64(&bytes, it->column[i].outside);
  }
  const assay_status status = assay_write_sealed(call, sink, ENTRY, MAGIC, &bytes);
  assay_bytes_free(&bytes);
  return status;
}

static assay_status detector_finish(void* self, const assay_call* call, void* opened, const assay_sink* extras,
                                    struct ArrowSchema* schema, struct ArrowArray* rows) {
  (void)extras;
  const detector* settings = self;
  const state* it = opened;
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_DRIFT);
  for (size_t i = 0; i < it->columns; ++i) {
    const watched* column = &it->column[i];
    if (column->reference.rows == 0) continue;
    const double share = column->seen.rows == 0 ? 0 : (double)column->outside / (double)column->seen.rows;
    assay_add_text(&table, assay_text(column->name));
    assay_add_text(&table, assay_text("share_out_of_range"));
    assay_add_f64(&table, share);
    assay_add_null(&table);
    assay_add_f64(&table, settings->threshold);
    assay_add_bool(&table, share > settings->threshold);
    assay_add_i64(&table, column->reference.rows);
    assay_add_i64(&table, column->seen.rows);
  }
  return assay_table_export(call, &table, schema, rows);
}

static void detector_end(void* self, void* opened) {
  (void)self;
  state_free(opened);
}

static const assay_fold_v1 fold = {sizeof(assay_fold_v1), 0,
                                   detector_begin,        detector_update,
                                   detector_merge,        detector_save,
                                   detector_restore,      detector_finish,
                                   detector_end};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  return id != NULL && strcmp(id, ASSAY_CAP_DRIFT_V1) == 0 ? &fold : NULL;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)plugin;
  double threshold = 0;
  if (!assay_same(id, assay_text("out-of-range")))
    return assay_failf(call, ASSAY_E_NOT_FOUND, "this plugin has one component, out-of-range");
  if (config->get_f64(config, assay_text("/threshold"), &threshold) != ASSAY_OK || !(threshold >= 0 && threshold <= 1))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /threshold must be a number from 0 to 1");
  detector* self = malloc(sizeof *self);
  if (self == NULL) return assay_no_memory(call);
  self->threshold = threshold;
  assay_component component = {0};
  component.self = self;
  component.get_capability = get_capability;
  component.destroy = free;
  const assay_status status = assay_fill(out, &component, sizeof component);
  if (status != ASSAY_OK) free(self);
  return status;
}

ASSAY_C_PLUGIN(ASSAY_MANIFEST_JSON, create)
