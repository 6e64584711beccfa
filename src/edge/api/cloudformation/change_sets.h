// Change sets found by what callers give. Pure.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "edge/api/cloudformation/handlers.h"

namespace tidegate::api::cloudformation {

struct FoundChangeSet {
  const stacks::Stack* stack = nullptr;
  const stacks::ChangeSet* change_set = nullptr;
};

/// By its ARN, or by its name and its stack. Errors: ValidationError, ChangeSetNotFound.
Result<FoundChangeSet> change_set_of(const engine::Model& model,
                                     const std::string& name_or_arn,
                                     const std::optional<std::string>& stack);

}  // namespace tidegate::api::cloudformation
