/* SPDX-License-Identifier: Apache-2.0
 * abi.h is C11, alone, and its layout on 64-bit machines is this. A change here breaks every built plugin: append to
 * a struct that starts with struct_size, and add its line, but alter none. */
#include "assay/abi.h"
#include "assay/ext/rng.h"
#include "assay/ext/scratch.h"

#define AT(type, field, offset) \
  _Static_assert(offsetof(type, field) == (offset), #type "." #field " has moved")
#define SIZE(type, bytes) _Static_assert(sizeof(type) >= (bytes), #type " has shrunk")
#define FROZEN(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " is frozen for ever")

#if UINTPTR_MAX == UINT64_MAX
FROZEN(assay_status, 4);
FROZEN(assay_str, 16);
AT(assay_str, data, 0);
AT(assay_str, size, 8);
FROZEN(struct ArrowSchema, 72);
FROZEN(struct ArrowArray, 80);
FROZEN(struct ArrowArrayStream, 40);

SIZE(assay_call, 88);
AT(assay_call, struct_size, 0);
AT(assay_call, flags, 4);
AT(assay_call, call_id, 8);
AT(assay_call, seed, 16);
AT(assay_call, deadline_ns, 24);
AT(assay_call, max_threads, 32);
AT(assay_call, reserved0, 36);
AT(assay_call, host_data, 40);
AT(assay_call, fail, 48);
AT(assay_call, should_stop, 56);
AT(assay_call, progress, 64);
AT(assay_call, log, 72);
AT(assay_call, metric, 80);

SIZE(assay_config, 64);
AT(assay_config, host_data, 8);
AT(assay_config, json, 16);
AT(assay_config, get_f64, 32);
AT(assay_config, get_i64, 40);
AT(assay_config, get_bool, 48);
AT(assay_config, get_str, 56);

SIZE(assay_roles, 24);
AT(assay_roles, get, 16);

SIZE(assay_scan_options, 32);
AT(assay_scan_options, batch_rows, 8);
AT(assay_scan_options, columns, 16);
AT(assay_scan_options, column_count, 24);

SIZE(assay_dataset, 64);
AT(assay_dataset, row_count, 16);
AT(assay_dataset, digest, 24);
AT(assay_dataset, roles, 40);
AT(assay_dataset, schema, 48);
AT(assay_dataset, scan, 56);

SIZE(assay_reader, 40);
AT(assay_reader, size, 16);
AT(assay_reader, read, 24);
AT(assay_reader, close, 32);
SIZE(assay_source, 32);
AT(assay_source, entry, 16);
AT(assay_source, open, 24);
SIZE(assay_writer, 40);
AT(assay_writer, write, 16);
AT(assay_writer, finish, 24);
AT(assay_writer, abort, 32);
SIZE(assay_sink, 24);
AT(assay_sink, open, 16);

SIZE(assay_host, 56);
AT(assay_host, abi_minor, 4);
AT(assay_host, name, 16);
AT(assay_host, version, 32);
AT(assay_host, get_service, 48);

SIZE(assay_component, 32);
AT(assay_component, self, 8);
AT(assay_component, get_capability, 16);
AT(assay_component, destroy, 24);
SIZE(assay_plugin, 56);
AT(assay_plugin, abi_minor, 4);
AT(assay_plugin, self, 8);
AT(assay_plugin, manifest, 16);
AT(assay_plugin, create, 32);
AT(assay_plugin, get_extension, 40);
AT(assay_plugin, close, 48);

SIZE(assay_trainer_v1, 16);
AT(assay_trainer_v1, fit, 8);
SIZE(assay_scorer_v1, 40);
AT(assay_scorer_v1, load, 8);
AT(assay_scorer_v1, bind, 16);
AT(assay_scorer_v1, score, 24);
AT(assay_scorer_v1, unload, 32);
SIZE(assay_fold_v1, 64);
AT(assay_fold_v1, begin, 8);
AT(assay_fold_v1, update, 16);
AT(assay_fold_v1, merge, 24);
AT(assay_fold_v1, save, 32);
AT(assay_fold_v1, restore, 40);
AT(assay_fold_v1, finish, 48);
AT(assay_fold_v1, end, 56);

SIZE(assay_rng_v1, 24);
AT(assay_rng_v1, host_data, 8);
AT(assay_rng_v1, fill, 16);
SIZE(assay_scratch_v1, 40);
AT(assay_scratch_v1, host_data, 8);
AT(assay_scratch_v1, quota, 16);
AT(assay_scratch_v1, take, 24);
AT(assay_scratch_v1, give_back, 32);
#endif

/* ASSAY_HAS in C, for a test to call. */
int assay_header_test_has_log(const assay_call* call);
int assay_header_test_has_log(const assay_call* call) { return ASSAY_HAS(call, log); }
