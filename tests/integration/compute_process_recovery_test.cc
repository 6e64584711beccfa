// The process driver for real: ends, restarts and starts anew leave nothing behind. Runs inside
// tools/in-netns.sh.
#include "integration/compute_process_trial.h"
#include "net/loop.h"

namespace tidegate::contracts {

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
  const MonotonicInstant start = net::monotonic_now();
  harness.open();
  const auto took = net::monotonic_now() - start;
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
      return seen && seen->cpu_used > std::chrono::milliseconds{300} &&
             seen->busiest_thread > 0.02;  // a busy machine may give it no more
    });
    CHECK(one->process_alive);
    harness.compute().kill(InstanceId{"i-1"});
    wait_seen(harness, "i-1", is_absent());
  }
  REQUIRE(::setns(before.get(), CLONE_NEWNS) == 0);
}

}  // namespace tidegate::contracts
