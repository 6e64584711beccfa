// Managed caches as Redis servers of this machine, each under a shim of its own: ports::Cache.
// Calls of the port only exchange values under a mutex; one thread of the adapter starts, watches
// and asks every Redis, so that one that hangs delays the others by at most its time-outs.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "adapters/cache/guard.h"
#include "adapters/cache/node.h"
#include "base/file_descriptor.h"
#include "ports/cache.h"

namespace tidegate::cache_redis {

struct Settings {
  std::string home;                     // TIDEGATE_HOME
  std::string shim_program;             // of tidegate-shim
  std::vector<std::string> addresses;   // literals that caches may have, in the order to take them
  std::optional<supervise::User> user;  // Redis runs as that one; absent: as the caller
  std::optional<GuardSettings>
      guard;  // absent: the addresses work as they are, open to the machine
  std::vector<std::string> programs = default_programs();

  /// Where redis-server may be; redis-tools has the same program under another name.
  static std::vector<std::string> default_programs();
};

class RedisCache final : public ports::Cache {
 public:
  /// Finds what an earlier control plane left (≤ 1 ms each) before it returns.
  explicit RedisCache(Settings settings);
  ~RedisCache() override;  // leaves every Redis alone

  std::vector<std::string> addresses() const override { return settings_.addresses; }
  void ensure(const ports::CacheSpec& spec) override;
  void remove(const caches::CacheClusterId& id) override;
  std::vector<caches::CacheObservation> snapshot() override;

  /// Ends every Redis of the home; their data stays. For `stop --all`; nothing may be asked after.
  void stop_all();

 private:
  /// Present: it shall run; absent: it shall go.
  using Wish = std::optional<ports::CacheSpec>;

  void find_folders();
  void run();
  void end_thread();
  void turn();
  void apply(const std::map<caches::CacheClusterId, Wish>& wishes);
  void want(const ports::CacheSpec& spec);
  void remove_node(const caches::CacheClusterId& id);
  void post();
  Node& node(const caches::CacheClusterId& id);

  Settings settings_;

  std::mutex exchange_mutex_;  // guards the next two
  std::map<caches::CacheClusterId, Wish> wishes_;
  std::map<caches::CacheClusterId, caches::CacheObservation> posted_;

  // The adapter's thread only, once it runs.
  std::map<caches::CacheClusterId, Node> nodes_;
  std::optional<Guard> guard_;
  FileDescriptor wake_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// "redis" of redis-tools, else nobody. Absent when the caller is not root.
std::optional<supervise::User> redis_user();

}  // namespace tidegate::cache_redis
