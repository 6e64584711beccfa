#include "sim/traces/trace_world.h"

#include <algorithm>
#include <cmath>

#include "sim/caches/cache_farm.h"
#include "sim/traces/service.h"

namespace tidegate::traces {
namespace {

using groups::InstanceId;

const Instant kDefaultBegin{std::chrono::seconds{1767225600}};    // 2026-01-01T00:00:00Z
constexpr ports::HostCapacity kHost{1e6, std::int64_t{1} << 40};  // the cloud has no end
constexpr Duration kLeadTime = std::chrono::minutes{15};          // for MinSize instances to start
constexpr Duration kProgressStep = std::chrono::hours{6};

double mean_boot(const stacks::BootTime& boot) {
  switch (boot.shape) {
    case stacks::BootTime::Shape::Fixed:
      return boot.seconds;
    case stacks::BootTime::Shape::Uniform:
      return boot.seconds + boot.spread / 2;
    case stacks::BootTime::Shape::LogNormal:
      return boot.seconds * std::exp(boot.spread * boot.spread / 2);
  }
  return boot.seconds;
}

double draw_boot(const stacks::BootTime& boot, Rng& rng) {
  switch (boot.shape) {
    case stacks::BootTime::Shape::Fixed:
      return boot.seconds;
    case stacks::BootTime::Shape::Uniform:
      return boot.seconds + boot.spread * rng.uniform();
    case stacks::BootTime::Shape::LogNormal:
      return boot.seconds * std::exp(rng.normal(0, boot.spread));
  }
  return boot.seconds;
}

/// Nobody reads metrics here: the template's own alarms are left.
class NoMetrics final : public ports::MetricStore {
 public:
  void put(std::span<const metrics::MetricSample>) override {}
  std::vector<metrics::Datapoint> read(const metrics::MetricId&,
                                       Instant,
                                       Instant,
                                       Duration) const override {
    return {};
  }
  std::vector<metrics::MetricId> list(const std::string&) const override { return {}; }
  std::string unit(const metrics::MetricId&) const override { return "None"; }
  std::vector<metrics::DistributionPoint> read_distributions(const metrics::MetricId&,
                                                             Instant,
                                                             Instant,
                                                             Duration) const override {
    return {};
  }
  std::optional<Instant> newest(const metrics::MetricId&) const override { return std::nullopt; }
};

/// What instances used and what became of the targets' requests is brought up to date before the
/// engine looks; launches boot as the template says, and are billed.
class MeteredCloud final : public ports::Compute {
 public:
  MeteredCloud(sim::VirtualClock& clock, sim::Cloud& cloud, const Plan& plan)
      : clock_(clock), cloud_(cloud), boot_(plan.simulation.boot), rng_(plan.seed) {
    auto& model = cloud_.boot_model();
    model.start_min = model.start_max = Duration{0};
  }

  ports::HostCapacity capacity() const override { return cloud_.capacity(); }
  std::vector<ports::Capability> capabilities() const override { return {}; }
  Status check_image(const ports::ProcessImage&) const override { return Ok{}; }
  void launch(const ports::LaunchSpec& spec) override {
    if (cloud_.find(spec.id) == nullptr) {
      const Duration boot = from_seconds(draw_boot(boot_, rng_));
      cloud_.boot_model().boot_min = cloud_.boot_model().boot_max = boot;
      begun_.emplace(spec.id, std::pair{spec.group_name, clock_.now()});
    }
    cloud_.launch(spec);
  }
  void stop(const InstanceId& id) override { cloud_.stop(id); }
  void set_target_lifecycle_state(const InstanceId& id, const std::string& state) override {
    cloud_.set_target_lifecycle_state(id, state);
  }
  std::vector<std::string> troubles() const override { return {}; }
  void kill(const InstanceId& id) override {
    if (const auto begun = begun_.find(id); begun != begun_.end()) {
      ended_.emplace_back(begun->second.first, begun->second.second, clock_.now());
      begun_.erase(begun);
    }
    cloud_.kill(id);
  }
  std::vector<ports::InstanceObservation> snapshot() override {
    before_look_();
    return cloud_.snapshot();
  }
  Result<ports::ConsoleChunk> console(const InstanceId& id,
                                      std::uint64_t offset,
                                      std::size_t max_bytes) override {
    return cloud_.console(id, offset, max_bytes);
  }

  void set_before_look(std::function<void()> hook) { before_look_ = std::move(hook); }
  /// What was billed for a group, in time since `origin`.
  std::vector<Billed> billed(const std::string& group, Instant origin) const {
    std::vector<Billed> all;
    for (const auto& [name, begin, end] : ended_) {
      if (name == group) {
        all.push_back({begin - origin, end - origin});
      }
    }
    for (const auto& [id, begun] : begun_) {
      if (begun.first == group) {
        all.push_back({begun.second - origin, clock_.now() - origin});
      }
    }
    return all;
  }

 private:
  sim::VirtualClock& clock_;
  sim::Cloud& cloud_;
  stacks::BootTime boot_;
  Rng rng_;
  std::function<void()> before_look_;
  std::map<InstanceId, std::pair<std::string, Instant>> begun_;
  std::vector<std::tuple<std::string, Instant, Instant>> ended_;
};

/// The same for the front door.
class MeteredDoor final : public ports::DataPlane {
 public:
  explicit MeteredDoor(sim::FrontDoor& door) : door_(door) {}
  void publish(const balancing::DataPlaneConfig& config) override { door_.publish(config); }
  const balancing::DataPlaneReport& report() override {
    before_look_();
    return door_.report();
  }
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override {
    return door_.assign_address(arn);
  }
  void release_address(const balancing::LoadBalancerArn& arn) override {
    door_.release_address(arn);
  }
  void set_before_look(std::function<void()> hook) { before_look_ = std::move(hook); }

 private:
  sim::FrontDoor& door_;
  std::function<void()> before_look_;
};

engine::Settings settings_of(const Plan& plan) {
  engine::Settings settings;
  settings.region = plan.region;
  settings.home_id = "sim";
  settings.instance_scale = 1;
  settings.seed = plan.seed;
  settings.purpose =
      plan.stepping == Stepping::SkipQuiet ? engine::Purpose::Estimate : engine::Purpose::Serve;
  return settings;
}

Duration lead_time(const stacks::BootTime& boot) {
  const auto starts = from_seconds(3 * mean_boot(boot));
  return kLeadTime + std::chrono::ceil<std::chrono::seconds>(starts);
}

class TraceWorld final : public engine::SteadyLoad {
 public:
  TraceWorld(const Plan& plan, const Trace& trace, const Sinks& sinks)
      : plan_(plan),
        trace_(trace),
        sinks_(sinks),
        begin_(trace.start.value_or(kDefaultBegin)),
        clock_(begin_ - lead_time(plan.simulation.boot)),
        cloud_(clock_, Rng{plan.seed}, kHost),
        door_(clock_, cloud_),
        metered_cloud_(clock_, cloud_, plan),
        metered_door_(door_),
        service_(trace, plan),
        engine_(settings_of(plan),
                engine::Ports{metered_cloud_, metered_door_, store_, metrics_, notifier_, cache_}) {
    metered_cloud_.set_before_look([this] { account(); });
    metered_door_.set_before_look([this] { account(); });
  }

  Result<Outcome> run() {
    TG_RETURN_IF_ERROR(engine_.recover(clock_.now()));
    engine::CreateStack command;
    command.name = stacks::StackName{"simulated"};
    command.template_body = plan_.template_text;
    command.template_folder = plan_.template_folder;
    command.parameters = plan_.parameters;
    TG_ASSIGN_OR_RETURN([[maybe_unused]] const auto answer,
                        engine_.execute({"arn:aws:iam::000000000000:root"}, command, clock_.now()));
    run_until(begin_);
    TG_RETURN_IF_ERROR(check_serving());
    const Duration length = trace_.length();
    for (Duration done{}; done < length; done += kProgressStep) {
      if (sinks_.progress) {
        sinks_.progress(seconds_of(done) / seconds_of(length));
      }
      run_until(begin_ + std::min(length, done + kProgressStep));
    }
    return outcome();
  }

  void advance_to(Instant t) override {
    clock_.advance_to(t);
    const Duration cpu_before = service_.cpu_used();
    const std::uint64_t requests_before = service_.requests();
    service_.advance_to(t - begin_);
    step_ = {service_.cpu_used() - cpu_before, service_.requests() - requests_before};
  }
  Use use_of(const groups::GroupName& group) const override {
    return group == plan_.group ? step_ : Use{};
  }

 private:
  const engine::GroupModel& group() const { return engine_.model().groups.at(plan_.group); }

  Status check_serving() const {
    const auto found = engine_.model().groups.find(plan_.group);
    const auto& stack = engine_.model().stacks.begin()->second;
    if (found == engine_.model().groups.end()) {
      return Error{
          ErrorCode::FailedPrecondition,
          "ValidationError",
          "the stack is " + std::string{to_string(stack.status)} + ": " + stack.status_reason};
    }
    if (service_.serving() >= found->second.group.min_size) {
      return Ok{};
    }
    std::string why;
    for (const auto& activity : found->second.activities) {
      why = why.empty() ? activity.status_message : why;
    }
    return Error{ErrorCode::FailedPrecondition,
                 "ValidationError",
                 "with BootSeconds " + to_text(plan_.simulation.boot) + " only " +
                     std::to_string(service_.serving()) + " of MinSize " +
                     std::to_string(found->second.group.min_size) + " instances come into service" +
                     (why.empty() ? "" : ": " + why)};
  }

  void run_until(Instant end) {
    while (clock_.now() < end) {
      Instant next = tick();
      if (plan_.stepping == Stepping::SkipQuiet) {
        next = engine_.coast(*this, std::min(end, steady_until()));
      }
      if (next > clock_.now()) {
        advance_to(std::min(next, end));
      }
    }
  }

  Instant tick() {
    ++whole_ticks_;
    const Instant due = engine_.tick(clock_.now());
    for (const engine::LedgerEntry& entry : engine_.take_ledger()) {
      note(entry);
    }
    settle_serving();
    return std::max(due, clock_.now() + Duration{1});
  }

  void note(const engine::LedgerEntry& entry) {
    if (sinks_.ledger) {
      sinks_.ledger(entry);
    }
    if (!entry.decided || entry.group != plan_.group.value || !entry.what.starts_with("desired ")) {
      return;
    }
    const std::int32_t to = group().group.desired_capacity;
    if (entry.at >= begin_ && to != desired_) {
      decisions_.push_back({entry.at, desired_, to, entry.why});
    }
    desired_ = to;
  }

  /// Who gets requests from now on.
  void settle_serving() {
    const auto found = engine_.model().groups.find(plan_.group);
    if (found == engine_.model().groups.end()) {
      return;
    }
    if (desired_ == 0) {
      desired_ = found->second.group.desired_capacity;
    }
    const auto routable = door_.routable_targets();
    serving_.clear();
    for (const auto& [id, instance] : found->second.instances) {
      const bool is_used = found->second.group.target_groups.empty()
                               ? instance.lifecycle_state == groups::LifecycleState::InService
                               : routable.contains(id.value);
      if (is_used && cloud_.find(id) != nullptr) {
        serving_.push_back(id);
        service_.set_quota(cloud_.find(id)->spec.size.vcpus);
      }
    }
    service_.set_serving(static_cast<std::int32_t>(serving_.size()));
  }

  /// Each instance in service gets what was used since the last look.
  void account() {
    const Duration cpu = service_.cpu_used();
    const std::uint64_t requests = service_.requests();
    for (const InstanceId& id : serving_) {
      if (sim::SimulatedInstance* instance = cloud_.find(id)) {
        instance->cpu_used += cpu - accounted_cpu_;
        door_.traffic(id.value).requests += requests - accounted_requests_;
      }
    }
    accounted_cpu_ = cpu;
    accounted_requests_ = requests;
  }

  /// Until when no instance starts or ends.
  Instant steady_until() {
    const Instant now = clock_.now();
    Instant until = Instant::max();
    for (const auto& [id, instance] : cloud_.instances()) {
      if (instance.stopped_at || instance.exited_at) {
        return now;
      }
      if (now < instance.serving_at) {
        until = std::min(until, instance.serving_at);
      }
    }
    return until;
  }

  Outcome outcome() const {
    Outcome outcome;
    const auto billed = metered_cloud_.billed(plan_.group.value, begin_);
    outcome.launches = static_cast<std::int32_t>(std::count_if(
        billed.begin(), billed.end(), [](const Billed& one) { return one.begin >= Duration{0}; }));
    outcome.scores = service_.finish(billed, from_seconds(mean_boot(plan_.simulation.boot)));
    outcome.decisions = decisions_;
    outcome.min_size = group().group.min_size;
    outcome.max_size = group().group.max_size;
    outcome.begin = begin_;
    outcome.chart_step = service_.chart_step();
    outcome.chart = service_.chart();
    outcome.whole_ticks = whole_ticks_;
    for (const auto& [name, alarm] : engine_.model().alarms) {
      if (alarm.policy_arn.empty()) {
        outcome.left_alarms.push_back(name.value);
      }
    }
    return outcome;
  }

  const Plan& plan_;
  const Trace& trace_;
  const Sinks& sinks_;
  Instant begin_;
  sim::VirtualClock clock_;
  sim::Cloud cloud_;
  sim::FrontDoor door_;
  sim::MemoryStore store_;
  NoMetrics metrics_;
  sim::RecordingNotifier notifier_;
  sim::CacheFarm cache_{clock_};
  MeteredCloud metered_cloud_;
  MeteredDoor metered_door_;
  Service service_;
  engine::Engine engine_;
  Use step_;
  std::vector<InstanceId> serving_;
  Duration accounted_cpu_{};
  std::uint64_t accounted_requests_ = 0;
  std::int32_t desired_ = 0;
  std::vector<Decision> decisions_;
  std::uint64_t whole_ticks_ = 0;
};

}  // namespace

Result<Outcome> run_trace(const Plan& plan, const Trace& trace, const Sinks& sinks) {
  return TraceWorld{plan, trace, sinks}.run();
}

}  // namespace tidegate::traces
