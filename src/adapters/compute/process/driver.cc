#include "adapters/compute/process/driver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "adapters/compute/process/files.h"
#include "adapters/compute/process/root_files.h"
#include "adapters/compute/process/user_data.h"
#include "adapters/compute/process/user_files.h"
#include "base/log.h"
#include "net/loop.h"
#include "supervise/files.h"

namespace tidegate::compute_process {
namespace {

constexpr int kRemovalTries = 150;            // of a tick each: half a minute
constexpr std::chrono::seconds kKillTime{2};  // until a shim that ignores `kill` is killed itself
constexpr std::chrono::milliseconds kRestartWindow{shim::RestartPolicy{}.window_ms};
constexpr double kBusy = 0.3;  // vCPUs from which the busiest thread is looked for

Result<InstanceRecord> read_record(const std::string& folder) {
  std::string text;
  const FileDescriptor file{::open((folder + kRecordFile).c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return failed(folder + kRecordFile);
  std::array<char, 16384> buffer{};
  for (ssize_t got = 0; (got = ::read(file.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return parse_record(text);
}

std::vector<std::string> folders_in(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.is_directory(error)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Driver::Driver(DriverSettings settings, Board& board)
    : settings_(std::move(settings)),
      board_(board),
      metadata_(settings_.metadata,
                [this](const groups::InstanceId& id) { return listen_again(id); }),
      cgroups_(supervise::cgroup_layout(), "tidegate-" + settings_.home_id),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      places_(settings_.form.network, settings_.range, settings_.home_id) {
  if (settings_.form.network == Form::Network::Own) {
    network_.emplace(settings_.home_id, settings_.home, settings_.range);
  }
  ::mkdir((settings_.home + "/instances").c_str(), 0700);
}

Driver::~Driver() {
  if (!entries_.empty()) return;
  metadata_.end();
  if (network_) network_->tear_down();
  cgroups_.remove_empty();
}

std::string Driver::folder_of(const groups::InstanceId& id) const {
  return settings_.home + "/instances/" + id.value;
}

Driver::Entry* Driver::find(const groups::InstanceId& id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

// --- found again ---

void Driver::adopt_all() {
  for (const std::string& folder : folders_in(settings_.home + "/instances")) {
    adopt(folder);
  }
  await_first_words();
  remove_orphans();
}

void Driver::adopt(const std::string& folder) {
  const Result<InstanceRecord> record = read_record(folder);
  Result<supervise::Shim::Adoption> adoption = supervise::Shim::adopt(folder);
  const bool never_ran = !adoption && adoption.error().code == ErrorCode::NotFound;
  if (!record || never_ran) {
    // A launch that was cut off before its shim stood: the next snapshot lacks it.
    log_event(LogLevel::Warn, "instance_incomplete", {{"folder", folder}});
    const Status cleared = remove_tree(folder);
    if (!cleared) log_event(LogLevel::Warn, "instance_left", {{"why", cleared.error().message}});
    return;
  }
  Entry& entry = entries_[record->id];
  entry.record = *record;
  entry.folder = folder;
  entry.posted.seen = observation_of(*record);
  entry.meter.emplace(record->cgroups);
  places_.remember({record->address, record->port, record->metadata});
  if (adoption) {
    take_adoption(entry, std::move(*adoption));
  } else {
    take_adoption(entry, supervise::Lost{adoption.error().message});
  }
}

void Driver::take_adoption(Entry& entry, supervise::Shim::Adoption adoption) {
  if (auto* shim = std::get_if<std::unique_ptr<supervise::Shim>>(&adoption)) {
    entry.shim = std::move(*shim);
    watch(entry);
    metadata_.expect(entry.record.id);
    return;
  }
  if (const auto* over = std::get_if<supervise::Ended>(&adoption)) {
    fold_end(entry.record, entry.folder, *over, entry.posted.seen);
  } else if (const auto* lost = std::get_if<supervise::Lost>(&adoption)) {
    fold_loss(*lost, entry.posted.seen);
    supervise::kill_cgroup(entry.record.cgroups);
    if (network_) network_->remove_veth(network_->veth_of(entry.record.address));
  }
  if (auto* other = std::get_if<supervise::OtherVersion>(&adoption)) {
    fold_other_version(other->why, entry.posted.seen);
    entry.foreign = std::move(other->process);
  }
  board_.post(entry.posted);
}

/// Without it an adopted instance would be seen as one that runs nothing.
void Driver::await_first_words() {
  const MonotonicInstant until = net::monotonic_now() + supervise::kAnswerTime;
  for (auto& [id, entry] : entries_) {
    while (entry.shim != nullptr && !entry.shim->receive() && net::monotonic_now() < until) {
      std::array<pollfd, 2> waits{pollfd{entry.shim->connection_fd(), POLLIN, 0},
                                  pollfd{entry.shim->process_fd(), POLLIN, 0}};
      ::poll(waits.data(), waits.size(), 10);
      if (waits[1].revents != 0) break;
    }
    measure(entry, true);
    if (entry.shim != nullptr) refresh(entry);
  }
}

void Driver::remove_orphans() {
  const auto veths = network_ ? network_->veths() : std::vector<std::string>{};
  for (const std::string& veth : veths) {
    const bool used = std::any_of(entries_.begin(), entries_.end(), [&](const auto& one) {
      const bool runs = one.second.shim != nullptr || one.second.foreign;
      return runs && network_->veth_of(one.second.record.address) == veth;
    });
    if (!used) network_->remove_veth(veth);
  }
  for (const std::string& name : cgroups_.instances()) {
    if (entries_.contains(groups::InstanceId{name})) continue;
    supervise::kill_cgroup(cgroups_.paths_of(name));
    const Status removed = supervise::remove_cgroup(cgroups_.paths_of(name));
    if (!removed) log_event(LogLevel::Warn, "cgroup_left", {{"why", removed.error().message}});
  }
}

// --- watched ---

void Driver::fail(Entry& entry, const Error& error) {
  log_event(LogLevel::Error,
            "launch_failed",
            {{"instance", entry.record.id.value}, {"why", error.message}});
  const Result<supervise::Ended> over = supervise::read_ended(entry.folder);
  if (over) {
    fold_end(entry.record, entry.folder, *over, entry.posted.seen);
  } else {
    entry.posted.seen.phase = groups::InstancePhase::Failed;
    entry.posted.seen.failure = error.message;
  }
  board_.post(entry.posted);
}

void Driver::watch(Entry& entry) {
  board_.watch(entry.record.id, supervise::CpuMeter{entry.record.cgroups});
  for (const int fd : {entry.shim->process_fd(), entry.shim->connection_fd()}) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.fd = fd;
    ::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &event);
    watched_[fd] = entry.record.id;
  }
}

void Driver::handle_events() {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto whose = watched_.find(event.data.fd);
    Entry* entry = whose == watched_.end() ? nullptr : find(whose->second);
    if (entry == nullptr || entry->shim == nullptr) continue;
    if (event.data.fd == entry->shim->process_fd()) {
      ended(*entry);
      continue;
    }
    entry->shim->receive();
    refresh(*entry);
    if ((event.events & (EPOLLHUP | EPOLLRDHUP)) != 0) {
      ::epoll_ctl(events_.get(), EPOLL_CTL_DEL, event.data.fd, nullptr);
    }
  }
}

void Driver::refresh(Entry& entry) {
  const bool another = entry.shim->status().run != entry.posted.seen.incarnation;
  if (another || entry.run_seen == MonotonicInstant{}) entry.run_seen = net::monotonic_now();
  fold_status(entry.record, entry.folder, entry.shim->status(), entry.posted.seen);
  board_.post(entry.posted);
}

void Driver::ended(Entry& entry) {
  const groups::InstanceId id = entry.record.id;
  watched_.erase(entry.shim->process_fd());
  watched_.erase(entry.shim->connection_fd());
  entry.shim->receive();
  measure(entry, true);
  board_.unwatch(id);
  entry.shim.reset();
  metadata_.remove(id);  // its socket would keep the network alive
  if (entry.kill_asked) {
    entry.removing = true;
    remove(entry);
    return;
  }
  const Result<supervise::Ended> over = supervise::read_ended(entry.folder);
  if (over) {
    take_adoption(entry, *over);
  } else {
    take_adoption(entry, supervise::Lost{"its shim was killed"});
  }
  log_event(LogLevel::Info,
            "instance_ended",
            {{"instance", id.value}, {"why", entry.posted.seen.failure}});
}

// --- ended ---

void Driver::stop(const groups::InstanceId& id) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->shim == nullptr) return;
  const Status asked = entry->shim->stop();
  if (!asked) log_event(LogLevel::Warn, "stop_failed", {{"instance", id.value}});
}

void Driver::kill(const groups::InstanceId& id) {
  Entry* entry = find(id);
  if (entry == nullptr || entry->kill_asked) return;
  entry->kill_asked = net::monotonic_now();
  if (entry->shim != nullptr && entry->shim->kill()) return;  // goes on when its shim has ended
  if (entry->shim != nullptr) {
    const Status killed = entry->shim->kill_and_wait();
    if (killed || entry->shim->has_ended()) ended(*entry);
    return;
  }
  entry->removing = true;
  remove(*entry);
}

bool Driver::remove(Entry& entry) {
  const groups::InstanceId id = entry.record.id;
  if (entry.foreign) supervise::kill_process(entry.foreign);
  if (network_ && entry.record.address != link::Ipv4{}) {
    network_->remove_veth(network_->veth_of(entry.record.address));
  }
  entry.meter.reset();
  const supervise::CgroupPaths cgroups =
      entry.record.cgroups.empty() ? cgroups_.paths_of(id.value) : entry.record.cgroups;
  supervise::kill_cgroup(cgroups);
  const Status removed = supervise::remove_cgroup(cgroups);
  if (!removed && ++entry.removal_tries < kRemovalTries) return false;
  const Status cleared = remove_tree(entry.folder);
  if (!cleared && ++entry.removal_tries < kRemovalTries) return false;
  if (!removed || !cleared) {
    log_event(LogLevel::Error,
              "remnants_left",
              {{"instance", id.value},
               {"why", removed ? cleared.error().message : removed.error().message}});
  }
  metadata_.remove(id);
  board_.remove(id);
  entries_.erase(id);
  if (entries_.empty()) {
    metadata_.end();
    board_.post_troubles({});
  }
  return true;
}

void Driver::tick() {
  metadata_.tend();
  const std::string trouble = metadata_.trouble();
  board_.post_troubles(trouble.empty() ? std::vector<std::string>{} : std::vector{trouble});
  const bool slowly = ++ticks_ % kSlowTicks == 0;
  const MonotonicInstant now = net::monotonic_now();
  for (auto next = entries_.begin(); next != entries_.end();) {
    Entry& entry = (next++)->second;  // remove() erases it
    if (entry.removing) {
      remove(entry);
    } else if (entry.shim != nullptr && entry.kill_asked && now - *entry.kill_asked > kKillTime) {
      if (entry.shim->kill_and_wait()) ended(entry);
    } else if (entry.shim != nullptr) {
      measure(entry, slowly);
      const bool lasts = entry.posted.seen.process_alive && now - entry.run_seen > kRestartWindow;
      if (lasts && entry.posted.seen.restarts > 0) clear_failure(entry.posted.seen);
      board_.post(entry.posted);
    }
  }
}

std::vector<std::string> Driver::pids_of(const Entry& entry) {
  const auto cgroup = entry.record.cgroups.begin();
  if (cgroup != entry.record.cgroups.end()) return pids_in(cgroup->second + "/cgroup.procs");
  const std::int32_t root = entry.shim == nullptr ? 0 : entry.shim->status().child_pid;
  return root > 0 ? pids_below(root) : std::vector<std::string>{};
}

void Driver::measure(Entry& entry, bool slowly) {
  if (!entry.meter) return;
  const MonotonicInstant now = net::monotonic_now();
  groups::InstanceObservation& seen = entry.posted.seen;
  std::optional<Duration> used = entry.meter->cpu_used();
  if (!used && entry.shim != nullptr) used = cpu_of(pids_of(entry));
  if (used) {
    seen.cpu_used = std::max(seen.cpu_used, *used);
    entry.posted.sampled = now;
  }
  if (!slowly) return;
  seen.memory_bytes = entry.meter->memory_bytes().value_or(seen.memory_bytes);
  seen.oom_kills = std::max(seen.oom_kills, entry.meter->oom_kills());
  const double share = seconds_of(seen.cpu_used - entry.cpu_before) /
                       std::chrono::duration<double>(kTick * kSlowTicks).count();
  entry.cpu_before = seen.cpu_used;
  // A thread cannot have used more than its instance: where that is little, it is bound enough.
  if (share < kBusy) {
    entry.threads = ThreadLoad{};
    seen.busiest_thread = share;
    return;
  }
  const double busiest = entry.threads.sample(pids_of(entry), now);
  seen.busiest_thread = busiest > 0 ? busiest : std::min(1.0, share);
}

}  // namespace tidegate::compute_process
