// Tags of groups.
#include <algorithm>

#include "edge/api/autoscaling/asking.h"
#include "edge/api/calls/pages.h"

namespace tidegate::api::autoscaling {
namespace {

constexpr std::int64_t kDefaultTags = 50;

Result<bool> accepts(const Filter& filter, const TagDescription& tag) {
  const std::string name = filter.name.value_or("");
  if (name == "auto-scaling-group") {
    return holds(filter.values, *tag.resource_id);
  }
  if (name == "key") {
    return holds(filter.values, *tag.key);
  }
  if (name == "value") {
    return holds(filter.values, *tag.value);
  }
  if (name == "propagate-at-launch") {
    return holds(filter.values, *tag.propagate_at_launch ? "true" : "false");
  }
  return validation("Filter type " + name +
                    " is not correct. Allowed Filter types are: auto-scaling-group key value "
                    "propagate-at-launch");
}

Result<bool> all_accept(const std::optional<std::vector<Filter>>& filters,
                        const TagDescription& tag) {
  for (const Filter& filter : filters.value_or(std::vector<Filter>{})) {
    TG_ASSIGN_OR_RETURN(const bool accepted, accepts(filter, tag));
    if (!accepted) {
      return false;
    }
  }
  return true;
}

Result<TagsType> describe_tags(const Context& context, const DescribeTagsType& request) {
  std::vector<TagDescription> all;
  TG_RETURN_IF_ERROR(all_accept(request.filters, {"", "", "", "", true}));
  for (const auto& [name, group] : context.model.groups) {
    for (TagDescription& tag : tags_of(group.group)) {
      TG_ASSIGN_OR_RETURN(const bool accepted, all_accept(request.filters, tag));
      if (accepted) {
        all.push_back(std::move(tag));
      }
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_records, kDefaultTags));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const auto& tag) { return *tag.resource_id + "/" + *tag.key; },
                          request.next_token,
                          limit,
                          "InvalidNextToken"));
  return TagsType{std::move(page.items), page.next_token};
}

Result<std::vector<engine::GroupTag>> checked(const std::vector<Tag>& tags) {
  std::vector<engine::GroupTag> all;
  for (const Tag& tag : tags) {
    TG_ASSIGN_OR_RETURN(auto one, tag_of(tag, ""));
    all.push_back(std::move(one));
  }
  return all;
}

Result<Write<CreateOrUpdateTagsOperation>> put_tags(const Context& /*context*/,
                                                    const CreateOrUpdateTagsType& request) {
  TG_ASSIGN_OR_RETURN(auto tags, checked(*request.tags));
  return write_without_answer<CreateOrUpdateTagsOperation>(
      engine::FleetCommand{engine::CreateOrUpdateTags{std::move(tags)}});
}

Result<Write<DeleteTagsOperation>> delete_tags(const Context& /*context*/,
                                               const DeleteTagsType& request) {
  TG_ASSIGN_OR_RETURN(auto tags, checked(*request.tags));
  return write_without_answer<DeleteTagsOperation>(
      engine::FleetCommand{engine::DeleteTags{std::move(tags)}});
}

}  // namespace

std::vector<Entry> tag_entries() {
  return {
      reads<DescribeTagsOperation>({"Filters", "NextToken", "MaxRecords"}, &describe_tags),
      writes<CreateOrUpdateTagsOperation>({"Tags"}, &put_tags),
      writes<DeleteTagsOperation>({"Tags"}, &delete_tags),
  };
}

}  // namespace tidegate::api::autoscaling
