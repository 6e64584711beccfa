#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/stacks/language/document.h"
#include "core/stacks/language/evaluate.h"
#include "core/stacks/language/names.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/language/references.h"
#include "core/stacks/parameters/parameters.h"
#include "core/stacks/resources.h"
#include "core/stacks/sizing.h"
#include "core/stacks/template.h"

namespace tidegate::stacks {
namespace {

constexpr std::string_view kDnsNameMark = "{{DNSName:";
constexpr std::string_view kDnsNameEnd = "}}";

std::string full_name(const std::string& arn, std::string_view kind) {
  const std::size_t at = arn.find(kind);
  return at == std::string::npos ? std::string{} : arn.substr(at + kind.size());
}

Attributes attributes_of_load_balancer(const PlannedResource& resource) {
  const auto& balancer = std::get<balancing::LoadBalancer>(resource.properties);
  const std::string& arn = balancer.arn.value;
  const std::string dns_name = balancer.dns_name.empty()
                                   ? std::string{kDnsNameMark} + arn + std::string{kDnsNameEnd}
                                   : balancer.dns_name;
  return {{"DNSName", dns_name},
          {"LoadBalancerArn", arn},
          {"LoadBalancerFullName", full_name(arn, ":loadbalancer/")},
          {"LoadBalancerName", balancer.name}};
}

Attributes attributes_of_target_group(const PlannedResource& resource) {
  const auto& group = std::get<balancing::TargetGroup>(resource.properties);
  return {{"TargetGroupArn", group.arn.value},
          {"TargetGroupFullName", "targetgroup/" + full_name(group.arn.value, ":targetgroup/")},
          {"TargetGroupName", group.name}};
}

Attributes attributes_of_listener(const PlannedResource& resource) {
  return {{"ListenerArn", resource.physical_id}};
}

Attributes attributes_of_rule(const PlannedResource& resource) {
  return {{"RuleArn", resource.physical_id}, {"IsDefault", "false"}};
}

Attributes attributes_of_launch_template(const PlannedResource& resource) {
  const auto& launch_template = std::get<groups::LaunchTemplate>(resource.properties);
  return {{"LatestVersionNumber", std::to_string(launch_template.versions.back().number)},
          {"DefaultVersionNumber", std::to_string(launch_template.default_version)},
          {"LaunchTemplateId", launch_template.id.value}};
}

Attributes attributes_of_group(const PlannedResource& resource) {
  return {{"AutoScalingGroupARN", std::get<groups::AutoScalingGroup>(resource.properties).arn}};
}

Attributes attributes_of_policy(const PlannedResource& resource) {
  const auto& policy = std::get<scaling::TargetTrackingPolicy>(resource.properties);
  return {{"Arn", policy.arn}, {"PolicyName", policy.name.value}};
}

Attributes attributes_of_alarm(const PlannedResource& resource) {
  return {{"Arn", std::get<alarms::Alarm>(resource.properties).arn}};
}

Attributes attributes_of_cache_cluster(const PlannedResource& resource) {
  const auto& cluster = std::get<caches::CacheCluster>(resource.properties);
  return {{"RedisEndpoint.Address", cluster.endpoint},
          {"RedisEndpoint.Port", std::to_string(cluster.port)}};
}

Error answer_error(std::string sentence) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(sentence)};
}

/// A type that we have not, and the nearest that works.
std::string type_suggestion(const std::string& type) {
  struct Instead {
    std::string_view type;
    std::string_view sentence;
  };
  static constexpr auto kInstead = std::to_array<Instead>({
      {"AWS::AutoScaling::LaunchConfiguration", "use AWS::EC2::LaunchTemplate"},
      {"AWS::EC2::Instance", "use an AWS::AutoScaling::AutoScalingGroup with MaxSize 1"},
      {"AWS::EC2::SecurityGroup", "nothing filters packets here; remove it"},
      {"AWS::EC2::Subnet", "name its id and zone in Metadata.Tidegate.Subnets"},
      {"AWS::EC2::VPC", "instances have addresses of their own anyway; remove it"},
      {"AWS::ElasticLoadBalancing::LoadBalancer",
       "use AWS::ElasticLoadBalancingV2::LoadBalancer, Listener and TargetGroup"},
      {"AWS::ElasticLoadBalancingV2::ListenerCertificate", "HTTPS is not built yet"},
      {"AWS::ElastiCache::ReplicationGroup", "use AWS::ElastiCache::CacheCluster, a single node"},
      {"AWS::ElastiCache::SubnetGroup", "a cache is reached from every subnet; remove it"},
      {"AWS::SNS::Topic", "name a program in Metadata.Tidegate.Receivers"},
      {"AWS::CloudWatch::CompositeAlarm", "use AWS::CloudWatch::Alarm"},
      {"AWS::CloudWatch::AnomalyDetector", "use AWS::CloudWatch::Alarm with a Threshold"},
      {"AWS::AutoScaling::ScheduledAction", "use AWS::AutoScaling::ScalingPolicy"},
  });
  for (const Instead& instead : kInstead) {
    if (instead.type == type) {
      return "; " + std::string{instead.sentence};
    }
  }
  std::vector<std::string> known;
  for (const ResourceType& candidate : resource_types()) {
    known.emplace_back(candidate.name);
  }
  const auto near = nearest(type, known);
  return near ? "; the nearest that works is " + *near : "; these work: " + join(known, ", ");
}

const ResourceType* find_type(std::string_view name) {
  const auto types = resource_types();
  const auto found = std::find_if(
      types.begin(), types.end(), [&](const ResourceType& type) { return type.name == name; });
  return found == types.end() ? nullptr : &*found;
}

/// Plans one template: sections, then resources one after the other, then what needs all of them.
class Planner {
 public:
  Planner(const language::Document& document, const StackContext& context)
      : document_(document),
        context_(context),
        metadata_(read_metadata(document.metadata, context, complaints_)),
        world_{context, metadata_, {}, {}, {}} {}

  Result<StackPlan> plan() {
    TG_RETURN_IF_ERROR(open_scope());
    TG_ASSIGN_OR_RETURN(order_, language::creation_order(document_, scope_.conditions));
    TG_RETURN_IF_ERROR(check_types());
    TG_RETURN_IF_ERROR(check_names());
    for (const language::ResourceDeclaration* resource : order_) {
      TG_RETURN_IF_ERROR(add(*resource));
    }
    check_resource_keys(metadata_, world_.names, complaints_);
    if (complaints_.any()) {
      return *complaints_.first();
    }
    return finish();
  }

 private:
  Status open_scope() {
    if (complaints_.any()) {
      return *complaints_.first();
    }
    TG_ASSIGN_OR_RETURN(parameters_,
                        parameters::bind_parameters(document_.parameters, context_.parameters));
    scope_.names = parameters_.values;
    add_pseudo_parameters();
    scope_.region = context_.region;
    for (const language::NamedNode& mapping : document_.mappings) {
      scope_.mappings.emplace(mapping.name, &mapping.node);
    }
    TG_RETURN_IF_ERROR(language::check_rules(document_, scope_));
    TG_ASSIGN_OR_RETURN(scope_.conditions, language::evaluate_conditions(document_, scope_));
    for (const language::ResourceDeclaration& resource : document_.resources) {
      scope_.resources.push_back(resource.logical_id);
    }
    scope_.answers.ref = [this](const std::string& id) -> Result<std::string> {
      TG_ASSIGN_OR_RETURN(const PlannedResource* found, planned(id));
      return found->physical_id;
    };
    scope_.answers.get_att = [this](const std::string& id, const std::string& attribute) {
      return attribute_of(id, attribute);
    };
    return Ok{};
  }

  void add_pseudo_parameters() {
    const auto put = [&](const char* name, std::string text) {
      scope_.names.emplace(name, language::make_scalar(std::move(text), 0));
    };
    put("AWS::AccountId", context_.account_id);
    put("AWS::Partition", "aws");
    put("AWS::Region", context_.region);
    put("AWS::StackId", context_.stack_id);
    put("AWS::StackName", context_.stack_name.value);
    put("AWS::URLSuffix", "amazonaws.com");
    scope_.names.emplace("AWS::NotificationARNs", language::make_list({}, 0));
  }

  Result<const PlannedResource*> planned(const std::string& id) const {
    const auto found = std::find_if(
        world_.planned.begin(), world_.planned.end(), [&](const PlannedResource& resource) {
          return resource.logical_id.value == id;
        });
    if (found == world_.planned.end()) {
      return answer_error("the resource does not exist, because its Condition is false");
    }
    return &*found;
  }

  Result<YamlNode> attribute_of(const std::string& id, const std::string& attribute) const {
    TG_ASSIGN_OR_RETURN(const PlannedResource* resource, planned(id));
    std::vector<std::string> known;
    for (const auto& [name, value] : find_type(resource->type)->attributes(*resource)) {
      if (name != attribute) {
        known.push_back(name);
        continue;
      }
      if (value.starts_with(kDnsNameMark) && !in_outputs_) {
        return answer_error(
            "the address is known only once the load balancer exists: use it in Outputs, or give "
            "the load balancer a Name in Metadata.Tidegate.LoadBalancers");
      }
      return language::make_scalar(value, 0);
    }
    return answer_error("unknown attribute" + language::suggestion(attribute, known));
  }

  Status check_types() const {
    for (const language::ResourceDeclaration* resource : order_) {
      if (find_type(resource->type) == nullptr) {
        return language::problem(
            resource->type_line,
            "Resources." + resource->logical_id,
            "the type " + resource->type + " is not built" + type_suggestion(resource->type));
      }
    }
    return Ok{};
  }

  Status add(const language::ResourceDeclaration& declaration) {
    const std::string path = "Resources." + declaration.logical_id;
    Result<YamlNode> properties =
        language::evaluate(declaration.properties, scope_, path + ".Properties");
    if (!properties) {
      complaints_.add(declaration.line, std::move(properties).error());
      return *complaints_.first();
    }
    properties->line = declaration.line;
    properties::Reader reader{*properties, path + ".Properties", complaints_};
    Subject subject{LogicalId{declaration.logical_id}, reader, world_};
    check_deletion_policy(declaration);
    Made made = find_type(declaration.type)->make(subject);
    PlannedResource resource;
    resource.logical_id = subject.id;
    resource.type = declaration.type;
    resource.physical_id = std::move(made.physical_id);
    resource.line = declaration.line;
    resource.retain =
        declaration.deletion_policy == language::ResourceDeclaration::DeletionPolicy::Retain;
    for (const YamlNode::Member& member : properties->members) {
      resource.given.push_back(member.key);
    }
    resource.properties = std::move(made.properties);
    world_.planned.push_back(std::move(resource));
    return Ok{};
  }

  /// Of what exists now and of what a condition leaves out alike.
  Status check_names() const {
    for (const language::ResourceDeclaration& resource : document_.resources) {
      TG_RETURN_IF_ERROR(language::check_names(
          resource.properties, scope_, "Resources." + resource.logical_id + ".Properties"));
    }
    for (const language::OutputDeclaration& output : document_.outputs) {
      TG_RETURN_IF_ERROR(language::check_names(output.value, scope_, "Outputs." + output.key));
    }
    return Ok{};
  }

  /// Data that stays needs something that can delete it later.
  void check_deletion_policy(const language::ResourceDeclaration& declaration) {
    using DeletionPolicy = language::ResourceDeclaration::DeletionPolicy;
    if (declaration.type == "AWS::ElastiCache::CacheCluster" &&
        declaration.deletion_policy == DeletionPolicy::Retain) {
      complaints_.add(declaration.line,
                      "Resources." + declaration.logical_id,
                      "DeletionPolicy Retain of a cache is not built: nothing could delete its "
                      "data later; remove the line");
    }
  }

  Result<std::vector<Output>> outputs() {
    in_outputs_ = true;
    std::vector<Output> result;
    for (const language::OutputDeclaration& declaration : document_.outputs) {
      const std::string path = "Outputs." + declaration.key;
      if (declaration.condition) {
        const auto holds = scope_.conditions.find(declaration.condition->name);
        if (holds == scope_.conditions.end()) {
          return language::unknown_condition(
              declaration.condition->name, declaration.condition->line, scope_.conditions, path);
        }
        if (!holds->second) {
          continue;
        }
      }
      TG_ASSIGN_OR_RETURN(const YamlNode value,
                          language::evaluate(declaration.value, scope_, path));
      if (!value.is_scalar()) {
        return language::problem(declaration.line, path, "Value must come to one text");
      }
      result.push_back(Output{declaration.key, value.text, declaration.description});
    }
    return result;
  }

  Result<StackPlan> finish() {
    StackPlan plan;
    TG_ASSIGN_OR_RETURN(plan.outputs, outputs());
    TG_ASSIGN_OR_RETURN(Sizing sizing, size_instance_types(world_.planned, metadata_, context_));
    plan.description = document_.description;
    plan.parameters = std::move(parameters_.used);
    plan.metadata.timing = metadata_.timing;
    plan.metadata.images = std::move(metadata_.images);
    plan.metadata.instance_types = std::move(sizing.instance_types);
    plan.metadata.prices = std::move(metadata_.prices);
    plan.metadata.subnet_zones = std::move(metadata_.subnet_zones);
    plan.metadata.receivers = std::move(metadata_.receivers);
    plan.metadata.instance_scale = sizing.scale;
    plan.simulation = std::move(metadata_.simulation);
    plan.metadata.unused = std::move(metadata_.unused);
    plan.metadata.unused.insert(
        plan.metadata.unused.end(), world_.unused.begin(), world_.unused.end());
    plan.resources = std::move(world_.planned);
    return plan;
  }

  const language::Document& document_;
  const StackContext& context_;
  properties::Complaints complaints_;
  GivenMetadata metadata_;
  World world_;
  parameters::Parameters parameters_;
  language::Scope scope_;
  std::vector<const language::ResourceDeclaration*> order_;
  bool in_outputs_ = false;
};

}  // namespace

std::span<const ResourceType> resource_types() {
  static constexpr auto kTypes = std::to_array<ResourceType>({
      {"AWS::AutoScaling::AutoScalingGroup", make_group, attributes_of_group},
      {"AWS::AutoScaling::ScalingPolicy", make_policy, attributes_of_policy},
      {"AWS::CloudWatch::Alarm", make_alarm, attributes_of_alarm},
      {"AWS::EC2::LaunchTemplate", make_launch_template, attributes_of_launch_template},
      {"AWS::ElastiCache::CacheCluster", make_cache_cluster, attributes_of_cache_cluster},
      {"AWS::ElasticLoadBalancingV2::Listener", make_listener, attributes_of_listener},
      {"AWS::ElasticLoadBalancingV2::ListenerRule", make_rule, attributes_of_rule},
      {"AWS::ElasticLoadBalancingV2::LoadBalancer",
       make_load_balancer,
       attributes_of_load_balancer},
      {"AWS::ElasticLoadBalancingV2::TargetGroup", make_target_group, attributes_of_target_group},
  });
  return kTypes;
}

Result<StackPlan> plan_stack(const std::string& template_text, const StackContext& context) {
  TG_ASSIGN_OR_RETURN(const language::Document document, language::read_document(template_text));
  return Planner{document, context}.plan();
}

std::string resolve_dns_names(
    std::string text,
    const std::function<std::string(const balancing::LoadBalancerArn&)>& dns_name) {
  std::size_t at = text.find(kDnsNameMark);
  while (at != std::string::npos) {
    const std::size_t start = at + kDnsNameMark.size();
    const std::size_t end = text.find(kDnsNameEnd, start);
    if (end == std::string::npos) {
      break;
    }
    const std::string name = dns_name(balancing::LoadBalancerArn{text.substr(start, end - start)});
    text.replace(at, end + kDnsNameEnd.size() - at, name);
    at = text.find(kDnsNameMark, at + name.size());
  }
  return text;
}

}  // namespace tidegate::stacks
