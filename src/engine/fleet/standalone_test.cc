// Instances outside groups, step by step: what is seen of them, what is asked for, what is kept.
#include "engine/fleet/fleet.h"
#include "engine/state_fixture.h"

namespace tidegate::engine {
namespace {

using groups::InstanceId;
using groups::InstancePhase;
using groups::LifecycleState;
using groups::TerminationStage;
using std::chrono::seconds;
using Ids = std::vector<std::string>;

struct Alone : StateBench {
  groups::StandaloneInstance& add(const std::string& id, LifecycleState life) {
    auto& made = model.standalone[InstanceId{id}].value;
    made.instance.id = InstanceId{id};
    made.instance.lifecycle_state = life;
    made.instance.image_id = kHostImage;
    made.instance.instance_type = "t3.micro";
    made.instance.zone = "eu-west-2b";
    made.instance.launched = now();
    made.made_from.user_data = "exec serve";
    return made;
  }
  groups::StandaloneInstance& ending(const std::string& id, TerminationStage stage) {
    auto& made = add(id, LifecycleState::Terminating);
    made.instance.stage = stage;
    made.instance.stage_since = now();
    return made;
  }
  groups::InstanceObservation& see(const std::string& id, InstancePhase phase) {
    auto& seen = model.standalone.at(InstanceId{id}).facts.observation;
    seen.emplace().phase = phase;
    return *seen;
  }
  void act() { act_on_standalone(state, now()); }
  void plan() { plan_standalone(state, now()); }
  void look() { observe(state, now()); }
};

}  // namespace

TEST_CASE_FIXTURE(Alone, "standalone: it is launched as its call had it") {
  auto& made = add("i-1", LifecycleState::Pending);
  made.instance.port = 8080;
  made.instance.tags = {{"Name", "lone"}};
  act();
  REQUIRE(compute.launched.size() == 1);
  ports::LaunchSpec want;
  want.id = InstanceId{"i-1"};
  want.zone = "eu-west-2b";
  want.image_id = kHostImage;
  want.image.layers = {"host"};
  want.instance_type = "t3.micro";
  want.size = {2, 1024};
  want.user_data = "exec serve";
  want.port = 8080;
  want.environment = {{"DRAIN_DEADLINE_S", "30"}, {"AWS_REGION", "eu-west-2"}};
  want.metadata_document =
      R"({"instance-id":"i-1","instance-type":"t3.micro","ami-id":"ami-host",)"
      R"("account-id":"000000000000","region":"eu-west-2","availability-zone":"eu-west-2b",)"
      R"("tags":{"Name":"lone"},"user-data":"exec serve"})";
  CHECK(compute.launched[0] == want);
}

TEST_CASE_FIXTURE(Alone, "standalone: what is asked for follows from its stage and what is seen") {
  add("i-seen", LifecycleState::Pending);
  see("i-seen", InstancePhase::Launching);
  add("i-lost", LifecycleState::InService);
  add("i-runs", LifecycleState::InService);
  see("i-runs", InstancePhase::Running);
  ending("i-stop-running", TerminationStage::Stopping);
  see("i-stop-running", InstancePhase::Running);
  ending("i-stop-launching", TerminationStage::Stopping);
  see("i-stop-launching", InstancePhase::Launching);
  ending("i-stop-stopping", TerminationStage::Stopping);
  see("i-stop-stopping", InstancePhase::Stopping);
  ending("i-stop-exited", TerminationStage::Stopping);
  see("i-stop-exited", InstancePhase::Exited);
  ending("i-stop-unseen", TerminationStage::Stopping);
  ending("i-kill", TerminationStage::Killing);
  see("i-kill", InstancePhase::Stopping);
  ending("i-kill-unseen", TerminationStage::Killing);
  act();
  CHECK(compute.launched.empty());
  CHECK(compute.stopped == Ids{"i-stop-launching", "i-stop-running"});
  CHECK(compute.killed == Ids{"i-kill"});
}

TEST_CASE_FIXTURE(Alone, "standalone: what was asked for is asked again once it is overdue") {
  add("i-1", LifecycleState::Pending);
  act();
  pass(kOverdue - Duration{1});
  act();
  CHECK(compute.launched.size() == 1);
  pass(Duration{1});
  act();
  CHECK(compute.launched.size() == 2);
  CHECK(state.standalone_asked.size() == 1);
  model.standalone.clear();
  act();
  CHECK(state.standalone_asked.empty());
}

TEST_CASE_FIXTURE(Alone,
                  "standalone: its address is kept and shown when it is another, and only then") {
  add("i-1", LifecycleState::InService);
  auto& seen = compute.running("i-1", "10.64.0.2");
  seen.port = 8000;
  CHECK(shows([this] { look(); }));
  const auto& value = model.standalone.at(InstanceId{"i-1"});
  CHECK(value.value.instance.address == "10.64.0.2");
  CHECK(value.value.instance.port == 8000);
  CHECK(value.facts.observation.has_value());
  CHECK_FALSE(value.facts.without_user_data);
  CHECK_FALSE(state.journal.clean());
  flush();
  CHECK_FALSE(shows([this] { look(); }));
  CHECK(state.journal.clean());
  compute.seen[0].address.clear();  // not told is not another
  CHECK_FALSE(shows([this] { look(); }));
  CHECK(value.value.instance.address == "10.64.0.2");
  compute.seen.clear();
  model.standalone.at(InstanceId{"i-1"}).value.made_from.user_data.clear();
  look();
  CHECK_FALSE(value.facts.observation.has_value());
  CHECK(value.facts.without_user_data);
}

TEST_CASE_FIXTURE(Alone, "standalone: each step is in the ledger, stored and shown") {
  add("i-1", LifecycleState::Pending);
  see("i-1", InstancePhase::Running);
  CHECK(shows([this] { plan(); }));
  const auto& value = model.standalone.at(InstanceId{"i-1"}).value;
  CHECK(value.instance.lifecycle_state == LifecycleState::InService);
  flush();
  CHECK(is_stored("standalone/i-1"));
  const auto entry = [this]() -> const LedgerEntry& { return model.ledger.back(); };
  CHECK(entry().what == "running i-1");
  CHECK(entry().instance == "i-1");
  CHECK(entry().at == now());
  CHECK(entry().decided);
  CHECK(entry().why.empty());
  CHECK_FALSE(shows([this] { plan(); }));
  CHECK(state.journal.clean());
  see("i-1", InstancePhase::Exited);
  plan();
  CHECK(entry().what == "ending i-1");
  CHECK(entry().why == "Client.InstanceInitiatedShutdown: its processes ended");
  model.standalone.at(InstanceId{"i-1"}).facts = {};
  pass(seconds{90});
  plan();
  CHECK(value.terminated == now());
  CHECK(entry().what == "terminated i-1");
  CHECK(model.ledger.size() == 3);
}

TEST_CASE_FIXTURE(Alone, "standalone: one that ends is deregistered wherever it was a target") {
  const auto targets = [](const std::string& arn, StateBench& bench) -> auto& {
    return bench.model.target_groups[balancing::TargetGroupArn{arn}].target_group.targets;
  };
  const Instant before = now() - seconds{5};
  targets("a", *this) = {{"i-1", 80, "10.0.0.1", "a", now(), std::nullopt},
                         {"i-2", 80, "10.0.0.2", "a", now(), std::nullopt}};
  targets("b", *this) = {{"i-1", 80, "10.0.0.1", "a", now(), before},
                         {"i-1", 81, "10.0.0.1", "a", now(), std::nullopt}};
  add("i-1", LifecycleState::Pending);
  see("i-1", InstancePhase::Running);
  plan();
  CHECK_FALSE(targets("a", *this)[0].deregistered.has_value());  // it only began to run
  see("i-1", InstancePhase::Exited);
  plan();
  CHECK(targets("a", *this)[0].deregistered == now());
  CHECK_FALSE(targets("a", *this)[1].deregistered.has_value());
  CHECK(targets("b", *this)[0].deregistered == before);
  CHECK(targets("b", *this)[1].deregistered == now());
  flush();
  CHECK(is_stored("target_group/a"));
  CHECK(is_stored("target_group/b"));
}

TEST_CASE_FIXTURE(Alone, "standalone: the next deadline is when the engine is due") {
  state.due = now() + std::chrono::hours{2};
  add("i-1", LifecycleState::Pending);
  plan();
  CHECK(state.due == now() + groups::kStandaloneLaunchTimeout);
  auto& ended = add("i-2", LifecycleState::Terminated);
  ended.terminated = now() + groups::kStandaloneLaunchTimeout - groups::kTerminatedShown;
  plan();
  CHECK(state.due == now() + groups::kStandaloneLaunchTimeout);
  pass(groups::kStandaloneLaunchTimeout);
  state.due = now() + seconds{1};
  plan();
  CHECK(state.due == now() + seconds{1});  // what is over is no deadline
  CHECK_FALSE(model.standalone.contains(InstanceId{"i-2"}));
}

TEST_CASE_FIXTURE(Alone, "standalone: a deadline that is now is none to wait for") {
  ending("i-1", TerminationStage::Killing).instance.launched = now() - groups::kUnseenGrace;
  see("i-1", InstancePhase::Running);
  state.due = now() + seconds{1};
  plan();
  CHECK(state.due == now() + seconds{1});
}

TEST_CASE_FIXTURE(Alone,
                  "standalone: an ended one is shown for an hour, and then leaves the store") {
  add("i-1", LifecycleState::Terminated).terminated = now();
  state.journal.touch(EntityKind::Standalone, "i-1");
  flush();
  pass(groups::kTerminatedShown - Duration{1});
  plan();
  flush();
  CHECK(is_stored("standalone/i-1"));
  pass(Duration{1});
  plan();
  flush();
  CHECK(model.standalone.empty());
  CHECK_FALSE(is_stored("standalone/i-1"));
}

TEST_CASE_FIXTURE(Alone, "standalone: of the ended ones the newest two hundred are shown") {
  add("i-lives", LifecycleState::InService);
  see("i-lives", InstancePhase::Running);
  for (int i = 0; i < 202; ++i) {
    const std::string id = "i-" + std::to_string(i);
    add(id, LifecycleState::Terminated).terminated = now() - seconds{i};
    state.journal.touch(EntityKind::Standalone, id);
  }
  flush();
  plan();
  flush();
  CHECK(model.standalone.size() == 201);
  CHECK(model.standalone.contains(InstanceId{"i-lives"}));
  CHECK(model.standalone.contains(InstanceId{"i-199"}));
  for (const char* oldest : {"i-200", "i-201"}) {
    CHECK_FALSE(model.standalone.contains(InstanceId{oldest}));
    CHECK_FALSE(is_stored(std::string{"standalone/"} + oldest));
  }
}

TEST_CASE_FIXTURE(Alone,
                  "standalone: an instance that leaves its group keeps what it was made from") {
  groups::LaunchTemplate& launch_template =
      model.launch_templates[groups::LaunchTemplateId{"lt-1"}];
  launch_template.versions.emplace_back().number = 3;
  launch_template.versions.back().user_data = "exec serve";
  launch_template.versions.back().instance_type = "t3.nano";
  groups::Instance member = instance(group(), "i-1");
  member.launch_template = {groups::LaunchTemplateId{"lt-1"}, "", "3"};
  member.lifecycle_state = LifecycleState::Detached;
  keep_outside(state, member, now());
  const auto& kept = model.standalone.at(InstanceId{"i-1"}).value;
  CHECK(kept.made_from == launch_template.versions.back());
  CHECK(kept.instance.lifecycle_state == LifecycleState::InService);
  flush();
  CHECK(is_stored("standalone/i-1"));
  member.id = InstanceId{"i-2"};
  member.lifecycle_state = LifecycleState::Terminated;
  keep_outside(state, member, now());
  const auto& ended = model.standalone.at(InstanceId{"i-2"}).value;
  CHECK(ended.made_from.instance_type == "t3.nano");
  CHECK(ended.made_from.user_data.empty());  // nothing runs it again
  member.id = InstanceId{"i-3"};
  member.launch_template.id = groups::LaunchTemplateId{"lt-gone"};
  keep_outside(state, member, now());
  CHECK(model.standalone.at(InstanceId{"i-3"}).value.made_from == groups::LaunchTemplateVersion{});
}

}  // namespace tidegate::engine
