// Instances: read, in groups and outside; their consoles.
#include <algorithm>

#include "base/text.h"
#include "edge/api/calls/pages.h"
#include "edge/api/ec2/asking.h"
#include "edge/api/ec2/handlers.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::int64_t kMaxResults = 1000;        // DescribeInstances
constexpr std::size_t kConsoleBytes = 64 * 1024;  // EC2 keeps the newest 64 KB
constexpr const char* kInstanceFilters =
    "instance-id, instance-state-name, instance-state-code, availability-zone, image-id, "
    "instance-type, private-ip-address, private-dns-name, reservation-id, vpc-id, subnet-id, "
    "client-token, tag-key, tag:<key>";
constexpr const char* kStatusFilters =
    "availability-zone, instance-state-name, instance-state-code, instance-status.status, "
    "system-status.status";

TagMap tags_of(const Instance& instance) {
  TagMap tags;
  for (const Tag& tag : instance.tags.value_or(std::vector<Tag>{})) {
    tags[*tag.key] = *tag.value;
  }
  return tags;
}

using Values = std::optional<std::vector<std::string>>;

Values meaning_of(const Reservation& reservation, const Instance& instance, std::string_view name) {
  if (name == "instance-id") return {{*instance.instance_id}};
  if (name == "instance-state-name") return {{*instance.state->name}};
  if (name == "instance-state-code") return {{std::to_string(*instance.state->code)}};
  if (name == "availability-zone") return {{*instance.placement->availability_zone}};
  if (name == "image-id") return {{*instance.image_id}};
  if (name == "instance-type") return {{*instance.instance_type}};
  if (name == "private-ip-address") return {{instance.private_ip_address.value_or("")}};
  if (name == "private-dns-name") return {{*instance.private_dns_name}};
  if (name == "reservation-id") return {{*reservation.reservation_id}};
  if (name == "vpc-id") return {{instance.vpc_id.value_or("")}};
  if (name == "subnet-id") return {{instance.subnet_id.value_or("")}};
  if (name == "client-token") return {{instance.client_token.value_or("")}};
  return tag_values(tags_of(instance), name);
}

/// Every instance, each in a reservation of its launch; those of one RunInstances together.
std::vector<Reservation> all_reservations(const engine::Model& model) {
  std::vector<Reservation> all;
  for (const auto& [name, group] : model.groups) {
    for (const auto& [id, instance] : group.instances) {
      all.push_back(reservation_answer(
          model, "r-" + id.value.substr(2), {instance_answer(model, group, instance)}));
    }
  }
  std::map<std::string, std::vector<Instance>> launched;
  for (const auto& [id, standalone] : model.standalone) {
    launched[standalone.value.reservation].push_back(standalone_answer(model, standalone.value));
  }
  for (auto& [reservation, instances] : launched) {
    all.push_back(reservation_answer(model, reservation, std::move(instances)));
  }
  return all;
}

Result<std::vector<Reservation>> wanted(const engine::Model& model,
                                        const DescribeInstancesRequest& request) {
  TG_RETURN_IF_ERROR(check_filters(request.filters, kInstanceFilters));
  std::vector<Reservation> all;
  for (Reservation& reservation : all_reservations(model)) {
    std::vector<Instance> instances;
    for (Instance& instance : *reservation.instances) {
      const auto meaning = [&](std::string_view name) {
        return meaning_of(reservation, instance, name);
      };
      if (accepts(request.filters, meaning) && names(request.instance_ids, *instance.instance_id)) {
        instances.push_back(std::move(instance));
      }
    }
    if (!instances.empty()) {
      reservation.instances = std::move(instances);
      all.push_back(std::move(reservation));
    }
  }
  return all;
}

Result<DescribeInstancesResult> describe_instances(const Context& context,
                                                   const DescribeInstancesRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, request.instance_ids));
  TG_ASSIGN_OR_RETURN(auto all, wanted(context.model, request));
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_results, 5, kMaxResults));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Reservation& item) { return *item.reservation_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeInstancesResult answer;
  answer.reservations = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

InstanceStatusSummary summary(const std::string& status) {
  InstanceStatusSummary answer;
  answer.status = status;
  if (status != "not-applicable") {
    auto& detail = answer.details.emplace().emplace_back();
    detail.name = "reachability";
    detail.status = status == "ok" ? "passed" : status == "impaired" ? "failed" : status;
  }
  return answer;
}

/// "ok", "initializing" (it boots), "impaired" (restarts in place did not help), "not-applicable".
std::string health_of(const Instance& instance, const groups::InstanceFacts* facts) {
  if (*instance.state->name != "running") {
    return "not-applicable";
  }
  if (facts == nullptr || !facts->observation) {
    return "initializing";
  }
  if (facts->observation->status_check_failed) {
    return "impaired";
  }
  const bool up = facts->observation->process_alive || facts->without_user_data ||
                  facts->observation->user_data_exit_status == 0;
  return up ? "ok" : "initializing";
}

InstanceStatus status_answer(const Instance& instance, const groups::InstanceFacts* facts) {
  InstanceStatus answer;
  answer.instance_id = instance.instance_id;
  answer.availability_zone = instance.placement->availability_zone;
  answer.instance_state = instance.state;
  const std::string health = health_of(instance, facts);
  answer.instance_status = summary(health);
  answer.system_status = summary(health == "not-applicable" ? health : "ok");
  answer.events.emplace();
  return answer;
}

std::vector<InstanceStatus> all_statuses(const engine::Model& model) {
  std::vector<InstanceStatus> all;
  for (const auto& [name, group] : model.groups) {
    for (const auto& [id, instance] : group.instances) {
      const auto facts = group.facts.find(id);
      all.push_back(status_answer(instance_answer(model, group, instance),
                                  facts == group.facts.end() ? nullptr : &facts->second));
    }
  }
  for (const auto& [id, standalone] : model.standalone) {
    all.push_back(status_answer(standalone_answer(model, standalone.value), &standalone.facts));
  }
  return all;
}

Values status_meaning(const InstanceStatus& status, std::string_view name) {
  if (name == "availability-zone") return {{*status.availability_zone}};
  if (name == "instance-state-name") return {{*status.instance_state->name}};
  if (name == "instance-state-code") return {{std::to_string(*status.instance_state->code)}};
  if (name == "instance-status.status") return {{*status.instance_status->status}};
  if (name == "system-status.status") return {{*status.system_status->status}};
  return std::nullopt;
}

Result<DescribeInstanceStatusResult> describe_status(const Context& context,
                                                     const DescribeInstanceStatusRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, request.instance_ids));
  TG_RETURN_IF_ERROR(check_filters(request.filters, kStatusFilters));
  std::vector<InstanceStatus> all;
  for (InstanceStatus& status : all_statuses(context.model)) {
    const auto meaning = [&](std::string_view name) { return status_meaning(status, name); };
    const bool shown =
        request.include_all_instances.value_or(false) || *status.instance_state->name == "running";
    if (shown && accepts(request.filters, meaning) &&
        names(request.instance_ids, *status.instance_id)) {
      all.push_back(std::move(status));
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, limit_of(request.max_results, 5, kMaxResults));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const InstanceStatus& item) { return *item.instance_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeInstanceStatusResult answer;
  answer.instance_statuses = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

/// What an instance was made from, in its group or outside.
groups::LaunchTemplateVersion made_from(const engine::Model& model, const groups::InstanceId& id) {
  if (const auto found = model.standalone.find(id); found != model.standalone.end()) {
    return found->second.value.made_from;
  }
  for (const auto& [name, group] : model.groups) {
    const auto instance = group.instances.find(id);
    if (instance == group.instances.end()) {
      continue;
    }
    const auto& specification = instance->second.launch_template;
    const auto of = model.launch_templates.find(specification.id);
    const auto* version = of == model.launch_templates.end()
                              ? nullptr
                              : groups::resolve(of->second, specification.version);
    return version == nullptr ? groups::LaunchTemplateVersion{} : *version;
  }
  return {};
}

Result<InstanceAttribute> describe_attribute(const Context& context,
                                             const DescribeInstanceAttributeRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, {{*request.instance_id}}));
  const auto source = made_from(context.model, groups::InstanceId{*request.instance_id});
  const std::string& attribute = *request.attribute;
  InstanceAttribute answer;
  answer.instance_id = *request.instance_id;
  if (attribute == "userData") {
    auto& value = answer.user_data.emplace();
    if (!source.user_data.empty()) {
      value.value = base64_encode(source.user_data);
    }
  } else if (attribute == "instanceType") {
    answer.instance_type.emplace().value = source.instance_type;
  } else if (attribute == "disableApiTermination") {
    answer.disable_api_termination.emplace().value = false;
  } else if (attribute == "instanceInitiatedShutdownBehavior") {
    answer.instance_initiated_shutdown_behavior.emplace().value = "terminate";
  } else if (attribute == "groupSet") {
    auto& shown = answer.groups.emplace();
    for (const std::string& id : source.security_groups) {
      shown.push_back({id, id});
    }
  } else {
    return invalid_value("The attribute '" + attribute +
                         "' is not built; what works: userData, instanceType, "
                         "disableApiTermination, instanceInitiatedShutdownBehavior, groupSet");
  }
  return answer;
}

Result<GetConsoleOutputResult> get_console_output(const Context& context,
                                                  const GetConsoleOutputRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, {{*request.instance_id}}));
  const groups::InstanceId id{*request.instance_id};
  GetConsoleOutputResult answer;
  answer.instance_id = id.value;
  answer.timestamp = context.now;
  const auto console = context.queries.console(id, UINT64_MAX, kConsoleBytes);
  if (console.has_value()) {  // else there is none yet, which EC2 answers by leaving Output out
    answer.output = base64_encode(console->first);
  }
  return answer;
}

}  // namespace

std::vector<Entry> instance_entries() {
  return {
      reads<DescribeInstancesOperation>({"InstanceIds", "Filters", "MaxResults", "NextToken"},
                                        &describe_instances),
      reads<DescribeInstanceStatusOperation>(
          {"InstanceIds", "IncludeAllInstances", "Filters", "MaxResults", "NextToken"},
          &describe_status),
      reads<DescribeInstanceAttributeOperation>({"InstanceId", "Attribute"}, &describe_attribute),
      reads<GetConsoleOutputOperation>({"InstanceId", "Latest"}, &get_console_output),
  };
}

}  // namespace tidegate::api::ec2
