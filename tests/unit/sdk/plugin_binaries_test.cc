// SPDX-License-Identifier: Apache-2.0
// The built plugins as files: one exported symbol, and a manifest that is readable without running them.
#include <elf.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "assay/testing.hpp"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

const std::vector<std::string> plugins = {"baseline", "linear", "gbt"};

std::string path_of(const std::string& name) {
  return std::string(ASSAY_PLUGIN_FOLDER) + "/" + name + ".so";
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), got);
  REQUIRE(pclose(pipe) == 0);
  return out;
}

template <class T>
T at(const std::string& bytes, std::uint64_t offset) {
  REQUIRE(offset + sizeof(T) <= bytes.size());
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof out);
  return out;
}

// The bytes of section .assay.manifest, and whether it is loaded with the program.
std::pair<std::string, bool> embedded(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto header = at<Elf64_Ehdr>(bytes, 0);
  const auto section = [&](std::uint64_t i) {
    return at<Elf64_Shdr>(bytes, header.e_shoff + i * header.e_shentsize);
  };
  const Elf64_Shdr names = section(header.e_shstrndx);
  for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
    const Elf64_Shdr it = section(i);
    if (std::string_view(bytes.c_str() + names.sh_offset + it.sh_name) == ".assay.manifest")
      return {bytes.substr(it.sh_offset, it.sh_size), (it.sh_flags & SHF_ALLOC) != 0};
  }
  return {};
}

}  // namespace

TEST_CASE("Plugin binaries: exactly one symbol is exported") {
  for (const std::string& name : plugins) {
    const std::string symbols =
        output_of(std::string(ASSAY_NM) + " -D --defined-only --format=posix " + path_of(name));
    INFO(symbols);
    CHECK(symbols.starts_with("assay_plugin_open_v1 T "));
    CHECK(std::count(symbols.begin(), symbols.end(), '\n') == 1);
  }
}

TEST_CASE("Plugin binaries: the embedded manifest is what the plugin says of itself, also when stripped") {
  const TempDir folder;
  for (const std::string& name : plugins) {
    INFO(name);
    const FakeHost host = FakeHost::load(path_of(name));
    const auto [bytes, loaded] = embedded(path_of(name));
    CHECK(loaded);
    CHECK(bytes == host.manifest());
    const std::string stripped = (folder / (name + ".so")).string();
    output_of(std::string(ASSAY_STRIP) + " --strip-all -o " + stripped + " " + path_of(name));
    CHECK(embedded(stripped).first == bytes);
  }
}

namespace {

// The published schema, asked whether it allows a manifest.
class ManifestSchema {
 public:
  ManifestSchema() : document_(load("sdk/schema/manifest.schema.json")) {
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(document_), schema_);
  }
  static nlohmann::json load(const std::filesystem::path& path) {
    std::ifstream file(ASSAY_SOURCE_TREE / path);
    return nlohmann::json::parse(file);
  }
  bool allows(const nlohmann::json& manifest) const {
    return valijson::Validator().validate(schema_, valijson::adapters::NlohmannJsonAdapter(manifest), nullptr);
  }

 private:
  nlohmann::json document_;
  valijson::Schema schema_;
};

}  // namespace

TEST_CASE("Plugin binaries: the manifests of the tree follow the published schema") {
  const std::filesystem::path root = ASSAY_SOURCE_TREE;
  const ManifestSchema schema;
  int seen = 0;
  for (const char* folder : {"plugins", "examples", "sdk/template/kind"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      if (entry.path().filename() != "manifest.json") continue;
      INFO(entry.path());
      std::ifstream file(entry.path());
      std::string text{std::istreambuf_iterator<char>(file), {}};
      for (std::size_t at = 0; (at = text.find("@NAME@", at)) != std::string::npos;) text.replace(at, 6, "sample");
      CHECK(schema.allows(nlohmann::json::parse(text)));
      ++seen;
    }
  }
  CHECK(seen >= 13);
}

TEST_CASE("Plugin binaries: the published schema refuses what no manifest may say") {
  const ManifestSchema schema;
  const nlohmann::json good = ManifestSchema::load("plugins/gbt/manifest.json");
  REQUIRE(schema.allows(good));
  const auto changed = [&](const char* pointer, const char* value) {
    nlohmann::json manifest = good;
    manifest[nlohmann::json::json_pointer(pointer)] = nlohmann::json::parse(value);
    return manifest;
  };
  const auto [pointer, value] = GENERATE(table<const char*, const char*>({
      {"/manifest_version", "2"},
      {"/id", R"("no spaces")"},
      {"/version", R"("")"},
      {"/abi/major", "2"},
      {"/abi/min_minor", "-1"},
      {"/target", R"({"platform":"amiga"})"},
      {"/target", R"({"cpu_features":["avx2","avx2"]})"},
      {"/permissions", R"({"network":"yes"})"},
      {"/permissions", R"({"filesystem":"all"})"},
      {"/permissions", R"({"max_memory_bytes":0})"},
      {"/components", "[]"},
      {"/components/0/id", R"("../gbt")"},
      {"/components/0/capabilities", "[]"},
      {"/components/0/capabilities", R"(["trainer"])"},
      {"/components/0/capabilities", R"(["assay.trainer/1","assay.trainer/1"])"},
      {"/components/0/config_schema", R"({"type":"array"})"},
      {"/components/0/determinism", R"("sometimes")"},
      {"/components/0/thread_model", R"("many")"},
      {"/components/0/input_roles", R"({"required":"label"})"},
      {"/components/0/config_schema/properties/s", R"({"type":"number","x-tunable":{"minimum":1}})"},
      {"/components/0/config_schema/properties/s", R"({"x-tunable":{"minimum":1,"maximum":2,"scale":"cubic"}})"},
      {"/components/0/config_schema/properties/s", R"({"type":"number","x-tunable":true})"},
      {"/components/0/config_schema/properties/s", R"({"enum":["a"],"x-tunable":false})"},
      {"/components/0/config_schema/properties/s", R"({"type":"string","x-secret":"yes"})"},
  }));
  INFO(pointer << " " << value);
  CHECK_FALSE(schema.allows(changed(pointer, value)));
  CHECK(schema.allows(changed("/components/0/config_schema/properties/s", R"({"enum":["a"],"x-tunable":true})")));
  CHECK(schema.allows(changed("/target", R"({"platform":"linux_amd64","libc":"glibc 2.36","cpu_features":["avx2"]})")));
}

TEST_CASE("Plugin binaries: what a manifest lists is what the component offers") {
  for (const std::string& name : plugins) {
    INFO(name);
    const FakeHost host = FakeHost::load(path_of(name));
    const Json manifest = Json::parse(host.manifest());
    CHECK(manifest["id"].string() == name);
    for (const Json& component : manifest["components"].array()) {
      const FakeComponent made = host.component(component["id"].string());  // the defaults make a component
      for (const Json& capability : component["capabilities"].array())
        CHECK(made.raw.get_capability(made.raw.self, capability.string().c_str()) != nullptr);
      for (const auto& [key, property] : component["config_schema"]["properties"].object()) {
        INFO(key);
        CHECK(property.object().contains("default"));
        CHECK_FALSE(property["description"].string().empty());
      }
    }
  }
}

}  // namespace assay::test
