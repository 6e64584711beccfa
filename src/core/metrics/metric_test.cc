#include "core/metrics/metric.h"

#include <doctest/doctest.h>

namespace tidegate::metrics {

TEST_CASE("make_metric_id: the same dimensions in any order are the same metric") {
  const MetricId a = make_metric_id("AWS/EC2", "CPUUtilization", {{"B", "1"}, {"A", "2"}});
  const MetricId b = make_metric_id("AWS/EC2", "CPUUtilization", {{"A", "2"}, {"B", "1"}});
  CHECK(a == b);
  CHECK(a.dimensions == std::vector<Dimension>{{"A", "2"}, {"B", "1"}});
  CHECK(a.metric_namespace == "AWS/EC2");
  CHECK(a.name == "CPUUtilization");
  CHECK(a != make_metric_id("AWS/EC2", "CPUUtilization", {{"A", "2"}}));
  CHECK(a != make_metric_id("AWS/EC2", "NetworkIn", {{"A", "2"}, {"B", "1"}}));
}

TEST_CASE("Statistic: every name reads back, in AWS's spelling only") {
  struct Case {
    Statistic statistic;
    const char* name;
  };
  for (const Case& c : {Case{Statistic::Average, "Average"},
                        Case{Statistic::Sum, "Sum"},
                        Case{Statistic::Minimum, "Minimum"},
                        Case{Statistic::Maximum, "Maximum"},
                        Case{Statistic::SampleCount, "SampleCount"}}) {
    CHECK(to_string(c.statistic) == c.name);
    CHECK(parse_statistic(c.name) == c.statistic);
  }
  CHECK(!parse_statistic("average").has_value());
  CHECK(!parse_statistic("").has_value());
}

TEST_CASE("merged: counts and sums add, the extremes stay") {
  const StatisticSet a{2, 10, 4, 6};
  const StatisticSet b{3, 3, -1, 2};
  CHECK(merged(a, b) == StatisticSet{5, 13, -1, 6});
  CHECK(merged(b, a) == StatisticSet{5, 13, -1, 6});
}

TEST_CASE("merged: an empty set changes nothing, on either side") {
  const StatisticSet set{2, 10, 4, 6};
  CHECK(merged(set, {}) == set);
  CHECK(merged({}, set) == set);
  CHECK(merged({}, {}) == StatisticSet{});
}

TEST_CASE("statistic_set_of: one value is its own sum, minimum and maximum") {
  CHECK(statistic_set_of(-2.5) == StatisticSet{1, -2.5, -2.5, -2.5});
}

TEST_CASE("value_of: each statistic of a set, and none of an empty one") {
  const StatisticSet set{4, 10, 1, 7};
  CHECK(value_of(set, Statistic::Average) == 2.5);
  CHECK(value_of(set, Statistic::Sum) == 10.0);
  CHECK(value_of(set, Statistic::Minimum) == 1.0);
  CHECK(value_of(set, Statistic::Maximum) == 7.0);
  CHECK(value_of(set, Statistic::SampleCount) == 4.0);
  for (const Statistic statistic : {Statistic::Average,
                                    Statistic::Sum,
                                    Statistic::Minimum,
                                    Statistic::Maximum,
                                    Statistic::SampleCount}) {
    CHECK(!value_of(StatisticSet{}, statistic).has_value());
  }
}

}  // namespace tidegate::metrics
