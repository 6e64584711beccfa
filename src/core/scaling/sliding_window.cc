#include "core/scaling/sliding_window.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace tidegate::scaling {
namespace {

/// The longest stretch without a sample that is no gap: one sample lost, and half an interval for
/// the timer of a busy machine.
Duration longest_silence(Duration sample_interval) {
  return sample_interval * 5 / 2;
}

}  // namespace

void InstanceSetHash::add(std::string_view instance_id) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : instance_id) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  value_ += hash;  // a sum: the order of the instances does not matter
}

SlidingWindow::SlidingWindow(Duration sample_interval, Duration horizon)
    : sample_interval_(sample_interval), horizon_(horizon) {
  TG_CHECK(sample_interval > Duration::zero() && horizon >= sample_interval);
}

void SlidingWindow::add(const GroupSample& sample) {
  if (sample.count <= 0 || !std::isfinite(sample.sum)) {
    return;
  }
  if (!samples_.empty() && sample.instant <= samples_.back().instant) {
    return;
  }
  if (samples_.empty()) {
    run_begin_ = sample.instant - sample_interval_;
  } else if (samples_.back().instance_set != sample.instance_set) {
    run_begin_ = samples_.back().instant;
    samples_.clear();
  }
  samples_.push_back(sample);
  const auto capacity = static_cast<std::size_t>(2 * (horizon_ / sample_interval_) + 1);
  while (samples_.size() > capacity || samples_.front().instant <= sample.instant - horizon_) {
    run_begin_ = samples_.front().instant;
    samples_.pop_front();
  }
}

void SlidingWindow::restart(Instant instant) {
  restarted_ = restarted_ ? std::max(*restarted_, instant) : instant;
}

std::vector<std::optional<double>> SlidingWindow::datapoints(Instant now,
                                                             Duration period,
                                                             std::int32_t count) const {
  return datapoints_since(run_begin_, now, period, count);
}

std::vector<std::optional<double>> SlidingWindow::low_datapoints(Instant now,
                                                                 Duration period,
                                                                 std::int32_t count) const {
  const Instant begin = restarted_ ? std::max(*restarted_, run_begin_) : run_begin_;
  return datapoints_since(begin, now, period, count);
}

std::vector<std::optional<double>> SlidingWindow::datapoints_since(Instant begin,
                                                                   Instant now,
                                                                   Duration period,
                                                                   std::int32_t count) const {
  TG_CHECK(period > Duration::zero() && count >= 0);
  std::vector<std::optional<double>> newest_first(static_cast<std::size_t>(count));
  Instant end = now;
  auto sample = samples_.rbegin();
  while (sample != samples_.rend() && sample->instant > now) {
    ++sample;
  }
  for (std::optional<double>& datapoint : newest_first) {
    const Instant start = end - period;
    if (start < begin) {
      break;
    }
    const auto older = std::find_if(
        sample, samples_.rend(), [start](const GroupSample& s) { return s.instant <= start; });
    datapoint = mean_of({sample, older}, start, end);
    sample = older;
    end = start;
  }
  return newest_first;
}

std::optional<double> SlidingWindow::mean_of(const SampleRange& samples,
                                             Instant start,
                                             Instant end) const {
  const Duration longest = longest_silence(sample_interval_);
  Instant next = end;
  double sum = 0;
  std::int64_t count = 0;
  for (auto sample = samples.newest; sample != samples.older; ++sample) {
    if (next - sample->instant > longest) {
      return std::nullopt;
    }
    next = sample->instant;
    sum += sample->sum;
    count += sample->count;
  }
  if (count == 0 || next - start > longest) {
    return std::nullopt;
  }
  return sum / static_cast<double>(count);
}

std::optional<double> mean_of_newest(std::span<const std::optional<double>> newest_first,
                                     std::int32_t count) {
  double sum = 0;
  std::int32_t found = 0;
  for (const std::optional<double>& datapoint : newest_first) {
    if (datapoint && found < count) {
      sum += *datapoint;
      ++found;
    }
  }
  if (found == 0 || found < count) {
    return std::nullopt;
  }
  return sum / count;
}

}  // namespace tidegate::scaling
