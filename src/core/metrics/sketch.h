// Sketch: how the values of a metric are distributed, in logarithmic bins (the DDSketch of Masson,
// Rim and Lee, VLDB 2019). Sketches of the same values are equal in whatever order and pieces they
// were merged, and a percentile read from one is within kRelativeError of the value that stands at
// that rank. Values are not negative, as CloudWatch's percentiles have it. Plain value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tidegate::metrics {

inline constexpr double kRelativeError = 0.01;
inline constexpr std::size_t kMaxBins =
    2048;  // 17 decades; beyond, the smallest values share a bin

class Sketch {
 public:
  /// Bin i > kZeroBin holds the values in (γ^(i-1), γ^i], γ = 1.01 / 0.99; kZeroBin holds zeros.
  struct Bin {
    std::int32_t index = 0;
    double count = 0;
    bool operator==(const Bin&) const = default;
  };
  static constexpr std::int32_t kZeroBin = -1'000'000;  // below the bin of the smallest double

  Sketch() = default;
  /// As it was: bins ascending, counts above 0. Others make an empty sketch.
  static Sketch of_bins(std::vector<Bin> bins);
  static bool can_hold(double value);  // finite and not negative
  /// The bin of a value that it can hold: for who counts by bin himself.
  static std::int32_t bin_of(double value);

  /// value: can_hold() it; count > 0.
  void add(double value, double count = 1);
  void merge(const Sketch& other);

  double count() const;
  bool empty() const { return bins_.empty(); }
  const std::vector<Bin>& bins() const { return bins_; }
  /// The value at rank ⌈percent/100 × count⌉ of the values in ascending order, the first for 0;
  /// absent when there is none. percent: 0..100.
  std::optional<double> percentile(double percent) const;

  bool operator==(const Sketch&) const = default;

 private:
  void add_to(std::int32_t index, double count);
  void collapse();

  std::vector<Bin> bins_;  // ascending by index
};

}  // namespace tidegate::metrics
