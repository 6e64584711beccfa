#include "engine/state.h"

namespace tidegate::engine {

void record(EngineState& state, LedgerEntry entry) {
  auto& ledger = state.model.ledger;
  entry.sequence = ledger.empty() ? 1 : ledger.back().sequence + 1;
  state.new_ledger.push_back(entry);
  ledger.push_back(std::move(entry));
  if (ledger.size() > kMaxLedgerKept) {
    ledger.pop_front();
  }
  if (state.new_ledger.size() > kMaxLedgerKept) {  // nobody takes them: the newest are worth more
    state.new_ledger.erase(state.new_ledger.begin());
  }
  state.view_stale = true;
}

std::string to_json_line(const LedgerEntry& entry) {
  Json json = Json::object();
  json.set("Sequence", static_cast<std::int64_t>(entry.sequence));
  json.set("At", format_iso8601_millis(entry.at));
  json.set("Group", entry.group);
  json.set("Instance", entry.instance);
  json.set("Activity", entry.activity);
  json.set("Decided", entry.decided);
  json.set("What", entry.what);
  json.set("Why", entry.why);
  json.set("WouldChange", entry.would_change);
  json.set("Inputs", entry.inputs);
  json.set("Votes", entry.votes);
  json.set("Cost", entry.cost);
  return json.dump();
}

}  // namespace tidegate::engine
