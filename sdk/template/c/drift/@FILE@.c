/* @NAME@: how much more or less often cells are empty than in the reference. */
#include "assay/plugin_c.h"
#include "assay_manifest.h" /* made from manifest.json */

#define MAGIC "@NAME@/1"

typedef struct component {
  double threshold;
} component;

/* Only counts, so that neither batches nor the order of merges matter. */
typedef struct counts {
  char* column;
  int64_t rows, empty, reference_rows, reference_empty; /* no rows when there is no reference */
  int64_t at;                                           /* in the batches, -1 when it is not there */
} counts;

typedef struct state {
  size_t columns;
  counts* column;
} state;

static void state_free(state* it) {
  for (size_t i = 0; it != NULL && i < it->columns; ++i) free(it->column[i].column);
  if (it != NULL) free(it->column);
  free(it);
}

static state* state_make(size_t room) {
  state* it = calloc(1, sizeof *it);
  if (it != NULL && (it->column = calloc(room + 1, sizeof *it->column)) == NULL) {
    free(it);
    return NULL;
  }
  return it;
}

static counts* state_add(state* it, assay_str name, const struct ArrowSchema* schema) {
  counts* column = &it->column[it->columns];
  column->column = malloc((size_t)name.size + 1);
  if (column->column == NULL) return NULL;
  if (name.size > 0) memcpy(column->column, name.data, (size_t)name.size);
  column->column[name.size] = 0;
  column->at = schema == NULL ? -1 : assay_find_column(schema, name);
  ++it->columns;
  return column;
}

/* A stored state; NULL leaves the failure in *status. */
static state* state_load(const assay_call* call, const assay_source* source, const struct ArrowSchema* schema,
                         assay_status* status) {
  assay_bytes kept = {0};
  assay_cursor in = {0};
  state* it = NULL;
  *status = assay_read_sealed(call, source, "counts", MAGIC, &kept, &in); /* CORRUPT_ARTIFACT if altered */
  if (*status == ASSAY_OK) {
    const size_t columns = assay_take_count(&in, 40);
    if ((it = state_make(columns)) == NULL) *status = assay_no_memory(call);
    for (size_t i = 0; *status == ASSAY_OK && !in.bad && i < columns; ++i) {
      counts* column = state_add(it, assay_take_text(&in), schema);
      if (column == NULL) {
        *status = assay_no_memory(call);
        break;
      }
      column->rows = assay_take_i64(&in);
      column->empty = assay_take_i64(&in);
      column->reference_rows = assay_take_i64(&in);
      column->reference_empty = assay_take_i64(&in);
      if (column->empty < 0 || column->empty > column->rows || column->reference_empty < 0 ||
          column->reference_empty > column->reference_rows)
        in.bad = 1;
    }
    if (*status == ASSAY_OK && (in.bad || in.left != 0))
      *status = assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "the stored counts do not parse");
  }
  assay_bytes_free(&kept);
  if (*status == ASSAY_OK) return it;
  state_free(it);
  return NULL;
}

static assay_status begin(void* self, const assay_call* call, const struct ArrowSchema* schema,
                          const assay_roles* roles, const assay_source* reference, void** out) {
  (void)self, (void)roles;
  assay_status status = ASSAY_OK;
  state* known = NULL;
  if (reference != NULL && (known = state_load(call, reference, NULL, &status)) == NULL) return status;
  state* it = state_make((size_t)schema->n_children);
  if (it == NULL) status = assay_no_memory(call);
  for (int64_t i = 0; status == ASSAY_OK && i < schema->n_children; ++i) {
    const char* name = schema->children[i]->name;
    counts* column = state_add(it, assay_text(name == NULL ? "" : name), schema);
    if (column == NULL) status = assay_no_memory(call);
    for (size_t j = 0; column != NULL && known != NULL && j < known->columns; ++j) {
      if (strcmp(known->column[j].column, column->column) != 0) continue;
      column->reference_rows = known->column[j].rows;
      column->reference_empty = known->column[j].empty;
    }
  }
  state_free(known);
  if (status == ASSAY_OK) *out = it;
  else state_free(it);
  return status;
}

static assay_status restore(void* self, const assay_call* call, const struct ArrowSchema* schema,
                            const assay_roles* roles, const assay_source* saved, void** out) {
  (void)self, (void)roles;
  assay_status status = ASSAY_OK;
  state* it = state_load(call, saved, schema, &status);
  if (it != NULL) *out = it;
  return status;
}

static assay_status update(void* self, const assay_call* call, void* opened, struct ArrowArray* moved) {
  (void)self;
  state* it = opened;
  struct ArrowArray batch = assay_take_array(moved);
  assay_status status = ASSAY_OK;
  for (size_t i = 0; status == ASSAY_OK && i < it->columns; ++i) {
    counts* column = &it->column[i];
    if (column->at < 0) {
      status = assay_failf(call, ASSAY_E_INVALID_DATA, "column '%s' is missing", column->column);
      break;
    }
    column->rows += batch.length;
    for (int64_t row = 0; row < batch.length; ++row) column->empty += assay_is_null(&batch, column->at, row);
  }
  batch.release(&batch);
  return status;
}

static assay_status merge(void* self, const assay_call* call, void* into, void* from) {
  (void)self, (void)call;
  state *to = into, *other = from;
  for (size_t i = 0; i < to->columns && i < other->columns; ++i) {
    to->column[i].rows += other->column[i].rows;
    to->column[i].empty += other->column[i].empty;
  }
  return ASSAY_OK;
}

static assay_status save(void* self, const assay_call* call, void* opened, const assay_sink* sink) {
  (void)self;
  const state* it = opened;
  assay_bytes bytes = {0};
  assay_put_u64(&bytes, it->columns);
  for (size_t i = 0; i < it->columns; ++i) {
    assay_put_text(&bytes, assay_text(it->column[i].column));
    assay_put_i64(&bytes, it->column[i].rows);
    assay_put_i64(&bytes, it->column[i].empty);
    assay_put_i64(&bytes, it->column[i].reference_rows);
    assay_put_i64(&bytes, it->column[i].reference_empty);
  }
  const assay_status status = assay_write_sealed(call, sink, "counts", MAGIC, &bytes);
  assay_bytes_free(&bytes);
  return status;
}

static double share(int64_t part, int64_t all) { return all == 0 ? 0 : (double)part / (double)all; }

static assay_status finish(void* self, const assay_call* call, void* opened, const assay_sink* extras,
                           struct ArrowSchema* schema, struct ArrowArray* rows) {
  (void)extras;
  const double threshold = ((const component*)self)->threshold;
  const state* it = opened;
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_DRIFT);
  for (size_t i = 0; i < it->columns; ++i) {
    const counts* column = &it->column[i];
    if (column->reference_rows == 0) continue;
    const double change =
        fabs(share(column->empty, column->rows) - share(column->reference_empty, column->reference_rows));
    assay_add_text(&table, assay_text(column->column));
    assay_add_text(&table, assay_text("change_of_empty_share"));
    assay_add_f64(&table, change);
    assay_add_null(&table);
    assay_add_f64(&table, threshold);
    assay_add_bool(&table, change > threshold);
    assay_add_i64(&table, column->reference_rows);
    assay_add_i64(&table, column->rows);
  }
  return assay_table_export(call, &table, schema, rows);
}

static void end(void* self, void* opened) {
  (void)self;
  state_free(opened);
}

static const assay_fold_v1 fold = {sizeof(assay_fold_v1), 0, begin, update, merge, save, restore, finish, end};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (id == NULL) return NULL;
  if (strcmp(id, ASSAY_CAP_DRIFT_V1) == 0) return &fold;
  return NULL;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)plugin;
  component settings = {0};
  if (!assay_same(id, assay_text("@NAME@")))
    return assay_failf(call, ASSAY_E_NOT_FOUND, "this plugin has one component, @NAME@");
  if (config->get_f64(config, assay_text("/threshold"), &settings.threshold) != ASSAY_OK || !(settings.threshold >= 0 && settings.threshold <= 1))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /threshold must be a number from 0 to 1");
  component* self = malloc(sizeof *self);
  if (self == NULL) return assay_no_memory(call);
  *self = settings;
  assay_component answer = {0};
  answer.self = self;
  answer.get_capability = get_capability;
  answer.destroy = free;
  const assay_status status = assay_fill(out, &answer, sizeof answer);
  if (status != ASSAY_OK) free(self);
  return status;
}

ASSAY_C_PLUGIN(ASSAY_MANIFEST_JSON, create)
