// SPDX-License-Identifier: Apache-2.0
// The instructions are those of CPython's Lib/pickletools.py. The stack is followed as its interpreter keeps it, because
// protocol 4 takes the names of what it imports from there, and from the memo.
#include "registry/content/pickle_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>
#include <vector>

#include "registry/content/plain_imports.h"

namespace assay {
namespace {

constexpr std::size_t kMaxName = 256;     // bytes of a module or of a name in it, as far as we remember them
constexpr int kHighestProtocol = 5;

// What is known of an object: a text's number, or one of these two.
using Object = std::uint32_t;
constexpr Object kOther = 0;
constexpr Object kImport = 1;
constexpr Object kFirstText = 2;

bool is_digit(unsigned char letter) {
  return std::isdigit(letter) != 0;
}

bool is_dotted_name(std::string_view text) {
  return !text.empty() && text.size() < kMaxName && !is_digit(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_' || letter == '.' || letter == '<' || letter == '>';
         });
}

// A pickle may import what is spelt with these. Other ASCII no module has, and beyond ASCII any letter may be one.
bool may_be_imported(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return letter >= 0x80 || std::isalnum(letter) != 0 || letter == '_' || letter == '.' || letter == '<' || letter == '>';
  });
}

// The modules and names of plain imports, by number.
class PlainTexts {
 public:
  static const PlainTexts& get() {
    static const PlainTexts texts;
    return texts;
  }
  std::optional<Object> find(std::string_view text) const {
    const auto known = std::lower_bound(texts_.begin(), texts_.end(), text);
    if (known == texts_.end() || *known != text) return std::nullopt;
    return static_cast<Object>(known - texts_.begin()) + kFirstText;
  }
  std::string_view of(Object object) const { return texts_[object - kFirstText]; }
  Object end() const { return static_cast<Object>(texts_.size()) + kFirstText; }

 private:
  PlainTexts() {
    for (const PlainImport& plain : plain_imports()) texts_.insert(texts_.end(), {plain.module, plain.name});
    std::sort(texts_.begin(), texts_.end());
    texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
  }
  std::vector<std::string_view> texts_;
};

// Texts that may name a module or what is in it, by number. When it is full, those of plain imports are still known.
class Texts {
 public:
  Object add(std::string_view text) {
    if (!is_dotted_name(text)) return kOther;
    if (const auto plain = plain_.find(text)) return *plain;
    if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
    if (texts_.size() == PickleWalk::kMaxTexts) return kOther;
    texts_.emplace_back(text);
    return numbers_[texts_.back()] = static_cast<Object>(texts_.size() - 1) + plain_.end();
  }
  // Empty unless it is a text that we know.
  std::string_view of(Object object) const {
    if (object < kFirstText) return {};
    return object < plain_.end() ? plain_.of(object) : std::string_view(texts_[object - plain_.end()]);
  }

 private:
  const PlainTexts& plain_ = PlainTexts::get();
  std::map<std::string, Object, std::less<>> numbers_;
  std::vector<std::string> texts_;
};

// What the interpreter has put aside, as far as it matters: texts and imports by their index.
class Memo {
 public:
  // False when there is no such index.
  bool get(std::uint64_t index, Object& out) const {
    const auto kept = kept_.find(index);
    out = kept == kept_.end() ? kOther : kept->second;
    return sparse_ || index < count_;
  }
  void put(std::uint64_t index, Object object) {
    if (index > count_) sparse_ = true;
    if (index == count_) ++count_;
    if (object == kOther)
      kept_.erase(index);
    else if (kept_.size() < PickleWalk::kMaxMemo || kept_.contains(index))
      kept_[index] = object;
    else
      full_ = true;
  }
  // At the next index, which an interpreter counts; nobody writes a memo with gaps that then counts on.
  void append(Object object) {
    if (sparse_) full_ = true;
    put(count_, object);
  }
  void lose() { full_ = true; }
  // Something was not kept, so that what comes out of it may be anything.
  bool full() const { return full_; }

 private:
  std::unordered_map<std::uint64_t, Object> kept_;
  std::uint64_t count_ = 0;
  bool sparse_ = false;
  bool full_ = false;
};

class Walk {
 public:
  explicit Walk(ByteCursor& cursor) : cursor_(cursor) {}

  PickleWalk run() {
    const std::uint64_t start = cursor_.position();
    while (step())
      if (++out_.instructions, stopped_) break;
    out_.end = stopped_               ? PickleWalk::End::stop
               : cursor_.exhausted() ? PickleWalk::End::exhausted
                                     : PickleWalk::End::broken;
    out_.length = cursor_.position() - start;
    if (memo_.full()) doubt("what it puts aside and takes again cannot be followed");
    return std::move(out_);
  }

 private:
  // One instruction; false when an interpreter would give up at it, or the bytes end.
  bool step() {
    const auto code = cursor_.byte();
    if (!code) return false;
    // clang-format off
    switch (*code) {
      case '(': marks_.push_back(stack_.size()); return marks_.size() < PickleWalk::kMaxStack;
      case '.': stopped_ = stack_.size() > floor(); return stopped_;
      case '0': return discard();
      case '1': case 'e': case 'u': case 0x90: return to_mark(*code != '1');
      case '2': return !bare() && push(stack_.back());
      case 'N': case '}': case ']': case ')': case 0x88: case 0x89: case 0x8F: case 0x97: return push(kOther);
      case 't': case 'l': case 'd': case 0x91: return to_mark(false) && push(kOther);
      case 'a': return pop(1) && target();
      case 's': return pop(2) && target();
      case 'b': return pop(1) && call() && target();
      case 'R': case 0x81: return pop(2) && call() && push(kOther);
      case 0x92: return pop(3) && call() && push(kOther);
      case 'Q': return pop(1) && push(kOther);
      case 0x85: return pop(1) && push(kOther);
      case 0x86: return pop(2) && push(kOther);
      case 0x87: return pop(3) && push(kOther);
      case 0x98: return !bare();
      case 'c': return import_lines() && push(kImport);
      case 'i': return import_lines() && to_mark(false) && call() && push(kOther);
      case 'o': return !marks_.empty() && stack_.size() > floor() && to_mark(false) && call() && push(kOther);
      case 0x93: return import_stacked();
      case 0x82: return import_numbered(1);
      case 0x83: return import_numbered(2);
      case 0x84: return import_numbered(4);
      default: return step_memo(*code) || step_value(*code);
    }
    // clang-format on
  }

  bool step_memo(std::uint8_t code) {
    // clang-format off
    switch (code) {
      case 'p': return put(decimal());
      case 'q': return put(binary(1));
      case 'r': return put(binary(4));
      case 'g': return get(decimal());
      case 'h': return get(binary(1));
      case 'j': return get(binary(4));
      case 0x94:
        if (bare()) return false;
        memo_.append(stack_.back());
        return true;
      default: return false;
    }
    // clang-format on
  }

  // What carries its value with it.
  bool step_value(std::uint8_t code) {
    // clang-format off
    switch (code) {
      case 0x80: return protocol();
      case 0x95: return cursor_.number(8).has_value();  // a frame's length: the reader may rely on it or not
      case 'I': case 'L': case 'F': case 'P': return line_of_other();
      case 'S': return quoted();
      case 'V': return push_text(cursor_.line(kMaxName));
      case 'K': return skip(1);
      case 'M': return skip(2);
      case 'J': return skip(4);
      case 'G': return skip(8);
      case 'C': case 0x8A: return skip(cursor_.number(1));
      case 'B': case 0x8B: return skip(cursor_.number(4));
      case 0x8E: case 0x96: return skip(cursor_.number(8));
      case 'U': case 0x8C: return push_text(sized(1));
      case 'T': case 'X': return push_text(sized(4));
      case 0x8D: return push_text(sized(8));
      default: return false;
    }
    // clang-format on
  }

  // ---- the stack
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  bool bare() const { return stack_.size() == floor(); }
  bool push(Object object) {
    if (stack_.size() == PickleWalk::kMaxStack) {
      doubt("it keeps too many objects at once to be followed");
      return false;
    }
    stack_.push_back(object);
    return true;
  }
  bool pop(std::size_t count) {
    if (stack_.size() - floor() < count) return false;
    stack_.resize(stack_.size() - count);
    return true;
  }
  bool discard() {
    if (!bare()) return pop(1);
    return to_mark(false);
  }
  // Drops what stands above the last mark, and the mark; what is then on top is changed by it, if `changes` says so.
  bool to_mark(bool changes) {
    if (marks_.empty()) return false;
    stack_.resize(marks_.back());
    marks_.pop_back();
    return !changes || target();
  }
  // The object on top is added to or given a state. An import itself would be changed for whoever uses it later.
  bool target() {
    if (bare()) return false;
    if (stack_.back() == kImport) doubt("it changes what it imported");
    return true;
  }
  bool call() {
    out_.called = out_.called || out_.imports_anything();
    return true;
  }

  // ---- the memo
  // An index in digits. Whatever else an interpreter takes for a number makes the memo a riddle, not the pickle broken.
  struct Index {
    bool there = false;  // the bytes did not end before it
    std::optional<std::uint64_t> number{};
  };
  Index decimal() {
    const auto line = cursor_.line(20);
    if (!line) return {};
    const bool plain = !line->empty() && line->size() < 20 && std::all_of(line->begin(), line->end(), is_digit);
    return {true, plain ? std::optional<std::uint64_t>(std::stoull(*line)) : std::nullopt};
  }
  Index binary(int bytes) {
    const auto number = cursor_.number(bytes);
    return {number.has_value(), number};
  }
  bool put(const Index& index) {
    if (!index.there || bare()) return false;
    if (index.number)
      memo_.put(*index.number, stack_.back());
    else
      memo_.lose();
    return true;
  }
  bool get(const Index& index) {
    Object object = kOther;
    if (!index.number) memo_.lose();
    return index.there && (!index.number || memo_.get(*index.number, object)) && push(object);
  }

  // ---- values
  bool protocol() {
    const auto number = cursor_.byte();
    if (!number || *number > kHighestProtocol) return false;
    out_.protocol = std::max(out_.protocol, int{*number});
    return true;
  }
  bool line_of_other() { return cursor_.line(0).has_value() && push(kOther); }
  bool quoted() {
    const auto line = cursor_.line(kMaxName);
    if (!line) return false;
    const bool closed = line->size() > 1 && line->size() < kMaxName && line->back() == line->front();
    return push(closed ? texts_.add(std::string_view(*line).substr(1, line->size() - 2)) : kOther);
  }
  bool skip(const std::optional<std::uint64_t>& length) {
    return length && cursor_.skip(*length) && push(kOther);
  }
  std::optional<std::string> sized(int bytes) {
    const auto length = cursor_.number(bytes);
    return length ? cursor_.text(*length, kMaxName) : std::nullopt;
  }
  bool push_text(const std::optional<std::string>& text) { return text && push(texts_.add(*text)); }

  // ---- imports
  void doubt(const char* why) {
    if (out_.doubt.empty()) out_.doubt = why;
  }
  void imported(std::string_view module, std::string_view name) {
    std::set<std::string>& names = is_plain_import(module, name) ? out_.plain : out_.imports;
    if (names.size() < PickleWalk::kMaxImports) names.insert(fmt::format("{}.{}", module, name));
  }
  bool import_lines() {
    const auto module = cursor_.line(kMaxName);
    const auto name = module ? cursor_.line(kMaxName) : std::nullopt;
    if (!name || !may_be_imported(*module) || !may_be_imported(*name)) return false;
    imported(*module, *name);
    return true;
  }
  bool import_stacked() {
    if (stack_.size() - floor() < 2) return false;
    const std::string_view module = texts_.of(stack_[stack_.size() - 2]), name = texts_.of(stack_.back());
    if (module.empty() || name.empty())
      doubt("it imports something whose name cannot be followed");
    else
      imported(module, name);
    return pop(2) && push(kImport);
  }
  bool import_numbered(int bytes) {
    doubt("it imports something by a number that its reader registered");
    return cursor_.number(bytes).has_value() && push(kImport);
  }

  ByteCursor& cursor_;
  PickleWalk out_;
  std::vector<Object> stack_;
  std::vector<std::size_t> marks_;
  Texts texts_;
  Memo memo_;
  bool stopped_ = false;
};

}  // namespace

PickleWalk walk_pickle(ByteCursor& cursor) {
  return Walk(cursor).run();
}

}  // namespace assay
