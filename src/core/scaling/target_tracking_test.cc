#include "core/scaling/target_tracking.h"

#include <array>

#include <doctest/doctest.h>

namespace tidegate::scaling {
namespace {

using alarms::StateValue;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kUuid = "01234567-89ab-cdef-0123-456789abcdef";

TargetTrackingPolicy policy_of(double target) {
  TargetTrackingPolicy policy;
  policy.name = PolicyName{"cnt-target-tracking-cpu"};
  policy.arn = "arn:aws:autoscaling:eu-west-2:000000000000:scalingPolicy:p";
  policy.group_name = "cnt-backend-asg";
  policy.target_value = target;
  policy.timing = timing_of(TimingProfile::Fast);
  return policy;
}

/// Capacity of 1..10 with so many desired, all of them measured.
GroupCapacity capacity_of(std::int32_t desired) {
  return GroupCapacity{1, 10, desired, desired, 0};
}

struct States {
  StateValue high = StateValue::Ok;
  StateValue low = StateValue::Ok;
};
struct Metric {
  std::optional<double> high;
  std::optional<double> low;
};

Vote vote_of(const TargetTrackingPolicy& policy,
             const GroupCapacity& capacity,
             const States& states,
             const Metric& metric) {
  alarms::Alarm high = make_high_alarm(policy, kUuid);
  high.state = states.high;
  alarms::Alarm low = make_low_alarm(policy, kUuid);
  low.state = states.low;
  std::optional<AlarmReading> low_reading;
  if (!policy.disable_scale_in) {
    low_reading.emplace(AlarmReading{low, metric.low});
  }
  return vote(policy, capacity, {high, metric.high}, low_reading);
}

Vote out_vote(const GroupCapacity& capacity, double metric) {
  return vote_of(policy_of(70), capacity, {StateValue::Alarm, StateValue::Ok}, {metric, {}});
}

Vote in_vote(const GroupCapacity& capacity, double metric) {
  return vote_of(policy_of(70), capacity, {StateValue::Ok, StateValue::Alarm}, {{}, metric});
}

Vote made(VoteKind kind, std::int32_t capacity) {
  Vote vote;
  vote.kind = kind;
  vote.capacity = capacity;
  return vote;
}

}  // namespace

TEST_CASE("timing_of: the two columns of the contract") {
  const PolicyTiming fast = timing_of(TimingProfile::Fast);
  CHECK(fast == PolicyTiming{seconds{1}, 3, 120, milliseconds{200}, Duration::zero(), 0.7});
  const PolicyTiming aws = timing_of(TimingProfile::Aws);
  CHECK(aws == PolicyTiming{seconds{60}, 3, 15, seconds{60}, seconds{60}, 0.7});
}

TEST_CASE("scaling words: every enumerator reads back, in the template's spelling only") {
  for (const char* name : {"ASGAverageCPUUtilization",
                           "ASGAverageNetworkIn",
                           "ASGAverageNetworkOut",
                           "ALBRequestCountPerTarget"}) {
    const auto metric = parse_predefined_metric(name);
    REQUIRE(metric.has_value());
    CHECK(to_string(*metric) == name);
  }
  CHECK(parse_predefined_metric("ASGAverageCPUUtilization") ==
        PredefinedMetric::AsgAverageCpuUtilization);
  CHECK(!parse_predefined_metric("CPUUtilization").has_value());
  CHECK(parse_timing_profile("fast") == TimingProfile::Fast);
  CHECK(parse_timing_profile("aws") == TimingProfile::Aws);
  CHECK(to_string(TimingProfile::Fast) == "fast");
  CHECK(to_string(TimingProfile::Aws) == "aws");
  CHECK(!parse_timing_profile("Fast").has_value());
}

TEST_CASE("make_high_alarm: as AWS names, describes and sets it") {
  const alarms::Alarm alarm = make_high_alarm(policy_of(70), kUuid);
  CHECK(alarm.name.value ==
        "TargetTracking-cnt-backend-asg-AlarmHigh-01234567-89ab-cdef-0123-456789abcdef");
  CHECK(alarm.description ==
        "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy "
        "arn:aws:autoscaling:eu-west-2:000000000000:scalingPolicy:p.");
  CHECK(alarm.metric == metrics::make_metric_id("AWS/EC2",
                                                "CPUUtilization",
                                                {{"AutoScalingGroupName", "cnt-backend-asg"}}));
  CHECK(alarm.statistic == metrics::Statistic::Average);
  CHECK(alarm.comparison == alarms::ComparisonOperator::GreaterThanThreshold);
  CHECK(alarm.threshold == 70);
  CHECK(alarm.period == seconds{1});
  CHECK(alarm.evaluation_periods == 3);
  CHECK(alarm.datapoints_to_alarm == 3);
  CHECK(alarm.treat_missing_data == alarms::TreatMissingData::Missing);
  CHECK(alarm.state == StateValue::InsufficientData);
  CHECK(alarm.alarm_actions == std::vector{policy_of(70).arn});
  CHECK(alarm.policy_arn == policy_of(70).arn);
  CHECK(alarms::validation_error(alarm).empty());
}

TEST_CASE("make_low_alarm: 0.7 of the target, over the long window, of the policy's own timing") {
  TargetTrackingPolicy policy = policy_of(70);
  const alarms::Alarm alarm = make_low_alarm(policy, kUuid);
  CHECK(alarm.name.value ==
        "TargetTracking-cnt-backend-asg-AlarmLow-01234567-89ab-cdef-0123-456789abcdef");
  CHECK(alarm.comparison == alarms::ComparisonOperator::LessThanThreshold);
  CHECK(alarm.threshold == 49);
  CHECK(alarm.evaluation_periods == 120);
  CHECK(alarm.datapoints_to_alarm == 120);
  CHECK(alarm.alarm_actions == std::vector{policy.arn});
  CHECK(alarms::validation_error(alarm).empty());
  for (const auto& [target, want] : {std::pair{50.0, 35.0}, {40.0, 28.0}, {30.0, 21.0}}) {
    CHECK(make_low_alarm(policy_of(target), kUuid).threshold == want);
  }
  policy.timing = timing_of(TimingProfile::Aws);
  policy.timing.low_ratio = 0.9;
  CHECK(make_low_alarm(policy, kUuid).threshold == 63);
  CHECK(make_low_alarm(policy, kUuid).evaluation_periods == 15);
  CHECK(make_low_alarm(policy, kUuid).period == seconds{60});
}

TEST_CASE("policy alarms: each predefined metric has AWS's namespace, name and dimensions") {
  TargetTrackingPolicy policy = policy_of(1000);
  const std::vector<metrics::Dimension> group{{"AutoScalingGroupName", "cnt-backend-asg"}};
  policy.metric = PredefinedMetric::AsgAverageNetworkIn;
  CHECK(make_high_alarm(policy, kUuid).metric ==
        metrics::make_metric_id("AWS/EC2", "NetworkIn", group));
  policy.metric = PredefinedMetric::AsgAverageNetworkOut;
  CHECK(make_high_alarm(policy, kUuid).metric ==
        metrics::make_metric_id("AWS/EC2", "NetworkOut", group));
  policy.metric = PredefinedMetric::AlbRequestCountPerTarget;
  policy.resource_label =
      "app/cnt-backend-alb/50dc6c495c0c9188/targetgroup/cnt-backend-tg/73e2d6bc";
  const alarms::Alarm alarm = make_high_alarm(policy, kUuid);
  CHECK(alarm.statistic == metrics::Statistic::Sum);
  CHECK(alarm.metric ==
        metrics::make_metric_id("AWS/ApplicationELB",
                                "RequestCountPerTarget",
                                {{"LoadBalancer", "app/cnt-backend-alb/50dc6c495c0c9188"},
                                 {"TargetGroup", "targetgroup/cnt-backend-tg/73e2d6bc"}}));
  policy.resource_label = "targetgroup/cnt-backend-tg/73e2d6bc";
  CHECK(make_high_alarm(policy, kUuid).metric.dimensions ==
        std::vector<metrics::Dimension>{{"TargetGroup", "targetgroup/cnt-backend-tg/73e2d6bc"}});
}

TEST_CASE("vote: scaling out rounds up, is compared with desired and stays at MaxSize") {
  struct Case {
    const char* name;
    GroupCapacity capacity;  // min, max, desired, measured, warming
    double metric;
    VoteKind kind;
    std::int32_t wanted;
    std::int32_t unclamped;
  };
  const auto cases = std::to_array<Case>({
      {"a little over the target is one more", {1, 3, 1, 1, 0}, 70.1, VoteKind::ScaleOut, 2, 2},
      {"1.5 too few are two more", {1, 10, 4, 4, 0}, 96.25, VoteKind::ScaleOut, 6, 6},
      {"exactly twice the target is twice", {1, 10, 2, 2, 0}, 140, VoteKind::ScaleOut, 4, 4},
      {"an error in the last digit buys nothing",
       {1, 10, 2, 2, 0},
       140.00000000000003,
       VoteKind::ScaleOut,
       4,
       4},
      {"warming instances count as capacity", {1, 3, 2, 1, 1}, 100, VoteKind::Hold, 2, 2},
      {"only the difference is added", {1, 10, 2, 1, 1}, 200, VoteKind::ScaleOut, 3, 3},
      {"MaxSize clamps", {1, 3, 2, 2, 0}, 200, VoteKind::ScaleOut, 3, 6},
      {"at MaxSize it holds", {1, 3, 3, 3, 0}, 100, VoteKind::Hold, 3, 5},
      {"fewer measured than desired", {1, 10, 4, 2, 2}, 100, VoteKind::Hold, 4, 3},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Vote vote = out_vote(c.capacity, c.metric);
    CHECK(vote.kind == c.kind);
    CHECK(vote.capacity == c.wanted);
    CHECK(vote.unclamped_capacity == c.unclamped);
    CHECK(vote.metric == c.metric);
    CHECK(vote.alarm == make_high_alarm(policy_of(70), kUuid).name);
    CHECK(vote.policy == policy_of(70).name);
  }
}

TEST_CASE("vote: scaling in rounds up what remains and stays at MinSize") {
  struct Case {
    const char* name;
    GroupCapacity capacity;
    double metric;
    VoteKind kind;
    std::int32_t wanted;
    std::int32_t unclamped;
  };
  const auto cases = std::to_array<Case>({
      {"1.5 too many are one fewer", {1, 10, 4, 4, 0}, 43.75, VoteKind::ScaleIn, 3, 3},
      {"idle goes to MinSize", {1, 3, 3, 3, 0}, 0, VoteKind::ScaleIn, 1, 0},
      {"MinSize clamps", {2, 3, 3, 3, 0}, 10, VoteKind::ScaleIn, 2, 1},
      {"at MinSize it holds", {1, 3, 1, 1, 0}, 0, VoteKind::Hold, 1, 0},
      {"what is needed stays", {1, 3, 3, 3, 0}, 48.9, VoteKind::Hold, 3, 3},
      {"one fewer exactly fits", {1, 3, 3, 3, 0}, 46.66666666666667, VoteKind::ScaleIn, 2, 2},
      {"not while instances warm up", {1, 3, 3, 2, 1}, 10, VoteKind::Hold, 3, 1},
      {"more is never asked by a low alarm", {1, 10, 2, 3, 0}, 69, VoteKind::Hold, 2, 3},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const Vote vote = in_vote(c.capacity, c.metric);
    CHECK(vote.kind == c.kind);
    CHECK(vote.capacity == c.wanted);
    CHECK(vote.unclamped_capacity == c.unclamped);
    CHECK(vote.metric == c.metric);
    CHECK(vote.alarm == make_low_alarm(policy_of(70), kUuid).name);
  }
}

TEST_CASE("vote: it says why, with the formula's numbers") {
  CHECK(out_vote({1, 3, 1, 1, 0}, 98.756).why ==
        "ASGAverageCPUUtilization 98.76, target 70: 1 × 98.76 / 70 asks for 2");
  CHECK(out_vote({1, 3, 2, 2, 0}, 200).why ==
        "ASGAverageCPUUtilization 200, target 70: 2 × 200 / 70 asks for 6, MaxSize allows 3");
  CHECK(out_vote({1, 3, 2, 1, 1}, 100).why ==
        "ASGAverageCPUUtilization 100, target 70: 1 × 100 / 70 asks for 2, which the desired "
        "capacity of 2 covers (1 warming up)");
  CHECK(out_vote({1, 3, 2, 2, 0}, 70).why.find("covers (") == std::string::npos);
  CHECK(in_vote({2, 3, 3, 3, 0}, 10).why ==
        "ASGAverageCPUUtilization 10, target 70: 3 × 10 / 70 asks for 1, MinSize keeps 2");
  CHECK(in_vote({1, 3, 3, 3, 0}, 30).why ==
        "ASGAverageCPUUtilization 30, target 70: 3 × 30 / 70 asks for 2");
  CHECK(in_vote({1, 3, 3, 3, 0}, 48.9).why.find("no less than the desired capacity of 3") !=
        std::string::npos);
}

TEST_CASE("vote: what blocks it is named") {
  CHECK(out_vote({1, 3, 3, 3, 0}, 100).blocked_by == "MaxSize is 3");
  CHECK(in_vote({2, 3, 2, 2, 0}, 10).blocked_by == "MinSize is 2");
  CHECK(in_vote({1, 3, 3, 2, 1}, 10).blocked_by == "instances are warming up");
  CHECK(out_vote({1, 3, 1, 1, 0}, 100).blocked_by.empty());
  CHECK(out_vote({1, 3, 2, 1, 1}, 100).blocked_by.empty());
  CHECK(in_vote({1, 3, 3, 3, 0}, 10).blocked_by.empty());
  CHECK(in_vote({1, 3, 3, 3, 1}, 48.9).blocked_by.empty());
}

TEST_CASE("vote: the states of its alarms decide whether the formula is asked at all") {
  struct Case {
    States states;
    VoteKind kind;
    const char* why;
  };
  const auto cases = std::to_array<Case>({
      {{StateValue::Ok, StateValue::Ok}, VoteKind::Hold, "both of its alarms are OK"},
      {{StateValue::Ok, StateValue::Alarm}, VoteKind::ScaleIn, "asks for"},
      {{StateValue::Ok, StateValue::InsufficientData}, VoteKind::NoData, "its low alarm is in"},
      {{StateValue::InsufficientData, StateValue::Ok}, VoteKind::NoData, "its high alarm is in"},
      {{StateValue::InsufficientData, StateValue::Alarm}, VoteKind::NoData, "its high alarm is in"},
      {{StateValue::Alarm, StateValue::InsufficientData}, VoteKind::ScaleOut, "asks for"},
      {{StateValue::Alarm, StateValue::Ok}, VoteKind::ScaleOut, "asks for"},
      {{StateValue::Alarm, StateValue::Alarm}, VoteKind::ScaleOut, "asks for"},
  });
  for (const Case& c : cases) {
    CAPTURE(to_string(c.states.high));
    CAPTURE(to_string(c.states.low));
    const Vote vote = vote_of(policy_of(70), capacity_of(2), c.states, {90, 10});
    CHECK(vote.kind == c.kind);
    CHECK(vote.why.find(c.why) != std::string::npos);
    const bool moves = c.kind == VoteKind::ScaleOut || c.kind == VoteKind::ScaleIn;
    CHECK(vote.alarm.empty() == !moves);
    CHECK((vote.capacity == 2) == !moves);
  }
}

TEST_CASE("vote: without the metric, or without a measured instance, an alarm moves nothing") {
  const States high{StateValue::Alarm, StateValue::Ok};
  const States low{StateValue::Ok, StateValue::Alarm};
  CHECK(vote_of(policy_of(70), capacity_of(2), high, {{}, 10}).kind == VoteKind::NoData);
  CHECK(vote_of(policy_of(70), capacity_of(2), low, {90, {}}).kind == VoteKind::NoData);
  GroupCapacity unmeasured{1, 10, 2, 0, 2};
  CHECK(vote_of(policy_of(70), unmeasured, high, {90, 10}).kind == VoteKind::NoData);
  CHECK(vote_of(policy_of(70), unmeasured, low, {90, 10}).kind == VoteKind::NoData);
  CHECK(vote_of(policy_of(70), unmeasured, high, {90, 10}).capacity == 2);
  CHECK(vote_of(policy_of(70), unmeasured, high, {90, 10}).alarm ==
        make_high_alarm(policy_of(70), kUuid).name);
}

TEST_CASE("vote: a disabled policy holds, and DisableScaleIn only scales out") {
  TargetTrackingPolicy policy = policy_of(70);
  policy.enabled = false;
  const States both{StateValue::Alarm, StateValue::Alarm};
  CHECK(vote_of(policy, capacity_of(2), both, {90, 10}).kind == VoteKind::Hold);
  CHECK(vote_of(policy, capacity_of(2), both, {90, 10}).capacity == 2);
  policy.enabled = true;
  policy.disable_scale_in = true;
  CHECK(vote_of(policy, capacity_of(2), both, {90, 10}).kind == VoteKind::ScaleOut);
  const Vote quiet = vote_of(policy, capacity_of(2), {StateValue::Ok, {}}, {10, {}});
  CHECK(quiet.kind == VoteKind::Hold);
  CHECK(quiet.why.find("DisableScaleIn") != std::string::npos);
}

TEST_CASE("combine: the largest capacity wins, out before in") {
  struct Case {
    const char* name;
    std::vector<Vote> votes;
    std::int32_t desired;
    std::optional<std::size_t> winner;
  };
  const std::vector<Case> cases{
      {"nothing votes", {}, 4, std::nullopt},
      {"all hold", {made(VoteKind::Hold, 4), made(VoteKind::Hold, 4)}, 4, std::nullopt},
      {"one out is enough", {made(VoteKind::Hold, 4), made(VoteKind::ScaleOut, 5)}, 5, 1},
      {"the larger out", {made(VoteKind::ScaleOut, 6), made(VoteKind::ScaleOut, 5)}, 6, 0},
      {"the first of equals", {made(VoteKind::ScaleOut, 6), made(VoteKind::ScaleOut, 6)}, 6, 0},
      {"out beats in", {made(VoteKind::ScaleIn, 1), made(VoteKind::ScaleOut, 5)}, 5, 1},
      {"out although another has no data",
       {made(VoteKind::NoData, 4), made(VoteKind::ScaleOut, 5)},
       5,
       1},
      {"the least scale-in", {made(VoteKind::ScaleIn, 1), made(VoteKind::ScaleIn, 3)}, 3, 1},
      {"a hold forbids scale-in", {made(VoteKind::ScaleIn, 1), made(VoteKind::Hold, 4)}, 4, {}},
      {"no data forbids scale-in", {made(VoteKind::NoData, 4), made(VoteKind::ScaleIn, 1)}, 4, {}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::vector<TargetTrackingPolicy> policies(c.votes.size(), policy_of(70));
    const CapacityDecision decision = combine(4, policies, c.votes);
    CHECK(decision.desired == c.desired);
    CHECK(decision.winner == c.winner);
  }
}

TEST_CASE("combine: what kept the group from scaling in is named") {
  std::vector<TargetTrackingPolicy> policies(2, policy_of(70));
  policies[1].name = PolicyName{"requests"};
  std::vector<Vote> votes{made(VoteKind::ScaleIn, 1), made(VoteKind::Hold, 4)};
  votes[1].why = "both of its alarms are OK";
  CHECK(combine(4, policies, votes).blocked_by ==
        "policy requests does not agree: both of its alarms are OK");
  votes[1].blocked_by = "instances are warming up";
  CHECK(combine(4, policies, votes).blocked_by ==
        "policy requests does not agree: instances are warming up");
  votes[0] = made(VoteKind::Hold, 4);
  CHECK(combine(4, policies, votes).blocked_by == "instances are warming up");
  votes[1].blocked_by.clear();
  CHECK(combine(4, policies, votes).blocked_by.empty());
}

TEST_CASE("combine: policies that may not scale in, or are disabled, have no say in it") {
  std::vector<TargetTrackingPolicy> policies(2, policy_of(70));
  std::vector<Vote> votes{made(VoteKind::ScaleIn, 1), made(VoteKind::Hold, 4)};
  policies[1].disable_scale_in = true;
  CHECK(combine(4, policies, votes).desired == 1);
  votes[1].kind = VoteKind::NoData;
  CHECK(combine(4, policies, votes).desired == 1);
  votes[1].alarm = alarms::AlarmName{"high"};  // its own high alarm holds the capacity
  CHECK(combine(4, policies, votes).desired == 4);
  policies[1].disable_scale_in = false;
  policies[1].enabled = false;
  CHECK(combine(4, policies, votes).desired == 1);
  CHECK(combine(4, policies, votes).winner == 0U);
}

}  // namespace tidegate::scaling
