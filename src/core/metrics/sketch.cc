#include "core/metrics/sketch.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tidegate::metrics {
namespace {

constexpr double kGamma = (1 + kRelativeError) / (1 - kRelativeError);
// A rank is a product of floating numbers: 0.999 × 1000 must be 999, and not the value behind it.
constexpr double kRankSlack = 1e-9;

/// The value that is at most kRelativeError from each of a bin.
double middle_of(std::int32_t index) {
  return index == Sketch::kZeroBin ? 0.0 : 2 * std::pow(kGamma, index) / (kGamma + 1);
}

bool is_below(const Sketch::Bin& bin, std::int32_t index) {
  return bin.index < index;
}

}  // namespace

Sketch Sketch::of_bins(std::vector<Bin> bins) {
  Sketch sketch;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    const bool ascends = i == 0 || bins[i - 1].index < bins[i].index;
    if (!ascends || !(bins[i].count > 0) || bins[i].index < kZeroBin) {
      return sketch;
    }
  }
  sketch.bins_ = std::move(bins);
  return sketch;
}

bool Sketch::can_hold(double value) {
  return std::isfinite(value) && value >= 0;
}

std::int32_t Sketch::bin_of(double value) {
  static const double kPerBin = std::log(kGamma);
  return value > 0 ? static_cast<std::int32_t>(std::ceil(std::log(value) / kPerBin)) : kZeroBin;
}

void Sketch::add_to(std::int32_t index, double count) {
  const auto at = std::lower_bound(bins_.begin(), bins_.end(), index, is_below);
  if (at != bins_.end() && at->index == index) {
    at->count += count;
  } else {
    bins_.insert(at, Bin{index, count});
  }
}

void Sketch::add(double value, double count) {
  add_to(bin_of(value), count);
  collapse();
}

void Sketch::merge(const Sketch& other) {
  std::vector<Bin> both;
  both.reserve(bins_.size() + other.bins_.size());
  auto mine = bins_.begin();
  for (const Bin& theirs : other.bins_) {
    while (mine != bins_.end() && mine->index < theirs.index) {
      both.push_back(*mine++);
    }
    both.push_back(theirs);
    if (mine != bins_.end() && mine->index == theirs.index) {
      both.back().count += mine++->count;
    }
  }
  both.insert(both.end(), mine, bins_.end());
  bins_ = std::move(both);
  collapse();
}

/// The smallest values share a bin where there are too many: what is asked for is the tail above.
void Sketch::collapse() {
  if (bins_.size() <= kMaxBins) {
    return;
  }
  const auto excess = static_cast<std::ptrdiff_t>(bins_.size() - kMaxBins);
  for (auto bin = bins_.begin(); bin != bins_.begin() + excess; ++bin) {
    bins_[static_cast<std::size_t>(excess)].count += bin->count;
  }
  bins_.erase(bins_.begin(), bins_.begin() + excess);
}

double Sketch::count() const {
  double count = 0;
  for (const Bin& bin : bins_) {
    count += bin.count;
  }
  return count;
}

std::optional<double> Sketch::percentile(double percent) const {
  if (bins_.empty()) {
    return std::nullopt;
  }
  const double total = count();
  const double rank = std::ceil(percent / 100 * total - total * kRankSlack);
  double seen = 0;
  for (const Bin& bin : bins_) {
    seen += bin.count;
    if (seen >= rank) {
      return middle_of(bin.index);
    }
  }
  return middle_of(bins_.back().index);
}

}  // namespace tidegate::metrics
