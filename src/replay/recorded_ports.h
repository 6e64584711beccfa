// The ports of a control plane with each answer written down on its way to the engine. What has no
// answer passes through. Engine thread only, but for console(), which is not recorded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "replay/recorder.h"

namespace tidegate::replay {

class RecordedCompute final : public ports::Compute {
 public:
  RecordedCompute(ports::Compute& inner, Recorder& recorder) : inner_(inner), recorder_(recorder) {}

  ports::HostCapacity capacity() const override;
  std::vector<ports::Capability> capabilities() const override { return inner_.capabilities(); }
  Status check_image(const ports::ProcessImage& image) const override;
  void launch(const ports::LaunchSpec& spec) override { inner_.launch(spec); }
  void stop(const groups::InstanceId& id) override { inner_.stop(id); }
  void kill(const groups::InstanceId& id) override { inner_.kill(id); }
  std::vector<ports::InstanceObservation> snapshot() override;
  void set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) override {
    inner_.set_target_lifecycle_state(id, state);
  }
  std::vector<std::string> troubles() const override;
  Result<ports::ConsoleChunk> console(const groups::InstanceId& id,
                                      std::uint64_t offset,
                                      std::size_t max_bytes) override {
    return inner_.console(id, offset, max_bytes);
  }

 private:
  ports::Compute& inner_;
  Recorder& recorder_;
  std::vector<ports::InstanceObservation> before_;
};

class RecordedDataPlane final : public ports::DataPlane {
 public:
  RecordedDataPlane(ports::DataPlane& inner, Recorder& recorder)
      : inner_(inner), recorder_(recorder) {}

  void publish(const balancing::DataPlaneConfig& config) override { inner_.publish(config); }
  const balancing::DataPlaneReport& report() override;
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override;
  void release_address(const balancing::LoadBalancerArn& arn) override {
    inner_.release_address(arn);
  }

 private:
  ports::DataPlane& inner_;
  Recorder& recorder_;
  balancing::DataPlaneReport before_;
};

class RecordedStore final : public ports::StateStore {
 public:
  RecordedStore(ports::StateStore& inner, Recorder& recorder)
      : inner_(inner), recorder_(recorder) {}

  Result<std::map<std::string, std::string>> read(const std::string& prefix) override;
  ports::Revision revision() const override { return inner_.revision(); }
  Result<ports::Revision> append(const std::vector<ports::StoreOperation>& batch,
                                 std::uint64_t epoch,
                                 ports::Revision expected) override;

 private:
  ports::StateStore& inner_;
  Recorder& recorder_;
};

class RecordedMetrics final : public ports::MetricStore {
 public:
  RecordedMetrics(ports::MetricStore& inner, Recorder& recorder)
      : inner_(inner), recorder_(recorder) {}

  void put(std::span<const metrics::MetricSample> samples) override { inner_.put(samples); }
  std::vector<metrics::Datapoint> read(const metrics::MetricId& metric,
                                       Instant from,
                                       Instant to,
                                       Duration period) const override;
  std::vector<metrics::MetricId> list(const std::string& metric_namespace) const override;
  std::string unit(const metrics::MetricId& metric) const override;
  std::vector<metrics::DistributionPoint> read_distributions(const metrics::MetricId& metric,
                                                             Instant from,
                                                             Instant to,
                                                             Duration period) const override;
  std::optional<Instant> newest(const metrics::MetricId& metric) const override;

 private:
  ports::MetricStore& inner_;
  Recorder& recorder_;
  mutable std::map<metrics::MetricId, std::vector<metrics::Datapoint>> before_;
  mutable std::map<metrics::MetricId, std::vector<WrittenDistribution>> distributions_before_;
};

class RecordedNotifier final : public ports::Notifier {
 public:
  RecordedNotifier(ports::Notifier& inner, Recorder& recorder)
      : inner_(inner), recorder_(recorder) {}

  void notify(const ports::Notification& notification) override { inner_.notify(notification); }
  std::vector<ports::DeliveryFailure> failures() override;

 private:
  ports::Notifier& inner_;
  Recorder& recorder_;
};

class RecordedCache final : public ports::Cache {
 public:
  RecordedCache(ports::Cache& inner, Recorder& recorder) : inner_(inner), recorder_(recorder) {}

  std::vector<std::string> addresses() const override;
  void ensure(const ports::CacheSpec& spec) override { inner_.ensure(spec); }
  void remove(const caches::CacheClusterId& id) override { inner_.remove(id); }
  std::vector<caches::CacheObservation> snapshot() override;

 private:
  ports::Cache& inner_;
  Recorder& recorder_;
  std::vector<caches::CacheObservation> before_;
};

/// All of them over the real ones.
class RecordedPorts {
 public:
  RecordedPorts(engine::Ports inner, Recorder& recorder)
      : compute_(inner.compute, recorder),
        data_plane_(inner.data_plane, recorder),
        store_(inner.store, recorder),
        metrics_(inner.metrics, recorder),
        notifier_(inner.notifier, recorder),
        cache_(inner.cache, recorder) {}

  engine::Ports ports() { return {compute_, data_plane_, store_, metrics_, notifier_, cache_}; }

 private:
  RecordedCompute compute_;
  RecordedDataPlane data_plane_;
  RecordedStore store_;
  RecordedMetrics metrics_;
  RecordedNotifier notifier_;
  RecordedCache cache_;
};

}  // namespace tidegate::replay
