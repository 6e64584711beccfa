#include "core/groups/activity.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace tidegate::groups {
namespace {

struct StatusName {
  ActivityStatus status;
  std::string_view text;
};
constexpr std::array kStatusNames = std::to_array<StatusName>({
    {ActivityStatus::PendingSpotBidPlacement, "PendingSpotBidPlacement"},
    {ActivityStatus::WaitingForSpotInstanceRequestId, "WaitingForSpotInstanceRequestId"},
    {ActivityStatus::WaitingForSpotInstanceId, "WaitingForSpotInstanceId"},
    {ActivityStatus::WaitingForInstanceId, "WaitingForInstanceId"},
    {ActivityStatus::PreInService, "PreInService"},
    {ActivityStatus::InProgress, "InProgress"},
    {ActivityStatus::WaitingForELBConnectionDraining, "WaitingForELBConnectionDraining"},
    {ActivityStatus::MidLifecycleAction, "MidLifecycleAction"},
    {ActivityStatus::WaitingForInstanceWarmup, "WaitingForInstanceWarmup"},
    {ActivityStatus::Successful, "Successful"},
    {ActivityStatus::Failed, "Failed"},
    {ActivityStatus::Cancelled, "Cancelled"},
    {ActivityStatus::WaitingForConnectionDraining, "WaitingForConnectionDraining"},
    {ActivityStatus::WaitingForInPlaceUpdateToStart, "WaitingForInPlaceUpdateToStart"},
    {ActivityStatus::WaitingForInPlaceUpdateToFinalize, "WaitingForInPlaceUpdateToFinalize"},
    {ActivityStatus::InPlaceUpdateInProgress, "InPlaceUpdateInProgress"},
});

std::string at(Instant t) {
  return "At " + format_iso8601(t) + " ";
}

std::string from_to(std::int32_t from, std::int32_t to) {
  return " the capacity from " + std::to_string(from) + " to " + std::to_string(to) + ".";
}

/// "60 s", "0.2 s".
std::string seconds_text(Duration d) {
  const bool whole = d.count() % 1'000'000 == 0;
  return format_fixed(seconds_of(d), whole ? 0 : 1) + " s";
}

std::string exit_sentence(const InstanceObservation& seen) {
  if (seen.failing_line) {
    const FailingLine& line = *seen.failing_line;
    return "User data failed in line " + std::to_string(line.line) + " with exit status " +
           std::to_string(line.status) + ": " + line.command;
  }
  if (!seen.user_data_exit_status) {
    return {};
  }
  const std::string status = "exit status " + std::to_string(*seen.user_data_exit_status);
  const std::string after =
      seen.user_data_duration ? " after " + seconds_text(*seen.user_data_duration) : "";
  if (*seen.user_data_exit_status != 0) {
    return "User data ended with " + status + after;
  }
  return seen.process_alive ? ""
                            : "User data ended with " + status + after + " and left no process";
}

void add(std::vector<std::string>& sentences, std::string sentence) {
  if (!sentence.empty()) {
    sentences.push_back(std::move(sentence));
  }
}

void add_targets(std::vector<std::string>& sentences, const InstanceFacts& facts) {
  if (!facts.data_plane_connected) {
    return;
  }
  for (const TargetFacts& target : facts.targets) {
    if (target.health.state == balancing::TargetHealthState::Healthy) {
      continue;
    }
    std::string sentence = "Target is " + std::string{balancing::to_string(target.health.state)};
    if (!target.health.reason.empty()) {
      sentence += " (" + target.health.reason + ")";
    }
    if (!target.last_probe.empty()) {
      const std::string place = target.port == 0 ? "" : " on port " + std::to_string(target.port);
      sentence += ", last probe" + place + ": " + target.last_probe;
    }
    add(sentences, std::move(sentence));
  }
}

}  // namespace

std::string_view to_string(ActivityStatus status) {
  return kStatusNames[static_cast<std::size_t>(status)].text;
}

std::optional<ActivityStatus> parse_activity_status(std::string_view text) {
  for (const StatusName& name : kStatusNames) {
    if (name.text == text) {
      return name.status;
    }
  }
  return std::nullopt;
}

bool is_final(ActivityStatus status) {
  return status == ActivityStatus::Successful || status == ActivityStatus::Failed ||
         status == ActivityStatus::Cancelled;
}

std::string launch_description(const InstanceId& id) {
  return "Launching a new EC2 instance: " + id.value;
}

std::string termination_description(const InstanceId& id) {
  return "Terminating EC2 instance: " + id.value;
}

std::string cause_group_created(Instant t, std::int32_t from, std::int32_t to) {
  return at(t) + "a user request created an AutoScalingGroup changing the desired capacity from " +
         std::to_string(from) + " to " + std::to_string(to) + ".";
}

std::string cause_user_changed_desired(Instant t, std::int32_t from, std::int32_t to) {
  return at(t) + "a user request update of AutoScalingGroup constraints or desired capacity " +
         "changing the desired capacity from " + std::to_string(from) + " to " +
         std::to_string(to) + ".";
}

std::string cause_alarm_triggered(Instant t,
                                  std::string_view alarm,
                                  std::string_view policy,
                                  std::int32_t from,
                                  std::int32_t to) {
  return at(t) + "a monitor alarm " + std::string{alarm} + " in state ALARM triggered policy " +
         std::string{policy} + " changing the desired capacity from " + std::to_string(from) +
         " to " + std::to_string(to) + ".";
}

std::string cause_instance_started(Instant t, std::int32_t from, std::int32_t to) {
  return at(t) +
         "an instance was started in response to a difference between desired and actual "
         "capacity, increasing" +
         from_to(from, to);
}

std::string cause_instance_removed(Instant t, std::int32_t from, std::int32_t to) {
  return at(t) +
         "an instance was taken out of service in response to a difference between desired and "
         "actual capacity, shrinking" +
         from_to(from, to);
}

std::string cause_selected_for_termination(Instant t, const InstanceId& id) {
  return at(t) + "instance " + id.value + " was selected for termination.";
}

std::string cause_health_failure(Instant t, std::string_view kind) {
  const bool vowel =
      !kind.empty() && std::string_view{"AEIOUaeiou"}.find(kind.front()) != std::string_view::npos;
  return at(t) + "an instance was taken out of service in response to " + (vowel ? "an " : "a ") +
         std::string{kind} + " failure.";
}

std::string cause_user_set_unhealthy(Instant t) {
  return at(t) + "an instance was taken out of service in response to a user health-check.";
}

std::string cause_user_moved(
    Instant t, const InstanceId& id, std::string_view done, std::int32_t from, std::int32_t to) {
  std::string text = at(t) + "instance " + id.value + " was " + std::string{done} +
                     " in response to a user request";
  if (from == to) {
    return text + ".";
  }
  return text + (from < to ? ", increasing" : ", shrinking") + from_to(from, to);
}

std::string cause_user_terminated(Instant t, const InstanceId& id) {
  return at(t) + "instance " + id.value +
         " was taken out of service in response to a user request.";
}

std::string cause_replacement(Instant t, const InstanceId& unhealthy) {
  return at(t) +
         "an instance was launched in response to an unhealthy instance needing to be replaced. " +
         "It replaces instance " + unhealthy.value + ".";
}

Activity refused_launch(const AutoScalingGroup& group,
                        std::int32_t present,
                        const std::string& why,
                        ActivityId id,
                        Instant now) {
  Activity activity;
  activity.id = std::move(id);
  activity.group = group.name;
  activity.status_message = why + " Launching EC2 instance failed.";
  activity.description = "Launching a new EC2 instance.  Status Reason: " + activity.status_message;
  activity.cause = (group.capacity_cause.empty() ? "" : group.capacity_cause + " ") +
                   cause_instance_started(now, present, group.desired_capacity);
  activity.start = now;
  activity.end = now;
  activity.status = ActivityStatus::Failed;
  activity.progress = 100;
  return activity;
}

std::string launch_failure_message(const InstanceFacts& facts,
                                   Duration launch_timeout,
                                   Instant launched,
                                   Instant now) {
  std::vector<std::string> sentences;
  if (now - launched >= launch_timeout) {
    add(sentences, "The instance did not serve within " + seconds_text(launch_timeout));
  }
  if (facts.without_user_data) {
    add(sentences, "Its launch template has no user data: nothing was installed or started");
  }
  if (!facts.observation) {
    add(sentences, "The compute driver never reported it");
  } else {
    add(sentences, facts.observation->failure);
    add(sentences, exit_sentence(*facts.observation));
  }
  add_targets(sentences, facts);
  if (sentences.empty()) {
    add(sentences, "The instance ended before it served");
  }
  std::string message;
  for (std::string& sentence : sentences) {
    while (!sentence.empty() && sentence.back() == '.') {
      sentence.pop_back();
    }
    message += (message.empty() ? "" : " ") + sentence + ".";
  }
  const std::string_view console =
      facts.observation ? trim(facts.observation->console_tail) : std::string_view{};
  if (!console.empty()) {
    message += " Console: " + std::string{console};
  }
  return message;
}

}  // namespace tidegate::groups
