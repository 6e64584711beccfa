#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include "adapters/telemetry/metric_store_fixture.h"
#include "temporary_folder.h"

namespace tidegate::telemetry {
namespace {

using metrics::MetricSample;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

MetricSample sample_of(int number, double value, Duration after_noon, std::int32_t resolution) {
  return {metric_of(number),
          kNoon + after_noon,
          metrics::statistic_set_of(value),
          "Percent",
          resolution};
}

void put(DurableMetricStore& store, const MetricSample& sample) {
  store.put({&sample, 1});
}

}  // namespace

TEST_CASE("put: a sample without data, or that is no number, is no sample") {
  DurableMetricStore store;
  MetricSample sample = sample_of(1, std::numeric_limits<double>::quiet_NaN(), seconds{0}, 1);
  put(store, sample);
  sample.values = {1, 1, -std::numeric_limits<double>::infinity(), 1};
  put(store, sample);
  sample.values = {};
  put(store, sample);
  CHECK(store.list("").empty());
}

TEST_CASE("read: it is bounded, and nonsense reads nothing") {
  DurableMetricStore store;
  put(store, sample_of(1, 1, seconds{0}, 1));
  CHECK(store.read(metric_of(1), kNoon, kNoon + hours{24 * 365}, seconds{1}).size() ==
        static_cast<std::size_t>(kMaxPeriods));
  CHECK(store.read(metric_of(1), kNoon, kNoon + hours{1}, Duration::zero()).empty());
  CHECK(store.read(metric_of(1), kNoon, kNoon - hours{1}, seconds{1}).empty());
}

TEST_CASE("put: beyond the limit of series the stalest are forgotten and the rest stays") {
  DurableMetricStore store{{.series = 32}};
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

TEST_CASE("put: with as many chunks in memory as may be, what needs another one is dropped") {
  DurableMetricStore store{{.series = 16, .chunks = 2}};
  put(store, sample_of(1, 1, minutes{0}, 1));
  put(store, sample_of(1, 1, minutes{1}, 1));
  CHECK(store.chunks_held() == 2);
  put(store, sample_of(1, 1, minutes{2}, 1));
  put(store, sample_of(1, 1, minutes{1} + seconds{1}, 1));  // has its chunk
  CHECK(store.chunks_held() == 2);
  CHECK(period_at(store, minutes{0}, minutes{5}).sample_count == 3);
  put(store, sample_of(2, 1, minutes{2}, 1));  // a new series' first one may always come
  CHECK(store.chunks_held() == 3);
}

TEST_CASE("newest: the timestamp of the newest sample, whatever came last") {
  DurableMetricStore store;
  CHECK(!store.newest(metric_of(1)).has_value());
  put(store, sample_of(1, 1, minutes{2}, 1));
  put(store, sample_of(1, 1, minutes{1}, 60));
  CHECK(store.newest(metric_of(1)) == kNoon + minutes{2});
}

TEST_CASE("threads: writers, readers and a keeper at once lose nothing") {
  const TemporaryFolder folder;
  DurableMetricStore store{{.series = 16}};
  store.open(folder.file("metrics"));
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
      CHECK(store.keep(kNoon + minutes{10}).has_value());
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
