// AWS CloudFormation: stacks, their events, resources, templates and change sets, and the commands
// that make, change and delete them. entries() has all of them, a file each.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/cloudformation.h"
#include "engine/queries.h"

namespace tidegate::api::cloudformation {

std::vector<Entry> entries();

std::vector<Entry> write_entries();
std::vector<Entry> list_entries();
std::vector<Entry> template_entries();
std::vector<Entry> change_set_entries();

std::vector<Parameter> parameters_shown(const std::map<std::string, std::string>& given);
std::vector<Tag> tags_shown(const std::map<std::string, std::string>& given);
Stack stack_answer(const stacks::Stack& stack);

}  // namespace tidegate::api::cloudformation
