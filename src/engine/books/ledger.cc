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

Result<LedgerEntry> ledger_entry(std::string_view line) {
  TG_ASSIGN_OR_RETURN(const Json json, Json::parse(line));
  TG_ASSIGN_OR_RETURN(const Instant at, parse_iso8601(json["At"].string_or("")));
  const std::int64_t sequence = json["Sequence"].int_or(0);
  if (sequence <= 0) {
    return Error{ErrorCode::Corrupt, "LedgerCorrupt", "a ledger line has no Sequence"};
  }
  return LedgerEntry{.sequence = static_cast<std::uint64_t>(sequence),
                     .at = at,
                     .group = json["Group"].string_or(""),
                     .instance = json["Instance"].string_or(""),
                     .activity = json["Activity"].string_or(""),
                     .decided = json["Decided"].bool_or(false),
                     .what = json["What"].string_or(""),
                     .why = json["Why"].string_or(""),
                     .would_change = json["WouldChange"].string_or(""),
                     .inputs = json["Inputs"],
                     .cost = json["Cost"],
                     .votes = json["Votes"]};
}

void remember_ledger(EngineState& state) {
  auto& ledger = state.model.ledger;
  for (const std::string& line : state.settings.ledger) {
    Result<LedgerEntry> entry = ledger_entry(line);
    // What is cut or out of order was not written whole; what follows goes on from the newest.
    if (entry && (ledger.empty() || entry->sequence > ledger.back().sequence)) {
      ledger.push_back(*std::move(entry));
    }
  }
  while (ledger.size() > kMaxLedgerKept) {
    ledger.pop_front();
  }
}

}  // namespace tidegate::engine
