#include "edge/status/cost_document.h"

#include "core/cost/price_book.h"
#include "edge/status/seen.h"

namespace tidegate::status {
namespace {

double price_of(const stacks::Stack& stack, const std::string& instance_type) {
  const auto found = stack.metadata.instance_types.find(instance_type);
  return found == stack.metadata.instance_types.end() ? 0 : found->second.monthly_price;
}

/// Of what the group launches from now.
std::string instance_type_of(const engine::Model& model, const engine::GroupModel& group) {
  const auto found = model.launch_templates.find(group.group.launch_template.id);
  const auto* version = found == model.launch_templates.end()
                            ? nullptr
                            : resolve(found->second, group.group.launch_template.version);
  return version == nullptr ? "" : version->instance_type;
}

Json group_part(const stacks::Stack& stack,
                const engine::GroupModel& group,
                const std::string& instance_type) {
  double now = 0;
  for (const auto& [id, instance] : group.instances) {
    now += price_of(stack, instance.instance_type);
  }
  return Json::object({{"Name", group.group.name.value},
                       {"Kind", "Instances"},
                       {"InstanceType", instance_type},
                       {"MonthlyPrice", price_of(stack, instance_type)},
                       {"Running", static_cast<std::int64_t>(group.instances.size())},
                       {"MinSize", group.group.min_size},
                       {"MaxSize", group.group.max_size},
                       {"MonthlyNow", now}});
}

Json service_part(const cost::Service& service) {
  Json part = Json::object({{"Name", service.name},
                            {"Kind", "Service"},
                            {"MonthlyPrice", service.monthly_price},
                            {"Running", service.running},
                            {"MonthlyNow", service.monthly_price * service.running}});
  if (service.running == 0) {
    part.set("Note", "does not run here; the base counts it");
  }
  return part;
}

void add_spending(Json& json, const engine::Model& model, const stacks::Stack& stack) {
  const auto found = model.costs.find(stack.name);
  if (found == model.costs.end()) {
    return;
  }
  const cost::Account account = cost::accrued(found->second, model.now);
  const cost::Month month = cost::month_of(account, model.now);
  json.set("Spent", account.spent.instances);
  json.set("SpentServices", account.spent.services);
  json.set("Since", format_iso8601_millis(account.opened));
  json.set("MonthSoFar", month.so_far);
  json.set("MonthAtThisRate", month.at_this_rate);
}

}  // namespace

Json cost_document(const engine::Model& model, const stacks::Stack& stack) {
  Json parts = Json::array();
  std::vector<cost::Fleet> fleets;
  double now = 0;
  for (const engine::GroupModel* group : groups_of(model, stack)) {
    const std::string type = instance_type_of(model, *group);
    Json part = group_part(stack, *group, type);
    now += part["MonthlyNow"].number_or(0);
    parts.push(std::move(part));
    fleets.push_back({price_of(stack, type),
                      static_cast<std::int32_t>(group->instances.size()),
                      group->group.min_size,
                      group->group.max_size});
  }
  const auto services =
      cost::services_of({{}, stack.metadata.prices}, stacks::existing_resources(stack));
  for (const cost::Service& service : services) {
    parts.push(service_part(service));
  }
  const cost::MonthlyCost monthly = cost::monthly_cost(fleets, services);
  Json json = Json::object({{"Now", now},
                            {"NowServices", cost::running_price(services)},
                            {"Services", monthly.services},
                            {"BaseInstances", monthly.base - monthly.services},
                            {"Base", monthly.base},
                            {"PeakInstances", monthly.peak_instances},
                            {"Peak", monthly.peak}});
  add_spending(json, model, stack);
  json.set("Parts", std::move(parts));
  return json;
}

}  // namespace tidegate::status
