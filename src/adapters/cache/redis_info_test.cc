#include "adapters/cache/redis_info.h"

#include <doctest/doctest.h>

#include "adapters/cache/guard.h"
#include "adapters/cache/redis_conf.h"
#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::cache_redis {
namespace {

// Parts of what a Redis 7.0.15 answers.
constexpr const char* kInfo =
    "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n\r\n"
    "# Clients\r\nconnected_clients:4\r\n\r\n"
    "# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:402653184\r\n\r\n"
    "# Persistence\r\nloading:0\r\nrdb_bgsave_in_progress:0\r\naof_rewrite_in_progress:1\r\n\r\n"
    "# Stats\r\ntotal_connections_received:17\r\ntotal_net_input_bytes:1000\r\n"
    "total_net_output_bytes:2000\r\nexpired_keys:3\r\nevicted_keys:2\r\nkeyspace_hits:8\r\n"
    "keyspace_misses:9\r\npubsub_channels:1\r\nclient_output_buffer_limit_disconnections:5\r\n\r\n"
    "# CPU\r\nused_cpu_sys_main_thread:0.25\r\nused_cpu_user_main_thread:0.5\r\n\r\n"
    "# Commandstats\r\ncmdstat_publish:calls=10,usec=9,usec_per_call=0.9\r\n"
    "cmdstat_subscribe:calls=2,usec=9\r\ncmdstat_xadd:calls=4,usec=1\r\n"
    "cmdstat_xgroup|create:calls=1,usec=1\r\ncmdstat_get:calls=100,usec=1\r\n\r\n"
    "# Errorstats\r\nerrorstat_WRONGPASS:count=6\r\nerrorstat_NOAUTH:count=1\r\n"
    "errorstat_ERR:count=40\r\n\r\n"
    "# Keyspace\r\ndb0:keys=11,expires=0,avg_ttl=0\r\ndb3:keys=2,expires=1,avg_ttl=5\r\n";

ports::CacheSpec spec() {
  ports::CacheSpec made;
  made.id.value = "one";
  made.address = "10.64.15.0";
  made.max_memory = 402653184;
  return made;
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("redis info: every counter from its field") {
  const Info info = parse_info(kInfo);
  CHECK(info.version == "7.0.15");
  CHECK_FALSE(info.loading);
  caches::CacheCounters want;
  want.connected_clients = 4;
  want.used_memory = 1048576;
  want.max_memory = 402653184;
  want.save_in_progress = true;
  want.connections_received = 17;
  want.bytes_in = 1000;
  want.bytes_out = 2000;
  want.expired_keys = 3;
  want.evicted_keys = 2;
  want.keyspace_hits = 8;
  want.keyspace_misses = 9;
  want.pub_sub_channels = 1;
  want.output_buffer_disconnections = 5;
  want.engine_cpu_s = 0.75;
  want.pub_sub_commands = 12;
  want.stream_commands = 5;
  want.authentication_failures = 7;
  want.items = 13;
  CHECK(info.counters == want);
}

TEST_CASE("redis info: nothing, and nonsense, are zeros") {
  CHECK(parse_info("").counters == caches::CacheCounters{});
  CHECK(parse_info("connected_clients:many\r\nevicted_keys:-4\r\ndb:keys=3\r\n").counters ==
        caches::CacheCounters{});
  CHECK(parse_info("loading:1\r\n").loading);
}

TEST_CASE("client list: one address each, without ours") {
  const char* list =
      "id=3 addr=10.64.0.2:51000 laddr=10.64.15.0:6379 fd=8 name= user=default cmd=ping\n"
      "id=4 addr=10.64.0.2:51001 laddr=10.64.15.0:6379 fd=9 name= user=default cmd=subscribe\n"
      "id=5 addr=10.64.15.0:40000 laddr=10.64.15.0:6379 fd=7 name= user=tidegate cmd=client|list\n"
      "id=6 addr=10.64.0.3:40000 laddr=10.64.15.0:6379 fd=7 name= user=default cmd=get\n";
  CHECK(parse_clients(list) == std::vector<std::string>{"10.64.0.2", "10.64.0.3"});
  CHECK(parse_clients("").empty());
}

TEST_CASE("redis log: the last thing that went wrong; what it says at each start is nothing") {
  const std::string usual =
      "7:C 22 Nov 2026 03:01:55.123 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n"
      "7:C 22 Nov 2026 03:01:55.123 # Redis version=7.0.15, bits=64, commit=00000000\n"
      "7:C 22 Nov 2026 03:01:55.123 # Configuration loaded\n"
      "7:M 22 Nov 2026 03:01:55.125 # Server initialized\n"
      "7:M 22 Nov 2026 03:01:55.125 # WARNING Memory overcommit must be enabled!\n"
      "7:M 22 Nov 2026 03:01:55.127 * Ready to accept connections\n";
  CHECK(log_trouble(usual).empty());
  CHECK(log_trouble(usual + "7:M 22 Nov 2026 03:01:55.130 # Bad file format reading the append "
                            "only file x: make a backup\n7:M 22 Nov 2026 03:02:00.000 * fine\n") ==
        "Bad file format reading the append only file x: make a backup");
  CHECK(log_trouble("*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n>>> 'bind x'\n") ==
        ">>> 'bind x'");
  CHECK(log_trouble("").empty());
}

TEST_CASE("redis.conf: what the service promises stands in it, and no password") {
  ports::CacheSpec one = spec();
  one.auth_token = "sixteen-letters!";
  const std::string text = redis_conf(one, {"/mnt/data", "secret-of-ours"});
  for (const char* line : {"bind 10.64.15.0",
                           "port 6379",
                           "dir /mnt/data",
                           "maxmemory 402653184",
                           "maxmemory-policy noeviction",
                           "appendonly yes",
                           "appendfsync everysec",
                           "aof-load-truncated yes",
                           "enable-debug-command no",
                           "enable-module-command no"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
  CHECK(text.find("sixteen-letters!") == std::string::npos);
  CHECK(text.find("secret-of-ours") == std::string::npos);
  const std::string hash = hex_encode(net::sha256("sixteen-letters!"));
  CHECK(text.find("user default reset on #" + hash + " ") != std::string::npos);
  CHECK(text.find("-@admin -@dangerous") != std::string::npos);
  CHECK(text.find("nopass") == std::string::npos);
  CHECK(redis_conf(spec(), {"/d", "p"}).find("user default reset on nopass ") != std::string::npos);
}

TEST_CASE(
    "guard: the home's instances and the control plane's own user come through, nobody else") {
  GuardSettings settings;
  settings.home_id = "abc123";
  settings.instance_links = "tgabc123-";
  settings.range = *link::parse_ipv4_range("10.64.0.0/20");
  settings.owner = 0;
  const std::string text = guard_commands(settings, {{"10.64.15.0", 6379}}, "drop");
  const std::string rule = "add rule ip tidegate_cache_abc123 ";
  const std::string there = "ip daddr 10.64.15.0 tcp dport 6379 ";
  CHECK(has_line(text, "flush table ip tidegate_cache_abc123"));
  CHECK(has_line(text, rule + "leaving " + there + "meta skuid != 0 drop"));
  CHECK(has_line(text, rule + "arriving " + there + "iifname != \"tgabc123-*\" drop"));
  CHECK(has_line(text, rule + "arriving " + there + "ip saddr != 10.64.0.0/20 drop"));
}

}  // namespace tidegate::cache_redis
