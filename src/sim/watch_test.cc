// The checkers can fail: each breach is provoked and seen.
#include "sim/watch.h"

#include <doctest/doctest.h>

#include "engine/journal/codec.h"
#include "engine/journal/stored_form.h"

namespace tidegate::sim {
namespace {

using groups::LifecycleState;

struct Scene {
  VirtualClock clock{Instant{std::chrono::hours{1}}};
  Cloud cloud{clock, Rng{1}, {8, 4096}};
  FrontDoor door{clock, cloud};
  MemoryStore store;
  Watch watch{clock, cloud, door, store};
  engine::Model model;
  engine::GroupModel& group = model.groups[groups::GroupName{"web-asg"}];

  Scene() {
    group.group.name = groups::GroupName{"web-asg"};
    group.group.min_size = 1;
    group.group.max_size = 2;
    group.group.desired_capacity = 1;
    group.group.target_groups = {balancing::TargetGroupArn{"arn:tg"}};
    model.target_groups[balancing::TargetGroupArn{"arn:tg"}];
  }
  groups::Instance& add(const std::string& id, LifecycleState state) {
    groups::Instance& instance = group.instances[groups::InstanceId{id}];
    instance.id = groups::InstanceId{id};
    instance.group = group.group.name;
    instance.lifecycle_state = state;
    if (state == LifecycleState::InService) {
      instance.in_service_since = clock.now();
    }
    return instance;
  }
  void put_down(const std::string& id) {
    const auto& instance = group.instances.at(groups::InstanceId{id});
    REQUIRE(store
                .append({{"instance/web-asg/" + id, engine::to_json(instance).dump()}},
                        1,
                        store.revision())
                .has_value());
  }
  std::string breach() const { return watch.breaches().empty() ? "" : watch.breaches().back(); }
  bool breached(std::string_view part) const { return breach().find(part) != std::string::npos; }
};

TEST_CASE("watch: an effect without its journal entry is a breach") {
  Scene scene;
  const auto call = [&](ComputeCall::What what) {
    scene.watch.before_call({what, groups::InstanceId{"i-1"}, "web-asg"});
  };
  call(ComputeCall::What::Launch);
  CHECK(scene.breached("launch of i-1 without a journal entry"));
  call(ComputeCall::What::Kill);
  CHECK(scene.breached("kill of i-1 without a journal entry"));
  groups::Instance& instance = scene.add("i-1", LifecycleState::Pending);
  scene.put_down("i-1");
  const std::size_t before = scene.watch.breaches().size();
  call(ComputeCall::What::Launch);
  CHECK(scene.watch.breaches().size() == before);
  call(ComputeCall::What::Stop);
  CHECK(scene.breached("stop of i-1, which the journal does not have as terminating"));
  call(ComputeCall::What::Kill);
  CHECK(scene.breached("kill of i-1, which the journal has in stage None"));
  instance.lifecycle_state = LifecycleState::Terminating;
  instance.stage = groups::TerminationStage::Killing;
  scene.put_down("i-1");
  call(ComputeCall::What::Launch);
  CHECK(scene.breached("launch of i-1, which the journal has as Terminating"));
  const std::size_t later = scene.watch.breaches().size();
  call(ComputeCall::What::Kill);
  call(ComputeCall::What::Stop);
  CHECK(scene.watch.breaches().size() == later);
  REQUIRE(scene.store.append({{"instance/web-asg/i-1", std::nullopt}}, 1, scene.store.revision())
              .has_value());
  call(ComputeCall::What::Kill);  // what is left of a Terminated one
  CHECK(scene.watch.breaches().size() == later);
}

TEST_CASE("watch: counted capacity outside MinSize..MaxSize is a breach unless it is explained") {
  Scene scene;
  scene.watch.after_tick(scene.model);
  CHECK(scene.breached("counted capacity 0 of web-asg is below MinSize"));
  Scene blocked;
  blocked.group.blockers = {{"launch", "x", "y"}};
  blocked.watch.after_tick(blocked.model);
  CHECK(blocked.watch.breaches().empty());
  Scene above;
  for (const char* id : {"i-1", "i-2", "i-3"}) {
    above.add(id, LifecycleState::Pending);
  }
  above.watch.after_tick(above.model);
  CHECK(above.breached("is above MaxSize"));
}

TEST_CASE("watch: InService without an answer through the balancer is a breach") {
  Scene scene;
  scene.add("i-1", LifecycleState::InService);
  scene.watch.after_tick(scene.model);
  CHECK(scene.breached("i-1 is InService and never answered through the balancer"));
  Scene without;
  without.group.group.target_groups.clear();
  without.add("i-1", LifecycleState::InService);
  without.watch.after_tick(without.model);
  CHECK(without.watch.breaches().empty());
}

TEST_CASE("watch: replacements beyond the budget, or in a mass failure, are breaches") {
  Scene scene;
  scene.group.group.target_groups.clear();
  scene.group.group.max_size = 9;
  for (const char* id : {"i-1", "i-2", "i-3", "i-4", "i-5"}) {
    scene.add(id, LifecycleState::InService);
  }
  scene.add("i-6", LifecycleState::Pending).replaces = groups::InstanceId{"i-1"};
  scene.watch.after_tick(scene.model);
  CHECK(scene.watch.breaches().empty());
  scene.add("i-7", LifecycleState::Pending).replaces = groups::InstanceId{"i-2"};
  scene.watch.after_tick(scene.model);
  CHECK(scene.breached("2 replacements are under way in web-asg"));

  Scene mass;
  mass.group.group.target_groups.clear();
  for (const char* id : {"i-1", "i-2"}) {
    mass.add(id, LifecycleState::InService).health_status = groups::HealthStatus::Unhealthy;
  }
  mass.add("i-3", LifecycleState::Pending).replaces = groups::InstanceId{"i-1"};
  mass.watch.after_tick(mass.model);
  CHECK(mass.breached("a replacement was launched while 2 of 2 instances of web-asg fail"));
}

TEST_CASE("watch: an instance that nobody ever wrote down is a breach") {
  Scene scene;
  scene.add("i-1", LifecycleState::Pending);
  ports::LaunchSpec spec;
  spec.id = groups::InstanceId{"i-9"};
  spec.group_name = "web-asg";
  scene.cloud.launch(spec);
  scene.watch.after_tick(scene.model);
  CHECK(scene.breached("i-9 runs and was never in the journal"));
}

TEST_CASE("watch: a recovery that loses or invents an instance is a breach") {
  Scene scene;
  scene.group.group.target_groups.clear();
  scene.add("i-1", LifecycleState::Pending);
  scene.watch.after_recovery(scene.model);
  CHECK(scene.breached("recovered 1"));
  Scene lost;
  lost.add("i-1", LifecycleState::Pending);
  lost.put_down("i-1");
  lost.group.instances.clear();
  lost.watch.after_recovery(lost.model);
  CHECK(lost.breached("the store has 1 instances, the control plane recovered 0"));
}

TEST_CASE("watch: a store that is not the model is a breach, whichever of them has more") {
  Scene scene;
  const auto put_all = [&] {
    std::vector<ports::StoreOperation> batch;
    for (const auto& [key, text] : engine::stored_form(scene.model)) {
      batch.push_back({key, text});
    }
    REQUIRE(scene.store.append(batch, 1, scene.store.revision()).has_value());
  };
  scene.add("i-1", LifecycleState::InService);
  put_all();
  scene.watch.check_store(scene.model);
  CHECK(scene.watch.breaches().empty());
  scene.add("i-1", LifecycleState::Terminating);
  scene.watch.check_store(scene.model);
  CHECK(scene.breached("of instance/web-asg/i-1 the store has …"));
  put_all();
  scene.add("i-2", LifecycleState::Pending);
  scene.watch.check_store(scene.model);
  CHECK(scene.breached("the model has instance/web-asg/i-2, which the store does not have"));
  put_all();
  scene.group.instances.erase(groups::InstanceId{"i-2"});
  scene.watch.check_store(scene.model);
  CHECK(scene.breached("the store has instance/web-asg/i-2, which the model does not have"));
  CHECK(scene.watch.breaches().size() == 3);
  scene.store.fail_with(Error{});
  scene.watch.check_store(scene.model);
  CHECK(scene.watch.breaches().size() == 3);
}

TEST_CASE("watch: what an evaluation says anew each time need not be stored, a transition must") {
  Scene scene;
  alarms::Alarm& alarm = scene.model.alarms[alarms::AlarmName{"a"}];
  alarm.name = alarms::AlarmName{"a"};
  std::vector<ports::StoreOperation> batch;
  for (const auto& [key, text] : engine::stored_form(scene.model)) {
    batch.push_back({key, text});
  }
  REQUIRE(scene.store.append(batch, 1, scene.store.revision()).has_value());
  alarm.state_reason = "another";
  alarm.state_reason_data = "{}";
  scene.watch.check_store(scene.model);
  CHECK(scene.watch.breaches().empty());
  alarm.state = alarms::StateValue::Alarm;
  scene.watch.check_store(scene.model);
  CHECK(scene.breached("of alarm/a the store has …"));
}

}  // namespace
}  // namespace tidegate::sim
