#include "adapters/compute/process/process_compute.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "adapters/compute/process/host_network.h"
#include "adapters/compute/process/root_files.h"
#include "adapters/compute/process/user_files.h"
#include "base/log.h"
#include "net/loop.h"
#include "supervise/console.h"

namespace tidegate::compute_process {
namespace {

constexpr std::size_t kLongestHome = 60;  // "/instances/" + an id of 19 + "/socket" stay below 100

ports::Capability capability(const std::string& name,
                             const Status& tried,
                             const std::string& without) {
  if (tried) return {name, true, "works"};
  return {name, false, tried.error().message + ": " + without};
}

ports::Capability try_cgroups() {
  supervise::CgroupTree tree{supervise::cgroup_layout(),
                             "tidegate-probe-" + std::to_string(::getpid())};
  const std::string kind{to_string(tree.kind())};
  const Result<supervise::CgroupPaths> made = tree.create("probe", {0.5, 64 << 20, 64});
  ports::Capability found{"cgroup limits", made.has_value(), "cgroup " + kind};
  if (!made) found.detail += ", " + made.error().message + ": instances would run without limits";
  if (made && made->empty()) found = {"cgroup limits", false, "no cgroups are mounted"};
  if (made) {
    const Status removed = supervise::remove_cgroup(*made);
    if (!removed) found.detail += "; " + removed.error().message;
  }
  tree.remove_empty();
  return found;
}

}  // namespace

std::vector<ports::Capability> probe_capabilities(const FormTrial& trial) {
  const bool root = ::geteuid() == 0;
  const FoundForm found = find_form(trial);
  std::vector<ports::Capability> all = capabilities_of(found);
  if (root) {
    ::mkdir(trial.scratch.c_str(), 0700);
    all.push_back(capability(
        "overlay", try_overlay(trial.scratch), "instances cannot have a file system of their own"));
    const Status removed = remove_tree(trial.scratch);
    if (!removed) all.back().detail += "; " + removed.error().message;
  }
  all.push_back(try_cgroups());
  if (found.form.network == Form::Network::Own) {
    all.push_back(capability("nft", probe_nft(), "instances cannot reach the world"));
  }
  all.push_back({"virtual machine",
                 false,
                 "an instance shares the machine's kernel: this is not a VM's isolation"});
  return all;
}

ports::HostCapacity host_capacity() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  ports::HostCapacity host;
  host.vcpus = ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  struct sysinfo info{};
  if (::sysinfo(&info) == 0) {
    host.memory_mib = static_cast<std::int64_t>(info.totalram) * info.mem_unit >> 20;
  }
  return host;
}

Result<std::unique_ptr<ProcessCompute>> ProcessCompute::open(const Settings& settings,
                                                             ports::Clock& clock) {
  if (settings.home.size() > kLongestHome) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "TIDEGATE_HOME " + settings.home + " is longer than " +
                     std::to_string(kLongestHome) + " bytes: socket paths in it would not fit"};
  }
  return std::make_unique<ProcessCompute>(settings, clock);
}

ProcessCompute::ProcessCompute(const Settings& settings, ports::Clock& clock)
    : settings_(settings),
      clock_(clock),
      capacity_(host_capacity()),
      driver_(std::make_unique<Driver>(
          DriverSettings{
              settings.home,
              settings.home_id,
              settings.shim_path,
              settings.form,
              settings.range,
              settings.range_lock,
              capacity_,
              {settings.home, settings.shim_path, settings.tidegate_path, settings.metadata_user}},
          board_)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  driver_->adopt_all();
  thread_ = std::thread{[this] { work(); }};
}

ProcessCompute::~ProcessCompute() {
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void ProcessCompute::queue(Call call) {
  {
    const std::lock_guard lock{calls_mutex_};
    if (calls_.size() >= kMaxQueued) {
      log_event(LogLevel::Warn, "compute_queue_full");
      if (const auto* spec = std::get_if<ports::LaunchSpec>(&call)) board_.remove(spec->id);
      return;
    }
    calls_.push_back(std::move(call));
  }
  ::eventfd_write(wake_.get(), 1);
}

std::vector<ProcessCompute::Call> ProcessCompute::take_calls() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  const std::lock_guard lock{calls_mutex_};
  return std::exchange(calls_, {});
}

void ProcessCompute::perform(const Call& call) {
  if (const auto* spec = std::get_if<ports::LaunchSpec>(&call)) driver_->launch(*spec);
  if (const auto* stop = std::get_if<Stop>(&call)) driver_->stop(stop->id);
  if (const auto* kill = std::get_if<Kill>(&call)) driver_->kill(kill->id);
  if (const auto* tell = std::get_if<Tell>(&call)) {
    driver_->set_target_lifecycle_state(tell->id, tell->target_lifecycle_state);
  }
}

void ProcessCompute::work() {
  MonotonicInstant next_tick = net::monotonic_now() + kTick;
  while (true) {
    for (const Call& call : take_calls()) {
      perform(call);
      driver_->handle_events();
    }
    if (stopping_) break;
    driver_->handle_events();
    const MonotonicInstant now = net::monotonic_now();
    if (now >= next_tick) {
      driver_->tick();
      next_tick = now + kTick;
    }
    std::array<pollfd, 2> waits{pollfd{wake_.get(), POLLIN, 0},
                                pollfd{driver_->events_fd(), POLLIN, 0}};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(next_tick - net::monotonic_now());
    const int wait = driver_->wants_ticks() ? std::max(0, static_cast<int>(left.count())) : -1;
    ::poll(waits.data(), waits.size(), wait);
  }
  driver_.reset();
}

std::vector<ports::Capability> ProcessCompute::capabilities() const {
  return probe_capabilities({settings_.shim_path, settings_.home + "/probe"});
}

Status ProcessCompute::check_image(const ports::ProcessImage& image) const {
  TG_RETURN_IF_ERROR(check_layers(image));
  return check_form(settings_.form, image);
}

void ProcessCompute::launch(const ports::LaunchSpec& spec) {
  if (board_.contains(spec.id)) return;
  Board::Entry entry;
  entry.seen.id = spec.id;
  entry.seen.port = spec.port;
  entry.seen.cpu_quota = spec.size.vcpus;
  board_.post(entry);
  queue(spec);
}

void ProcessCompute::stop(const groups::InstanceId& id) {
  queue(Stop{id});
}

void ProcessCompute::kill(const groups::InstanceId& id) {
  queue(Kill{id});
}

void ProcessCompute::set_target_lifecycle_state(const groups::InstanceId& id,
                                                const std::string& state) {
  queue(Tell{id, state});
}

std::vector<groups::InstanceObservation> ProcessCompute::snapshot() {
  const Instant now = clock_.now();
  const MonotonicInstant here = net::monotonic_now();
  std::vector<groups::InstanceObservation> all;
  for (Board::Entry& entry : board_.all(here)) {
    const auto age = std::chrono::duration_cast<Duration>(here - entry.sampled);
    entry.seen.sampled = entry.sampled == MonotonicInstant{} ? now : now - age;
    all.push_back(std::move(entry.seen));
  }
  return all;
}

Result<ports::ConsoleChunk> ProcessCompute::console(const groups::InstanceId& id,
                                                    std::uint64_t offset,
                                                    std::size_t max_bytes) {
  TG_RETURN_IF_ERROR(check_id(id));
  const std::string folder = settings_.home + "/instances/" + id.value;
  const bool newest = offset == ~std::uint64_t{0};
  const auto from = newest ? std::nullopt : std::optional<std::uint64_t>{offset};
  TG_ASSIGN_OR_RETURN(supervise::ConsoleText read,
                      supervise::read_console(folder, from, max_bytes));
  return ports::ConsoleChunk{std::move(read.text), read.next_offset};
}

}  // namespace tidegate::compute_process
