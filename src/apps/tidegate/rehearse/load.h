// The built-in open-loop load generator: requests leave at a constant rate, whether or not earlier
// ones were answered, over keep-alive connections. One thread of its own; the load ends with the
// object. Every method may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace tidegate::apps {

struct LoadTarget {
  std::string address;  // IPv4 literal
  std::uint16_t port = 80;
  std::string host;  // of the Host field
  bool operator==(const LoadTarget&) const = default;
};

/// Of "http://10.79.255.1:8080/path"; a name is resolved. Errors: InvalidArgument, NotFound.
Result<LoadTarget> load_target(const std::string& url);

/// Since the load's start.
struct LoadCounters {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;  // status below 400
  std::uint64_t refused = 0;   // any other status
  std::uint64_t failed = 0;    // no whole answer: cut, reset, refused connection, timed out
  std::uint64_t skipped = 0;   // due, but kMaxConnections requests were open already
  std::int64_t in_flight = 0;
  double seconds_sum = 0;  // of answered ones
};

inline constexpr std::size_t kMaxConnections = 400;
inline constexpr double kRequestTimeout_s = 20;

class Load {
 public:
  /// Starts the thread; no request leaves before set_rate().
  explicit Load(LoadTarget target);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// From now on `per_second` GETs of `path` each second, evenly spaced; 0 pauses.
  void set_rate(double per_second, const std::string& path);
  LoadCounters counters() const;

 private:
  class Generator;
  std::unique_ptr<Generator> generator_;
};

/// Whether a GET of `path` is answered with a status below 400. Errors: FailedPrecondition (another
/// status), Unavailable (no whole answer), Timeout.
Status try_path(const LoadTarget& target, const std::string& path);

}  // namespace tidegate::apps
