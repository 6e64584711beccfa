#include "apps/tidegate/show/probe.h"

#include <array>
#include <cerrno>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "apps/tidegate/rehearse/load.h"
#include "apps/tidegate/verbs/connection.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr timeval kPatience{2, 0};  // for each step, of three

/// The first bytes of the answer; empty when there is none.
std::string first_bytes(const LoadTarget& target) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return "";
  }
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  inet_pton(AF_INET, target.address.c_str(), &address.sin_addr);
  const std::string request = "GET / HTTP/1.1\r\nHost: " + target.host +
                              "\r\nUser-Agent: tidegate-status\r\nConnection: close\r\n\r\n";
  std::array<char, 512> bytes{};
  std::string answer;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    const ssize_t n = recv(fd, bytes.data(), bytes.size(), 0);
    answer.assign(bytes.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  close(fd);
  return answer;
}

}  // namespace

std::string probe_text(const std::string& url) {
  const auto target = load_target(url);
  if (!target) {
    return target.error().message;
  }
  const MonotonicInstant begin = monotonic_now();
  const std::string answer = first_bytes(*target);
  if (answer.size() < 12) {
    return "does not answer";
  }
  return answer.substr(9, 3) + " in " + format_fixed(seconds_since(begin) * 1000, 0) +
         " ms through the balancer";
}

}  // namespace tidegate::apps
