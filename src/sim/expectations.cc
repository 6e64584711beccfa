// What a scenario can expect: quantities, texts, and that everything is settled.
#include <algorithm>

#include "base/text.h"
#include "sim/steps.h"

namespace tidegate::sim {
namespace {

using groups::LifecycleState;

constexpr Duration kLook = std::chrono::milliseconds{100};  // between two looks at a condition

const engine::GroupModel* group_of(Run& run) {
  if (!run.world.is_up()) {
    return nullptr;
  }
  const auto& groups = run.world.model().groups;
  const auto found = groups.find(groups::GroupName{kGroupName});
  return found == groups.end() ? nullptr : &found->second;
}

std::int64_t count_in(Run& run, LifecycleState state) {
  const engine::GroupModel* group = group_of(run);
  return group == nullptr
             ? 0
             : std::count_if(
                   group->instances.begin(), group->instances.end(), [state](const auto& entry) {
                     return entry.second.lifecycle_state == state;
                   });
}

std::int64_t count_unhealthy(Run& run) {
  const engine::GroupModel* group = group_of(run);
  return group == nullptr
             ? 0
             : std::count_if(
                   group->instances.begin(), group->instances.end(), [](const auto& entry) {
                     return entry.second.health_status == groups::HealthStatus::Unhealthy;
                   });
}

std::int64_t count_failed_activities(Run& run) {
  const engine::GroupModel* group = group_of(run);
  return group == nullptr
             ? 0
             : std::count_if(
                   group->activities.begin(), group->activities.end(), [](const auto& activity) {
                     return activity.status == groups::ActivityStatus::Failed;
                   });
}

std::int64_t desired_of(Run& run) {
  const engine::GroupModel* group = group_of(run);
  return group == nullptr ? 0 : group->group.desired_capacity;
}

struct Quantity {
  std::string_view name;
  std::int64_t (*read)(Run&);
};
const std::vector<Quantity>& quantities() {
  static const std::vector<Quantity> all = {
      {"serving", [](Run& run) { return count_in(run, LifecycleState::InService); }},
      {"pending", [](Run& run) { return count_in(run, LifecycleState::Pending); }},
      {"terminating", [](Run& run) { return count_in(run, LifecycleState::Terminating); }},
      {"unhealthy", count_unhealthy},
      {"desired", desired_of},
      {"failed-launches", count_failed_activities},
      {"instances",
       [](Run& run) { return static_cast<std::int64_t>(run.world.cloud().instances().size()); }},
      {"launches",
       [](Run& run) { return static_cast<std::int64_t>(run.world.cloud().launches()); }},
      {"kills", [](Run& run) { return static_cast<std::int64_t>(run.world.cloud().kills()); }},
      {"starts", [](Run& run) { return static_cast<std::int64_t>(run.world.starts()); }},
      {"requests", [](Run& run) { return static_cast<std::int64_t>(run.world.workload().sent()); }},
      {"failed-requests",
       [](Run& run) { return static_cast<std::int64_t>(run.world.workload().failed()); }},
  };
  return all;
}

using Condition = std::function<std::string(Run&)>;  // empty: holds; else what is seen instead

bool compares(std::int64_t a, std::string_view op, std::int64_t b) {
  return op == "="    ? a == b
         : op == "!=" ? a != b
         : op == "<"  ? a < b
         : op == "<=" ? a <= b
         : op == ">"  ? a > b
                      : a >= b;
}

Result<Condition> quantity_condition(const Words& words) {
  const Words operators = {"=", "!=", "<", "<=", ">", ">="};
  std::vector<std::string> known = {"settled", "ledger", "blocker", "activity", "status"};
  for (const Quantity& quantity : quantities()) {
    known.emplace_back(quantity.name);
    if (quantity.name != words[0]) {
      continue;
    }
    const auto wanted = words.size() == 3 ? parse_int(words[2]) : std::nullopt;
    if (!wanted || std::find(operators.begin(), operators.end(), words[1]) == operators.end()) {
      return wrong("after '" + words[0] + "' comes one of = != < <= > >= and a number");
    }
    return Condition{[read = quantity.read, op = words[1], want = *wanted](Run& run) {
      const std::int64_t seen = read(run);
      return compares(seen, op, want) ? "" : "it is " + std::to_string(seen);
    }};
  }
  return wrong("'" + words[0] + "' is nothing that can be expected; valid are " +
               join(known, ", "));
}

std::string blockers_text(Run& run) {
  std::string text;
  if (const engine::GroupModel* group = group_of(run)) {
    for (const auto& blocker : group->blockers) {
      text += "no " + blocker.what + ": " + blocker.why + " until " + blocker.until + "\n";
    }
  }
  return text;
}

std::string activities_text(Run& run) {
  std::string text;
  if (const engine::GroupModel* group = group_of(run)) {
    for (const auto& activity : group->activities) {
      text += std::string{to_string(activity.status)} + " " + activity.description + " " +
              activity.cause + " " + activity.status_message + "\n";
    }
  }
  return text;
}

std::string status_text(Run& run) {
  std::string text;
  if (run.world.is_up()) {
    for (const auto& [name, stack] : run.world.model().stacks) {
      text += std::string{to_string(stack.status)} + "\n";
    }
  }
  return text;
}

Result<Condition> text_condition(const Words& words) {
  struct Source {
    std::string_view name;
    std::string (*read)(Run&);
  };
  static const std::vector<Source> sources = {
      {"ledger", [](Run& run) { return join(run.world.ledger(), "\n"); }},
      {"blocker", blockers_text},
      {"activity", activities_text},
      {"status", status_text},
  };
  for (const Source& source : sources) {
    if (source.name == words[0] && words.size() == 2) {
      return Condition{[read = source.read, part = words[1]](Run& run) {
        const std::string text = read(run);
        constexpr std::size_t kShown = 2000;
        return text.find(part) != std::string::npos
                   ? std::string{}
                   : "it is\n" + text.substr(text.size() - std::min(text.size(), kShown));
      }};
    }
  }
  return quantity_condition(words);
}

Result<Condition> make_condition(const Words& words) {
  if (words.empty()) {
    return wrong("expect what?");
  }
  if (words[0] == "settled" && words.size() == 1) {
    return Condition{[](Run& run) { return run.world.unsettled(); }};
  }
  return text_condition(words);
}

std::string wait_for(Run& run, const Condition& condition, Duration at_most) {
  const Instant end = run.world.clock().now() + at_most;
  while (true) {
    std::string seen = condition(run);
    if (seen.empty() || run.world.clock().now() >= end) {
      return seen;
    }
    run.world.run_for(std::min<Duration>(kLook, end - run.world.clock().now()));
  }
}

std::string hold_for(Run& run, const Condition& condition, Duration length) {
  const Instant end = run.world.clock().now() + length;
  while (run.world.clock().now() < end) {
    if (std::string seen = condition(run); !seen.empty()) {
      return seen;
    }
    run.world.run_for(std::min<Duration>(kLook, end - run.world.clock().now()));
  }
  return condition(run);
}

}  // namespace

Result<Act> make_expectation(const Words& arguments) {
  Words words = arguments;
  const auto timed = words.size() >= 2 ? words[words.size() - 2] : std::string{};
  if (timed != "within" && timed != "for") {
    TG_ASSIGN_OR_RETURN(Condition condition, make_condition(words));
    return Act{std::move(condition)};
  }
  TG_ASSIGN_OR_RETURN(const Duration duration, parse_duration(words.back()));
  words.resize(words.size() - 2);
  TG_ASSIGN_OR_RETURN(Condition condition, make_condition(words));
  if (timed == "within") {
    return Act{[condition, duration](Run& run) { return wait_for(run, condition, duration); }};
  }
  return Act{[condition, duration](Run& run) { return hold_for(run, condition, duration); }};
}

}  // namespace tidegate::sim
