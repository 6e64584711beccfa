// Tags of instances and launch templates.
#include <algorithm>

#include "edge/api/calls/pages.h"
#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {
namespace {

constexpr std::int64_t kMaxTagResults = 1000;
constexpr std::size_t kMaxResources = 1000;
constexpr const char* kTagFilters = "key, value, resource-id, resource-type, tag:<key>";

void add(std::vector<TagDescription>& all,
         const std::string& id,
         const char* type,
         const TagMap& tags) {
  for (const auto& [key, value] : tags) {
    TagDescription& tag = all.emplace_back();
    tag.resource_id = id;
    tag.resource_type = type;
    tag.key = key;
    tag.value = value;
  }
}

std::vector<TagDescription> all_tags(const engine::Model& model) {
  std::vector<TagDescription> all;
  for (const auto& [name, group] : model.groups) {
    for (const auto& [id, instance] : group.instances) {
      add(all, id.value, "instance", instance.tags);
    }
  }
  for (const auto& [id, standalone] : model.standalone) {
    if (!standalone.value.terminated) {
      add(all, id.value, "instance", standalone.value.instance.tags);
    }
  }
  for (const auto& [id, launch_template] : model.launch_templates) {
    add(all, id.value, "launch-template", launch_template.tags);
  }
  return all;
}

Result<DescribeTagsResult> describe_tags(const Context& context,
                                         const DescribeTagsRequest& request) {
  TG_RETURN_IF_ERROR(check_filters(request.filters, kTagFilters));
  std::vector<TagDescription> chosen;
  for (TagDescription& tag : all_tags(context.model)) {
    const auto meaning = [&](std::string_view name) -> std::optional<std::vector<std::string>> {
      if (name == "key") return {{*tag.key}};
      if (name == "value") return {{*tag.value}};
      if (name == "resource-id") return {{*tag.resource_id}};
      if (name == "resource-type") return {{*tag.resource_type}};
      return tag_values({{*tag.key, *tag.value}}, name);
    };
    if (accepts(request.filters, meaning)) {
      chosen.push_back(std::move(tag));
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_results, 5, kMaxTagResults));
  TG_ASSIGN_OR_RETURN(
      auto page,
      page_of(
          std::move(chosen),
          [](const TagDescription& tag) { return *tag.resource_id + "/" + *tag.key; },
          request.next_token,
          limit,
          "InvalidParameterValue"));
  DescribeTagsResult answer;
  answer.tags = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

Status check_resources(const std::vector<std::string>& resources) {
  if (resources.size() > kMaxResources) {
    return invalid_value("At most " + std::to_string(kMaxResources) + " resources in one call");
  }
  return Ok{};
}

Result<Write<CreateTagsOperation>> create_tags(const Context& /*context*/,
                                               const CreateTagsRequest& request) {
  engine::ChangeResourceTags command;
  TG_RETURN_IF_ERROR(check_resources(*request.resources));
  command.resources = *request.resources;
  TG_ASSIGN_OR_RETURN(command.set, checked_tags(*request.tags));
  return write_without_answer<CreateTagsOperation>(engine::FleetCommand{std::move(command)});
}

Result<Write<DeleteTagsOperation>> delete_tags(const Context& context,
                                               const DeleteTagsRequest& request) {
  engine::ChangeResourceTags command;
  TG_RETURN_IF_ERROR(check_resources(*request.resources));
  command.resources = *request.resources;
  if (!request.tags) {  // every tag of the resources
    for (const TagDescription& tag : all_tags(context.model)) {
      if (holds(request.resources, *tag.resource_id)) {
        command.removed[*tag.key] = std::nullopt;
      }
    }
  }
  for (const Tag& tag : request.tags.value_or(std::vector<Tag>{})) {
    command.removed[tag.key.value_or("")] = tag.value;
  }
  return write_without_answer<DeleteTagsOperation>(engine::FleetCommand{std::move(command)});
}

}  // namespace

std::vector<Entry> tag_entries() {
  return {
      reads<DescribeTagsOperation>({"Filters", "MaxResults", "NextToken"}, &describe_tags),
      writes<CreateTagsOperation>({"Resources", "Tags"}, &create_tags),
      writes<DeleteTagsOperation>({"Resources", "Tags"}, &delete_tags),
  };
}

}  // namespace tidegate::api::ec2
