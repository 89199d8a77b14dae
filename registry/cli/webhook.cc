// SPDX-License-Identifier: Apache-2.0
// `assay webhook`: who is told of what happens, and what became of telling them.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/polling.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/domain/event.h"
#include "storage/base/error.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr int kRefused = 10;
constexpr int kMaxQuestions = 60;  // about a minute: longer than the server gives a receiver

struct CreateOptions {
  std::string url;
  std::vector<std::string> events;
  std::string space = "*";
};

struct ListOptions {
  std::string id;
  std::size_t limit = 50;
};

std::string text(const Json& object, const char* key) {
  return plain(object.value(key, ""));
}

std::string events_text(const Json& webhook) {
  const auto wanted = webhook.at("events").get<std::vector<std::string>>();
  return wanted.empty() ? "all" : plain(fmt::format("{}", fmt::join(wanted, ", ")));
}

std::string state_text(const Json& webhook) {
  return webhook.value("active", true) ? "active" : "ended: the receiver answered 410 Gone";
}

// `stage.promoted` is io.assay.stage.promoted.
std::string full_type(const std::string& type) {
  return type.starts_with(kEventPrefix) ? type : std::string(kEventPrefix) + type;
}

int create(Context& context, const CreateOptions& options) {
  std::vector<std::string> events;
  for (const std::string& type : options.events) events.push_back(full_type(type));
  std::optional<Namespace> space;
  if (options.space != "*") space = Namespace::parse(options.space);
  const Json webhook = context.api().create_webhook(options.url, events, space);
  if (context.json()) {
    context.print_json(webhook);
    return 0;
  }
  // Alone on stdout, so that it can go straight into a file.
  std::cout << text(webhook, "secret") << '\n';
  std::cerr << fmt::format("webhook {}: {} events of {} go to {}; its secret is shown only this once\n",
                           text(webhook, "id"), events_text(webhook),
                           space ? "namespace " + space->text() : "all namespaces", text(webhook, "url"));
  return 0;
}

int list(Context& context) {
  const Json webhooks = context.api().webhooks();
  if (context.json()) {
    context.print_json(webhooks);
    return 0;
  }
  Table table({"webhook", "namespace", "url", "events", "state"});
  for (const Json& webhook : webhooks)
    table.add({text(webhook, "id"), text(webhook, "namespace"), text(webhook, "url"), events_text(webhook),
               state_text(webhook)});
  if (table.empty())
    std::cout << "nobody is told of anything yet\n";
  else
    table.print(std::cout);
  return 0;
}

int show(Context& context, const std::string& id) {
  const Json webhook = context.api().webhook(Id::parse(id));
  if (context.json()) {
    context.print_json(webhook);
    return 0;
  }
  std::cout << text(webhook, "id") << '\n'
            << "  url        " << text(webhook, "url") << '\n'
            << "  namespace  " << text(webhook, "namespace") << '\n'
            << "  events     " << events_text(webhook) << '\n'
            << "  state      " << state_text(webhook) << '\n'
            << "  made       " << human_time(text(webhook, "created_at")) << " by " << text(webhook, "created_by") << '\n';
  return 0;
}

int remove(Context& context, const std::string& id) {
  context.api().delete_webhook(Id::parse(id));
  if (context.json())
    context.print_json({{"deleted", id}});
  else
    std::cout << "deleted webhook " << plain(id) << '\n';
  return 0;
}

// What the last attempt brought.
std::string outcome_text(const Json& delivery) {
  const Json& attempts = delivery.at("attempts");
  if (attempts.empty()) return "not tried yet";
  const Json& last = attempts.back();
  const std::string took = fmt::format("{} ms", last.at("duration_ms").get<std::int64_t>());
  if (!last.at("error").is_null()) return plain(last.at("error").get<std::string>()) + ", " + took;
  return fmt::format("{}, {}", last.at("http_status").get<int>(), took);
}

int deliveries(Context& context, const ListOptions& options) {
  const Json items = context.api().deliveries(Id::parse(options.id), options.limit);
  if (context.json()) {
    context.print_json(items);
    return 0;
  }
  Table table({"delivery", "event", "of", "cause", "status", "attempts", "last", "next"});
  for (const Json& item : items)
    table.add({text(item, "id"), text(item.at("event"), "type"), text(item.at("event"), "subject"), text(item, "cause"),
               text(item, "status"), std::to_string(item.at("attempts").size()), outcome_text(item),
               item.at("due_at").is_null() ? "-" : human_time(item.at("due_at").get<std::string>())});
  if (table.empty())
    std::cout << "nothing was sent yet\n";
  else
    table.print(std::cout);
  return 0;
}

// Waits for the first attempt and says what came of it.
int follow(Context& context, Json delivery) {
  const Id id = Id::parse(delivery.at("id").get<std::string>());
  Polling polling;
  for (int question = 0; delivery.at("attempts").empty(); ++question) {
    if (question == kMaxQuestions)
      throw Error(Code::unavailable, fmt::format("delivery {} was not tried yet; the server is busy with others: see "
                                                 "assay webhook deliveries {}",
                                                 id.text(), text(delivery, "webhook")));
    polling.wait();
    delivery = context.api().delivery(id);
  }
  if (context.json())
    context.print_json(delivery);
  else
    std::cout << fmt::format("{} {}: {}\n", text(delivery, "status"), id.text(), outcome_text(delivery));
  return delivery.value("status", "") == "delivered" ? 0 : kRefused;
}

int redeliver(Context& context, const std::string& id) {
  return follow(context, context.api().redeliver(Id::parse(id)));
}

int test(Context& context, const std::string& id) {
  return follow(context, context.api().test_webhook(Id::parse(id)));
}

void add_create(CommandSet& commands, CLI::App& family) {
  auto options = make_options<CreateOptions>();
  CLI::App& command = commands.add(
      family, {"create", "Have a URL told of events; its secret is printed once (admins of the namespace)",
               "assay webhook create --url https://hooks.example.org/assay > hook.secret\n"
               "assay webhook create --url https://hooks.example.org/assay --namespace acme --event 'stage.*' "
               "--event version.published > hook.secret",
               "0 made"});
  command.add_option("--url", options->url, "https://host[:port][/path][?query]")->required();
  command
      .add_option("--event", options->events,
                  "a type such as stage.promoted, or stage.* for all of a noun; may be repeated; all when left out")
      ->expected(1)
      ->take_all();
  command.add_option("--namespace", options->space, "whose events; * is all")->capture_default_str();
  commands.on(command, [options](Context& context) { return create(context, *options); });
}

void add_deliveries(CommandSet& commands, CLI::App& family) {
  auto options = make_options<ListOptions>();
  CLI::App& command = commands.add(
      family,
      {"deliveries", "List what was sent, newest first", "assay webhook deliveries 01kb2h5v0q4t8w9xaz3c6d7efg", ""});
  command.add_option("webhook", options->id, "its id")->required();
  command.add_option("--limit", options->limit, "at most so many")->capture_default_str()->check(whole_number(1));
  commands.on(command, [options](Context& context) { return deliveries(context, *options); });
}

}  // namespace

void add_webhook(CommandSet& commands) {
  CLI::App& family = commands.add_family(kServerGroup, "webhook", "Tell others what happens, over HTTP");
  add_create(commands, family);
  CLI::App& listed = commands.add(family, {"ls", "List the webhooks of namespaces that you administer",
                                           "assay webhook ls", ""});
  commands.on(listed, list);
  const auto add_for_id = [&](const char* what, const CommandText& command_text, auto action) {
    auto id = make_options<std::string>();
    CLI::App& command = commands.add(family, command_text);
    command.add_option(what, *id, "its id")->required();
    commands.on(command, [id, action](Context& context) { return action(context, *id); });
  };
  add_for_id("webhook", {"show", "Show one webhook", "assay webhook show 01kb2h5v0q4t8w9xaz3c6d7efg", ""}, show);
  add_for_id("webhook", {"delete", "End a webhook; its deliveries are forgotten",
                         "assay webhook delete 01kb2h5v0q4t8w9xaz3c6d7efg", "0 deleted"}, remove);
  add_deliveries(commands, family);
  add_for_id("delivery", {"redeliver", "Send a delivered or dead delivery again",
                          "assay webhook redeliver 01kb2h5v0q4t8w9xaz3c6d7efg",
                          "0 the receiver took it, 10 it did not: it is tried again"},
             redeliver);
  add_for_id("webhook", {"test", "Send an event of type io.assay.webhook.test, once",
                         "assay webhook test 01kb2h5v0q4t8w9xaz3c6d7efg", "0 the receiver took it, 10 it did not"},
             test);
}

}  // namespace assay::cli
