#include "apps/tidegate/verbs/reach.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include "base/text.h"
#include "net/socket.h"

namespace tidegate::apps {
namespace {

constexpr int kPatienceMs = 2000;
constexpr std::string_view kPing = "PING\r\n";

struct Listening {
  std::string name, address;
  std::uint16_t port = 0;
};

Error failed(const std::string& what, int error) {
  return net::errno_error(what, error);
}

/// The first process of the instance, as its shim's state file has it.
std::optional<std::int64_t> process_of(const std::string& home, const std::string& instance) {
  std::ifstream file(home + "/instances/" + instance + "/state");
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto words = split(trim(text), ' ');
  return words.size() > 4 ? parse_int(words[4]) : std::nullopt;
}

/// Any answer of a Redis will do: one that asks for a password is reached.
Status ping(const Listening& endpoint) {
  TG_ASSIGN_OR_RETURN(const auto to, net::SocketAddress::ip(endpoint.address, endpoint.port));
  TG_ASSIGN_OR_RETURN(const auto socket, net::start_connect(to));
  pollfd one{socket.get(), POLLOUT, 0};
  if (poll(&one, 1, kPatienceMs) != 1) {
    return failed("connect to " + to.text(), ETIMEDOUT);
  }
  if (const int error = net::connect_error(socket.get()); error != 0) {
    return failed("connect to " + to.text(), error);
  }
  std::array<char, 64> answer{};
  const bool sent = send(socket.get(), kPing.data(), kPing.size(), MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(kPing.size());
  one.events = POLLIN;
  const bool told = sent && poll(&one, 1, kPatienceMs) == 1;
  const ssize_t size = told ? recv(socket.get(), answer.data(), answer.size(), 0) : -1;
  const std::string_view text{answer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  if (text.starts_with("+PONG") || text.starts_with("-NOAUTH")) {
    return Ok{};
  }
  return Error{ErrorCode::Unavailable, "NoAnswer", to.text() + " does not answer PING"};
}

/// From inside the network of that process. A thread may leave its own; it takes that to its end.
Status ping_from(std::int64_t process, const Listening& endpoint) {
  const std::string path = "/proc/" + std::to_string(process) + "/ns/net";
  Status done = Ok{};
  std::thread inside{[&] {
    const net::Fd network{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!network || setns(network.get(), CLONE_NEWNET) != 0) {
      done = failed(path, errno);
      return;
    }
    done = ping(endpoint);
  }};
  inside.join();
  return done;
}

bool knows_name(std::int64_t process, const Listening& endpoint) {
  std::ifstream file("/proc/" + std::to_string(process) + "/root/etc/hosts");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with(endpoint.address) && line.find(endpoint.name) != std::string::npos) {
      return true;
    }
  }
  return false;
}

std::string trouble_of(const std::string& home,
                       const std::string& instance,
                       const Listening& endpoint) {
  const auto process = process_of(home, instance);
  if (!process || *process <= 0) {
    return "the instance has no process on this machine";
  }
  if (const Status answered = ping_from(*process, endpoint); !answered) {
    return answered.error().message;
  }
  const bool by_address = endpoint.address.starts_with("127.");  // no /etc/hosts of its own
  return by_address || knows_name(*process, endpoint)
             ? ""
             : "its /etc/hosts does not have " + endpoint.name;
}

std::optional<Listening> endpoint_of(const Json& cache) {
  const std::string text = cache["Endpoint"].string_or("");
  const std::size_t colon = text.rfind(':');
  const auto port = parse_int(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (!port || *port <= 0 || *port > 65535) {
    return std::nullopt;
  }
  return Listening{
      text.substr(0, colon), cache["Address"].string_or(""), static_cast<std::uint16_t>(*port)};
}

std::vector<std::string> in_service(const Json& stack) {
  std::vector<std::string> ids;
  for (const Json& group : stack["AutoScalingGroups"].items()) {
    for (const Json& instance : group["Instances"].items()) {
      if (instance["LifecycleState"].string_or("") == "InService") {
        ids.push_back(instance["InstanceId"].string_or(""));
      }
    }
  }
  return ids;
}

}  // namespace

std::vector<CacheReach> cache_reaches(const Json& status, const std::string& home) {
  std::vector<CacheReach> all;
  for (const Json& stack : status["Stacks"].items()) {
    for (const Json& cache : stack["CacheClusters"].items()) {
      const auto endpoint = endpoint_of(cache);
      for (const std::string& id : endpoint ? in_service(stack) : std::vector<std::string>{}) {
        all.push_back({cache["CacheClusterId"].string_or(""), id, trouble_of(home, id, *endpoint)});
      }
    }
  }
  return all;
}

}  // namespace tidegate::apps
