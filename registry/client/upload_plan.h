// SPDX-License-Identifier: Apache-2.0
// A local file compared with blobs that the server has, and the outcome as the bytes of a request, from any
// point of the file on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "registry/client/local_file.h"
#include "registry/client/segments.h"

namespace assay::client {

// Reads the file. Throws corrupt when it is not the file that was hashed.
Segments plan_upload(const LocalFile& file, const ParentChunks& parents);
Error changed_meanwhile(const LocalFile& file);

// The frames of a plan from `offset` of the file to its end. Borrows the plan and the file.
class UploadBody {
 public:
  UploadBody(const Segments& plan, const FileReader& file, std::uint64_t offset);

  std::uint64_t size() const { return size_; }  // of the body
  // Fills `out` as far as the body goes; 0 at its end, and when the file turned out to be shorter.
  std::size_t read(std::span<char> out);
  std::uint64_t offset() const { return offset_; }  // in the file, of what was read
  bool file_ended_early() const { return file_ended_early_; }

 private:
  bool next_frame();

  const Segments& plan_;
  const FileReader& file_;
  std::uint64_t size_ = 0;
  std::uint64_t offset_;
  std::size_t segment_ = 0;
  std::uint64_t within_ = 0;     // of the segment, what is in frames already
  std::string head_;             // what is left of the frame's head
  std::uint64_t data_left_ = 0;  // of the frame's bytes
  bool file_ended_early_ = false;
};

}  // namespace assay::client
