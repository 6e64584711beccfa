#include "adapters/cache/node.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/cache/redis_conf.h"
#include "base/log.h"
#include "base/text.h"
#include "net/crypto.h"
#include "net/socket.h"
#include "supervise/console.h"
#include "supervise/files.h"

namespace tidegate::cache_redis {
namespace {

namespace fs = std::filesystem;
using State = caches::CacheObservation::State;

constexpr std::int64_t kStartBackoffMs = 1000;
constexpr std::int64_t kLookMs = 1000;        // while it runs
constexpr std::int64_t kLookSoonMs = 100;     // while it starts
constexpr std::int64_t kPatienceMs = 15'000;  // silent for so long: why is said
constexpr std::int64_t kFrozenMs = 60'000;    // silent for so long though it lives: started anew
constexpr int kStopMs = 5000;                 // for its last write
constexpr std::size_t kConsoleTail = 16U << 10U;
constexpr std::uint64_t kOpenFiles = 10'032;  // maxclients' default, and what it keeps for itself
constexpr std::string_view kPlace = "/mnt";   // in its own mount namespace

/// Restarted for ever: a shared Redis that gives up takes the whole group with it.
shim::RestartPolicy restart_policy() {
  shim::RestartPolicy policy;
  policy.when = static_cast<std::uint32_t>(shim::RestartWhen::Always);
  policy.first_delay_ms = 50;
  policy.longest_delay_ms = 2000;
  policy.most_restarts = UINT32_MAX;
  return policy;
}

Duration monotonic() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::chrono::seconds{now.tv_sec} + std::chrono::microseconds{now.tv_nsec / 1000};
}

Error system_error(const std::string& what) {
  return Error{ErrorCode::Internal, "InternalFailure", net::errno_error(what, errno).message};
}

/// A file of the caller's; its group may be another's. Replaces at once.
Status write_file(const std::string& path, const std::string& text, mode_t mode, gid_t group) {
  const std::string fresh = path + ".new";
  const FileDescriptor file{
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  const bool written =
      file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!written || ::fchown(file.get(), geteuid(), group) != 0 || ::fchmod(file.get(), mode) != 0 ||
      ::rename(fresh.c_str(), path.c_str()) != 0) {
    return system_error(path);
  }
  return Ok{};
}

Status make_folder(const std::string& path, mode_t mode, uid_t owner, gid_t group) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error(path);
  }
  if (::lchown(path.c_str(), owner, group) != 0 || ::chmod(path.c_str(), mode) != 0) {
    return system_error(path);
  }
  return Ok{};
}

bool is_truncation(std::string_view trouble) {
  return trouble.find("truncat") != std::string_view::npos ||
         trouble.find("aof-load-truncated") != std::string_view::npos ||
         trouble.find("short read while loading") != std::string_view::npos;
}

}  // namespace

Node::Node(caches::CacheClusterId id, NodeSettings settings) : settings_(std::move(settings)) {
  seen_.id = std::move(id);
}

void Node::adopt() {
  auto adoption = supervise::Shim::adopt(settings_.folder);
  if (!adoption) {
    return;
  }
  if (auto* running = std::get_if<std::unique_ptr<supervise::Shim>>(&*adoption)) {
    shim_ = std::move(*running);
    seen_.run = shim_->status().run;
  } else if (const auto* other = std::get_if<supervise::OtherVersion>(&*adoption)) {
    supervise::kill_process(other->process);  // its data stays; it is started by a shim of ours
  }
}

void Node::want(const ports::CacheSpec& spec) {
  if (spec_ == spec) {
    return;
  }
  spec_ = spec;
  const auto present = supervise::read_small_file(settings_.folder + "/conf/redis.conf");
  const auto secret = supervise::read_small_file(settings_.folder + "/secret");
  configuration_is_old_ =
      !present || !secret || *present != redis_conf(spec, {data_path(), *secret});
  connection_.reset();
  next_look_ms_ = 0;
}

void Node::turn(std::int64_t now_ms) {
  if (!spec_) {
    return;
  }
  if (!blocked_.empty() && shim_ == nullptr) {
    fail(blocked_);
    return;
  }
  if (shim_ != nullptr && configuration_is_old_) {
    log_event(LogLevel::Info, "cache_reconfigured", {{"cache", seen_.id.value}});
    stop();
    next_start_ms_ = 0;
  }
  ensure_shim(now_ms);
  if (shim_ != nullptr) {
    take_shim_news(now_ms);
    look(now_ms);
  }
}

void Node::ensure_shim(std::int64_t now_ms) {
  if (shim_ != nullptr && !shim_->has_ended()) {
    return;
  }
  if (shim_ != nullptr) {
    log_event(LogLevel::Error, "cache_shim_gone", {{"cache", seen_.id.value}});
    end_process();
  }
  if (now_ms < next_start_ms_) {
    return;
  }
  next_start_ms_ = now_ms + kStartBackoffMs;
  silent_since_ms_ = now_ms;
  if (const Status started = start(); !started) {
    fail(started.error().message);
  }
}

void Node::take_shim_news(std::int64_t now_ms) {
  pollfd news{shim_->connection_fd(), POLLIN, 0};
  if (poll(&news, 1, 0) <= 0 || !shim_->receive()) {
    return;
  }
  if (shim_->status().run != seen_.run) {
    log_event(LogLevel::Warn,
              "cache_restarted",
              {{"cache", seen_.id.value}, {"run", std::to_string(shim_->status().run)}});
    seen_.run = shim_->status().run;
    connection_.reset();
    truncated_.clear();
    next_look_ms_ = now_ms;
  }
}

Result<std::string> Node::find_program() const {
  for (const std::string& program : settings_.programs) {
    if (::access(program.c_str(), X_OK) == 0) {
      return program;
    }
  }
  return Error{ErrorCode::NotFound,
               "RedisMissing",
               "Redis is not installed (" + join(settings_.programs, ", ") +
                   "): apt-get install redis-tools"};
}

std::string Node::data_path() const {
  return settings_.user ? std::string{kPlace} + "/data" : settings_.folder + "/data";
}

std::string Node::conf_path() const {
  return settings_.user ? std::string{kPlace} + "/conf" : settings_.folder + "/conf";
}

/// Made once, kept: the configuration of a running Redis has its hash.
std::string Node::secret() {
  const std::string path = settings_.folder + "/secret";
  if (const auto known = supervise::read_small_file(path); known && !known->empty()) {
    return *known;
  }
  const std::string fresh = hex_encode(net::random_bytes(24));
  const Status written = write_file(path, fresh, 0600, getegid());
  return written ? fresh : std::string{};
}

Status Node::prepare_folders() {
  const gid_t group = settings_.user ? settings_.user->gid : getegid();
  const uid_t owner = settings_.user ? settings_.user->uid : geteuid();
  TG_RETURN_IF_ERROR(make_folder(settings_.folder, 0700, geteuid(), getegid()));
  TG_RETURN_IF_ERROR(make_folder(settings_.folder + "/conf", 0750, geteuid(), group));
  TG_RETURN_IF_ERROR(make_folder(settings_.folder + "/data", 0700, owner, group));
  const std::string place = spec_->address + " " + std::to_string(spec_->port) + "\n";
  return write_file(settings_.folder + "/place", place, 0600, getegid());
}

Status Node::write_configuration() {
  const std::string password = secret();
  if (password.empty()) {
    return system_error(settings_.folder + "/secret");
  }
  const gid_t group = settings_.user ? settings_.user->gid : getegid();
  TG_RETURN_IF_ERROR(write_file(settings_.folder + "/conf/redis.conf",
                                redis_conf(*spec_, {data_path(), password}),
                                0640,
                                group));
  configuration_is_old_ = false;
  return Ok{};
}

Status Node::start() {
  TG_ASSIGN_OR_RETURN(const std::string program, find_program());
  TG_RETURN_IF_ERROR(prepare_folders());
  TG_RETURN_IF_ERROR(write_configuration());
  // Redis looks at its own name: the same file is redis-check-rdb in redis-tools.
  const std::string name = settings_.folder + "/conf/redis-server";
  std::error_code ignored;
  fs::remove(name, ignored);
  if (::symlink(program.c_str(), name.c_str()) != 0) {
    return system_error(name);
  }
  TG_ASSIGN_OR_RETURN(const auto at, net::SocketAddress::ip(spec_->address, spec_->port));
  if (const auto free = net::listen_tcp(at, net::PortSharing::Exclusive); !free) {
    return Error{free.error().code,
                 "PortInUse",
                 "port " + std::to_string(spec_->port) + " of " + spec_->address +
                     (free.error().code == ErrorCode::AlreadyExists
                          ? " is taken by another program that listens on every address; "
                            "`ss -ltnp` shows it"
                          : " cannot be had: " + free.error().message)};
  }
  const auto before = supervise::read_console(settings_.folder, std::nullopt, 1);
  console_start_ = before ? before->next_offset : 0;
  truncated_.clear();
  TG_ASSIGN_OR_RETURN(
      shim_, supervise::Shim::start({settings_.shim_program, settings_.home}, shim_spec()));
  seen_.run = shim_->status().run;
  next_look_ms_ = 0;
  log_event(LogLevel::Info,
            "cache_started",
            {{"cache", seen_.id.value}, {"at", at.text()}, {"program", program}});
  return Ok{};
}

supervise::ShimSpec Node::shim_spec() const {
  supervise::ShimSpec spec;
  spec.id = seen_.id.value;
  spec.folder = settings_.folder;
  spec.arguments = {conf_path() + "/redis-server", conf_path() + "/redis.conf"};
  spec.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
  spec.working_directory = data_path();
  if (settings_.user) {
    // The home is closed to every other user: Redis gets its two folders and no way to the rest.
    const std::string place{kPlace};
    spec.user = settings_.user;
    spec.namespaces = CLONE_NEWNS | CLONE_NEWIPC;
    spec.steps = {
        supervise::Mount{
            "tmpfs", "tidegate-cache", place, "mode=755,size=64k", MS_NOSUID | MS_NODEV},
        supervise::MakeDirectory{place + "/conf", 0755},
        supervise::MakeDirectory{place + "/data", 0755},
        supervise::Mount{"", settings_.folder + "/conf", place + "/conf", "", MS_BIND | MS_RDONLY},
        supervise::Mount{"", settings_.folder + "/data", place + "/data", "", MS_BIND},
    };
    spec.capabilities = 0;
  }
  spec.new_privileges = supervise::ShimSpec::NewPrivileges::Denied;
  spec.open_files = kOpenFiles;
  spec.restart = restart_policy();
  return spec;
}

void Node::look(std::int64_t now_ms) {
  if (now_ms < next_look_ms_) {
    return;
  }
  switch (ask()) {
    case Answer::Well:
      if (seen_.state != State::Running) {
        const std::string said = log_trouble(log_of_this_run());
        truncated_ = is_truncation(said) ? "its append-only file was cut: " + said : "";
      }
      seen_.trouble = refused_.empty() ? truncated_ : refused_;
      seen_.state = State::Running;
      silent_since_ms_ = 0;
      next_look_ms_ = now_ms + kLookMs;
      return;
    case Answer::Loading:
      seen_.state = State::Starting;
      seen_.trouble = "it reads its data back";
      silent_since_ms_ = now_ms;
      next_look_ms_ = now_ms + kLookSoonMs;
      return;
    case Answer::None:
      missed(now_ms);
      return;
  }
}

Node::Answer Node::ask() {
  if (!connection_) {
    auto opened =
        RedisConnection::open(spec_->address, spec_->port, std::string{kPlatformUser}, secret());
    if (!opened) {
      return opened.error().message.find("LOADING") != std::string::npos ? Answer::Loading
                                                                         : Answer::None;
    }
    connection_.emplace(*std::move(opened));
  }
  const Duration begin = monotonic();
  const auto pong = connection_->call({"PING"});
  const Duration took = monotonic() - begin;
  if (pong && pong->kind == Reply::Kind::Error && pong->text.starts_with("LOADING")) {
    return Answer::Loading;
  }
  if (!pong || pong->text != "PONG" || !read_counters()) {
    connection_.reset();
    return Answer::None;
  }
  seen_.ping = took;
  return Answer::Well;
}

/// The canary is written and read back: a Redis that answers PING may still refuse writes.
Status Node::read_counters() {
  const std::string value = std::to_string(++canary_);
  TG_ASSIGN_OR_RETURN(const Reply set,
                      connection_->call({"SET", "tidegate:canary", value, "EX", "60"}));
  // Full, or its disk is: it runs, and that it takes no writes must be heard.
  refused_ = set.text == "OK" ? "" : "it does not take writes: " + set.text;
  if (refused_.empty()) {
    TG_ASSIGN_OR_RETURN(const Reply got, connection_->call({"GET", "tidegate:canary"}));
    if (got.text != value) {
      return Error{ErrorCode::Corrupt, "CanaryLost", "a written value did not come back"};
    }
  }
  TG_ASSIGN_OR_RETURN(const Reply info, connection_->call({"INFO", "everything"}));
  TG_ASSIGN_OR_RETURN(const Reply clients, connection_->call({"CLIENT", "LIST"}));
  Info read = parse_info(info.text);
  seen_.version = std::move(read.version);
  seen_.counters = read.counters;
  seen_.clients = parse_clients(clients.text);
  seen_.sampled = Instant{monotonic()};
  return Ok{};
}

void Node::missed(std::int64_t now_ms) {
  connection_.reset();
  if (silent_since_ms_ == 0) {
    silent_since_ms_ = now_ms;
    log_event(LogLevel::Warn, "cache_silent", {{"cache", seen_.id.value}});
  }
  const std::int64_t silent = now_ms - silent_since_ms_;
  const auto state = static_cast<shim::State>(shim_->status().state);
  const bool lives = state == shim::State::Running;
  seen_.clients.clear();
  seen_.ping.reset();
  next_look_ms_ = now_ms + kLookSoonMs;
  const std::string why = log_trouble(log_of_this_run());
  if (!lives || silent >= kPatienceMs) {
    // It ended more than once, or says nothing for long: why is known, or is looked for.
    const std::string setup = shim_->status().text;
    const bool again = shim_->status().restarts > 2 || silent >= kPatienceMs;
    if (again) {
      fail(!setup.empty() ? setup
           : why.empty()  ? "Redis does not answer"
                          : "Redis does not start: " + why);
    }
  }
  if (seen_.state == State::Running) {
    seen_.state = State::Starting;
    seen_.trouble = "it does not answer";
  }
  if (lives && silent >= kFrozenMs) {
    log_event(LogLevel::Error, "cache_frozen", {{"cache", seen_.id.value}});
    end_process();
    next_start_ms_ = 0;
  }
}

std::string Node::log_of_this_run() const {
  const auto console = supervise::read_console(settings_.folder, std::nullopt, kConsoleTail);
  if (!console) {
    return {};
  }
  std::string text = console->text;
  const std::uint64_t first = console->next_offset - text.size();
  if (first < console_start_) {
    text.erase(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(console_start_ - first, text.size())));
  }
  // Only what the newest run said: each begins with its banner line.
  const std::size_t banner = text.rfind("oO0OoO0OoO0Oo");
  return banner == std::string::npos ? text : text.substr(banner);
}

void Node::fail(std::string why) {
  if (seen_.trouble != why || seen_.state != State::Failed) {
    log_event(LogLevel::Error, "cache_trouble", {{"cache", seen_.id.value}, {"why", why}});
  }
  seen_.state = State::Failed;
  seen_.trouble = std::move(why);
  seen_.clients.clear();
  seen_.ping.reset();
}

void Node::end_process() {
  connection_.reset();
  if (shim_ != nullptr) {
    if (const Status killed = shim_->kill_and_wait(); !killed) {
      log_event(LogLevel::Error,
                "cache_not_ended",
                {{"cache", seen_.id.value}, {"why", killed.error().message}});
    }
  }
  shim_.reset();
}

void Node::stop() {
  connection_.reset();
  if (shim_ != nullptr && shim_->stop()) {
    pollfd end{shim_->process_fd(), POLLIN, 0};
    poll(&end, 1, kStopMs);
  }
  end_process();
}

Status Node::remove() {
  end_process();
  std::error_code error;
  fs::remove_all(settings_.folder, error);
  return error ? Status{Error{ErrorCode::Internal,
                              "InternalFailure",
                              settings_.folder + ": " + error.message()}}
               : Status{Ok{}};
}

}  // namespace tidegate::cache_redis
