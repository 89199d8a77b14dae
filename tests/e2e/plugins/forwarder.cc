// SPDX-License-Identifier: Apache-2.0
// A model that answers its numbers as they are: what another program predicted, a column a class, is judged as
// if it had been predicted here.
#include <string>
#include <vector>

#include "assay/features.hpp"
#include "assay/plugin.hpp"

namespace {

using namespace assay::sdk;

struct Forwarder {
  static constexpr std::string_view id = "forwarder";

  void fit(Call, const Dataset& train, const Sink& model) const {
    std::string names;
    for (const std::string& name : feature_columns(train.schema(), train.roles())) names += name + '\n';
    model.put("columns", "text/plain", names);
  }

  struct Model {
    explicit Model(const Source& source) : names(source.bytes("columns")) {}
    Schema bind(const Schema& input) {
      std::vector<Field> out;
      for (std::size_t at = 0, end; (end = names.find('\n', at)) != std::string::npos; at = end + 1) {
        columns.push_back(input.require(names.substr(at, end - at)));
        out.push_back({names.substr(at, end - at), Type::f64});
      }
      return Schema(std::move(out));
    }
    void score(Call, const Batch& batch, Table& out) const {
      for (std::size_t i = 0; i < columns.size(); ++i)
        for (std::int64_t row = 0; row < batch.rows(); ++row)
          out.column(i).f64(batch.column(columns[i]).number(row));
    }

    std::string names;
    std::vector<std::size_t> columns;
  };
};

}  // namespace

ASSAY_PLUGIN(R"({"manifest_version":1,"id":"forwarder","version":"1.0.0","license":"Apache-2.0",)"
             R"("abi":{"major":1,"min_minor":0},"components":[{"id":"forwarder",)"
             R"("capabilities":["assay.trainer/1","assay.scorer/1"],"config_schema":{"type":"object"}}]})",
             Forwarder)
