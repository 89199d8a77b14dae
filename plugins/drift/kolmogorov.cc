// SPDX-License-Identifier: Apache-2.0
// Each regime of the law has a formula that is accurate there; README.md names them.
#include "kolmogorov.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace assay::drift {
namespace {

constexpr std::uint64_t kExactRows = 10'000;

// The share of all orders of the pooled rows whose path leaves the band |F_a - F_b| < distance. A path to (i,
// j) came from (i - 1, j) with probability i / (i + j), so the share is a weighted mean of its two
// predecessors': sums of positive terms only, hence accurate however small it is.
double exact_two_sample_p(double distance, std::int64_t rows_a, std::int64_t rows_b,
                          const std::function<void()>& poll) {
  const std::int64_t m = std::max(rows_a, rows_b), n = std::min(rows_a, rows_b);
  const std::int64_t divisor = std::gcd(m, n), step_m = m / divisor, step_n = n / divisor;
  const auto band = static_cast<std::int64_t>(std::llround(distance * static_cast<double>(step_m * n)));
  if (band == 0) return 1.0;
  std::vector<double> inverse(static_cast<std::size_t>(m + n + 1));
  for (std::size_t k = 1; k < inverse.size(); ++k) inverse[k] = 1.0 / static_cast<double>(k);

  // left[j]: the share of paths to (i, j) that have left the band by then; 1 outside it.
  std::vector<double> left(static_cast<std::size_t>(n + 1), 1.0);
  for (std::int64_t j = 0; j <= n && j * step_m < band; ++j) left[static_cast<std::size_t>(j)] = 0.0;
  std::int64_t low = 0;
  for (std::int64_t i = 1; i <= m; ++i) {
    if (i % 64 == 0) poll();
    for (; low <= n && i * step_n - low * step_m >= band; ++low) left[static_cast<std::size_t>(low)] = 1.0;
    double before = low == 0 ? 0.0 : 1.0;
    for (std::int64_t j = low; j <= n && j * step_m - i * step_n < band; ++j) {
      double& here = left[static_cast<std::size_t>(j)];
      here = (static_cast<double>(i) * here + static_cast<double>(j) * before) *
             inverse[static_cast<std::size_t>(i + j)];
      before = here;
    }
  }
  return std::min(1.0, left[static_cast<std::size_t>(n)]);
}

long double log_factorial(std::uint64_t k) {
  if (k < 20) {
    long double product = 1;
    for (std::uint64_t i = 2; i <= k; ++i) product *= static_cast<long double>(i);
    return std::log(product);
  }
  // Stirling's series; the next term is below 1e-14 from here on.
  const auto x = static_cast<long double>(k);
  const long double x2 = x * x;
  const long double series =
      (1 / 12.0L - (1 / 360.0L - (1 / 1260.0L - (1 / 1680.0L - 1 / (1188.0L * x2)) / x2) / x2) / x2) / x;
  return (x + 0.5L) * std::log(x) - x + 0.5L * std::log(2 * std::numbers::pi_v<long double>) + series;
}

// P(D_n+ >= x), one-sided: Birnbaum and Tingey's sum of positive terms.
double one_sided_p(std::uint64_t rows, double x) {
  const auto n = static_cast<long double>(rows);
  if (rows > 1'000'000) {  // the sum's asymptotic form
    const long double s = 6 * n * x + 1;
    return static_cast<double>(std::exp(-s * s / (18 * n)));
  }
  const long double log_n = log_factorial(rows);
  // The terms are samples of a function that is flat at both ends, where the trapezoidal rule converges faster
  // than any power of its step: some thousands of them give every digit.
  constexpr std::uint64_t terms = 8192;
  const std::uint64_t step = std::max<std::uint64_t>(1, rows / terms);
  long double sum = 0;
  for (std::uint64_t j = 0; j <= rows; j += step) {
    const auto k = static_cast<long double>(j);
    const long double above = 1 - x - k / n;
    if (above < 0 || (above == 0 && j != rows)) break;
    long double log_term = log_n - log_factorial(j) - log_factorial(rows - j) + (k - 1) * std::log(x + k / n);
    if (j != rows) log_term += (n - k) * std::log(above);
    sum += std::exp(log_term);
  }
  return static_cast<double>(sum * static_cast<long double>(step) * x);
}

using Matrix = std::vector<double>;

Matrix product(const Matrix& a, const Matrix& b, std::size_t size) {
  Matrix out(size * size, 0.0);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t k = 0; k < size; ++k)
      for (std::size_t j = 0; j < size; ++j) out[i * size + j] += a[i * size + k] * b[k * size + j];
  return out;
}

// Durbin's matrix in Marsaglia, Tsang and Wang's form: x = (k - h) / n, and P(D_n < x) = n!/n^n (H^n)[k, k].
Matrix durbin_matrix(std::size_t size, double h) {
  Matrix out(size * size, 0.0);
  std::vector<double> inverse_factorial(size + 1, 1.0);
  for (std::size_t i = 1; i <= size; ++i)
    inverse_factorial[i] = inverse_factorial[i - 1] / static_cast<double>(i);
  for (std::size_t row = 0; row < size; ++row)
    for (std::size_t column = 1; column <= std::min(row + 1, size - 1); ++column)
      out[row * size + column] = inverse_factorial[row + 1 - column];
  for (std::size_t i = 1; i <= size; ++i) {
    const double edge = (1 - std::pow(h, static_cast<double>(i))) * inverse_factorial[i];
    out[(i - 1) * size] = edge;
    out[(size - 1) * size + (size - i)] = edge;
  }
  const auto m = static_cast<double>(size);
  const double overlap = h > 0.5 ? std::pow(2 * h - 1, m) : 0.0;
  out[(size - 1) * size] = (1 - 2 * std::pow(h, m) + overlap) * inverse_factorial[size];
  return out;
}

double durbin_cdf(std::uint64_t rows, double x) {
  const double nx = static_cast<double>(rows) * x;
  const auto k = static_cast<std::size_t>(std::ceil(nx));
  const std::size_t size = 2 * k - 1, middle = (k - 1) * size + (k - 1);
  Matrix square = durbin_matrix(size, static_cast<double>(k) - nx), power(size * size, 0.0);
  for (std::size_t i = 0; i < size; ++i) power[i * size + i] = 1;
  int power_exponent = 0, square_exponent = 0;
  const auto rescale = [middle](Matrix& matrix, int& exponent) {
    if (matrix[middle] <= 1e140) return;
    for (double& entry : matrix) entry = std::ldexp(entry, -465);
    exponent += 465;
  };
  for (std::uint64_t left = rows; left > 0; left /= 2) {
    if (left % 2 == 1) {
      power = product(power, square, size);
      power_exponent += square_exponent;
      rescale(power, power_exponent);
    }
    if (left == 1) break;
    square = product(square, square, size);
    square_exponent *= 2;
    rescale(square, square_exponent);
  }
  double probability = power[middle];
  for (std::uint64_t i = 1; i <= rows; ++i) {
    probability *= static_cast<double>(i) / static_cast<double>(rows);
    if (probability < 1e-140) {
      probability = std::ldexp(probability, 465);
      power_exponent -= 465;
    }
  }
  return std::ldexp(probability, power_exponent);
}

// Pelz and Good's expansion (1976) in powers of 1/sqrt(n) to the third, in the theta form that converges for
// small z.
double pelz_good_cdf(std::uint64_t rows, double x) {
  const double n = static_cast<double>(rows), z = x * std::sqrt(n), z2 = z * z, z4 = z2 * z2, z6 = z4 * z2;
  const double pi2 = std::numbers::pi * std::numbers::pi, pi4 = pi2 * pi2, pi6 = pi4 * pi2;
  const double root = std::sqrt(2 * std::numbers::pi);
  double k0 = 0, k1 = 0, k2 = 0, k3 = 0, k2_whole = 0, k3_whole = 0;
  for (int k = static_cast<int>(std::ceil(16 * z / std::numbers::pi)); k >= 1; --k) {
    const double odd = (2.0 * k - 1) * (2.0 * k - 1), odd2 = odd * odd, odd3 = odd2 * odd;
    const double e = std::exp(-pi2 * odd / (8 * z2));
    k0 += e;
    k1 += e * (pi2 / 4 * odd - z2);
    k2 += e * (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * pi2 / 4 * odd + pi4 * (1 - 2 * z2) / 16 * odd2);
    k3 += e * (-30 * z6 - 90 * z4 * z4 + pi2 * (135 * z4 - 96 * z6) / 4 * odd +
               pi4 * (212 * z4 - 60 * z2) / 16 * odd2 + pi6 * (5 - 30 * z2) / 64 * odd3);
    const double square = static_cast<double>(k) * k, whole = std::exp(-pi2 * square / (2 * z2));
    k2_whole += square * whole;
    k3_whole += square * (3 * z2 - pi2 * square) * whole;
  }
  const double z7 = z6 * z, z10 = z6 * z4;
  const double t0 = root / z * k0, t1 = root / (6 * z4) * k1;
  const double t2 = root / (72 * z7) * k2 - pi2 * root / (36 * z2 * z) * k2_whole;
  const double t3 = root / (6480 * z10) * k3 + pi2 * root / (216 * z6) * k3_whole;
  const double root_n = std::sqrt(n);
  return t0 + t1 / root_n + t2 / n + t3 / (n * root_n);
}

}  // namespace

double ks_one_sample_p(std::uint64_t rows, double x) {
  const double n = static_cast<double>(rows), nx = n * x, nx2 = nx * x;
  if (x >= 1) return 0.0;
  if (nx <= 0.5) return 1.0;
  if (nx >= n - 1) return 2 * std::pow(1 - x, n);
  const auto tail = [&] { return std::min(1.0, 2 * one_sided_p(rows, x)); };
  const auto rest = [](double cdf) { return std::clamp(1 - cdf, 0.0, 1.0); };
  if (x >= 0.5) return tail();
  if (rows <= 140) return nx2 <= 4 ? rest(durbin_cdf(rows, x)) : tail();
  if (nx2 >= 370) return 0.0;
  if (nx2 >= 2.2) return tail();
  if (nx <= 1 || (rows <= 100'000 && n * std::pow(x, 1.5) <= 1.4)) return rest(durbin_cdf(rows, x));
  return rest(pelz_good_cdf(rows, x));
}

double ks_two_sample_p(double distance, std::uint64_t rows_a, std::uint64_t rows_b,
                       const std::function<void()>& poll) {
  if (std::max(rows_a, rows_b) <= kExactRows)
    return exact_two_sample_p(distance, static_cast<std::int64_t>(rows_a), static_cast<std::int64_t>(rows_b), poll);
  const double a = static_cast<double>(rows_a), b = static_cast<double>(rows_b);
  const auto effective = static_cast<std::uint64_t>(std::nearbyint(a * b / (a + b)));
  return effective == 0 ? 1.0 : ks_one_sample_p(effective, distance);
}

}  // namespace assay::drift
