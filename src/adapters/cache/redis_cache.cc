#include "adapters/cache/redis_cache.h"

#include <array>
#include <ctime>
#include <filesystem>

#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "supervise/files.h"

namespace tidegate::cache_redis {
namespace {

namespace fs = std::filesystem;

constexpr int kTurnMs = 100;
constexpr supervise::User kNobody{65534, 65534};

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

std::string caches_folder(const std::string& home) {
  return home + "/caches";
}

}  // namespace

std::vector<std::string> Settings::default_programs() {
  return {"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/usr/bin/redis-check-rdb"};
}

std::optional<supervise::User> redis_user() {
  if (geteuid() != 0) {
    return std::nullopt;
  }
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r("redis", &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return supervise::User{found->pw_uid, found->pw_gid};
  }
  return kNobody;
}

RedisCache::RedisCache(Settings settings)
    : settings_(std::move(settings)), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (settings_.guard) {
    guard_.emplace(*settings_.guard);
  }
  find_folders();
  post();
  thread_ = std::thread{[this] { run(); }};
}

RedisCache::~RedisCache() {
  end_thread();
}

void RedisCache::end_thread() {
  stopping_ = true;
  eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) {
    thread_.join();
  }
}

void RedisCache::find_folders() {
  std::map<std::string, std::uint16_t> open;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(caches_folder(settings_.home), none)) {
    const std::string name = entry.path().filename();
    if (!entry.is_directory(none) || !caches::id_error(name).empty()) {
      continue;
    }
    node(caches::CacheClusterId{name}).adopt();
    const auto place = supervise::read_small_file(entry.path().string() + "/place");
    const auto words = split(trim(place ? *place : ""), ' ');
    const auto port = words.size() == 2 ? parse_int(words[1]) : std::nullopt;
    if (port && *port > 0 && *port <= 65535) {
      open.emplace(words[0], static_cast<std::uint16_t>(*port));
    }
  }
  if (guard_) {
    guard_->restore(open);
  }
}

Node& RedisCache::node(const caches::CacheClusterId& id) {
  const auto found = nodes_.find(id);
  if (found != nodes_.end()) {
    return found->second;
  }
  NodeSettings settings;
  settings.folder = caches_folder(settings_.home) + "/" + id.value;
  settings.home = settings_.home;
  settings.shim_program = settings_.shim_program;
  settings.user = settings_.user;
  settings.programs = settings_.programs;
  return nodes_.try_emplace(id, id, std::move(settings)).first->second;
}

void RedisCache::ensure(const ports::CacheSpec& spec) {
  {
    const std::lock_guard lock(exchange_mutex_);
    wishes_[spec.id] = spec;
    // It exists from now on: whoever deletes it waits until it is gone again.
    posted_.try_emplace(spec.id).first->second.id = spec.id;
  }
  eventfd_write(wake_.get(), 1);
}

void RedisCache::remove(const caches::CacheClusterId& id) {
  {
    const std::lock_guard lock(exchange_mutex_);
    wishes_[id] = std::nullopt;
  }
  eventfd_write(wake_.get(), 1);
}

std::vector<caches::CacheObservation> RedisCache::snapshot() {
  const std::lock_guard lock(exchange_mutex_);
  std::vector<caches::CacheObservation> all;
  for (const auto& [id, observation] : posted_) {
    all.push_back(observation);
  }
  return all;
}

void RedisCache::run() {
  while (!stopping_) {
    turn();
    pollfd wake{wake_.get(), POLLIN, 0};
    poll(&wake, 1, nodes_.empty() ? -1 : kTurnMs);
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
  }
}

void RedisCache::turn() {
  std::map<caches::CacheClusterId, Wish> wishes;
  {
    const std::lock_guard lock(exchange_mutex_);
    wishes.swap(wishes_);
  }
  apply(wishes);
  for (auto& [id, node] : nodes_) {
    node.turn(monotonic_ms());
  }
  post();
}

void RedisCache::apply(const std::map<caches::CacheClusterId, Wish>& wishes) {
  for (const auto& [id, wish] : wishes) {
    if (wish) {
      want(*wish);
    } else {
      remove_node(id);
    }
  }
}

void RedisCache::want(const ports::CacheSpec& spec) {
  ::mkdir(caches_folder(settings_.home).c_str(), 0700);
  Node& one = node(spec.id);
  if (guard_) {
    const Status guarded = guard_->add(spec.address, spec.port);
    one.set_blocked(guarded ? ""
                            : "its address " + spec.address +
                                  " cannot be guarded: " + guarded.error().message);
  }
  one.want(spec);
}

void RedisCache::remove_node(const caches::CacheClusterId& id) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end()) {
    return;
  }
  const auto spec = found->second.wanted();
  const auto place =
      supervise::read_small_file(caches_folder(settings_.home) + "/" + id.value + "/place");
  if (const Status removed = found->second.remove(); !removed) {
    log_event(LogLevel::Error,
              "cache_not_removed",
              {{"cache", id.value}, {"why", removed.error().message}});
    return;  // asked for again when it is overdue
  }
  if (guard_) {
    guard_->remove(spec ? spec->address : split(trim(place ? *place : ""), ' ').front());
  }
  nodes_.erase(found);
}

/// What was asked for and not taken in yet stays as ensure() put it.
void RedisCache::post() {
  const std::lock_guard lock(exchange_mutex_);
  std::map<caches::CacheClusterId, caches::CacheObservation> fresh;
  for (const auto& [id, node] : nodes_) {
    fresh.emplace(id, node.seen());
  }
  for (const auto& [id, wish] : wishes_) {
    const auto before = posted_.find(id);
    if (wish && before != posted_.end()) {
      fresh.emplace(id, before->second);
    }
  }
  posted_ = std::move(fresh);
}

void RedisCache::stop_all() {
  end_thread();
  for (auto& [id, node] : nodes_) {
    const auto place =
        supervise::read_small_file(caches_folder(settings_.home) + "/" + id.value + "/place");
    node.stop();
    if (guard_ && place) {
      guard_->remove(split(trim(*place), ' ').front());
    }
  }
}

}  // namespace tidegate::cache_redis
