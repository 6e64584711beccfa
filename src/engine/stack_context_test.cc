// What a template is planned with: the home's settings, the stack as it was asked for, what it has.
#include "engine/stack_context.h"

#include <doctest/doctest.h>

#include "engine/state_fixture.h"

namespace tidegate::engine {

TEST_CASE_FIXTURE(StateBench, "stack context: the home, the stack as given, and what it has") {
  state.settings.region = "eu-west-1";
  state.settings.account_id = "000000000001";
  state.settings.instance_scale = 0.25;
  model.launch_templates[groups::LaunchTemplateId{"lt-1"}].name = "web";
  stacks::Stack stack;
  stack.name.value = "s";
  stack.id = "arn:s";
  stack.template_folder = "/templates";
  stack.given_parameters = {{"Max", "3"}};
  stack.parameters = {{"Max", "3"}, {"Min", "1"}};
  stack.resources.resize(2);
  stack.resources[0].logical_id.value = "Lt";
  stack.resources[0].physical_id = "lt-1";
  stack.resources[1].logical_id.value = "Lb";
  stack.resources[1].physical_id = "arn:lb";
  stacks::StackContext context = context_of(state, stack, now());
  CHECK(context.region == "eu-west-1");
  CHECK(context.account_id == "000000000001");
  CHECK(context.stack_name == stack.name);
  CHECK(context.stack_id == "arn:s");
  CHECK(context.template_folder == "/templates");
  CHECK(context.parameters == stack.given_parameters);
  CHECK(context.physical_ids ==
        std::map<stacks::LogicalId, std::string>{{stack.resources[0].logical_id, "lt-1"},
                                                 {stack.resources[1].logical_id, "arn:lb"}});
  CHECK(context.launch_templates.size() == 1);
  CHECK(context.launch_templates.at(stack.resources[0].logical_id).name == "web");
  CHECK(context.host_vcpus == model.host_vcpus);
  CHECK(context.host_memory_mib == model.host_memory_mib);
  CHECK(context.instance_scale == 0.25);
  CHECK(context.now == now());
  CHECK(context.new_id(stacks::IdKind::LaunchTemplate).size() == 3 + 17);
  CHECK(context.new_id(stacks::IdKind::Suffix).size() == 12);
  CHECK(context.new_id(stacks::IdKind::Uuid).size() == 36);
}

TEST_CASE("stack context: a change set that was executing is done, well or not, with its stack") {
  using State = stacks::ChangeSet::State;
  const auto settled = [](stacks::Status status, State state) {
    stacks::Stack stack;
    stack.status = status;
    stack.change_sets.emplace_back().state = state;
    settle_change_sets(stack);
    return stack.change_sets[0].state;
  };
  CHECK(settled(stacks::Status::CreateComplete, State::Executing) == State::Executed);
  CHECK(settled(stacks::Status::UpdateComplete, State::Executing) == State::Executed);
  CHECK(settled(stacks::Status::RollbackComplete, State::Executing) == State::ExecutionFailed);
  CHECK(settled(stacks::Status::RollbackComplete, State::Executed) == State::Executed);
}

}  // namespace tidegate::engine
