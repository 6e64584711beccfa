// What every ports::MetricStore promises, as tests. A file per implementation names a factory and
// calls metric_store_contract() in one TEST_CASE.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ports/metric_store.h"

namespace tidegate::contracts {

using MetricStoreFactory = std::function<std::unique_ptr<ports::MetricStore>()>;

inline const Instant kNoon = parse_iso8601("2026-01-03T12:00:00Z").value();

inline metrics::MetricId cpu_of(std::string instance) {
  return metrics::make_metric_id(
      "AWS/EC2", "CPUUtilization", {{"InstanceId", std::move(instance)}});
}

inline metrics::MetricSample sample_of(double value, Duration after_noon, std::int32_t resolution) {
  metrics::MetricSample sample;
  sample.metric = cpu_of("i-1");
  sample.timestamp = kNoon + after_noon;
  sample.values = metrics::statistic_set_of(value);
  sample.unit = "Percent";
  sample.storage_resolution = resolution;
  return sample;
}

inline void put(ports::MetricStore& store, const metrics::MetricSample& sample) {
  store.put({&sample, 1});
}

/// The sums of the periods that cover [from, to) after noon; -1 where there is no data.
inline std::vector<double> sums(const ports::MetricStore& store,
                                std::chrono::seconds from,
                                std::chrono::seconds to,
                                std::chrono::seconds period) {
  std::vector<double> sums;
  const auto points = store.read(cpu_of("i-1"), kNoon + from, kNoon + to, period);
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(points[i].timestamp == kNoon + from + period * static_cast<std::int64_t>(i));
    sums.push_back(points[i].values.sample_count > 0 ? points[i].values.sum : -1);
  }
  return sums;
}

using Sums = std::vector<double>;

inline void periods_and_resolutions(const MetricStoreFactory& factory) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto owned = factory();
  ports::MetricStore& store = *owned;

  SUBCASE("periods cover the range, from its start, with nothing where nothing is") {
    CHECK(sums(store, seconds{0}, seconds{3}, seconds{1}) == Sums{-1, -1, -1});
    CHECK(sums(store, seconds{0}, seconds{5}, seconds{2}) == Sums{-1, -1, -1});
    CHECK(sums(store, seconds{0}, seconds{0}, seconds{1}).empty());
  }
  SUBCASE("a period holds its start and not its end") {
    for (int i = 0; i < 4; ++i) {
      put(store, sample_of(1 << i, seconds{i}, 1));
    }
    CHECK(sums(store, seconds{1}, seconds{3}, seconds{1}) == Sums{2, 4});
    CHECK(sums(store, seconds{1}, seconds{3}, seconds{2}) == Sums{6});
    CHECK(sums(store, seconds{0}, seconds{4}, seconds{3}) == Sums{7, 8});
  }
  SUBCASE("samples of one timestamp merge") {
    put(store, sample_of(10, seconds{5}, 1));
    put(store, sample_of(30, seconds{5}, 1));
    const auto points =
        store.read(cpu_of("i-1"), kNoon + seconds{5}, kNoon + seconds{6}, seconds{1});
    REQUIRE(points.size() == 1);
    CHECK(points[0].values == metrics::StatisticSet{2, 40, 10, 30});
  }
  SUBCASE("samples come in any order") {
    put(store, sample_of(4, seconds{200}, 1));
    put(store, sample_of(1, seconds{0}, 1));
    put(store, sample_of(2, seconds{100}, 1));
    CHECK(sums(store, seconds{0}, seconds{300}, seconds{100}) == Sums{1, 2, 4});
  }
  SUBCASE("periods below a minute see only points of a second") {
    put(store, sample_of(1, seconds{0}, 1));
    put(store, sample_of(2, seconds{0}, 60));
    CHECK(sums(store, seconds{0}, seconds{30}, seconds{30}) == Sums{1});
    CHECK(sums(store, seconds{0}, seconds{60}, seconds{60}) == Sums{3});
    CHECK(sums(store, seconds{0}, seconds{300}, seconds{300}) == Sums{3});
  }
  SUBCASE("windows slide by seconds") {
    put(store, sample_of(1, seconds{29}, 1));
    put(store, sample_of(2, seconds{30}, 1));
    put(store, sample_of(4, seconds{89}, 1));
    put(store, sample_of(8, seconds{90}, 1));
    CHECK(sums(store, seconds{30}, seconds{90}, seconds{60}) == Sums{6});
  }
  SUBCASE("many points of many minutes are all there") {
    for (int i = 0; i < 1000; ++i) {
      put(store, sample_of(i % 7, seconds{i}, 1));
    }
    double want = 0;
    for (int i = 0; i < 1000; ++i) {
      want += i % 7;
    }
    CHECK(sums(store, seconds{0}, seconds{1000}, seconds{1000}) == Sums{want});
    CHECK(sums(store, seconds{998}, seconds{1001}, seconds{1}) == Sums{998 % 7, 999 % 7, -1});
  }
}

inline void names_and_units(const MetricStoreFactory& factory) {
  using std::chrono::seconds;
  const auto owned = factory();
  ports::MetricStore& store = *owned;

  SUBCASE("a metric is its exact dimension set") {
    auto sample = sample_of(1, seconds{0}, 1);
    put(store, sample);
    sample.metric.dimensions.push_back({"Zone", "a"});
    put(store, sample);
    sample.metric = metrics::make_metric_id("AWS/EC2", "CPUUtilization", {});
    put(store, sample);
    CHECK(sums(store, seconds{0}, seconds{1}, seconds{1}) == Sums{1});
    CHECK(store.list("").size() == 3);
  }
  SUBCASE("metrics are listed by id, of one namespace or of all") {
    auto sample = sample_of(1, seconds{0}, 60);
    put(store, sample);
    put(store, sample);
    sample.metric = metrics::make_metric_id("AWS/AutoScaling", "GroupDesiredCapacity", {});
    put(store, sample);
    sample.metric = cpu_of("i-0");
    put(store, sample);
    CHECK(store.list("AWS/EC2") == std::vector{cpu_of("i-0"), cpu_of("i-1")});
    CHECK(store.list("AWS").empty());
    CHECK(store.list("") ==
          std::vector{metrics::make_metric_id("AWS/AutoScaling", "GroupDesiredCapacity", {}),
                      cpu_of("i-0"),
                      cpu_of("i-1")});
  }
  SUBCASE("the unit is that of the newest sample") {
    CHECK(store.unit(cpu_of("i-1")) == "None");
    put(store, sample_of(1, seconds{10}, 1));
    CHECK(store.unit(cpu_of("i-1")) == "Percent");
    auto older = sample_of(1, seconds{9}, 1);
    older.unit = "Count";
    put(store, older);
    CHECK(store.unit(cpu_of("i-1")) == "Percent");
    auto newer = sample_of(1, seconds{11}, 1);
    newer.unit = "Bytes";
    put(store, newer);
    CHECK(store.unit(cpu_of("i-1")) == "Bytes");
  }
  SUBCASE("a batch is many samples, and an empty one is none") {
    std::vector<metrics::MetricSample> batch{sample_of(1, seconds{0}, 1),
                                             sample_of(2, seconds{1}, 1)};
    batch.push_back(batch[0]);
    store.put(batch);
    store.put({});
    CHECK(sums(store, seconds{0}, seconds{2}, seconds{1}) == Sums{2, 2});
  }
}

inline void metric_store_contract(const MetricStoreFactory& factory) {
  SUBCASE("periods and resolutions") {
    periods_and_resolutions(factory);
  }
  SUBCASE("names and units") {
    names_and_units(factory);
  }
}

}  // namespace tidegate::contracts
