#include "replay/replay.h"

#include <doctest/doctest.h>

#include "replay/recorded_ports.h"
#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/group_template.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"

namespace tidegate::replay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kVersion = "1.2 test";
constexpr const char* kUser = "arn:aws:iam::000000000000:root";

/// A control plane over simulated ports that is recorded as `serve` records it.
class RecordedWorld {
 public:
  RecordedWorld() {
    recorder_.begin_recovery(clock_.now());
    REQUIRE(engine_.recover(clock_.now()).has_value());
  }

  Result<engine::Answer> execute(const engine::Command& command) {
    recorder_.begin_command({kUser}, command, clock_.now());
    return engine_.execute({kUser}, command, clock_.now());
  }

  void run_for(Duration duration) {
    const Instant end = clock_.now() + duration;
    while (clock_.now() < end) {
      tick(FrameKind::Tick);
      clock_.advance_to(clock_.now() + milliseconds{100});  // some are not due
    }
  }

  void wake() {
    engine_.wake();
    tick(FrameKind::WokenTick);
  }

  std::string recording() {
    recorder_.finish();
    return bytes_;
  }

  sim::Cloud& cloud() { return cloud_; }
  sim::FrontDoor& door() { return door_; }
  sim::MemoryStore& store() { return store_; }
  const engine::GroupModel& group() {
    return engine_.model().groups.at(groups::GroupName{sim::kGroupName});
  }
  const std::vector<std::string>& ledger() const { return ledger_; }

 private:
  void tick(FrameKind kind) {
    recorder_.begin_tick(clock_.now(), kind);
    engine_.tick(clock_.now());
    std::vector<std::string> lines;
    for (const auto& entry : engine_.take_ledger()) {
      lines.push_back(engine::to_json_line(entry));
    }
    recorder_.note_ledger(lines);
    ledger_.insert(ledger_.end(), lines.begin(), lines.end());
  }

  static engine::Settings settings() {
    engine::Settings settings;
    settings.home_id = "abc";
    settings.seed = 99;
    return settings;
  }

  sim::VirtualClock clock_{Instant{seconds{1767441871}}};
  sim::Cloud cloud_{clock_, Rng{5}, {64, 64 * 1024}};
  sim::FrontDoor door_{clock_, cloud_};
  sim::MemoryStore store_;
  sim::MemoryMetrics metrics_;
  sim::RecordingNotifier notifier_;
  sim::CacheFarm cache_{clock_};
  std::string bytes_;
  Recorder recorder_{[this](std::string_view some) { bytes_ += some; }, settings(), kVersion};
  RecordedPorts ports_{engine::Ports{cloud_, door_, store_, metrics_, notifier_, cache_},
                       recorder_};
  engine::Engine engine_{settings(), ports_.ports()};
  std::vector<std::string> ledger_;
};

void load_all(RecordedWorld& world, double share) {
  for (const auto& [id, instance] : world.cloud().instances()) {
    world.cloud().set_load(id, share);
  }
}

/// Out and in by load, a lost instance, a user's wish, a store that fails for a while.
void live(RecordedWorld& world) {
  const engine::CreateStack create{stacks::StackName{"web"}, sim::make_template({}), "/t", {}, {}};
  REQUIRE(world.execute(create).has_value());
  world.run_for(seconds{20});
  load_all(world, 0.95);
  world.run_for(seconds{20});
  REQUIRE(world.group().group.desired_capacity == 2);
  world.wake();
  world.cloud().lose(world.group().instances.begin()->first);
  world.run_for(seconds{15});
  world.store().fail_with(Error{ErrorCode::ResourceExhausted, "DiskFull", "the disk is full"});
  world.run_for(seconds{3});
  world.store().fail_with(std::nullopt);
  REQUIRE(
      world.execute(engine::SetDesiredCapacity{groups::GroupName{sim::kGroupName}, 3}).has_value());
  CHECK_FALSE(world.execute(engine::SetDesiredCapacity{groups::GroupName{"no"}, 3}).has_value());
  world.door().set_connected(false);
  world.run_for(seconds{5});
  world.door().set_connected(true);
  load_all(world, 0.05);
  world.run_for(seconds{150});
  REQUIRE(world.group().group.desired_capacity == 1);
}

struct Again {
  Replayed result;
  std::vector<std::string> ledger;
};

Again again(const std::string& recording) {
  Again run;
  auto result = replay(recording, kVersion, [&run](const engine::LedgerEntry& entry) {
    run.ledger.push_back(engine::to_json_line(entry));
  });
  REQUIRE_MESSAGE(result.has_value(), (result ? "" : result.error().message));
  run.result = std::move(*result);
  return run;
}

TEST_CASE("replay: a recording gives the same ledger, byte for byte") {
  RecordedWorld world;
  live(world);
  const Again run = again(world.recording());
  CHECK(run.result.difference == "");
  CHECK(run.result.commands == 3);
  CHECK(run.result.ticks > 500);
  CHECK_FALSE(run.result.is_cut);
  CHECK(run.result.ledger_entries == world.ledger().size());
  CHECK(run.ledger == world.ledger());
  CHECK(world.ledger().size() > 20);
}

TEST_CASE("replay: a recording that was cut replays up to there") {
  RecordedWorld world;
  live(world);
  const std::string whole = world.recording();
  const Again run = again(whole.substr(0, whole.size() / 2));
  CHECK(run.result.difference == "");
  CHECK(run.result.is_cut);
  REQUIRE(run.ledger.size() < world.ledger().size());
  CHECK(std::equal(run.ledger.begin(), run.ledger.end(), world.ledger().begin()));
}

TEST_CASE("replay: another course is noticed, and where") {
  RecordedWorld world;
  live(world);
  std::string recording = world.recording();
  const auto at = recording.find("LowEvaluationPeriods");
  CHECK(at == std::string::npos);
  const auto target = recording.find("TargetValue: 70");
  REQUIRE(target != std::string::npos);
  recording[target + 13] = '9';  // the template of the recorded command has another target now
  const Again run = again(recording);
  CAPTURE(run.result.difference);
  CHECK(run.result.difference.starts_with("at 2026-01-03T12:"));
}

TEST_CASE("replay: what is no recording of this build is refused") {
  const auto refusal = [](const std::string& text) {
    return replay(text, kVersion, {}).error().message;
  };
  CHECK(refusal("").starts_with("it is no recording"));
  CHECK(refusal("hello\n").starts_with("it is no recording"));
  CHECK(refusal("tidegate-recording 1 0.9\nx") ==
        "it was recorded by version 0.9, this is 1.2 test: a recording is replayed by the build "
        "that made it");
  CHECK(refusal("tidegate-recording 1 1.2 test\n\x7f") == "its head is cut");
}

}  // namespace
}  // namespace tidegate::replay
