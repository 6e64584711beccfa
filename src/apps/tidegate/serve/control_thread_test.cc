#include "apps/tidegate/serve/control_thread.h"

#include <future>

#include <doctest/doctest.h>

#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"

namespace tidegate::apps {
namespace {

/// An engine over the ports ports; only the control thread uses it once that runs.
struct SimulatedPorts {
  sim::VirtualClock clock{Instant{std::chrono::hours{24}}};
  sim::Cloud cloud{clock, Rng{1}, ports::HostCapacity{8, 8192}};
  sim::FrontDoor door{clock, cloud};
  sim::MemoryStore store;
  sim::MemoryMetrics metrics;
  sim::RecordingNotifier notifier;
  sim::CacheFarm caches{clock};
  engine::Engine engine{engine::Settings{}, {cloud, door, store, metrics, notifier, caches}};

  SimulatedPorts() { REQUIRE(engine.recover(clock.now()).has_value()); }
};

engine::CreateStack a_stack() {
  engine::CreateStack command;
  command.name = stacks::StackName{"s"};
  command.template_body =
      "Metadata:\n"
      "  Tidegate:\n"
      "    Images: { ami-1: { Process: { Layers: [host] } } }\n"
      "Resources:\n"
      "  Template:\n"
      "    Type: AWS::EC2::LaunchTemplate\n"
      "    Properties:\n"
      "      LaunchTemplateData: { ImageId: ami-1, InstanceType: t3.micro }\n"
      "  Group:\n"
      "    Type: AWS::AutoScaling::AutoScalingGroup\n"
      "    Properties:\n"
      "      MinSize: '1'\n"
      "      MaxSize: '2'\n"
      "      AvailabilityZones: [eu-west-2a]\n"
      "      LaunchTemplate: { LaunchTemplateId: !Ref Template, Version: '1' }\n";
  return command;
}

/// What the command is answered, and whether the view that any thread gets then shows stack `s`.
std::pair<Result<engine::Answer>, bool> ask(ControlThread& thread, engine::Command command) {
  std::promise<std::pair<Result<engine::Answer>, bool>> promise;
  auto answered = promise.get_future();
  thread.post({"arn:aws:iam::000000000000:root"},
              std::move(command),
              [&promise, &thread](Result<engine::Answer> answer) {
                const bool seen = thread.view()->stacks.contains(stacks::StackName{"s"});
                promise.set_value({std::move(answer), seen});
              });
  return answered.get();
}

TEST_CASE("control thread: whoever has an answer sees in the view what the command did") {
  SimulatedPorts ports;
  ControlThread thread{ports.engine, ports.clock, ports.cloud, {}};
  CHECK(thread.view()->stacks.empty());
  const auto [answer, seen] = ask(thread, a_stack());
  CHECK(answer.has_value());
  CHECK(seen);
  const auto [again, still_seen] = ask(thread, a_stack());
  CHECK(again.error().name == "AlreadyExistsException");
  CHECK(still_seen);
}

TEST_CASE("control thread: once stopped it answers that it is going, and keeps its last view") {
  SimulatedPorts ports;
  ControlThread thread{ports.engine, ports.clock, ports.cloud, {}};
  REQUIRE(ask(thread, a_stack()).first.has_value());
  thread.stop();
  const auto [answer, seen] = ask(thread, a_stack());
  CHECK(answer.error().code == ErrorCode::Unavailable);
  CHECK(seen);
}

TEST_CASE("control thread: what was decided reaches the ledger's hook before the thread ends") {
  SimulatedPorts ports;
  std::vector<engine::LedgerEntry> written;  // the thread's until it ended
  std::promise<void> first;
  auto told = first.get_future();
  ControlHooks hooks;
  hooks.ledger = [&, once = false](const std::vector<engine::LedgerEntry>& entries) mutable {
    written.insert(written.end(), entries.begin(), entries.end());
    if (!std::exchange(once, true)) {
      first.set_value();
    }
  };
  ControlThread thread{ports.engine, ports.clock, ports.cloud, std::move(hooks)};
  REQUIRE(ask(thread, a_stack()).first.has_value());
  told.get();
  thread.stop();
  REQUIRE_FALSE(written.empty());
  CHECK(written.front().sequence == 1);
  CHECK(written.size() == ports.engine.model().ledger.size());
  CHECK(ports.engine.take_ledger().empty());
}

}  // namespace
}  // namespace tidegate::apps
