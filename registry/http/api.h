// SPDX-License-Identifier: Apache-2.0
// Everything the registry answers over HTTP, put together for a Server: probes, metrics and our own API
// (v1/).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "registry/events/receiver_policy.h"
#include "registry/http/site.h"
#include "registry/service/services.h"

namespace assay {
class Authenticator;
class Jobs;
class ScoreService;
class Vitals;
}  // namespace assay

namespace assay::http {

// Borrows what it points to, which must outlive the Server.
struct Context {
  Services services;
  const Authenticator& authenticator;
  ScoreService* score = nullptr;  // null: scoring answers 503
  Jobs* jobs = nullptr;           // null: jobs answer 503
  std::string version = "0";      // of the program
  ReceiverPolicy receivers = {};  // of webhooks
  Vitals* vitals = nullptr;       // null: only what HTTP counts is told
  // Throws unavailable, saying why, while requests cannot be served; may block. Empty: they can.
  std::function<void()> ready;
};

// Throws internal when a route is not whole, such as one that does not say who may call it.
std::shared_ptr<Site> make_site(const Context& context);

}  // namespace assay::http
