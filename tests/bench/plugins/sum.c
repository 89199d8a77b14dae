/* SPDX-License-Identifier: Apache-2.0
 * The plugin that is timed: it reads every f64 it is given, once, and does nothing else, so that what is left of a
 * call's time is the crossing. A fold adds all cells up; a scorer answers each row's sum. Plain C, over abi.h alone. */
#include <stdlib.h>
#include <string.h>

#include "assay/abi.h"

static const char kManifest[] __attribute__((section(".assay.manifest"), used)) =
    "{\"manifest_version\":1,\"id\":\"sum\",\"version\":\"1.0.0\",\"license\":\"Apache-2.0\","
    "\"abi\":{\"major\":1,\"min_minor\":0},\"components\":[{\"id\":\"sum\","
    "\"capabilities\":[\"assay.evaluator/1\",\"assay.scorer/1\"],\"config_schema\":{\"type\":\"object\"}}]}";

/* Four sums side by side, so that memory and not the adder is the limit. */
static double add_up(const double* values, int64_t count) {
  double a = 0, b = 0, c = 0, d = 0;
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    a += values[i];
    b += values[i + 1];
    c += values[i + 2];
    d += values[i + 3];
  }
  for (; i < count; ++i) a += values[i];
  return a + b + c + d;
}

static const double* values_of(const struct ArrowArray* batch, int64_t column) {
  const struct ArrowArray* child = batch->children[column];
  return (const double*)child->buffers[1] + child->offset + batch->offset;
}

/* ---- The fold ---- */

static assay_status begin(void* self, const assay_call* call, const struct ArrowSchema* schema, const assay_roles* roles,
                          const assay_source* reference, void** out) {
  (void)self, (void)call, (void)schema, (void)roles, (void)reference;
  *out = calloc(1, sizeof(double));
  return *out == NULL ? ASSAY_E_OUT_OF_MEMORY : ASSAY_OK;
}

static assay_status update(void* self, const assay_call* call, void* state, struct ArrowArray* batch) {
  (void)self, (void)call;
  double sum = 0;
  for (int64_t i = 0; i < batch->n_children; ++i) sum += add_up(values_of(batch, i), batch->length);
  *(double*)state += sum;
  batch->release(batch);
  return ASSAY_OK;
}

static assay_status merge(void* self, const assay_call* call, void* into, void* from) {
  (void)self, (void)call;
  *(double*)into += *(double*)from;
  return ASSAY_OK;
}

static assay_status save(void* self, const assay_call* call, void* state, const assay_sink* out) {
  (void)self, (void)call, (void)state, (void)out;
  return ASSAY_E_UNSUPPORTED;
}

static assay_status restore(void* self, const assay_call* call, const struct ArrowSchema* schema,
                            const assay_roles* roles, const assay_source* saved, void** out) {
  (void)self, (void)call, (void)schema, (void)roles, (void)saved, (void)out;
  return ASSAY_E_UNSUPPORTED;
}

static assay_status finish(void* self, const assay_call* call, void* state, const assay_sink* extras,
                           struct ArrowSchema* schema, struct ArrowArray* table) {
  (void)self, (void)state, (void)extras, (void)schema, (void)table;
  static const char why[] = "this fold is only timed";
  const assay_str message = {why, sizeof why - 1}, none = {NULL, 0};
  return call->fail(call, ASSAY_E_UNSUPPORTED, message, none);
}

static void end(void* self, void* state) {
  (void)self;
  free(state);
}

static const assay_fold_v1 kFold = {sizeof kFold, 0, begin, update, merge, save, restore, finish, end};

/* ---- The scorer ---- */

static assay_status load(void* self, const assay_call* call, const assay_source* model, void** out) {
  (void)call, (void)model;
  *out = self;
  return ASSAY_OK;
}

static void release_schema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) schema->children[i]->release(schema->children[i]);
  schema->release = NULL;
}

static assay_status bind(void* self, const assay_call* call, void* model, const struct ArrowSchema* in,
                         struct ArrowSchema* out) {
  (void)self, (void)call, (void)model, (void)in;
  static struct ArrowSchema column;
  static struct ArrowSchema* children[] = {&column};
  column = (struct ArrowSchema){.format = "g", .name = "prediction", .release = release_schema};
  *out = (struct ArrowSchema){
      .format = "+s", .name = "", .n_children = 1, .children = children, .release = release_schema};
  return ASSAY_OK;
}

/* One allocation for an answer: its structs and, behind them, its numbers. */
struct answer {
  struct ArrowArray column;
  struct ArrowArray* children[1];
  const void* struct_buffers[1];
  const void* column_buffers[2];
  double values[];
};

static void release_column(struct ArrowArray* array) { array->release = NULL; }
static void release_answer(struct ArrowArray* array) {
  free(array->private_data);
  array->release = NULL;
}

static assay_status score(void* self, const assay_call* call, void* model, struct ArrowArray* in,
                          struct ArrowArray* out) {
  (void)self, (void)call, (void)model;
  struct answer* made = malloc(sizeof *made + (size_t)in->length * sizeof(double));
  if (made == NULL) return ASSAY_E_OUT_OF_MEMORY;
  memset(made->values, 0, (size_t)in->length * sizeof(double));
  for (int64_t i = 0; i < in->n_children; ++i) {
    const double* values = values_of(in, i);
    for (int64_t row = 0; row < in->length; ++row) made->values[row] += values[row];
  }
  made->struct_buffers[0] = made->column_buffers[0] = NULL;
  made->column_buffers[1] = made->values;
  made->column = (struct ArrowArray){
      .length = in->length, .n_buffers = 2, .buffers = made->column_buffers, .release = release_column};
  made->children[0] = &made->column;
  *out = (struct ArrowArray){.length = in->length,
                             .n_buffers = 1,
                             .n_children = 1,
                             .buffers = made->struct_buffers,
                             .children = made->children,
                             .release = release_answer,
                             .private_data = made};
  in->release(in);
  return ASSAY_OK;
}

static void unload(void* self, void* model) { (void)self, (void)model; }

static const assay_scorer_v1 kScorer = {sizeof kScorer, 0, load, bind, score, unload};

/* ---- The plugin ---- */

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (strcmp(id, ASSAY_CAP_EVALUATOR_V1) == 0) return &kFold;
  return strcmp(id, ASSAY_CAP_SCORER_V1) == 0 ? &kScorer : NULL;
}
static void destroy(void* self) { (void)self; }

static assay_status create(void* self, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)call, (void)config;
  if (id.size != 3 || memcmp(id.data, "sum", 3) != 0) return ASSAY_E_NOT_FOUND;
  const assay_component made = {sizeof made, 0, self, get_capability, destroy};
  memcpy(out, &made, out->struct_size < sizeof made ? out->struct_size : sizeof made);
  return ASSAY_OK;
}
static void close_plugin(void* self) { (void)self; }

ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call, assay_plugin* out) {
  (void)host, (void)call;
  static int anything;
  const assay_plugin made = {sizeof made, 0, &anything, {kManifest, sizeof kManifest - 1}, create, NULL, close_plugin};
  memcpy(out, &made, out->struct_size < sizeof made ? out->struct_size : sizeof made);
  return ASSAY_OK;
}
