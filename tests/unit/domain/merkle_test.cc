// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/merkle.h"

#include <map>
#include <random>

#include "tests/support/catch.h"

using namespace assay;

namespace {

using Leaves = std::vector<Digest>;

// The tree as RFC 6962, section 2.1, writes it down, without a thought for speed.
Digest naive_root(const Leaves& leaves, std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return Digest::of("");
  if (end - begin == 1) return leaves[begin];
  std::uint64_t k = 1;
  while (2 * k < end - begin) k *= 2;
  return parent_hash(naive_root(leaves, begin, begin + k), naive_root(leaves, begin + k, end));
}

// PATH(m, D[n]) and SUBPROOF(m, D[n], b) of sections 2.1.1 and 2.1.2.
void naive_path(const Leaves& leaves, std::uint64_t m, std::uint64_t begin, std::uint64_t end, Leaves& out) {
  if (end - begin == 1) return;
  std::uint64_t k = 1;
  while (2 * k < end - begin) k *= 2;
  if (m < k) {
    naive_path(leaves, m, begin, begin + k, out);
    out.push_back(naive_root(leaves, begin + k, end));
  } else {
    naive_path(leaves, m - k, begin + k, end, out);
    out.push_back(naive_root(leaves, begin, begin + k));
  }
}

void naive_subproof(const Leaves& leaves, std::uint64_t m, std::uint64_t begin, std::uint64_t end, bool b, Leaves& out) {
  if (m == end - begin) {
    if (!b) out.push_back(naive_root(leaves, begin, end));
    return;
  }
  std::uint64_t k = 1;
  while (2 * k < end - begin) k *= 2;
  if (m <= k) {
    naive_subproof(leaves, m, begin, begin + k, b, out);
    out.push_back(naive_root(leaves, begin + k, end));
  } else {
    naive_subproof(leaves, m - k, begin + k, end, false, out);
    out.push_back(naive_root(leaves, begin, begin + k));
  }
}

// Kept as a catalogue keeps it: by level and position.
struct StoredTree {
  std::map<std::pair<int, std::uint64_t>, Digest> nodes;
  std::uint64_t size = 0;
  std::uint64_t writes = 0;

  Digest read(const TreeNode& node) const { return nodes.at({node.level, node.position}); }
  ReadNode reader() const {
    return [this](const TreeNode& node) { return read(node); };
  }
  void add(const Digest& leaf) {
    grow_tree(size++, leaf, reader(), [this](const TreeNode& node, const Digest& hash) {
      REQUIRE(nodes.emplace(std::pair(node.level, node.position), hash).second);
      ++writes;
    });
  }
};

Leaves leaves_of(std::size_t count) {
  Leaves out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(leaf_hash("entry " + std::to_string(i)));
  return out;
}

constexpr std::uint64_t kSizes = 70;  // past 64, so that every shape of six levels is there

// Every proof that differs from `proof` by one hash changed, dropped, doubled or exchanged with its neighbour.
std::vector<Leaves> spoiled(const Leaves& proof) {
  std::vector<Leaves> out;
  for (std::size_t i = 0; i < proof.size(); ++i) {
    Leaves changed = proof, dropped = proof, doubled = proof;
    Digest::Bytes bytes = proof[i].bytes();
    bytes[i % Digest::kSize] ^= 1;
    changed[i] = Digest(bytes);
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), proof[i]);
    out.insert(out.end(), {changed, dropped, doubled});
    if (i == 0) continue;
    Leaves exchanged = proof;
    std::swap(exchanged[i - 1], exchanged[i]);
    out.push_back(exchanged);
  }
  Leaves longer = proof;
  longer.push_back(Digest::of("more"));
  out.push_back(longer);
  return out;
}

}  // namespace

TEST_CASE("Merkle: the eight entries of Certificate Transparency's tests have the roots that are published for them") {
  const std::string entries[] = {
      "", std::string(1, '\0'), "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "\x50\x51\x52\x53\x54\x55\x56\x57",
      "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const char* const roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  StoredTree stored;
  GrowingTree growing;
  Leaves leaves;
  for (std::size_t size = 0;; ++size) {
    CHECK(growing.root().hex() == roots[size]);
    CHECK(tree_root(size, stored.reader()).hex() == roots[size]);
    CHECK(naive_root(leaves, 0, size).hex() == roots[size]);
    if (size == std::size(entries)) break;
    leaves.push_back(leaf_hash(entries[size]));
    stored.add(leaves.back());
    growing.add(leaves.back());
  }
}

TEST_CASE("Merkle: roots of every size, as the tree grows, are those of the definition, for two writes an entry") {
  const Leaves leaves = leaves_of(300);
  StoredTree stored;
  GrowingTree growing;
  for (std::uint64_t size = 0; size <= leaves.size(); ++size) {
    REQUIRE(growing.size() == size);
    REQUIRE(growing.root() == naive_root(leaves, 0, size));
    REQUIRE(tree_root(size, stored.reader()) == growing.root());
    if (size == leaves.size()) break;
    stored.add(leaves[size]);
    growing.add(leaves[size]);
  }
  CHECK(stored.writes < 2 * leaves.size());
  // Earlier roots are still there to be asked for.
  for (std::uint64_t size = 0; size <= leaves.size(); ++size)
    REQUIRE(tree_root(size, stored.reader()) == naive_root(leaves, 0, size));
}

TEST_CASE("Merkle: every inclusion proof is that of the definition and holds; none that differs does") {
  const Leaves leaves = leaves_of(kSizes);
  StoredTree stored;
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    stored.add(leaves[size - 1]);
    const TreeHead head{size, tree_root(size, stored.reader())};
    for (std::uint64_t index = 0; index < size; ++index) {
      const Leaves proof = proof_of(inclusion_path(index, size), stored.reader());
      Leaves expected;
      naive_path(leaves, index, 0, size, expected);
      REQUIRE(proof == expected);
      REQUIRE(proves_inclusion(head, index, leaves[index], proof));
      for (std::uint64_t other = 0; other <= size; ++other)
        if (other != index) REQUIRE_FALSE(proves_inclusion(head, other, leaves[index], proof));
      REQUIRE_FALSE(proves_inclusion(head, index, leaf_hash("another"), proof));
      REQUIRE_FALSE(proves_inclusion({size, Digest::of("another")}, index, leaves[index], proof));
      for (const Leaves& wrong : spoiled(proof)) REQUIRE_FALSE(proves_inclusion(head, index, leaves[index], wrong));
    }
  }
}

TEST_CASE("Merkle: every consistency proof is that of the definition and holds; none that differs does") {
  const Leaves leaves = leaves_of(kSizes);
  StoredTree stored;
  std::vector<TreeHead> heads = {{0, Digest::of("")}};
  for (std::uint64_t to = 1; to <= kSizes; ++to) {
    stored.add(leaves[to - 1]);
    heads.push_back({to, tree_root(to, stored.reader())});
    for (std::uint64_t from = 1; from <= to; ++from) {
      const Leaves proof = proof_of(consistency_path(from, to), stored.reader());
      Leaves expected;
      naive_subproof(leaves, from, 0, to, true, expected);
      REQUIRE(proof == expected);
      REQUIRE(proves_consistency(heads[from], heads[to], proof));
      REQUIRE_FALSE(proves_consistency({from, Digest::of("another")}, heads[to], proof));
      REQUIRE_FALSE(proves_consistency(heads[from], {to, Digest::of("another")}, proof));
      if (from < to) REQUIRE_FALSE(proves_consistency(heads[to], heads[from], proof));
      for (const Leaves& wrong : spoiled(proof)) REQUIRE_FALSE(proves_consistency(heads[from], heads[to], wrong));
    }
  }
  CHECK_FALSE(proves_consistency(heads[0], heads[5], {}));
}

TEST_CASE("Merkle: a proof of any length and any hashes is answered") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto any = [&] { return leaf_hash(std::to_string(random())); };
  for (int i = 0; i < 2000; ++i) {
    const Leaves proof(random() % 80, any());
    const std::uint64_t small = random() % 100, large = random();
    CHECK_FALSE(proves_inclusion({small, any()}, random() % 100, any(), proof));
    CHECK_FALSE(proves_inclusion({large, any()}, random(), any(), proof));
    CHECK_FALSE(proves_consistency({random() % 100, any()}, {small, any()}, proof));
    CHECK_FALSE(proves_consistency({random(), any()}, {large, any()}, proof));
  }
}

TEST_CASE("Merkle: whoever changes, removes, adds, exchanges or cuts off entries has another root, 10 000 times") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto root = [](const Leaves& leaves) {
    GrowingTree tree;
    for (const Digest& leaf : leaves) tree.add(leaf);
    return TreeHead{tree.size(), tree.root()};
  };
  const Leaves leaves = leaves_of(100);
  const TreeHead head = root(leaves);
  for (int i = 0; i < 10'000; ++i) {
    Leaves changed = leaves;
    const std::size_t at = random() % leaves.size();
    const auto place = changed.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random() % 5) {
      case 0:
        *place = leaf_hash("entry " + std::to_string(random()) + "!");
        break;
      case 1:
        changed.erase(place);
        break;
      case 2:
        changed.insert(place, leaf_hash("forged " + std::to_string(random())));
        break;
      case 3:
        std::swap(*place, changed[(at + 1 + random() % (leaves.size() - 1)) % leaves.size()]);
        break;
      default:
        changed.erase(place, changed.end());
    }
    REQUIRE(root(changed) != head);
    // Also behind later entries, where only the root of the first hundred gives it away.
    if (changed.size() >= leaves.size()) {
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(leaves.size()), changed.end());
      if (changed != leaves) REQUIRE(root(changed).root != head.root);
    }
  }
}
