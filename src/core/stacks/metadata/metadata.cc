#include "core/stacks/metadata/metadata.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/properties/attributes.h"

namespace tidegate::stacks {
namespace {

using properties::Complaints;
using properties::Range;
using properties::Reader;

constexpr std::int32_t kMaxSeconds = 86'400;  // of every time in the metadata; ours
constexpr std::string_view kHostLayer = "host";

std::string absolute(const std::string& path, const std::string& folder) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

/// Paths need a folder; a caller without one (aws cli, boto3) must give absolute ones.
std::string resolved(Reader& reader,
                     const std::string& property,
                     const std::string& path,
                     const StackContext& context) {
  if (!path.starts_with('/') && context.template_folder.empty()) {
    reader.complain(property,
                    "'" + path +
                        "' is relative, and the folder of this template is not known: write an "
                        "absolute path, or use tidegate up");
  }
  return absolute(path, context.template_folder);
}

std::vector<std::string> read_layers(Reader& process, const StackContext& context) {
  std::vector<std::string> layers = process.required("Layers").texts("Layers");
  if (layers.empty() && process.has("Layers")) {
    process.complain("Layers", "must have at least one layer: host, or a folder");
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i] != kHostLayer) {
      layers[i] = resolved(process, "Layers", layers[i], context);
    } else if (i > 0) {
      process.complain("Layers", "host must be the first layer: others are laid over it");
    }
  }
  process.finish();
  return layers;
}

std::optional<groups::Liveness> read_liveness(Reader& group) {
  auto reader = group.mapping("Liveness");
  if (!reader) {
    return std::nullopt;
  }
  groups::Liveness liveness;
  liveness.path = reader->required("Path").text("Path").value_or("/");
  if (!liveness.path.starts_with('/')) {
    reader->complain("Path", "'" + liveness.path + "' must begin with /");
  }
  liveness.interval = reader->seconds("Interval", {1, 300}).value_or(liveness.interval);
  liveness.timeout = reader->seconds("Timeout", {1, 120}).value_or(liveness.timeout);
  liveness.unhealthy_threshold =
      reader->integer("UnhealthyThreshold", {1, 10}).value_or(liveness.unhealthy_threshold);
  reader->finish();
  return liveness;
}

std::optional<scaling::TimingProfile> read_timing(Reader& reader) {
  static const std::vector<std::string> profiles{"fast", "aws"};
  const auto name = reader.choice("Timing", profiles);
  if (!name) {
    return std::nullopt;
  }
  return *name == "aws" ? scaling::TimingProfile::Aws : scaling::TimingProfile::Fast;
}

/// Reads the section part by part.
class MetadataReader {
 public:
  MetadataReader(const YamlNode& section, const StackContext& context, Complaints& complaints)
      : root_(section, "Metadata.Tidegate", complaints), context_(context) {}

  GivenMetadata read() {
    given_.timing = read_timing(root_).value_or(given_.timing);
    read_images();
    read_instance_types();
    read_prices();
    read_subnets();
    read_load_balancers();
    read_groups();
    read_policies();
    read_receivers();
    given_.simulation = read_simulation(root_);
    root_.finish();
    return std::move(given_);
  }

 private:
  void read_images() {
    for (auto& [id, reader] : root_.named_mappings("Images")) {
      Image image;
      if (auto process = reader.mapping("Process")) {
        image.layers = read_layers(*process, context_);
      }
      for (const char* variant : {"Container", "Vm", "Ec2"}) {
        if (reader.has(variant)) {
          given_.unused.push_back("Images." + id + "." + variant);
        }
        reader.accept(variant);
      }
      reader.finish();
      given_.images.emplace(id, std::move(image));
    }
  }

  void read_instance_types() {
    for (auto& [name, reader] : root_.named_mappings("InstanceTypes")) {
      GivenInstanceType type;
      type.line = reader.line();
      type.vcpus = reader.number("VCpus", {0.01, 1024});
      if (const auto memory = reader.integer("MemoryMiB", {4, 64 * 1024 * 1024})) {
        type.memory_mib = *memory;
      }
      type.monthly_price = reader.number("MonthlyPrice", {0, 1e6});
      if (reader.has("VCpus") != reader.has("MemoryMiB")) {
        reader.complain(reader.has("VCpus") ? "VCpus" : "MemoryMiB",
                        "VCpus and MemoryMiB must be given together");
      }
      reader.finish();
      given_.instance_types.emplace(name, type);
    }
  }

  void read_prices() {
    if (auto prices = root_.mapping("Prices")) {
      for (const char* name : {"LoadBalancer", "RDS", "RDSProxy", "Redis"}) {
        if (const auto price = prices->number(name, {0, 1e6})) {
          given_.prices.emplace(name, *price);
        }
      }
      prices->finish();
    }
  }

  void read_subnets() {
    for (auto& [id, reader] : root_.named_mappings("Subnets")) {
      const auto zone = reader.required("Zone").text("Zone");
      if (zone &&
          (zone->size() != context_.region.size() + 1 || !zone->starts_with(context_.region) ||
           zone->back() < 'a' || zone->back() > 'z')) {
        reader.complain("Zone",
                        "'" + *zone + "' is no zone of this region; valid: " + context_.region +
                            "a, " + context_.region + "b, " + context_.region + "c");
      }
      reader.finish();
      given_.subnet_zones.emplace(id, zone.value_or(""));
    }
  }

  void read_load_balancers() {
    for (auto& [key, reader] : root_.named_mappings("LoadBalancers")) {
      GivenLoadBalancer settings;
      settings.listen = reader.text("Listen").value_or("");
      if (!settings.listen.empty() && !properties::is_ipv4(settings.listen)) {
        reader.complain("Listen", "'" + settings.listen + "' is no IPv4 address");
      }
      settings.name = reader.text("Name").value_or("");
      settings.strict_port = reader.boolean("StrictPort").value_or(false);
      reader.finish();
      given_.load_balancers.entries[key] = {settings, reader.line()};
    }
    for (auto& [key, reader] : root_.named_mappings("TargetGroups")) {
      reader.finish();
      given_.target_groups.entries[key] = {NoSettings{}, reader.line()};
    }
  }

  void read_groups() {
    static const std::vector<std::string> signals{"end", "start"};
    for (auto& [key, reader] : root_.named_mappings("AutoScalingGroups")) {
      GivenGroup group;
      group.timing = read_timing(reader);
      group.launch_timeout = reader.seconds("LaunchTimeout", {1, kMaxSeconds});
      group.stop_timeout = reader.seconds("StopTimeout", {0, kMaxSeconds});
      if (auto drain = reader.mapping("Drain")) {
        const auto signal = drain->required("Signal").choice("Signal", signals);
        group.drain_signal =
            signal == "start" ? groups::DrainSignal::Start : groups::DrainSignal::End;
        drain->finish();
      }
      group.liveness = read_liveness(reader);
      reader.finish();
      given_.groups.entries[key] = {group, reader.line()};
    }
  }

  void read_policies() {
    for (auto& [key, reader] : root_.named_mappings("ScalingPolicies")) {
      GivenPolicy policy;
      policy.name = reader.text("Name").value_or("");
      policy.period = reader.seconds("Period", {1, 3600});
      policy.high_evaluation_periods = reader.integer("HighEvaluationPeriods", {1, 1440});
      policy.low_evaluation_periods = reader.integer("LowEvaluationPeriods", {1, 1440});
      policy.low_ratio = reader.number("LowRatio", {0.01, 0.99});
      reader.finish();
      given_.policies.entries[key] = {policy, reader.line()};
    }
  }

  void read_receivers() {
    for (auto& [name, reader] : root_.named_mappings("Receivers")) {
      Receiver receiver;
      receiver.name = name;
      if (const auto command = reader.text("Exec")) {
        receiver.command = resolved(reader, "Exec", *command, context_);
      }
      if (reader.text("Url")) {
        given_.unused.push_back("Receivers." + name + ".Url");
      }
      if (!reader.has("Url")) {
        reader.required("Exec");
      }
      reader.finish();
      given_.receivers.emplace(name, std::move(receiver));
    }
  }

  Reader root_;
  const StackContext& context_;
  GivenMetadata given_;
};

void check_keys(const std::string& section,
                const std::vector<std::pair<std::string, std::int32_t>>& keys,
                const std::vector<std::string>& names,
                Complaints& complaints) {
  for (const auto& [key, line] : keys) {
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      complaints.add(line,
                     "Metadata.Tidegate." + section,
                     "'" + key + "' is no resource here" +
                         (names.empty() ? ": the template has none of this type"
                                        : language::suggestion(key, names)));
    }
  }
}

template <typename T>
std::vector<std::pair<std::string, std::int32_t>> keys_of(const OfResources<T>& section) {
  std::vector<std::pair<std::string, std::int32_t>> keys;
  for (const auto& [key, entry] : section.entries) {
    keys.emplace_back(key, entry.line);
  }
  return keys;
}

const YamlNode::Member* find_own_section(const YamlNode& metadata, Complaints& complaints) {
  for (const YamlNode::Member& member : metadata.members) {
    if (member.key != "Tidegate" && equals_ignoring_case(member.key, "Tidegate")) {
      complaints.add(member.line, "Metadata", "'" + member.key + "' must be written 'Tidegate'");
    }
  }
  return metadata.find("Tidegate");
}

}  // namespace

GivenMetadata read_metadata(const YamlNode& metadata,
                            const StackContext& context,
                            Complaints& complaints) {
  const YamlNode::Member* own = find_own_section(metadata, complaints);
  if (own == nullptr) {
    return {};
  }
  if (!own->value.is_mapping()) {
    complaints.add(own->line, "Metadata.Tidegate", "must be a mapping");
    return {};
  }
  return MetadataReader{own->value, context, complaints}.read();
}

void check_resource_keys(const GivenMetadata& given,
                         const ResourceNames& names,
                         Complaints& complaints) {
  check_keys("LoadBalancers", keys_of(given.load_balancers), names.load_balancers, complaints);
  check_keys("TargetGroups", keys_of(given.target_groups), names.target_groups, complaints);
  check_keys("AutoScalingGroups", keys_of(given.groups), names.groups, complaints);
  check_keys("ScalingPolicies", keys_of(given.policies), names.policies, complaints);
}

}  // namespace tidegate::stacks
