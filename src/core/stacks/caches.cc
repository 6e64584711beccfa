#include <array>

#include "base/text.h"
#include "core/caches/cache_cluster.h"
#include "core/stacks/properties/attributes.h"
#include "core/stacks/resources.h"

namespace tidegate::stacks {
namespace {

using properties::NotActedOn;
using properties::Range;
using properties::Reader;

std::string read_node_type(Reader& reader) {
  const auto name = reader.required("CacheNodeType").text("CacheNodeType");
  if (name && !caches::node_memory(*name)) {
    const auto known = caches::node_types();
    const auto near = nearest(*name, known);
    reader.complain(
        "CacheNodeType",
        "unknown node type '" + *name + "'" +
            (near ? "; did you mean '" + *near + "'?" : "; these are known: " + join(known, ", ")));
  }
  return name.value_or("");
}

std::string read_engine_version(Reader& reader) {
  const auto version = reader.text("EngineVersion");
  if (!version) {
    return {};
  }
  const auto parts = split(*version, '.');
  bool known = parts.size() <= 3;
  for (const std::string& part : parts) {
    known = known && parse_int(part).value_or(-1) >= 0;
  }
  if (!known) {
    reader.complain("EngineVersion", "'" + *version + "' is no version such as 7.1 or 7.1.0");
  }
  return *version;
}

std::string read_zone(Subject& subject) {
  const auto zone = subject.properties.text("PreferredAvailabilityZone");
  const std::string& region = subject.world.context.region;
  if (zone && (!zone->starts_with(region) || zone->size() != region.size() + 1)) {
    subject.properties.complain("PreferredAvailabilityZone",
                                "'" + *zone + "' is no zone of " + region);
  }
  return zone.value_or(region + "a");
}

std::string read_auth_token(Reader& reader) {
  const auto token = reader.text("AuthToken");
  if (token) {
    if (const std::string error = caches::auth_token_error(*token); !error.empty()) {
      reader.complain("AuthToken", error);
    }
  }
  return token.value_or("");
}

/// What a single node without replicas and snapshots has no use for.
constexpr auto kCacheNotBuilt = std::to_array<NotActedOn>({
    {"AZMode", "one node has one zone; remove it"},
    {"CacheParameterGroupName", "the configuration is generated; remove it"},
    {"CacheSecurityGroupNames", "instances reach it and nobody else does; remove it"},
    {"CacheSubnetGroupName", "a cache is reached from every subnet; remove it"},
    {"NetworkType", ""},
    {"NotificationTopicArn", ""},
    {"PreferredAvailabilityZones", "use PreferredAvailabilityZone"},
    {"SnapshotArns", "snapshots are not built"},
    {"SnapshotName", "snapshots are not built"},
    {"SnapshotRetentionLimit", "snapshots are not built"},
    {"SnapshotWindow", "snapshots are not built"},
    {"TransitEncryptionEnabled", "TLS to a cache is not built; AuthToken works without it"},
});

}  // namespace

Made make_cache_cluster(Subject& subject) {
  static const std::vector<std::string> engines{"redis"};
  Reader& reader = subject.properties;
  const StackContext& context = subject.world.context;
  caches::CacheCluster cluster;
  cluster.id.value =
      to_lower(name_of(subject, "ClusterName", existing_id(subject), caches::kMaxIdLength));
  if (const std::string error = caches::id_error(cluster.id.value); !error.empty()) {
    reader.complain("ClusterName", "'" + cluster.id.value + "' " + error);
  }
  for (const PlannedResource& other : subject.world.planned) {
    if (other.type == "AWS::ElastiCache::CacheCluster" && other.physical_id == cluster.id.value) {
      reader.complain("ClusterName", "the name is that of " + other.logical_id.value + " already");
    }
  }
  reader.required("Engine").choice("Engine", engines);
  reader.required("NumCacheNodes").integer("NumCacheNodes", {1, 1});
  cluster.node_type = read_node_type(reader);
  cluster.engine_version = read_engine_version(reader);
  cluster.port = static_cast<std::uint16_t>(
      reader.integer("Port", {1024, 65535}).value_or(caches::kDefaultPort));
  cluster.zone = read_zone(subject);
  cluster.auth_token = read_auth_token(reader);
  cluster.stack = context.stack_name.value;
  cluster.arn = arn(context, "elasticache", "cluster:" + cluster.id.value);
  cluster.endpoint = caches::endpoint_name(cluster.id, context.region, context.account_id);
  cluster.created = context.now;
  for (const char* accepted :
       {"AutoMinorVersionUpgrade", "IpDiscovery", "PreferredMaintenanceWindow", "Tags"}) {
    reader.accept(accepted);
  }
  if (!reader.texts("VpcSecurityGroupIds").empty()) {
    subject.world.unused.push_back(reader.path() + ".VpcSecurityGroupIds");
  }
  reader.finish(kCacheNotBuilt);
  return Made{cluster.id.value, cluster};
}

}  // namespace tidegate::stacks
