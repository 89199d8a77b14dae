// SPDX-License-Identifier: Apache-2.0
// What every rule works on: the plugin's components as its descriptor has them, opened and made anew for each
// trial, and the two ways in which a rule ends early. Rules drive the plugin through the SDK's own host for
// tests (assay/testing.hpp), so what authors can try at home is what is checked here.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "assay/testing.hpp"
#include "registry/plugin_host/worker/call_context.h"

namespace assay::worker::check {

namespace fake = assay::sdk::testing;
using sdk::Error;

// A promise that the plugin broke; the text says which and how.
struct Broken {
  std::string why;
};
// The rule does not apply to this plugin; the text says why.
struct Skipped {
  std::string why;
};

inline void demand(bool kept, const std::string& why) {
  if (!kept) throw Broken{why};
}

struct Component {
  std::string id;
  std::string defaults;  // complete settings, JSON text
  fake::Json schema;     // of its settings
  std::vector<std::string> capabilities;
  std::vector<std::string> roles, optional_roles;  // that its rows have, and that they may have besides
  std::string determinism;  // "bitwise", "seeded" or "none"
  bool of_classes = false;  // its labels are of three classes, and each class has a column of scores

  bool offers(std::string_view capability) const;
  // The capability of the fold that it is, or null.
  const char* fold() const;
  bool takes(std::string_view role) const;
  fake::Json::Object settings() const { return fake::Json::parse(defaults).object(); }
};

struct Subject {
  const assay_call* call = nullptr;  // of the host's own request
  std::string descriptor;
  std::vector<Component> components;
  std::string before;  // what an earlier process of this rule left; empty in the first one
  std::string again;   // not empty: go on in another process with this as `before`
  std::uint64_t seed = 0;  // of all that a rule draws by chance
  std::string given{};  // how the rows of the component at hand are; said before all that is said of it

  // Tells the host what comes next: it is all that is known if the plugin takes this process with it.
  void trying(const std::string& what) const;
};

// What a host offers besides its calls (assay/ext): a plugin must do with neither.
enum class Services { all, none };

// An opened plugin with one component in it; both are gone with this.
class Made {
 public:
  explicit Made(const Component& component, Services services = Services::all);
  Made(const Component& component, const fake::Json::Object& settings, Services services = Services::all);
  const Component& about() const { return about_; }
  const fake::FakeComponent& operator*() const { return component_; }
  const fake::FakeComponent* operator->() const { return &component_; }

 private:
  const Component& about_;
  fake::FakeHost host_;
  fake::FakeComponent component_;
};

// Answers what was found, for a rule that was kept.
using Rule = std::string (*)(Subject&);

std::string loads_quietly(Subject&);           // C04
std::string opens_more_than_once(Subject&);    // C05
std::string respects_struct_sizes(Subject&);   // C06
std::string lives_without_options(Subject&);   // C07
std::string refuses_strangers(Subject&);       // C08
std::string says_the_same(Subject&);           // C09
std::string offers_what_it_declares(Subject&); // C10
std::string refuses_bad_settings(Subject&);    // C11
std::string explains_failures(Subject&);       // C12
std::string copes_with_few_rows(Subject&);     // C13
std::string copes_with_odd_numbers(Subject&);  // C14
std::string reads_nulls(Subject&);             // C15
std::string heeds_offsets(Subject&);           // C16
std::string finds_columns_by_name(Subject&);   // C17
std::string refuses_foreign_types(Subject&);   // C18
std::string ignores_batch_ends(Subject&);      // C19
std::string releases_once(Subject&);           // C20
std::string copes_with_short_io(Subject&);     // C21
std::string round_trips(Subject&);             // C22
std::string refuses_damage(Subject&);          // C23
std::string repeats_itself(Subject&);          // C24
std::string ignores_the_seed(Subject&);        // C25
std::string stops_when_cancelled(Subject&);    // C26
std::string stops_at_deadline(Subject&);       // C27
std::string merges_exactly(Subject&);          // C28
std::string answers_true_tables(Subject&);     // C29
std::string leaks_nothing(Subject&);           // C30
std::string works_on_many_threads(Subject&);   // C31
std::string leaves_the_process_alone(Subject&);   // C33
std::string calls_only_what_it_may(Subject&);  // C34
std::string survives_without_memory(Subject&); // C35
std::string ends_every_entry(Subject&);        // C36
std::string gives_equal_bits_anywhere(Subject&);  // C37
std::string survives_chance(Subject&);         // C38
std::string copes_with_sizes(Subject&);        // C39

}  // namespace assay::worker::check
