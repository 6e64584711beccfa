#include "engine/stack_context.h"

#include "base/text.h"

namespace tidegate::engine {
namespace {

std::string new_id(Rng& ids, stacks::IdKind kind) {
  switch (kind) {
    case stacks::IdKind::LaunchTemplate:
      return "lt-" + ids.hex(17);
    case stacks::IdKind::Suffix: {
      std::string suffix;
      while (suffix.size() < 12) {
        suffix.push_back("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[ids.below(36)]);
      }
      return suffix;
    }
    case stacks::IdKind::Uuid:
      return ids.uuid();
  }
  return ids.uuid();
}

}  // namespace

stacks::StackContext context_of(EngineState& state, const stacks::Stack& stack, Instant now) {
  stacks::StackContext context;
  context.region = state.settings.region;
  context.account_id = state.settings.account_id;
  context.stack_name = stack.name;
  context.stack_id = stack.id;
  context.template_folder = stack.template_folder;
  context.parameters = stack.given_parameters;
  for (const auto& resource : stack.resources) {
    context.physical_ids.emplace(resource.logical_id, resource.physical_id);
    const auto launch_template =
        state.model.launch_templates.find(groups::LaunchTemplateId{resource.physical_id});
    if (launch_template != state.model.launch_templates.end()) {
      context.launch_templates.emplace(resource.logical_id, launch_template->second);
    }
  }
  context.new_id = [&state](stacks::IdKind kind) { return new_id(state.ids, kind); };
  context.host_vcpus = state.model.host_vcpus;
  context.host_memory_mib = state.model.host_memory_mib;
  context.instance_scale = state.settings.instance_scale;
  context.now = now;
  return context;
}

Result<stacks::StackPlan> plan_again(EngineState& state, const stacks::Stack& stack, Instant now) {
  return stacks::plan_stack(stack.template_body, context_of(state, stack, now));
}

void settle_change_sets(stacks::Stack& stack) {
  using State = stacks::ChangeSet::State;
  const bool good = stack.status == stacks::Status::CreateComplete ||
                    stack.status == stacks::Status::UpdateComplete;
  for (auto& change_set : stack.change_sets) {
    if (change_set.state == State::Executing) {
      change_set.state = good ? State::Executed : State::ExecutionFailed;
    }
  }
}

std::vector<stacks::Output> resolved_outputs(const Model& model,
                                             std::vector<stacks::Output> outputs) {
  for (auto& output : outputs) {
    output.value =
        stacks::resolve_dns_names(output.value, [&model](const balancing::LoadBalancerArn& arn) {
          const auto found = model.load_balancers.find(arn);
          return found == model.load_balancers.end() ? std::string{} : found->second.dns_name;
        });
  }
  return outputs;
}

}  // namespace tidegate::engine
