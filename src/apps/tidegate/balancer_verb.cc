#include "apps/tidegate/balancer_verb.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/tidegate/balancer_template.h"
#include "apps/tidegate/inherited.h"
#include "apps/tidegate/verbs/connection.h"
#include "balancer/balancer.h"
#include "base/log.h"
#include "base/shim_wire.h"
#include "base/text.h"
#include "core/balancing/wire.h"
#include "net/loop.h"
#include "net/server.h"
#include "net/socket.h"

namespace tidegate::apps {
namespace {

constexpr std::size_t kWorkersMax = 64;

struct Inherited {
  std::vector<std::pair<balancing::SocketName, net::Fd>> listeners;
  net::Fd control;
  net::Fd snapshot;
};

/// What has another name is not for us.
Inherited inherited_descriptors(std::string_view text) {
  Inherited out;
  for (auto& [name, fd] : held_descriptors(text)) {
    if (name == "control") {
      out.control = std::move(fd);
    } else if (name == "snapshot") {
      out.snapshot = std::move(fd);
    } else if (const auto socket = balancing::parse_socket_name(name)) {
      out.listeners.emplace_back(*socket, std::move(fd));
    }
  }
  return out;
}

/// The last configuration, from the memory that the shim keeps.
Result<balancing::DataPlaneConfig> read_snapshot(const net::Fd& fd) {
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return net::errno_error("snapshot", errno);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  if (::pread(fd.get(), text.data(), text.size(), 0) != status.st_size) {
    return net::errno_error("snapshot", EIO);
  }
  TG_ASSIGN_OR_RETURN(const Json json, Json::parse(text));
  return balancing::config_from_json(json);
}

std::size_t worker_count(const Balancer& options) {
  std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
  if (const auto text = process_environment("TIDEGATE_WORKERS")) {
    if (const auto given = parse_int(*text); given && *given > 0) {
      workers = static_cast<std::size_t>(*given);
    }
  }
  if (options.workers > 0) workers = static_cast<std::size_t>(options.workers);
  return std::min(workers, kWorkersMax);
}

/// SIGTERM and SIGINT end the loop. Blocked before any worker starts, so that none takes them.
class StopSignals {
 public:
  explicit StopSignals(net::EventLoop& loop) : loop_(loop) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    fd_.reset();
    fd_ = net::Fd{::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)};
    TG_CHECK(fd_);
    loop_.watch(fd_.get(), EPOLLIN, [this](std::uint32_t) { loop_.stop(); });
  }
  ~StopSignals() { loop_.unwatch(fd_.get()); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  net::EventLoop& loop_;
  net::Fd fd_;
};

/// Counters for a person or a scraper: GET /report.
std::unique_ptr<net::HttpServer> admin_server(net::EventLoop& loop,
                                              balancer::Balancer& balancer,
                                              net::Fd listener) {
  return std::make_unique<net::HttpServer>(
      loop,
      std::move(listener),
      net::ServerLimits{},
      [&balancer](net::HttpRequest request, net::Responder responder) {
        if (request.path != "/report") {
          std::move(responder).send({.status = 404, .headers = {}, .body = "GET /report\n"});
          return;
        }
        std::move(responder).send({.status = 200,
                                   .headers = {{"Content-Type", "application/json"}},
                                   .body = balancing::to_json(balancer.report()).dump(2) + "\n"});
      });
}

Exit fail(const Error& error) {
  progress("tidegate balancer: " + error.message);
  return Exit::Failed;
}

void apply_snapshot(balancer::Balancer& balancer, const net::Fd& snapshot) {
  if (!snapshot) return;
  const auto config = read_snapshot(snapshot);
  if (config) {
    balancer.apply(*config);
  } else {
    log_event(LogLevel::Error, "snapshot_unreadable", {{"why", config.error().message}});
  }
}

}  // namespace

Exit run_balancer(const Balancer& options, const Environment& environment) {
  raise_descriptor_limit();
  net::EventLoop loop;
  const StopSignals stop{loop};
  Inherited inherited =
      inherited_descriptors(process_environment(shim::kHeldVariable).value_or(std::string{}));
  balancer::BalancerOptions settings;
  settings.workers = worker_count(options);
  settings.listeners = std::move(inherited.listeners);
  settings.control = std::move(inherited.control);
  const std::size_t workers = settings.workers;

  std::optional<StandAlone> alone;
  if (!options.template_file.empty()) {
    auto compiled = stand_alone(options, environment, workers);
    if (!compiled) return fail(compiled.error());
    alone = std::move(*compiled);
    std::ranges::move(alone->listeners, std::back_inserter(settings.listeners));
  } else if (!settings.control) {
    progress(
        "tidegate balancer: nothing to serve; give --template FILE (a control plane starts it "
        "by itself)");
    return Exit::Usage;
  }
  net::Fd admin_socket;
  if (!options.admin.empty()) {
    const auto address = net::SocketAddress::parse(options.admin);
    if (!address) return fail(address.error());
    auto listener = net::listen_tcp(*address, net::PortSharing::Exclusive);
    if (!listener) return fail(listener.error());
    admin_socket = std::move(*listener);
  }
  balancer::Balancer balancer{loop, std::move(settings)};
  std::unique_ptr<net::HttpServer> admin;
  if (admin_socket) admin = admin_server(loop, balancer, std::move(admin_socket));
  apply_snapshot(balancer, inherited.snapshot);
  if (alone) balancer.apply(alone->config);
  log_event(LogLevel::Info, "balancer_started", {{"workers", std::to_string(workers)}});
  loop.run();
  return Exit::Done;
}

}  // namespace tidegate::apps
