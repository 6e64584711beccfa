#include "core/groups/activity.h"

#include <array>
#include <set>
#include <vector>

#include <doctest/doctest.h>

using namespace tidegate;
using namespace tidegate::groups;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const Instant kNoon = Instant{} + std::chrono::hours{12};

TEST_CASE("activity: every status code has AWS's name, and the name reads back") {
  constexpr int kStatuses = 16;
  std::set<std::string> names;
  for (int i = 0; i < kStatuses; ++i) {
    const auto status = static_cast<ActivityStatus>(i);
    names.insert(std::string{to_string(status)});
    CHECK(parse_activity_status(to_string(status)) == status);
  }
  CHECK(names.size() == kStatuses);
  CHECK(static_cast<int>(ActivityStatus::InPlaceUpdateInProgress) == kStatuses - 1);
  CHECK(to_string(ActivityStatus::WaitingForELBConnectionDraining) ==
        "WaitingForELBConnectionDraining");
  CHECK_FALSE(parse_activity_status("successful").has_value());
}

TEST_CASE("activity: exactly Successful, Failed and Cancelled are final") {
  for (int i = 0; i < 16; ++i) {
    const auto status = static_cast<ActivityStatus>(i);
    CHECK(is_final(status) ==
          (status == ActivityStatus::Successful || status == ActivityStatus::Failed ||
           status == ActivityStatus::Cancelled));
  }
}

TEST_CASE("activity: AWS's texts, word for word") {
  const InstanceId id{"i-0abc"};
  CHECK(launch_description(id) == "Launching a new EC2 instance: i-0abc");
  CHECK(termination_description(id) == "Terminating EC2 instance: i-0abc");
  CHECK(cause_group_created(kNoon, 0, 1) ==
        "At 1970-01-01T12:00:00Z a user request created an AutoScalingGroup changing the desired "
        "capacity from 0 to 1.");
  CHECK(cause_user_changed_desired(kNoon, 1, 2) ==
        "At 1970-01-01T12:00:00Z a user request update of AutoScalingGroup constraints or desired "
        "capacity changing the desired capacity from 1 to 2.");
  CHECK(cause_alarm_triggered(kNoon, "TargetTracking-web-AlarmLow-u", "cpu60", 3, 2) ==
        "At 1970-01-01T12:00:00Z a monitor alarm TargetTracking-web-AlarmLow-u in state ALARM "
        "triggered policy cpu60 changing the desired capacity from 3 to 2.");
  CHECK(cause_instance_started(kNoon, 0, 1) ==
        "At 1970-01-01T12:00:00Z an instance was started in response to a difference between "
        "desired and actual capacity, increasing the capacity from 0 to 1.");
  CHECK(cause_instance_removed(kNoon, 3, 2) ==
        "At 1970-01-01T12:00:00Z an instance was taken out of service in response to a difference "
        "between desired and actual capacity, shrinking the capacity from 3 to 2.");
  CHECK(cause_selected_for_termination(kNoon, id) ==
        "At 1970-01-01T12:00:00Z instance i-0abc was selected for termination.");
  CHECK(cause_health_failure(kNoon, "ELB system health check") ==
        "At 1970-01-01T12:00:00Z an instance was taken out of service in response to an ELB system "
        "health check failure.");
  CHECK(cause_health_failure(kNoon, "liveness check") ==
        "At 1970-01-01T12:00:00Z an instance was taken out of service in response to a liveness "
        "check failure.");
  CHECK(cause_health_failure(kNoon, "") ==
        "At 1970-01-01T12:00:00Z an instance was taken out of service in response to a  failure.");
  CHECK(cause_user_terminated(kNoon, id) ==
        "At 1970-01-01T12:00:00Z instance i-0abc was taken out of service in response to a user "
        "request.");
  CHECK(cause_replacement(kNoon, id) ==
        "At 1970-01-01T12:00:00Z an instance was launched in response to an unhealthy instance "
        "needing to be replaced. It replaces instance i-0abc.");
}

InstanceFacts seen_facts() {
  InstanceFacts facts;
  facts.observation = InstanceObservation{};
  facts.observation->phase = InstancePhase::Running;
  facts.observation->process_alive = true;
  return facts;
}

void add_target(InstanceFacts& facts,
                balancing::TargetHealthState state,
                std::string reason,
                std::string probe) {
  TargetFacts target;
  target.health.state = state;
  target.health.reason = std::move(reason);
  target.last_probe = std::move(probe);
  facts.targets.push_back(target);
}

std::string message_of(const InstanceFacts& facts, Duration age) {
  return launch_failure_message(facts, seconds{60}, kNoon, kNoon + age);
}

TEST_CASE("launch failure: says what exists of time, exit, line, probe and console") {
  InstanceFacts facts = seen_facts();
  InstanceObservation& seen = *facts.observation;
  CHECK(message_of(facts, seconds{60} - Duration{1}) == "The instance ended before it served.");
  CHECK(message_of(facts, seconds{60}) == "The instance did not serve within 60 s.");

  seen.process_alive = false;
  seen.user_data_exit_status = 127;
  CHECK(message_of(facts, seconds{1}) == "User data ended with exit status 127.");
  seen.user_data_duration = milliseconds{1500};
  CHECK(message_of(facts, seconds{1}) == "User data ended with exit status 127 after 1.5 s.");
  seen.user_data_duration = seconds{2};
  CHECK(message_of(facts, seconds{1}) == "User data ended with exit status 127 after 2 s.");
  seen.failing_line = FailingLine{127, 3, "pip install x"};
  CHECK(message_of(facts, seconds{1}) ==
        "User data failed in line 3 with exit status 127: pip install x.");

  seen.failing_line.reset();
  seen.user_data_exit_status = 0;
  CHECK(message_of(facts, seconds{1}) ==
        "User data ended with exit status 0 after 2 s and left no process.");
  seen.process_alive = true;
  CHECK(message_of(facts, seconds{1}) == "The instance ended before it served.");
  seen.failure = "Image is missing..";
  CHECK(message_of(facts, seconds{1}) == "Image is missing.");
  seen.console_tail = "\nline one\nline two\n";
  CHECK(message_of(facts, seconds{1}) == "Image is missing. Console: line one\nline two");
}

TEST_CASE("launch failure: names each target that is not healthy, unless the report is stale") {
  InstanceFacts facts = seen_facts();
  add_target(
      facts, balancing::TargetHealthState::Unhealthy, "Target.ResponseCodeMismatch", "HTTP 500");
  add_target(facts, balancing::TargetHealthState::Healthy, "", "200 in 3 ms");
  add_target(facts, balancing::TargetHealthState::Unused, "Target.NotInUse", "");
  add_target(facts, balancing::TargetHealthState::Initial, "", "");
  CHECK(message_of(facts, seconds{61}) ==
        "The instance did not serve within 60 s. Target is unhealthy "
        "(Target.ResponseCodeMismatch), last probe: HTTP 500. Target is unused (Target.NotInUse). "
        "Target is initial.");
  facts.data_plane_connected = false;
  CHECK(message_of(facts, seconds{61}) == "The instance did not serve within 60 s.");
}

TEST_CASE("launch failure: says on which port the probe was, and that there is no user data") {
  InstanceFacts facts = seen_facts();
  add_target(facts, balancing::TargetHealthState::Initial, "", "connection refused");
  CHECK(message_of(facts, seconds{1}) == "Target is initial, last probe: connection refused.");
  facts.targets.back().port = 8000;
  facts.without_user_data = true;
  CHECK(message_of(facts, seconds{1}) ==
        "Its launch template has no user data: nothing was installed or started. Target is "
        "initial, last probe on port 8000: connection refused.");
}

TEST_CASE("launch failure: one that the driver never showed is said to be so") {
  CHECK(message_of(InstanceFacts{}, seconds{60}) ==
        "The instance did not serve within 60 s. The compute driver never reported it.");
}

TEST_CASE("activities: a launch that could not be tried is a Failed one of no instance") {
  AutoScalingGroup group;
  group.name = GroupName{"web"};
  group.desired_capacity = 3;
  const auto refused = [&] {
    return refused_launch(group, 1, "The host is full.", ActivityId{"a-1"}, kNoon);
  };
  const Activity activity = refused();
  CHECK(activity.id == ActivityId{"a-1"});
  CHECK(activity.group == group.name);
  CHECK_FALSE(activity.instance.has_value());
  CHECK(activity.status == ActivityStatus::Failed);
  CHECK(activity.status_message == "The host is full. Launching EC2 instance failed.");
  CHECK(activity.description ==
        "Launching a new EC2 instance.  Status Reason: The host is full. Launching EC2 instance "
        "failed.");
  CHECK(activity.cause == cause_instance_started(kNoon, 1, 3));
  CHECK(activity.start == kNoon);
  CHECK(activity.end == kNoon);
  CHECK(activity.progress == 100);
  group.capacity_cause = "A user asked.";
  CHECK(refused().cause == "A user asked. " + cause_instance_started(kNoon, 1, 3));
}

TEST_CASE("activities: a user's move tells the capacity before and after, where it changes") {
  const InstanceId id{"i-1"};
  const auto ends = [&](std::int32_t from, std::int32_t to, const std::string& text) {
    return cause_user_moved(kNoon, id, "detached", from, to)
        .ends_with("was detached in response to a user request" + text);
  };
  CHECK(ends(2, 2, "."));
  CHECK(ends(2, 1, ", shrinking the capacity from 2 to 1."));
  CHECK(ends(1, 2, ", increasing the capacity from 1 to 2."));
}

}  // namespace
