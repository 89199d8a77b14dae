// SPDX-License-Identifier: Apache-2.0
#include "registry/cli/archive_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>
#include <vector>

#include "registry/client/local_file.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"
#include "storage/base/sha256.h"
#include "storage/env/unique_fd.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kBlobs = "blobs/sha256/";
constexpr std::string_view kLayout = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view kSignature = "index.json.sig";
constexpr std::size_t kBlock = 1 << 20;

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

}  // namespace

json descriptor(std::string_view media_type, std::string_view bytes) {
  return {{"mediaType", media_type}, {"digest", Digest::of(bytes).text()}, {"size", bytes.size()}};
}

// ---- Writing ----

struct ArchiveWriter::Impl {
  fs::path file, part;
  std::unique_ptr<archive, int (*)(archive*)> out{archive_write_new(), archive_write_free};
  bool finished = false;

  void check(int code) {
    if (code == ARCHIVE_OK) return;
    throw system_error("writing " + part.string(), archive_errno(out.get()));
  }
  void write(const void* bytes, std::size_t size) {
    if (archive_write_data(out.get(), bytes, size) != static_cast<la_ssize_t>(size)) check(ARCHIVE_FATAL);
  }
  // The same versions give the same archive, byte for byte: no times, owners or modes of this machine.
  void begin(const std::string& name, std::uint64_t size) {
    const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), name.c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 0, 0);
    check(archive_write_header(out.get(), entry.get()));
  }
  void add(const std::string& name, std::string_view bytes) {
    begin(name, bytes.size());
    write(bytes.data(), bytes.size());
  }
};

ArchiveWriter::ArchiveWriter(fs::path file) : impl_(std::make_unique<Impl>()) {
  impl_->part = file.string() + ".part";
  impl_->file = std::move(file);
  impl_->check(archive_write_set_format_pax_restricted(impl_->out.get()));
  impl_->check(archive_write_open_filename(impl_->out.get(), impl_->part.c_str()));
  impl_->add("oci-layout", kLayout);
}

ArchiveWriter::~ArchiveWriter() {
  std::error_code ignored;
  if (!impl_->finished) fs::remove(impl_->part, ignored);
}

void ArchiveWriter::add_index(const json& index, std::string_view signature) {
  impl_->add("index.json", index.dump());
  if (!signature.empty()) impl_->add(std::string(kSignature), signature);
}

void ArchiveWriter::add_blob(std::string_view bytes) {
  impl_->add(std::string(kBlobs) + Digest::of(bytes).hex(), bytes);
}

void ArchiveWriter::add_blob(const Digest& digest, std::uint64_t size, const fs::path& file) {
  impl_->begin(std::string(kBlobs) + digest.hex(), size);
  client::FileReader(file).read_all([&](std::span<const std::byte> piece) { impl_->write(piece.data(), piece.size()); });
}

void ArchiveWriter::finish() {
  impl_->check(archive_write_close(impl_->out.get()));
  const UniqueFd fd(::open(impl_->part.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) throw system_error("syncing " + impl_->part.string(), errno);
  std::error_code failed;
  fs::rename(impl_->part, impl_->file, failed);
  if (failed) throw system_error("writing " + impl_->file.string(), failed.value());
  impl_->finished = true;
}

// ---- Reading ----

struct ArchiveReader::Impl {
  fs::path file;
  std::unique_ptr<archive, int (*)(archive*)> in{archive_read_new(), archive_read_free};
  archive_entry* entry = nullptr;
  std::string index, signature;
  json records;
  std::optional<Blob> current;

  Error broken(const std::string& why) const {
    return Error(Code::corrupt, fmt::format("{} is not an archive that can be imported: {}", file.string(), why));
  }
  // False after the last.
  bool advance() {
    const int code = archive_read_next_header(in.get(), &entry);
    if (code == ARCHIVE_EOF) return false;
    if (code != ARCHIVE_OK) throw broken(text_of(archive_error_string(in.get())));
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr)
      throw broken(shown() + " is no regular file");
    return true;
  }
  std::string name() const { return text_of(archive_entry_pathname(entry)); }
  // For messages, which are text: a name may be any bytes.
  std::string shown() const {
    std::string out = name().substr(0, 100);
    std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
  }
  std::uint64_t size() const { return static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry))); }

  template <class Take>
  void read_all(Take take) {
    la_int64_t end = 0;
    for (;;) {
      const void* bytes = nullptr;
      std::size_t count = 0;
      la_int64_t offset = end;
      const int code = archive_read_data_block(in.get(), &bytes, &count, &offset);
      if (code != ARCHIVE_OK && code != ARCHIVE_EOF) throw broken(text_of(archive_error_string(in.get())));
      // Filled with zeros, a few bytes of an archive could become terabytes.
      if (offset != end || (code == ARCHIVE_EOF && static_cast<std::uint64_t>(end) != size()))
        throw broken(shown() + " is a file with holes");
      if (code == ARCHIVE_EOF) return;
      take(std::span(static_cast<const std::byte*>(bytes), count));
      end += static_cast<la_int64_t>(count);
    }
  }
  std::string document() {
    if (size() > kMaxArchiveDocument) throw broken(shown() + " is too large");
    std::string out;
    read_all([&](std::span<const std::byte> piece) {
      out.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    });
    return out;
  }
  void expect(const std::string& wanted) {
    if (!advance()) throw broken("it ends before " + wanted);
    require(wanted);
  }
  void require(const std::string& wanted) const {
    if (name() != wanted) throw broken("it does not have " + wanted + " in its place");
  }
  json parsed(const std::string& text, const std::string& what) const try {
    return parse_json(text, what, {.max_bytes = kMaxArchiveDocument});
  } catch (const Error& error) {
    throw broken(error.message());
  }
  Digest records_digest() const {
    const json document = parsed(index, "index.json");
    if (!document.is_object()) throw broken("index.json is no object");
    const json manifests = document.value("manifests", json::array());
    for (const json& one : manifests.is_array() ? manifests : json::array())
      if (one.is_object() && one.value("mediaType", json()) == kRecordsMediaType && one.value("digest", json()).is_string())
        return parsed_digest(one["digest"].get_ref<const std::string&>());
    throw broken("its index names no records");
  }
  Digest parsed_digest(const std::string& text) const try {
    return Digest::parse(text);
  } catch (const Error& error) {
    throw broken(error.message());
  }
  Digest blob_digest() const try {
    const std::string path = name();
    if (!path.starts_with(kBlobs)) throw broken("it holds " + shown());
    return Digest::parse("sha256:" + path.substr(kBlobs.size()));
  } catch (const Error& error) {
    throw error.code() == Code::corrupt ? error : broken("it holds " + shown());
  }
};

ArchiveReader::ArchiveReader(const fs::path& file) : impl_(std::make_unique<Impl>()) {
  impl_->file = file;
  if (!fs::exists(file)) throw Error(Code::not_found, "there is no file " + file.string());
  archive* in = impl_->in.get();
  if (archive_read_support_format_tar(in) != ARCHIVE_OK || archive_read_open_filename(in, file.c_str(), kBlock) != ARCHIVE_OK)
    throw impl_->broken(text_of(archive_error_string(in)));
  impl_->expect("oci-layout");
  impl_->document();
  impl_->expect("index.json");
  impl_->index = impl_->document();
  const Digest digest = impl_->records_digest();
  if (!impl_->advance()) throw impl_->broken("it ends before its records");
  if (impl_->name() == kSignature) {
    impl_->signature = impl_->document();
    impl_->expect(std::string(kBlobs) + digest.hex());
  } else {
    impl_->require(std::string(kBlobs) + digest.hex());
  }
  const std::string records = impl_->document();
  if (Digest::of(records) != digest) throw impl_->broken("its records do not have their digest");
  impl_->records = impl_->parsed(records, "the records");
}

ArchiveReader::~ArchiveReader() = default;

const std::string& ArchiveReader::index() const {
  return impl_->index;
}
const std::string& ArchiveReader::signature() const {
  return impl_->signature;
}
const json& ArchiveReader::records() const {
  return impl_->records;
}

std::optional<ArchiveReader::Blob> ArchiveReader::next() {
  if (!impl_->advance()) return std::nullopt;
  impl_->current = Blob{impl_->blob_digest(), impl_->size()};
  return impl_->current;
}

void ArchiveReader::extract(const fs::path& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  Sha256 hash;
  impl_->read_all([&](std::span<const std::byte> piece) {
    hash.update(piece);
    out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
  });
  if (!out.flush()) throw system_error("writing " + path.string(), errno);
  if (hash.finish() != impl_->current->digest)
    throw impl_->broken(impl_->current->digest.text() + " does not have its digest: it was damaged on the way");
}

}  // namespace assay::cli
