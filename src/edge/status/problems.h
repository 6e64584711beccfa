// What is wrong with a stack and what to do about it, one sentence each: the documents' failures
// (STACK.md, "What went wrong") must not be possible, or silent, here.
#pragma once

#include <string>
#include <vector>

#include "engine/queries.h"

namespace tidegate::status {

/// Most urgent first: what keeps the stack from serving, then what will keep it from scaling.
std::vector<std::string> problems_of(const engine::Model& model, const stacks::Stack& stack);

/// Of what belongs to no stack.
std::vector<std::string> problems_without_stack(const engine::Model& model);

/// Those of one group; part of both.
std::vector<std::string> group_problems(const engine::Model& model,
                                        const engine::GroupModel& group);

}  // namespace tidegate::status
