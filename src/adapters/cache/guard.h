// Who reaches a home's caches: their addresses on a link of this machine, and an nft table of the
// home that lets the home's own instances through, and on the machine itself the user that runs the
// control plane, and nobody else. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "net/link/ipv4.h"

namespace tidegate::cache_redis {

struct GuardSettings {
  std::string home_id;         // 1..8 of [a-z0-9]
  std::string link = "lo";     // that carries the addresses
  std::string instance_links;  // prefix of the links behind which the home's instances are
  link::Ipv4Range range;       // of the home's instances
  std::uint32_t owner = 0;     // uid that may connect on the machine itself
};

class Guard {
 public:
  explicit Guard(GuardSettings settings) : settings_(std::move(settings)) {}

  /// Of an earlier control plane's caches: theirs stay guarded while the first add() writes anew.
  void restore(const std::map<std::string, std::uint16_t>& open) { restored_ = open; }
  /// The filter first, then the address. Does nothing when both are there. Error: with the step.
  Status add(const std::string& address, std::uint16_t port);
  /// Without any address left the table goes too.
  void remove(const std::string& address);

 private:
  Status write_table() const;

  GuardSettings settings_;
  std::map<std::string, std::uint16_t> restored_;  // guarded, not asked for since
  std::map<std::string, std::uint16_t> open_;      // address → port
};

/// The table's commands, for one transaction. `refusal`: "drop", "reject with tcp reset". Pure.
std::string guard_commands(const GuardSettings& settings,
                           const std::map<std::string, std::uint16_t>& open,
                           const std::string& refusal);
/// "ip tidegate_cache_<home id>"
std::string guard_table(const GuardSettings& settings);

}  // namespace tidegate::cache_redis
