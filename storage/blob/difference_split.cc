// SPDX-License-Identifier: Apache-2.0
// The portable path, which is the definition; difference_split_avx512.cc and _avx2.cc do 64 elements at once.
#include "storage/blob/difference_split.h"

#include <cstring>

#include "storage/base/limits.h"
#include "storage/blob/difference_element.h"
#include "storage/blob/difference_split_avx2.h"
#include "storage/blob/difference_split_avx512.h"

namespace assay {
namespace {

void put(DifferenceStream& stream, std::uint64_t byte) {
  stream.bytes[stream.size++] = static_cast<std::byte>(byte & 0xFF);
}

void put_bit(DifferenceStream& stream, std::uint64_t bit) {
  std::byte& byte = stream.bytes[stream.size / 8];
  if (stream.size % 8 == 0) byte = std::byte{0};
  byte |= static_cast<std::byte>((bit & 1) << (stream.size % 8));
  ++stream.size;
}

bool take(DifferenceStream& stream, std::uint64_t& value) {
  if (stream.position >= stream.size) return false;
  value = static_cast<std::uint64_t>(stream.bytes[stream.position++]);
  return true;
}

bool take_bit(DifferenceStream& stream, std::uint64_t& bit) {
  if (stream.position >= stream.size) return false;
  bit = static_cast<std::uint64_t>(stream.bytes[stream.position / 8]) >> (stream.position % 8) & 1;
  ++stream.position;
  return true;
}

// The context of every key.
std::array<std::uint8_t, 256> context_of_keys(const DifferenceContexts& contexts) {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t k = 0; k + 1 < contexts.count; ++k)
    for (std::size_t key = contexts.bounds[k]; key < table.size(); ++key) ++table[key];
  return table;
}

template <typename Word>
Word load(const std::byte* elements, std::size_t i) {
  Word word;
  std::memcpy(&word, elements + i * sizeof(Word), sizeof(Word));
  return word;
}

// What the token leaves out: whole low bytes, and the up to seven bits above them.
template <typename Word>
void put_extra(Word zigzag, unsigned extra, DifferenceStreams& streams) {
  unsigned byte = 0;
  for (; byte < extra / 8; ++byte) put(streams.extra_bytes[byte], zigzag >> (8 * byte));
  for (unsigned bit = 0; bit < extra % 8; ++bit) put_bit(streams.extra_bits[bit], zigzag >> (8 * byte + bit));
}

template <typename Word>
bool take_extra(unsigned extra, DifferenceStreams& streams, Word& zigzag) {
  std::uint64_t all = 0;
  std::uint64_t value = 0;
  unsigned byte = 0;
  for (; byte < extra / 8; ++byte) {
    if (!take(streams.extra_bytes[byte], value)) return false;
    all |= value << (8 * byte);
  }
  for (unsigned bit = 0; bit < extra % 8; ++bit) {
    if (!take_bit(streams.extra_bits[bit], value)) return false;
    all |= value << (8 * byte + bit);
  }
  zigzag = static_cast<Word>(zigzag | all);
  return true;
}

template <typename Float>
void split(const DifferenceContexts& contexts, const std::byte* raw, const std::byte* parent,
           std::size_t from, std::size_t to, DifferenceStreams& streams) {
  using Word = typename Float::Word;
  using Zigzag = assay::Zigzag<Word>;
  const auto context = context_of_keys(contexts);
  for (std::size_t i = from; i < to; ++i) {
    const auto base = load<Word>(parent, i);
    const Word zigzag = Zigzag::of(load<Word>(raw, i), base);
    const unsigned extra = Zigzag::extra_bits(zigzag);
    put(streams.tokens[context[Float::key(base)]], Zigzag::token(zigzag, extra));
    put_extra(zigzag, extra, streams);
  }
}

template <typename Float>
bool join(const DifferenceContexts& contexts, DifferenceStreams& streams, const std::byte* parent,
          std::size_t from, std::size_t to, std::byte* raw) {
  using Word = typename Float::Word;
  using Zigzag = assay::Zigzag<Word>;
  const auto context = context_of_keys(contexts);
  for (std::size_t i = from; i < to; ++i) {
    const auto base = load<Word>(parent, i);
    std::uint64_t token = 0;
    if (!take(streams.tokens[context[Float::key(base)]], token) || token > Zigzag::kMaxToken) return false;
    const unsigned extra = Zigzag::extra_bits_of_token(static_cast<unsigned>(token));
    auto zigzag = static_cast<Word>((token - (extra << Zigzag::kSubBits)) << extra);
    if (extra > 0 && !take_extra(extra, streams, zigzag)) return false;
    const Word word = Zigzag::apply(zigzag, base);
    std::memcpy(raw + i * sizeof(Word), &word, sizeof(Word));
  }
  return true;
}

template <typename Float>
KeyCounts count(const std::byte* parent, std::size_t count) {
  KeyCounts counts{};
  for (std::size_t i = 0; i < count; ++i) ++counts[Float::key(load<typename Float::Word>(parent, i))];
  return counts;
}

}  // namespace

std::size_t token_capacity() {
  return kMaxChunk / 2;
}

// An element of w bytes leaves out fewer than w whole bytes.
std::size_t extra_byte_capacity(std::size_t stream) {
  return kMaxChunk / (stream == 0 ? 2 : stream < 3 ? 4 : 8);
}

std::size_t extra_bit_capacity() {
  return kMaxChunk / 2 / 8;
}

DifferenceStreams::DifferenceStreams() {
  const auto make = [](std::size_t capacity) {
    return std::make_unique_for_overwrite<std::byte[]>(capacity + kStreamRoom);
  };
  for (auto& stream : tokens) stream.bytes = make(token_capacity());
  for (std::size_t i = 0; i < extra_bytes.size(); ++i) extra_bytes[i].bytes = make(extra_byte_capacity(i));
  for (auto& stream : extra_bits) stream.bytes = make(extra_bit_capacity());
}

void DifferenceStreams::clear() {
  const auto forget = [](DifferenceStream& stream) { stream.size = stream.position = 0; };
  std::for_each(tokens.begin(), tokens.end(), forget);
  std::for_each(extra_bytes.begin(), extra_bytes.end(), forget);
  std::for_each(extra_bits.begin(), extra_bits.end(), forget);
}

KeyCounts count_keys(Element element, const std::byte* parent, std::size_t size) {
  switch (element) {
    case Element::f16:
      return count<F16>(parent, size);
    case Element::bf16:
      return count<Bf16>(parent, size);
    case Element::f32:
      return count<F32>(parent, size);
    case Element::f64:
      return count<F64>(parent, size);
    case Element::bytes:
      break;
  }
  return {};
}

void split_difference(const Cpu& cpu, Element element, const DifferenceContexts& contexts,
                      const std::byte* raw, const std::byte* parent, std::size_t count,
                      DifferenceStreams& streams) {
  std::size_t done = 0;
  if (cpu.avx512)
    done = split_difference_avx512(element, contexts, raw, parent, count, streams);
  else if (cpu.avx2)
    done = split_difference_avx2(element, contexts, raw, parent, count, streams);
  switch (element) {
    case Element::f16:
      return split<F16>(contexts, raw, parent, done, count, streams);
    case Element::bf16:
      return split<Bf16>(contexts, raw, parent, done, count, streams);
    case Element::f32:
      return split<F32>(contexts, raw, parent, done, count, streams);
    case Element::f64:
      return split<F64>(contexts, raw, parent, done, count, streams);
    case Element::bytes:
      return;
  }
}

bool join_difference(const Cpu& cpu, Element element, const DifferenceContexts& contexts,
                     DifferenceStreams& streams, const std::byte* parent, std::size_t count, std::byte* raw) {
  // The vector path stops at what it cannot do, an error among that: the portable path then finds it.
  std::size_t done = 0;
  if (cpu.avx512)
    done = join_difference_avx512(element, contexts, streams, parent, count, raw);
  else if (cpu.avx2)
    done = join_difference_avx2(element, contexts, streams, parent, count, raw);
  switch (element) {
    case Element::f16:
      return join<F16>(contexts, streams, parent, done, count, raw);
    case Element::bf16:
      return join<Bf16>(contexts, streams, parent, done, count, raw);
    case Element::f32:
      return join<F32>(contexts, streams, parent, done, count, raw);
    case Element::f64:
      return join<F64>(contexts, streams, parent, done, count, raw);
    case Element::bytes:
      break;
  }
  return false;
}

}  // namespace assay
