// @NAME@: learns the mean of the label over a share of the rows, and answers it for every row.
#include "assay/plugin.hpp"
#include "assay/services.hpp"
#include "assay_manifest.h"  // made from manifest.json

namespace {

using namespace assay::sdk;

constexpr std::string_view magic = "@NAME@/1";

struct MeanGuess {
  static constexpr std::string_view id = "@NAME@";
  explicit MeanGuess(const Config& config)
      : host(config.host()), scale(config.f64("/scale", 0, 10)), share(config.f64("/share", 0.01, 1)) {}

  void fit(Call call, const Dataset& data, const Sink& model) const {
    const Random random(host, call);  // by the call's seed; number n is the same however the rows are cut into batches
    std::uint64_t n = 0;
    double sum = 0, rows = 0;
    data.scan({{data.label()}, 0}, [&](const Batch& batch) {  // polls for cancellation
      for (std::int64_t row = 0; row < batch.rows(); ++row, ++n) {
        if (random.uniform(n) >= share) continue;
        const double label = batch.number(0, row);  // null is NaN
        if (!std::isfinite(label))
          throw Error(ASSAY_E_INVALID_DATA, "a label is missing or not a finite number").row(row);
        sum += label;
        ++rows;
      }
    });
    if (rows == 0) throw Error(ASSAY_E_INVALID_DATA, "there are no rows to learn from");
    call.metric("train_mean", 0, sum / rows);
    ByteWriter out;
    out.f64(scale * sum / rows);
    model.put("mean", "application/octet-stream", seal(magic, out.take()));
  }

  struct Model {
    explicit Model(const Source& source) {
      const std::string stored = source.bytes("mean");
      ByteReader in(unseal(magic, stored));  // CORRUPT_ARTIFACT if altered
      answer = in.f64();
      in.end();
      ByteReader::require(std::isfinite(answer), "the mean is not finite");  // whoever can write it can seal it
    }
    void bind(const Schema&) {}  // check your columns here
    std::vector<double> score(Call, const Batch& batch) const {
      return std::vector<double>(static_cast<std::size_t>(batch.rows()), answer);
    }
    double answer = 0;
  };

  Host host;
  double scale, share;
};

}  // namespace

ASSAY_PLUGIN(assay_manifest, MeanGuess)
