/* SPDX-License-Identifier: Apache-2.0
 * A host that knows what its header knows: built with the header of the next minor it offers, and uses, what was
 * appended there. Usage: host PLUGIN.so; prints what both sides saw of it. minors.py compares. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "assay/abi.h"

static int64_t noted = 0;

static assay_status fail(const assay_call* call, assay_status status, assay_str message, assay_str details) {
  (void)call, (void)details;
  fprintf(stderr, "%.*s\n", (int)message.size, message.data);
  return status;
}
static assay_status go_on(const assay_call* call) {
  (void)call;
  return ASSAY_OK;
}
#if ASSAY_ABI_MINOR >= 1
static void note(const assay_call* call, int64_t value) {
  (void)call;
  noted = value;
}
#endif

/* Room behind which nothing may be written. */
typedef struct room {
  assay_plugin plugin;
  unsigned char behind[64];
} room;

static int wrong(const char* what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return wrong(dlerror());
  assay_status (*open_plugin)(const assay_host*, const assay_call*, assay_plugin*);
  *(void**)&open_plugin = dlsym(library, "assay_plugin_open_v1");
  if (open_plugin == NULL) return wrong("it exports no assay_plugin_open_v1");

  const assay_host host = {.struct_size = sizeof host, .abi_minor = ASSAY_ABI_MINOR};
  assay_call call = {.struct_size = sizeof call, .max_threads = 1, .fail = fail, .should_stop = go_on};
#if ASSAY_ABI_MINOR >= 1
  call.note = note;
#endif
  room room;
  memset(&room, 0, sizeof room.plugin);
  memset(room.behind, 0xA5, sizeof room.behind);
  room.plugin.struct_size = sizeof room.plugin;
  if (open_plugin(&host, &call, &room.plugin) != ASSAY_OK) return wrong("it does not open");
  for (size_t i = 0; i < sizeof room.behind; ++i)
    if (room.behind[i] != 0xA5) return wrong("it writes past the host's struct_size");

  const assay_config config = {.struct_size = sizeof config};
  assay_component component = {.struct_size = sizeof component};
  const assay_str id = {"minors", 6};
  if (room.plugin.create(room.plugin.self, &call, id, &config, &component) != ASSAY_OK) return wrong("it creates nothing");
  const assay_trainer_v1* trainer = component.get_capability(component.self, ASSAY_CAP_TRAINER_V1);
  if (trainer == NULL) return wrong("it does not train");
  if (trainer->fit(component.self, &call, NULL, NULL, NULL, NULL) != ASSAY_OK) return wrong("it fails to train");
  int64_t rows = 0, pong = 0;
#if ASSAY_ABI_MINOR >= 1
  if (ASSAY_HAS(trainer, rows_wanted)) rows = trainer->rows_wanted(component.self);
  if (ASSAY_HAS(&room.plugin, ping)) pong = room.plugin.ping(room.plugin.self);
#endif
  component.destroy(component.self);
  room.plugin.close(room.plugin.self);
  printf("note %lld rows %lld ping %lld\n", (long long)noted, (long long)rows, (long long)pong);
  return 0;
}
