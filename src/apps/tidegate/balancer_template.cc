#include "apps/tidegate/balancer_template.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "apps/tidegate/verbs/connection.h"
#include "base/rng.h"
#include "base/text.h"
#include "core/stacks/template.h"
#include "net/crypto.h"

namespace tidegate::apps {
namespace {

constexpr std::uint16_t kOtherPortOffset = 8000;  // CONTRACT "Addresses"

Result<std::string> read_text(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return Error{ErrorCode::NotFound, "ValidationError", "cannot read the template '" + path + "'"};
  }
  return text.str();
}

Rng random_source() {
  std::uint64_t seed = 0;
  for (const char byte : net::random_bytes(sizeof seed)) {
    seed = seed << 8 | static_cast<unsigned char>(byte);
  }
  return Rng{seed};
}

Result<stacks::StackPlan> plan(const std::string& path, const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const std::string text, read_text(path));
  Rng rng = random_source();
  stacks::StackContext context;
  context.region = environment.region;
  context.stack_name = stacks::StackName{"balancer"};
  context.stack_id =
      "arn:aws:cloudformation:" + environment.region + ":000000000000:stack/balancer";
  context.template_folder = std::filesystem::absolute(path).parent_path().string();
  context.new_id = [&rng](stacks::IdKind) { return rng.hex(12); };
  context.instance_scale = environment.instance_scale.value_or(1);
  return stacks::plan_stack(text, context);
}

/// What a template says about balancing; its other resources are not this program's.
struct Balancing {
  std::map<balancing::LoadBalancerArn, balancing::LoadBalancer> load_balancers;
  std::vector<balancing::Listener> listeners;
  std::vector<balancing::Rule> rules;
  std::vector<balancing::TargetGroup> target_groups;
};

Balancing balancing_of(const stacks::StackPlan& plan) {
  Balancing out;
  for (const stacks::PlannedResource& resource : plan.resources) {
    if (const auto* found = std::get_if<balancing::LoadBalancer>(&resource.properties)) {
      out.load_balancers.emplace(found->arn, *found);
    } else if (const auto* listener = std::get_if<balancing::Listener>(&resource.properties)) {
      out.listeners.push_back(*listener);
    } else if (const auto* rule = std::get_if<balancing::Rule>(&resource.properties)) {
      out.rules.push_back(*rule);
    } else if (const auto* group = std::get_if<balancing::TargetGroup>(&resource.properties)) {
      out.target_groups.push_back(*group);
    }
  }
  return out;
}

balancing::ListenerConfig listener_config(const Balancing& from,
                                          const balancing::Listener& listener) {
  balancing::ListenerConfig config;
  config.arn = listener.arn;
  config.load_balancer = listener.load_balancer;
  config.address = "127.0.0.1";
  config.port = listener.port;
  config.default_target_group = listener.default_action.target_group;
  const auto load_balancer = from.load_balancers.find(listener.load_balancer);
  if (load_balancer != from.load_balancers.end()) {
    config.idle_timeout = load_balancer->second.idle_timeout;
    config.strict_port = load_balancer->second.strict_port;
    if (!load_balancer->second.listen_address.empty()) {
      config.address = load_balancer->second.listen_address;
    }
  }
  for (const balancing::Rule& rule : from.rules) {
    if (rule.listener == listener.arn) config.rules.push_back(rule);
  }
  return config;
}

balancing::TargetGroupConfig group_config(const balancing::TargetGroup& group,
                                          const std::set<balancing::TargetGroupArn>& used) {
  balancing::TargetGroupConfig config;
  config.arn = group.arn;
  config.in_use = used.contains(group.arn);
  config.health_check = group.health_check;
  for (const balancing::Target& target : group.targets) {
    balancing::TargetConfig added;
    added.id = target.id;
    added.address = target.address;
    added.port = target.port;
    added.zone = target.zone;
    config.targets.push_back(std::move(added));
  }
  return config;
}

balancing::DataPlaneConfig config_of(const Balancing& from) {
  balancing::DataPlaneConfig config;
  config.generation = 1;
  std::set<balancing::TargetGroupArn> used;
  for (const balancing::Listener& listener : from.listeners) {
    config.listeners.push_back(listener_config(from, listener));
    used.insert(listener.default_action.target_group);
  }
  for (const balancing::Rule& rule : from.rules) {
    used.insert(rule.action.target_group);
  }
  for (const balancing::TargetGroup& group : from.target_groups) {
    config.target_groups.push_back(group_config(group, used));
  }
  return config;
}

/// `--listen ADDRESS` or `ADDRESS:PORT`; a port is only for a template with one listener.
Status take_listen(balancing::DataPlaneConfig& config, const std::string& listen) {
  if (listen.empty()) return Ok{};
  const bool with_port = listen.find(':') != std::string::npos;
  TG_ASSIGN_OR_RETURN(const auto address,
                      net::SocketAddress::parse(with_port ? listen : listen + ":0"));
  if (with_port && config.listeners.size() != 1) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "--listen with a port is for a template with one listener; this one has " +
                     std::to_string(config.listeners.size())};
  }
  for (balancing::ListenerConfig& listener : config.listeners) {
    listener.address = address.host();
    if (with_port) listener.port = address.port();
  }
  return Ok{};
}

using Sockets = std::vector<std::pair<balancing::SocketName, net::Fd>>;

Result<Sockets> bind(const balancing::ListenerConfig& listener, std::size_t workers) {
  Sockets out;
  TG_ASSIGN_OR_RETURN(const auto address, net::SocketAddress::ip(listener.address, listener.port));
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    TG_ASSIGN_OR_RETURN(net::Fd fd, net::listen_tcp(address, net::PortSharing::Shared));
    out.emplace_back(balancing::SocketName{listener.address, listener.port, worker}, std::move(fd));
  }
  return out;
}

/// A port that cannot be had becomes port + 8000, unless the template insists.
Status bind_listener(balancing::ListenerConfig& listener, std::size_t workers, Sockets& sockets) {
  Result<Sockets> bound = bind(listener, workers);
  const int other = listener.port + kOtherPortOffset;
  if (!bound && !listener.strict_port && other <= 65535) {
    progress("tidegate balancer: " + bound.error().message + "; port " + std::to_string(other) +
             " instead");
    listener.port = static_cast<std::uint16_t>(other);
    bound = bind(listener, workers);
  }
  if (!bound) return bound.error();
  std::ranges::move(*bound, std::back_inserter(sockets));
  progress("tidegate balancer: listening on " + listener.address + ":" +
           std::to_string(listener.port));
  return Ok{};
}

}  // namespace

Result<StandAlone> stand_alone(const Balancer& options,
                               const Environment& environment,
                               std::size_t workers) {
  TG_ASSIGN_OR_RETURN(const stacks::StackPlan planned, plan(options.template_file, environment));
  StandAlone out;
  out.config = config_of(balancing_of(planned));
  if (out.config.listeners.empty()) {
    return Error{ErrorCode::InvalidArgument,
                 "ValidationError",
                 "the template '" + options.template_file +
                     "' has no AWS::ElasticLoadBalancingV2::Listener"};
  }
  TG_RETURN_IF_ERROR(take_listen(out.config, options.listen));
  for (balancing::ListenerConfig& listener : out.config.listeners) {
    TG_RETURN_IF_ERROR(bind_listener(listener, workers, out.listeners));
  }
  return out;
}

}  // namespace tidegate::apps
