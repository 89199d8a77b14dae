// SPDX-License-Identifier: Apache-2.0
// Random work on a local blob store, compared with a map from digest to bytes.
#include <iostream>
#include <map>
#include <random>

#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay {
namespace {

constexpr PackSizes kSmall{.own = 60000, .shared = 30000, .shared_upload = 40000};

class Run {
 public:
  explicit Run(std::uint64_t seed) : random_(seed) { reopen(); }

  void step() {
    switch (random_() % 8) {
      case 0:
        return reopen();
      case 1:
        return drop();
      case 2:
      case 3:
        return read();
      default:
        return upload();
    }
  }

  void check_all() {
    for (const auto& [digest, bytes] : model_) {
      CHECK((read_all(*store_, digest, bytes.size()) == bytes));
      CHECK(store_->stat(digest)->size == bytes.size());
    }
    std::vector<Digest> listed;
    store_->for_each([&](const Digest& digest) { listed.push_back(digest); });
    CHECK(listed.size() == model_.size());
    CHECK(store_->totals().blobs == model_.size());
    CHECK(fsck(disk_).clean());
    CHECK(disk_.list("tmp").empty());
  }

 private:
  void reopen() {
    store_.reset();
    store_ = std::make_unique<LocalBlobStore>(disk_, entropy_, 0, kSmall);
  }

  std::size_t some(std::size_t most) { return random_() % (most + 1); }

  const std::string* any() {
    if (model_.empty()) return nullptr;
    return &std::next(model_.begin(), static_cast<std::ptrdiff_t>(some(model_.size() - 1)))->second;
  }

  // Something new, or an older blob once more, edited, cut, doubled or joined with another.
  std::string make() {
    const std::string* old = any();
    const std::uint64_t seed = random_() % 5;
    switch (random_() % 9) {
      case 0:
        return test::random_bytes(some(100000), seed);
      case 1:
        return test::table_bytes(some(150000), seed);
      case 2:
        return std::string(some(70000), 'z');
      case 3: {
        auto weights = test::made_weights(20000 + 1000 * seed, seed);
        if (random_() % 2 == 0) weights = test::made_fine_tune(weights, 1e-5, random_() % 4);
        return test::tensor_file({{"w", "F32", {weights.size()}, test::stored_as(Element::f32, weights)},
                                  {"b", "BF16", {3}, "abcdef"}});
      }
      case 4:
        return old ? *old + *any() : "";
      case 5:
        return old ? old->substr(some(old->size())) : "x";
      case 6: {
        std::string edited = old ? *old : "yy";
        if (!edited.empty()) edited[some(edited.size() - 1)] ^= 1;
        return edited;
      }
      default:
        return old ? *old : "";
    }
  }

  UploadOptions options(const std::string& bytes) {
    UploadOptions options;
    if (random_() % 2 == 0) options.digest = Digest::of(bytes);
    if (random_() % 2 == 0) options.size = bytes.size();
    for (std::size_t i = some(2); i > 0; --i)
      if (const std::string* parent = any()) options.parents.push_back(Digest::of(*parent));
    return options;
  }

  void write(BlobUpload& upload, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.size(), 1 + some(60000));
      upload.write(test::as_span(bytes.substr(0, size)));
      bytes.remove_prefix(size);
    }
  }

  void upload() {
    const std::string bytes = make();
    const auto upload = store_->begin_upload(options(bytes));
    write(*upload, bytes);
    const BlobInfo info = upload->finish();
    CHECK(info.digest == Digest::of(bytes));
    CHECK(info.size == bytes.size());
    model_[info.digest] = bytes;
  }

  void drop() {
    const std::string bytes = make();
    const auto upload = store_->begin_upload(options(bytes));
    write(*upload, std::string_view(bytes).substr(0, some(bytes.size())));
  }

  void read() {
    const std::string* bytes = any();
    if (bytes == nullptr) return;
    const std::uint64_t offset = some(bytes->size());
    const auto reader = store_->open(Digest::of(*bytes), {offset, some(bytes->size())});
    std::string all, part(1 + some(40000), '\0');
    while (const std::size_t got = reader->read(std::as_writable_bytes(std::span(part))))
      all.append(part, 0, got);
    CHECK((all == bytes->substr(offset, reader->size())));
  }

  std::mt19937_64 random_;
  test::SimulatedDisk disk_;
  SystemEntropy entropy_;
  std::unique_ptr<LocalBlobStore> store_;
  std::map<Digest, std::string> model_;
};

TEST_CASE("Local blob store: after any work it holds exactly what was uploaded") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int i = 0; i < 40; ++i) run.step();
    run.check_all();
  }
}

}  // namespace
}  // namespace assay
