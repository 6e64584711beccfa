#include "apps/tidegate/show/cost_text.h"

#include <algorithm>

#include "apps/tidegate/show/words.h"
#include "base/text.h"
#include "core/cost/price_book.h"

namespace tidegate::apps {
namespace {

std::string dollars(const Json& amount) {
  return cost::dollars(amount.number_or(0));
}

std::string cents(const Json& amount) {
  return cost::dollars_and_cents(amount.number_or(0));
}

/// "68", without the dollar sign.
std::string plain(const Json& amount) {
  return dollars(amount).substr(1);
}

std::string integer(const Json& count) {
  return std::to_string(count.int_or(0));
}

bool is_service(const Json& part) {
  return part["Kind"].string_or("") == "Service";
}

/// As the documents call it.
std::string short_name(const Json& part) {
  const std::string name = part["Name"].string_or("");
  return name == "LoadBalancer" ? "ALB" : name;
}

/// "1 × $68 + 2 × $34": the instances of each group.
std::string fleets_text(const Json& cost) {
  std::vector<std::string> fleets;
  for (const Json& part : cost["Parts"].items()) {
    if (!is_service(part)) {
      fleets.push_back(integer(part["Running"]) + " × " + dollars(part["MonthlyPrice"]));
    }
  }
  return fleets.empty() ? "" : " (" + join(fleets, " + ") + ")";
}

/// "$99 = 68 + 31 (RDS, ALB)".
std::string base_text(const Json& cost) {
  std::vector<std::string> names;
  for (const Json& part : cost["Parts"].items()) {
    if (is_service(part)) {
      names.push_back(short_name(part));
    }
  }
  std::reverse(names.begin(), names.end());
  if (names.empty()) {
    return dollars(cost["Base"]);
  }
  return dollars(cost["Base"]) + " = " + plain(cost["BaseInstances"]) + " + " +
         plain(cost["Services"]) + " (" + join(names, ", ") + ")";
}

std::string peak_text(const Json& cost) {
  return dollars(cost["PeakInstances"]) + " instances (" + dollars(cost["Peak"]) + " all)";
}

std::vector<Cell> part_cells(const Json& part) {
  std::string running = integer(part["Running"]);
  std::string note = part["Note"].string_or("");
  if (!is_service(part)) {
    running += " of " + integer(part["MinSize"]) + ".." + integer(part["MaxSize"]);
    note = part["InstanceType"].string_or("");
  }
  std::vector<Cell> cells = {{part["Name"].string_or("")},
                             {running},
                             {dollars(part["MonthlyPrice"]) + "/mo"},
                             {dollars(part["MonthlyNow"]) + "/mo"}};
  if (!note.empty()) {
    cells.push_back({note});
  }
  return cells;
}

std::string stack_text(const Json& stack, Paint paint) {
  const Json& cost = stack["Cost"];
  std::string text = painted(paint, Colour::Bold, stack["StackName"].string_or(""));
  const std::string since = cost["Since"].string_or("");
  text += since.size() < 19 ? "\n"
                            : "  since " + since.substr(0, 10) + " " + since.substr(11, 8) + "Z\n";
  std::vector<std::vector<Cell>> rows = {{{"PART"}, {"RUNNING"}, {"EACH"}, {"NOW"}, {"NOTE"}}};
  for (const Json& part : cost["Parts"].items()) {
    rows.push_back(part_cells(part));
  }
  text += table(paint, rows);
  text += row("Now",
              dollars(cost["Now"]) + "/mo instances, " + dollars(cost["NowServices"]) +
                  "/mo services that run here");
  if (!since.empty()) {
    text += row("Spent",
                cents(cost["Spent"]) + " instances, " + cents(cost["SpentServices"]) + " services");
    text += row("Month",
                cents(cost["MonthSoFar"]) + " instances so far, " + cents(cost["MonthAtThisRate"]) +
                    " by its end at this rate");
  }
  return text + row("Base", base_text(cost)) + row("Peak", peak_text(cost));
}

}  // namespace

std::string cost_line(const Json& cost) {
  std::string line = "now " + dollars(cost["Now"]) + "/mo" + fleets_text(cost);
  if (cost["Spent"].is_number()) {
    line += ", spent " + cents(cost["Spent"]);
  }
  return line + ", base " + base_text(cost) + ", peak " + peak_text(cost);
}

std::string cost_text(const Json& status, Paint paint) {
  std::string text;
  for (const Json& stack : status["Stacks"].items()) {
    text += (text.empty() ? "" : "\n") + stack_text(stack, paint);
  }
  return text.empty() ? "no stack; create one: tidegate up TEMPLATE\n" : text;
}

}  // namespace tidegate::apps
