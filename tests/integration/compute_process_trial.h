// What trials of the process driver for real share. They run inside tools/in-netns.sh.
#pragma once

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

using groups::InstanceId;
using ports::InstancePhase;
using Observation = std::optional<ports::InstanceObservation>;

inline constexpr const char* kServer = "exec python3 -u -m http.server $PORT\n";

inline ports::LaunchSpec spec_with(const std::string& id, const std::string& body) {
  ports::LaunchSpec spec = launch_spec(id);
  spec.user_data = "#!/bin/bash\n" + body;
  spec.size = {0.5, 128};
  return spec;
}

inline std::string slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline std::string console_of(ProcessHarness& harness, const std::string& id) {
  const auto chunk = harness.compute().console(InstanceId{id}, ~std::uint64_t{0}, 65536);
  return chunk ? chunk->text : std::string{};
}

inline void wait_console(ProcessHarness& harness, const std::string& id, const std::string& text) {
  for (int i = 0; i < kComputePatience; ++i) {
    if (console_of(harness, id).find(text) != std::string::npos) return;
    harness.pass_time();
  }
  const std::string console = console_of(harness, id);
  CAPTURE(console);
  FAIL("the console does not say it: ", text);
}

/// The body of GET / there; empty when nobody answers.
inline std::string get(const ports::InstanceObservation& one) {
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

inline std::string wait_answer(ProcessHarness& harness, const ports::InstanceObservation& one) {
  for (int i = 0; i < kComputePatience; ++i) {
    const std::string answer = get(one);
    if (!answer.empty()) return answer;
    harness.pass_time();
  }
  FAIL("nobody answers");
  return {};
}

inline std::vector<std::string> shell_lines(const std::string& command) {
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
inline std::set<std::string> traces() {
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
inline std::string fresh_traces(const std::set<std::string>& before) {
  std::string fresh;
  for (const std::string& one : traces()) {
    if (!before.contains(one)) fresh += one + "\n";
  }
  return fresh;
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

/// The host's pid of the process whose command line begins so.
inline std::optional<int> pid_of(const std::string& command) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::optional<std::int64_t> pid = parse_int(entry.path().filename().string());
    if (!pid) continue;
    std::string line = slurp(entry.path() / "cmdline");
    std::replace(line.begin(), line.end(), '\0', ' ');
    if (line.starts_with(command)) return static_cast<int>(*pid);
  }
  return std::nullopt;
}

inline void kill_command(const std::string& command) {
  const std::optional<int> pid = pid_of(command);
  CAPTURE(command);
  REQUIRE(pid);
  const FileDescriptor process{static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0))};
  REQUIRE(::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) == 0);
}

}  // namespace tidegate::contracts
