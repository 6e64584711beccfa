// The process driver for real: what an instance is. Runs inside tools/in-netns.sh.
#include "integration/compute_process_trial.h"

namespace tidegate::contracts {

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

TEST_CASE(
    "process driver: a snapshot reads the CPU time when it is asked, not at the driver's pace") {
  ProcessHarness harness;
  harness.compute().launch(spec_with("i-1", "exec sleep 1000\n"));
  const auto running = in_phase(InstancePhase::Running);
  wait_seen(harness, "i-1", running);
  WallClock clock;
  for (int i = 0; i < 5; ++i) {  // within far less than the driver's own 200 ms
    const Instant asked = clock.now();
    CHECK(wait_seen(harness, "i-1", running)->sampled >= asked);
  }
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

}  // namespace tidegate::contracts
