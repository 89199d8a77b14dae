/* SPDX-License-Identifier: Apache-2.0
 * A plugin as it was written for the first minor: the two headers beside it, and nothing newer. It is never changed;
 * whatever the SDK becomes, the host builds, loads and runs it (tests/story/released_plugin_test.sh). A trainer that
 * counts rows, and a scorer that answers the count. */
#include <stdlib.h>
#include <string.h>

#include "assay/abi.h"

#define TEXT(literal) ((assay_str){literal, sizeof(literal) - 1})
#define MANIFEST                                                                                                   \
  "{\"manifest_version\":1,\"id\":\"released\",\"version\":\"1.0.0\",\"abi\":{\"major\":1,\"min_minor\":0},"       \
  "\"components\":[{\"id\":\"released\",\"capabilities\":[\"assay.trainer/1\",\"assay.scorer/1\"],"                \
  "\"config_schema\":{\"type\":\"object\",\"properties\":{\"plus\":{\"type\":\"number\",\"default\":0.5}}}}]}"

__attribute__((section(".assay.manifest"), used)) static const char manifest[] = MANIFEST;

static assay_status fail(const assay_call* call, assay_status status, assay_str what) {
  return call->fail(call, status, what, (assay_str){NULL, 0});
}

static assay_status fit(void* self, const assay_call* call, const assay_dataset* train, const assay_dataset* valid,
                        const assay_source* warm_start, const assay_sink* model) {
  struct ArrowArrayStream stream;
  assay_str label;
  double rows = *(const double*)self;
  (void)valid, (void)warm_start;
  memset(&stream, 0, sizeof stream);
  if (train->roles->get(train->roles, TEXT("label"), 0, &label) != ASSAY_OK)
    return fail(call, ASSAY_E_INVALID_DATA, TEXT("no label"));
  assay_scan_options options = {sizeof options, 0, 7, &label, 1};
  assay_status status = train->scan(train, call, &options, &stream);
  if (status != ASSAY_OK) return fail(call, status, TEXT("scan"));
  for (;;) {
    struct ArrowArray batch;
    memset(&batch, 0, sizeof batch);
    status = call->should_stop(call);
    if (status == ASSAY_OK && stream.get_next(&stream, &batch) != 0) status = ASSAY_E_IO;
    if (status != ASSAY_OK || batch.release == NULL) break;
    rows += (double)batch.length;
    batch.release(&batch);
  }
  stream.release(&stream);
  if (status != ASSAY_OK) return fail(call, status, TEXT("rows"));
  if (call->metric != NULL) call->metric(call, TEXT("rows"), 0, rows);
  assay_writer writer;
  memset(&writer, 0, sizeof writer);
  writer.struct_size = sizeof writer;
  status = model->open(model, call, TEXT("rows"), TEXT("application/octet-stream"), &writer);
  if (status != ASSAY_OK) return fail(call, status, TEXT("open"));
  const char* at = (const char*)&rows;
  for (uint64_t left = sizeof rows, taken = 0; left > 0; left -= taken, at += taken) {
    status = writer.write(&writer, call, at, left, &taken);
    if (status != ASSAY_OK || taken == 0) {
      writer.abort(&writer);
      return fail(call, ASSAY_E_IO, TEXT("write"));
    }
  }
  return writer.finish(&writer, call);
}

static assay_status load(void* self, const assay_call* call, const assay_source* stored, void** out) {
  assay_reader reader;
  double rows = 0;
  uint64_t had = 0;
  (void)self;
  memset(&reader, 0, sizeof reader);
  reader.struct_size = sizeof reader;
  if (stored->open(stored, call, TEXT("rows"), &reader) != ASSAY_OK)
    return fail(call, ASSAY_E_CORRUPT_ARTIFACT, TEXT("no rows"));
  for (uint64_t got = 1; had < sizeof rows && got > 0; had += got)
    if (reader.read(&reader, call, (char*)&rows + had, sizeof rows - had, &got) != ASSAY_OK) break;
  reader.close(&reader);
  double* model = had == sizeof rows ? malloc(sizeof *model) : NULL;
  if (model == NULL) return fail(call, ASSAY_E_CORRUPT_ARTIFACT, TEXT("rows"));
  *model = rows;
  *out = model;
  return ASSAY_OK;
}

/* One column "prediction" in one allocation each. */
static void release_schema(struct ArrowSchema* schema) {
  if (schema->n_children == 1) {
    if (schema->children[0]->release != NULL) schema->children[0]->release(schema->children[0]);
    free(schema->private_data);
  }
  schema->release = NULL;
}
static assay_status bind(void* self, const assay_call* call, void* model, const struct ArrowSchema* input,
                         struct ArrowSchema* output) {
  struct kept {
    struct ArrowSchema child, *children[1];
  }* kept = calloc(1, sizeof *kept);
  (void)self, (void)model, (void)input;
  if (kept == NULL) return fail(call, ASSAY_E_OUT_OF_MEMORY, TEXT("memory"));
  kept->children[0] = &kept->child;
  kept->child.format = "g";
  kept->child.name = "prediction";
  kept->child.release = release_schema;
  memset(output, 0, sizeof *output);
  output->format = "+s";
  output->name = "";
  output->n_children = 1;
  output->children = kept->children;
  output->release = release_schema;
  output->private_data = kept;
  return ASSAY_OK;
}

static void release_array(struct ArrowArray* array) {
  if (array->n_children == 1) {
    if (array->children[0]->release != NULL) array->children[0]->release(array->children[0]);
    free(array->private_data);
  } else {
    free(array->private_data); /* the values */
  }
  array->release = NULL;
}
static assay_status score(void* self, const assay_call* call, void* model, struct ArrowArray* input,
                          struct ArrowArray* output) {
  struct kept {
    struct ArrowArray child, *children[1];
    const void *nothing[1], *buffers[2];
  }* kept = calloc(1, sizeof *kept);
  const int64_t rows = input->length;
  double* values = malloc(((size_t)rows + 1) * sizeof *values);
  (void)self;
  input->release(input);
  if (kept == NULL || values == NULL) {
    free(kept);
    free(values);
    return fail(call, ASSAY_E_OUT_OF_MEMORY, TEXT("memory"));
  }
  for (int64_t row = 0; row < rows; ++row) values[row] = *(const double*)model;
  kept->children[0] = &kept->child;
  kept->buffers[1] = values;
  kept->child.length = rows;
  kept->child.n_buffers = 2;
  kept->child.buffers = kept->buffers;
  kept->child.release = release_array;
  kept->child.private_data = values;
  memset(output, 0, sizeof *output);
  output->length = rows;
  output->n_buffers = 1;
  output->n_children = 1;
  output->buffers = kept->nothing;
  output->children = kept->children;
  output->release = release_array;
  output->private_data = kept;
  return ASSAY_OK;
}

static void unload(void* self, void* model) {
  (void)self;
  free(model);
}

static const assay_trainer_v1 trainer = {sizeof(assay_trainer_v1), 0, fit};
static const assay_scorer_v1 scorer = {sizeof(assay_scorer_v1), 0, load, bind, score, unload};

static const void* get_capability(void* self, const char* id) {
  (void)self;
  if (strcmp(id, ASSAY_CAP_TRAINER_V1) == 0) return &trainer;
  return strcmp(id, ASSAY_CAP_SCORER_V1) == 0 ? &scorer : NULL;
}

/* Copies what fits into the host's struct. */
static assay_status fill(void* out, void* value, uint32_t size) {
  uint32_t room;
  memcpy(&room, out, sizeof room);
  if (room < sizeof room) return ASSAY_E_INVALID_ARGUMENT;
  if (room > size) room = size;
  memcpy(value, &room, sizeof room);
  memcpy(out, value, room);
  return ASSAY_OK;
}

static assay_status create(void* plugin, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  assay_component component;
  double plus = 0;
  (void)plugin;
  if (id.size != 8 || memcmp(id.data, "released", 8) != 0) return fail(call, ASSAY_E_NOT_FOUND, TEXT("released only"));
  if (config->get_f64(config, TEXT("/plus"), &plus) != ASSAY_OK)
    return fail(call, ASSAY_E_INVALID_CONFIG, TEXT("/plus"));
  memset(&component, 0, sizeof component);
  component.self = malloc(sizeof plus);
  if (component.self == NULL) return fail(call, ASSAY_E_OUT_OF_MEMORY, TEXT("memory"));
  memcpy(component.self, &plus, sizeof plus);
  component.get_capability = get_capability;
  component.destroy = free;
  return fill(out, &component, sizeof component);
}

static const void* get_extension(void* self, const char* id) {
  (void)self, (void)id;
  return NULL;
}
static void close_plugin(void* self) { (void)self; }

ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call, assay_plugin* out) {
  assay_plugin plugin;
  (void)host, (void)call;
  memset(&plugin, 0, sizeof plugin);
  plugin.abi_minor = ASSAY_ABI_MINOR;
  plugin.manifest = TEXT(MANIFEST);
  plugin.create = create;
  plugin.get_extension = get_extension;
  plugin.close = close_plugin;
  return fill(out, &plugin, sizeof plugin);
}
