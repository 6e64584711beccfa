#include "adapters/cache/redis_info.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace tidegate::cache_redis {
namespace {

using Fields = std::map<std::string, std::string, std::less<>>;

Fields fields_of(std::string_view text) {
  Fields fields;
  for (const std::string& line : split(text, '\n')) {
    const std::string_view entry = trim(line);
    const std::size_t colon = entry.find(':');
    if (colon != std::string_view::npos && !entry.starts_with('#')) {
      fields.emplace(entry.substr(0, colon), entry.substr(colon + 1));
    }
  }
  return fields;
}

double number(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? 0 : parse_double(found->second).value_or(0);
}

std::int64_t integer(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? 0 : parse_int(found->second).value_or(0);
}

std::uint64_t count(const Fields& fields, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(fields, name)));
}

/// The value of `name=` in "calls=3,usec=12".
std::uint64_t part(std::string_view text, std::string_view name) {
  for (const std::string& item : split(text, ',')) {
    if (item.starts_with(std::string{name} + "=")) {
      return static_cast<std::uint64_t>(
          std::max<std::int64_t>(0, parse_int(item.substr(name.size() + 1)).value_or(0)));
    }
  }
  return 0;
}

bool is_pub_sub(std::string_view command) {
  constexpr std::string_view kCommands[] = {"publish",
                                            "spublish",
                                            "subscribe",
                                            "psubscribe",
                                            "ssubscribe",
                                            "unsubscribe",
                                            "punsubscribe",
                                            "sunsubscribe"};
  return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

bool is_stream(std::string_view command) {
  constexpr std::string_view kCommands[] = {"xadd",
                                            "xread",
                                            "xreadgroup",
                                            "xack",
                                            "xrange",
                                            "xrevrange",
                                            "xlen",
                                            "xtrim",
                                            "xdel",
                                            "xclaim",
                                            "xautoclaim",
                                            "xpending",
                                            "xgroup",
                                            "xinfo",
                                            "xsetid"};
  return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

void add_commands(const Fields& fields, caches::CacheCounters& counters) {
  constexpr std::string_view kPrefix = "cmdstat_";
  for (const auto& [name, value] : fields) {
    if (!name.starts_with(kPrefix)) {
      continue;
    }
    // A subcommand counts for its command: "cmdstat_xgroup|create".
    const std::string command = split(name.substr(kPrefix.size()), '|').front();
    counters.pub_sub_commands += is_pub_sub(command) ? part(value, "calls") : 0;
    counters.stream_commands += is_stream(command) ? part(value, "calls") : 0;
  }
}

std::int64_t items(const Fields& fields) {
  std::int64_t sum = 0;
  for (const auto& [name, value] : fields) {
    const bool database =
        name.size() > 2 && name.starts_with("db") && parse_int(name.substr(2)).has_value();
    sum += database ? static_cast<std::int64_t>(part(value, "keys")) : 0;
  }
  return sum;
}

/// "42:M 22 Nov 2026 03:01:55.123 # Bad file format …" → "Bad file format …"; only lines of that
/// mark.
std::string_view message_of(std::string_view line, char mark) {
  const std::string between = std::string{" "} + mark + " ";
  const std::size_t at = line.find(between);
  return at == std::string_view::npos || at > 60 ? std::string_view{}
                                                 : trim(line.substr(at + between.size()));
}

}  // namespace

Info parse_info(std::string_view text) {
  const Fields fields = fields_of(text);
  Info info;
  const auto version = fields.find("redis_version");
  info.version = version == fields.end() ? "" : version->second;
  info.loading = integer(fields, "loading") == 1;
  caches::CacheCounters& counters = info.counters;
  counters.connections_received = count(fields, "total_connections_received");
  counters.evicted_keys = count(fields, "evicted_keys");
  counters.expired_keys = count(fields, "expired_keys");
  counters.keyspace_hits = count(fields, "keyspace_hits");
  counters.keyspace_misses = count(fields, "keyspace_misses");
  counters.bytes_in = count(fields, "total_net_input_bytes");
  counters.bytes_out = count(fields, "total_net_output_bytes");
  counters.output_buffer_disconnections =
      count(fields, "client_output_buffer_limit_disconnections");
  counters.engine_cpu_s =
      number(fields, "used_cpu_sys_main_thread") + number(fields, "used_cpu_user_main_thread");
  counters.connected_clients = integer(fields, "connected_clients");
  counters.pub_sub_channels = integer(fields, "pubsub_channels");
  counters.used_memory = integer(fields, "used_memory");
  counters.max_memory = integer(fields, "maxmemory");
  counters.save_in_progress = integer(fields, "rdb_bgsave_in_progress") == 1 ||
                              integer(fields, "aof_rewrite_in_progress") == 1;
  counters.items = items(fields);
  for (const char* error : {"errorstat_WRONGPASS", "errorstat_NOAUTH"}) {
    const auto found = fields.find(error);
    counters.authentication_failures += found == fields.end() ? 0 : part(found->second, "count");
  }
  add_commands(fields, counters);
  return info;
}

std::vector<std::string> parse_clients(std::string_view text) {
  std::vector<std::string> addresses;
  for (const std::string& line : split(text, '\n')) {
    std::string address;
    bool ours = false;
    for (const std::string& word : split(trim(line), ' ')) {
      if (word.starts_with("addr=")) {
        address = word.substr(5, word.rfind(':') - 5);
      }
      ours = ours || word == "user=" + std::string{kPlatformUser};
    }
    if (!address.empty() && !ours &&
        std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
      addresses.push_back(std::move(address));
    }
  }
  return addresses;
}

std::string log_trouble(std::string_view log) {
  std::string trouble;
  for (const std::string& line : split(log, '\n')) {
    const std::string_view message = message_of(line, '#');
    // Said at each start of any Redis; nothing of it is wrong here.
    const bool usual = message.starts_with("WARNING") || message.starts_with("oO0OoO0OoO0Oo") ||
                       message.starts_with("Redis version=") ||
                       message.starts_with("Configuration loaded") ||
                       message.starts_with("Server initialized") ||
                       message.starts_with("Redis is now ready to exit") ||
                       message.starts_with("User requested shutdown");
    if (!message.empty() && !usual) {
      trouble = std::string{message};
    } else if (line.starts_with("***") || line.starts_with(">>>")) {
      trouble = line;  // a configuration that it does not take
    }
  }
  return trouble;
}

}  // namespace tidegate::cache_redis
