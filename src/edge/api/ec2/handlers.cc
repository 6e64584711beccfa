#include "edge/api/ec2/handlers.h"

#include <algorithm>

#include "base/text.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::int64_t kMaxResults = 1000;         // DescribeInstances
constexpr std::int64_t kMaxTemplateResults = 200;  // DescribeLaunchTemplates
constexpr std::size_t kConsoleBytes = 64 * 1024;   // EC2 keeps the newest 64 KB

using Names = std::optional<std::vector<std::string>>;
using Filters = std::optional<std::vector<Filter>>;

Error error(ErrorCode code, const char* name, std::string message) {
  return Error{code, name, std::move(message)};
}

bool holds(const Names& names, const std::string& value) {
  return names.has_value() && std::find(names->begin(), names->end(), value) != names->end();
}

bool any_matches(const Filter& filter, const std::string& value) {
  const auto& patterns = filter.values;
  return patterns.has_value() &&
         std::any_of(patterns->begin(), patterns->end(), [&](const std::string& pattern) {
           return matches_wildcard(pattern, value);
         });
}

bool tags_match(const Filter& filter, const std::vector<Tag>& tags, std::string_view name) {
  return std::any_of(tags.begin(), tags.end(), [&](const Tag& tag) {
    if (name == "tag-key") {
      return any_matches(filter, *tag.key);
    }
    return *tag.key == name.substr(4) && any_matches(filter, *tag.value);
  });
}

/// What a filter's name means of an instance. Absent: no such filter (or none that is built).
std::optional<std::string> filtered_value(const Instance& instance, std::string_view name) {
  if (name == "instance-id") return *instance.instance_id;
  if (name == "instance-state-name") return *instance.state->name;
  if (name == "instance-state-code") return std::to_string(*instance.state->code);
  if (name == "availability-zone") return *instance.placement->availability_zone;
  if (name == "image-id") return *instance.image_id;
  if (name == "instance-type") return *instance.instance_type;
  if (name == "private-ip-address") return instance.private_ip_address.value_or("");
  if (name == "private-dns-name") return *instance.private_dns_name;
  return std::nullopt;
}

Result<bool> accepts(const Filters& filters, const Instance& instance) {
  for (const Filter& filter : filters.value_or(std::vector<Filter>{})) {
    const std::string name = filter.name.value_or("");
    const bool of_tags = name == "tag-key" || name.starts_with("tag:");
    const auto value = filtered_value(instance, name);
    if (!of_tags && !value.has_value()) {
      return error(ErrorCode::InvalidArgument,
                   "InvalidParameterValue",
                   "The filter '" + name +
                       "' is invalid; what works: instance-id, "
                       "instance-state-name, instance-state-code, availability-zone, image-id, "
                       "instance-type, private-ip-address, private-dns-name, tag-key, tag:<key>");
    }
    if (of_tags ? !tags_match(filter, *instance.tags, name) : !any_matches(filter, *value)) {
      return false;
    }
  }
  return true;
}

Status check_instance_ids(const engine::Model& model, const Names& ids) {
  for (const std::string& id : ids.value_or(std::vector<std::string>{})) {
    if (!id.starts_with("i-") || id.size() < 3 ||
        id.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
      return error(ErrorCode::InvalidArgument,
                   "InvalidInstanceID.Malformed",
                   "Invalid id: \"" + id.substr(0, 80) + "\"");
    }
    const bool exists =
        std::any_of(model.groups.begin(), model.groups.end(), [&](const auto& entry) {
          return entry.second.instances.contains(groups::InstanceId{id});
        });
    if (!exists) {
      return error(ErrorCode::NotFound,
                   "InvalidInstanceID.NotFound",
                   "The instance ID '" + id + "' does not exist");
    }
  }
  return Ok{};
}

Reservation reservation_of(const engine::Model& model, Instance instance) {
  Reservation reservation;
  reservation.reservation_id = "r-" + instance.instance_id->substr(2);  // one launch, one instance
  reservation.owner_id = model.account_id;
  reservation.requester_id = model.account_id;
  reservation.groups.emplace();
  reservation.instances.emplace().push_back(std::move(instance));
  return reservation;
}

Result<std::int64_t> limit_of(const std::optional<std::int64_t>& asked,
                              std::int64_t smallest,
                              std::int64_t largest) {
  if (asked.has_value() && (*asked < smallest || *asked > largest)) {
    return error(ErrorCode::InvalidArgument,
                 "InvalidParameterValue",
                 "Value ( " + std::to_string(*asked) +
                     " ) for parameter maxResults is invalid. "
                     "Expecting a value between " +
                     std::to_string(smallest) + " and " + std::to_string(largest) + ".");
  }
  return asked.value_or(largest);
}

Result<DescribeInstancesResult> describe_instances(const Context& context,
                                                   const DescribeInstancesRequest& request) {
  TG_RETURN_IF_ERROR(check_instance_ids(context.model, request.instance_ids));
  const bool all_wanted = !request.instance_ids.has_value() || request.instance_ids->empty();
  std::vector<Reservation> all;
  for (const auto& [name, group] : context.model.groups) {
    for (const auto& [id, instance] : group.instances) {
      Instance answer = instance_answer(context.model, group, instance);
      TG_ASSIGN_OR_RETURN(const bool accepted, accepts(request.filters, answer));
      if (accepted && (all_wanted || holds(request.instance_ids, id.value))) {
        all.push_back(reservation_of(context.model, std::move(answer)));
      }
    }
  }
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

Status check_template_names(const engine::Model& model,
                            const DescribeLaunchTemplatesRequest& request) {
  for (const std::string& id : request.launch_template_ids.value_or(std::vector<std::string>{})) {
    if (!model.launch_templates.contains(groups::LaunchTemplateId{id})) {
      return error(ErrorCode::NotFound,
                   "InvalidLaunchTemplateId.NotFound",
                   "The specified launch template, with template ID " + id + ", does not exist.");
    }
  }
  for (const std::string& name :
       request.launch_template_names.value_or(std::vector<std::string>{})) {
    const auto& templates = model.launch_templates;
    if (std::none_of(templates.begin(), templates.end(), [&](const auto& entry) {
          return entry.second.name == name;
        })) {
      return error(ErrorCode::NotFound,
                   "InvalidLaunchTemplateName.NotFoundException",
                   "At least one of the launch templates specified in the request does not exist.");
    }
  }
  return Ok{};
}

Result<DescribeLaunchTemplatesResult> describe_launch_templates(
    const Context& context, const DescribeLaunchTemplatesRequest& request) {
  TG_RETURN_IF_ERROR(check_template_names(context.model, request));
  const bool all_wanted =
      !request.launch_template_ids.has_value() && !request.launch_template_names.has_value();
  std::vector<LaunchTemplate> all;
  for (const auto& [id, launch_template] : context.model.launch_templates) {
    if (all_wanted || holds(request.launch_template_ids, id.value) ||
        holds(request.launch_template_names, launch_template.name)) {
      all.push_back(launch_template_answer(context.model, launch_template));
    }
  }
  TG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      limit_of(request.max_results, 1, kMaxTemplateResults));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const LaunchTemplate& item) { return *item.launch_template_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeLaunchTemplatesResult answer;
  answer.launch_templates = std::move(page.items);
  answer.next_token = page.next_token;
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

std::vector<Entry> entries() {
  return {
      reads<DescribeInstancesOperation>({"InstanceIds", "Filters", "MaxResults", "NextToken"},
                                        &describe_instances),
      reads<DescribeLaunchTemplatesOperation>(
          {"LaunchTemplateIds", "LaunchTemplateNames", "MaxResults", "NextToken"},
          &describe_launch_templates),
      reads<GetConsoleOutputOperation>({"InstanceId", "Latest"}, &get_console_output),
  };
}

}  // namespace tidegate::api::ec2
