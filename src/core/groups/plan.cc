#include "core/groups/plan.h"

#include <algorithm>
#include <set>

#include "base/check.h"
#include "core/groups/judge.h"
#include "core/groups/launch_gate.h"
#include "core/groups/roster.h"
#include "core/groups/scale_in.h"

namespace tidegate::groups {
namespace {

class Planner {
 public:
  explicit Planner(const PlanInput& input)
      : in_(input), roster_(make_roster(input)), failures_(input.group.launch_failures) {}

  Plan run() {
    settle_launches();
    settle_health();
    begin_due_terminations();
    close_gap();
    launch_replacements();  // after scale-in, which may take some of those that need one
    settle_terminations();
    settle_leavers();
    return std::move(plan_);
  }

 private:
  void settle_launches();
  void settle_health();
  void settle_health_of(Member& member);
  void begin_due_terminations();
  std::string cause_of_failure(const Member& member) const;
  void launch_replacements();
  bool is_replacement_suspended() const;
  std::int32_t count_replacements() const;
  bool may_replace(const Member& member);
  void close_gap();
  std::int32_t undrain(std::int32_t deficit);
  void launch(std::int32_t deficit);
  void scale_in(std::int32_t surplus);
  void settle_terminations();
  void settle_leavers();

  /// A group that is deleted ends whatever is suspended.
  bool is_off(std::string_view process) const {
    return !in_.group.deleting && is_suspended(in_.group, process);
  }
  bool may_replace_unhealthy() const { return !is_off("ReplaceUnhealthy") && !is_off("Terminate"); }
  void begin_termination(Member& member, TerminationReason reason, std::string cause);
  bool take_launch(const std::string& what);
  std::string fewest_zone() const;
  void act(Action action) { plan_.actions.push_back(std::move(action)); }
  void block(std::string what, std::string why, std::string until) {
    plan_.blockers.push_back({std::move(what), std::move(why), std::move(until)});
  }
  void due(std::optional<Instant> at) {
    if (at && *at > in_.now && (!plan_.next_due || *at < *plan_.next_due)) {
      plan_.next_due = at;
    }
  }
  /// The cause of the newest change of desired, then `cause`.
  std::string with_capacity_cause(const std::string& cause) const {
    const std::string& why = in_.group.capacity_cause;
    return why.empty() ? cause : why + " " + cause;
  }

  const PlanInput& in_;
  Roster roster_;
  std::vector<Instant> failures_;   // launch failures as they will be, see apply()
  std::optional<LaunchGate> gate_;  // made for the first launch, after what ends launching ones
  Plan plan_;
  std::vector<InstanceId> gaps_;  // dead ones: their gap is closed by a plain launch
};

void Planner::settle_launches() {
  for (Member& member : roster_.members) {
    if (!member.is_pending()) {
      continue;
    }
    const InstanceId& id = member.instance->id;
    const LaunchJudgement judgement = judge_launch(in_, *member.instance, member.facts);
    due(judgement.due);
    switch (judgement.verdict) {
      case LaunchVerdict::Waiting:
        break;
      case LaunchVerdict::WaitingBlind:
        block("enter service " + id.value,
              "No balancer is connected that could tell whether it serves.",
              "the balancer is connected");
        break;
      case LaunchVerdict::Serves:
        member.state = LifecycleState::InService;
        member.in_service_since = in_.now;
        member.scale_in_protected = in_.group.new_instances_protected_from_scale_in;
        failures_.clear();
        act(EnterService{id});
        break;
      case LaunchVerdict::Failed:
        member.state = LifecycleState::Terminating;
        member.stage = TerminationStage::Killing;
        member.stage_since = in_.now;
        failures_.push_back(in_.now);
        act(FailLaunch{
            id,
            launch_failure_message(member.facts != nullptr ? *member.facts : InstanceFacts{},
                                   in_.group.launch_timeout,
                                   pending_since(*member.instance),
                                   in_.now)});
        break;
    }
  }
  link_replacements(roster_);
}

void Planner::settle_health() {
  for (Member& member : roster_.members) {
    if (member.is_in_service() && !is_off("HealthCheck")) {
      settle_health_of(member);
    }
  }
}

void Planner::settle_health_of(Member& member) {
  const InstanceId& id = member.instance->id;
  if (member.is_unhealthy()) {
    if (!member.dead && !member.is_replaced() && !member.instance->unhealthy_by_request &&
        is_well_again(in_.group, member.facts)) {
      member.health = HealthStatus::Healthy;
      act(MarkHealthy{id});
    }
    return;
  }
  HealthJudgement judgement =
      judge_health(in_, *member.instance, member.facts, member.in_service_since);
  if (!judgement.failure) {
    return;
  }
  if (judgement.grace_end) {
    due(judgement.grace_end);
    block("replace " + id.value,
          *judgement.failure + " It is within HealthCheckGracePeriod.",
          format_iso8601(*judgement.grace_end));
    return;
  }
  member.health = HealthStatus::Unhealthy;
  act(MarkUnhealthy{id, std::move(*judgement.failure)});
}

/// Those whose end waits for nothing: dead, replaced by one that serves, or asked for by a user
/// while others serve.
void Planner::begin_due_terminations() {
  for (Member& member : roster_.members) {
    if (!member.is_in_service() || (!member.is_unhealthy() && !member.is_leaving())) {
      continue;
    }
    const bool is_superseded =
        member.replacement && roster_.members[*member.replacement].is_in_service();
    if (member.is_leaving()) {
      if (member.dead || is_superseded ||
          (!member.is_replaced() && (count_staying(roster_) > 0 || is_off("Launch")))) {
        begin_termination(member,
                          TerminationReason::UserRequest,
                          cause_user_terminated(in_.now, member.instance->id));
      }
      continue;
    }
    // Where nothing may be launched, the unhealthy one goes without waiting for another.
    const bool goes_alone =
        is_off("Launch") && !member.is_replaced() && !is_replacement_suspended();
    if (may_replace_unhealthy() && (member.dead || is_superseded || goes_alone)) {
      if (!member.is_replaced()) {
        gaps_.push_back(member.instance->id);
      }
      begin_termination(member, TerminationReason::Unhealthy, cause_of_failure(member));
    }
  }
}

std::string Planner::cause_of_failure(const Member& member) const {
  if (member.instance->unhealthy_by_request) {
    return cause_user_set_unhealthy(in_.now);
  }
  const HealthCheckKind kind = member.dead          ? HealthCheckKind::Ec2
                               : in_.group.liveness ? HealthCheckKind::Liveness
                                                    : HealthCheckKind::Elb;
  return cause_health_failure(in_.now, to_string(kind));
}

bool Planner::is_replacement_suspended() const {
  const auto failing =
      std::count_if(roster_.members.begin(), roster_.members.end(), [](const Member& member) {
        return member.is_answering() && member.is_unhealthy();
      });
  return failing >= 2 && 2 * failing > count_in_service(roster_);
}

std::int32_t Planner::count_replacements() const {
  return static_cast<std::int32_t>(
      std::count_if(roster_.members.begin(), roster_.members.end(), [](const Member& member) {
        return member.replacement_planned || (member.is_pending() && member.instance->replaces);
      }));
}

/// The budget of health replacements; what a user asks for is not held back by it.
bool Planner::may_replace(const Member& member) {
  if (member.is_leaving()) {
    return true;
  }
  const std::string what = "replace " + member.instance->id.value;
  if (!may_replace_unhealthy()) {
    block(what,
          std::string{"The process "} + (is_off("Terminate") ? "Terminate" : "ReplaceUnhealthy") +
              " is suspended.",
          "ResumeProcesses");
    return false;
  }
  if (member.instance->unhealthy_by_request) {
    return true;  // at once, as AWS does
  }
  if (is_replacement_suspended()) {
    block(what,
          "More than half of the instances fail at once, which replacing them would not cure.",
          "no more than half of them fail");
    return false;
  }
  if (count_replacements() >= max_replacements(in_.group)) {
    block(what,
          "At most max(1, 10 %) of the group is replaced at a time.",
          "a replacement that is under way serves");
    return false;
  }
  return true;
}

void Planner::launch_replacements() {
  const std::int32_t desired = in_.group.desired_capacity;
  if (desired == 0 || count_counted(roster_) > desired) {
    return;  // a surplus of launching ones takes their place as soon as one of them serves
  }
  for (Member& member : roster_.members) {
    const bool is_to_go = member.is_in_service() && (member.is_unhealthy() || member.is_leaving());
    if (!is_to_go || member.is_replaced() || !may_replace(member) ||
        !take_launch("replace " + member.instance->id.value)) {
      continue;
    }
    member.replacement_planned = true;
    const std::string zone = fewest_zone();
    ++roster_.launches_planned[zone];
    act(LaunchInstance{zone, member.instance->id, cause_replacement(in_.now, member.instance->id)});
  }
}

void Planner::close_gap() {
  const std::int32_t gap = in_.group.desired_capacity - count_counted(roster_);
  if (gap > 0) {
    launch(undrain(gap));
  } else if (gap < 0) {
    scale_in(-gap);
  }
}

/// Takes draining instances back; returns what is left of the deficit.
std::int32_t Planner::undrain(std::int32_t deficit) {
  std::vector<Member*> candidates;
  for (Member& member : roster_.members) {
    if (may_undrain(in_.group, *member.instance, member.facts) && member.is_terminating() &&
        !member.dead) {
      candidates.push_back(&member);
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](const Member* a, const Member* b) {
    return a->stage_since != b->stage_since ? a->stage_since > b->stage_since
                                            : a->instance->id < b->instance->id;
  });
  for (Member* member : candidates) {
    if (deficit == 0) {
      break;
    }
    member->state = LifecycleState::InService;
    act(Undrain{member->instance->id,
                with_capacity_cause("At " + format_iso8601(in_.now) + " instance " +
                                    member->instance->id.value +
                                    " was returned to service while it was draining.")});
    --deficit;
  }
  return deficit;
}

void Planner::launch(std::int32_t deficit) {
  const std::int32_t desired = in_.group.desired_capacity;
  const std::string cause =
      with_capacity_cause(cause_instance_started(in_.now, desired - deficit, desired));
  for (std::int32_t i = 0; i < deficit && take_launch("launch"); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::string zone = fewest_zone();
    ++roster_.launches_planned[zone];
    act(LaunchInstance{
        zone, std::nullopt, at < gaps_.size() ? cause_replacement(in_.now, gaps_[at]) : cause});
  }
}

void Planner::scale_in(std::int32_t surplus) {
  if (is_off("Terminate")) {
    block("scale in", "The process Terminate is suspended.", "ResumeProcesses");
    return;
  }
  const std::int32_t desired = in_.group.desired_capacity;
  const TerminationReason reason =
      in_.group.deleting ? TerminationReason::GroupDeleted : TerminationReason::ScaleIn;
  ScaleIn choice = choose_scale_in(in_, roster_, surplus);
  for (const std::size_t index : choice.leaving) {
    Member& member = roster_.members[index];
    begin_termination(
        member,
        reason,
        with_capacity_cause(cause_instance_removed(in_.now, desired + surplus, desired) + " " +
                            cause_selected_for_termination(in_.now, member.instance->id)));
  }
  if (choice.blocker) {
    plan_.blockers.push_back(std::move(*choice.blocker));
  }
}

void Planner::settle_terminations() {
  for (Member& member : roster_.members) {
    if (!member.is_terminating()) {
      continue;
    }
    const InstanceId& id = member.instance->id;
    if (is_gone(*member.instance, member.facts, in_.now)) {
      act(FinishTermination{id});
      continue;
    }
    due(member.instance->launched + kUnseenGrace);
    const StageJudgement judgement =
        judge_stage(in_, *member.instance, member.facts, {member.stage, member.stage_since});
    due(judgement.due);
    if (judgement.stage != member.stage) {
      act(AdvanceTermination{id, judgement.stage});
    }
  }
}

/// Those that go to Standby or leave the group wait for nothing but their requests.
void Planner::settle_leavers() {
  for (Member& member : roster_.members) {
    if (in_.group.deleting && member.state == LifecycleState::Standby) {
      begin_termination(member,
                        TerminationReason::GroupDeleted,
                        cause_selected_for_termination(in_.now, member.instance->id));
      continue;
    }
    const bool detaches = member.state == LifecycleState::Detaching;
    if (!detaches && member.state != LifecycleState::EnteringStandby) {
      continue;
    }
    const StageJudgement judgement = judge_stage(
        in_, *member.instance, member.facts, {TerminationStage::Draining, member.stage_since});
    const InstanceId& id = member.instance->id;
    if (judgement.stage == TerminationStage::Draining) {
      due(judgement.due);
    } else if (detaches) {
      act(FinishDetach{id});
    } else {
      act(FinishStandby{id});
    }
  }
}

void Planner::begin_termination(Member& member, TerminationReason reason, std::string cause) {
  const bool never_served = member.is_pending();
  const StageJudgement first =
      judge_stage(in_, *member.instance, member.facts, {TerminationStage::Draining, in_.now});
  member.stage = never_served ? TerminationStage::Killing : first.stage;
  member.stage_since = in_.now;
  member.state = LifecycleState::Terminating;
  act(BeginTermination{member.instance->id, reason, member.stage, std::move(cause)});
}

bool Planner::take_launch(const std::string& what) {
  if (!gate_) {
    gate_ = make_launch_gate(in_, failures_, count_pending(roster_));
  }
  if (gate_->open_for == 0) {
    Blocker blocker = gate_->blocker.value_or(Blocker{});
    blocker.what = what;
    plan_.blockers.push_back(std::move(blocker));
    due(gate_->reopens);
    return false;
  }
  --gate_->open_for;
  return true;
}

std::string Planner::fewest_zone() const {
  TG_CHECK(!in_.group.zones.empty());  // validation_error() refuses such a group
  std::map<std::string, std::int32_t> counts = zone_counts(roster_);
  return *std::min_element(in_.group.zones.begin(),
                           in_.group.zones.end(),
                           [&counts](const std::string& a, const std::string& b) {
                             return counts[a] != counts[b] ? counts[a] < counts[b] : a < b;
                           });
}

}  // namespace

Plan plan(const PlanInput& input) {
  return Planner{input}.run();
}

std::int32_t max_replacements(const AutoScalingGroup& group) {
  return std::max(1, group.desired_capacity / 10);
}

std::int32_t counted_capacity(std::span<const Instance> instances) {
  std::int32_t counted = 0;
  const auto is_live = [](const Instance& instance) {
    return instance.lifecycle_state == LifecycleState::Pending ||
           instance.lifecycle_state == LifecycleState::InService;
  };
  std::set<InstanceId> replaced;
  for (const Instance& instance : instances) {
    if (instance.replaces && is_live(instance)) {
      replaced.insert(*instance.replaces);
    }
  }
  for (const Instance& instance : instances) {
    if (is_live(instance) && !replaced.contains(instance.id)) {
      ++counted;
    }
  }
  return counted;
}

std::vector<InstanceId> scale_in_order(const PlanInput& input) {
  const Roster roster = make_roster(input);
  std::vector<InstanceId> order;
  for (const std::size_t index : scale_in_candidates(input, roster)) {
    order.push_back(roster.members[index].instance->id);
  }
  return order;
}

}  // namespace tidegate::groups
