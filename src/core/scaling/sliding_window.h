// SlidingWindow: what one group's instances reported lately, as datapoints of windows that end at
// any instant (timing `fast`: samples every 200 ms, windows of 1 s that slide by 200 ms). A value
// without clock or thread; the engine keeps one per group and metric.
//
// It keeps CONTRACT's two rules of fast reaction:
// - The metric and the capacity in the formula are of the same instances over the same time. Every
//   sample names the set of instances it sums; samples of another set than the newest one's are
//   forgotten, so each datapoint is of exactly the instances that are measured now, and after a
//   change of the set the first datapoint is there one period later.
// - A low alarm's window starts anew whenever the group's capacity changes: restart(). It does not
//   touch the high alarm's datapoints, or each scale-out would delay the next one.
//
// A sample is the mean load since the one before it, so one late or lost sample leaves no time
// unmeasured; two in a row are a gap, and a window with a gap is missing data, never a zero.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace tidegate::scaling {

/// One reading of all counted instances (in service and warm) at one instant. Where not every one
/// of them could be read, there is no sample.
struct GroupSample {
  Instant instant;
  double sum = 0;  // of the instances' values: percent of their own quota, or a rate per minute
  std::int32_t count = 0;          // instances in `sum`; a sample of none is ignored
  std::uint64_t instance_set = 0;  // the same exactly while the same instances are counted
  bool operator==(const GroupSample&) const = default;
};

/// Names a set of instances by a number, whatever their order. Equal sets give equal numbers.
class InstanceSetHash {
 public:
  void add(std::string_view instance_id);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

class SlidingWindow {
 public:
  /// sample_interval: planned time between samples, > 0. horizon: how far back windows may reach
  /// (evaluation_range × period of the longest alarm), >= sample_interval.
  SlidingWindow(Duration sample_interval, Duration horizon);

  /// Samples come in ascending order; one that is not newer than the newest, or of no instance, is
  /// ignored.
  void add(const GroupSample& sample);

  /// The group's capacity changed at `instant`: low_datapoints() reach no further back from now on.
  void restart(Instant instant);

  /// For the high alarm: means over the consecutive windows (now - period, now], (now - 2 period,
  /// now - period], …, newest first, `count` of them; absent where data is missing.
  std::vector<std::optional<double>> datapoints(Instant now,
                                                Duration period,
                                                std::int32_t count) const;
  /// For the low alarm: the same, but absent where a window began before the last restart().
  std::vector<std::optional<double>> low_datapoints(Instant now,
                                                    Duration period,
                                                    std::int32_t count) const;

  /// At most 2 × horizon / sample_interval + 1, however fast samples come.
  std::size_t size() const { return samples_.size(); }
  bool operator==(const SlidingWindow&) const = default;

 private:
  std::vector<std::optional<double>> datapoints_since(Instant begin,
                                                      Instant now,
                                                      Duration period,
                                                      std::int32_t count) const;
  struct SampleRange {  // newest first, up to and without `older`
    std::deque<GroupSample>::const_reverse_iterator newest;
    std::deque<GroupSample>::const_reverse_iterator older;
  };
  /// Mean over the samples of the window (start, end]; absent where it has a gap.
  std::optional<double> mean_of(const SampleRange& samples, Instant start, Instant end) const;

  Duration sample_interval_;
  Duration horizon_;
  std::deque<GroupSample> samples_;  // ascending, all of one instance set
  Instant run_begin_;                // from when on samples_ cover the time
  std::optional<Instant> restarted_;
};

/// Mean of the newest `count` datapoints that exist; absent where there are fewer. The value that
/// the formula uses: count 1 for scaling out, low_evaluation_periods for scaling in.
std::optional<double> mean_of_newest(std::span<const std::optional<double>> newest_first,
                                     std::int32_t count);

}  // namespace tidegate::scaling
