// The simulated caches: ports::Cache over virtual time. A cache takes a moment to start, can be
// killed (it is back a moment later), and can be made impossible to start. Single-threaded.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ports/cache.h"
#include "sim/virtual_clock.h"

namespace tidegate::sim {

inline constexpr Duration kCacheStartTime = std::chrono::milliseconds{80};
inline constexpr Duration kCacheRestartTime = std::chrono::milliseconds{250};
inline constexpr Duration kCacheRemovalTime = std::chrono::milliseconds{30};

class CacheFarm final : public ports::Cache {
 public:
  explicit CacheFarm(VirtualClock& clock) : clock_(clock) {}

  std::vector<std::string> addresses() const override;
  void ensure(const ports::CacheSpec& spec) override;
  void remove(const caches::CacheClusterId& id) override;
  std::vector<caches::CacheObservation> snapshot() override;

  /// Its process ends now; it is started again in place.
  void kill(const caches::CacheClusterId& id);
  /// Until it is set back to empty, nothing starts, and that is why.
  void set_trouble(std::string why) { trouble_ = std::move(why); }
  /// Addresses with a connection to it.
  void connect(const caches::CacheClusterId& id, const std::string& address);
  /// How often the control plane asked for anything.
  std::uint64_t calls() const { return calls_; }
  std::optional<ports::CacheSpec> spec_of(const caches::CacheClusterId& id) const;
  /// Asked before each call; false: it does not get through.
  void set_gate(std::function<bool()> gate) { gate_ = std::move(gate); }

 private:
  struct Node {
    ports::CacheSpec spec;
    Instant runs_at;
    std::optional<Instant> gone_at;
    std::uint32_t run = 0;
    bool ever_ran = false;
    std::set<std::string> clients;
  };

  caches::CacheObservation observe(Node& node) const;

  VirtualClock& clock_;
  std::map<caches::CacheClusterId, Node> nodes_;
  std::string trouble_;
  std::uint64_t calls_ = 0;
  std::function<bool()> gate_;
};

}  // namespace tidegate::sim
