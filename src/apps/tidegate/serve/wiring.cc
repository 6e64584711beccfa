#include "apps/tidegate/serve/wiring.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include <sys/random.h>
#include <unistd.h>

#include "adapters/dataplane/listeners.h"
#include "apps/tidegate/serve/control_clock.h"
#include "apps/tidegate/serve/process.h"
#include "net/socket.h"

namespace tidegate::apps {
namespace {

constexpr dataplane::BalancerUser kNobody{65534, 65534};

/// Of the addresses that instances do not get, the first quarter is the caches'.
std::uint32_t cache_addresses_end(const link::Ipv4Range& range) {
  const std::uint32_t first = compute_process::instance_addresses(range);
  return first + (range.size() - first) / 4;
}

/// From the top of the range down; the very last address is the range's broadcast.
std::vector<std::string> load_balancer_addresses(const link::Ipv4Range& range) {
  std::vector<std::string> addresses;
  const std::uint32_t first = cache_addresses_end(range);
  for (std::uint32_t at = range.size() - 2; at >= first; --at) {
    addresses.push_back(link::to_string(range.at(at)));
  }
  return addresses;
}

}  // namespace

compute_process::FoundForm find_form(const std::string& home) {
  return compute_process::find_form({shim_program(), home + "/probe"});
}

Result<compute_process::ClaimedRange> claim_addresses(const Home& home,
                                                      const compute_process::Form& form,
                                                      const std::optional<std::string>& wanted) {
  if (form.network == compute_process::Form::Network::Own) {
    return compute_process::claim_range(home.path, wanted);
  }
  if (wanted) {
    return Error{ErrorCode::FailedPrecondition,
                 "ValidationError",
                 "TIDEGATE_RANGE cannot be had here: instances have no network of their own "
                 "(tidegate doctor says why); leave it out"};
  }
  return compute_process::ClaimedRange{compute_process::loopback_range(home.id), {}};
}

Result<store_sqlite::HomeLock> lock_home(const std::string& home) {
  const Instant now{Duration{machine_time().wall}};
  return store_sqlite::HomeLock::acquire(home + "/lock", {getpid(), now});
}

Status check_api_port(const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const auto address,
                      net::SocketAddress::ip(environment.api_host, environment.api_port));
  const auto listener = net::listen_tcp(address, net::PortSharing::Exclusive);
  if (listener) {
    return Ok{};
  }
  const std::string holder = dataplane::port_holder(environment.api_port);
  return Error{listener.error().code,
               "ApiPortTaken",
               "the API cannot listen on " + address.text() + ": " + listener.error().message +
                   (holder.empty() ? "" : "; it is held by " + holder) +
                   "; set TIDEGATE_API to another ADDRESS:PORT"};
}

compute_process::Settings compute_settings(const Home& home,
                                           const compute_process::Form& form,
                                           const compute_process::ClaimedRange& range) {
  compute_process::Settings settings;
  settings.home = home.path;
  settings.home_id = home.id;
  settings.shim_path = shim_program();
  settings.form = form;
  settings.range = range.range;
  settings.range_lock = range.lock.get();
  settings.tidegate_path = own_program();
  if (geteuid() == 0) settings.metadata_user = supervise::User{kNobody.uid, kNobody.gid};
  return settings;
}

dataplane::Settings data_plane_settings(const std::string& home,
                                        const compute_process::Form& form,
                                        const link::Ipv4Range& range) {
  dataplane::Settings settings;
  settings.home = home;
  settings.shim_program = shim_program();
  settings.tidegate_program = own_program();
  settings.workers = std::max(1U, std::thread::hardware_concurrency());
  if (geteuid() == 0) settings.user = kNobody;
  settings.addresses = load_balancer_addresses(range);
  if (form.network == compute_process::Form::Network::Own) settings.address_link = "lo";
  return settings;
}

cache_redis::Settings cache_settings(const Home& home,
                                     const compute_process::Form& form,
                                     const link::Ipv4Range& range) {
  cache_redis::Settings settings;
  settings.home = home.path;
  settings.shim_program = shim_program();
  if (geteuid() != 0) {
    // Open to the whole machine then; what keeps others out is an AuthToken.
    for (int last = 1; last < 64; ++last) {
      settings.addresses.push_back("127.70.0." + std::to_string(last));
    }
    return settings;
  }
  const std::uint32_t end = cache_addresses_end(range);
  for (std::uint32_t at = compute_process::instance_addresses(range); at < end; ++at) {
    settings.addresses.push_back(link::to_string(range.at(at)));
  }
  settings.user = cache_redis::redis_user();
  if (form.network == compute_process::Form::Network::Machines) {
    return settings;
  }
  cache_redis::GuardSettings guard;
  guard.home_id = home.id;
  guard.instance_links = compute_process::link_prefix(home.id);
  guard.range = range;
  guard.owner = geteuid();
  settings.guard = std::move(guard);
  return settings;
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  TG_CHECK(getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed));
  return seed;
}

std::string shim_program() {
  return (std::filesystem::path{own_program()}.parent_path() / "tidegate-shim").string();
}

}  // namespace tidegate::apps
