#include "edge/status/problems.h"

#include <algorithm>

#include "base/text.h"
#include "edge/status/cache_document.h"
#include "edge/status/seen.h"
#include "edge/status/why.h"

namespace tidegate::status {
namespace {

using Sentences = std::vector<std::string>;

void add_unbound_listeners(Sentences& out,
                           const engine::Model& model,
                           const std::vector<const balancing::LoadBalancer*>& load_balancers) {
  for (const balancing::LoadBalancer* load_balancer : load_balancers) {
    for (const balancing::Listener* listener : listeners_of(model, load_balancer->arn)) {
      if (listener->bound_port == 0 && !listener->bind_note.empty()) {
        out.push_back("listener :" + std::to_string(listener->port) + " of " + load_balancer->name +
                      " is not bound: " + listener->bind_note);
      }
    }
  }
}

/// The newest launch of an instance that has ended, if it failed.
const groups::Activity* failed_launch(const engine::GroupModel& group) {
  for (const groups::Activity& activity : group.activities) {
    if (is_final(activity.status) && activity.instance &&
        activity.description.starts_with("Launching")) {
      return activity.status == groups::ActivityStatus::Failed ? &activity : nullptr;
    }
  }
  return nullptr;
}

void add_failing_launches(Sentences& out, const engine::GroupModel& group) {
  const groups::Activity* failed = failed_launch(group);
  if (failed == nullptr) {
    return;
  }
  const std::size_t failures = group.group.launch_failures.size();
  std::string times;
  if (failures > 1) {
    times = " (" + std::to_string(failures) + " in the last 10 min)";
  }
  out.push_back("launches of " + group.group.name.value + " fail" + times + ": " +
                failed->status_message +
                "; mend the user data or the application and run "
                "`tidegate up` again, `tidegate explain instance " +
                failed->instance->value + "` has the evidence");
}

/// Zones of the group that the load balancers of one of its target groups do not serve.
void add_unserved_zones(Sentences& out,
                        const engine::Model& model,
                        const engine::GroupModel& group) {
  for (const engine::TargetGroupModel* target_group : target_groups_of(model, group.group)) {
    const auto served = engine::zones_served(model, target_group->target_group.arn);
    if (served.empty()) {
      out.push_back("no listener and no rule forwards to " + target_group->target_group.name +
                    ", so no instance of " + group.group.name.value +
                    " gets traffic: name it in a listener's DefaultActions or in a ListenerRule");
      continue;
    }
    std::vector<std::string> unserved;
    std::set_difference(group.group.zones.begin(),
                        group.group.zones.end(),
                        served.begin(),
                        served.end(),
                        std::back_inserter(unserved));
    if (!unserved.empty()) {
      out.push_back("the load balancer of " + target_group->target_group.name + " does not serve " +
                    listed(unserved) + ", a zone of " + group.group.name.value +
                    ": instances there get no traffic (Target.NotInUse); add a subnet of that zone "
                    "to the load balancer's Subnets, or take it out of VPCZoneIdentifier");
    }
  }
}

void add_outside_targets(Sentences& out,
                         const engine::Model& model,
                         const engine::GroupModel& group) {
  for (const engine::TargetGroupModel* target_group : target_groups_of(model, group.group)) {
    for (const OutsideTarget& outside : outside_targets(model, *target_group)) {
      const auto share = traffic_share(*target_group, outside.target->id);
      const auto policies = policies_of(model, group.group.name);
      std::string sentence = outside.target->id + " in " + target_group->target_group.name +
                             " is not in " + group.group.name.value;
      if (!outside.owner.empty()) {
        sentence += " (it is of " + outside.owner + ")";
      }
      if (share.has_value()) {
        sentence += " and takes " + percent(*share) + " of the traffic";
      }
      if (!policies.empty()) {
        sentence += ": " + policies.front()->policy.name.value +
                    " does not see its CPU and will "
                    "not scale for it";
      }
      out.push_back(sentence + "; deregister it (aws elbv2 deregister-targets --targets Id=" +
                    outside.target->id + ")");
    }
  }
}

void add_single_threads(Sentences& out,
                        const engine::Model& model,
                        const engine::GroupModel& group) {
  for (const auto& [id, instance] : group.instances) {
    const auto ceiling = single_thread_ceiling(model, group, instance);
    for (const engine::PolicyModel* policy : policies_of(model, group.group.name)) {
      const bool of_cpu =
          policy->policy.metric == scaling::PredefinedMetric::AsgAverageCpuUtilization;
      if (ceiling.has_value() && of_cpu && *ceiling * 100 < policy->policy.target_value) {
        out.push_back("one thread of " + id.value + " is at its limit, so its CPU ends near " +
                      percent(*ceiling) + " and never reaches the " +
                      format_double(policy->policy.target_value) + " % of " +
                      policy->policy.name.value +
                      ": run one worker process per CPU, take an instance type with 1 vCPU, or "
                      "lower TargetValue");
        return;  // the same program runs on all of them
      }
    }
  }
}

void add_groups(Sentences& out,
                const engine::Model& model,
                const std::vector<const engine::GroupModel*>& groups) {
  for (const engine::GroupModel* group : groups) {
    const Sentences of_group = group_problems(model, *group);
    out.insert(out.end(), of_group.begin(), of_group.end());
  }
}

void add_blockers(Sentences& out, const engine::GroupModel& group) {
  for (const groups::Blocker& blocker : group.blockers) {
    const std::string reason =
        blocker.why.ends_with('.') ? blocker.why.substr(0, blocker.why.size() - 1) : blocker.why;
    out.push_back(group.group.name.value + ": " + blocker.what + " is held back: " + reason +
                  (blocker.until.empty() ? "" : "; until " + blocker.until));
  }
}

}  // namespace

std::vector<std::string> group_problems(const engine::Model& model,
                                        const engine::GroupModel& group) {
  Sentences out;
  add_failing_launches(out, group);
  add_unserved_zones(out, model, group);
  add_outside_targets(out, model, group);
  add_single_threads(out, model, group);
  add_blockers(out, group);
  return out;
}

std::vector<std::string> problems_of(const engine::Model& model, const stacks::Stack& stack) {
  Sentences out;
  add_unbound_listeners(out, model, load_balancers_of_stack(model, stack));
  add_groups(out, model, groups_of(model, stack));
  const Sentences of_caches = cache_problems(model, stack);
  out.insert(out.end(), of_caches.begin(), of_caches.end());
  return out;
}

std::vector<std::string> problems_without_stack(const engine::Model& model) {
  Sentences out;
  add_unbound_listeners(out, model, load_balancers_without_stack(model));
  add_groups(out, model, groups_without_stack(model));
  return out;
}

}  // namespace tidegate::status
