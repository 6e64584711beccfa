// The metric store and the notifier in memory.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ports/metric_store.h"
#include "ports/notifier.h"

namespace tidegate::sim {

class MemoryMetrics final : public ports::MetricStore {
 public:
  void put(std::span<const metrics::MetricSample> samples) override;
  std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                       Instant from,
                                       Instant to,
                                       Duration period) const override;
  std::vector<metrics::DistributionPoint> read_distributions(const metrics::MetricId& metric,
                                                             Instant from,
                                                             Instant to,
                                                             Duration period) const override;
  std::vector<metrics::MetricId> list(const std::string& metric_namespace) const override;
  std::string unit(const metrics::MetricId& metric) const override;
  std::optional<Instant> newest(const metrics::MetricId& metric) const override;

 private:
  template <typename Point>
  std::vector<Point> read_as(const metrics::MetricId& metric,
                             Instant from,
                             Instant to,
                             Duration period) const;

  struct Series {
    std::map<Instant, metrics::Distribution> fine;    // 1 s points
    std::map<Instant, metrics::Distribution> coarse;  // 60 s points
    std::string unit = "None";                        // of the newest sample
    Instant newest;
  };
  std::map<metrics::MetricId, Series> series_;
};

class RecordingNotifier final : public ports::Notifier {
 public:
  void notify(const ports::Notification& notification) override {
    if (!gate_ || gate_()) {
      sent_.push_back(notification);
    }
  }
  /// Asked before each; false: the machine is off, nobody is told.
  void set_gate(std::function<bool()> gate) { gate_ = std::move(gate); }
  std::vector<ports::DeliveryFailure> failures() override { return std::exchange(failures_, {}); }
  void fail(ports::DeliveryFailure failure) { failures_.push_back(std::move(failure)); }
  const std::vector<ports::Notification>& sent() const { return sent_; }

 private:
  std::vector<ports::Notification> sent_;
  std::vector<ports::DeliveryFailure> failures_;
  std::function<bool()> gate_;
};

}  // namespace tidegate::sim
