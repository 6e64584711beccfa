#include "balancer/health_table.h"

#include <algorithm>

#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::balancer {
namespace {

constexpr std::size_t kCookieKeyBytes = 32;

std::string key_of(const balancing::TargetGroupArn& group, const balancing::TargetConfig& target) {
  return group.value + '\n' + target.id + '\n' + target.address + '\n' +
         std::to_string(target.port);
}

std::uint16_t probe_port(const balancing::HealthCheck& check, std::uint16_t traffic_port) {
  const std::optional<std::int64_t> port = parse_int(check.port);
  return port && *port > 0 && *port <= 65535 ? static_cast<std::uint16_t>(*port) : traffic_port;
}

// An address that is none (nothing listens on port 0) makes every connect fail, and says so.
net::SocketAddress address_of(const std::string& host, std::uint16_t port) {
  Result<net::SocketAddress> address = net::SocketAddress::ip(host, port);
  if (address) return *address;
  return *net::SocketAddress::ip("127.0.0.1", 0);
}

}  // namespace

HealthTable::HealthTable(net::EventLoop& loop, std::size_t workers, StartProbe start_probe)
    : loop_(loop),
      workers_(workers),
      start_probe_(std::move(start_probe)),
      own_cookie_key_(net::random_bytes(kCookieKeyBytes)) {}

HealthTable::~HealthTable() {
  for (const auto& [key, target] : targets_) {
    cancel(*target);
  }
}

std::unique_ptr<Snapshot> HealthTable::apply(const balancing::DataPlaneConfig& config) {
  for (const auto& [arn, group] : groups_) {
    group->mentioned = false;
  }
  for (const auto& [key, target] : targets_) {
    target->mentioned = false;
  }
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = config.generation;
  for (const balancing::TargetGroupConfig& group_config : config.target_groups) {
    Group& group = take_group(group_config);
    SnapshotGroup& compiled = snapshot->groups.emplace_back();
    compiled.state = &group.state;
    for (Target* target : group.targets) {
      compiled.targets.push_back({&target->state, target->config.intent});
    }
    if (group_config.stickiness.enabled) {
      const std::string& given = config.cookie_key;
      compiled.sticky.emplace(group_config, given.empty() ? own_cookie_key_ : given);
    }
  }
  for (const balancing::ListenerConfig& listener : config.listeners) {
    snapshot->listeners.push_back(
        {.address = listener.address,
         .port = listener.port,
         .load_balancer = &load_balancer(listener.load_balancer),
         .idle_timeout = listener.idle_timeout,
         .routes = balancing::RouteTable{listener, config.target_groups}});
  }
  retire_unmentioned();
  return snapshot;
}

HealthTable::Group& HealthTable::take_group(const balancing::TargetGroupConfig& config) {
  std::unique_ptr<Group>& group = groups_[config.arn];
  if (!group) {
    group = std::make_unique<Group>();
    group->state.arn = config.arn;
  }
  group->mentioned = true;
  group->config = config;
  group->targets.clear();
  for (const balancing::TargetConfig& target : config.targets) {
    group->targets.push_back(&take_target(*group, target));
  }
  return *group;
}

HealthTable::Target& HealthTable::take_target(Group& group, const balancing::TargetConfig& config) {
  std::unique_ptr<Target>& target = targets_[key_of(group.config.arn, config)];
  std::optional<balancing::TargetStatus> before;
  if (target) {
    before = target->status;
    if (target->config.incarnation != config.incarnation) {
      cancel(*target);  // an outcome of the old incarnation tells nothing about the new one
      target->seen = false;
      target->probed_at.reset();
    }
  } else {
    target = std::make_unique<Target>(workers_);
    target->state.id = config.id;
    target->state.port = config.port;
    target->state.address = address_of(config.address, config.port);
    target->state.host = target->state.address.text();
  }
  target->mentioned = true;
  target->group = &group;
  target->config = config;
  if (config.intent == balancing::TargetIntent::Serving) {
    target->draining_since.reset();
  } else if (!target->draining_since) {
    target->draining_since = net::monotonic_now();
  }
  target->status = balancing::configured(before, group.config, config, net::monotonic_now());
  publish_eligibility(*target);
  schedule(*target);
  return *target;
}

LoadBalancerState& HealthTable::load_balancer(const balancing::LoadBalancerArn& arn) {
  std::unique_ptr<LoadBalancerState>& state = load_balancers_[arn];
  if (!state) {
    state = std::make_unique<LoadBalancerState>(workers_);
    state->arn = arn;
  }
  return *state;
}

void HealthTable::retire_unmentioned() {
  for (auto at = targets_.begin(); at != targets_.end();) {
    if (at->second->mentioned) {
      ++at;
      continue;
    }
    cancel(*at->second);
    retired_targets_.push_back(std::move(at->second));
    at = targets_.erase(at);
  }
  for (auto at = groups_.begin(); at != groups_.end();) {
    if (at->second->mentioned) {
      ++at;
      continue;
    }
    retired_groups_.push_back(std::move(at->second));
    at = groups_.erase(at);
  }
}

void HealthTable::reclaim() {
  std::erase_if(retired_targets_, [](const std::unique_ptr<Target>& target) {
    return std::ranges::all_of(target->state.per_worker, [](const TargetCounters& counters) {
      return counters.held.get() == 0;
    });
  });
  retired_groups_.clear();
}

void HealthTable::publish_eligibility(Target& target) {
  const balancing::Eligibility now = balancing::eligibility(target.status, target.config);
  if (target.state.eligibility.exchange(now, std::memory_order_relaxed) == now) return;
  target.group->state.choice_epoch.fetch_add(1, std::memory_order_release);
}

void HealthTable::schedule(Target& target) {
  const auto plan = balancing::probe_plan(target.status, target.group->config, target.config);
  if (target.timer) {
    loop_.cancel(*target.timer);
    target.timer.reset();
  }
  if (!plan) {
    cancel(target);
    return;
  }
  if (target.token != 0) return;  // the next one is planned when this one's outcome is here
  const MonotonicInstant now = net::monotonic_now();
  const MonotonicInstant due = target.probed_at ? *target.probed_at + plan->interval : now;
  target.timer = loop_.after(due > now ? due - now : MonotonicTime::duration{0},
                             [this, &target] { probe(target); });
}

void HealthTable::probe(Target& target) {
  target.timer.reset();
  const auto plan = balancing::probe_plan(target.status, target.group->config, target.config);
  if (!plan) return;
  target.status = balancing::probe_started(std::move(target.status));
  target.probed_at = net::monotonic_now();
  target.token = next_token_++;
  probes_.emplace(target.token, &target);
  const balancing::HealthCheck& check = target.group->config.health_check;
  const std::uint16_t port = probe_port(check, target.config.port);
  start_probe_({.token = target.token,
                .address = address_of(target.config.address, port),
                .path = check.path,
                .timeout = plan->timeout});
}

void HealthTable::cancel(Target& target) {
  if (target.timer) loop_.cancel(*target.timer);
  target.timer.reset();
  probes_.erase(target.token);
  target.token = 0;
}

void HealthTable::finish_probe(const ProbeResult& result) {
  const auto found = probes_.find(result.token);
  if (found == probes_.end()) return;
  Target& target = *found->second;
  probes_.erase(found);
  target.token = 0;
  target.seen = true;
  target.status = balancing::after_probe(std::move(target.status),
                                         target.group->config.health_check,
                                         result.outcome,
                                         net::monotonic_now());
  publish_eligibility(target);
  schedule(target);
}

bool HealthTable::all_seen() const {
  return std::ranges::all_of(targets_, [](const auto& entry) {
    const Target& target = *entry.second;
    return target.seen ||
           !balancing::probe_plan(target.status, target.group->config, target.config);
  });
}

namespace {

void add_times(const TargetCounters& counters, balancing::TargetReport& report) {
  for (std::size_t i = 0; i < kTimeBins; ++i) {
    if (const std::uint64_t answers = counters.response_times[i].get(); answers > 0) {
      report.response_times[kFirstTimeBin + static_cast<std::int32_t>(i)] += answers;
    }
  }
}

}  // namespace

std::vector<balancing::TargetReport> HealthTable::target_reports() {
  const bool timed = targets_.size() <= balancing::kMaxTimedTargets;
  std::vector<balancing::TargetReport> out;
  out.reserve(targets_.size());
  for (const auto& [key, target] : targets_) {
    balancing::TargetReport& report = out.emplace_back();
    report.target_group = target->group->config.arn;
    report.id = target->config.id;
    report.port = target->config.port;
    report.health = target->status.health;
    report.last_probe = target->status.last_probe;
    report.ever_healthy = target->status.ever_healthy;
    report.applied_intent = target->config.intent;
    if (target->draining_since) {
      report.draining_for =
          std::chrono::duration_cast<Duration>(net::monotonic_now() - *target->draining_since);
    }
    std::uint64_t nanoseconds = 0, slowest = 0;
    for (TargetCounters& counters : target->state.per_worker) {
      report.requests += counters.requests.get();
      report.responses_2xx += counters.responses[0].get();
      report.responses_3xx += counters.responses[1].get();
      report.responses_4xx += counters.responses[2].get();
      report.responses_5xx += counters.responses[3].get();
      report.connection_errors += counters.connection_errors.get();
      report.response_time_count += counters.response_count.get();
      report.in_flight += counters.in_flight.get();
      report.websockets += counters.websockets.get();
      nanoseconds += counters.response_nanoseconds.get();
      slowest = std::max(slowest, counters.response_nanoseconds_max.take());
      if (timed && counters.response_count.get() > 0) add_times(counters, report);
    }
    report.response_time_sum = static_cast<double>(nanoseconds) / 1e9;
    report.response_time_max = static_cast<double>(slowest) / 1e9;
  }
  return out;
}

std::vector<balancing::LoadBalancerReport> HealthTable::load_balancer_reports() const {
  std::vector<balancing::LoadBalancerReport> out;
  for (const auto& [arn, state] : load_balancers_) {
    balancing::LoadBalancerReport& report = out.emplace_back();
    report.arn = arn;
    for (const LoadBalancerCounters& counters : state->per_worker) {
      report.requests += counters.requests.get();
      report.new_connections += counters.new_connections.get();
      report.rejected_connections += counters.rejected_connections.get();
      report.processed_bytes += counters.processed_bytes.get();
      report.active_connections += counters.active_connections.get();
      report.elb_3xx += counters.elb_3xx.get();
      report.elb_4xx += counters.elb_4xx.get();
      report.elb_5xx += counters.elb_5xx.get();
      report.elb_500 += counters.elb_500.get();
      report.elb_502 += counters.elb_502.get();
      report.elb_503 += counters.elb_503.get();
      report.elb_504 += counters.elb_504.get();
      report.rule_evaluations += counters.rule_evaluations.get();
    }
  }
  return out;
}

}  // namespace tidegate::balancer
