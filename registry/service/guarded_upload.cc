// SPDX-License-Identifier: Apache-2.0
#include "registry/service/guarded_upload.h"

#include "registry/catalog/database.h"
#include "registry/service/quota.h"

namespace assay {
namespace {

// How much is taken in between two looks at the disk: far less than what it keeps in reserve.
constexpr std::uint64_t kLookEvery = 8ull << 20;

class GuardedUpload final : public BlobUpload {
 public:
  GuardedUpload(const Services& services, std::unique_ptr<BlobUpload> upload)
      : services_(services), upload_(std::move(upload)) {}

  void write(std::span<const std::byte> bytes) override {
    if (since_look_ += bytes.size(); since_look_ >= kLookEvery) {
      require_room(services_, 0);
      since_look_ = 0;
    }
    upload_->write(bytes);
  }
  BlobInfo finish() override { return upload_->finish(); }

 private:
  const Services services_;
  const std::unique_ptr<BlobUpload> upload_;
  std::uint64_t since_look_ = 0;  // bytes
};

}  // namespace

std::unique_ptr<BlobUpload> begin_guarded_upload(const Services& services, const Principal& caller,
                                                 const UploadOptions& options) {
  const std::uint64_t announced = options.size.value_or(0);
  services.database.read([&](Snapshot& snapshot) { require_some_quota(snapshot, caller, announced); });
  require_room(services, announced);
  return std::make_unique<GuardedUpload>(services, services.blobs.begin_upload(options));
}

}  // namespace assay
