// SPDX-License-Identifier: Apache-2.0
// A plugin that breaks the C contract itself, one way for each ROGUE that it is compiled with. It uses abi.h
// alone, because the C++ layer would not let it.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "assay/abi.h"

#define ROGUE_short_answer 1
#define ROGUE_wrong_schema 2
#define ROGUE_bad_utf8 3
#define ROGUE_throws 4
#define ROGUE_other_manifest 5
#define ROGUE_nameless 6
#define ROGUE_short_column 7
#define ROGUE_early_fork 8
#define ROGUE_early_read 9
#define ROGUE_bad_offsets 10
#define ROGUE_far_offsets 11
#define ROGUE_keeps_input 12
#define JOIN(a, b) a##b
#define VALUE(name) JOIN(ROGUE_, name)
#define IS(name) (VALUE(ROGUE) == ROGUE_##name)

#define MANIFEST \
  R"({"manifest_version":1,"id":"rogue","version":"0.1.0","abi":{"major":1,"min_minor":0},"components":[{"id":"rogue","capabilities":["assay.scorer/1"],"config_schema":{"type":"object"}}]})"

namespace {

__attribute__((section(".assay.manifest"), used)) const char kManifest[] = MANIFEST;

int nothing;  // something to point at

// Before any function of it is called.
[[maybe_unused]] const int kEarly = [] {
  if (IS(early_fork)) ::fork();
  if (IS(early_read) && ::open("/etc/passwd", O_RDONLY) >= 0) std::puts("it got /etc/passwd");
  if (IS(early_read) && ::open("/proc/1/environ", O_RDONLY) >= 0) std::puts("it got an environment");
  std::fflush(stdout);
  return 0;
}();
constexpr bool kText = IS(bad_utf8) || IS(bad_offsets) || IS(far_offsets);

void release_schema(ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) schema->children[i]->release(schema->children[i]);
  schema->release = nullptr;
}
void release_array(ArrowArray* array) {
  array->release = nullptr;
}

assay_status load(void*, const assay_call*, const assay_source*, void** out) {
  *out = &nothing;
  return ASSAY_OK;
}

ArrowSchema column_schema;
ArrowSchema* schema_children[] = {&column_schema};

assay_status bind(void*, const assay_call*, void*, const ArrowSchema*, ArrowSchema* out) {
  if (IS(throws)) throw std::runtime_error("across the border");
  column_schema = {kText              ? "u"
                   : IS(wrong_schema) ? "tdD"
                                      : "g",
                   IS(nameless) ? "" : "prediction",
                   nullptr,
                   0,
                   0,
                   nullptr,
                   nullptr,
                   release_schema,
                   nullptr};
  *out = {"+s", "", nullptr, 0, 1, schema_children, nullptr, release_schema, nullptr};
  return ASSAY_OK;
}

const double kNumbers[] = {1, 2, 3, 4};
const int32_t kOffsets[] = {0, 1, IS(bad_offsets) ? 1 << 20 : 2, 3, IS(far_offsets) ? 1 << 30 : 4};
const void* number_buffers[] = {nullptr, kNumbers};
const void* text_buffers[] = {nullptr, kOffsets, IS(bad_utf8) ? "\xff\xfe\xff\xfe" : "text"};
const void* struct_buffers[] = {nullptr};
ArrowArray column;
ArrowArray* children[] = {&column};

// Keeps every batch; answers the first cell of the first one.
double kept_numbers[4];
const void* kept_buffers[] = {nullptr, kept_numbers};
ArrowArray kept[32];
int kept_count;
void keep(ArrowArray* input) {
  kept[kept_count++] = *input;
  input->release = nullptr;
  for (double& number : kept_numbers)
    number = static_cast<double>(static_cast<const int64_t*>(kept[0].children[0]->buffers[1])[0]);
}

assay_status score(void*, const assay_call*, void*, ArrowArray* input, ArrowArray* out) {
  const int64_t rows = IS(short_answer) ? input->length - 1 : input->length;
  if (IS(keeps_input)) {
    keep(input);
  } else {
    input->release(input);
  }
  column = {IS(short_column) ? rows - 1 : rows,           0,       0,       kText ? 3 : 2, 0,
            kText ? text_buffers : IS(keeps_input) ? kept_buffers : number_buffers, nullptr, nullptr, release_array,        nullptr};
  *out = {rows, 0, 0, 1, 1, struct_buffers, children, nullptr, release_array, nullptr};
  return ASSAY_OK;
}

void unload(void*, void*) {}

const assay_scorer_v1 kScorerTable = {sizeof(assay_scorer_v1), 0, load, bind, score, unload};

const void* get_capability(void*, const char* id) {
  return std::strcmp(id, ASSAY_CAP_SCORER_V1) == 0 ? &kScorerTable : nullptr;
}
void destroy(void*) {}

assay_status create(void*, const assay_call* call, assay_str id, const assay_config*, assay_component* out) {
  const bool known = id.size == 5 && std::memcmp(id.data, "rogue", 5) == 0;
  const assay_str why = {"no such component", 17};
  if (!known) return call->fail(call, ASSAY_E_NOT_FOUND, why, {nullptr, 0});
  assay_component made = {sizeof made, 0, &nothing, get_capability, destroy};
  const size_t room = out->struct_size < sizeof made ? out->struct_size : sizeof made;
  made.struct_size = static_cast<uint32_t>(room);
  std::memcpy(out, &made, room);
  return ASSAY_OK;
}

void close_plugin(void*) {}

}  // namespace

extern "C" ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host*, const assay_call*,
                                                          assay_plugin* out) {
  const char* manifest = IS(other_manifest) ? "{}" : kManifest;
  assay_plugin made = {sizeof made, 0,       nullptr,     {manifest, std::strlen(manifest)},
                       create,      nullptr, close_plugin};
  const size_t room = out->struct_size < sizeof made ? out->struct_size : sizeof made;
  made.struct_size = static_cast<uint32_t>(room);
  std::memcpy(out, &made, room);
  return ASSAY_OK;
}
