// What the operations of elbv2 check alike, in AWS's words: names, actions, conditions, tags, and
// lists of names to find. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/api/elbv2/handlers.h"

namespace tidegate::api::elbv2 {

using Names = std::optional<std::vector<std::string>>;

Error invalid(std::string message);                    // ValidationError
Error refused(const char* code, std::string message);  // a code of the service
Error not_found(const char* code, std::string message);

bool given(const Names& names);
bool holds(const Names& names, const std::string& value);
/// The first of `names` that nothing in `known` has.
std::optional<std::string> first_unknown(const Names& names, const std::vector<std::string>& known);

/// what: "Load balancer" or "Target group". 1 to 32 of a-z, A-Z, 0-9 and -, no - at an end, no
/// "internal-" first.
Status check_name(const char* what, const std::string& name);
/// An ARN of that kind ("loadbalancer/app/", …), existing or not.
Status check_arn(const std::string& arn, const char* kind, const char* what);

/// The one target group that a list of actions forwards to. Errors: TooManyActions,
/// InvalidLoadBalancerAction, ValidationError.
Result<balancing::ForwardAction> forward_of(const std::vector<Action>& actions);
/// Errors: InvalidConfigurationRequest for fields that are not built, ValidationError.
Result<std::vector<balancing::RuleCondition>> conditions_of(
    const std::vector<RuleCondition>& conditions);
/// Errors: DuplicateTagKeys, ValidationError (aws: is reserved).
Result<balancing::Tags> tags_of(const std::optional<std::vector<Tag>>& tags);

/// A page of `all` by its ARNs; PageSize at most 400, as without one.
inline constexpr std::int64_t kPageSize = 400;

}  // namespace tidegate::api::elbv2
