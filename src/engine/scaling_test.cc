#include <algorithm>

#include <doctest/doctest.h>

#include "engine/coasting/readings.h"
#include "engine/state_fixture.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::seconds;

TEST_CASE("scaling: a standing low alarm lets what a user asked for come and be measured") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  const auto& policy = world.model().policies.begin()->second.policy;
  REQUIRE(world.model().alarms.at(policy.low_alarm).state == alarms::StateValue::Alarm);
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{5});
  CHECK(world.serving().size() == 3);
  CHECK(world.group().group.desired_capacity == 3);
  world.run_with_load(0.1, seconds{200});  // and then the policy has its say
  CHECK(world.group().group.desired_capacity == 1);
}

TEST_CASE("scaling: a standing low alarm does not wait for launches that fail") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  world.cloud.boot_model().fail_user_data = 1;
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{200});
  CHECK(world.group().group.desired_capacity == 1);
  CHECK(world.serving().size() == 1);
}

/// Ledger lines of decisions that were not made, by what kept them: "why | blocked_by of the vote".
std::vector<std::string> held_back(const World& world) {
  std::vector<std::string> all;
  for (const auto& entry : world.model().ledger) {
    if (entry.what.starts_with("desired stays ")) {
      all.push_back(entry.why + " | " + entry.votes.items().at(0)["blocked_by"].string_or("-"));
    }
  }
  return all;
}

TEST_CASE("scaling: what keeps a vote back is in the ledger, beside the vote") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.1, seconds{200});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.1, seconds{5});
  const auto held = held_back(world);
  CHECK(std::any_of(held.begin(), held.end(), [](const std::string& each) {
    return each.ends_with("; instances are warming up | instances are warming up");
  }));
}

TEST_CASE("scaling: with AlarmNotification suspended the ledger says that this is why") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  REQUIRE(world.execute(FleetCommand{SuspendProcesses{kGroup, {"AlarmNotification"}}}).has_value());
  world.run_with_load(1.0, seconds{20});
  CHECK(world.group().group.desired_capacity == 1);
  const auto held = held_back(world);
  REQUIRE_FALSE(held.empty());
  CHECK(held.back().ends_with("; the process AlarmNotification is suspended | -"));
}

/// A group with one policy, in the timing of AWS, and no sample yet.
struct OnePolicy : StateBench {
  GroupModel& fleet = group();
  scaling::PolicyName key;

  OnePolicy() {
    scaling::TargetTrackingPolicy policy;
    policy.name.value = "p";
    policy.group_name = "g";
    policy.target_value = 50;
    policy.disable_scale_in = true;
    policy.timing = scaling::timing_of(scaling::TimingProfile::Aws);
    const auto high = scaling::make_high_alarm(policy, "0");
    policy.high_alarm = high.name;
    model.alarms.emplace(high.name, high);
    key = policy_key(policy);
    model.policies[key].policy = policy;
    pass(seconds{9});  // 1767441880: 40 s into its minute
  }
  PolicyModel& policy() { return model.policies.at(key); }
  PolicyRun& run() { return run_of(state, policy().policy); }
  /// Whether the policy voted, and not only kept the vote that it had.
  bool votes() {
    policy().last_vote.emplace().why = "of before";
    scale(state, now());
    return policy().last_vote->why != "of before";
  }
};

TEST_CASE_FIXTURE(OnePolicy,
                  "scaling: a policy votes when its interval is over, counted from its minute") {
  scale(state, now());  // the first time at once
  REQUIRE(policy().last_vote.has_value());
  CHECK(policy().last_vote->kind == scaling::VoteKind::NoData);
  const Instant next = Instant{seconds{1767441840}} + policy().policy.timing.vote_interval;
  CHECK(run().next_vote == next);
  clock.advance_to(next - Duration{1});
  CHECK_FALSE(votes());
  pass(Duration{1});
  CHECK(votes());
}

TEST_CASE_FIXTURE(OnePolicy,
                  "scaling: a policy that is switched off, or without its alarm, has no vote") {
  policy().policy.enabled = false;
  scale(state, now());
  CHECK_FALSE(policy().last_vote.has_value());
  policy().policy.enabled = true;
  model.alarms.clear();
  scale(state, now());
  CHECK_FALSE(policy().last_vote.has_value());
}

TEST_CASE("scaling: the reason of a policy's alarm is of the time that it looked at") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.95, seconds{30});
  const auto& policy = world.model().policies.begin()->second.policy;
  const auto data = Json::parse(world.model().alarms.at(policy.high_alarm).state_reason_data);
  REQUIRE(data.has_value());
  const auto time = [&data](const char* name) {
    const std::string text = (*data)[name].string_or("");
    const auto parsed = parse_iso8601(text.substr(0, text.find('+')) + "Z");
    REQUIRE(parsed.has_value());
    return *parsed;
  };
  const auto seen = std::ssize((*data)["recentDatapoints"].items());
  REQUIRE(seen >= 3);
  const Instant end = time("startDate") + seen * seconds{1};
  CHECK(end <= time("queryDate"));
  CHECK(time("queryDate") - end < seconds{1});
}

TEST_CASE_FIXTURE(StateBench,
                  "scaling: capacity that is to come, or not measured yet, is warming") {
  GroupModel& fleet = group();
  fleet.group.min_size = 1;
  fleet.group.max_size = 9;
  fleet.group.desired_capacity = 5;
  GroupRun run;
  instance(fleet, "i-1");
  instance(fleet, "i-2");
  instance(fleet, "i-3", groups::LifecycleState::Pending);
  instance(fleet, "i-4", groups::LifecycleState::Terminating);
  run.measured = {groups::InstanceId{"i-1"}};
  const auto capacity = capacity_of(fleet, run);
  CHECK(capacity.min_size == 1);
  CHECK(capacity.max_size == 9);
  CHECK(capacity.desired == 5);
  CHECK(capacity.measured == 1);
  CHECK(capacity.warming == 4);  // i-2, i-3, and two that are to be launched
  fleet.group.desired_capacity = 2;
  CHECK(capacity_of(fleet, run).warming == 2);
  fleet.group.desired_capacity = 5;
  fleet.group.launch_failures = {now()};
  CHECK(capacity_of(fleet, run).warming == 2);  // nobody waits for what does not come
}

}  // namespace
}  // namespace tidegate::engine
