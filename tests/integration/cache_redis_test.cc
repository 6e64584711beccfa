// Managed caches for real: the contract, and what only a Redis under a shim promises. Runs inside
// tools/in-netns.sh.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <poll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "adapters/cache/redis_cache.h"
#include "adapters/cache/redis_connection.h"
#include "base/text.h"
#include "contracts/cache_contract.h"
#include "net/socket.h"
#include "temporary_folder.h"

namespace tidegate::contracts {
namespace {

namespace fs = std::filesystem;
using cache_redis::RedisCache;
using cache_redis::RedisConnection;
using cache_redis::Reply;

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Pid of the Redis of that cache, from its shim's state file; 0 when there is none.
pid_t pid_of(const std::string& home, const std::string& id) {
  const auto words = split(slurp(home + "/caches/" + id + "/state"), ' ');
  return words.size() < 5 ? 0 : static_cast<pid_t>(parse_int(words[4]).value_or(0));
}

class RedisHarness final : public CacheHarness {
 public:
  RedisHarness() {
    settings_.home = folder_.path();
    const auto self = fs::read_symlink("/proc/self/exe");
    settings_.shim_program = self.parent_path() / "tidegate-shim";
    settings_.addresses = {"10.64.15.0", "10.64.15.1"};
    settings_.user = cache_redis::redis_user();
    cache_redis::GuardSettings guard;
    guard.home_id = "c";
    guard.instance_links = "tgc-";
    guard.range = *link::parse_ipv4_range("10.64.0.0/20");
    settings_.guard = guard;
    open();
  }
  ~RedisHarness() override {
    if (cache_ == nullptr) open();
    for (const auto& one : cache_->snapshot()) {
      cache_->remove(one.id);
    }
    for (int i = 0; i < kCachePatience && !cache_->snapshot().empty(); ++i) {
      pass_time();
    }
    WARN(cache_->snapshot().empty());
  }

  ports::Cache& cache() override { return *cache_; }
  void pass_time() override { ::poll(nullptr, 0, 10); }
  void kill(const caches::CacheClusterId& id) override {
    ::kill(pid_of(folder_.path(), id.value), SIGKILL);
  }
  void break_everything() override {
    close();
    settings_.programs = {"/nonexistent/redis-server"};
    open();
  }

  void close() { cache_.reset(); }
  void open() { cache_ = std::make_unique<RedisCache>(settings_); }
  RedisCache& redis() { return *cache_; }
  cache_redis::Settings& settings() { return settings_; }
  const std::string& home() const { return folder_.path(); }
  std::string folder(const std::string& id) const { return home() + "/caches/" + id; }

 private:
  TemporaryFolder folder_;
  cache_redis::Settings settings_;
  std::unique_ptr<RedisCache> cache_;
};

/// As an application does: the default user.
Reply ask(const std::string& token, std::initializer_list<std::string_view> words) {
  auto connection = RedisConnection::open("10.64.15.0", 6379, "default", token);
  if (!connection) return {Reply::Kind::Error, connection.error().message};
  const auto reply = connection->call(words);
  return reply ? *reply : Reply{Reply::Kind::Error, reply.error().message};
}

bool is_refused(const Reply& reply, const std::string& how) {
  INFO(reply.text);
  return reply.kind == Reply::Kind::Error && reply.text.find(how) != std::string::npos;
}

constexpr const char* kToken = "sixteen-letters!";

ports::CacheSpec spec_with_token(ports::Cache& cache) {
  ports::CacheSpec spec = cache_spec(cache, "one");
  spec.auth_token = kToken;
  return spec;
}

/// Whether a process of that user can connect there.
bool connects_as(uid_t uid) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed = ::setresuid(uid, uid, uid) == 0;
    const auto to = net::SocketAddress::ip("10.64.15.0", 6379);
    auto socket = net::start_connect(*to);
    pollfd one{socket ? socket->get() : -1, POLLOUT, 0};
    const bool connected =
        changed && socket && ::poll(&one, 1, 5000) == 1 && net::connect_error(socket->get()) == 0;
    ::_exit(connected ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

}  // namespace

TEST_CASE("redis: keeps the contract of cache") {
  cache_contract([] { return std::make_unique<RedisHarness>(); });
}

TEST_CASE("redis: not root, no token in its command line, environment or configuration") {
  RedisHarness harness;
  harness.cache().ensure(spec_with_token(harness.cache()));
  wait_cache(harness, "one", runs);
  const std::string process = "/proc/" + std::to_string(pid_of(harness.home(), "one"));
  struct stat about{};
  REQUIRE(::stat(process.c_str(), &about) == 0);
  CHECK(about.st_uid != 0);
  CHECK(slurp(process + "/status").find("NoNewPrivs:\t1") != std::string::npos);
  CHECK(slurp(process + "/status").find("CapEff:\t0000000000000000") != std::string::npos);
  for (const std::string& path : {process + "/cmdline",
                                  process + "/environ",
                                  harness.folder("one") + "/conf/redis.conf",
                                  harness.folder("one") + "/console.log"}) {
    CHECK(slurp(path).find(kToken) == std::string::npos);
  }
  // It sees its two folders, and not the home that they are in.
  CHECK(fs::exists(process + "/root/mnt/data/appendonlydir"));
  CHECK(::stat((harness.folder("one") + "/secret").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
}

TEST_CASE("redis: an AuthToken is asked for, a wrong one is counted") {
  RedisHarness harness;
  harness.cache().ensure(spec_with_token(harness.cache()));
  const auto before = wait_cache(harness, "one", runs);
  CHECK(ask(kToken, {"PING"}).text == "PONG");
  CHECK(is_refused(ask("wrong-wrong-wrong", {"PING"}), "WRONGPASS"));
  wait_cache(harness, "one", [&](const auto& one) {
    return one && one->counters.authentication_failures > before->counters.authentication_failures;
  });
}

TEST_CASE("redis: applications write, publish and read; administration is refused") {
  RedisHarness harness;
  harness.cache().ensure(cache_spec(harness.cache(), "one"));
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"SET", "a", "1"}).text == "OK");
  CHECK(ask("any", {"PUBLISH", "c", "1"}).kind == Reply::Kind::Integer);
  CHECK(ask("any", {"INFO"}).kind == Reply::Kind::Bulk);
  const auto refused = [](std::initializer_list<std::string_view> words) {
    CAPTURE(std::string{*words.begin()});
    CHECK(is_refused(ask("any", words), "NOPERM"));
  };
  refused({"CONFIG", "GET", "dir"});
  refused({"ACL", "LIST"});
  refused({"SHUTDOWN", "NOSAVE"});
  refused({"REPLICAOF", "NO", "ONE"});
  refused({"MODULE", "LIST"});
  refused({"FLUSHALL"});
  refused({"KEYS", "*"});
  refused({"MONITOR"});
  CHECK(is_refused(ask("any", {"DEBUG", "SLEEP", "0"}), "not allowed"));  // by the configuration
  CHECK(ask("any", {"GET", "a"}).text == "1");
}

TEST_CASE("redis: on the machine the control plane's own user connects and others do not") {
  RedisHarness harness;
  harness.cache().ensure(cache_spec(harness.cache(), "one"));
  wait_cache(harness, "one", runs);
  CHECK(connects_as(0));
  CHECK_FALSE(connects_as(65534));
}

TEST_CASE("redis: a control plane that comes back finds it running, with its data") {
  RedisHarness harness;
  const auto spec = cache_spec(harness.cache(), "one");
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"SET", "a", "1"}).text == "OK");
  const pid_t before = pid_of(harness.home(), "one");
  harness.close();
  CHECK(ask("any", {"GET", "a"}).text == "1");
  CHECK_FALSE(connects_as(65534));
  harness.open();
  CHECK(seen_cache(harness, "one").has_value());  // at once: whoever forgot it can remove it
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(pid_of(harness.home(), "one") == before);
}

TEST_CASE("redis: stopped as a whole it keeps its data for the next start") {
  RedisHarness harness;
  const auto spec = cache_spec(harness.cache(), "one");
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"SET", "a", "kept"}).text == "OK");
  const pid_t before = pid_of(harness.home(), "one");
  harness.redis().stop_all();
  CHECK(::kill(before, 0) != 0);
  harness.open();
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"GET", "a"}).text == "kept");
}

TEST_CASE("redis: a cut append-only file is said, and what is whole is there") {
  RedisHarness harness;
  const auto spec = cache_spec(harness.cache(), "one");
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"SET", "a", "whole"}).text == "OK");
  CHECK(ask("any", {"SET", "b", "cut"}).text == "OK");
  harness.redis().stop_all();
  for (const auto& entry : fs::directory_iterator(harness.folder("one") + "/data/appendonlydir")) {
    if (entry.path().string().ends_with(".incr.aof")) {
      fs::resize_file(entry.path(), fs::file_size(entry.path()) - 5);
    }
  }
  harness.open();
  harness.cache().ensure(spec);
  const auto one = wait_cache(harness, "one", runs);
  CAPTURE(one->trouble);
  CHECK(one->trouble.find("append-only file was cut") != std::string::npos);
  CHECK(ask("any", {"GET", "a"}).text == "whole");
  CHECK(is_refused(ask("any", {"KEYS", "*"}), "NOPERM"));
}

TEST_CASE("redis: a broken append-only file is said, and a mended one taken") {
  RedisHarness harness;
  const auto spec = cache_spec(harness.cache(), "one");
  harness.cache().ensure(spec);
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"SET", "a", "1"}).text == "OK");
  harness.redis().stop_all();
  std::string file;
  for (const auto& entry : fs::directory_iterator(harness.folder("one") + "/data/appendonlydir")) {
    if (entry.path().string().ends_with(".incr.aof")) file = entry.path();
  }
  const std::string whole = slurp(file);
  std::ofstream(file, std::ios::trunc) << "garbage\r\n" << whole;
  harness.open();
  harness.cache().ensure(spec);
  const auto failed = wait_cache(harness, "one", [](const auto& one) {
    return one && one->state == caches::CacheObservation::State::Failed;
  });
  CAPTURE(failed->trouble);
  CHECK(failed->trouble.find("Bad file format") != std::string::npos);
  std::ofstream(file, std::ios::trunc) << whole;
  wait_cache(harness, "one", runs);
  CHECK(ask("any", {"GET", "a"}).text == "1");
}

TEST_CASE("redis: a taken port is said, and taken when it is free") {
  RedisHarness harness;
  auto other =
      net::listen_tcp(*net::SocketAddress::ip("0.0.0.0", 6379), net::PortSharing::Exclusive);
  REQUIRE(other);
  harness.cache().ensure(cache_spec(harness.cache(), "one"));
  const auto failed = wait_cache(harness, "one", [](const auto& one) {
    return one && one->state == caches::CacheObservation::State::Failed;
  });
  CAPTURE(failed->trouble);
  CHECK(failed->trouble.find("port 6379 of 10.64.15.0 is taken") != std::string::npos);
  other->reset();
  wait_cache(harness, "one", runs);
}

TEST_CASE("redis: missing, it says how to get it") {
  RedisHarness harness;
  harness.break_everything();
  harness.cache().ensure(cache_spec(harness.cache(), "one"));
  const auto failed = wait_cache(harness, "one", [](const auto& one) {
    return one && one->state == caches::CacheObservation::State::Failed;
  });
  CHECK(failed->trouble.find("apt-get install redis-tools") != std::string::npos);
}

TEST_CASE("redis: removed, nothing of it is left") {
  RedisHarness harness;
  harness.cache().ensure(cache_spec(harness.cache(), "one"));
  wait_cache(harness, "one", runs);
  const pid_t pid = pid_of(harness.home(), "one");
  harness.cache().remove(caches::CacheClusterId{"one"});
  wait_cache(harness, "one", [](const auto& one) { return !one; });
  CHECK(::kill(pid, 0) != 0);
  CHECK_FALSE(fs::exists(harness.folder("one")));
  CHECK(slurp("/proc/net/fib_trie").find("10.64.15.0") == std::string::npos);
}

TEST_CASE("redis: full, it runs and says that it takes no writes") {
  RedisHarness harness;
  auto spec = cache_spec(harness.cache(), "one");
  spec.max_memory = 256 << 10;  // less than it needs for itself
  harness.cache().ensure(spec);
  const auto full = wait_cache(
      harness, "one", [](const auto& one) { return runs(one) && !one->trouble.empty(); });
  CHECK(full->trouble.find("does not take writes: OOM") != std::string::npos);
  CHECK(is_refused(ask("any", {"SET", "a", "1"}), "OOM"));
  CHECK(full->counters.evicted_keys == 0);
}

}  // namespace tidegate::contracts
