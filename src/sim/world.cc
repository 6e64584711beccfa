#include "sim/world.h"

#include <algorithm>

namespace tidegate::sim {
namespace {

using groups::LifecycleState;

const Instant kBegin{std::chrono::seconds{1767441871}};  // 2026-01-03T12:04:31Z
constexpr ports::HostCapacity kHost{64, 64 * 1024};
constexpr Duration kIdleInterval = std::chrono::seconds{30};
// What is not written stays unwritten: it is seen a few changes later, too.
constexpr std::uint64_t kStoreCheckEach = 8;
constexpr Duration kRestartTime = std::chrono::seconds{1};  // of a control plane that crashed

}  // namespace

World::World(std::uint64_t seed)
    : clock_(kBegin),
      rng_(seed),
      cloud_(clock_, rng_.fork(), kHost),
      door_(clock_, cloud_),
      cache_(clock_),
      workload_(clock_, cloud_, door_, rng_.fork()),
      watch_(clock_, cloud_, door_, store_) {
  store_.set_gate([this] { return spend_operation(); });
  notifier_.set_gate([this] { return spend_operation(); });
  door_.set_gate([this] { return spend_operation(); });
  cache_.set_gate([this] { return spend_operation(); });
  cloud_.set_gate([this](const ComputeCall& call) {
    if (!spend_operation()) {
      return false;
    }
    watch_.before_call(call);
    return true;
  });
  start();
}

bool World::spend_operation() {
  const std::uint64_t operation = operations_++;
  if (power_ && crash_point_ && crash_point_->operation == operation) {
    power_ = false;
    return std::exchange(crash_point_, {})->moment == CrashPoint::Moment::After;
  }
  if (operations_left_) {
    if (*operations_left_ == 0) {
      power_ = false;
      operations_left_.reset();
    } else {
      --*operations_left_;
    }
  }
  return power_;
}

void World::start() {
  ++starts_;
  engine::Settings settings;
  settings.home_id = "sim";
  settings.epoch = starts_;
  settings.seed = rng_.next();
  engine_ = std::make_unique<engine::Engine>(
      settings, engine::Ports{cloud_, door_, store_, metrics_, notifier_, cache_});
  const Status recovered = engine_->recover(clock_.now());
  if (!recovered) {
    watch_.breach("the control plane cannot read its state: " + recovered.error().message);
  }
  watch_.after_recovery(engine_->model());
  watch_.check_store(engine_->model());
  due_ = clock_.now();
  starts_at_.reset();
}

void World::crash(Duration down) {
  engine_.reset();
  power_ = true;
  operations_left_.reset();
  starts_at_ = clock_.now() + down;
  if (down == Duration{0}) {
    start();
  }
}

/// A control plane that lost its power in the middle of something is gone; a new one follows.
void World::settle_power() {
  if (!power_) {
    crash(kRestartTime);
  }
}

Result<engine::Answer> World::execute(const engine::Command& command) {
  if (engine_ == nullptr) {
    start();
  }
  auto answer = engine_->execute({"arn:aws:iam::000000000000:root"}, command, clock_.now());
  collect();
  const bool lost_answer = !power_;
  settle_power();
  due_ = clock_.now();
  if (lost_answer && patient_clients_) {
    run_for(kRestartTime);
    return execute(command);
  }
  return answer;
}

void World::collect() {
  for (const auto& entry : engine_->take_ledger()) {
    ledger_.push_back(engine::to_json_line(entry));
  }
}

void World::step() {
  if (starts_at_ && clock_.now() >= *starts_at_) {
    start();
  }
  door_.probe_due();
  workload_.advance();
  if (engine_ == nullptr) {
    return;
  }
  const std::size_t entries = ledger_.size();
  due_ = engine_->tick(clock_.now());
  collect();
  const bool changed = ledger_.size() != entries || store_.appends() != appends_seen_;
  if (power_ && changed) {
    watch_.after_tick(engine_->model());
    if (++changes_ % kStoreCheckEach == 0) {
      watch_.check_store(engine_->model());
    }
  }
  appends_seen_ = store_.appends();
  for (std::string& sentence : workload_.take_breaches()) {
    watch_.breach(std::move(sentence));
  }
  settle_power();
}

Instant World::next_instant(Pace pace) {
  const Instant soonest = clock_.now() + Duration{1};
  if (pace == Pace::Idle) {
    return clock_.now() + kIdleInterval;
  }
  Instant next = workload_.next_due();
  if (engine_ != nullptr) {
    next = std::min(next, due_);
  }
  if (starts_at_) {
    next = std::min(next, *starts_at_);
  }
  return std::max(next, soonest);
}

void World::run_for(Duration duration, Pace pace) {
  const Instant end = clock_.now() + duration;
  while (true) {
    step();
    const Instant next = next_instant(pace);
    if (next > end) {
      clock_.advance_to(end);
      return;
    }
    clock_.advance_to(next);
  }
}

std::string World::unsettled_group(const engine::GroupModel& group) const {
  std::int32_t serving = 0;
  for (const auto& [id, instance] : group.instances) {
    if (instance.lifecycle_state != LifecycleState::InService) {
      return id.value + " is " + std::string{to_string(instance.lifecycle_state)} + ", stage " +
             std::string{to_string(instance.stage)};
    }
    const SimulatedInstance* seen = nullptr;
    if (const auto found = cloud_.instances().find(id); found != cloud_.instances().end()) {
      seen = &found->second;
    }
    if (seen == nullptr || !cloud_.passes_health(*seen) || seen->stopped_at) {
      return id.value + " is InService and does not serve";
    }
    if (instance.health_status != groups::HealthStatus::Healthy) {
      return id.value + " is Unhealthy: " + instance.health_reason;
    }
    if (instance.termination_reason != groups::TerminationReason::None) {
      return id.value + " is to be terminated";
    }
    ++serving;
  }
  if (serving != group.group.desired_capacity) {
    return std::to_string(serving) + " of " + std::to_string(group.group.desired_capacity) +
           " instances of " + group.group.name.value + " serve";
  }
  return group.blockers.empty() ? ""
                                : "no " + group.blockers[0].what + ": " + group.blockers[0].why;
}

std::string World::unsettled() const {
  if (engine_ == nullptr) {
    return "the control plane is down";
  }
  std::size_t known = 0;
  for (const auto& [name, group] : model().groups) {
    known += group.instances.size();
    if (std::string missing = unsettled_group(group); !missing.empty()) {
      return missing;
    }
  }
  if (cloud_.instances().size() != known) {
    return std::to_string(cloud_.instances().size()) + " instances exist, " +
           std::to_string(known) + " are known";
  }
  for (const auto& [name, stack] : model().stacks) {
    if (to_string(stack.status).find("IN_PROGRESS") != std::string_view::npos) {
      return "stack " + name.value + " is " + std::string{to_string(stack.status)};
    }
  }
  return "";
}

}  // namespace tidegate::sim
