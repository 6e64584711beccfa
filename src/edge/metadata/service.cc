#include "edge/metadata/service.h"

#include <utility>

namespace tidegate::metadata {
namespace {

/// An SDK asks over one connection, now and then; one instance cannot take the others' descriptors.
constexpr net::ServerLimits kLimits{.head_bytes = 8 * 1024,
                                    .body_bytes = 1024,
                                    .connections = 32,
                                    .header_time = std::chrono::seconds{5},
                                    .body_time = std::chrono::seconds{5},
                                    .write_time = std::chrono::seconds{10},
                                    .idle_time = std::chrono::seconds{20}};

}  // namespace

Service::Service(net::EventLoop& loop, Tokens tokens, Documents documents)
    : loop_(loop), tokens_(std::move(tokens)), documents_(std::move(documents)) {}

void Service::add(const std::string& instance, net::Fd listener) {
  remove(instance);
  const auto handle = [this, instance](const net::HttpRequest& request, net::Responder responder) {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(net::monotonic_now().time_since_epoch());
    std::move(responder).send(answer(
        {request, instance, now}, tokens_, [this, &instance] { return documents_(instance); }));
  };
  servers_[instance] =
      std::make_unique<net::HttpServer>(loop_, std::move(listener), kLimits, handle);
}

void Service::remove(const std::string& instance) {
  const auto found = servers_.find(instance);
  if (found == servers_.end()) {
    return;
  }
  found->second->end();
  // What it had posted comes first: nothing speaks of it any more when it goes.
  loop_.post([doomed = std::move(found->second)] {});
  servers_.erase(found);
}

std::vector<std::string> Service::instances() const {
  std::vector<std::string> names;
  for (const auto& [instance, server] : servers_) {
    names.push_back(instance);
  }
  return names;
}

}  // namespace tidegate::metadata
