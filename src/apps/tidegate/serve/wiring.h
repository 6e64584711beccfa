// What each part of the control plane is told: settings out of the environment and the home.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/cache/redis_cache.h"
#include "adapters/compute/process/process_compute.h"
#include "adapters/dataplane/data_plane.h"
#include "adapters/store/sqlite/home_lock.h"
#include "apps/tidegate/environment.h"
#include "apps/tidegate/serve/home.h"

namespace tidegate::apps {

/// What instances of this home have of their own; tens of milliseconds without root.
compute_process::FoundForm find_form(const std::string& home);

/// Of instances and load balancers; loopback addresses where instances have no network of their
/// own. Errors: of claim_range(); FailedPrecondition for a wanted range there.
Result<compute_process::ClaimedRange> claim_addresses(const Home& home,
                                                      const compute_process::Form& form,
                                                      const std::optional<std::string>& wanted);

/// One control plane per home. Error: FailedPrecondition naming the other.
Result<store_sqlite::HomeLock> lock_home(const std::string& home);

/// The API's port is free. Error: AlreadyExists naming who holds it.
Status check_api_port(const Environment& environment);

/// `range` stays open as long as the driver lives.
compute_process::Settings compute_settings(const Home& home,
                                           const compute_process::Form& form,
                                           const compute_process::ClaimedRange& range);
dataplane::Settings data_plane_settings(const std::string& home,
                                        const compute_process::Form& form,
                                        const link::Ipv4Range& range);

/// Without a network of their own instances reach a cache over loopback, as everybody here does.
cache_redis::Settings cache_settings(const Home& home,
                                     const compute_process::Form& form,
                                     const link::Ipv4Range& range);

/// Of ids; from the kernel's random source.
std::uint64_t random_seed();

/// Of tidegate-shim, beside this program.
std::string shim_program();

}  // namespace tidegate::apps
