#include "core/groups/termination_order.h"

#include <algorithm>
#include <compare>
#include <deque>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tidegate::groups {
namespace {

constexpr Duration kHour = std::chrono::hours{1};

std::int64_t version_number(const PlanInput& input, const std::string& version) {
  const auto found = input.template_versions.find(version);
  if (found != input.template_versions.end()) {
    return found->second;
  }
  return parse_int(version).value_or(std::numeric_limits<std::int64_t>::max());
}

/// Of another launch template or version than a launch would use now.
bool is_outdated(const PlanInput& input, const Instance& instance) {
  const LaunchTemplateSpecification& current = input.group.launch_template;
  return instance.launch_template.id != current.id ||
         version_number(input, instance.launch_template.version) !=
             version_number(input, current.version);
}

Duration until_next_hour(const PlanInput& input, const Instance& instance) {
  return kHour - (input.now - instance.launched) % kHour;
}

/// less: `a` goes before `b`.
std::strong_ordering by_template(const PlanInput& input, const Instance& a, const Instance& b) {
  const auto outdated_first = is_outdated(input, b) <=> is_outdated(input, a);
  if (outdated_first != 0) {
    return outdated_first;
  }
  return version_number(input, a.launch_template.version) <=>
         version_number(input, b.launch_template.version);
}

std::strong_ordering by_next_hour(const PlanInput& input, const Instance& a, const Instance& b) {
  return until_next_hour(input, a) <=> until_next_hour(input, b);
}

std::strong_ordering by_policy(const PlanInput& input,
                               const std::string& policy,
                               const Instance& a,
                               const Instance& b) {
  if (policy == "OldestInstance") {
    return a.launched <=> b.launched;
  }
  if (policy == "NewestInstance") {
    return b.launched <=> a.launched;
  }
  if (policy == "OldestLaunchTemplate") {
    return by_template(input, a, b);
  }
  if (policy == "ClosestToNextInstanceHour") {
    return by_next_hour(input, a, b);
  }
  // AllocationStrategy and OldestLaunchConfiguration distinguish nothing here: there is one
  // purchase option and no launch configuration.
  return std::strong_ordering::equal;
}

bool goes_before(const PlanInput& input, const Instance& a, const Instance& b) {
  for (const std::string& policy : input.group.termination_policies) {
    const auto order = by_policy(input, policy, a, b);
    if (order != 0) {
      return order < 0;
    }
  }
  if (const auto order = by_template(input, a, b); order != 0) {
    return order < 0;
  }
  if (const auto order = by_next_hour(input, a, b); order != 0) {
    return order < 0;
  }
  return a.id < b.id;
}

}  // namespace

std::vector<const Instance*> termination_order(const PlanInput& input,
                                               std::vector<const Instance*> candidates,
                                               std::map<std::string, std::int32_t> zone_counts) {
  std::sort(candidates.begin(), candidates.end(), [&input](const Instance* a, const Instance* b) {
    return goes_before(input, *a, *b);
  });
  std::map<std::string, std::deque<const Instance*>> by_zone;
  for (const Instance* candidate : candidates) {
    by_zone[candidate->zone].push_back(candidate);
  }
  std::vector<const Instance*> order;
  while (order.size() < candidates.size()) {
    auto chosen = by_zone.end();
    for (auto zone = by_zone.begin(); zone != by_zone.end(); ++zone) {
      if (zone->second.empty()) {
        continue;
      }
      if (chosen == by_zone.end() || zone_counts[zone->first] > zone_counts[chosen->first] ||
          (zone_counts[zone->first] == zone_counts[chosen->first] &&
           goes_before(input, *zone->second.front(), *chosen->second.front()))) {
        chosen = zone;
      }
    }
    order.push_back(chosen->second.front());
    chosen->second.pop_front();
    --zone_counts[chosen->first];
  }
  return order;
}

}  // namespace tidegate::groups
