// CreateStack, UpdateStack, DeleteStack.
#include <algorithm>

#include "engine/commands/stack_work.h"
#include "engine/stack_context.h"

namespace tidegate::engine {
namespace {

using SS = stacks::Status;

/// FNV-1a: the same on every machine, because it is stored.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return hash;
}

std::string call_text(const char* action,
                      const std::string& body,
                      const std::map<std::string, std::string>& parameters) {
  std::string text = std::string{action} + " " + std::to_string(hash_of(body));
  for (const auto& [key, value] : parameters) {
    text += " " + key + "=" + value;
  }
  return text;
}

/// Of what may be tried again by a client: a token is remembered for that long, in calls.
constexpr std::size_t kMaxTokens = 100;

}  // namespace

stacks::Stack* find_stack(Model& model, const stacks::StackName& name_or_arn) {
  for (auto& [name, stack] : model.stacks) {
    const bool alive = stack.status != SS::DeleteComplete;
    if ((name == name_or_arn && alive) || stack.id == name_or_arn.value) {
      return &stack;
    }
  }
  return nullptr;
}

Status check_stack_count(const Model& model) {
  const auto standing = std::count_if(model.stacks.begin(),
                                      model.stacks.end(),
                                      [](const auto& entry) { return !entry.second.deleted; });
  if (static_cast<std::size_t>(standing) < kMaxStacks) {
    return Ok{};
  }
  return Error{ErrorCode::ResourceExhausted,
               "LimitExceededException",
               "Limit for stack has been exceeded: " + std::to_string(kMaxStacks)};
}

void forget_deleted_stacks(EngineState& state) {
  auto& all = state.model.stacks;
  while (all.size() > kMaxStacks) {
    const auto oldest = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.second.deleted.value_or(Instant::max()) < b.second.deleted.value_or(Instant::max());
    });
    if (!oldest->second.deleted) {
      return;
    }
    state.journal.touch(EntityKind::Stack, oldest->first.value);
    all.erase(oldest);
  }
}

Status check_images(const EngineState& state, const stacks::StackPlan& plan) {
  for (const auto& resource : plan.resources) {
    const auto* launch_template = std::get_if<groups::LaunchTemplate>(&resource.properties);
    if (launch_template == nullptr) {
      continue;
    }
    for (const auto& version : launch_template->versions) {
      const auto image = plan.metadata.images.find(version.image_id);
      if (image != plan.metadata.images.end()) {
        TG_RETURN_IF_ERROR(
            state.ports.compute.check_image(ports::ProcessImage{image->second.layers}));
      }
    }
  }
  return Ok{};
}

void take_plan(stacks::Stack& stack, const stacks::StackPlan& plan) {
  stack.description = plan.description;
  stack.parameters = plan.parameters;
  stack.metadata = plan.metadata;
  std::vector<stacks::StackResource> resources;
  for (const auto& planned : plan.resources) {
    const auto old =
        std::find_if(stack.resources.begin(), stack.resources.end(), [&](const auto& r) {
          return r.logical_id == planned.logical_id;
        });
    if (old != stack.resources.end()) {
      resources.push_back(*old);
    } else {
      resources.push_back({planned.logical_id,
                           planned.physical_id,
                           planned.type,
                           SS::CreateInProgress,
                           "",
                           Instant{}});
    }
  }
  stack.resources = std::move(resources);
}

void begin_creation(EngineState& state, stacks::Stack& stack, stacks::StackPlan plan, Instant now) {
  take_plan(stack, plan);
  stack.status = SS::CreateInProgress;
  stack.status_reason = "User Initiated";
  add_event(state, stack, nullptr, stack.status, stack.status_reason, now);
  state.work[stack.name] = StackWork{std::move(plan), DeleteStack::Haste::Drain};
}

Result<bool> done_before(const stacks::Stack& stack,
                         const std::string& token,
                         const std::string& call) {
  const auto found = stack.tokens.find(token);
  if (token.empty() || found == stack.tokens.end()) {
    return false;
  }
  if (found->second != call) {
    return Error{ErrorCode::AlreadyExists,
                 "TokenAlreadyExistsException",
                 "The token '" + token + "' was used for another request on " + stack.name.value};
  }
  return true;
}

void remember(stacks::Stack& stack, const std::string& token, const std::string& call) {
  stack.token = token;
  if (token.empty()) {
    return;
  }
  if (stack.tokens.size() >= kMaxTokens) {
    stack.tokens.clear();
  }
  stack.tokens[token] = call;
}

Result<Answer> run(const Execution& on, const CreateStack& command) {
  EngineState& state = on.state;
  const std::string call = call_text("CreateStack", command.template_body, command.parameters);
  if (const stacks::Stack* old = find_stack(state.model, command.name); old != nullptr) {
    TG_ASSIGN_OR_RETURN(const bool done, done_before(*old, command.token, call));
    if (done) {
      return Answer{StackIdAnswer{old->id, ""}};
    }
    return Error{ErrorCode::AlreadyExists,
                 "AlreadyExistsException",
                 "Stack [" + command.name.value + "] already exists"};
  }
  TG_RETURN_IF_ERROR(check_stack_count(state.model));
  stacks::Stack stack;
  stack.name = command.name;
  stack.id = "arn:aws:cloudformation:" + state.settings.region + ":" + state.settings.account_id +
             ":stack/" + command.name.value + "/" + state.ids.uuid();
  stack.template_body = command.template_body;
  stack.template_folder = command.template_folder;
  stack.given_parameters = command.parameters;
  stack.tags = command.tags;
  stack.created = on.now;
  TG_ASSIGN_OR_RETURN(auto plan, plan_again(state, stack, on.now));
  TG_RETURN_IF_ERROR(check_images(state, plan));
  remember(stack, command.token, call);
  stacks::Stack& stored = state.model.stacks[command.name];
  stored = std::move(stack);
  forget_deleted_stacks(state);
  begin_creation(state, stored, std::move(plan), on.now);
  return Answer{StackIdAnswer{stored.id, ""}};
}

Result<Answer> run(const Execution& on, const UpdateStack& command) {
  EngineState& state = on.state;
  stacks::Stack* stack = find_stack(state.model, command.name);
  if (stack == nullptr) {
    return validation("Stack [" + command.name.value + "] does not exist");
  }
  const std::string call = call_text("UpdateStack", command.template_body, command.parameters);
  TG_ASSIGN_OR_RETURN(const bool done, done_before(*stack, command.token, call));
  if (done) {
    return Answer{StackIdAnswer{stack->id, ""}};
  }
  if (!stacks::is_updatable(stack->status)) {
    return validation("Stack:" + stack->id + " is in " + std::string{to_string(stack->status)} +
                      " state and can not be updated.");
  }
  stacks::Stack wanted = *stack;
  if (!command.template_body.empty()) {
    wanted.template_body = command.template_body;
    wanted.template_folder = command.template_folder;
  }
  wanted.given_parameters = command.parameters;
  wanted.tags = command.tags.value_or(wanted.tags);
  TG_ASSIGN_OR_RETURN(auto update, plan_update(state, *stack, std::move(wanted), on.now));
  if (!update.changes_anything) {
    return validation("No updates are to be performed.");
  }
  remember(update.wanted, command.token, call);
  return Answer{StackIdAnswer{carry_out(state, *stack, std::move(update), on.now).id, ""}};
}

Result<Answer> run(const Execution& on, const DeleteStack& command) {
  EngineState& state = on.state;
  stacks::Stack* stack = find_stack(state.model, command.name);
  if (stack == nullptr || stack->status == SS::DeleteComplete) {
    return Answer{Ok{}};
  }
  TG_RETURN_IF_ERROR(done_before(*stack, command.token, "DeleteStack"));
  state.work[stack->name].haste = command.haste;
  if (stack->status == SS::DeleteInProgress) {
    return Answer{Ok{}};
  }
  remember(*stack, command.token, "DeleteStack");
  stack->status = SS::DeleteInProgress;
  stack->status_reason = "User Initiated";
  for (auto& resource : stack->resources) {
    if (resource.updated == Instant{}) {
      resource.status = SS::DeleteComplete;  // never begun
    }
  }
  add_event(state, *stack, nullptr, stack->status, stack->status_reason, on.now);
  return Answer{Ok{}};
}

}  // namespace tidegate::engine
