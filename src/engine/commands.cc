// The door of commands: each is executed whole or not at all, and answered once it is durable.
#include "engine/commands.h"

#include <algorithm>

#include "engine/commands/execution.h"

namespace tidegate::engine {

Error would_succeed() {
  return Error{ErrorCode::FailedPrecondition,
               "DryRunOperation",
               "Request would have succeeded, but DryRun flag is set."};
}

Result<Answer> run(const Execution& on, const FleetCommand& command) {
  return std::visit([&on](const auto& kind) { return run(on, kind); }, command);
}

/// execute() takes back what a refused command did, and this one is always refused.
Result<Answer> run(const Execution& on, const DryRun& command) {
  TG_RETURN_IF_ERROR(run(on, command.command));
  return would_succeed();
}

Result<Answer> Engine::execute(const Principal& principal, const Command& command, Instant now) {
  EngineState& state = *state_;
  const Model before = state.model;
  const std::size_t entries = state.new_ledger.size();
  const Execution on{state, principal, now};
  auto answer = std::visit([&on](const auto& kind) { return run(on, kind); }, command);
  if (answer) {  // an answer is a promise: it is given only for what is durable
    keep_accounts(state, now);
    if (auto stored = state.journal.flush(state.model, state.notifications); !stored) {
      answer = std::move(stored).error();
    }
  }
  if (!answer) {
    state.new_ledger.resize(std::min(entries, state.new_ledger.size()));  // it decided nothing
    state.model = before;  // what was touched stays so: the next flush writes the old values again
  }
  state.view_stale = true;
  wake();
  return answer;
}

}  // namespace tidegate::engine
