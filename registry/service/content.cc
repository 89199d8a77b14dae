// SPDX-License-Identifier: Apache-2.0
#include "registry/service/content.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/catalog/database.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/versions.h"
#include "registry/content/check.h"
#include "registry/service/resolve.h"
#include "storage/blob/blob_store.h"

namespace assay {
namespace {

// Reopens its blob further on where it would have to read much to get there.
class BlobStream final : public ByteStream {
 public:
  BlobStream(const BlobStore& blobs, const Digest& digest, ByteRange range)
      : blobs_(blobs), digest_(digest), range_(range) {}

  std::size_t read(std::span<std::byte> out) override {
    if (range_.length == 0 || out.empty()) return 0;
    if (!reader_) reader_ = blobs_.open(digest_, range_);
    const std::size_t got = reader_->read(out);
    range_.offset += got;
    range_.length -= got;
    return got;
  }
  bool skip(std::uint64_t count) override {
    const std::uint64_t passed = std::min(count, range_.length);
    range_.offset += passed;
    range_.length -= passed;
    if (passed > 0) reader_.reset();
    return passed == count;
  }

 private:
  const BlobStore& blobs_;
  const Digest digest_;
  ByteRange range_;
  std::unique_ptr<BlobReader> reader_;
};

class BlobSource final : public ByteSource {
 public:
  BlobSource(const BlobStore& blobs, const BlobInfo& blob) : blobs_(blobs), blob_(blob) {}
  std::uint64_t size() const override { return blob_.size; }
  std::unique_ptr<ByteStream> open(std::uint64_t offset, std::uint64_t length) override {
    const ByteRange range{offset, std::min(length, blob_.size - offset)};
    return std::make_unique<BlobStream>(blobs_, blob_.digest, range);
  }

 private:
  const BlobStore& blobs_;
  const BlobInfo blob_;
};

bool asks_for_contents(const Policy& policy) {
  return std::any_of(policy.rules().begin(), policy.rules().end(), [](const PolicyRule& rule) {
    const auto* artifact = std::get_if<ArtifactRule>(&rule);
    return artifact != nullptr && artifact->no_pickle;
  });
}

}  // namespace

Findings look_into(const Services& services, const std::vector<VersionFile>& files) {
  const auto open = services.database.read([&](Snapshot& snapshot) {
    std::vector<Digest> out;
    for (const VersionFile& file : files)
      if (!has_content(snapshot, file.digest, kContentChecker)) out.push_back(file.digest);
    return out;
  });
  Findings findings;
  for (const Digest& digest : open) {
    const auto blob = findings.contains(digest) ? std::nullopt : services.blobs.stat(digest);
    if (!blob) continue;
    BlobSource source(services.blobs, *blob);
    findings.emplace(digest, check_content(source));
  }
  return findings;
}

void keep_findings(Transaction& transaction, const Findings& findings) {
  for (const auto& [digest, content] : findings) put_content(transaction, digest, kContentChecker, content);
}

void prepare_contents(const Services& services, const Policy& policy, const Name& model, const Selector& version) {
  if (!asks_for_contents(policy)) return;
  // A version that is not there is for the judging to say, which may know the request from before.
  const auto found = services.database.read([&](Snapshot& snapshot) {
    const auto number = find_number(snapshot, Kind::model, model, version);
    return number ? find_version(snapshot, Kind::model, model, *number) : std::nullopt;
  });
  const Findings findings = found ? look_into(services, found->files) : Findings();
  if (findings.empty()) return;
  services.database.write([&](Transaction& transaction) { keep_findings(transaction, findings); });
}

void prepare_contents(const Services& services, const Name& model, const StageName& stage, const Selector& version) {
  const auto policy = services.database.read([&](Snapshot& snapshot) { return find_policy(snapshot, model, stage); });
  if (policy) prepare_contents(services, *policy, model, version);
}

nlohmann::json contents_answer(const std::vector<FoundContent>& contents) {
  nlohmann::json out = nlohmann::json::array();
  for (const FoundContent& found : contents) {
    nlohmann::json file = found.content ? nlohmann::json(*found.content) : nlohmann::json::object();
    file["path"] = found.path;
    out.push_back(std::move(file));
  }
  return out;
}

}  // namespace assay
