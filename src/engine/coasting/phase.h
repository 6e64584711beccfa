// What a policy's alarms see while its group coasts, a datapoint at a time: enough to tell whether
// alarms::evaluate() would change a state, without evaluating. Private to coasting; engine thread
// only.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/alarms/alarm.h"

namespace tidegate::engine {

/// The datapoints of windows that end at the same part of a period, newest last: each evaluation
/// adds one.
class Phase {
 public:
  Phase(std::size_t high_periods, std::size_t low_periods)
      : high_periods_(high_periods),
        low_periods_(low_periods),
        ring_(std::max(high_periods, low_periods)) {}

  bool is_known() const { return is_known_; }

  /// From whole windows, newest first. False: they have gaps, and it stays unknown.
  bool learn(const std::vector<std::optional<double>>& high,
             const std::vector<std::optional<double>>& low,
             double high_threshold,
             double low_threshold) {
    const auto present = [](const auto& points) {
      const auto absent = std::find(points.begin(), points.end(), std::nullopt);
      const bool is_whole =
          std::all_of(absent, points.end(), [](const auto& point) { return !point; });
      return is_whole ? std::optional{static_cast<std::size_t>(absent - points.begin())}
                      : std::nullopt;
    };
    const auto high_count = present(high);
    const auto low_count = present(low);
    if (!high_count || !low_count) {
      return false;
    }
    high_age_ = low_age_ = ring_.size();
    for (std::size_t i = ring_.size(); i-- > 0;) {
      if (i < *high_count) {
        push(*high[i], high_threshold, low_threshold);
      }
    }
    high_count_ = std::min(*high_count, ring_.size());
    low_count_ = std::min(*low_count, ring_.size());
    is_known_ = true;
    return true;
  }

  void add(double value, double high_threshold, double low_threshold) {
    push(value, high_threshold, low_threshold);
    high_count_ = std::min(high_count_ + 1, ring_.size());
    low_count_ = std::min(low_count_ + 1, ring_.size());
  }

  double newest() const { return ring_[(next_ + ring_.size() - 1) % ring_.size()]; }
  alarms::StateValue high_state(alarms::StateValue now) const {
    return state_of(high_age_, high_count_, high_periods_, now);
  }
  alarms::StateValue low_state(alarms::StateValue now) const {
    return state_of(low_age_, low_count_, low_periods_, now);
  }

  /// As mean_of_newest() has it: the newest first, or the sum is another one.
  std::optional<double> low_mean() const {
    if (low_count_ < low_periods_) {
      return std::nullopt;
    }
    double sum = 0;
    std::size_t at = next_;
    for (std::size_t i = 0; i < low_periods_; ++i) {
      at = at == 0 ? ring_.size() - 1 : at - 1;
      sum += ring_[at];
    }
    return sum / static_cast<double>(low_periods_);
  }

 private:
  void push(double value, double high_threshold, double low_threshold) {
    ring_[next_] = value;
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
    high_age_ = value > high_threshold ? high_age_ + 1 : 0;
    low_age_ = value < low_threshold ? low_age_ + 1 : 0;
  }

  /// alarms::evaluate() for N of N with `missing`, when what is missing is older than what is
  /// there.
  static alarms::StateValue state_of(std::size_t age,
                                     std::size_t count,
                                     std::size_t periods,
                                     alarms::StateValue now) {
    if (count == 0) {
      return alarms::StateValue::InsufficientData;
    }
    if (age < std::min(count, periods)) {
      return alarms::StateValue::Ok;
    }
    return count >= periods ? alarms::StateValue::Alarm : now;
  }

  std::size_t high_periods_;
  std::size_t low_periods_;
  std::vector<double> ring_;
  std::size_t next_ = 0;
  std::size_t high_age_ = 0;  // periods since the newest datapoint that does not breach
  std::size_t low_age_ = 0;
  std::size_t high_count_ = 0;  // datapoints without a gap
  std::size_t low_count_ = 0;
  bool is_known_ = false;
};

}  // namespace tidegate::engine
