// Tags of load balancers, target groups, listeners and rules.
#include <set>

#include "core/balancing/attributes.h"
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

constexpr std::size_t kMaxArns = 20;  // AWS: "You can specify up to 20 resources in a single call"

Result<const balancing::Tags*> tags_on(const engine::Model& model, const std::string& arn) {
  if (const auto found = model.load_balancers.find(balancing::LoadBalancerArn{arn});
      found != model.load_balancers.end()) {
    return &found->second.tags;
  }
  if (const auto found = model.target_groups.find(balancing::TargetGroupArn{arn});
      found != model.target_groups.end()) {
    return &found->second.target_group.tags;
  }
  if (const auto found = model.listeners.find(balancing::ListenerArn{arn});
      found != model.listeners.end()) {
    return &found->second.tags;
  }
  if (const auto found = model.rules.find(balancing::RuleArn{arn}); found != model.rules.end()) {
    return &found->second.tags;
  }
  return balancing::no_such_resource(arn);
}

Result<std::vector<std::string>> arns_of(const Names& arns) {
  if (!given(arns)) {
    return invalid("At least one resource ARN must be specified");
  }
  if (arns->size() > kMaxArns) {
    return invalid("Cannot have more than 20 resources described");
  }
  const std::set<std::string> once{arns->begin(), arns->end()};
  return std::vector<std::string>{once.begin(), once.end()};
}

Result<DescribeTagsOutput> describe_tags(const Context& context, const DescribeTagsInput& request) {
  TG_ASSIGN_OR_RETURN(const auto arns, arns_of(request.resource_arns));
  DescribeTagsOutput answer;
  auto& all = answer.tag_descriptions.emplace();
  for (const std::string& arn : arns) {
    TG_ASSIGN_OR_RETURN(const balancing::Tags* const held, tags_on(context.model, arn));
    TagDescription& description = all.emplace_back();
    description.resource_arn = arn;
    auto& tags = description.tags.emplace();
    for (const auto& [key, value] : *held) {
      tags.push_back({key, value});
    }
  }
  return answer;
}

Result<Write<AddTagsOperation>> add_tags(const Context&, const AddTagsInput& request) {
  engine::ChangeTags command;
  TG_ASSIGN_OR_RETURN(command.arns, arns_of(request.resource_arns));
  TG_ASSIGN_OR_RETURN(command.added, tags_of(request.tags));
  if (command.added.empty()) {
    return invalid("At least one tag must be specified");
  }
  return write_without_answer<AddTagsOperation>(engine::BalancerCommand{std::move(command)});
}

Result<Write<RemoveTagsOperation>> remove_tags(const Context&, const RemoveTagsInput& request) {
  engine::ChangeTags command;
  TG_ASSIGN_OR_RETURN(command.arns, arns_of(request.resource_arns));
  command.removed = request.tag_keys.value_or(std::vector<std::string>{});
  if (command.removed.size() > engine::kMaxTags) {
    return refused("TooManyTags", "There are too many tag keys: at most 50 in one call");
  }
  return write_without_answer<RemoveTagsOperation>(engine::BalancerCommand{std::move(command)});
}

}  // namespace

std::vector<Entry> tag_entries() {
  return {
      reads<DescribeTagsOperation>({"ResourceArns"}, &describe_tags),
      writes<AddTagsOperation>({"ResourceArns", "Tags"}, &add_tags),
      writes<RemoveTagsOperation>({"ResourceArns", "TagKeys"}, &remove_tags),
  };
}

}  // namespace tidegate::api::elbv2
