// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/check/rules.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {
namespace {

constexpr auto B = CheckLevel::basic;
constexpr auto S = CheckLevel::standard;
constexpr auto X = CheckLevel::strict;

// C32 is an author's own build under sanitizers; nothing here can run it.
constexpr CheckRule kRules[] = {
    {"C01", B, "carries one valid descriptor in the section .assay.manifest",
     "validate the manifest against schema/manifest.schema.json and embed it with assay_add_plugin() or ASSAY_PLUGIN"},
    {"C02", B, "exports assay_plugin_open_v1 and nothing else",
     "link with assay_add_plugin(), or with the version script assay_plugin.map"},
    {"C03", B, "is linked safely: no executable stack, no text relocations, relocations read-only, no search path but $ORIGIN",
     "link with -Wl,-z,noexecstack -Wl,-z,relro, compile with -fPIC, and drop -rpath"},
    {"C04", B, "loads with all symbols resolved, and loading it starts no thread, opens no file and prints nothing",
     "link every library that it uses (-Wl,-z,defs says which are missing) and move work out of static constructors"},
    {"C05", B, "can be opened more than once, in any order",
     "keep state in the structs behind `self`, never in globals"},
    {"C06", B, "writes no further than the struct_size that it is given",
     "copy min(out->struct_size, sizeof) bytes, and store that number"},
    {"C07", B, "works in a host without optional callbacks and services",
     "test log, metric, progress and get_service for NULL before each use, and do a missing service's work yourself"},
    {"C08", B, "refuses unknown components, capabilities and extensions",
     "compare whole ids with their sizes; answer NOT_FOUND, or NULL for a capability"},
    {"C09", B, "says when it runs what its descriptor says",
     "answer the embedded bytes as assay_plugin.manifest"},
    {"C10", B, "makes every component with its default settings and with each setting at its ends, and offers the declared capabilities",
     "let `minimum`, `maximum`, `enum` and `capabilities` in the manifest say what the code does"},
    {"C11", S, "refuses settings of a wrong type or out of range with INVALID_CONFIG",
     "check ranges in the component's constructor: config.f64(pointer, low, high), config.choice(...)"},
    {"C12", S, "explains a failure once, in UTF-8, and leaves every output as it was",
     "call call->fail exactly once before returning an error, and write outputs last"},
    {"C13", S, "copes with no rows, empty batches and a single row",
     "answer an empty batch with an empty batch, and too few rows with INVALID_DATA"},
    {"C14", S, "answers NaN, infinities, denormals and extreme integers with finite scores or INVALID_DATA",
     "treat what is not finite as missing, or refuse the row naming it"},
    {"C15", S, "reads nulls as nulls, whatever stands in their place and however they are counted",
     "test the validity bitmap before the value; null_count may be -1 and the bitmap NULL"},
    {"C16", S, "heeds the offsets of batches and columns, reads no further than their length, and needs no more than 8-byte alignment",
     "add array->offset (the batch's and the column's) to every index, bitmaps included"},
    {"C17", S, "finds columns by name: their order does not matter, and missing, mistyped and doubled ones change no score",
     "look columns up by name in bind and refuse what does not fit with INVALID_DATA that names the column"},
    {"C18", S, "answers column types that it does not know with UNSUPPORTED or INVALID_DATA, or reads them right",
     "test the format and the dictionary of every column that it reads"},
    {"C19", S, "gives the same model, scores and results however rows are cut into batches",
     "accumulate row by row, in order, without regard to where a batch ends"},
    {"C20", S, "releases each batch once, and lets its results be released late and on another thread",
     "move a batch out of the host's struct, release the copy once, and let results own their memory"},
    {"C21", S, "copes with short reads and writes, and passes on a failing one",
     "loop until all is taken or read, and return the status that the host answers"},
    {"C22", S, "trains on ordinary rows; the model scores them, also in another process",
     "write all that scoring needs into the model, and nothing that is tied to a process"},
    {"C23", S, "refuses damaged models and states with CORRUPT_ARTIFACT",
     "seal what is stored with a magic, a length and a checksum (seal, unseal), and read it with bounds (ByteReader)"},
    {"C24", S, "gives byte-equal results for an equal seed: twice, in other processes and with other thread budgets",
     "derive all randomness from call->seed, order all iteration, and add numbers up in a fixed order"},
    {"C25", S, "does not depend on the seed when its determinism is \"bitwise\"",
     "declare determinism \"seeded\", or stop using the seed"},
    {"C26", S, "returns CANCELLED when told to stop, and can be used again",
     "poll call->should_stop at least every 250 ms of work and return what it answers"},
    {"C27", S, "returns DEADLINE when its deadline has passed, and can be used again",
     "return the very status that should_stop answers"},
    {"C28", S, "merges states as if their rows had come in one pass; an empty state changes nothing, nor does saving and restoring",
     "keep exact counts or sums that do not depend on order in the state, and save all of them"},
    {"C29", S, "answers tables of exactly the columns that are fixed for them, with values that can be true",
     "use the rows of results.hpp; p-values lie in [0,1], intervals hold their value, samples are rows that exist"},
    {"C30", S, "leaks no memory, file or thread",
     "free in unload, end and destroy what load, begin and create made; join threads before returning"},
    {"C31", X, "works on many threads at once, one object each, and on one model if it says so",
     "remove globals, thread-locals and hidden caches, or guard them; clear ASSAY_SCORER_CONCURRENT"},
    {"C33", X, "changes nothing of its process: signals, locale, rounding, environment, folder, limits; prints nothing",
     "restore what a library changes, and use call->log instead of printing"},
    {"C34", X, "makes no system call beyond its permissions: no network, no programs, no files written",
     "drop the call, or move it out of the plugin; a plugin computes, its host stores and fetches"},
    {"C35", X, "answers OUT_OF_MEMORY when its own code, or C++'s new, gets no memory",
     "check what malloc answers, and catch std::bad_alloc at the boundary"},
    {"C36", X, "opens one entry at a time under a valid name, ends each once, and reports success only when all are finished",
     "finish or abort every writer before the next is opened and before returning"},
    {"C37", X, "gives the same bits to hosts that differ in process, callbacks, services, call ids and the layout of memory",
     "do not look at the call's id, addresses, padding or which optional callbacks and services there are"},
    {"C38", X, "survives rows, settings, models and states drawn by chance within the contract, and answers nothing impossible to them",
     "run it again with --rule C38 and the --seed that the failure names, and refuse there what cannot be worked with"},
    {"C39", X, "finishes or refuses batches of 64 MiB, 10000 columns, texts of a million bytes, and offsets up to the end of int32",
     "size memory by what arrives, count in 64 bits, keep rows off the stack, and poll call->should_stop"},
};

constexpr std::string_view kLevels[] = {"basic", "standard", "strict"};

}  // namespace

std::string_view level_name(CheckLevel level) {
  return kLevels[static_cast<std::size_t>(level)];
}

CheckLevel parse_level(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i)
    if (kLevels[i] == name) return static_cast<CheckLevel>(i);
  throw Error(Code::invalid_argument, fmt::format("no level \"{}\"; there are {}", name, fmt::join(kLevels, ", ")));
}

std::span<const CheckRule> check_rules() {
  return kRules;
}

const CheckRule& check_rule_named(std::string_view id) {
  for (const CheckRule& rule : kRules)
    if (rule.id == id) return rule;
  throw Error(Code::invalid_argument,
              fmt::format("no rule \"{}\"; the rules are {} to {}, as sdk/CHECKS.md lists them", id,
                          std::begin(kRules)->id, std::rbegin(kRules)->id));
}

}  // namespace assay
