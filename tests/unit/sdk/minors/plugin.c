/* SPDX-License-Identifier: Apache-2.0
 * A plugin that knows what its header knows: built with the header of the next minor it uses what was appended there, if
 * its host has that too. minors.py appends it. */
#include "assay/plugin_c.h"

static const char manifest[] = "{}";

static assay_status fit(void* self, const assay_call* call, const assay_dataset* train, const assay_dataset* valid,
                        const assay_source* warm_start, const assay_sink* model) {
  (void)self, (void)call, (void)train, (void)valid, (void)warm_start, (void)model;
#if ASSAY_ABI_MINOR >= 1
  if (ASSAY_HAS(call, note) && call->note != NULL) call->note(call, 42);
#endif
  return ASSAY_OK;
}

#if ASSAY_ABI_MINOR >= 1
static int64_t rows_wanted(void* self) {
  (void)self;
  return 43;
}
static int64_t ping(void* self) {
  (void)self;
  return 44;
}
#endif

static const void* get_capability(void* self, const char* id) {
  static assay_trainer_v1 trainer = {.struct_size = sizeof trainer, .fit = fit};
  (void)self;
#if ASSAY_ABI_MINOR >= 1
  trainer.rows_wanted = rows_wanted;
#endif
  return strcmp(id, ASSAY_CAP_TRAINER_V1) == 0 ? &trainer : NULL;
}

static void nothing(void* self) { (void)self; }

static assay_status create(void* self, const assay_call* call, assay_str id, const assay_config* config,
                           assay_component* out) {
  (void)self, (void)call, (void)id, (void)config;
  assay_component made = {.get_capability = get_capability, .destroy = nothing};
  return assay_fill(out, &made, sizeof made);
}

assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call, assay_plugin* out) {
  (void)host, (void)call;
  assay_plugin made = {.abi_minor = ASSAY_ABI_MINOR, .manifest = {manifest, sizeof manifest - 1}, .create = create,
                       .close = nothing};
#if ASSAY_ABI_MINOR >= 1
  made.ping = ping;
#endif
  return assay_fill(out, &made, sizeof made);
}
