#include "core/caches/cache_cluster.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tidegate::caches {
namespace {

/// maxmemory of each type in bytes ("Redis OSS node-type specific parameters", ElastiCache User
/// Guide).
constexpr auto kNodeTypes = std::to_array<std::pair<std::string_view, std::int64_t>>({
    {"cache.m5.large", 6'854'542'746},
    {"cache.m5.xlarge", 13'891'921'715},
    {"cache.m5.2xlarge", 27'966'669'210},
    {"cache.m6g.large", 6'854'542'746},
    {"cache.m6g.xlarge", 13'891'921'715},
    {"cache.r5.large", 14'037'181'030},
    {"cache.r5.xlarge", 28'261'849'702},
    {"cache.r6g.large", 14'037'181'030},
    {"cache.r6g.xlarge", 28'261'849'702},
    {"cache.t2.micro", 581'959'680},
    {"cache.t2.small", 1'665'138'688},
    {"cache.t2.medium", 3'461'349'376},
    {"cache.t3.micro", 536'870'912},
    {"cache.t3.small", 1'471'026'299},
    {"cache.t3.medium", 3'317'862'236},
    {"cache.t4g.micro", 536'870'912},
    {"cache.t4g.small", 1'471'026'299},
    {"cache.t4g.medium", 3'317'862'236},
});

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kCustomerPart = 6;

/// FNV-1a: the part of an endpoint's name that AWS makes from the customer.
std::string customer_part(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  std::string part;
  while (part.size() < kCustomerPart) {
    part.push_back(kLetters[hash % kLetters.size()]);
    hash /= kLetters.size();
  }
  return part;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view status_of(const CacheCluster& cluster, const CacheObservation* seen) {
  if (cluster.deleting) {
    return "deleting";
  }
  if (seen == nullptr || seen->version.empty()) {
    return "creating";
  }
  if (seen->state == CacheObservation::State::Running) {
    return "available";
  }
  return "rebooting cluster nodes";
}

std::optional<std::int64_t> node_memory(std::string_view node_type) {
  const auto found = std::find_if(kNodeTypes.begin(), kNodeTypes.end(), [&](const auto& entry) {
    return entry.first == node_type;
  });
  return found == kNodeTypes.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> node_types() {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : kNodeTypes) {
    names.emplace_back(name);
  }
  return names;
}

std::int64_t max_memory(std::int64_t node_memory, std::int64_t host_memory) {
  return std::min(node_memory / 4 * 3, host_memory / 2);
}

std::string endpoint_name(const CacheClusterId& id,
                          const std::string& region,
                          const std::string& account_id) {
  return to_lower(id.value) + "." + customer_part(account_id + "/" + region) + "." + kNodeId + "." +
         short_region(region) + ".cache.amazonaws.com";
}

std::string short_region(std::string_view region) {
  std::string code;
  const std::vector<std::string> parts = split(region, '-');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool whole = i == 0 || parts[i].empty() || is_digit(parts[i].front());
    code += whole ? parts[i] : parts[i].substr(0, 1);
  }
  return code;
}

bool is_on_loopback(const CacheCluster& cluster) {
  return cluster.address.starts_with("127.");
}

std::string redis_url(const CacheCluster& cluster) {
  const std::string token =
      cluster.auth_token.empty() ? "" : ":" + percent_encode(cluster.auth_token) + "@";
  const std::string& host = is_on_loopback(cluster) ? cluster.address : cluster.endpoint;
  return "redis://" + token + host + ":" + std::to_string(cluster.port) + "/0";
}

VersionMatch compare_versions(std::string_view asked, std::string_view actual) {
  if (asked.empty() || asked == actual || actual.starts_with(std::string{asked} + ".")) {
    return VersionMatch::Same;
  }
  const bool same_major = split(asked, '.').front() == split(actual, '.').front();
  return same_major ? VersionMatch::SameMajor : VersionMatch::Other;
}

std::string id_error(const std::string& id) {
  if (id.empty() || id.size() > kMaxIdLength || !is_letter(id.front())) {
    return "must have 1 to 50 characters and begin with a letter";
  }
  const bool known = std::all_of(
      id.begin(), id.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
  if (!known || id.back() == '-' || id.find("--") != std::string::npos) {
    return "must have letters, digits and single inner hyphens only";
  }
  return {};
}

std::string auth_token_error(const std::string& token) {
  if (token.size() < kLeastAuthToken || token.size() > kMostAuthToken) {
    return "must have 16 to 128 characters, not " + std::to_string(token.size());
  }
  const bool printable = std::all_of(token.begin(), token.end(), [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '/' && c != '@';
  });
  return printable ? ""
                   : "must have printable ASCII characters only, none of them blank, \", / or @";
}

}  // namespace tidegate::caches
