// SPDX-License-Identifier: Apache-2.0
// The one place that makes a file durable and gives it its name: sync the file, rename without replacing,
// sync the directory. FORMAT.md ("Publish order") argues why in this order.
#pragma once

#include <atomic>
#include <string_view>

#include "storage/env/files.h"

namespace assay {

// Any thread may publish at any time.
class DurablePublisher {
 public:
  explicit DurablePublisher(Files& files) : files_(files) {}

  // Gives `temp`, whose open handle is `file`, the name `target` in an existing directory. Returns true when
  // it did and false when `target` was there already (`temp` is left to the caller); in both cases the name
  // `target` is durable on return. Throws full or unavailable. A sync that failed for any reason but a full
  // disk is never tried again: from then on every call, and ensure_writable(), throws unavailable until the
  // process is restarted.
  [[nodiscard]] bool publish(File& file, std::string_view temp, std::string_view target);
  // What was appended to `file` is durable on return; fails as publish() does.
  void sync(File& file);
  // The names in the directory `path` are durable on return; fails as publish() does.
  void sync_directory(std::string_view path);
  // Throws unavailable after such a failure.
  void ensure_writable() const;
  bool writable() const { return !failed_; }

 private:
  Files& files_;
  std::atomic<bool> failed_ = false;
};

}  // namespace assay
