#include "adapters/telemetry/metric_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include "temporary_folder.h"

namespace tidegate::telemetry {
namespace {

using metrics::MetricSample;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kNoon = parse_iso8601("2026-01-03T12:00:00Z").value();

metrics::MetricId metric_of(int number) {
  return metrics::make_metric_id("Test", "Metric", {{"Number", std::to_string(number)}});
}

MetricSample sample_of(int number, double value, Duration after_noon, std::int32_t resolution) {
  return {metric_of(number),
          kNoon + after_noon,
          metrics::statistic_set_of(value),
          "Percent",
          resolution};
}

void put(MemoryMetricStore& store, const MetricSample& sample) {
  store.put({&sample, 1});
}

/// The one period of that length which starts so long after noon.
metrics::StatisticSet period_at(const MemoryMetricStore& store, Duration start, Duration length) {
  return store.read(metric_of(1), kNoon + start, kNoon + start + length, length).at(0).values;
}

void fill(MemoryMetricStore& store) {
  for (int i = 0; i < 500; ++i) {
    put(store, sample_of(1, i % 3, seconds{i}, 1));
    put(store, sample_of(2, 0, seconds{i}, 1));
    put(store, sample_of(3, i, minutes{i}, 60));
    put(store, sample_of(3, i, minutes{i}, 60));
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
}

}  // namespace

TEST_CASE("retention: seconds are readable for three hours, then as their minute for 15 days") {
  MemoryMetricStore store;
  put(store, sample_of(1, 10, seconds{30}, 1));
  put(store, sample_of(1, 20, seconds{31}, 1));
  put(store, sample_of(1, 5, hours{3}, 1));
  CHECK(period_at(store, seconds{30}, seconds{1}).sum == 10);
  put(store, sample_of(1, 5, hours{3} + minutes{1}, 1));
  CHECK(period_at(store, seconds{30}, seconds{1}).sample_count == 0);
  CHECK(period_at(store, seconds{0}, minutes{1}) == metrics::StatisticSet{2, 30, 10, 20});

  put(store, sample_of(1, 7, seconds{40}, 1));  // late: joins its minute
  CHECK(period_at(store, seconds{40}, seconds{1}).sample_count == 0);
  CHECK(period_at(store, seconds{0}, minutes{1}) == metrics::StatisticSet{3, 37, 7, 20});

  put(store, sample_of(1, 1, hours{15 * 24}, 60));
  CHECK(period_at(store, seconds{0}, minutes{1}).sample_count == 3);
  put(store, sample_of(1, 1, hours{15 * 24 + 1}, 60));
  CHECK(period_at(store, seconds{0}, minutes{1}).sample_count == 0);
  put(store, sample_of(1, 1, seconds{0}, 60));  // too late for everything
  CHECK(period_at(store, seconds{0}, minutes{1}).sample_count == 0);
}

TEST_CASE("put: a sample without data, or that is no number, is no sample") {
  MemoryMetricStore store;
  MetricSample sample = sample_of(1, std::numeric_limits<double>::quiet_NaN(), seconds{0}, 1);
  put(store, sample);
  sample.values = {1, 1, -std::numeric_limits<double>::infinity(), 1};
  put(store, sample);
  sample.values = {};
  put(store, sample);
  CHECK(store.list("").empty());
}

TEST_CASE("read: it is bounded, and nonsense reads nothing") {
  MemoryMetricStore store;
  put(store, sample_of(1, 1, seconds{0}, 1));
  CHECK(store.read(metric_of(1), kNoon, kNoon + hours{24 * 365}, seconds{1}).size() ==
        static_cast<std::size_t>(kMaxPeriods));
  CHECK(store.read(metric_of(1), kNoon, kNoon + hours{1}, Duration::zero()).empty());
  CHECK(store.read(metric_of(1), kNoon, kNoon - hours{1}, seconds{1}).empty());
}

TEST_CASE("put: beyond the limit of series the stalest are forgotten and the rest stays") {
  MemoryMetricStore store{32};
  for (int number = 0; number < 32; ++number) {
    put(store, sample_of(number, 1, seconds{number == 5 ? 1000 : number}, 1));
  }
  CHECK(store.list("").size() == 32);
  put(store, sample_of(0, 1, seconds{2000}, 1));  // known: nothing is forgotten for it
  CHECK(store.list("").size() == 32);
  put(store, sample_of(32, 1, seconds{32}, 1));
  const auto left = store.list("");
  CHECK(left.size() == 31);  // two of 32 went, one came
  for (const auto& [number, stays] :
       {std::pair{0, true}, {1, false}, {2, false}, {3, true}, {5, true}, {32, true}}) {
    CAPTURE(number);
    CHECK((std::find(left.begin(), left.end(), metric_of(number)) != left.end()) == stays);
  }
}

TEST_CASE("snapshot: everything is there after a restart, to the bit") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics.snapshot");
  MemoryMetricStore before;
  fill(before);
  REQUIRE(before.save_snapshot(path).has_value());
  MemoryMetricStore after;
  after.load_snapshot(path);
  CHECK(after.list("") == before.list(""));
  for (int number = 1; number <= 3; ++number) {
    for (const Duration period : {Duration{seconds{1}}, Duration{minutes{5}}}) {
      CHECK(after.read(metric_of(number), kNoon, kNoon + hours{9}, period) ==
            before.read(metric_of(number), kNoon, kNoon + hours{9}, period));
    }
    CHECK(after.unit(metric_of(number)) == "Percent");
  }
  put(after, sample_of(1, 100, seconds{499}, 1));
  CHECK(period_at(after, seconds{499}, seconds{1}).maximum == 100);
  REQUIRE(after.save_snapshot(path).has_value());  // over the old one
  MemoryMetricStore again;
  again.load_snapshot(path);
  CHECK(period_at(again, seconds{499}, seconds{1}).maximum == 100);
  CHECK(!std::filesystem::exists(path + ".new"));
}

TEST_CASE("snapshot: a missing file is an empty store") {
  const TemporaryFolder folder;
  MemoryMetricStore store;
  store.load_snapshot(folder.file("nothing"));
  CHECK(store.list("").empty());
  CHECK(!std::filesystem::exists(folder.file("nothing.bad")));
}

TEST_CASE("snapshot: a damaged file is kept aside and the store starts empty") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics.snapshot");
  MemoryMetricStore before;
  fill(before);
  REQUIRE(before.save_snapshot(path).has_value());
  std::string bytes = bytes_of(path);
  SUBCASE("one bit") {
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  }
  SUBCASE("cut") {
    bytes.resize(bytes.size() / 2);
  }
  SUBCASE("another version") {
    bytes[7] = '2';
  }
  SUBCASE("longer") {
    bytes += "x";
  }
  SUBCASE("empty") {
    bytes.clear();
  }
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
  MemoryMetricStore after;
  after.load_snapshot(path);
  CHECK(after.list("").empty());
  CHECK(bytes_of(path + ".bad") == bytes);
  CHECK(!std::filesystem::exists(path));
  put(after, sample_of(1, 1, seconds{0}, 1));
  CHECK(after.save_snapshot(path).has_value());
}

TEST_CASE("snapshot: one that cannot be written leaves the old one and says so") {
  const TemporaryFolder folder;
  MemoryMetricStore store;
  fill(store);
  const Status saved = store.save_snapshot(folder.file("no/such/folder/metrics"));
  REQUIRE(!saved.has_value());
  CHECK(saved.error().message.find("no/such/folder") != std::string::npos);
  if (std::filesystem::exists("/dev/full")) {
    std::filesystem::create_symlink("/dev/full", folder.file("metrics.new"));
    CHECK(!store.save_snapshot(folder.file("metrics")).has_value());  // never through a link
    CHECK(!std::filesystem::exists(folder.file("metrics")));
  }
}

TEST_CASE("threads: writers, readers and a snapshot at once lose nothing") {
  const TemporaryFolder folder;
  MemoryMetricStore store{16};
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!done) {
        store.read(metric_of(1), kNoon, kNoon + minutes{10}, seconds{1});
        store.list("");
        store.unit(metric_of(2));
      }
    });
  }
  readers.emplace_back([&] {
    while (!done) {
      CHECK(store.save_snapshot(folder.file("metrics")).has_value());
    }
  });
  std::vector<std::thread> writers;
  for (int writer = 1; writer <= 2; ++writer) {
    writers.emplace_back([&store, writer] {
      for (int i = 0; i < 2000; ++i) {
        put(store, sample_of(1, 1, seconds{i % 600}, 1));
        put(store, sample_of(writer * 1000 + i % 10, 1, seconds{-i}, 1));
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  done = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  const auto total = store.read(metric_of(1), kNoon, kNoon + minutes{10}, minutes{10});
  CHECK(total.at(0).values.sum == 4000);
  CHECK(store.list("").size() <= 16);
}

}  // namespace tidegate::telemetry
