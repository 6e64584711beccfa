// What a crash, a full disk and a damaged store do to a control plane.
#include <set>

#include <doctest/doctest.h>

#include "engine/fleet/fleet.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("recovery: after kill -9 everything is as it was, and nothing is launched again") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.3, seconds{20});
  const Model before = world.model();
  world.start();
  REQUIRE(world.recovered.has_value());
  CHECK(world.model().stacks == before.stacks);
  CHECK(world.model().launch_templates == before.launch_templates);
  CHECK(world.model().load_balancers == before.load_balancers);
  CHECK(world.model().listeners == before.listeners);
  CHECK(world.group().group == before.groups.at(kGroup).group);
  CHECK(world.group().instances == before.groups.at(kGroup).instances);
  CHECK(world.group().activities == before.groups.at(kGroup).activities);
  CHECK(world.group().stack == kStack);
  for (const auto& [arn, group] : before.target_groups) {
    CHECK(world.model().target_groups.at(arn).target_group == group.target_group);
  }
  for (const auto& [name, policy] : before.policies) {
    CHECK(world.model().policies.at(name).policy == policy.policy);
  }
  world.run_with_load(0.3, seconds{20});
  CHECK(world.cloud.launches() == 1);
  CHECK(world.serving().size() == 1);
}

TEST_CASE("recovery: a crash after any append loses and doubles nothing") {
  for (int crash_after = 1; crash_after <= 25; ++crash_after) {
    CAPTURE(crash_after);
    World world;
    REQUIRE(world.create().has_value());
    const auto planned = world.store.appends() + static_cast<std::uint64_t>(crash_after);
    while (world.store.appends() < planned &&
           world.clock.now() < Instant{seconds{1767441871 + 40}}) {
      world.run_for(milliseconds{20});
    }
    world.start();
    REQUIRE(world.recovered.has_value());
    world.run_for(seconds{30});
    CHECK(world.stack().status == stacks::Status::CreateComplete);
    CHECK(world.serving().size() == 1);
    CHECK(world.cloud.instances().size() == 1);
    CHECK(world.cloud.launches() == 1);
  }
}

TEST_CASE("recovery: decisions of before are known afterwards, and their sequence goes on") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.9, seconds{20});
  std::vector<std::string> lines;
  for (const LedgerEntry& entry : world.engine->take_ledger()) {
    lines.push_back(to_json_line(entry));
  }
  REQUIRE(lines.size() > 3);
  std::vector<std::string> damaged = lines;
  damaged.insert(damaged.begin() + 1,
                 {"", "no JSON", lines[0], R"({"At":"2026-01-01T00:00:00Z"})"});
  world.start(damaged);
  const auto& ledger = world.model().ledger;
  REQUIRE(ledger.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(to_json_line(ledger[i]) == lines[i]);
  }
  CHECK(world.engine->take_ledger().empty());  // the file has them
  world.run_with_load(0.1, seconds{200});
  REQUIRE(ledger.size() > lines.size());
  CHECK(ledger[lines.size()].sequence == lines.size() + 1);
}

TEST_CASE("recovery: a stack in the middle of its deletion goes on") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{10});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(milliseconds{100});
  REQUIRE(world.stack().status == stacks::Status::DeleteInProgress);
  world.start();
  world.run_for(seconds{30});
  CHECK(world.stack().status == stacks::Status::DeleteComplete);
  CHECK(world.cloud.instances().empty());
}

TEST_CASE("recovery: an instance that only the driver knows is ended") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  ports::LaunchSpec stray;
  stray.id = groups::InstanceId{"i-00000000000000bad"};
  world.cloud.launch(stray);
  world.run_for(seconds{1});
  CHECK_FALSE(world.cloud.instances().contains(stray.id));
  CHECK(world.cloud.kills() == 1);
  CHECK(world.cloud.instances().size() == 1);
  world.run_for(seconds{20});
  CHECK(world.cloud.kills() == 1);  // what is gone is not killed again
}

TEST_CASE("recovery: what is of no group that the store has makes no group without a name") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  for (const char* key : {"instance/gone/i-1", "activity/gone/a-1"}) {
    const ports::StoreOperation stray{key, R"({"Id":"i-1","Group":"gone"})"};
    REQUIRE(world.store.append({stray}, 1, world.store.revision()).has_value());
  }
  world.start();
  REQUIRE(world.recovered.has_value());
  REQUIRE(world.model().groups.size() == 1);
  CHECK(world.group().group.name == kGroup);
}

TEST_CASE("recovery: what was asked for is asked for again when it is overdue, not before") {
  Asked asked;
  const Instant now{seconds{1767441871}};
  CHECK_FALSE(ask(asked, Asked::What::Nothing, now));
  CHECK(ask(asked, Asked::What::Kill, now));
  CHECK_FALSE(ask(asked, Asked::What::Nothing, now + kOverdue));
  CHECK_FALSE(ask(asked, Asked::What::Kill, now + kOverdue - Duration{1}));
  CHECK(ask(asked, Asked::What::Kill, now + kOverdue));
  CHECK_FALSE(ask(asked, Asked::What::Kill, now + kOverdue + Duration{1}));
  CHECK(ask(asked, Asked::What::Stop, now + kOverdue + Duration{1}));
}

TEST_CASE("recovery: a lost launch is asked for again, a lost kill too") {
  World world;
  world.cloud.boot_model().lose_launch = 1;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{2});
  CHECK(world.cloud.launches() == 1);
  CHECK(world.cloud.instances().empty());
  world.cloud.boot_model().lose_launch = 0;
  world.run_for(seconds{9});
  CHECK(world.cloud.launches() == 2);
  CHECK(world.serving().size() == 1);
  world.cloud.boot_model().lose_kill = 1;
  REQUIRE(world.execute(DeleteStack{kStack, DeleteStack::Haste::Now}).has_value());
  world.run_for(seconds{2});
  CHECK(world.cloud.instances().size() == 1);
  world.cloud.boot_model().lose_kill = 0;
  world.run_for(seconds{6});
  CHECK(world.cloud.instances().empty());
}

TEST_CASE(
    "recovery: with a full disk nothing is done that is not written, and everything once there is "
    "room") {
  World world;
  world.store.fail_with(Error{ErrorCode::ResourceExhausted, "DiskFull", "no space left on device"});
  const auto refused = world.create();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::ResourceExhausted);
  CHECK(world.model().stacks.empty());
  world.store.fail_with(std::nullopt);
  REQUIRE(world.create().has_value());
  world.run_for(seconds{6});
  REQUIRE(world.serving().size() == 1);

  world.store.fail_with(Error{ErrorCode::ResourceExhausted, "DiskFull", "no space left on device"});
  world.cloud.find(world.serving().at(0))->lost = true;
  world.run_for(seconds{10});
  CHECK(world.cloud.launches() == 1);
  REQUIRE(world.model().troubles.size() == 1);
  CHECK(world.model().troubles[0].find("no space left on device") != std::string::npos);
  world.store.fail_with(std::nullopt);
  world.run_for(seconds{10});
  CHECK(world.cloud.launches() == 2);
  CHECK(world.serving().size() == 1);
  CHECK(world.model().troubles.empty());
}

TEST_CASE("recovery: an entry that is no JSON is refused by its key") {
  World world;
  REQUIRE(world.create().has_value());
  const auto revision = world.store.revision();
  REQUIRE(world.store.append({{"group/web-asg", "{broken"}}, 9, revision).has_value());
  world.start();
  REQUIRE_FALSE(world.recovered.has_value());
  CHECK(world.recovered.error().code == ErrorCode::Corrupt);
  CHECK(world.recovered.error().message.find("group/web-asg") != std::string::npos);
}

TEST_CASE("recovery: another control plane's write is not overwritten") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_for(seconds{5});
  REQUIRE(world.store.append({{"elsewhere", "1"}}, 99, world.store.revision()).has_value());
  const auto refused = world.execute(SetDesiredCapacity{kGroup, 2});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::FailedPrecondition);
  CHECK(world.group().group.desired_capacity == 1);
}

}  // namespace
}  // namespace tidegate::engine
