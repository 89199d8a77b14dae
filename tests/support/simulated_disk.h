// SPDX-License-Identifier: Apache-2.0
// A disk in memory whose power can be cut. After the cut it holds what was synced and, of the rest, whatever
// a malicious file system might have kept: any prefix of a file's unsynced bytes, any zeros in it, and any of
// the directory changes since that directory's last sync, a rename within one directory being one change, as
// it is in every journal. It may also have little room. One thread at a time.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/base/error.h"
#include "storage/env/files.h"

namespace assay::test {

class SimulatedDisk final : public Files {
 public:
  // A disk that answers "done" to a sync and does nothing: the negative control of a power-cut test.
  enum class Honesty { honest, ignores_file_sync, ignores_directory_sync };

  void become(Honesty honesty) { honesty_ = honesty; }
  // From the `operation`-th state-changing operation on (from 1), everything fails and changes nothing.
  void cut_power_at(std::size_t operation) { cut_at_ = operation; }
  std::size_t operations() const { return operations_; }
  // How many bytes more it takes from now on; what is removed, and not open any more, makes room.
  void leave_room(std::uint64_t bytes) { *room_ = bytes; }
  // What is on the disk when the power is back. `seed` picks what survives of the unsynced.
  void restart(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    revert(*root_, random);
    cut_at_ = 0;
    operations_ = 0;
    room_->reset();
  }

  // The bytes of every file by its path, and directories by paths that end in "/". All of it is synced in a
  // disk made from such a tree.
  using Tree = std::map<std::string, std::string>;
  Tree tree() const {
    Tree tree;
    add_to(tree, "", *root_);
    return tree;
  }
  SimulatedDisk() = default;
  explicit SimulatedDisk(const Tree& tree) {
    for (const auto& [path, bytes] : tree) {
      if (path.ends_with('/'))
        make_directory(path.substr(0, path.size() - 1));
      else
        create(path)->append(std::as_bytes(std::span(bytes)));
    }
    settle(*root_);
    operations_ = 0;
  }

  std::unique_ptr<File> open(std::string_view path) const override {
    return std::make_unique<OpenFile>(const_cast<SimulatedDisk&>(*this), file_at(path));
  }
  std::unique_ptr<File> create(std::string_view path) override {
    change();
    auto [directory, name] = place(path);
    if (directory->now.contains(name)) throw system_error("Creating " + std::string(path), EEXIST);
    auto node = std::make_shared<Node>();
    directory->set(name, node);
    return std::make_unique<OpenFile>(*this, node);
  }
  bool rename_new(std::string_view from, std::string_view to) override {
    change();
    auto [source, old_name] = place(from);
    auto [target, new_name] = place(to);
    const auto node = source->now.at(old_name);
    if (target->now.contains(new_name)) return false;
    if (source == target) {
      target->change({{new_name, node}, {old_name, nullptr}});
    } else {
      target->set(new_name, node);
      source->set(old_name, nullptr);
    }
    return true;
  }
  std::unique_ptr<Directory> open_directory(std::string_view path) override {
    return std::make_unique<OpenDirectory>(*this, directory_at(path));
  }
  bool make_directory(std::string_view path) override {
    change();
    auto [directory, name] = place(path);
    if (directory->now.contains(name)) return false;
    auto node = std::make_shared<Node>();
    node->is_directory = true;
    directory->set(name, node);
    return true;
  }
  void remove(std::string_view path) override {
    change();
    auto [directory, name] = place(path);
    if (!directory->now.contains(name)) throw system_error("Removing " + std::string(path), ENOENT);
    const NodePointer node = directory->now.at(name);
    directory->set(name, nullptr);
    node->is_removed = true;
    give_room(*room_, *node);
  }
  std::vector<FileEntry> list(std::string_view path) const override {
    std::vector<FileEntry> entries;
    for (const auto& [name, node] : directory_at(path)->now)
      entries.push_back({name, node->is_directory ? FileEntry::Kind::directory : FileEntry::Kind::file});
    return entries;
  }

 private:
  struct Node {
    using Entries = std::map<std::string, std::shared_ptr<Node>>;
    using Change = std::vector<std::pair<std::string, std::shared_ptr<Node>>>;  // null removes

    void set(const std::string& name, std::shared_ptr<Node> node) { change({{name, std::move(node)}}); }
    void change(const Change& change) {
      unsynced.push_back(change);
      apply(now, change);
    }
    static void apply(Entries& entries, const Change& change) {
      for (const auto& [name, node] : change) {
        if (node)
          entries[name] = node;
        else
          entries.erase(name);
      }
    }

    bool is_directory = false;
    bool is_removed = false;
    std::size_t handles = 0;
    std::string bytes, synced_bytes;  // of a file
    Entries now, synced;              // of a directory
    std::vector<Change> unsynced;     // in order
  };
  using NodePointer = std::shared_ptr<Node>;
  using Room = std::optional<std::uint64_t>;  // none: there is always enough

  static void give_room(Room& room, const Node& node) {
    if (room && node.is_removed && node.handles == 0) *room += node.bytes.size();
  }

  class OpenFile final : public File {
   public:
    OpenFile(SimulatedDisk& disk, NodePointer node) : disk_(disk), room_(disk.room_), node_(std::move(node)) {
      ++node_->handles;
    }
    ~OpenFile() override {
      --node_->handles;
      give_room(*room_, *node_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) const override {
      if (offset >= node_->bytes.size()) return 0;
      const std::size_t count = std::min<std::size_t>(out.size(), node_->bytes.size() - offset);
      if (count > 0) std::memcpy(out.data(), node_->bytes.data() + offset, count);
      return count;
    }
    void append(std::span<const std::byte> bytes) override {
      disk_.change();
      const std::size_t fits = std::min<std::uint64_t>(bytes.size(), room_->value_or(bytes.size()));
      node_->bytes.append(reinterpret_cast<const char*>(bytes.data()), fits);
      if (*room_) **room_ -= fits;
      if (fits < bytes.size()) throw system_error("Writing", ENOSPC);
    }
    void sync() override {
      disk_.change();
      if (disk_.honesty_ != Honesty::ignores_file_sync) node_->synced_bytes = node_->bytes;
    }
    std::uint64_t size() const override { return node_->bytes.size(); }

   private:
    SimulatedDisk& disk_;
    const std::shared_ptr<Room> room_;  // also once the disk has gone
    NodePointer node_;
  };

  class OpenDirectory final : public Directory {
   public:
    OpenDirectory(SimulatedDisk& disk, NodePointer node) : disk_(disk), node_(std::move(node)) {}

    void sync() override {
      disk_.change();
      if (disk_.honesty_ == Honesty::ignores_directory_sync) return;
      node_->synced = node_->now;
      node_->unsynced.clear();
    }

   private:
    SimulatedDisk& disk_;
    NodePointer node_;
  };

  void change() {
    ++operations_;
    if (cut_at_ != 0 && operations_ >= cut_at_) throw system_error("The power is off", EIO);
  }

  static void add_to(Tree& tree, const std::string& prefix, const Node& node) {
    for (const auto& [name, child] : node.now) {
      tree[prefix + name + (child->is_directory ? "/" : "")] = child->bytes;
      if (child->is_directory) add_to(tree, prefix + name + "/", *child);
    }
  }

  static void settle(Node& node) {
    node.synced_bytes = node.bytes;
    node.synced = node.now;
    node.unsynced.clear();
    for (const auto& [name, child] : node.now) settle(*child);
  }

  static void revert(Node& node, std::mt19937_64& random) {
    if (!node.is_directory) return revert_file(node, random);
    node.now = node.synced;
    for (const Node::Change& change : node.unsynced)
      if (random() % 2 == 0) Node::apply(node.now, change);
    node.synced = node.now;
    node.unsynced.clear();
    for (const auto& [name, child] : node.now) revert(*child, random);
  }

  static void revert_file(Node& node, std::mt19937_64& random) {
    const std::size_t safe = node.synced_bytes.size();
    const std::size_t loose = node.bytes.size() - safe;
    if (loose > 0) {
      node.bytes.resize(safe + random() % (loose + 1));
      if (random() % 2 == 0)
        for (std::size_t i = safe + random() % loose; i < node.bytes.size(); ++i) node.bytes[i] = '\0';
    }
    node.synced_bytes = node.bytes;
  }

  NodePointer directory_at(std::string_view path) const {
    NodePointer node = root_;
    while (!path.empty()) {
      const std::string_view part = path.substr(0, path.find('/'));
      const auto found = node->now.find(std::string(part));
      if (found == node->now.end() || !found->second->is_directory)
        throw system_error("Opening the directory " + std::string(path), ENOENT);
      node = found->second;
      path.remove_prefix(std::min(path.size(), part.size() + 1));
    }
    return node;
  }

  std::pair<NodePointer, std::string> place(std::string_view path) const {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {root_, std::string(path)};
    return {directory_at(path.substr(0, slash)), std::string(path.substr(slash + 1))};
  }

  NodePointer file_at(std::string_view path) const {
    const auto [directory, name] = place(path);
    const auto found = directory->now.find(name);
    if (found == directory->now.end()) throw system_error("Opening " + std::string(path), ENOENT);
    return found->second;
  }

  static NodePointer make_root() {
    auto root = std::make_shared<Node>();
    root->is_directory = true;
    return root;
  }

  std::shared_ptr<Room> room_ = std::make_shared<Room>();
  Honesty honesty_ = Honesty::honest;
  NodePointer root_ = make_root();
  std::size_t operations_ = 0;
  std::size_t cut_at_ = 0;
};

}  // namespace assay::test
