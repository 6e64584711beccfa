// Samples at 5 Hz, one by one: which count, over how long, and what a second makes of them.
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::LifecycleState;
using metrics::StatisticSet;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A group whose instances are warm at once, of half a CPU each.
struct Sampled : StateBench {
  const metrics::Dimension by_group{"AutoScalingGroupName", "g"};
  GroupModel& fleet = group();

  Sampled() {
    fleet.group.default_instance_warmup = Duration{0};
    sample(state, now());  // a control plane that runs: the next publication is in one second
  }
  groups::InstanceObservation& seen(const std::string& id) {
    auto& observation = fleet.facts[InstanceId{id}].observation;
    if (!observation) {
      observation.emplace();
      observation->cpu_quota = 0.5;
    }
    return *observation;
  }
  /// Another sample, `after` the one before; each instance used that share of its quota.
  void tick(Duration after, std::map<std::string, double> shares) {
    pass(after);
    for (const auto& [id, share] : shares) {
      auto& observation = seen(id);
      observation.sampled = now();
      observation.cpu_used += std::chrono::round<Duration>(after * (0.5 * share));
    }
    sample(state, now());
  }
  void tick(std::map<std::string, double> shares) { tick(milliseconds{200}, std::move(shares)); }

  const CpuTrack& track(const std::string& id) {
    return state.groups[groups::GroupName{"g"}].cpu.at(InstanceId{id});
  }
  StatisticSet newest(const char* space, const char* name, const metrics::Dimension& by) {
    return metrics
        .read(metrics::make_metric_id(space, name, {by}), now() - seconds{1}, now(), seconds{1})
        .at(0)
        .values;
  }
  double size(const char* name) { return newest("AWS/AutoScaling", name, by_group).maximum; }

  scaling::TargetTrackingPolicy& add_policy(const std::string& name) {
    scaling::TargetTrackingPolicy policy;
    policy.name.value = name;
    policy.group_name = "g";
    policy.timing = scaling::timing_of(scaling::TimingProfile::Fast);
    auto& made = model.policies[policy_key(policy)].policy;
    made = policy;
    return made;
  }
  /// The policy's newest window of `count` samples.
  std::optional<double> window(const scaling::TargetTrackingPolicy& policy, int count) {
    return run_of(state, policy).window.datapoints(now(), count * kSampleInterval, 1).front();
  }
};

}  // namespace

TEST_CASE_FIXTURE(Sampled, "telemetry: CPU is what was used between two readings, of the quota") {
  instance(fleet, "i-1");
  tick({{"i-1", 0.3}});
  CHECK_FALSE(track("i-1").percent.has_value());  // the first reading is of no time
  tick({{"i-1", 0.3}});
  CHECK(track("i-1").percent.value() == doctest::Approx(30));
  tick({{"i-1", 0}});
  CHECK(track("i-1").percent.value() == 0);
  sample(state, now());
  pass(milliseconds{200});
  sample(state, now());  // the same reading again: nothing new, and never the old value
  CHECK_FALSE(track("i-1").percent.has_value());
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a reading over two seconds is a value, a longer one a gap") {
  instance(fleet, "i-1");
  tick({{"i-1", 0.3}});
  tick(seconds{2}, {{"i-1", 0.6}});
  CHECK(track("i-1").percent.value() == doctest::Approx(60));
  tick(seconds{2} + Duration{1}, {{"i-1", 0.6}});
  CHECK_FALSE(track("i-1").percent.has_value());
}

TEST_CASE_FIXTURE(Sampled, "telemetry: CPU time that counts from zero again is a gap") {
  instance(fleet, "i-1");
  tick({{"i-1", 0.3}});
  tick({{"i-1", 0.3}});
  seen("i-1").cpu_used = Duration{1};
  pass(milliseconds{200});
  seen("i-1").sampled = now();
  sample(state, now());
  CHECK_FALSE(track("i-1").percent.has_value());
  tick({{"i-1", 0.2}});
  CHECK(track("i-1").percent.value() == doctest::Approx(20));
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a sample is due 200 ms after the one before, not earlier") {
  instance(fleet, "i-1");
  tick({{"i-1", 0.3}});
  tick(milliseconds{199}, {{"i-1", 0.3}});
  CHECK_FALSE(track("i-1").percent.has_value());
  tick(milliseconds{1}, {{"i-1", 0.3}});
  CHECK(track("i-1").percent.value() == doctest::Approx(30));
  CHECK(state.sampled_over == milliseconds{200});
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a second's metric is of its samples, and of no other") {
  instance(fleet, "i-1");
  instance(fleet, "i-2");
  for (const double share : {0.9, 0.9, 0.9, 0.9}) {
    tick({{"i-1", share}, {"i-2", share}});
  }
  CHECK_FALSE(fleet.cpu_percent.has_value());  // a second is not over
  tick({{"i-1", 0.9}, {"i-2", 0.9}});
  CHECK(fleet.cpu_percent.value() == doctest::Approx(90));
  for (const double share : {0.1, 0.1, 0.1, 0.1, 0.6}) {
    tick({{"i-1", share}, {"i-2", share / 2}});
  }
  CHECK(fleet.cpu_percent.value() == doctest::Approx(15));
  CHECK(fleet.use.at(InstanceId{"i-1"}).cpu_percent.value() == doctest::Approx(20));
  CHECK(fleet.use.at(InstanceId{"i-2"}).cpu_percent.value() == doctest::Approx(10));
  const StatisticSet mean = newest("AWS/EC2", "CPUUtilization", by_group);
  CHECK(mean.sample_count == 5);
  CHECK(mean.minimum == doctest::Approx(7.5));
  CHECK(mean.maximum == doctest::Approx(45));
  const StatisticSet one = newest("AWS/EC2", "CPUUtilization", {"InstanceId", "i-1"});
  CHECK(one.sample_count == 5);
  CHECK(one.sum == doctest::Approx(100));
}

TEST_CASE_FIXTURE(Sampled,
                  "telemetry: a second of equal samples needs no sketch, another has one") {
  instance(fleet, "i-1");
  for (const double share : {0, 0, 0, 0, 0}) {
    tick({{"i-1", share}});
  }
  const auto sketch = [this] {
    const auto id = metrics::make_metric_id("AWS/EC2", "CPUUtilization", {by_group});
    return metrics.read_distributions(id, now() - seconds{1}, now(), seconds{1})
        .at(0)
        .values.sketch;
  };
  CHECK(sketch().empty());
  for (const double share : {0.2, 0.2, 0.2, 0.2, 0.7}) {
    tick({{"i-1", share}});
  }
  CHECK(sketch().count() == 5);
  CHECK(sketch().percentile(50).value() == doctest::Approx(30).epsilon(0.02));  // its mean
}

TEST_CASE_FIXTURE(Sampled, "telemetry: the group's mean is of all measured instances, or absent") {
  instance(fleet, "i-1");
  instance(fleet, "i-2");
  tick({{"i-1", 0.2}, {"i-2", 0.4}});
  tick({{"i-1", 0.2}, {"i-2", 0.4}});
  tick({{"i-1", 0.2}});
  tick({{"i-1", 0.2}});
  tick({{"i-1", 0.2}});
  CHECK(newest("AWS/EC2", "CPUUtilization", by_group).sample_count == 1);
  CHECK(fleet.cpu_percent.value() == doctest::Approx(30));
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a group without a measured instance has no mean, not zero") {
  instance(fleet, "i-1", LifecycleState::Pending);
  for (int i = 0; i < 5; ++i) {
    tick({{"i-1", 0.5}});
  }
  CHECK_FALSE(fleet.cpu_percent.has_value());
  CHECK_FALSE(metrics.newest(metrics::make_metric_id("AWS/EC2", "CPUUtilization", {by_group})));
  CHECK(newest("AWS/EC2", "CPUUtilization", {"InstanceId", "i-1"}).sample_count == 4);
}

TEST_CASE_FIXTURE(Sampled, "telemetry: warm is warm by the longest warm-up of its own policies") {
  add_policy("p").estimated_instance_warmup = seconds{3};
  add_policy("q").estimated_instance_warmup = seconds{2};
  scaling::TargetTrackingPolicy other = add_policy("r");
  model.policies.erase(policy_key(other));
  other.group_name = "another";
  other.estimated_instance_warmup = seconds{60};
  model.policies[policy_key(other)].policy = other;
  instance(fleet, "i-1");
  const auto& measured = state.groups[groups::GroupName{"g"}].measured;
  tick(seconds{3} - milliseconds{1}, {});
  CHECK(measured.empty());
  tick(milliseconds{200}, {});
  CHECK(measured.size() == 1);
}

TEST_CASE_FIXTURE(Sampled, "telemetry: an instance that is gone is measured no longer, nor shown") {
  instance(fleet, "i-1");
  tick({{"i-1", 0.2}});
  tick(seconds{1}, {{"i-1", 0.2}});
  CHECK(fleet.use.contains(InstanceId{"i-1"}));
  fleet.instances.clear();
  fleet.facts.clear();
  tick(seconds{1}, {});
  CHECK(fleet.use.empty());
  CHECK(newest("AWS/EC2", "CPUUtilization", {"InstanceId", "i-1"}).sample_count == 0);
}

TEST_CASE_FIXTURE(Sampled,
                  "telemetry: its busiest thread and its status check are told each second") {
  instance(fleet, "i-1");
  seen("i-1").busiest_thread = 0.75;
  seen("i-1").status_check_failed = true;
  tick(seconds{1}, {{"i-1", 0}});
  CHECK(fleet.use.at(InstanceId{"i-1"}).busiest_thread == 0.75);
  const metrics::Dimension by{"InstanceId", "i-1"};
  CHECK(newest("AWS/EC2", "StatusCheckFailed", by) == StatisticSet{1, 1, 1, 1});
  seen("i-1").status_check_failed = false;
  tick(seconds{1}, {{"i-1", 0}});
  CHECK(newest("AWS/EC2", "StatusCheckFailed", by) == StatisticSet{1, 0, 0, 0});
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a group's sizes count each state by itself") {
  fleet.group.min_size = 1;
  fleet.group.max_size = 9;
  fleet.group.desired_capacity = 4;
  for (const char* id : {"i-1", "i-2", "i-3"}) {
    instance(fleet, id);
  }
  instance(fleet, "i-4", LifecycleState::Pending);
  instance(fleet, "i-5", LifecycleState::Pending);
  instance(fleet, "i-6", LifecycleState::Terminating);
  tick(seconds{1}, {});
  CHECK(size("GroupMinSize") == 1);
  CHECK(size("GroupMaxSize") == 9);
  CHECK(size("GroupDesiredCapacity") == 4);
  CHECK(size("GroupInServiceInstances") == 3);
  CHECK(size("GroupPendingInstances") == 2);
  CHECK(size("GroupTerminatingInstances") == 1);
  CHECK(size("GroupTotalInstances") == 6);
  CHECK(newest("AWS/AutoScaling", "GroupStandbyInstances", by_group) == StatisticSet{1, 0, 0, 0});
}

TEST_CASE_FIXTURE(Sampled, "telemetry: the sum of the samples' CPU goes to the group's policies") {
  const auto policy = add_policy("p");
  instance(fleet, "i-1");
  instance(fleet, "i-2");
  for (int i = 0; i < 10; ++i) {
    tick({{"i-1", 0.2}, {"i-2", 0.4}});
  }
  CHECK(window(policy, 5).value() == doctest::Approx(30));
  CHECK(window(policy, 8).has_value());
}

TEST_CASE_FIXTURE(Sampled, "telemetry: a capacity that changed begins the low windows anew, once") {
  const auto policy = add_policy("p");
  instance(fleet, "i-1");
  const auto low = [&](int count) {
    return run_of(state, policy).window.low_datapoints(now(), count * kSampleInterval, 1).front();
  };
  for (int i = 0; i < 10; ++i) {
    tick({{"i-1", 0.2}});
  }
  CHECK(low(5).has_value());
  fleet.group.capacity_changed = now();
  tick({{"i-1", 0.2}});
  CHECK_FALSE(low(2).has_value());
  for (int i = 0; i < 5; ++i) {
    tick({{"i-1", 0.2}});
  }
  CHECK(low(5).has_value());
}

namespace {

/// The group's instances behind a target group, and a policy that tracks their requests.
struct Requested : Sampled {
  balancing::TargetGroupArn tg{"arn:x:targetgroup/tg/1"};
  scaling::TargetTrackingPolicy policy = add_policy("p");

  Requested() {
    policy.metric = scaling::PredefinedMetric::AlbRequestCountPerTarget;
    policy.resource_label = "app/lb/2/targetgroup/tg/1";
    model.policies[policy_key(policy)].policy = policy;
    model.data_plane_connected = true;
    fleet.group.target_groups = {balancing::TargetGroupArn{"arn:x:targetgroup/other/3"}, tg};
    instance(fleet, "i-1");
    instance(fleet, "i-2");
  }
  std::uint64_t& requests(const std::string& id) {
    return state.target_reports[report_key(tg, id)].requests;
  }
  /// The mean per target and minute of the newest sample.
  std::optional<double> rate() { return window(policy, 1); }
};

}  // namespace

TEST_CASE_FIXTURE(Requested, "telemetry: requests are a rate per minute, of each measured target") {
  requests("i-1") = 1000;
  requests("i-2") = 500;
  tick({});
  CHECK(rate() == 0.0);  // what came before the first look is of no time
  requests("i-1") += 6;
  requests("i-2") += 2;
  requests("i-3") += 50;  // not of the group
  tick({});
  CHECK(rate().value() == doctest::Approx((6 + 2) / 0.2 * 60 / 2));
  tick({});
  CHECK(rate() == 0.0);
  requests("i-1") += 30;
  tick(milliseconds{400}, {});
  CHECK(rate().value() == doctest::Approx(30 / 0.4 * 60 / 2));
}

TEST_CASE_FIXTURE(Requested, "telemetry: counters of requests that begin anew are no load") {
  requests("i-1") = 1000;
  requests("i-2") = 1000;
  tick({});
  requests("i-1") = 3;
  requests("i-2") += 4;
  tick({});
  CHECK(rate().value() == doctest::Approx(4 / 0.2 * 60 / 2));
  requests("i-1") += 5;
  tick({});
  CHECK(rate().value() == doctest::Approx(5 / 0.2 * 60 / 2));
}

TEST_CASE_FIXTURE(Requested,
                  "telemetry: without every target's report there is no sum of requests") {
  requests("i-1") = 10;
  tick({});
  CHECK_FALSE(rate().has_value());
  requests("i-2") = 10;
  tick({});
  CHECK(rate() == 0.0);
}

TEST_CASE_FIXTURE(Requested,
                  "telemetry: requests after a gap of samples are no rate, at 2 s they are") {
  requests("i-1") = requests("i-2") = 0;
  tick({});
  requests("i-1") += 20;
  tick(seconds{2}, {});
  CHECK(rate().value() == doctest::Approx(20 / 2.0 * 60 / 2));
  requests("i-1") += 20;
  tick(seconds{2} + milliseconds{1}, {});
  CHECK_FALSE(rate().has_value());
}

TEST_CASE_FIXTURE(Requested, "telemetry: what came while the balancer was away is of no sample") {
  requests("i-1") = requests("i-2") = 0;
  tick({});
  model.data_plane_connected = false;
  tick({});
  CHECK_FALSE(rate().has_value());
  model.data_plane_connected = true;
  requests("i-1") += 1000;
  tick({});
  CHECK(rate() == 0.0);
  requests("i-1") += 1;
  tick({});
  CHECK(rate().value() == doctest::Approx(1 / 0.2 * 60 / 2));
}

}  // namespace tidegate::engine
