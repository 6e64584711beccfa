// Commands on the tags of groups.
#include <algorithm>

#include "engine/commands/execution.h"

namespace tidegate::engine {
namespace {

void keep_from_instances(groups::AutoScalingGroup& group, const GroupTag& tag) {
  auto& kept = group.tags_not_propagated;
  std::erase(kept, tag.key);
  if (tag.propagate == GroupTag::Propagate::No) {
    kept.insert(std::lower_bound(kept.begin(), kept.end(), tag.key), tag.key);
  }
}

}  // namespace

Status check_tag_count(const groups::AutoScalingGroup& group) {
  constexpr std::size_t kMost = 50;  // AWS quota, per group
  if (group.tags.size() <= kMost) {
    return Ok{};
  }
  return Error{
      ErrorCode::ResourceExhausted,
      "LimitExceeded",
      "The group '" + group.name.value + "' can have at most " + std::to_string(kMost) + " tags."};
}

Result<Answer> run(const Execution& on, const CreateOrUpdateTags& command) {
  for (const auto& tag : command.tags) {
    TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group_in_use(on.state.model, tag.group));
    group->group.tags[tag.key] = tag.value;
    keep_from_instances(group->group, tag);
    TG_RETURN_IF_ERROR(check_tag_count(group->group));
    on.state.journal.touch(EntityKind::Group, tag.group.value);
  }
  return Answer{Ok{}};
}

Result<Answer> run(const Execution& on, const DeleteTags& command) {
  for (const auto& tag : command.tags) {
    TG_ASSIGN_OR_RETURN(GroupModel* const group, find_group_in_use(on.state.model, tag.group));
    const auto found = group->group.tags.find(tag.key);
    if (found == group->group.tags.end() || (!tag.value.empty() && found->second != tag.value)) {
      continue;
    }
    group->group.tags.erase(found);
    std::erase(group->group.tags_not_propagated, tag.key);
    on.state.journal.touch(EntityKind::Group, tag.group.value);
  }
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
