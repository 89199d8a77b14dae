/* SPDX-License-Identifier: Apache-2.0
 * The binary contract between a host and a plugin, in C11. A plugin is a shared library that exports one function,
 * assay_plugin_open_v1; everything else is reached through the structs below. ABI.md tells the whole of it:
 * lifetimes, threads, errors and versions.
 *
 * How to read the tags behind each function:
 *   [any]       any thread, concurrently
 *   [instance]  the host makes one call at a time for one object; the thread may change between calls
 *   [call]      any thread, until the call that received it returns
 *
 * Rules that hold everywhere:
 *   - Arguments are borrowed until the function returns. Arrow structs are moved: who receives one releases it.
 *   - Nothing is freed across the boundary. Strings and tables that a plugin returns live until its object is destroyed.
 *   - On failure a function returns a non-zero status, has called call->fail at most once, and left its outputs untouched.
 *   - Every struct that may grow starts with struct_size. Who fills a struct writes no further than the size it finds
 *     there; who reads one tests ASSAY_HAS before a field that came after the first version. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "assay/arrow_c.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_ABI_MAJOR 1
#define ASSAY_ABI_MINOR 0
/* The oldest host minor that a plugin built with this header needs. Raise it to see newer declarations. */
#ifndef ASSAY_TARGET_MINOR
#define ASSAY_TARGET_MINOR 0
#endif

/* True when the struct at `p` is long enough to hold `field`. */
#define ASSAY_HAS(p, field) \
  ((p)->struct_size >= offsetof(__typeof__(*(p)), field) + sizeof((p)->field))

/* ---- Frozen for ever ------------------------------------------------------------------------------------------- */

typedef int32_t assay_status;
#define ASSAY_OK 0
#define ASSAY_E_INVALID_ARGUMENT 1  /* the caller broke this contract */
#define ASSAY_E_INVALID_CONFIG 2    /* a configuration value that the component refuses */
#define ASSAY_E_INVALID_DATA 3      /* rows, columns or labels that it cannot work with */
#define ASSAY_E_NOT_FOUND 4
#define ASSAY_E_UNSUPPORTED 5
#define ASSAY_E_OUT_OF_MEMORY 6
#define ASSAY_E_IO 7
#define ASSAY_E_CANCELLED 8
#define ASSAY_E_DEADLINE 9
#define ASSAY_E_CORRUPT_ARTIFACT 10 /* a stored model or state that does not parse */
#define ASSAY_E_INTERNAL 11
#define ASSAY_E_DENIED 12
#define ASSAY_E_CRASHED 13          /* set by hosts only: the worker died */

/* UTF-8, not terminated; data may be NULL when size is 0. */
typedef struct assay_str {
  const char* data;
  uint64_t size;
} assay_str;

/* ---- The call: given to every operation --------------------------------------------------------------------------- */

#define ASSAY_LOG_DEBUG 0
#define ASSAY_LOG_INFO 1
#define ASSAY_LOG_WARNING 2
#define ASSAY_LOG_ERROR 3

/* [call] for every function. A host may leave any callback but `fail` and `should_stop` NULL. */
typedef struct assay_call {
  uint32_t struct_size;
  uint32_t flags;        /* 0 */
  uint64_t call_id;      /* unique within the host process; for logs */
  uint64_t seed;         /* all randomness of the operation derives from it */
  int64_t deadline_ns;   /* CLOCK_MONOTONIC; 0 is none */
  uint32_t max_threads;  /* how many threads the operation may keep busy, its own included; at least 1 */
  uint32_t reserved0;
  void* host_data;
  /* Attaches an explanation to a failure; the host copies both texts at once. `details_json` may be empty or an object
   * with any of column, row, json_pointer, hint. Returns `status`, so that `return call->fail(...)` reads well. */
  assay_status (*fail)(const struct assay_call*, assay_status status, assay_str message, assay_str details_json);
  /* ASSAY_OK, ASSAY_E_CANCELLED or ASSAY_E_DEADLINE. Poll it: after a stop, return within 250 ms of work. */
  assay_status (*should_stop)(const struct assay_call*);
  void (*progress)(const struct assay_call*, double fraction_done, assay_str what);
  void (*log)(const struct assay_call*, int32_t level, assay_str message);
  /* A value over time, such as a training loss per round. */
  void (*metric)(const struct assay_call*, assay_str name, int64_t step, double value);
} assay_call;

/* ---- What the host lends ------------------------------------------------------------------------------------------ */

/* Settings, validated against the component's config_schema and filled with its defaults before `create`.
 * A getter takes a JSON pointer ("/max_depth") and answers ASSAY_E_NOT_FOUND or ASSAY_E_INVALID_CONFIG (another type).
 * [any]; the string of get_str lives as long as the config. */
typedef struct assay_config {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  assay_str json; /* the whole document, canonical (RFC 8785) */
  assay_status (*get_f64)(const struct assay_config*, assay_str pointer, double* out);
  assay_status (*get_i64)(const struct assay_config*, assay_str pointer, int64_t* out);
  assay_status (*get_bool)(const struct assay_config*, assay_str pointer, int32_t* out);
  assay_status (*get_str)(const struct assay_config*, assay_str pointer, assay_str* out);
} assay_config;

/* Which columns play which part: "label", "weight", "group", "timestamp", "score", "reference_score". [call] */
typedef struct assay_roles {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  /* The index-th column in `role`; ASSAY_E_NOT_FOUND past the last. */
  assay_status (*get)(const struct assay_roles*, assay_str role, uint32_t index, assay_str* out_column);
} assay_roles;

typedef struct assay_scan_options {
  uint32_t struct_size;
  uint32_t flags;
  int64_t batch_rows;       /* at most this many rows a batch; 0 leaves it to the host */
  const assay_str* columns; /* in the order wanted; NULL is all */
  uint64_t column_count;
} assay_scan_options;

/* Rows that can be read more than once. [call] */
typedef struct assay_dataset {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  int64_t row_count; /* -1 when not known */
  assay_str digest;  /* of the dataset version, "sha256:..."; may be empty */
  const assay_roles* roles;
  assay_status (*schema)(const struct assay_dataset*, const assay_call*, struct ArrowSchema* out);
  /* `options` may be NULL. Each batch of the stream is a struct array of the chosen columns. Scans may overlap. */
  assay_status (*scan)(const struct assay_dataset*, const assay_call*, const assay_scan_options* options,
                       struct ArrowArrayStream* out);
} assay_dataset;

/* One entry of a stored bundle, read from its start. Reads may be short; 0 bytes with ASSAY_OK is the end. [instance] */
typedef struct assay_reader {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  uint64_t size; /* of the whole entry */
  assay_status (*read)(const struct assay_reader*, const assay_call*, void* buffer, uint64_t capacity, uint64_t* got);
  void (*close)(const struct assay_reader*);
} assay_reader;

/* A stored bundle: named entries. [call] */
typedef struct assay_source {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  /* The name of entry `index`; ASSAY_E_NOT_FOUND past the last. */
  assay_status (*entry)(const struct assay_source*, uint32_t index, assay_str* out_name);
  assay_status (*open)(const struct assay_source*, const assay_call*, assay_str name, assay_reader* out);
} assay_source;

/* One entry being written. Writes may be short. `finish` or `abort` ends it, once. [instance] */
typedef struct assay_writer {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  assay_status (*write)(const struct assay_writer*, const assay_call*, const void* data, uint64_t size, uint64_t* taken);
  assay_status (*finish)(const struct assay_writer*, const assay_call*);
  void (*abort)(const struct assay_writer*);
} assay_writer;

/* Where a bundle goes. The host keeps nothing of it unless the operation returns ASSAY_OK. A name is a relative path
 * of [A-Za-z0-9._-] parts joined by '/', at most 255 bytes; one entry is open at a time. [call] */
typedef struct assay_sink {
  uint32_t struct_size;
  uint32_t flags;
  void* host_data;
  assay_status (*open)(const struct assay_sink*, const assay_call*, assay_str name, assay_str media_type,
                       assay_writer* out);
} assay_sink;

/* The host itself. Services are looked up by id ("assay.host.threadpool/1"); every one is optional. [any] */
typedef struct assay_host {
  uint32_t struct_size;
  uint32_t abi_minor;
  void* host_data;
  assay_str name;
  assay_str version;
  const void* (*get_service)(const struct assay_host*, const char* id); /* may be NULL */
} assay_host;

/* ---- What a plugin offers ------------------------------------------------------------------------------------------ */

/* One configured object, such as a trainer with its settings. */
typedef struct assay_component {
  uint32_t struct_size;
  uint32_t flags; /* ASSAY_COMPONENT_* */
  void* self;
  /* The vtable behind "assay.trainer/1" and its like, or NULL. It lives until `destroy`. [any] */
  const void* (*get_capability)(void* self, const char* id);
  void (*destroy)(void* self); /* [instance] */
} assay_component;

typedef struct assay_plugin {
  uint32_t struct_size;
  uint32_t abi_minor; /* of the header that the plugin was built with */
  void* self;
  assay_str manifest; /* equal to the embedded one, byte for byte */
  /* Makes the component that the manifest names `component_id`. [any] */
  assay_status (*create)(void* self, const assay_call*, assay_str component_id, const assay_config*,
                         assay_component* out);
  const void* (*get_extension)(void* self, const char* id); /* [any] */
  void (*close)(void* self);                                /* [instance]; no thread of the plugin outlives it */
} assay_plugin;

/* ---- Capabilities --------------------------------------------------------------------------------------------------- */

#define ASSAY_CAP_TRAINER_V1 "assay.trainer/1"
typedef struct assay_trainer_v1 {
  uint32_t struct_size;
  uint32_t flags;
  /* Learns from `train` and writes the model's entries. `valid` and `warm_start` may be NULL. [instance] */
  assay_status (*fit)(void* self, const assay_call*, const assay_dataset* train, const assay_dataset* valid,
                      const assay_source* warm_start, const assay_sink* model);
} assay_trainer_v1;

#define ASSAY_CAP_SCORER_V1 "assay.scorer/1"
/* In assay_scorer_v1.flags: `score` may run concurrently on one model. */
#define ASSAY_SCORER_CONCURRENT 1u
typedef struct assay_scorer_v1 {
  uint32_t struct_size;
  uint32_t flags;
  assay_status (*load)(void* self, const assay_call*, const assay_source* model, void** out_model); /* [instance] */
  /* Fixes the input's columns; answers the output's schema. Before the first score, once a model. [instance] */
  assay_status (*bind)(void* self, const assay_call*, void* model, const struct ArrowSchema* input,
                       struct ArrowSchema* output);
  /* One struct array in (moved), one out, of equal length, rows in order. [instance], or [any] if CONCURRENT */
  assay_status (*score)(void* self, const assay_call*, void* model, struct ArrowArray* input, struct ArrowArray* output);
  void (*unload)(void* self, void* model); /* [instance] */
} assay_scorer_v1;

/* Evaluators, drift detectors and validators are all folds over batches, told apart by the id and by the result table:
 *   assay.evaluator/1  name utf8, value f64, ci_low f64?, ci_high f64?, slice utf8, n i64, higher_is_better bool
 *   assay.drift/1      column utf8, statistic utf8, value f64, p_value f64?, threshold f64, drifted bool, n_ref i64, n_cur i64
 *   assay.validator/1  severity utf8 (info|warning|error), rule utf8, column utf8, row_count i64,
 *                      sample_rows list<i64>, message utf8
 * A drift detector's reference is the saved state of the same fold over the reference rows; a validator's is likewise
 * the state over the rows to compare against. */
#define ASSAY_CAP_EVALUATOR_V1 "assay.evaluator/1"
#define ASSAY_CAP_DRIFT_V1 "assay.drift/1"
#define ASSAY_CAP_VALIDATOR_V1 "assay.validator/1"
typedef struct assay_fold_v1 {
  uint32_t struct_size;
  uint32_t flags;
  /* A state over no rows yet. `reference` may be NULL. [instance] */
  assay_status (*begin)(void* self, const assay_call*, const struct ArrowSchema* schema, const assay_roles* roles,
                        const assay_source* reference, void** out_state);
  /* Adds one struct array (moved). How the rows are cut into batches does not matter to the result. [instance] */
  assay_status (*update)(void* self, const assay_call*, void* state, struct ArrowArray* batch);
  /* Adds what `from` saw to `into`; `from` stays valid and is ended by the host. Associative. [instance] */
  assay_status (*merge)(void* self, const assay_call*, void* into, void* from);
  /* Writes the state; `restore` (or `begin`, as a reference) reads it back. [instance] */
  assay_status (*save)(void* self, const assay_call*, void* state, const assay_sink* out);
  assay_status (*restore)(void* self, const assay_call*, const struct ArrowSchema* schema, const assay_roles* roles,
                          const assay_source* saved, void** out_state);
  /* The result table: its schema and one struct array. Curves and other extras go to `extras`, which may be NULL.
   * The state may be updated further afterwards. [instance] */
  assay_status (*finish)(void* self, const assay_call*, void* state, const assay_sink* extras,
                         struct ArrowSchema* out_schema, struct ArrowArray* out_table);
  void (*end)(void* self, void* state); /* [instance] */
} assay_fold_v1;

/* ---- The only exported symbol ------------------------------------------------------------------------------------------ */

#if defined(__GNUC__)
#define ASSAY_EXPORT __attribute__((visibility("default")))
#else
#define ASSAY_EXPORT
#endif

/* The host sets out->struct_size; the plugin fills what fits. May be called more than once, each with its own close.
 * `host` outlives every plugin that it opened. [any] */
ASSAY_EXPORT assay_status assay_plugin_open_v1(const assay_host* host, const assay_call* call, assay_plugin* out);

#ifdef __cplusplus
}
#endif
