#include "edge/status/explain.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "core/cost/price_book.h"
#include "edge/status/problems.h"
#include "edge/status/seen.h"
#include "edge/status/status.h"
#include "edge/status/why.h"

namespace tidegate::status {
namespace {

constexpr std::size_t kEntriesShown = 12;    // of the ledger, newest
constexpr std::size_t kActivitiesShown = 6;  // newest

using Lines = std::vector<std::string>;

/// Lines for people beside the JSON they are made of.
struct Explanation {
  Lines lines;
  Json json = Json::object();

  Json done() {
    json.set("Text", join(lines, "\n") + "\n");
    return std::move(json);
  }
};

Error not_found(const std::string& what, const std::string& name, const Lines& known) {
  return Error{ErrorCode::NotFound,
               "ValidationError",
               "there is no " + what + " '" + name + "'" +
                   (known.empty() ? "" : "; there are: " + join(known, ", "))};
}

void add_section(Explanation& out, const char* title, const Lines& lines) {
  if (lines.empty()) {
    return;
  }
  out.lines.emplace_back(title);
  for (const std::string& line : lines) {
    out.lines.push_back("  " + line);
  }
}

/// "  ($136/mo, before $68)" where a decision changed it.
std::string cost_of(const Json& cost) {
  const double before = cost["MonthlyBefore"].number_or(0);
  const double after = cost["MonthlyAfter"].number_or(0);
  return before == after
             ? ""
             : "  (" + cost::dollars(after) + "/mo, before " + cost::dollars(before) + ")";
}

std::string entry_line(const engine::LedgerEntry& entry) {
  return format_clock_time(entry.at) + "  " + entry.what + ": " + entry.why +
         (entry.would_change.empty() ? "" : "  (would change: " + entry.would_change + ")") +
         cost_of(entry.cost);
}

/// The newest entries that match, oldest of them first.
template <typename Matches>
void add_ledger(Explanation& out, const engine::Model& model, Matches matches) {
  std::vector<const engine::LedgerEntry*> found;
  for (auto entry = model.ledger.rbegin();
       entry != model.ledger.rend() && found.size() < kEntriesShown;
       ++entry) {
    if (matches(*entry)) {
      found.push_back(&*entry);
    }
  }
  std::reverse(found.begin(), found.end());
  Lines decisions, others;
  Json list = Json::array();
  for (const engine::LedgerEntry* entry : found) {
    (entry->decided ? decisions : others).push_back(entry_line(*entry));
    list.push(ledger_document(*entry));
  }
  add_section(out, "Decided", decisions);
  add_section(out, "Not decided", others);
  out.json.set("Ledger", std::move(list));
}

std::string activity_line(const groups::Activity& activity) {
  return format_clock_time(activity.start) + "  " + std::string{to_string(activity.status)} + ": " +
         activity.description +
         (activity.status_message.empty() ? "" : "  " + activity.status_message);
}

template <typename Matches>
void add_activities(Explanation& out, const engine::GroupModel& group, Matches matches) {
  Lines lines;
  Json list = Json::array();
  for (const groups::Activity& activity : group.activities) {
    if (matches(activity) && lines.size() < kActivitiesShown) {
      lines.push_back(activity_line(activity));
      list.push(activity_document(activity));
    }
  }
  add_section(out, "Activities", lines);
  out.json.set("Activities", std::move(list));
}

std::string vote_line(const engine::PolicyModel& policy) {
  if (!policy.last_vote.has_value()) {
    return policy.policy.name.value + ": has not voted yet";
  }
  const scaling::Vote& vote = *policy.last_vote;
  return policy.policy.name.value + ": " + vote.why +
         (vote.blocked_by.empty() ? "" : " (blocked: " + vote.blocked_by + ")");
}

/// What moves the capacity next, by each policy's own alarms.
Lines what_would_change(const engine::Model& model, const engine::GroupModel& group) {
  Lines lines;
  for (const engine::PolicyModel* policy : policies_of(model, group.group.name)) {
    const Json shown = policy_document(group, *policy);
    lines.push_back("out: " + shown["Out"].string_or("") +
                    (shown["In"].is_string() ? "; in: " + shown["In"].string_or("")
                                             : "; " + shown["Note"].string_or("")));
  }
  if (lines.empty()) {
    lines.push_back("no policy: only SetDesiredCapacity (or an update of the stack) does");
  }
  return lines;
}

void explain_capacity(Explanation& out,
                      const engine::Model& model,
                      const engine::GroupModel& group) {
  const groups::AutoScalingGroup& given = group.group;
  out.lines.push_back(
      given.name.value + ": min " + std::to_string(given.min_size) + " max " +
      std::to_string(given.max_size) + " desired " + std::to_string(given.desired_capacity) + ", " +
      std::to_string(serving_count(model, group)) + " serving" +
      (group.cpu_percent.has_value() ? ", CPU " + format_fixed(*group.cpu_percent, 0) + " %" : ""));
  if (!given.capacity_cause.empty()) {
    out.lines.push_back("  " + given.capacity_cause);
  }
}

Json explain_group(const engine::Model& model, const engine::GroupModel& group) {
  Explanation out;
  explain_capacity(out, model, group);
  out.json.set("AutoScalingGroup", group_document(model, group));
  const Lines problems = group_problems(model, group);
  add_section(out, "Problems", problems);
  Json list = Json::array();
  for (const std::string& problem : problems) {
    list.push(problem);
  }
  out.json.set("Problems", std::move(list));
  Lines votes;
  for (const engine::PolicyModel* policy : policies_of(model, group.group.name)) {
    votes.push_back(vote_line(*policy));
  }
  add_section(out, "Policies", votes);
  add_section(out, "Would change it", what_would_change(model, group));
  Lines instances;
  for (const auto& [id, instance] : group.instances) {
    instances.push_back(id.value + " " + std::string{to_string(instance.lifecycle_state)} + ": " +
                        why(model, group, instance));
  }
  add_section(out, "Instances", instances);
  add_activities(out, group, [](const groups::Activity&) { return true; });
  add_ledger(out, model, [&](const engine::LedgerEntry& entry) {
    return entry.group == group.group.name.value;
  });
  return out.done();
}

Lines observation_lines(const groups::InstanceObservation& seen) {
  Lines lines;
  lines.push_back(
      "process: " + std::string{to_string(seen.phase)} +
      (seen.restarts > 0 ? ", restarted " + std::to_string(seen.restarts) + " times" : ""));
  if (seen.user_data_exit_status.has_value()) {
    lines.push_back("user data: exit " + std::to_string(*seen.user_data_exit_status));
  }
  if (seen.failing_line.has_value()) {
    lines.push_back("failing line " + std::to_string(seen.failing_line->line) + ": " +
                    seen.failing_line->command);
  }
  if (!seen.failure.empty()) {
    lines.push_back(seen.failure);
  }
  if (seen.oom_kills > 0) {
    lines.push_back("killed for memory " + std::to_string(seen.oom_kills) + " times");
  }
  for (const std::string& line : split(trim(seen.console_tail), '\n')) {
    if (!line.empty()) {
      lines.push_back("| " + line);
    }
  }
  return lines;
}

Lines target_lines(const engine::Model& model,
                   const engine::GroupModel& group,
                   const groups::InstanceId& id) {
  Lines lines;
  for (const TargetSeen& seen : targets_of(model, group, id)) {
    lines.push_back(
        seen.target_group->target_group.name + ": " + std::string{to_string(seen.health.state)} +
        (seen.health.reason.empty() ? ""
                                    : " " + seen.health.reason + ", " + seen.health.description) +
        (seen.last_probe.empty() ? "" : " (" + seen.last_probe + ")"));
  }
  return lines;
}

Json explain_instance(const engine::Model& model,
                      const engine::GroupModel& group,
                      const groups::Instance& instance) {
  Explanation out;
  out.lines.push_back(instance.id.value + " of " + group.group.name.value + " is " +
                      std::string{to_string(instance.lifecycle_state)} + " and " +
                      std::string{to_string(instance.health_status)} + ": " +
                      why(model, group, instance));
  out.json.set("Instance", instance_document(model, group, instance));
  add_section(out, "Balancer", target_lines(model, group, instance.id));
  if (const groups::InstanceObservation* seen = observation_of(group, instance.id)) {
    add_section(out, "Seen", observation_lines(*seen));
  }
  add_activities(out, group, [&](const groups::Activity& activity) {
    return activity.instance == instance.id;
  });
  add_ledger(out, model, [&](const engine::LedgerEntry& entry) {
    return entry.instance == instance.id.value;
  });
  return out.done();
}

/// Of an instance that is gone: what its activities and the ledger say.
Json explain_gone(const engine::Model& model,
                  const engine::GroupModel& group,
                  const std::string& instance) {
  Explanation out;
  out.lines.push_back(instance + " of " + group.group.name.value + " is gone");
  add_activities(out, group, [&](const groups::Activity& activity) {
    return activity.instance.has_value() && activity.instance->value == instance;
  });
  add_ledger(
      out, model, [&](const engine::LedgerEntry& entry) { return entry.instance == instance; });
  return out.done();
}

Json explain_activity(const engine::Model& model, const groups::Activity& activity) {
  Explanation out;
  out.lines.push_back(activity_line(activity));
  out.json.set("Activity", activity_document(activity));
  add_section(out, "Cause", {activity.cause});
  add_ledger(out, model, [&](const engine::LedgerEntry& entry) {
    return entry.activity == activity.id.value;
  });
  return out.done();
}

Result<Json> find_instance(const engine::Model& model, const std::string& name) {
  Lines known;
  for (const auto& [group_name, group] : model.groups) {
    const auto found = group.instances.find(groups::InstanceId{name});
    if (found != group.instances.end()) {
      return explain_instance(model, group, found->second);
    }
    for (const groups::Activity& activity : group.activities) {
      if (activity.instance.has_value() && activity.instance->value == name) {
        return explain_gone(model, group, name);
      }
    }
    for (const auto& [id, instance] : group.instances) {
      known.push_back(id.value);
    }
  }
  return not_found("instance", name, known);
}

}  // namespace

Result<Json> explain(const engine::Model& model, Subject subject, const std::string& name) {
  Lines known;
  switch (subject) {
    case Subject::Group:
      for (const auto& [group_name, group] : model.groups) {
        if (group_name.value == name) {
          return explain_group(model, group);
        }
        known.push_back(group_name.value);
      }
      return not_found("Auto Scaling group", name, known);
    case Subject::Instance:
      return find_instance(model, name);
    case Subject::Activity:
      for (const auto& [group_name, group] : model.groups) {
        for (const groups::Activity& activity : group.activities) {
          if (activity.id.value == name) {
            return explain_activity(model, activity);
          }
        }
      }
      return not_found("activity", name, {});
  }
  return not_found("subject", name, {});
}

}  // namespace tidegate::status
