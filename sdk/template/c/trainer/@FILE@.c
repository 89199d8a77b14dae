/* @NAME@: learns the mean of the label over a share of the rows, and answers it for every row. */
#include "assay/plugin_c.h"
#include "assay/services_c.h"
#include "assay_manifest.h" /* made from manifest.json */

#define MAGIC "@NAME@/1"

typedef struct component {
  const assay_host* host;
  double scale, share;
} component;

typedef struct learning {
  assay_random random; /* by the call's seed; number n is the same however the rows are cut into batches */
  uint64_t n;
  double share, sum, rows;
} learning;

/* Adds up the label of one batch; the caller releases it. */
static assay_status add_up(const assay_call* call, const struct ArrowArray* batch, char type, learning* so_far) {
  for (int64_t row = 0; row < batch->length; ++row) {
    if (assay_random_uniform(&so_far->random, so_far->n++) >= so_far->share) continue;
    const double label = assay_number(batch, 0, type, row);
    if (!isfinite(label))
      return assay_failf(call, ASSAY_E_INVALID_DATA, "a label is missing or not a finite number");
    so_far->sum += label;
    ++so_far->rows;
  }
  return ASSAY_OK;
}

static assay_status read_rows(const assay_call* call, struct ArrowArrayStream* stream, learning* so_far) {
  struct ArrowSchema schema = {0};
  if (stream->get_schema(stream, &schema) != 0 || schema.n_children != 1)
    return assay_failf(call, ASSAY_E_IO, "reading the schema of the rows failed");
  const char type = assay_type_of(schema.children[0]);
  schema.release(&schema);
  for (;;) {
    assay_status status = call->should_stop(call); /* at least every 250 ms of work */
    if (status != ASSAY_OK) return assay_failf(call, status, "stopped while learning");
    struct ArrowArray batch = {0};
    if (stream->get_next(stream, &batch) != 0) return assay_failf(call, ASSAY_E_IO, "reading the rows failed");
    if (batch.release == NULL) return ASSAY_OK;
    status = add_up(call, &batch, type, so_far);
    batch.release(&batch);
    if (status != ASSAY_OK) return status;
  }
}

static assay_status fit(void* self, const assay_call* call, const assay_dataset* train, const assay_dataset* valid,
                        const assay_source* warm_start, const assay_sink* model) {
  (void)valid, (void)warm_start;
  assay_str label;
  if (train->roles->get(train->roles, assay_text("label"), 0, &label) != ASSAY_OK)
    return assay_failf(call, ASSAY_E_INVALID_DATA, "no column plays the role 'label'; say which one is the label");
  const assay_scan_options options = {.struct_size = sizeof options, .columns = &label, .column_count = 1};
  struct ArrowArrayStream stream = {0};
  assay_status status = train->scan(train, call, &options, &stream);
  if (status != ASSAY_OK) return assay_failf(call, status, "reading the rows of the dataset failed");
  const component* settings = self;
  learning so_far = {.share = settings->share};
  assay_random_start(&so_far.random, settings->host, call, 0);
  status = read_rows(call, &stream, &so_far);
  stream.release(&stream);
  if (status != ASSAY_OK) return status;
  if (so_far.rows == 0) return assay_failf(call, ASSAY_E_INVALID_DATA, "there are no rows to learn from");
  if (call->metric != NULL) call->metric(call, assay_text("train_mean"), 0, so_far.sum / so_far.rows);
  assay_bytes bytes = {0};
  assay_put_f64(&bytes, settings->scale * so_far.sum / so_far.rows);
  status = assay_write_sealed(call, model, "mean", MAGIC, &bytes);
  assay_bytes_free(&bytes);
  return status;
}

static assay_status load(void* self, const assay_call* call, const assay_source* stored, void** out) {
  (void)self;
  assay_bytes kept = {0};
  assay_cursor in = {0};
  assay_status status = assay_read_sealed(call, stored, "mean", MAGIC, &kept, &in); /* CORRUPT_ARTIFACT if altered */
  const double answer = assay_take_f64(&in);
  if (status == ASSAY_OK && (in.bad || in.left != 0 || !isfinite(answer))) /* whoever can write it can seal it */
    status = assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "the stored mean does not parse");
  assay_bytes_free(&kept);
  if (status != ASSAY_OK) return status;
  double* model = malloc(sizeof *model);
  if (model == NULL) return assay_no_memory(call);
  *model = answer;
  *out = model;
  return ASSAY_OK;
}

static assay_status bind(void* self, const assay_call* call, void* model, const struct ArrowSchema* input,
                         struct ArrowSchema* output) {
  (void)self, (void)model, (void)input; /* check your columns here */
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_PREDICTION);
  return assay_table_export(call, &table, output, NULL);
}

static assay_status score(void* self, const assay_call* call, void* model, struct ArrowArray* input,
                          struct ArrowArray* output) {
  (void)self;
  struct ArrowArray batch = assay_take_array(input);
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_PREDICTION);
  for (int64_t row = 0; row < batch.length; ++row) assay_add_f64(&table, *(const double*)model);
  batch.release(&batch);
  return assay_table_export(call, &table, NULL, output);
}

static void unload(void* self, void* model) {
  (void)self;
  free(model);
}

static const assay_trainer_v1 trainer = {sizeof(assay_trainer_v1), 0, fit};
static const assay_scorer_v1 scorer = {sizeof(assay_scorer_v1), 0, load, bind, score, unload};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (id == NULL) return NULL;
  if (strcmp(id, ASSAY_CAP_TRAINER_V1) == 0) return &trainer;
  if (strcmp(id, ASSAY_CAP_SCORER_V1) == 0) return &scorer;
  return NULL;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  component settings = {.host = plugin};
  if (!assay_same(id, assay_text("@NAME@")))
    return assay_failf(call, ASSAY_E_NOT_FOUND, "this plugin has one component, @NAME@");
  if (config->get_f64(config, assay_text("/scale"), &settings.scale) != ASSAY_OK || !(settings.scale >= 0 && settings.scale <= 10))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /scale must be a number from 0 to 10");
  if (config->get_f64(config, assay_text("/share"), &settings.share) != ASSAY_OK || !(settings.share >= 0.01 && settings.share <= 1))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /share must be a number from 0.01 to 1");
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
