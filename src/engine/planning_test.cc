// One round of plans: what it leaves in the model, the journal and the ledger.
#include <doctest/doctest.h>

#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using groups::LifecycleState;
using std::chrono::seconds;

struct PlanBench : StateBench {
  /// Launches instances of a quarter of the host each.
  GroupModel& wanting(const std::string& name, std::int32_t desired) {
    stacks::InstanceType quarter;
    quarter.vcpus = 2;
    quarter.memory_mib = 1024;
    stacks::Stack& stack = model.stacks[stacks::StackName{"s"}];
    stack.name.value = "s";
    stack.status = stacks::Status::CreateComplete;
    stack.metadata.instance_types = {{"t3.large", quarter}};
    groups::LaunchTemplate& launch_template =
        model.launch_templates[groups::LaunchTemplateId{"lt-1"}];
    launch_template.id.value = "lt-1";
    launch_template.versions.resize(1);
    launch_template.versions[0].number = 1;
    launch_template.versions[0].image_id = kHostImage;
    launch_template.versions[0].instance_type = "t3.large";
    GroupModel& made = group(name);
    made.stack.value = "s";
    made.group.zones = {"a"};
    made.group.max_size = 9;
    made.group.desired_capacity = desired;
    made.group.launch_timeout = seconds{60};
    made.group.launch_template = {launch_template.id, "", "1"};
    return made;
  }
  void plan() { plan_groups(state, now()); }
  const LedgerEntry& newest() const { return state.new_ledger.back(); }

  balancing::TargetGroup& targets(Duration delay) {
    const balancing::TargetGroupArn arn{"tg"};
    balancing::TargetGroup& made = model.target_groups[arn].target_group;
    made.arn = arn;
    made.deregistration_delay = delay;
    return made;
  }
  void deregistered(balancing::TargetGroup& of, const std::string& id) {
    balancing::Target& target = of.targets.emplace_back();
    target.id = id;
    target.deregistered = now();
  }
};

}  // namespace

TEST_CASE_FIXTURE(
    PlanBench, "planning: a deregistered target leaves when its delay and closing time are over") {
  balancing::TargetGroup& group = targets(seconds{10});
  deregistered(group, "i-1");
  flush();
  pass(seconds{10} + groups::kClosingTime - Duration{1});
  CHECK_FALSE(shows([&] { plan(); }));
  CHECK(group.targets.size() == 1);
  pass(Duration{1});
  CHECK(shows([&] { plan(); }));
  CHECK(group.targets.empty());
  CHECK_FALSE(state.journal.clean());
}

TEST_CASE_FIXTURE(PlanBench, "planning: a target of an instance that terminates stays with it") {
  balancing::TargetGroup& group = targets(seconds{10});
  deregistered(group, "i-1");
  groups::Instance& leaving = instance(this->group(), "i-1", LifecycleState::Terminating);
  leaving.stage = groups::TerminationStage::Closing;
  leaving.stage_since = now() + seconds{60};
  pass(seconds{60});
  plan();
  CHECK(group.targets.size() == 1);
}

TEST_CASE_FIXTURE(PlanBench, "planning: a group that calls delete goes with its last instance") {
  group("stays").group.deleting = false;
  group("goes").group.deleting = true;
  CHECK(shows([&] { plan(); }));
  CHECK(model.groups.size() == 1);
  CHECK(model.groups.contains(groups::GroupName{"stays"}));
}

TEST_CASE_FIXTURE(PlanBench, "planning: what one group launches is no room for the next") {
  const GroupModel& first = wanting("a", 3);
  const GroupModel& second = wanting("b", 3);
  plan();
  CHECK(first.instances.size() == 3);
  CHECK(second.instances.size() == 1);
  CHECK(first.blockers.empty());
  CHECK(second.blockers.size() == 1);
}

TEST_CASE_FIXTURE(PlanBench,
                  "planning: what keeps a launch back is told once, with what would change it") {
  GroupModel& group = wanting("a", 5);
  plan();
  CHECK(newest().what == "no launch");
  CHECK(newest().at == now());
  CHECK(newest().group == "a");
  CHECK(newest().why == group.blockers.at(0).why);
  CHECK(newest().would_change == group.blockers.at(0).until);
  CHECK_FALSE(newest().would_change.empty());
  const std::size_t told = state.new_ledger.size();
  const std::size_t shown = group.activities.size();
  CHECK_FALSE(shows([&] { plan(); }));
  CHECK(state.new_ledger.size() == told);
  CHECK(group.activities.size() == shown);
  group.group.desired_capacity = 4;
  CHECK(shows([&] { plan(); }));  // nothing is kept back any more
  CHECK(group.blockers.empty());
}

TEST_CASE_FIXTURE(PlanBench, "planning: a refused launch is shown once, and anew when it changes") {
  GroupModel& group = wanting("a", 5);
  plan();
  const auto refused = [&] {
    return std::count_if(group.activities.begin(), group.activities.end(), [](const auto& one) {
      return one.status == groups::ActivityStatus::Failed;
    });
  };
  CHECK(refused() == 1);
  CHECK(group.activities.front().cause.ends_with("increasing the capacity from 4 to 5."));
  state.groups.clear();  // as after a start of the engine
  plan();
  CHECK(refused() == 1);
  model.launch_templates.clear();
  plan();
  CHECK(refused() == 2);
}

TEST_CASE_FIXTURE(PlanBench, "planning: the next round is due when the first of the groups is") {
  const auto launching = [&](const std::string& name, Duration timeout) {
    GroupModel& of = wanting(name, 1);
    of.group.launch_timeout = timeout;
    groups::Instance& made = instance(of, "i-" + name, LifecycleState::Pending);
    of.facts[made.id].observation = compute.running(made.id.value, "10.0.0.1");
    of.group.target_groups = {targets(seconds{10}).arn};
  };
  for (const Duration a : {seconds{30}, seconds{40}}) {
    model.groups.clear();
    launching("a", a);
    launching("b", seconds{70} - a);
    state.due = now() + seconds{100};
    state.plan_due.reset();
    plan();
    CHECK(state.plan_due == now() + seconds{30});
    CHECK(state.due == now() + seconds{30});
  }
}

TEST_CASE_FIXTURE(PlanBench, "planning: of an instance that is gone nothing is seen any more") {
  GroupModel& of = wanting("a", 0);
  groups::Instance& leaving = instance(of, "i-1", LifecycleState::Terminating);
  leaving.stage = groups::TerminationStage::Killing;
  leaving.stage_since = now();
  of.facts[leaving.id] = {};
  pass(seconds{60});
  plan();
  CHECK(of.instances.empty());
  CHECK(of.facts.empty());
  CHECK(newest().what == "terminated i-1");
}

TEST_CASE_FIXTURE(PlanBench, "planning: a group keeps its 200 newest activities that are over") {
  GroupModel& of = wanting("a", 1);
  for (std::size_t i = 0; i < groups::kMaxActivitiesKept; ++i) {
    groups::Activity& old = of.activities.emplace_back();
    old.id.value = "old-" + std::to_string(i);
    old.status = groups::ActivityStatus::Successful;
  }
  of.activities.back().status = groups::ActivityStatus::InProgress;
  plan();
  REQUIRE(of.instances.size() == 1);
  CHECK(of.activities.size() == groups::kMaxActivitiesKept);
  CHECK(of.activities.back().id.value == "old-199");  // not over yet
  CHECK(of.activities[groups::kMaxActivitiesKept - 2].id.value == "old-197");
}

}  // namespace tidegate::engine
