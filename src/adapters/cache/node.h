// One managed Redis: its folder, its shim, what it says of itself. A state machine that its owner
// turns: each turn looks once and does at most one thing that can wait. One thread.
//
//   folder/             the shim's: lock, socket, state, console.log; root only
//   folder/place        "ADDRESS PORT", for a control plane that finds it again
//   folder/secret       password of our own user; root only
//   folder/conf         redis.conf, generated; readable for Redis, not writable
//   folder/data         the append-only file; Redis's own
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapters/cache/redis_connection.h"
#include "adapters/cache/redis_info.h"
#include "ports/cache.h"
#include "supervise/shim.h"

namespace tidegate::cache_redis {

struct NodeSettings {
  std::string folder;                   // absolute; made when needed
  std::string home;                     // TIDEGATE_HOME
  std::string shim_program;             // of tidegate-shim
  std::optional<supervise::User> user;  // absent: as the caller, without a mount namespace
  std::vector<std::string> programs;    // paths to try, redis-server's or redis-tools' own
};

class Node {
 public:
  Node(caches::CacheClusterId id, NodeSettings settings);

  /// Finds what an earlier control plane left. Nothing is changed.
  void adopt();
  /// What it shall be from now on; a running one of another configuration is started anew.
  void want(const ports::CacheSpec& spec);
  const std::optional<ports::CacheSpec>& wanted() const { return spec_; }

  /// Starts it when it does not run, takes in what its shim says, and asks Redis. now_ms:
  /// monotonic.
  void turn(std::int64_t now_ms);
  /// Why nothing can be started now: a step outside of this node failed. Empty: it went well.
  void set_blocked(std::string why) { blocked_ = std::move(why); }

  const caches::CacheObservation& seen() const { return seen_; }

  /// Lets it write its file and end, then kills it; its data stays.
  void stop();
  /// Kills it and removes its folder. Error: Timeout, what the file system says.
  Status remove();

 private:
  enum class Answer { Well, Loading, None };

  void ensure_shim(std::int64_t now_ms);
  void take_shim_news(std::int64_t now_ms);
  Status start();
  Status prepare_folders();
  Status write_configuration();
  supervise::ShimSpec shim_spec() const;
  Result<std::string> find_program() const;
  void look(std::int64_t now_ms);
  Answer ask();
  Status read_counters();
  void missed(std::int64_t now_ms);
  void end_process();
  void fail(std::string why);
  std::string log_of_this_run() const;
  std::string secret();
  std::string data_path() const;
  std::string conf_path() const;

  NodeSettings settings_;
  std::optional<ports::CacheSpec> spec_;
  bool configuration_is_old_ = false;
  std::unique_ptr<supervise::Shim> shim_;
  std::optional<RedisConnection> connection_;
  caches::CacheObservation seen_;
  std::string blocked_;
  std::string truncated_;            // what its log said about a file that was cut
  std::string refused_;              // why it took no write last time
  std::uint64_t console_start_ = 0;  // offset in its console where this run began
  std::int64_t next_start_ms_ = 0;
  std::int64_t next_look_ms_ = 0;
  std::int64_t silent_since_ms_ = 0;  // 0: it answered last time
  std::uint32_t canary_ = 0;
};

}  // namespace tidegate::cache_redis
