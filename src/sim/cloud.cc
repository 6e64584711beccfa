#include "sim/cloud.h"

#include <algorithm>

namespace tidegate::sim {
namespace {

// CONTRACT "An instance", 1.
constexpr Duration kRestartWindow = std::chrono::seconds{60};
constexpr std::int32_t kMaxRestarts = 5;
constexpr Duration kFirstRestartDelay = std::chrono::milliseconds{200};
constexpr Duration kLongestRestartDelay = std::chrono::seconds{30};

}  // namespace

Cloud::Cloud(VirtualClock& clock, Rng rng, ports::HostCapacity host)
    : clock_(clock), rng_(rng), host_(host) {}

Status Cloud::check_image(const ports::ProcessImage& image) const {
  for (const auto& layer : image.layers) {
    if (layer.find("missing") != std::string::npos) {
      return Error{ErrorCode::InvalidArgument,
                   "InvalidAMIID.NotFound",
                   "the image's layer '" + layer + "' does not exist"};
    }
  }
  return Ok{};
}

Duration Cloud::between(Duration low, Duration high) {
  const auto span = std::max<std::int64_t>(1, (high - low).count());
  return low + Duration{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(span)))};
}

bool Cloud::gets_through(ComputeCall::What what, const groups::InstanceId& id, std::string group) {
  return !gate_ || gate_(ComputeCall{what, id, std::move(group)});
}

void Cloud::launch(const ports::LaunchSpec& spec) {
  if (!gets_through(ComputeCall::What::Launch, spec.id, spec.group_name)) {
    return;
  }
  ++launches_;
  if (instances_.contains(spec.id) || rng_.uniform() < boot_model_.lose_launch) {
    return;
  }
  if (boot_model_.launch_delay > Duration{0}) {
    late_.push_back({clock_.now() + boot_model_.launch_delay, spec});
    return;
  }
  accept(spec);
}

void Cloud::accept(const ports::LaunchSpec& spec) {
  if (instances_.contains(spec.id)) {
    return;
  }
  SimulatedInstance made;
  made.spec = spec;
  made.accepted = clock_.now();
  made.accounted = made.accepted;
  made.running_at = made.accepted + between(boot_model_.boot_min, boot_model_.boot_max);
  made.serving_at = made.running_at + between(boot_model_.start_min, boot_model_.start_max);
  made.address = "10.64." + std::to_string(next_address_ / 250) + "." +
                 std::to_string(next_address_ % 250 + 1);
  ++next_address_;
  made.fails_user_data = rng_.uniform() < boot_model_.fail_user_data;
  if (made.fails_user_data) {
    made.exited_at = made.running_at + std::chrono::milliseconds{50};
  }
  made.frozen = rng_.uniform() < boot_model_.never_serves;
  instances_.emplace(spec.id, std::move(made));
}

/// What time has brought since the last look: late launches, restarts in place.
void Cloud::catch_up() {
  const Instant now = clock_.now();
  for (const PendingLaunch& launch : late_) {
    if (now >= launch.arrives) {
      accept(launch.spec);
    }
  }
  std::erase_if(late_, [now](const PendingLaunch& launch) { return now >= launch.arrives; });
  for (auto& [id, instance] : instances_) {
    if (instance.restarts_at && now >= *instance.restarts_at) {
      restart_in_place(instance);
    }
  }
}

void Cloud::restart_in_place(SimulatedInstance& instance) {
  const Instant now = *instance.restarts_at;
  instance.restarts_at.reset();
  ++instance.incarnation;
  std::erase_if(instance.restart_times, [now](Instant t) { return now - t > kRestartWindow; });
  instance.restart_times.push_back(now);
  instance.restarts = static_cast<std::int32_t>(instance.restart_times.size());
  instance.status_check_failed = instance.restarts >= kMaxRestarts;
  instance.serving_at = now + between(boot_model_.start_min, boot_model_.start_max);
}

void Cloud::stop(const groups::InstanceId& id) {
  if (!gets_through(ComputeCall::What::Stop, id, "")) {
    return;
  }
  SimulatedInstance* instance = find(id);
  if (instance == nullptr || instance->stopped_at || instance->exited_at) {
    return;
  }
  instance->stopped_at = clock_.now();
  instance->exited_at = clock_.now() + between(boot_model_.stop_min, boot_model_.stop_max);
  instance->restarts_at.reset();
}

void Cloud::kill(const groups::InstanceId& id) {
  if (!gets_through(ComputeCall::What::Kill, id, "")) {
    return;
  }
  ++kills_;
  if (rng_.uniform() >= boot_model_.lose_kill) {
    instances_.erase(id);
    std::erase_if(late_, [&id](const PendingLaunch& launch) { return launch.spec.id == id; });
  }
}

void Cloud::set_target_lifecycle_state(const groups::InstanceId& id, const std::string& state) {
  if (SimulatedInstance* instance = find(id); instance != nullptr) {
    instance->target_lifecycle_state = state;
  }
}

void Cloud::exit(const groups::InstanceId& id) {
  if (SimulatedInstance* instance = find(id); instance != nullptr && !instance->exited_at) {
    instance->exited_at = clock_.now();
    instance->restarts_at.reset();
  }
}

void Cloud::lose(const groups::InstanceId& id) {
  if (SimulatedInstance* instance = find(id)) {
    instance->lost = true;
  }
}

void Cloud::crash(const groups::InstanceId& id) {
  SimulatedInstance* instance = find(id);
  if (instance != nullptr && is_alive(*instance) && !instance->stopped_at) {
    const std::int32_t doublings = std::min(instance->restarts, 7);
    const Duration back_off = kFirstRestartDelay * (1 << doublings);
    instance->restarts_at = clock_.now() + std::min<Duration>(back_off, kLongestRestartDelay);
  }
}

void Cloud::set_stale(bool stale) {
  if (stale && !stale_) {
    stale_ = snapshot();
  } else if (!stale) {
    stale_.reset();
  }
}

SimulatedInstance* Cloud::find(const groups::InstanceId& id) {
  const auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : &found->second;
}

const SimulatedInstance* Cloud::at_address(const std::string& address) const {
  for (const auto& [id, instance] : instances_) {
    if (instance.address == address) {
      return &instance;
    }
  }
  return nullptr;
}

bool Cloud::is_alive(const SimulatedInstance& instance) const {
  const Instant now = clock_.now();
  return !instance.lost && !instance.restarts_at && now >= instance.running_at &&
         !(instance.exited_at && now >= *instance.exited_at);
}

bool Cloud::serves(const SimulatedInstance& instance) const {
  return is_alive(instance) && !instance.frozen && !instance.fails_user_data &&
         clock_.now() >= instance.serving_at;
}

void Cloud::account(SimulatedInstance& instance) {
  const Instant now = clock_.now();
  const double quota = instance.spec.size.vcpus;
  if (now >= instance.running_at && !(instance.exited_at && *instance.exited_at <= now)) {
    instance.cpu_used += from_seconds(seconds_of(now - instance.accounted) * instance.load * quota);
  }
  instance.accounted = now;
}

void Cloud::set_load(const groups::InstanceId& id, double share) {
  if (SimulatedInstance* instance = find(id)) {
    account(*instance);
    instance->load = std::clamp(share, 0.0, 1.0);
  }
}

ports::InstanceObservation Cloud::observe(const groups::InstanceId& id,
                                          SimulatedInstance& instance) {
  const Instant now = clock_.now();
  ports::InstanceObservation seen;
  seen.id = id;
  seen.cpu_quota = instance.spec.size.vcpus;
  seen.port = instance.spec.port;
  seen.incarnation = instance.incarnation;
  seen.restarts = instance.restarts;
  seen.status_check_failed = instance.status_check_failed;
  const bool exited = instance.exited_at && now >= *instance.exited_at;
  if (instance.lost) {
    seen.phase = ports::InstancePhase::Lost;
    seen.failure = "its shim is gone";
    return seen;
  }
  if (now < instance.running_at) {
    return seen;
  }
  seen.address = instance.address;
  seen.phase = exited                ? ports::InstancePhase::Exited
               : instance.stopped_at ? ports::InstancePhase::Stopping
                                     : ports::InstancePhase::Running;
  seen.process_alive = !exited && !instance.restarts_at;
  if (instance.restarts_at) {
    seen.user_data_exit_status = 137;
  }
  if (!metric_gap_) {
    account(instance);
    instance.shown_cpu = instance.cpu_used;
    instance.shown_at = instance.accounted;
  }
  seen.cpu_used = instance.shown_cpu;
  seen.sampled = instance.shown_at;
  seen.busiest_thread = instance.load;
  if (exited && instance.fails_user_data) {
    seen.user_data_exit_status = 1;
    seen.user_data_duration = std::chrono::milliseconds{50};
    seen.failing_line = groups::FailingLine{1, 3, "false"};
    seen.failure = "user data exited with status 1 in line 3";
    seen.console_tail = "line 3: false: exit 1";
  }
  return seen;
}

std::vector<ports::InstanceObservation> Cloud::snapshot() {
  catch_up();
  if (stale_) {
    return *stale_;
  }
  std::vector<ports::InstanceObservation> all;
  for (auto& [id, instance] : instances_) {
    all.push_back(observe(id, instance));
  }
  return all;
}

Result<ports::ConsoleChunk> Cloud::console(const groups::InstanceId& id,
                                           std::uint64_t /*offset*/,
                                           std::size_t /*max_bytes*/) {
  if (!instances_.contains(id)) {
    return Error{ErrorCode::NotFound,
                 "InvalidInstanceID.NotFound",
                 "The instance ID '" + id.value + "' does not exist"};
  }
  return ports::ConsoleChunk{"", 0};
}

}  // namespace tidegate::sim
