#include "core/groups/roster.h"

#include <algorithm>

namespace tidegate::groups {
namespace {

template <typename Predicate>
std::int32_t count(const Roster& roster, Predicate holds) {
  return static_cast<std::int32_t>(
      std::count_if(roster.members.begin(), roster.members.end(), holds));
}

std::int32_t planned(const Roster& roster) {
  std::int32_t sum = 0;
  for (const auto& [zone, launches] : roster.launches_planned) {
    sum += launches;
  }
  return sum;
}

}  // namespace

Roster make_roster(const PlanInput& input) {
  Roster roster;
  roster.members.reserve(input.instances.size());
  for (const Instance& instance : input.instances) {
    const auto facts = input.facts.find(instance.id);
    Member member;
    member.instance = &instance;
    member.facts = facts == input.facts.end() ? nullptr : &facts->second;
    member.state = instance.lifecycle_state;
    member.health = instance.health_status;
    member.stage = instance.stage;
    member.stage_since = instance.stage_since.value_or(instance.launched);
    member.in_service_since = instance.in_service_since.value_or(instance.launched);
    member.dead = is_known_dead(instance, member.facts, input.now);
    member.scale_in_protected = instance.protected_from_scale_in;
    roster.members.push_back(member);
  }
  link_replacements(roster);
  return roster;
}

void link_replacements(Roster& roster) {
  std::map<InstanceId, std::size_t> replacements;
  for (std::size_t i = 0; i < roster.members.size(); ++i) {
    const Member& member = roster.members[i];
    if (member.instance->replaces && (member.is_pending() || member.is_in_service())) {
      replacements.emplace(*member.instance->replaces, i);
    }
  }
  for (Member& member : roster.members) {
    const auto found = replacements.find(member.instance->id);
    member.replacement =
        found == replacements.end() ? std::nullopt : std::optional<std::size_t>{found->second};
  }
}

std::int32_t count_counted(const Roster& roster) {
  return count(roster, [](const Member& m) { return m.is_counted(); }) + planned(roster);
}

std::int32_t count_pending(const Roster& roster) {
  return count(roster, [](const Member& m) { return m.is_pending(); }) + planned(roster);
}

std::int32_t count_answering(const Roster& roster) {
  return count(roster, [](const Member& m) { return m.is_answering(); });
}

std::int32_t count_in_service(const Roster& roster) {
  return count(roster, [](const Member& m) { return m.is_in_service(); });
}

std::int32_t count_staying(const Roster& roster) {
  return count(roster, [](const Member& m) {
    return m.is_answering() && !m.is_unhealthy() && !m.is_leaving();
  });
}

std::map<std::string, std::int32_t> zone_counts(const Roster& roster) {
  std::map<std::string, std::int32_t> counts = roster.launches_planned;
  for (const Member& member : roster.members) {
    if (member.is_counted()) {
      ++counts[member.instance->zone];
    }
  }
  return counts;
}

}  // namespace tidegate::groups
