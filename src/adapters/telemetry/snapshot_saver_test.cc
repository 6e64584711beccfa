#include "adapters/telemetry/snapshot_saver.h"

#include <filesystem>

#include <doctest/doctest.h>
#include <poll.h>

#include "temporary_folder.h"

namespace tidegate::telemetry {
namespace {

constexpr int kDeadline = 60'000;  // ms, for what takes a few

void put(MemoryMetricStore& store, const char* name) {
  const metrics::MetricSample sample{
      metrics::make_metric_id("Test", name, {}), {}, metrics::statistic_set_of(1), "None", 1};
  store.put({&sample, 1});
}

std::size_t saved_series(const std::string& path) {
  MemoryMetricStore loaded;
  loaded.load_snapshot(path);
  return loaded.list("").size();
}

}  // namespace

TEST_CASE("SnapshotSaver: a request saves without a wait, and the end saves what is newest") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics");
  MemoryMetricStore store;
  {
    SnapshotSaver saver{store, path};
    put(store, "first");
    saver.request();
    for (int tries = 0; tries < kDeadline && !std::filesystem::exists(path); ++tries) {
      poll(nullptr, 0, 1);
    }
    CHECK(saved_series(path) == 1);
    put(store, "second");
  }
  CHECK(saved_series(path) == 2);
}

TEST_CASE("SnapshotSaver: without a request nothing is written before the end") {
  const TemporaryFolder folder;
  MemoryMetricStore store;
  {
    const SnapshotSaver saver{store, folder.file("metrics")};
    CHECK(!std::filesystem::exists(folder.file("metrics")));
  }
  CHECK(saved_series(folder.file("metrics")) == 0);
  CHECK(std::filesystem::exists(folder.file("metrics")));
}

TEST_CASE("SnapshotSaver: a folder that is away is no reason to stop") {
  const TemporaryFolder folder;
  MemoryMetricStore store;
  put(store, "first");
  {
    SnapshotSaver saver{store, folder.file("away/metrics")};
    saver.request();
  }
  CHECK(!std::filesystem::exists(folder.file("away/metrics")));
}

}  // namespace tidegate::telemetry
