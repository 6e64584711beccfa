// What is published of a balancer's reports, to the digit: its counters grow for ever, metrics are
// what they grew by in a second.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using balancing::TargetHealthState;
using metrics::Statistic;
using metrics::StatisticSet;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// One target group behind one listener, and its reports.
struct Reported : StateBench {
  const std::string prefix = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:";
  const balancing::TargetGroupArn tg{prefix + "targetgroup/tg/1"};
  const balancing::LoadBalancerArn lb{prefix + "loadbalancer/app/lb/2"};
  const metrics::Dimension by_group{"TargetGroup", "targetgroup/tg/1"};
  const metrics::Dimension by_balancer{"LoadBalancer", "app/lb/2"};

  Reported() {
    balancer.said.connected = true;
    add_group(tg, "l-1");
  }

  void add_group(const balancing::TargetGroupArn& arn, const std::string& listener) {
    model.target_groups[arn].target_group.arn = arn;
    balancing::Listener made;
    made.arn.value = listener;
    made.load_balancer = lb;
    made.default_action.target_group = arn;
    model.listeners.emplace(made.arn, made);
  }
  void register_targets(const std::vector<std::string>& ids) {
    for (const auto& id : ids) {
      model.target_groups[tg].target_group.targets.push_back(
          {id, 80, "10.0.0.1", "a", now(), std::nullopt});
    }
  }
  /// Valid until the next call.
  balancing::TargetReport& target(const std::string& id, const balancing::TargetGroupArn& of) {
    for (auto& report : balancer.said.targets) {
      if (report.id == id && report.target_group == of) {
        return report;
      }
    }
    auto& made = balancer.said.targets.emplace_back();
    made.target_group = of;
    made.id = id;
    return made;
  }
  balancing::TargetReport& target(const std::string& id = "i-1") { return target(id, tg); }

  void publish() {
    pass(seconds{1});
    observe(state, now());
    sample(state, now());
  }
  StatisticSet newest(const char* name, std::vector<metrics::Dimension> dimensions) {
    return metrics
        .read(metrics::make_metric_id("AWS/ApplicationELB", name, std::move(dimensions)),
              now() - seconds{1},
              now(),
              seconds{1})
        .at(0)
        .values;
  }
  /// Absent: nothing was published for the newest second.
  std::optional<double> value(const char* name, std::vector<metrics::Dimension> dimensions) {
    return value_of(newest(name, std::move(dimensions)), Statistic::Maximum);
  }
  std::optional<double> value(const char* name) { return value(name, {by_group}); }
};

}  // namespace

TEST_CASE_FIXTURE(Reported, "telemetry: each count is what it grew by since the second before") {
  target().requests = 100;
  publish();
  CHECK(value("RequestCount") == 100.0);
  target().requests += 7;
  target().responses_2xx += 6;
  target().responses_3xx += 5;
  target().responses_4xx += 4;
  target().responses_5xx += 3;
  target().connection_errors += 2;
  publish();
  target().requests += 1;
  target().responses_2xx += 10;
  target().responses_3xx += 20;
  target().responses_4xx += 30;
  target().responses_5xx += 40;
  target().connection_errors += 50;
  publish();
  const std::vector<std::vector<metrics::Dimension>> all = {
      {by_group}, {by_group, by_balancer}, {by_balancer}};
  for (const auto& dimensions : all) {
    CAPTURE(dimensions.size());
    CAPTURE(dimensions.front().name);
    CHECK(value("RequestCount", dimensions) == 1.0);
    CHECK(value("HTTPCode_Target_2XX_Count", dimensions) == 10.0);
    CHECK(value("HTTPCode_Target_3XX_Count", dimensions) == 20.0);
    CHECK(value("HTTPCode_Target_4XX_Count", dimensions) == 30.0);
    CHECK(value("HTTPCode_Target_5XX_Count", dimensions) == 40.0);
    CHECK(value("TargetConnectionErrorCount", dimensions) == 50.0);
  }
  CHECK(metrics.unit(metrics::make_metric_id("AWS/ApplicationELB", "RequestCount", {by_group})) ==
        "Count");
}

TEST_CASE_FIXTURE(Reported, "telemetry: a balancer that began anew counts from zero") {
  target().requests = 100;
  target().response_time_count = 10;
  target().response_time_sum = 50;
  publish();
  target().requests = 4;
  target().response_time_count = 2;
  target().response_time_sum = 3;
  target().response_time_max = 2;
  publish();
  CHECK(value("RequestCount") == 4.0);
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{2, 3, 1.5, 2});
}

TEST_CASE_FIXTURE(Reported, "telemetry: a load balancer's counts are those of all its groups") {
  const balancing::TargetGroupArn other{prefix + "targetgroup/other/3"};
  add_group(other, "l-2");
  publish();
  target("i-1").requests = 3;
  target("i-1").response_time_count = 2;
  target("i-1").response_time_sum = 1;
  target("i-1").response_time_max = 0.75;
  target("i-2").requests = 4;
  target("i-1", other).requests = 5;
  target("i-1", other).response_time_count = 3;
  target("i-1", other).response_time_sum = 9;
  target("i-1", other).response_time_max = 4;
  publish();
  CHECK(value("RequestCount") == 7.0);
  CHECK(value("RequestCount", {{"TargetGroup", "targetgroup/other/3"}}) == 5.0);
  CHECK(value("RequestCount", {by_balancer}) == 12.0);
  CHECK(newest("TargetResponseTime", {by_balancer}) == StatisticSet{5, 10, 2, 4});
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{2, 1, 0.5, 0.75});
}

TEST_CASE_FIXTURE(Reported, "telemetry: response times are those of the answers of the second") {
  target().requests = 10;
  target().response_time_count = 10;
  target().response_time_sum = 30;
  target().response_time_max = 9;
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{10, 30, 3, 9});
  target().requests += 4;
  target().response_time_count += 4;
  target().response_time_sum += 2;
  target().response_time_max = 1;
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{4, 2, 0.5, 1});
  publish();  // no answer: no time, least of all the longest of the second before
  CHECK(newest("TargetResponseTime", {by_group}).sample_count == 0);
  target("i-2").requests = 1;
  target("i-2").response_time_count = 1;
  target("i-2").response_time_sum = 0.25;
  target("i-2").response_time_max = 0.25;
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{1, 0.25, 0.25, 0.25});
}

TEST_CASE_FIXTURE(Reported, "telemetry: a longest answer below the mean is no longer than it was") {
  target().response_time_count = 4;
  target().response_time_sum = 8;
  target().response_time_max = 1;  // read a moment apart from the sum
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{4, 8, 1, 1});
}

TEST_CASE_FIXTURE(Reported, "telemetry: percentiles are over the answers of the second, by bin") {
  const auto short_bin = metrics::Sketch::bin_of(0.1);
  const auto long_bin = metrics::Sketch::bin_of(8);
  target().response_time_count = 100;
  target().response_time_sum = 500;
  target().response_times = {{metrics::Sketch::bin_of(1), 50}, {long_bin, 50}};
  publish();
  target().response_time_count += 11;  // one more than the bins have: they are what counts
  target().response_time_sum += 22;
  target().response_time_max = 8.5;
  target().response_times[short_bin] += 8;
  target().response_times[long_bin] += 2;
  publish();
  const auto id = metrics::make_metric_id("AWS/ApplicationELB", "TargetResponseTime", {by_group});
  const auto times = metrics.read_distributions(id, now() - seconds{1}, now(), seconds{1});
  const metrics::Distribution& newest = times.at(0).values;
  CHECK(newest.values.sample_count == 10);
  CHECK(newest.values.sum == 20);
  CHECK(newest.values.minimum == doctest::Approx(0.1).epsilon(0.02));
  CHECK(newest.values.maximum == 8.5);
  CHECK(metrics::percentile_of(newest, 80).value() == doctest::Approx(0.1).epsilon(0.02));
  CHECK(metrics::percentile_of(newest, 81).value() == doctest::Approx(8).epsilon(0.02));
  CHECK(newest.sketch.count() == 10);
}

TEST_CASE_FIXTURE(Reported, "telemetry: the mean of a second lies between its least and longest") {
  target().response_time_count = 2;
  target().response_time_sum = 4;  // mean 2, and bins that a moment apart know only other answers
  target().response_times = {{metrics::Sketch::bin_of(5), 2}};
  publish();
  CHECK(newest("TargetResponseTime", {by_group}).minimum == 2);
  target().response_time_count += 2;
  target().response_time_sum += 16;  // mean 8
  target().response_times[metrics::Sketch::bin_of(5)] += 2;
  publish();
  CHECK(newest("TargetResponseTime", {by_group}).maximum == 8);
}

TEST_CASE_FIXTURE(Reported, "telemetry: the least of many times is the least, not nearly") {
  target().response_time_count = 1000;
  target().response_time_sum = 5000;
  target().response_times = {{metrics::Sketch::bin_of(0.1), 1}, {metrics::Sketch::bin_of(5), 999}};
  publish();
  CHECK(newest("TargetResponseTime", {by_group}).minimum == doctest::Approx(0.1).epsilon(0.02));
}

TEST_CASE_FIXTURE(Reported, "telemetry: a minute without a request is a response time of zero") {
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{1, 0, 0, 0});
  CHECK(newest("TargetResponseTime", {by_balancer}) == StatisticSet{1, 0, 0, 0});
  target().requests = 1;  // it waits for its answer
  publish();
  for (int i = 0; i < 60; ++i) {
    CAPTURE(i);
    CHECK(newest("TargetResponseTime", {by_group}).sample_count == 0);
    CHECK(newest("TargetResponseTime", {by_balancer}).sample_count == 0);
    publish();
  }
  CHECK(newest("TargetResponseTime", {by_group}).sample_count == 0);
  publish();
  CHECK(newest("TargetResponseTime", {by_group}) == StatisticSet{1, 0, 0, 0});
  CHECK(newest("TargetResponseTime", {by_balancer}) == StatisticSet{1, 0, 0, 0});
}

TEST_CASE_FIXTURE(Reported, "telemetry: hosts by health, and requests for each healthy one") {
  const auto set = [this](const char* id, TargetHealthState health) {
    target(id).health.state = health;
  };
  register_targets({"i-1", "i-2", "i-3"});
  set("i-1", TargetHealthState::Healthy);
  set("i-2", TargetHealthState::Healthy);
  set("i-3", TargetHealthState::Unhealthy);
  target("i-1").requests = 12;
  publish();
  for (const auto& dimensions : {std::vector{by_group}, std::vector{by_group, by_balancer}}) {
    CHECK(value("HealthyHostCount", dimensions) == 2.0);
    CHECK(value("UnHealthyHostCount", dimensions) == 1.0);
    CHECK(value("RequestCountPerTarget", dimensions) == 6.0);
  }
  set("i-1", TargetHealthState::Unhealthy);
  target("i-1").requests += 12;
  publish();
  CHECK(value("HealthyHostCount") == 1.0);
  CHECK(value("RequestCountPerTarget") == 12.0);
  set("i-2", TargetHealthState::Draining);
  model.target_groups.at(tg).target_group.targets[1].deregistered = now();
  target("i-1").requests += 12;
  publish();
  CHECK(value("HealthyHostCount") == 0.0);
  CHECK(value("UnHealthyHostCount") == 2.0);
  CHECK(value("RequestCountPerTarget") == 6.0);  // none is healthy: of the two registered ones
  model.target_groups.at(tg).target_group.targets.clear();
  balancer.said.targets.clear();
  publish();
  CHECK_FALSE(value("RequestCountPerTarget").has_value());
  CHECK(value("HealthyHostCount") == 0.0);
}

TEST_CASE_FIXTURE(Reported, "telemetry: a load balancer's own counts, each under its name") {
  balancer.said.load_balancers.emplace_back().arn = lb;
  const auto grow = [this](std::uint64_t by) {
    auto& report = balancer.said.load_balancers.front();
    report.new_connections += by;
    report.rejected_connections += by + 1;
    report.processed_bytes += by + 2;
    report.rule_evaluations += by + 3;
    report.elb_3xx += by + 4;
    report.elb_4xx += by + 5;
    report.elb_5xx += by + 6;
    report.elb_500 += by + 7;
    report.elb_502 += by + 8;
    report.elb_503 += by + 9;
    report.elb_504 += by + 10;
  };
  grow(1000);
  publish();
  CHECK(value("NewConnectionCount", {by_balancer}) == 1000.0);
  grow(100);
  balancer.said.load_balancers.front().active_connections = 5;
  publish();
  const char* names[] = {"NewConnectionCount",
                         "RejectedConnectionCount",
                         "ProcessedBytes",
                         "RuleEvaluations",
                         "HTTPCode_ELB_3XX_Count",
                         "HTTPCode_ELB_4XX_Count",
                         "HTTPCode_ELB_5XX_Count",
                         "HTTPCode_ELB_500_Count",
                         "HTTPCode_ELB_502_Count",
                         "HTTPCode_ELB_503_Count",
                         "HTTPCode_ELB_504_Count"};
  double want = 100;
  for (const char* name : names) {
    CAPTURE(name);
    CHECK(value(name, {by_balancer}) == want);
    want += 1;
  }
  CHECK(value("ActiveConnectionCount", {by_balancer}) == 5.0);
  balancer.said.load_balancers.front().active_connections = -1;  // counted by two workers
  publish();
  CHECK(value("ActiveConnectionCount", {by_balancer}) == 0.0);
  CHECK(value("NewConnectionCount", {by_balancer}) == 0.0);
}

TEST_CASE_FIXTURE(Reported, "telemetry: a load balancer that left and came back counts from zero") {
  balancer.said.load_balancers.emplace_back().arn = lb;
  balancer.said.load_balancers.front().new_connections = 100;
  publish();
  const auto report = balancer.said.load_balancers.front();
  balancer.said.load_balancers.clear();
  publish();
  CHECK_FALSE(value("NewConnectionCount", {by_balancer}).has_value());
  balancer.said.load_balancers = {report};
  publish();
  CHECK(value("NewConnectionCount", {by_balancer}) == 100.0);
}

TEST_CASE_FIXTURE(Reported, "telemetry: without a balancer there are no metrics of it, nor zeros") {
  publish();
  CHECK(value("RequestCount") == 0.0);
  balancer.said.connected = false;
  publish();
  CHECK_FALSE(value("RequestCount").has_value());
  CHECK_FALSE(value("HealthyHostCount").has_value());
}

TEST_CASE_FIXTURE(Reported, "telemetry: a target's share is of the requests of the last minute") {
  const auto share = [this](const std::string& id) {
    const auto& all = model.target_groups.at(tg).traffic_share;
    return all.contains(id) ? all.at(id) : -1;
  };
  target("i-1").requests = 1000;
  publish();
  CHECK(share("i-1") == -1);  // what came before the first look is of no time
  target("i-1").requests += 30;
  target("i-2").requests = 10;  // it was not there then: all of them are new
  publish();
  CHECK(share("i-1") == 0.75);
  CHECK(share("i-2") == 0.25);
  for (int i = 0; i < 59; ++i) {
    publish();
  }
  CHECK(share("i-1") == 0.75);  // 60 s after the first look
  publish();
  CHECK(share("i-1") == -1);  // none within the minute: nobody has a share
  CHECK(share("i-2") == -1);
  target("i-2").requests += 1;
  publish();
  CHECK(share("i-1") == 0);
  CHECK(share("i-2") == 1);
}

}  // namespace tidegate::engine
