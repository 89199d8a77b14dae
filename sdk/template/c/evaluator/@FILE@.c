/* @NAME@: the share of rows on whose label (0 or 1) the score is right. */
#include "assay/plugin_c.h"
#include "assay_manifest.h" /* made from manifest.json */

#define MAGIC "@NAME@/1"

typedef struct component {
  double cut;
} component;

/* Only counts, so that neither batches nor the order of merges matter. */
typedef struct state {
  int64_t label, score; /* where they stand in the batches */
  char label_type, score_type;
  int64_t right, rows;
} state;

static assay_status find_role(const assay_call* call, const struct ArrowSchema* schema, const assay_roles* roles,
                              const char* role, int64_t* at, char* type) {
  assay_str column;
  if (roles == NULL || roles->get(roles, assay_text(role), 0, &column) != ASSAY_OK)
    return assay_failf(call, ASSAY_E_INVALID_DATA, "no column plays the role '%s'; say which one it is", role);
  *at = assay_find_column(schema, column);
  if (*at < 0) return assay_failf(call, ASSAY_E_INVALID_DATA, "the column that plays '%s' is missing", role);
  *type = assay_type_of(schema->children[*at]);
  return ASSAY_OK;
}

static assay_status begin(void* self, const assay_call* call, const struct ArrowSchema* schema,
                          const assay_roles* roles, const assay_source* reference, void** out) {
  (void)self, (void)reference;
  state it = {0};
  assay_status status = find_role(call, schema, roles, "label", &it.label, &it.label_type);
  if (status == ASSAY_OK) status = find_role(call, schema, roles, "score", &it.score, &it.score_type);
  if (status != ASSAY_OK) return status;
  state* made = malloc(sizeof *made);
  if (made == NULL) return assay_no_memory(call);
  *made = it;
  *out = made;
  return ASSAY_OK;
}

static assay_status update(void* self, const assay_call* call, void* opened, struct ArrowArray* moved) {
  const component* settings = self;
  state* it = opened;
  struct ArrowArray batch = assay_take_array(moved);
  assay_status status = ASSAY_OK;
  for (int64_t row = 0; status == ASSAY_OK && row < batch.length; ++row) {
    const double label = assay_number(&batch, it->label, it->label_type, row);
    const double score = assay_number(&batch, it->score, it->score_type, row);
    if ((label != 0 && label != 1) || isnan(score))
      status = assay_failf(call, ASSAY_E_INVALID_DATA, "row %lld: a label must be 0 or 1 and a score must be a number",
                           (long long)row);
    it->right += (score >= settings->cut) == (label == 1);
    ++it->rows;
  }
  batch.release(&batch);
  return status;
}

static assay_status merge(void* self, const assay_call* call, void* into, void* from) {
  (void)self, (void)call;
  ((state*)into)->right += ((const state*)from)->right;
  ((state*)into)->rows += ((const state*)from)->rows;
  return ASSAY_OK;
}

static assay_status save(void* self, const assay_call* call, void* opened, const assay_sink* sink) {
  (void)self;
  assay_bytes bytes = {0};
  assay_put_i64(&bytes, ((const state*)opened)->right);
  assay_put_i64(&bytes, ((const state*)opened)->rows);
  const assay_status status = assay_write_sealed(call, sink, "counts", MAGIC, &bytes);
  assay_bytes_free(&bytes);
  return status;
}

static assay_status restore(void* self, const assay_call* call, const struct ArrowSchema* schema,
                            const assay_roles* roles, const assay_source* saved, void** out) {
  assay_bytes kept = {0};
  assay_cursor in = {0};
  assay_status status = assay_read_sealed(call, saved, "counts", MAGIC, &kept, &in);
  const int64_t right = assay_take_i64(&in), rows = assay_take_i64(&in);
  if (status == ASSAY_OK && (in.bad || in.left != 0 || right < 0 || right > rows))
    status = assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "the stored counts do not parse");
  assay_bytes_free(&kept);
  if (status == ASSAY_OK) status = begin(self, call, schema, roles, NULL, out);
  if (status != ASSAY_OK) return status;
  ((state*)*out)->right = right;
  ((state*)*out)->rows = rows;
  return ASSAY_OK;
}

static assay_status finish(void* self, const assay_call* call, void* opened, const assay_sink* extras,
                           struct ArrowSchema* schema, struct ArrowArray* rows) {
  (void)self, (void)extras;
  const state* it = opened;
  if (it->rows == 0) return assay_failf(call, ASSAY_E_INVALID_DATA, "there are no rows to judge");
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_METRIC);
  assay_add_text(&table, assay_text("accuracy"));
  assay_add_f64(&table, (double)it->right / (double)it->rows);
  assay_add_null(&table);
  assay_add_null(&table);
  assay_add_text(&table, assay_text(""));
  assay_add_i64(&table, it->rows);
  assay_add_bool(&table, 1);
  return assay_table_export(call, &table, schema, rows);
}

static void end(void* self, void* opened) {
  (void)self;
  free(opened);
}

static const assay_fold_v1 fold = {sizeof(assay_fold_v1), 0, begin, update, merge, save, restore, finish, end};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (id == NULL) return NULL;
  if (strcmp(id, ASSAY_CAP_EVALUATOR_V1) == 0) return &fold;
  return NULL;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)plugin;
  component settings = {0};
  if (!assay_same(id, assay_text("@NAME@")))
    return assay_failf(call, ASSAY_E_NOT_FOUND, "this plugin has one component, @NAME@");
  if (config->get_f64(config, assay_text("/cut"), &settings.cut) != ASSAY_OK || !(settings.cut >= 0 && settings.cut <= 1))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /cut must be a number from 0 to 1");
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
