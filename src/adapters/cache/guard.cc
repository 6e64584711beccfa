#include "adapters/cache/guard.h"

#include "base/log.h"
#include "net/link/netlink.h"
#include "net/link/nft.h"

namespace tidegate::cache_redis {

std::string guard_table(const GuardSettings& settings) {
  return "ip tidegate_cache_" + settings.home_id;
}

std::string guard_commands(const GuardSettings& settings,
                           const std::map<std::string, std::uint16_t>& open,
                           const std::string& refusal) {
  const std::string table = guard_table(settings);
  std::string commands = "add table " + table + "\nflush table " + table + "\n";
  commands += "add chain " + table + " arriving { type filter hook input priority 0 ; }\n";
  commands += "add chain " + table + " leaving { type filter hook output priority 0 ; }\n";
  const auto rule = [&](const std::string& text) {
    commands += "add rule " + table + " " + text + "\n";
  };
  for (const auto& [address, port] : open) {
    const std::string there = "ip daddr " + address + " tcp dport " + std::to_string(port);
    rule("leaving " + there + " meta skuid != " + std::to_string(settings.owner) + " " + refusal);
    rule("arriving " + there + " iifname \"lo\" accept");  // it was let out by `leaving`
    rule("arriving " + there + " iifname != \"" + settings.instance_links + "*\" " + refusal);
    rule("arriving " + there + " ip saddr != " + to_string(settings.range) + " " + refusal);
  }
  return commands;
}

Status Guard::write_table() const {
  auto all = restored_;
  for (const auto& [address, port] : open_) {
    all.insert_or_assign(address, port);
  }
  if (all.empty()) {
    const std::string table = guard_table(settings_);
    return link::run_nft("add table " + table + "\ndelete table " + table + "\n");
  }
  // A refused connection ends at once; a kernel without reject can still say nothing.
  const Status refusing = link::run_nft(guard_commands(settings_, all, "reject with tcp reset"));
  return refusing ? refusing : link::run_nft(guard_commands(settings_, all, "drop"));
}

Status Guard::add(const std::string& address, std::uint16_t port) {
  const auto found = open_.find(address);
  if (found != open_.end() && found->second == port) {
    return Ok{};
  }
  open_[address] = port;
  const auto parsed = link::parse_ipv4(address);
  Status done = write_table();
  if (done && parsed) {
    auto netlink = link::Netlink::open();
    done = netlink ? netlink->add_address(settings_.link, *parsed, 32) : Status{netlink.error()};
  }
  if (!done) {
    open_.erase(address);
  }
  return done;
}

void Guard::remove(const std::string& address) {
  const auto parsed = link::parse_ipv4(address);
  auto netlink = link::Netlink::open();
  Status done = netlink ? Status{Ok{}} : Status{netlink.error()};
  if (done && parsed) {
    done = netlink->remove_address(settings_.link, *parsed, 32);
  }
  open_.erase(address);
  restored_.erase(address);
  if (const Status written = write_table(); !done || !written) {
    log_event(LogLevel::Warn,
              "cache_address_not_removed",
              {{"address", address}, {"why", (done ? written : done).error().message}});
  }
}

}  // namespace tidegate::cache_redis
