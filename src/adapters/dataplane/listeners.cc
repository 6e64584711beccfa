#include "adapters/dataplane/listeners.h"

#include <algorithm>
#include <utility>

namespace tidegate::dataplane {
namespace {

std::string why_not(const Error& error, std::uint16_t port) {
  const std::string name = "port " + std::to_string(port);
  if (error.code == ErrorCode::AlreadyExists) {
    const std::string holder = port_holder(port);
    return name + " is taken" + (holder.empty() ? "" : " by " + holder);
  }
  if (error.code == ErrorCode::PermissionDenied) {
    return name + " needs the right to bind ports below 1024";
  }
  return name + ": " + error.message;
}

}  // namespace

void Listeners::know(const std::vector<balancing::SocketName>& names) {
  held_.insert(names.begin(), names.end());
}

bool Listeners::holds(const std::string& address, std::uint16_t port) const {
  return held_.contains(balancing::SocketName{address, port, 0});
}

Result<std::vector<BoundSocket>> Listeners::bind(const std::string& address, std::uint16_t port) {
  std::vector<BoundSocket> sockets;
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    TG_ASSIGN_OR_RETURN(const auto at, net::SocketAddress::ip(address, port));
    TG_ASSIGN_OR_RETURN(auto fd, net::listen_tcp(at, net::PortSharing::Shared));
    sockets.push_back({balancing::SocketName{address, port, worker}, std::move(fd)});
  }
  return sockets;
}

Listeners::Outcome Listeners::ensure(const balancing::ListenerConfig& listener) {
  Outcome outcome;
  outcome.binding.arn = listener.arn;
  const auto other = static_cast<std::uint16_t>(listener.port + kOtherPortOffset);
  if (holds(listener.address, listener.port)) {
    outcome.binding.bound_port = listener.port;
    return outcome;
  }
  if (holds(listener.address, other)) {
    outcome.binding.bound_port = other;
    const auto said = notes_.find({listener.address, listener.port});
    outcome.binding.note = said != notes_.end() ? said->second
                                                : "port " + std::to_string(listener.port) +
                                                      " could not be had when it was bound";
    return outcome;
  }
  auto bound = bind(listener.address, listener.port);
  if (!bound) {
    outcome.binding.note = why_not(bound.error(), listener.port);
    if (listener.strict_port || listener.port > 65535 - kOtherPortOffset) {
      return outcome;
    }
    bound = bind(listener.address, other);
    if (!bound) {
      outcome.binding.note += "; " + why_not(bound.error(), other);
      return outcome;
    }
  }
  outcome.fresh = std::move(*bound);
  outcome.binding.bound_port = outcome.fresh.front().name.port;
  if (!outcome.binding.note.empty()) {
    notes_[{listener.address, listener.port}] = outcome.binding.note;
  }
  for (const auto& socket : outcome.fresh) {
    held_.insert(socket.name);
  }
  return outcome;
}

std::vector<balancing::SocketName> Listeners::drop_unused(
    const balancing::DataPlaneConfig& config) {
  std::vector<balancing::SocketName> dropped;
  for (const auto& name : held_) {
    const bool used =
        std::any_of(config.listeners.begin(), config.listeners.end(), [&](const auto& listener) {
          return listener.address == name.address && listener.port == name.port;
        });
    if (!used) {
      dropped.push_back(name);
    }
  }
  for (const auto& name : dropped) {
    held_.erase(name);
  }
  return dropped;
}

}  // namespace tidegate::dataplane
