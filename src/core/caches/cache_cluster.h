// A managed cache as ElastiCache has it: what was asked for (CacheCluster), what is seen of it
// (CacheObservation), and what follows from both: its status, its endpoint's name, the URL that
// instances are given. Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strong.h"
#include "base/time.h"

namespace tidegate::caches {

using CacheClusterId = Strong<struct CacheClusterIdTag>;

inline constexpr std::uint16_t kDefaultPort = 6379;
inline constexpr std::size_t kMaxIdLength = 50;     // AWS quota
inline constexpr std::size_t kLeastAuthToken = 16;  // AWS: 16 to 128 printable characters
inline constexpr std::size_t kMostAuthToken = 128;
inline constexpr const char* kNodeId = "0001";  // the only node of a Redis cluster here

struct CacheCluster {
  CacheClusterId id;
  std::string arn;
  std::string stack;           // name of the stack that made it
  std::string node_type;       // "cache.t3.micro"
  std::string engine_version;  // as asked for; empty: any
  std::string zone;            // as asked for; where it says nothing it is the region's first
  std::uint16_t port = kDefaultPort;
  std::string auth_token;  // empty: none
  std::string address;     // assigned when it is created; of this host
  std::string endpoint;    // the name that resolves to the address inside instances
  Instant created;
  bool deleting = false;
  bool operator==(const CacheCluster&) const = default;
};

/// Counters and gauges of a Redis, as its INFO gives them; absent ones are zero.
struct CacheCounters {
  std::uint64_t connections_received = 0, evicted_keys = 0, expired_keys = 0;
  std::uint64_t keyspace_hits = 0, keyspace_misses = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t pub_sub_commands = 0, stream_commands = 0;
  std::uint64_t authentication_failures = 0;
  std::uint64_t output_buffer_disconnections = 0;
  double engine_cpu_s = 0;  // main thread, user and system
  std::int64_t connected_clients = 0, items = 0, pub_sub_channels = 0;
  std::int64_t used_memory = 0, max_memory = 0;  // bytes
  bool save_in_progress = false;
  bool operator==(const CacheCounters&) const = default;
};

/// What a driver sees of one cache.
struct CacheObservation {
  enum class State {
    Starting,  // not answering yet, or not any more: it is started (again) in place
    Running,   // PING and the write canary went through
    Failed,    // it cannot be started: `trouble` says why, and the driver goes on trying
  };
  CacheClusterId id;
  State state = State::Starting;
  std::string version;    // of the program, "7.0.15"; empty until known
  std::string trouble;    // one sentence; empty: none. Also of a Running one: a truncated AOF
  std::uint32_t run = 0;  // starts in place since the first
  std::optional<Duration> ping;      // of the last successful one
  std::vector<std::string> clients;  // addresses that have a connection, ours left out; one each
  CacheCounters counters;
  Instant sampled;  // when the counters were read, by the driver's own clock
  bool operator==(const CacheObservation&) const = default;
};

/// ElastiCache's words: "creating", "available", "deleting"; "rebooting cluster nodes" for one that
/// was available and is being started again; "incompatible-parameters" is never used. A cluster
/// that nothing is seen of is creating.
std::string_view status_of(const CacheCluster& cluster, const CacheObservation* seen);

/// Memory of a node type in bytes, as AWS documents its maxmemory; absent for unknown types.
std::optional<std::int64_t> node_memory(std::string_view node_type);
std::vector<std::string> node_types();
/// What Redis may fill of a node: three quarters, the rest is for its buffers and a rewrite of the
/// AOF; and at most half of the host's memory, which it shares with the instances.
std::int64_t max_memory(std::int64_t node_memory, std::int64_t host_memory);

/// "cnt-redis-cluster.h94cmg.0001.euw2.cache.amazonaws.com": the same for the same arguments.
std::string endpoint_name(const CacheClusterId& id,
                          const std::string& region,
                          const std::string& account_id);
/// "euw2" of "eu-west-2", "usgw1" of "us-gov-west-1".
std::string short_region(std::string_view region);

/// It has an address that every user of the machine reaches: instances have no network of their
/// own.
bool is_on_loopback(const CacheCluster& cluster);

/// "redis://name:6379/0", with ":token@" where there is one. A cache on loopback is called by its
/// address: instances without a network of their own have no /etc/hosts of their own either.
std::string redis_url(const CacheCluster& cluster);

/// Whether `actual` is close to what was asked for: said aloud wherever it is not the same.
enum class VersionMatch { Same, SameMajor, Other };
VersionMatch compare_versions(std::string_view asked, std::string_view actual);

/// Empty, or why it is no id: 1 to 50 letters, digits and single inner hyphens, a letter first.
std::string id_error(const std::string& id);
/// Empty, or why it cannot be an AuthToken. Never repeats the token.
std::string auth_token_error(const std::string& token);

}  // namespace tidegate::caches
