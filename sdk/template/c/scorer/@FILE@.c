/* @NAME@: scores with weights that were made elsewhere. The model's entry weights.txt has a column and its weight in
 * each line. */
#include "assay/plugin_c.h"
#include "assay_manifest.h" /* made from manifest.json */


typedef struct component {
  double offset;
} component;

typedef struct weight {
  char column[256];
  double weight;
  int64_t at; /* in the batches */
  char type;
} weight;

typedef struct model {
  double offset;
  size_t count;
  weight* weights;
} model;

static void model_free(model* it) {
  if (it != NULL) free(it->weights);
  free(it);
}

/* Reads one line a weight; 0 when a line is none. */
static int parse(model* it, const char* text) {
  char number[64], *end = NULL;
  int used = 0;
  while (sscanf(text, " %255s %63s%n", it->weights[it->count].column, number, &used) == 2) {
    it->weights[it->count].weight = strtod(number, &end);
    if (*end != 0 || !isfinite(it->weights[it->count].weight)) return 0;
    ++it->count;
    text += used;
  }
  return text[strspn(text, " \t\r\n")] == 0;
}

static assay_status load(void* self, const assay_call* call, const assay_source* stored, void** out) {
  assay_bytes text = {0};
  assay_status status = assay_read_entry(call, stored, "weights.txt", &text);
  assay_put(&text, "", 1); /* so that it ends with a zero */
  size_t lines = 2;
  for (size_t i = 0; !text.failed && i < text.size; ++i) lines += text.data[i] == '\n';
  model* it = calloc(1, sizeof *it);
  if (it != NULL) it->weights = calloc(lines, sizeof *it->weights);
  if (status == ASSAY_OK && (text.failed || it == NULL || it->weights == NULL)) status = assay_no_memory(call);
  /* No more weights than lines: two on one line would be a weight that is none. */
  for (const char* at = text.data; status == ASSAY_OK && *at != 0;) {
    char line[512];
    const size_t length = strcspn(at, "\n");
    const size_t before = it->count;
    snprintf(line, sizeof line, "%.*s", (int)length, at);
    if (length >= sizeof line || !parse(it, line) || it->count > before + 1)
      status = assay_failf(call, ASSAY_E_CORRUPT_ARTIFACT, "weights.txt has a line that is no column and its weight");
    at += length + (at[length] != 0);
  }
  assay_bytes_free(&text);
  if (status != ASSAY_OK) {
    model_free(it);
    return status;
  }
  it->offset = ((const component*)self)->offset;
  *out = it;
  return ASSAY_OK;
}

static assay_status bind(void* self, const assay_call* call, void* loaded, const struct ArrowSchema* input,
                         struct ArrowSchema* output) {
  (void)self;
  model* it = loaded;
  for (size_t i = 0; i < it->count; ++i) {
    it->weights[i].at = assay_find_column(input, assay_text(it->weights[i].column));
    if (it->weights[i].at < 0)
      return assay_failf(call, ASSAY_E_INVALID_DATA, "column '%s' is missing", it->weights[i].column);
    it->weights[i].type = assay_type_of(input->children[it->weights[i].at]);
  }
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_PREDICTION);
  return assay_table_export(call, &table, output, NULL);
}

static assay_status score(void* self, const assay_call* call, void* loaded, struct ArrowArray* input,
                          struct ArrowArray* output) {
  (void)self;
  const model* it = loaded;
  struct ArrowArray batch = assay_take_array(input);
  assay_table table;
  assay_table_start(&table, ASSAY_TABLE_PREDICTION);
  for (int64_t row = 0; row < batch.length; ++row) {
    double sum = it->offset;
    for (size_t i = 0; i < it->count; ++i) {
      const double value = assay_number(&batch, it->weights[i].at, it->weights[i].type, row);
      if (isfinite(value)) sum += it->weights[i].weight * value; /* an empty cell adds nothing */
    }
    assay_add_f64(&table, sum);
  }
  batch.release(&batch);
  return assay_table_export(call, &table, NULL, output);
}

static void unload(void* self, void* loaded) {
  (void)self;
  model_free(loaded);
}

static const assay_scorer_v1 scorer = {sizeof(assay_scorer_v1), 0, load, bind, score, unload};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (id == NULL) return NULL;
  if (strcmp(id, ASSAY_CAP_SCORER_V1) == 0) return &scorer;
  return NULL;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)plugin;
  component settings = {0};
  if (!assay_same(id, assay_text("@NAME@")))
    return assay_failf(call, ASSAY_E_NOT_FOUND, "this plugin has one component, @NAME@");
  if (config->get_f64(config, assay_text("/offset"), &settings.offset) != ASSAY_OK || !(settings.offset >= -1e6 && settings.offset <= 1e6))
    return assay_failf(call, ASSAY_E_INVALID_CONFIG, "setting /offset must be a number from -1e6 to 1e6");
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
