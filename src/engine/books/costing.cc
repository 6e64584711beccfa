// Costing: what each stack spends from now on, kept in its account.
#include "core/cost/price_book.h"
#include "engine/state.h"

namespace tidegate::engine {
namespace {

double price_of(const stacks::Stack* stack, const std::string& instance_type) {
  if (stack == nullptr) {
    return 0;
  }
  const auto found = stack->metadata.instance_types.find(instance_type);
  return found == stack->metadata.instance_types.end() ? 0 : found->second.monthly_price;
}

cost::Rate rate_of(const EngineState& state, const stacks::Stack& stack) {
  cost::Rate rate;
  for (const auto& [name, group] : state.model.groups) {
    if (group.stack == stack.name) {
      rate.instances += monthly_price_of(state, group);
    }
  }
  rate.services = cost::running_price(
      cost::services_of({{}, stack.metadata.prices}, stacks::existing_resources(stack)));
  return rate;
}

}  // namespace

double monthly_price_of(const EngineState& state, const GroupModel& group) {
  const stacks::Stack* stack = stack_of(state.model, group);
  double monthly = 0;
  for (const auto& [id, instance] : group.instances) {
    monthly += price_of(stack, instance.instance_type);
  }
  return monthly;
}

double price_of_next(const EngineState& state, const GroupModel& group) {
  const auto* version = launch_version(state.model, group.group);
  return version == nullptr ? 0 : price_of(stack_of(state.model, group), version->instance_type);
}

Json decision_cost(double monthly_before, double monthly_after) {
  if (monthly_before == 0 && monthly_after == 0) {
    return {};
  }
  return Json::object({{"MonthlyBefore", monthly_before}, {"MonthlyAfter", monthly_after}});
}

void keep_accounts(EngineState& state, Instant now) {
  if (state.journal.clean()) {
    return;  // nothing changed, so no rate did
  }
  auto& costs = state.model.costs;
  for (const auto& [name, stack] : state.model.stacks) {
    if (stack.status == stacks::Status::DeleteComplete) {
      continue;  // its account ends with it
    }
    auto found = costs.find(name);
    if (found == costs.end() || found->second.stack_id != stack.id) {
      found = costs.insert_or_assign(name, cost::opened(stack.id, now)).first;
      state.journal.touch(EntityKind::Cost, name.value);
    }
    const cost::Rate rate = rate_of(state, stack);
    if (rate != found->second.rate) {
      found->second = cost::with_rate(found->second, rate, now);
      state.journal.touch(EntityKind::Cost, name.value);
      state.view_stale = true;
    }
  }
  for (auto entry = costs.begin(); entry != costs.end();) {
    const auto stack = state.model.stacks.find(entry->first);
    if (stack != state.model.stacks.end() &&
        stack->second.status != stacks::Status::DeleteComplete) {
      ++entry;
    } else {
      state.journal.touch(EntityKind::Cost, entry->first.value);
      entry = costs.erase(entry);
    }
  }
}

}  // namespace tidegate::engine
