#include "edge/api/tidegate/operations.h"

#include <algorithm>
#include <vector>

#include "edge/status/explain.h"
#include "edge/status/status.h"

namespace tidegate::api {
namespace {

constexpr std::int64_t kConsoleBytes = 64 * 1024;  // of one answer, when nothing is asked for
constexpr std::int64_t kMaxConsoleBytes = 256 * 1024;
constexpr std::int64_t kMaxEntries = 1000;    // of the ledger, in one answer
constexpr std::int64_t kPeriodsLookedAt = 5;  // for an alarm's newest value

Error invalid(std::string message) {
  return Error{ErrorCode::InvalidArgument, "ValidationError", std::move(message)};
}

/// Every member of the input is one that the operation knows.
Status check_members(const Json& input, std::initializer_list<const char*> known) {
  for (const auto& [name, value] : input.members()) {
    if (std::none_of(known.begin(), known.end(), [&](const char* k) { return name == k; })) {
      return invalid("there is no member " + name);
    }
  }
  return Ok{};
}

/// A whole number within bounds, or the fallback when it is absent.
Result<std::int64_t> number_of(const Json& input,
                               const char* name,
                               std::int64_t fallback,
                               std::int64_t largest) {
  const Json* given = input.find(name);
  if (given == nullptr || given->is_null()) {
    return fallback;
  }
  if (!given->is_int() || given->int_or(-1) < 0 || given->int_or(0) > largest) {
    return invalid(std::string{name} + " must be a whole number within 0.." +
                   std::to_string(largest));
  }
  return given->int_or(0);
}

/// The newest period of the alarm's metric that has data.
std::optional<double> latest_value(const Context& context, const alarms::Alarm& alarm) {
  const Instant to = context.model.now;
  const auto points = context.metrics.read_distributions(
      alarm.metric, to - kPeriodsLookedAt * alarm.period, to, alarm.period);
  for (auto point = points.rbegin(); point != points.rend(); ++point) {
    if (const auto value = metrics::value_of(point->values, alarms::statistic_of(alarm))) {
      return value;
    }
  }
  return std::nullopt;
}

Result<Json> get_status(const Context& context, const Json& input) {
  TG_RETURN_IF_ERROR(check_members(input, {"StackName"}));
  const std::string stack = input["StackName"].string_or("");
  Json status = status::status_document(context.model, stack, [&](const alarms::Alarm& alarm) {
    return latest_value(context, alarm);
  });
  if (!stack.empty() && status["Stacks"].items().empty()) {
    return Error{
        ErrorCode::NotFound, "ValidationError", "Stack with id " + stack + " does not exist"};
  }
  return status;
}

Result<Json> get_explanation(const Context& context, const Json& input) {
  TG_RETURN_IF_ERROR(check_members(input, {"Kind", "Name"}));
  const std::string kind = input["Kind"].string_or("");
  const std::string name = input["Name"].string_or("");
  if (kind == "group") {
    return status::explain(context.model, status::Subject::Group, name);
  }
  if (kind == "instance") {
    return status::explain(context.model, status::Subject::Instance, name);
  }
  if (kind == "activity") {
    return status::explain(context.model, status::Subject::Activity, name);
  }
  return invalid("Kind must be group, instance or activity");
}

Result<Json> get_console(const Context& context, const Json& input) {
  TG_RETURN_IF_ERROR(check_members(input, {"InstanceId", "Offset", "MaxBytes"}));
  const std::string id = input["InstanceId"].string_or("");
  TG_ASSIGN_OR_RETURN(const std::int64_t bytes,
                      number_of(input, "MaxBytes", kConsoleBytes, kMaxConsoleBytes));
  TG_ASSIGN_OR_RETURN(const std::int64_t offset, number_of(input, "Offset", -1, INT64_MAX));
  const auto console =
      context.queries.console(groups::InstanceId{id},
                              offset < 0 ? UINT64_MAX : static_cast<std::uint64_t>(offset),
                              static_cast<std::size_t>(bytes));
  if (!console.has_value()) {
    return console.error();
  }
  return Json::object(
      {{"Text", console->first}, {"NextOffset", static_cast<std::int64_t>(console->second)}});
}

Result<Json> get_ledger(const Context& context, const Json& input) {
  TG_RETURN_IF_ERROR(check_members(input, {"GroupName", "AfterSequence", "MaxEntries"}));
  const std::string group = input["GroupName"].string_or("");
  TG_ASSIGN_OR_RETURN(const std::int64_t after, number_of(input, "AfterSequence", 0, INT64_MAX));
  TG_ASSIGN_OR_RETURN(const std::int64_t limit, number_of(input, "MaxEntries", 100, kMaxEntries));
  Json entries = Json::array();
  std::int64_t next = after;
  for (const engine::LedgerEntry& entry : context.model.ledger) {
    const auto sequence = static_cast<std::int64_t>(entry.sequence);
    if (sequence <= after || (!group.empty() && entry.group != group)) {
      continue;
    }
    if (static_cast<std::int64_t>(entries.items().size()) >= limit) {
      break;
    }
    entries.push(status::ledger_document(entry));
    next = sequence;
  }
  return Json::object({{"Entries", std::move(entries)}, {"NextSequence", next}});
}

}  // namespace

std::map<std::string, OwnHandler> own_operations() {
  return {{"GetStatus", &get_status},
          {"Explain", &get_explanation},
          {"GetConsole", &get_console},
          {"GetLedger", &get_ledger}};
}

}  // namespace tidegate::api
