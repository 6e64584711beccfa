// The process driver for real: what only it promises. Runs inside tools/in-netns.sh.
#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <set>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "adapters/compute/process/host_network.h"
#include "base/text.h"
#include "contracts/process_compute_harness.h"

namespace tidegate::contracts {
namespace {

using groups::InstanceId;
using ports::InstancePhase;
using Observation = std::optional<ports::InstanceObservation>;

constexpr const char* kServer = "exec python3 -u -m http.server $PORT\n";

ports::LaunchSpec spec_with(const std::string& id, const std::string& body) {
  ports::LaunchSpec spec = launch_spec(id);
  spec.user_data = "#!/bin/bash\n" + body;
  spec.size = {0.5, 128};
  return spec;
}

std::string slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string console_of(ProcessHarness& harness, const std::string& id) {
  const auto chunk = harness.compute().console(InstanceId{id}, ~std::uint64_t{0}, 65536);
  return chunk ? chunk->text : std::string{};
}

void wait_console(ProcessHarness& harness, const std::string& id, const std::string& text) {
  for (int i = 0; i < kComputePatience; ++i) {
    if (console_of(harness, id).find(text) != std::string::npos) return;
    harness.pass_time();
  }
  const std::string console = console_of(harness, id);
  CAPTURE(console);
  FAIL("the console does not say it: ", text);
}

/// The body of GET / there; empty when nobody answers.
std::string get(const ports::InstanceObservation& one) {
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(one.port);
  ::inet_pton(AF_INET, one.address.c_str(), &address.sin_addr);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket.get(), name, sizeof address) != 0) return {};
  const std::string request = "GET / HTTP/1.0\r\n\r\n";
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

std::string wait_answer(ProcessHarness& harness, const ports::InstanceObservation& one) {
  for (int i = 0; i < kComputePatience; ++i) {
    const std::string answer = get(one);
    if (!answer.empty()) return answer;
    harness.pass_time();
  }
  FAIL("nobody answers");
  return {};
}

std::vector<std::string> shell_lines(const std::string& command) {
  std::vector<std::string> lines;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "re"), &::pclose};
  REQUIRE(pipe != nullptr);
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    lines.emplace_back(trim(line.data()));
  }
  return lines;
}

/// What a machine may be left with.
std::set<std::string> traces() {
  std::set<std::string> all;
  for (const char* command :
       {"ip -o link | cut -d: -f2",
        "ip route",
        "ip -o -4 addr",
        "nft list tables",
        "cat /proc/self/mounts",
        "cat /proc/sys/net/ipv4/ip_forward",
        "find /sys/fs/cgroup -path '*tidegate-@*' -type d",
        "for p in /proc/[0-9]*; do readlink $p/ns/net; readlink $p/ns/mnt; done | sort -u",
        "grep -l '^tidegate-[si]' /proc/[0-9]*/cmdline 2>/dev/null"}) {
    std::string text = command;
    if (const std::size_t at = text.find('@'); at != std::string::npos)
      text.replace(at, 1, run_id());
    for (const std::string& line : shell_lines(text)) {
      all.insert(line);
    }
  }
  return all;
}

/// What is there that was not before; empty when all is as it was.
std::string fresh_traces(const std::set<std::string>& before) {
  std::string fresh;
  for (const std::string& one : traces()) {
    if (!before.contains(one)) fresh += one + "\n";
  }
  return fresh;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

/// The host's pid of the process whose command line begins so.
std::optional<int> pid_of(const std::string& command) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::optional<std::int64_t> pid = parse_int(entry.path().filename().string());
    if (!pid) continue;
    std::string line = slurp(entry.path() / "cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.starts_with(command)) return static_cast<int>(*pid);
  }
  return std::nullopt;
}

void kill_command(const std::string& command) {
  const std::optional<int> pid = pid_of(command);
  CAPTURE(command);
  REQUIRE(pid);
  const FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0))};
  REQUIRE(::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0);
}

}  // namespace

TEST_CASE("process driver: keeps the contract of compute") {
  compute_contract([] { return std::make_unique<ProcessHarness>(); });
}

TEST_CASE("process driver: user data serves at the instance's own address, with its environment") {
  ProcessHarness harness;
  ports::LaunchSpec spec =
      spec_with("i-1",
                "echo id=$INSTANCE_ID port=$PORT drain=$DRAIN_DEADLINE_S home=$HOME\n"
                "getent hosts redis.example\ncd /tmp; echo served by $INSTANCE_ID > index.html\n" +
                    std::string{kServer});
  spec.environment = {{"DRAIN_DEADLINE_S", "30"}};
  spec.host_names = {{"redis.example", "10.1.2.3"}};
  harness.compute().launch(spec);
  const Observation one = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  CHECK(wait_answer(harness, *one).find("served by i-1") != std::string::npos);
  const std::string console = console_of(harness, "i-1");
  CHECK(console.find("id=i-1 port=8000 drain=30 home=/root") != std::string::npos);
  CHECK(console.find("10.1.2.3") != std::string::npos);
  const std::string document = slurp(harness.home() + "/metadata/documents/i-1.json");
  CHECK(document.find("\"local-ipv4\": \"" + one->address) != std::string::npos);
}

TEST_CASE("process driver: user data that fails is told by status, line, command and console") {
  ProcessHarness harness;
  harness.compute().launch(
      spec_with("i-1", "set -e\necho before\nls /no/such\necho after\nsleep 9\n"));
  const Observation one = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->user_data_exit_status.has_value();
  });
  CHECK(one->user_data_exit_status == 2);
  CHECK_FALSE(one->process_alive);
  REQUIRE(one->failing_line);
  CHECK(*one->failing_line == groups::FailingLine{2, 4, "ls /no/such"});
  CHECK(one->user_data_duration > Duration{0});
  CHECK(one->failure.starts_with("user data exited with status 2 after "));
  CHECK(one->console_tail.find("before") != std::string::npos);
  // The next run in place does not take the evidence away.
  const Observation again = wait_seen(
      harness, "i-1", [](const Observation& seen) { return seen && seen->incarnation >= 1; });
  CHECK(again->restarts >= 1);
  CHECK(again->failing_line);
}

TEST_CASE("process driver: user data may exit 0 and leave processes, which are the instance then") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", "setsid sleep 1000 &\nexit 0\n"));
  const Observation one = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->user_data_exit_status == 0;
  });
  CHECK(one->process_alive);
  CHECK(one->failure.empty());
  harness.compute().launch(spec_with("i-2", "exit 0\n"));
  const Observation two = wait_seen(harness, "i-2", [](const Observation& seen) {
    return seen && seen->user_data_exit_status == 0 && !seen->process_alive;
  });
  CHECK(two->failure == "user data exited with status 0 and left no process");
  ports::LaunchSpec without = spec_with("i-3", "");
  without.user_data.clear();
  harness.compute().launch(without);
  const Observation three = wait_seen(harness, "i-3", in_phase(InstancePhase::Running));
  CHECK(three->process_alive);
  CHECK_FALSE(three->user_data_exit_status);
  harness.compute().stop(InstanceId{"i-3"});
  wait_seen(harness, "i-3", in_phase(InstancePhase::Exited));
}

TEST_CASE("process driver: what cannot be launched is Failed with a sentence") {
  ProcessHarness harness;
  struct Case {
    const char* id;
    const char* user_data;
    ports::ProcessImage image;
    ports::InstanceSize size;
    const char* sentence;
  };
  const auto cases = std::to_array<Case>(
      {{"i-cloud", "#cloud-config\n", {{"host"}}, {0.1, 64}, "#cloud-config"},
       {"i-text", "echo hi\n", {{"host"}}, {0.1, 64}, "#!"},
       {"i-image", "", {{"host", "/no/such/layer"}}, {0.1, 64}, "/no/such/layer"},
       {"i-large", "", {{"host"}}, {512, 64}, "InsufficientInstanceCapacity"},
       {"i-memory", "", {{"host"}}, {0.1, 1 << 30}, "InsufficientInstanceCapacity"},
       {"i-shell", "#!/no/such/shell\n", {{"host"}}, {0.1, 64}, "No such file"}});
  for (const Case& c : cases) {
    CAPTURE(c.id);
    ports::LaunchSpec spec = launch_spec(c.id);
    spec.user_data = c.user_data;
    spec.image = c.image;
    spec.size = c.size;
    harness.compute().launch(spec);
    const Observation one = wait_seen(harness, c.id, in_phase(InstancePhase::Failed));
    CHECK(one->failure.find(c.sentence) != std::string::npos);
    CHECK_FALSE(one->process_alive);
  }
}

TEST_CASE("process driver: an instance sees itself and nothing of the machine's secrets") {
  ProcessHarness harness;
  std::ofstream(harness.home() + "/secret") << "key";
  harness.compute().launch(
      spec_with("i-1",
                "cat " + harness.home() +
                    "/secret && echo LEAK home\n"
                    "cat /etc/shadow && echo LEAK shadow\n"
                    "[ -z \"$(ls -A /root /home | grep -v :)\" ] && echo empty homes\n"
                    "echo x > /root/mine && echo y > /home/mine && echo writable homes\n"
                    "ls /proc | grep -c '^[0-9]*$'\n"
                    "mount -t tmpfs none /mnt 2>/dev/null && echo LEAK mount\n"
                    "(echo 0 > /proc/sys/net/ipv4/ip_forward) 2>/dev/null && echo LEAK sysctl\n"
                    "mknod /tmp/disk b 254 0 2>/dev/null && echo LEAK mknod\n"
                    "tr '\\0' ' ' < /proc/1/environ | grep -q TIDEGATE && echo LEAK environ\n"
                    "unshare -n true 2>/dev/null && echo LEAK unshare\n"
                    "grep NoNewPrivs /proc/self/status\nhostname\necho done; exec sleep 1000\n"));
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_console(harness, "i-1", "\ndone\n");
  const std::string console = console_of(harness, "i-1");
  CAPTURE(console);
  CHECK(console.find("LEAK") == std::string::npos);
  CHECK(console.find("empty homes") != std::string::npos);
  CHECK(console.find("writable homes") != std::string::npos);
  CHECK(console.find("NoNewPrivs:\t1") != std::string::npos);
  CHECK(console.find("\nip-10-") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists("/root/mine"));
}

TEST_CASE("process driver: an image's folder lies over the machine's root, also over /home") {
  ProcessHarness harness;
  const TemporaryFolder image;
  std::filesystem::create_directories(image.file("home/app"));
  std::filesystem::create_directories(image.file("etc"));
  std::ofstream(image.file("home/app/main")) << "application\n";
  std::ofstream(image.file("etc/motd")) << "ours\n";
  ports::LaunchSpec spec =
      spec_with("i-1", "cat /home/app/main /etc/motd\necho more >> /etc/motd\nexec sleep 1000\n");
  spec.image.layers = {"host", image.path()};
  harness.compute().launch(spec);
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_console(harness, "i-1", "application\nours\n");
  CHECK(slurp(image.file("etc/motd")) == "ours\n");
}

TEST_CASE("process driver: the CPU quota holds, and the busiest thread is told") {
  ProcessHarness harness;
  ports::LaunchSpec spec = spec_with("i-1", "while :; do :; done\n");
  spec.size.vcpus = 0.4;
  harness.compute().launch(spec);
  const Observation first = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->cpu_used > std::chrono::milliseconds{200};
  });
  const Observation later = wait_seen(harness, "i-1", [&](const Observation& seen) {
    return seen && seen->sampled - first->sampled > std::chrono::milliseconds{2500} &&
           seen->busiest_thread > 0.05;
  });
  const double share =
      seconds_of(later->cpu_used - first->cpu_used) / seconds_of(later->sampled - first->sampled);
  CHECK(share < 0.4 * 1.25);
  CHECK(later->busiest_thread < 0.4 * 1.5);
  CHECK(later->memory_bytes > 0);
}

TEST_CASE("process driver: a program that takes too much memory is killed, and that is said") {
  ProcessHarness harness;
  ports::LaunchSpec spec = spec_with("i-1", "python3 -c 'x = bytearray(300 << 20)'\nexit $?\n");
  spec.size.memory_mib = 64;
  harness.compute().launch(spec);
  const Observation one = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->oom_kills > 0 && !seen->failure.empty();
  });
  CHECK(one->failing_line->line == 3);
  CHECK(one->failing_line->status == 137);
}

TEST_CASE(
    "process driver: a killed main process is started again in place, with the same address") {
  ProcessHarness harness;
  harness.compute().launch(spec_with(
      "i-1",
      "date +%N >> /var/runs; cp /var/runs /tmp/index.html; cd /tmp\n" + std::string{kServer}));
  const Observation before = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_answer(harness, *before);
  kill_command("python3 -u -m http.server 8000");
  const Observation after = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->incarnation == 1 && seen->process_alive;
  });
  CHECK(after->address == before->address);
  CHECK(after->phase == InstancePhase::Running);
  CHECK_FALSE(after->status_check_failed);
  const std::string answer = wait_answer(harness, *after);
  // Its files are still there: two lines, one per run.
  CHECK(std::count(answer.begin() + static_cast<std::ptrdiff_t>(answer.find("\r\n\r\n")) + 4,
                   answer.end(),
                   '\n') == 2);
}

TEST_CASE("process driver: an instance whose pid 1 is killed is started again in place") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", "echo \"umask $(umask)\"\n" + std::string{kServer}));
  const Observation before = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_answer(harness, *before);
  kill_command("tidegate-init i-1");
  const Observation after = wait_seen(harness, "i-1", [](const Observation& seen) {
    return seen && seen->incarnation == 1 && seen->process_alive;
  });
  CHECK(after->address == before->address);
  wait_answer(harness, *after);
  CHECK(console_of(harness, "i-1").starts_with("umask 0022\n"));
}

TEST_CASE("process driver: a hundred instances are found again, all of them, at the start") {
  ProcessHarness harness;
  constexpr int kCount = 100;
  for (int i = 0; i < kCount; ++i) {
    ports::LaunchSpec spec = launch_spec("i-0123456789abcde" + std::to_string(i));
    spec.size = {0.01, 16};
    harness.compute().launch(spec);
  }
  for (int i = 0; i < kCount; ++i) {
    wait_seen(harness, "i-0123456789abcde" + std::to_string(i), in_phase(InstancePhase::Running));
  }
  harness.close();
  const MonotonicInstant start = compute_process::monotonic_now();
  harness.open();
  const auto took = compute_process::monotonic_now() - start;
  const auto all = harness.compute().snapshot();
  const auto good = std::count_if(all.begin(), all.end(), [](const auto& one) {
    return one.phase == InstancePhase::Running && one.process_alive;
  });
  CHECK(good == kCount);
  MESSAGE("adopted in ms: ", std::chrono::duration<double, std::milli>(took).count());
}

TEST_CASE("process driver: gives up after five restarts, which is a failed status check") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", "exit 3\n"));
  const Observation one = wait_seen(harness, "i-1", in_phase(InstancePhase::Exited));
  CHECK(one->status_check_failed);
  CHECK(one->restarts == 5);
  CHECK(one->failure.starts_with(
      "gave up after 5 restarts in place: user data exited with status 3"));
  CHECK(one->failing_line == groups::FailingLine{3, 2, "exit 3"});
}

TEST_CASE("process driver: SIGTERM reaches the program behind its shell") {
  ProcessHarness harness;
  harness.compute().launch(spec_with(
      "i-1",
      "trap 'echo shell saw it' TERM\npython3 -uc 'import signal,sys,time\n"
      "signal.signal(signal.SIGTERM, lambda *a: (print(\"drained\"), sys.exit(0)))\nprint(\"up\")\n"
      "time.sleep(1000)'\n"));
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_console(harness, "i-1", "up\n");
  harness.compute().stop(InstanceId{"i-1"});
  wait_seen(harness, "i-1", in_phase(InstancePhase::Exited));
  CHECK(console_of(harness, "i-1").find("drained") != std::string::npos);
}

TEST_CASE("process driver: an instance whose shim is killed is Lost, and nothing of it is left") {
  ProcessHarness harness;
  const auto before = traces();
  harness.compute().launch(spec_with("i-1", kServer));
  const Observation one = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_answer(harness, *one);
  kill_command("tidegate-shim i-1");
  const Observation lost = wait_seen(harness, "i-1", in_phase(InstancePhase::Lost));
  CHECK(lost->status_check_failed);
  CHECK(lost->failure.find("shim was killed") != std::string::npos);
  for (int i = 0; i < kComputePatience && pid_of("python3 -u -m http.server"); ++i) {
    harness.pass_time();
  }
  CHECK_FALSE(pid_of("python3 -u -m http.server"));
  harness.compute().kill(InstanceId{"i-1"});
  wait_seen(harness, "i-1", is_absent());
  CHECK_FALSE(std::filesystem::exists(harness.folder_of("i-1")));
}

TEST_CASE(
    "process driver: a control plane that comes back finds its instances, and serving goes on") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", kServer));
  harness.compute().launch(spec_with("i-2", "sleep 0.1; exit 4\n"));
  harness.compute().launch(spec_with("i-3", kServer));
  const Observation one = wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  wait_answer(harness, *one);
  wait_seen(harness, "i-3", in_phase(InstancePhase::Running));
  harness.close();
  CHECK_FALSE(get(*one).empty());
  kill_command("tidegate-shim i-3");
  harness.open();
  const Observation again = seen(harness, "i-1");  // at once: adoption is part of the start
  REQUIRE(again);
  CHECK(again->phase == InstancePhase::Running);
  CHECK(again->process_alive);
  CHECK(again->address == one->address);
  CHECK(again->incarnation == 0);
  CHECK(again->cpu_used > Duration{0});
  wait_seen(harness, "i-3", in_phase(InstancePhase::Lost));
  wait_seen(harness, "i-2", in_phase(InstancePhase::Exited));
  CHECK(seen(harness, "i-2")->failing_line->status == 4);
  CHECK_FALSE(get(*one).empty());
}

TEST_CASE("process driver: what ran before the machine was started anew is Lost") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", kServer));
  wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
  harness.close();
  kill_command("tidegate-shim i-1");
  const std::string file = harness.folder_of("i-1") + "/state";
  std::vector<std::string> words = split(slurp(file), ' ');
  words[1] = "another-boot";
  std::ofstream(file) << join(words, " ");
  harness.open();
  CHECK(seen(harness, "i-1")->phase == InstancePhase::Lost);
  CHECK(seen(harness, "i-1")->failure.find("started anew") != std::string::npos);
}

TEST_CASE("process driver: a launch that was cut off, and strays, are gone after a start") {
  ProcessHarness harness;
  harness.close();
  std::filesystem::create_directories(harness.folder_of("i-cut") + "/upper");
  const std::string veth = "tg" + harness.settings().home_id + "-fff";
  REQUIRE(shell_lines("ip link add " + veth + " type veth peer name tgx 2>&1").empty());
  harness.open();
  CHECK(harness.compute().snapshot().empty());
  CHECK_FALSE(std::filesystem::exists(harness.folder_of("i-cut")));
  CHECK(shell_lines("ip -o link show " + veth + " 2>/dev/null").empty());
}

TEST_CASE(
    "process driver: twenty launches and kills leave the machine and the driver as they were") {
  const auto machine_before = traces();
  {
    ProcessHarness harness;
    const auto cycle = [&harness](int i) {
      const std::string id = "i-" + std::to_string(i);
      harness.compute().launch(launch_spec(id));
      wait_seen(harness, id, in_phase(InstancePhase::Running));
      harness.compute().kill(InstanceId{id});
      wait_seen(harness, id, is_absent());
    };
    cycle(0);  // makes what stays while the home is up
    const auto before = traces();
    const std::size_t descriptors = open_descriptors();
    for (int i = 1; i <= 20; ++i) {
      cycle(i);
    }
    CHECK(fresh_traces(before) == "");
    CHECK(open_descriptors() == descriptors);
  }
  CHECK(fresh_traces(machine_before) == "");
}

TEST_CASE(
    "process driver: two homes side by side share nothing, the last one restores ip_forward") {
  const auto before = traces();
  const std::string forward = "/proc/sys/net/ipv4/ip_forward";
  const std::string original = slurp(forward);
  {
    ProcessHarness first{"a"};
    auto second = std::make_unique<ProcessHarness>("b");
    CHECK(first.settings().range != second->settings().range);
    first.compute().launch(spec_with("i-1", kServer));
    second->compute().launch(spec_with("i-1", kServer));
    const Observation a = wait_seen(first, "i-1", in_phase(InstancePhase::Running));
    const Observation b = wait_seen(*second, "i-1", in_phase(InstancePhase::Running));
    CHECK(a->address != b->address);
    wait_answer(first, *a);
    wait_answer(*second, *b);
    second.reset();
    CHECK(slurp(forward) == "1\n");
    CHECK_FALSE(get(*a).empty());
    CHECK(seen(first, "i-1")->phase == InstancePhase::Running);
  }
  CHECK(slurp(forward) == original);
  CHECK(fresh_traces(before) == "");
}

TEST_CASE("process driver: a range that another home holds is refused by its name") {
  const TemporaryFolder mine;
  const TemporaryFolder other;
  const auto held = compute_process::claim_range(mine.path(), "10.99.0.0/24");
  REQUIRE(held);
  const auto again = compute_process::claim_range(mine.path(), "10.99.0.0/24");
  CHECK(again);
  const auto refused = compute_process::claim_range(other.path(), "10.99.0.0/24");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find(mine.path()) != std::string::npos);
  CHECK(compute_process::claim_range(mine.path(), "10.99.0.1/24").error().code ==
        ErrorCode::InvalidArgument);
  CHECK(compute_process::claim_range(mine.path(), "10.99.0.0/30").error().code ==
        ErrorCode::InvalidArgument);
}

TEST_CASE("process driver: the instances' resolver is the machine's unless that is on loopback") {
  using compute_process::resolv_conf_from;
  const auto plain = resolv_conf_from("# c\nnameserver 10.0.0.2\nsearch a.b\n", "");
  CHECK_FALSE(plain.forward_to);
  CHECK(plain.text == "nameserver 10.0.0.2\nsearch a.b\n");
  const auto both = resolv_conf_from("nameserver 127.0.0.1\nnameserver 10.0.0.2\n", "");
  CHECK_FALSE(both.forward_to);
  CHECK(both.text == "nameserver 10.0.0.2\n");
  const auto local = resolv_conf_from("nameserver 127.0.0.1\noptions edns0\n", "");
  CHECK(local.forward_to == link::parse_ipv4("127.0.0.1"));
  CHECK(local.text == "nameserver 169.254.169.253\noptions edns0\n");
  const auto systemd = resolv_conf_from("nameserver 127.0.0.53\n", "nameserver 10.9.9.9\n");
  CHECK_FALSE(systemd.forward_to);
  CHECK(systemd.text == "nameserver 10.9.9.9\n");
}

TEST_CASE(
    "process driver: instances reach a resolver on the machine's loopback, and nothing else "
    "there") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("resolv.conf")) << "nameserver 127.0.0.1\n";
  const std::string file = folder.file("resolv.conf");
  REQUIRE(shell_lines("mount --bind " + file + " $(readlink -f /etc/resolv.conf) 2>&1").empty());
  const FileDescriptor resolver{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(resolver.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  {
    ProcessHarness harness;
    harness.compute().launch(spec_with(
        "i-1",
        "cat /etc/resolv.conf\npython3 -u -c 'import socket\n"
        "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.connect((\"169.254.169.253\",53))\n"
        "s.send(b\"who\"); print(\"answer:\",s.recv(99))'\nsleep 1000\n"));
    wait_seen(harness, "i-1", in_phase(InstancePhase::Running));
    pollfd asked{resolver.get(), POLLIN, 0};
    REQUIRE(::poll(&asked, 1, 20000) == 1);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    std::array<char, 16> query{};
    auto* name = reinterpret_cast<sockaddr*>(&from);
    CHECK(::recvfrom(resolver.get(), query.data(), query.size(), 0, name, &size) == 3);
    CHECK(from.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(::sendto(resolver.get(), "it", 2, 0, name, size) == 2);
    wait_console(harness, "i-1", "answer: b'it'");
    CHECK(console_of(harness, "i-1").starts_with("nameserver 169.254.169.253\n"));
  }
  CHECK(shell_lines("umount $(readlink -f /etc/resolv.conf) 2>&1").empty());
}

TEST_CASE("process driver: says by name what this machine allows") {
  ProcessHarness harness;
  std::set<std::string> names;
  for (const ports::Capability& one : harness.compute().capabilities()) {
    names.insert(one.name);
    CHECK_FALSE(one.detail.empty());
    if (one.name != "virtual machine") CHECK_MESSAGE(one.present, one.name, ": ", one.detail);
  }
  for (const char* name : {"network namespace", "files of its own", "cgroup limits", "nft"}) {
    CHECK_MESSAGE(names.contains(name), name);
  }
}

TEST_CASE(
    "process driver: without cgroups instances run all the same, their CPU is read from /proc") {
  const FileDescriptor before{::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)};
  REQUIRE(::unshare(CLONE_NEWNS) == 0);
  REQUIRE(shell_lines("umount -R /sys/fs/cgroup 2>&1").empty());
  {
    ProcessHarness harness;
    for (const ports::Capability& one : harness.compute().capabilities()) {
      if (one.name == "cgroup limits") CHECK_FALSE(one.present);
    }
    harness.compute().launch(spec_with("i-1", "(while :; do :; done) &\nwait\n"));
    const Observation one = wait_seen(harness, "i-1", [](const Observation& seen) {
      return seen && seen->cpu_used > std::chrono::milliseconds{300} && seen->busiest_thread > 0.1;
    });
    CHECK(one->process_alive);
    harness.compute().kill(InstanceId{"i-1"});
    wait_seen(harness, "i-1", is_absent());
  }
  REQUIRE(::setns(before.get(), CLONE_NEWNS) == 0);
}

}  // namespace tidegate::contracts
