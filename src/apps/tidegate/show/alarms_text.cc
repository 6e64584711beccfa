#include "apps/tidegate/show/alarms_text.h"

#include <algorithm>
#include <set>
#include <vector>

#include "apps/tidegate/show/words.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

std::string sign_of(const std::string& comparison) {
  if (comparison.starts_with("GreaterThanOrEqual")) {
    return ">=";
  }
  if (comparison.starts_with("LessThanOrEqual")) {
    return "<=";
  }
  return comparison.starts_with("Less") ? "<" : ">";
}

std::string value_text(const Json& alarm) {
  const Json& value = alarm["Value"];
  if (!value.is_number()) {
    return "no data";
  }
  const std::string metric = alarm["MetricName"].string_or("");
  if (metric == "CPUUtilization") {
    return percent_text(value);
  }
  if (metric == "TargetResponseTime") {
    return format_fixed(value.number_or(0), 3) + " s";
  }
  return format_double(value.number_or(0));
}

bool is_of_policy(const Json& alarm) {
  return alarm["Origin"].string_or("user") == "policy";
}

/// The names target tracking gives are long; what tells them apart is AlarmHigh and AlarmLow.
std::string short_name(const Json& alarm) {
  const std::string name = alarm["AlarmName"].string_or("");
  if (is_of_policy(alarm)) {
    for (const char* part : {"AlarmHigh", "AlarmLow"}) {
      if (name.find(part) != std::string::npos) {
        return part;
      }
    }
  }
  return name;
}

std::string alarm_text(const Json& alarm) {
  return short_name(alarm) + " " + value_text(alarm) + " " +
         sign_of(alarm["ComparisonOperator"].string_or("")) + " " +
         format_double(alarm["Threshold"].number_or(0));
}

std::string state_row(const Json& alarms, const std::string& state, Colour colour, Paint paint) {
  std::vector<std::string> texts;
  std::set<std::string> notes;
  for (const Json& alarm : alarms.items()) {
    if (alarm["StateValue"].string_or("") != state) {
      continue;
    }
    texts.push_back(alarm_text(alarm));
    if (const std::string note = alarm["Note"].string_or(""); !note.empty()) {
      notes.insert(note);
    }
  }
  if (texts.empty()) {
    return "";
  }
  const std::string label = state == "INSUFFICIENT_DATA" ? "NODATA" : state;
  const std::vector<std::string> said(notes.begin(), notes.end());
  return "  " + painted(paint, colour, label) + std::string(7 - label.size(), ' ') +
         join(texts, ",  ") + (said.empty() ? "" : "      " + join(said, "; ")) + "\n";
}

std::string receivers_text(const Json& alarms) {
  std::set<std::string> receivers;
  for (const Json& alarm : alarms.items()) {
    for (const Json& receiver : alarm["Receivers"].items()) {
      receivers.insert(receiver.string_or(""));
    }
  }
  const std::vector<std::string> names(receivers.begin(), receivers.end());
  return names.empty() ? "alerts go to nobody" : "alerts go to: " + join(names, ", ");
}

}  // namespace

std::string alarms_text(const Json& alarms, Paint paint) {
  const auto& items = alarms.items();
  if (items.empty()) {
    return "";
  }
  const auto of_policy = std::count_if(items.begin(), items.end(), is_of_policy);
  const auto all = static_cast<std::ptrdiff_t>(items.size());
  return "Alarms    " + std::to_string(all) + ": " + std::to_string(all - of_policy) + " yours, " +
         std::to_string(of_policy) + " of the policy; " + receivers_text(alarms) + "\n" +
         state_row(alarms, "OK", Colour::Green, paint) +
         state_row(alarms, "ALARM", Colour::Red, paint) +
         state_row(alarms, "INSUFFICIENT_DATA", Colour::Yellow, paint);
}

}  // namespace tidegate::apps
