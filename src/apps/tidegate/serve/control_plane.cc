#include "apps/tidegate/serve/control_plane.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>

#include <unistd.h>

#include "adapters/compute/process/process_compute.h"
#include "adapters/notify/exec_notifier.h"
#include "adapters/store/sqlite/state_store.h"
#include "adapters/telemetry/metric_keeper.h"
#include "adapters/telemetry/metric_store.h"
#include "apps/tidegate/serve/control_clock.h"
#include "apps/tidegate/serve/control_thread.h"
#include "apps/tidegate/serve/ledger_file.h"
#include "apps/tidegate/serve/recording_file.h"
#include "apps/tidegate/serve/wiring.h"
#include "apps/tidegate/verbs/connection.h"
#include "base/log.h"
#include "edge/api/server.h"

namespace tidegate::apps {
namespace {

constexpr Duration kKeepInterval = std::chrono::seconds{5};  // a crash costs as much of the metrics
constexpr double kEndPatience_s = 30;

Instant wall_now() {
  return Instant{Duration{machine_time().wall}};
}

std::string metrics_file(const std::string& home) {
  return home + "/metrics.db";
}

/// The parts of a running control plane, in the order in which they need each other; they end in
/// the opposite one.
class ControlPlane {
 public:
  ControlPlane(Home home, store_sqlite::HomeLock lock, Instant mark)
      : home_(std::move(home)),
        lock_(std::move(lock)),
        clock_(machine_time, mark),
        ledger_(ledger_file(home_.path)) {}
  ControlPlane(const ControlPlane&) = delete;
  ControlPlane& operator=(const ControlPlane&) = delete;
  ~ControlPlane();

  /// Errors: what is taken, corrupt or missing, as a sentence.
  Status start(const Environment& environment);

 private:
  Status open_ports(const Environment& environment);
  Status start_engine(const Environment& environment);
  Status start_threads(const Environment& environment);
  ControlHooks hooks();
  void record_with(ControlHooks& hooks);
  void each_second(Instant now);

  Home home_;
  store_sqlite::HomeLock lock_;
  ControlClock clock_;
  LedgerFile ledger_;
  Instant next_keep_;
  std::optional<compute_process::ClaimedRange> range_;
  std::unique_ptr<ports::StateStore> store_;
  telemetry::DurableMetricStore metrics_;
  std::unique_ptr<telemetry::MetricKeeper> keeper_;
  std::unique_ptr<notify::ExecNotifier> notifier_;
  std::unique_ptr<compute_process::ProcessCompute> compute_;
  std::unique_ptr<dataplane::DataPlane> data_plane_;
  std::unique_ptr<cache_redis::RedisCache> cache_;
  std::unique_ptr<RecordingFile> recording_;  // null: nobody asked for one
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<ControlThread> thread_;
  std::unique_ptr<api::Server> api_;
};

Status ControlPlane::start(const Environment& environment) {
  TG_RETURN_IF_ERROR(check_api_port(environment));
  TG_RETURN_IF_ERROR(open_ports(environment));
  TG_RETURN_IF_ERROR(start_engine(environment));
  TG_RETURN_IF_ERROR(write_file_atomically(pid_file(home_.path), std::to_string(getpid()) + "\n"));
  return start_threads(environment);
}

Status ControlPlane::open_ports(const Environment& environment) {
  TG_ASSIGN_OR_RETURN(store_,
                      store_sqlite::open_state_store({state_file(home_.path), std::nullopt}));
  metrics_.open(metrics_file(home_.path));
  keeper_ = std::make_unique<telemetry::MetricKeeper>(metrics_);
  notifier_ = std::make_unique<notify::ExecNotifier>();
  const compute_process::FoundForm found = find_form(home_.path);
  for (const std::string& why : found.refused) {
    log_event(LogLevel::Warn, "reduced_form", {{"refused", why}});
  }
  TG_ASSIGN_OR_RETURN(range_, claim_addresses(home_, found.form, environment.range));
  TG_ASSIGN_OR_RETURN(
      compute_,
      compute_process::ProcessCompute::open(compute_settings(home_, found.form, *range_), clock_));
  data_plane_ = std::make_unique<dataplane::DataPlane>(
      data_plane_settings(home_.path, found.form, range_->range));
  cache_ =
      std::make_unique<cache_redis::RedisCache>(cache_settings(home_, found.form, range_->range));
  return Ok{};
}

Status ControlPlane::start_engine(const Environment& environment) {
  engine::Settings settings;
  settings.region = environment.region;
  settings.home_id = home_.id;
  settings.instance_scale = environment.instance_scale;
  // Time never goes backwards over restarts, so a later start fences an earlier one.
  settings.epoch = static_cast<std::uint64_t>(clock_.now().time_since_epoch().count());
  settings.seed = random_seed();
  settings.ledger = newest_ledger_lines(ledger_file(home_.path), engine::kMaxLedgerKept);
  engine::Ports ports{*compute_, *data_plane_, *store_, metrics_, *notifier_, *cache_};
  const Instant now = clock_.now();
  if (environment.record) {
    TG_ASSIGN_OR_RETURN(recording_, RecordingFile::create(*environment.record));
    engine_ = std::make_unique<engine::Engine>(settings, recording_->over(settings, ports));
    recording_->recorder().begin_recovery(now);
    log_event(LogLevel::Info, "recording", {{"file", recording_->file()}});
  } else {
    engine_ = std::make_unique<engine::Engine>(settings, ports);
  }
  TG_RETURN_IF_ERROR(engine_->recover(now));
  for (const auto& [arn, load_balancer] : engine_->model().load_balancers) {
    data_plane_->remember_address(arn, load_balancer.address);
  }
  return Ok{};
}

Status ControlPlane::start_threads(const Environment& environment) {
  thread_ = std::make_unique<ControlThread>(*engine_, clock_, *compute_, hooks());
  data_plane_->on_report([this] { thread_->wake(); });
  api::Server::Settings settings;
  settings.address = environment.api_host;
  settings.port = environment.api_port;
  settings.front.root = {home_.root_key.access_key_id, home_.root_key.secret_access_key};
  settings.front.now = wall_now;
  settings.front.seed = random_seed();
  TG_ASSIGN_OR_RETURN(api_, api::Server::start(std::move(settings), *thread_, *thread_, metrics_));
  return Ok{};
}

ControlHooks ControlPlane::hooks() {
  ControlHooks hooks;
  hooks.ledger = [this](const std::vector<engine::LedgerEntry>& entries) {
    std::vector<std::string> lines;
    for (const engine::LedgerEntry& entry : entries) {
      lines.push_back(engine::to_json_line(entry));
    }
    if (recording_) {
      recording_->recorder().note_ledger(lines);
    }
    if (const Status written = ledger_.append(lines); !written) {
      log_event(LogLevel::Warn, "ledger_not_written", {{"why", written.error().message}});
    }
  };
  hooks.every_second = [this](Instant now) { each_second(now); };
  if (recording_) {
    record_with(hooks);
  }
  return hooks;
}

void ControlPlane::record_with(ControlHooks& hooks) {
  hooks.before_tick = [this](Instant now, ControlHooks::Woken woken) {
    recording_->recorder().begin_tick(
        now,
        woken == ControlHooks::Woken::Yes ? replay::FrameKind::WokenTick : replay::FrameKind::Tick);
  };
  hooks.before_command =
      [this](const engine::Principal& principal, const engine::Command& command, Instant now) {
        recording_->recorder().begin_command(principal, command, now);
      };
}

void ControlPlane::each_second(Instant now) {
  if (recording_) {
    recording_->flush();
  }
  if (const Status written = write_clock_mark(clock_mark_file(home_.path), now); !written) {
    log_event(LogLevel::Warn, "clock_mark_not_written", {{"why", written.error().message}});
  }
  if (now >= next_keep_) {
    next_keep_ = now + kKeepInterval;
    keeper_->request(now);
  }
}

ControlPlane::~ControlPlane() {
  if (api_) {
    api_->stop();
  }
  if (data_plane_) {
    data_plane_->on_report({});
  }
  if (thread_) {
    thread_->stop();  // answers every command that waits, so that the API can be destroyed
    keeper_.reset();  // keeps once more
    unlink(pid_file(home_.path).c_str());
  }
}

/// SIGTERM and SIGINT, blocked in every thread that starts from now on.
sigset_t block_end_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return set;
}

/// Kills every instance and waits until nothing of any is left.
Status end_instances(ports::Compute& compute) {
  const MonotonicInstant begin = monotonic_now();
  while (true) {
    const auto left = compute.snapshot();
    if (left.empty()) {
      return Ok{};
    }
    for (const groups::InstanceObservation& instance : left) {
      compute.kill(instance.id);
    }
    if (seconds_since(begin) > kEndPatience_s) {
      return Error{ErrorCode::Timeout,
                   "InstancesLeft",
                   std::to_string(left.size()) + " instances do not end, " + left[0].id.value +
                       " among them"};
    }
    pause_for(std::chrono::milliseconds{50});
  }
}

Status run(const Environment& environment) {
  TG_ASSIGN_OR_RETURN(Home home, open_home(environment.home));
  TG_ASSIGN_OR_RETURN(auto lock, lock_home(environment.home));
  TG_ASSIGN_OR_RETURN(const Instant mark, read_clock_mark(clock_mark_file(environment.home)));
  const sigset_t end_signals = block_end_signals();
  ControlPlane control_plane{std::move(home), std::move(lock), mark};
  TG_RETURN_IF_ERROR(control_plane.start(environment));
  log_event(LogLevel::Info,
            "control_plane_started",
            {{"home", environment.home}, {"api", environment.api_url()}});
  int number = 0;
  sigwait(&end_signals, &number);
  log_event(LogLevel::Info, "control_plane_ending", {{"signal", std::to_string(number)}});
  return Ok{};
}

}  // namespace

Exit run_control_plane(const Environment& environment) {
  const Status done = run(environment);
  if (!done) {
    progress("tidegate: " + done.error().message);
    return Exit::Failed;
  }
  return Exit::Done;
}

Status end_everything(const Environment& environment) {
  const auto id = read_home_id(environment.home);
  if (!id) {
    return Ok{};  // nothing was ever started
  }
  TG_ASSIGN_OR_RETURN(const auto lock, lock_home(environment.home));
  ControlClock clock{machine_time, Instant{}};
  Home home;
  home.path = environment.home;
  home.id = *id;
  const compute_process::Form form = find_form(home.path).form;
  TG_ASSIGN_OR_RETURN(const auto range, claim_addresses(home, form, environment.range));
  dataplane::DataPlane{data_plane_settings(environment.home, form, range.range)}.stop_balancer();
  cache_redis::RedisCache{cache_settings(home, form, range.range)}.stop_all();
  TG_ASSIGN_OR_RETURN(
      const auto compute,
      compute_process::ProcessCompute::open(compute_settings(home, form, range), clock));
  return end_instances(*compute);
}

std::vector<ports::Capability> driver_capabilities() {
  const std::string scratch =
      (std::filesystem::temp_directory_path() / ("tidegate-doctor-" + std::to_string(getpid())))
          .string();
  return compute_process::probe_capabilities({shim_program(), scratch});
}

}  // namespace tidegate::apps
