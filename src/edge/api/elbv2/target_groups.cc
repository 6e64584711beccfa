// Target groups by calls: made, changed, deleted; their attributes.
#include <functional>

#include "base/text.h"
#include "core/balancing/attributes.h"
#include "core/stacks/network.h"
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

constexpr const char* kTargetGroupKind = "targetgroup/";
constexpr std::size_t kMaxPath = 1024;

Result<const engine::TargetGroupModel*> target_group_at(const Context& context,
                                                        const std::string& arn) {
  TG_RETURN_IF_ERROR(check_arn(arn, kTargetGroupKind, "target group"));
  const auto found = context.model.target_groups.find(balancing::TargetGroupArn{arn});
  if (found == context.model.target_groups.end()) {
    return not_found("TargetGroupNotFound", "One or more target groups not found");
  }
  return &found->second;
}

/// The health check members, which CreateTargetGroup and ModifyTargetGroup have alike.
template <typename Input>
Result<balancing::HealthCheck> health_check_of(const Input& request, balancing::HealthCheck check) {
  const auto seconds = [](std::int64_t count) { return Duration{std::chrono::seconds{count}}; };
  if (request.health_check_protocol.value_or("HTTP") != "HTTP") {
    return refused("InvalidConfigurationRequest",
                   "Health check protocol '" + *request.health_check_protocol +
                       "' is not built; what works: HTTP");
  }
  check.enabled = request.health_check_enabled.value_or(check.enabled);
  check.path = request.health_check_path.value_or(check.path);
  check.port = request.health_check_port.value_or(check.port);
  if (request.health_check_interval_seconds) {
    check.interval = seconds(*request.health_check_interval_seconds);
  }
  if (request.health_check_timeout_seconds) {
    check.timeout = seconds(*request.health_check_timeout_seconds);
  }
  check.healthy_threshold =
      static_cast<std::int32_t>(request.healthy_threshold_count.value_or(check.healthy_threshold));
  check.unhealthy_threshold = static_cast<std::int32_t>(
      request.unhealthy_threshold_count.value_or(check.unhealthy_threshold));
  if (request.matcher.has_value()) {
    if (request.matcher->grpc_code.has_value()) {
      return refused("InvalidConfigurationRequest", "GrpcCode: gRPC is not built; use HttpCode");
    }
    check.matcher = request.matcher->http_code.value_or(check.matcher);
  }
  return check;
}

Status check_health_check(const balancing::HealthCheck& check) {
  if (!check.path.starts_with('/') || check.path.size() > kMaxPath) {
    return invalid("Health check path '" + check.path.substr(0, 64) +
                   "' must begin with a '/' character and have at most 1024");
  }
  const auto port = parse_int(check.port);
  if (check.port != "traffic-port" && (!port || *port < 1 || *port > 65535)) {
    return invalid("Health check port '" + check.port.substr(0, 64) +
                   "' must be 'traffic-port' or in the range 1 to 65535");
  }
  if (check.interval <= check.timeout) {
    return invalid("Health check interval must be greater than the timeout.");
  }
  if (const std::string error = balancing::matcher_error(check.matcher); !error.empty()) {
    return invalid(error);
  }
  return Ok{};
}

const balancing::TargetGroup& changed_target_group(const engine::Answer& outcome) {
  return std::get<balancing::TargetGroup>(std::get<engine::BalancerAnswer>(outcome));
}

Status check_fixed(const Context& context, const CreateTargetGroupInput& request) {
  if (request.target_type.value_or("instance") != "instance" &&
      request.target_type.value_or("instance") != "ip") {
    return refused(
        "InvalidConfigurationRequest",
        "Target type '" + *request.target_type + "' is not built; what works: instance, ip");
  }
  if (!request.protocol.has_value() || !request.port.has_value()) {
    return invalid("Protocol and port must be specified");
  }
  if (*request.protocol != "HTTP") {
    return refused("InvalidConfigurationRequest",
                   "Protocol '" + *request.protocol + "' is not built; what works: HTTP");
  }
  // Terraform sends an empty one for "as usual".
  const std::string version = request.protocol_version.value_or("");
  if (!version.empty() && version != "HTTP1") {
    return refused(
        "InvalidConfigurationRequest",
        "Protocol version '" + *request.protocol_version + "' is not built; what works: HTTP1");
  }
  if (request.ip_address_type.value_or("ipv4") != "ipv4") {
    return refused(
        "InvalidConfigurationRequest",
        "IpAddressType '" + *request.ip_address_type + "' is not built; what works: ipv4");
  }
  const std::string vpc = stacks::default_vpc(context.model.region);
  if (request.vpc_id.value_or(vpc) != vpc) {
    return invalid("The VPC ID '" + *request.vpc_id + "' is not found; there is one: " + vpc);
  }
  return Ok{};
}

Result<Write<CreateTargetGroupOperation>> create_target_group(
    const Context& context, const CreateTargetGroupInput& request) {
  TG_RETURN_IF_ERROR(check_name("Target group", *request.name));
  TG_RETURN_IF_ERROR(check_fixed(context, request));
  engine::CreateTargetGroup command;
  balancing::TargetGroup& wanted = command.wanted;
  wanted.name = *request.name;
  wanted.target_type =
      request.target_type == "ip" ? balancing::TargetType::Ip : balancing::TargetType::Instance;
  wanted.port = static_cast<std::uint16_t>(*request.port);
  TG_ASSIGN_OR_RETURN(wanted.health_check, health_check_of(request, {}));
  TG_RETURN_IF_ERROR(check_health_check(wanted.health_check));
  TG_ASSIGN_OR_RETURN(wanted.tags, tags_of(request.tags));
  return Write<CreateTargetGroupOperation>{
      engine::BalancerCommand{std::move(command)},
      [network = network_of(context.model)](
          const engine::Answer& outcome) -> Result<CreateTargetGroupOutput> {
        CreateTargetGroupOutput answer;
        answer.target_groups.emplace().push_back(
            target_group_answer(network, changed_target_group(outcome), {}));
        return answer;
      }};
}

Result<Write<ModifyTargetGroupOperation>> modify_target_group(
    const Context& context, const ModifyTargetGroupInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, target_group_at(context, *request.target_group_arn));
  engine::ChangeTargetGroup command;
  command.arn = found->target_group.arn;
  TG_ASSIGN_OR_RETURN(command.health_check,
                      health_check_of(request, found->target_group.health_check));
  TG_RETURN_IF_ERROR(check_health_check(*command.health_check));
  return Write<ModifyTargetGroupOperation>{
      engine::BalancerCommand{std::move(command)},
      [network = network_of(context.model),
       users = engine::load_balancers_of(context.model, found->target_group.arn)](
          const engine::Answer& outcome) -> Result<ModifyTargetGroupOutput> {
        ModifyTargetGroupOutput answer;
        answer.target_groups.emplace().push_back(
            target_group_answer(network, changed_target_group(outcome), users));
        return answer;
      }};
}

Result<Write<DeleteTargetGroupOperation>> delete_target_group(
    const Context&, const DeleteTargetGroupInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.target_group_arn, kTargetGroupKind, "target group"));
  return write_without_answer<DeleteTargetGroupOperation>(engine::BalancerCommand{
      engine::DeleteTargetGroup{balancing::TargetGroupArn{*request.target_group_arn}}});
}

std::vector<TargetGroupAttribute> target_group_attributes(const balancing::TargetGroup& given) {
  std::vector<TargetGroupAttribute> all;
  for (const auto& [key, value] : balancing::attributes_of(given)) {
    all.push_back({key, value});
  }
  return all;
}

Result<DescribeTargetGroupAttributesOutput> describe_attributes(
    const Context& context, const DescribeTargetGroupAttributesInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, target_group_at(context, *request.target_group_arn));
  return DescribeTargetGroupAttributesOutput{target_group_attributes(found->target_group)};
}

Result<Write<ModifyTargetGroupAttributesOperation>> modify_attributes(
    const Context& context, const ModifyTargetGroupAttributesInput& request) {
  TG_ASSIGN_OR_RETURN(const auto* found, target_group_at(context, *request.target_group_arn));
  engine::ChangeTargetGroup command;
  command.arn = found->target_group.arn;
  for (const TargetGroupAttribute& attribute : *request.attributes) {
    command.attributes[attribute.key.value_or("")] = attribute.value.value_or("");
  }
  return Write<ModifyTargetGroupAttributesOperation>{
      engine::BalancerCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<ModifyTargetGroupAttributesOutput> {
        return ModifyTargetGroupAttributesOutput{
            target_group_attributes(changed_target_group(outcome))};
      }};
}

}  // namespace

std::vector<Entry> target_group_entries() {
  return {
      writes<CreateTargetGroupOperation>({"Name",
                                          "Protocol",
                                          "ProtocolVersion",
                                          "Port",
                                          "VpcId",
                                          "HealthCheckProtocol",
                                          "HealthCheckPort",
                                          "HealthCheckEnabled",
                                          "HealthCheckPath",
                                          "HealthCheckIntervalSeconds",
                                          "HealthCheckTimeoutSeconds",
                                          "HealthyThresholdCount",
                                          "UnhealthyThresholdCount",
                                          "Matcher",
                                          "TargetType",
                                          "Tags",
                                          "IpAddressType"},
                                         &create_target_group),
      writes<ModifyTargetGroupOperation>({"TargetGroupArn",
                                          "HealthCheckProtocol",
                                          "HealthCheckPort",
                                          "HealthCheckEnabled",
                                          "HealthCheckPath",
                                          "HealthCheckIntervalSeconds",
                                          "HealthCheckTimeoutSeconds",
                                          "HealthyThresholdCount",
                                          "UnhealthyThresholdCount",
                                          "Matcher"},
                                         &modify_target_group),
      writes<DeleteTargetGroupOperation>({"TargetGroupArn"}, &delete_target_group),
      reads<DescribeTargetGroupAttributesOperation>({"TargetGroupArn"}, &describe_attributes),
      writes<ModifyTargetGroupAttributesOperation>({"TargetGroupArn", "Attributes"},
                                                   &modify_attributes),
  };
}

}  // namespace tidegate::api::elbv2
