#include "adapters/cache/redis_conf.h"

#include "adapters/cache/redis_info.h"
#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::cache_redis {
namespace {

std::string hashed(const std::string& password) {
  return "#" + hex_encode(net::sha256(password));
}

}  // namespace

std::string redis_conf(const ports::CacheSpec& spec, const ConfSettings& settings) {
  const std::string who = spec.auth_token.empty() ? "nopass" : hashed(spec.auth_token);
  std::string text = "# Generated; it is written anew at each start.\n";
  const auto line = [&text](const std::string& words) { text += words + "\n"; };
  line("bind " + spec.address);
  line("port " + std::to_string(spec.port));
  // The home's packet filter decides who reaches it; without a token Redis would refuse instances.
  line("protected-mode no");
  line("tcp-keepalive 60");
  line("timeout 0");
  line("daemonize no");
  line("set-proc-title no");
  line("logfile \"\"");
  line("loglevel notice");
  line("dir " + settings.data_folder);
  line("maxmemory " + std::to_string(spec.max_memory));
  line("maxmemory-policy noeviction");
  line("save \"\"");
  line("appendonly yes");
  line("appendfsync everysec");
  line("aof-load-truncated yes");
  line("client-output-buffer-limit pubsub 32mb 8mb 60");
  line("repl-diskless-sync-delay 0");
  line("latency-monitor-threshold 100");
  line("enable-debug-command no");
  line("enable-module-command no");
  line("enable-protected-configs no");
  line("user default reset on " + who +
       " ~* &* +@all -@admin -@dangerous +info +role +sort +sort_ro");
  line("user " + std::string{kPlatformUser} + " reset on " + hashed(settings.platform_password) +
       " ~tidegate:* +ping +set +get +info +client|list");
  return text;
}

}  // namespace tidegate::cache_redis
