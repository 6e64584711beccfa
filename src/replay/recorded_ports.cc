#include "replay/recorded_ports.h"

namespace tidegate::replay {

ports::HostCapacity RecordedCompute::capacity() const {
  const auto capacity = inner_.capacity();
  recorder_.answer(Call::Capacity).put(capacity);
  return capacity;
}

Status RecordedCompute::check_image(const ports::ProcessImage& image) const {
  auto status = inner_.check_image(image);
  recorder_.answer(Call::CheckImage).put(status);
  return status;
}

std::vector<ports::InstanceObservation> RecordedCompute::snapshot() {
  auto all = inner_.snapshot();
  recorder_.answer(Call::Snapshot).put_delta(before_, all);
  before_ = all;
  return all;
}

std::vector<std::string> RecordedCompute::troubles() const {
  auto troubles = inner_.troubles();
  recorder_.answer(Call::Troubles).put(troubles);
  return troubles;
}

const balancing::DataPlaneReport& RecordedDataPlane::report() {
  const balancing::DataPlaneReport& report = inner_.report();
  recorder_.answer(Call::Report).put_delta(before_, report);
  before_ = report;
  return report;
}

Result<std::string> RecordedDataPlane::assign_address(const balancing::LoadBalancerArn& arn) {
  auto address = inner_.assign_address(arn);
  recorder_.answer(Call::AssignAddress).put(address);
  return address;
}

Result<std::map<std::string, std::string>> RecordedStore::read(const std::string& prefix) {
  auto found = inner_.read(prefix);
  recorder_.answer(Call::StoreRead).put(found);
  return found;
}

Result<ports::Revision> RecordedStore::append(const std::vector<ports::StoreOperation>& batch,
                                              std::uint64_t epoch,
                                              ports::Revision expected) {
  auto revision = inner_.append(batch, epoch, expected);
  recorder_.answer(Call::StoreAppend).put(revision);
  return revision;
}

std::vector<metrics::Datapoint> RecordedMetrics::read(const metrics::MetricId& metric,
                                                      Instant from,
                                                      Instant to,
                                                      Duration period) const {
  auto points = inner_.read(metric, from, to, period);
  auto& before = before_[metric];
  recorder_.answer(Call::MetricsRead).put_delta(before, points);
  before = points;
  return points;
}

std::vector<metrics::MetricId> RecordedMetrics::list(const std::string& metric_namespace) const {
  auto found = inner_.list(metric_namespace);
  recorder_.answer(Call::MetricsList).put(found);
  return found;
}

std::string RecordedMetrics::unit(const metrics::MetricId& metric) const {
  auto unit = inner_.unit(metric);
  recorder_.answer(Call::MetricsUnit).put(unit);
  return unit;
}

std::vector<metrics::DistributionPoint> RecordedMetrics::read_distributions(
    const metrics::MetricId& metric, Instant from, Instant to, Duration period) const {
  auto points = inner_.read_distributions(metric, from, to, period);
  std::vector<WrittenDistribution> written;
  written.reserve(points.size());
  for (const auto& point : points) {
    written.push_back({point.timestamp, point.values.values, point.values.sketch.bins()});
  }
  auto& before = distributions_before_[metric];
  recorder_.answer(Call::MetricsDistributions).put_delta(before, written);
  before = std::move(written);
  return points;
}

std::optional<Instant> RecordedMetrics::newest(const metrics::MetricId& metric) const {
  const auto newest = inner_.newest(metric);
  recorder_.answer(Call::MetricsNewest).put(newest);
  return newest;
}

std::vector<std::string> RecordedCache::addresses() const {
  auto addresses = inner_.addresses();
  recorder_.answer(Call::CacheAddresses).put(addresses);
  return addresses;
}

std::vector<caches::CacheObservation> RecordedCache::snapshot() {
  auto all = inner_.snapshot();
  recorder_.answer(Call::Caches).put_delta(before_, all);
  before_ = all;
  return all;
}

std::vector<ports::DeliveryFailure> RecordedNotifier::failures() {
  auto failures = inner_.failures();
  recorder_.answer(Call::Failures).put(failures);
  return failures;
}

}  // namespace tidegate::replay
