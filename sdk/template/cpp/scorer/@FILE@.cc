// @NAME@: scores with weights that were made elsewhere. The model's entry weights.txt has a column and its weight in
// each line.
#include <locale>
#include <sstream>

#include "assay/plugin.hpp"
#include "assay_manifest.h"  // made from manifest.json

namespace {

using namespace assay::sdk;

struct WeightedSum {
  static constexpr std::string_view id = "@NAME@";
  explicit WeightedSum(const Config& config) : offset(config.f64("/offset", -1e6, 1e6)) {}
  double offset;

  struct Model {
    struct Weight {
      std::string column;
      double weight = 0;
      std::size_t at = 0;  // in the batches
    };

    Model(const WeightedSum& settings, const Source& source) : offset(settings.offset) {
      std::istringstream lines(source.bytes("weights.txt", 1 << 20));
      lines.imbue(std::locale::classic());
      for (Weight weight; lines >> weight.column;) {
        if (!(lines >> weight.weight) || !std::isfinite(weight.weight))
          throw ByteReader::corrupt("weights.txt has no weight for a column");
        weights.push_back(weight);
      }
    }
    void bind(const Schema& input) {
      for (Weight& weight : weights) weight.at = input.require(weight.column);
    }
    std::vector<double> score(Call, const Batch& batch) const {
      std::vector<double> out(static_cast<std::size_t>(batch.rows()), offset);
      for (const Weight& weight : weights) {
        const Column column = batch.column(weight.at);
        for (std::size_t row = 0; row < out.size(); ++row)
          if (const double value = column.number(static_cast<std::int64_t>(row)); std::isfinite(value))
            out[row] += weight.weight * value;  // an empty cell adds nothing
      }
      return out;
    }
    double offset;
    std::vector<Weight> weights;
  };
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, WeightedSum)
