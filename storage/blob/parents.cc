// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/parents.h"

#include <algorithm>
#include <utility>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/recipe_walk.h"

namespace assay {
namespace {

// Chunks that every parent is tried on before the best is kept.
constexpr std::size_t kTrials = 4;
// What an insertion that nobody has seen yet may have moved bytes by: so much more of the parent is taken on
// both sides.
constexpr std::int64_t kUnknownShift = 16 * 1024;
// Once a common chunk has told the shift, a parent's chunk that has less than this in common is not worth
// decoding.
constexpr std::int64_t kOverlap = 1024;

}  // namespace

ParentView::ParentView(ChunkSource& source, const Digest& blob) : blob_(blob) {
  const Recipe recipe = source.recipe(blob);
  std::uint64_t chunks = 0;
  for (const RecipePage& page : recipe.pages) chunks += page.chunks;
  if (chunks > kMaxParentChunks) throw Error(Code::too_large, "The parent has too many chunks");
  RecipeWalk walk(source, recipe, 0);
  while (const auto piece = walk.next()) {
    chunks_.push_back(piece->chunk);
    offsets_.push_back(piece->offset);
  }
  if (recipe.sketch != Sketch{}) read_tensors(source, recipe.size);
  if (has_tensors()) return;
  for (std::size_t i = 0; i < chunks_.size(); ++i)
    index_of_.emplace(chunks_[i].digest, static_cast<std::uint32_t>(i));
}

void ParentView::read_tensors(ChunkSource& source, std::uint64_t size) {
  std::vector<std::byte> head;
  std::size_t wanted = kTensorHeadPrefix;
  for (const ChunkInfo& chunk : chunks_) {
    const std::size_t at = head.size();
    head.resize(at + chunk.length);
    source.read(chunk.digest, std::span(head).subspan(at));
    if (at == 0) wanted = tensor_head_size(head).value_or(0);
    if (head.size() >= wanted) break;
  }
  if (wanted == 0 || head.size() < wanted) return;
  const auto tensors = parse_tensor_head(std::span(head).first(wanted));
  if (!tensors) return;
  for (const TensorSpan& tensor : *tensors)
    if (tensor.offset + tensor.size <= size) tensors_.emplace(tensor.key, tensor);
}

std::size_t ParentView::index_at(std::uint64_t offset) const {
  const auto after = std::upper_bound(offsets_.begin(), offsets_.end(), offset);
  return static_cast<std::size_t>(after - offsets_.begin()) - (after == offsets_.begin() ? 0 : 1);
}

const ChunkInfo* ParentView::block(const Cut& cut) const {
  const auto found = tensors_.find(cut.tensor);
  if (found == tensors_.end()) return nullptr;
  const std::uint64_t offset = found->second.offset + cut.offset_in_tensor;
  const std::size_t index = index_at(offset);
  if (index == chunks_.size() || offsets_[index] != offset || chunks_[index].length != cut.length)
    return nullptr;
  return &chunks_[index];
}

std::span<const ChunkInfo> ParentView::chunks_at(std::uint64_t offset, std::uint64_t length) const {
  if (chunks_.empty()) return {};
  const std::size_t first = index_at(offset);
  std::size_t last = first;
  while (last < chunks_.size() && offsets_[last] < offset + length) ++last;
  return std::span(chunks_).subspan(first, last - first);
}

std::optional<std::uint64_t> ParentView::offset_of(const Digest& chunk) const {
  const auto found = index_of_.find(chunk);
  return found == index_of_.end() ? std::nullopt : std::optional(offsets_[found->second]);
}

Parents::Parents(ChunkSource& source, PackIndex& index, const std::vector<Digest>& hints)
    : source_(source), index_(index) {
  for (const Digest& hint : hints) add(hint);
}

// Parents only make an upload smaller, so whatever is wrong with one is no reason to fail.
void Parents::add(const Digest& blob) {
  if (parents_.size() == kMaxParents || !index_.stat(blob)) return;
  for (const Parent& parent : parents_)
    if (parent.view->blob() == blob) return;
  try {
    auto view = std::make_unique<ParentView>(source_, blob);
    const std::lock_guard lock(mutex_);  // a worker may be scoring the hints
    parents_.push_back({std::move(view)});
  } catch (const Error&) {
  }
}

void Parents::consider(const Sketch& sketch) {
  if (std::exchange(considered_, true)) return;
  for (const Digest& blob : index_.similar(sketch, kMaxParents)) add(blob);
}

void Parents::saw(const Digest& chunk, std::uint64_t offset) {
  for (Parent& parent : parents_) {
    const auto there = parent.view->offset_of(chunk);
    if (!there) continue;
    parent.shift = static_cast<std::int64_t>(*there) - static_cast<std::int64_t>(offset);
    parent.aligned = true;
  }
}

std::span<const ChunkInfo> Parents::neighbours(const Parent& parent, const Cut& cut, std::uint64_t offset) {
  const std::int64_t margin =
      parent.aligned ? -std::min<std::int64_t>(kOverlap, cut.length / 4) : kUnknownShift;
  const std::int64_t begin = static_cast<std::int64_t>(offset) + parent.shift - margin;
  const std::int64_t end = begin + cut.length + 2 * margin;
  if (end <= 0) return {};
  const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(begin, 0));
  return parent.view->chunks_at(from, static_cast<std::uint64_t>(end) - from);
}

// Which parent to use for good, once there were trials enough; until then, how many there are. One that was
// tried less often than another lacks some of the tensors.
std::size_t Parents::settled() {
  const std::lock_guard lock(mutex_);
  const auto better = [](const Parent& a, const Parent& b) {
    return a.trials != b.trials ? a.trials > b.trials : a.stored < b.stored;
  };
  const auto best = std::min_element(parents_.begin(), parents_.end(), better);
  return best->trials < kTrials ? parents_.size() : static_cast<std::size_t>(best - parents_.begin());
}

void Parents::score(const std::vector<Choice>& choices, const std::vector<std::size_t>& stored) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    Parent& parent = parents_[choices[i].parent];
    ++parent.trials;
    parent.stored += stored[i];
  }
}

std::vector<Parents::Choice> Parents::choices(const Cut& cut, std::uint64_t offset, PackIndex::Pins& pins) {
  std::vector<Choice> choices;
  const std::size_t settled_on = parents_.size() > 1 && cut.tensor != 0 ? settled() : parents_.size();
  for (std::size_t i = 0; i < parents_.size(); ++i) {
    if (settled_on < parents_.size() && i != settled_on) continue;
    const ParentView& view = *parents_[i].view;
    std::vector<ChunkInfo> bases;
    if (const ChunkInfo* block = cut.tensor != 0 ? view.block(cut) : nullptr) {
      bases = usable(std::span(block, 1), pins);
    } else if (cut.tensor == 0 && choices.empty()) {
      bases = usable(neighbours(parents_[i], cut, offset), pins);
    }
    if (!bases.empty()) choices.push_back({i, std::move(bases)});
  }
  return choices;
}

std::vector<ChunkInfo> Parents::usable(std::span<const ChunkInfo> bases, PackIndex::Pins& pins) const {
  std::vector<ChunkInfo> usable;
  std::size_t size = 0;
  for (const ChunkInfo& wanted : bases) {
    const auto base = shallow(wanted);
    if (!base || size + base->length > kMaxParent || usable.size() == kMaxBases) continue;
    if (!index_.reuse(RecordKind::chunk, base->digest, pins)) continue;
    size += base->length;
    usable.push_back(*base);
  }
  return usable;
}

// The chunk itself, or where its chain is as long as it may be what the chain began with: the model that a
// family of fine-tunes has in common.
std::optional<ChunkInfo> Parents::shallow(ChunkInfo base) const {
  auto found = index_.find(RecordKind::chunk, base.digest);
  if (!found) return std::nullopt;
  if (found->entry.depth < kMaxDepth) return base;
  while (found && found->entry.depth > 0) {
    if (found->bases.size() != 1) return std::nullopt;
    found = index_.find(RecordKind::chunk, found->bases.front());
  }
  if (!found) return std::nullopt;
  return ChunkInfo{found->entry.id, found->entry.raw_length};
}

}  // namespace assay
