// What the operations of cloudformation check alike, in AWS's words. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "edge/api/cloudformation/handlers.h"

namespace tidegate::api::cloudformation {

Error invalid(std::string message, ErrorCode code = ErrorCode::InvalidArgument);

/// By name (not a deleted one) or by ARN (deleted ones too); null when there is none.
const stacks::Stack* find_stack(const engine::Model& model, const std::string& name_or_arn);
/// Error: ValidationError "Stack with id … does not exist".
Result<const stacks::Stack*> stack_of(const engine::Model& model, const std::string& name_or_arn);

/// [a-zA-Z][-a-zA-Z0-9]*, at most 128 characters. member: "stackName", "changeSetName".
Status check_name(const char* member, const std::string& name);
/// Members that may only say what is so anyway.
Status check_false(const char* member, const std::optional<bool>& value);
/// Error: InsufficientCapabilitiesException for AWS::IAM resources that nobody acknowledged.
Status check_capabilities(const std::string& template_body,
                          const std::optional<std::vector<std::string>>& given);

using Values = std::map<std::string, std::string>;
/// previous: what UsePreviousValue takes from; null for a new stack.
Result<Values> parameters_of(const std::optional<std::vector<Parameter>>& given,
                             const stacks::Stack* previous);
Result<Values> tags_of(const std::optional<std::vector<Tag>>& given);

}  // namespace tidegate::api::cloudformation
