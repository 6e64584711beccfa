// AWS CloudFormation: stacks, their events and resources, and the commands that make, change and
// delete them.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/cloudformation.h"
#include "engine/queries.h"

namespace tidegate::api::cloudformation {

std::vector<Entry> entries();

Stack stack_answer(const stacks::Stack& stack);

}  // namespace tidegate::api::cloudformation
