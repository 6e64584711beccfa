// The bill of the documents' stack (reference: base $99 = instance + RDS + ALB, $68 an
// instance-month, $204 at peak, $235 with everything).
#include "edge/status/cost_document.h"

#include <doctest/doctest.h>

namespace tidegate::status {
namespace {

const Instant kCreated = parse_iso8601("2026-01-03T12:00:00Z").value();

groups::Instance instance(const std::string& id) {
  groups::Instance made;
  made.id = groups::InstanceId{id};
  made.instance_type = "t3.large";
  return made;
}

engine::Model documents_model() {
  engine::Model model;
  model.now = kCreated + std::chrono::hours{73};
  stacks::Stack stack;
  stack.name = stacks::StackName{"cnt"};
  stack.id = "arn:cnt";
  stack.metadata.instance_types["t3.large"].monthly_price = 68;
  stack.metadata.prices = {{"LoadBalancer", 16}, {"RDS", 15}};
  stacks::StackResource balancer;
  balancer.physical_id = "arn:alb";
  balancer.type = "AWS::ElasticLoadBalancingV2::LoadBalancer";
  balancer.status = stacks::Status::CreateComplete;
  stack.resources = {balancer};
  model.stacks.emplace(stack.name, stack);

  groups::LaunchTemplate launch_template;
  launch_template.id = groups::LaunchTemplateId{"lt-1"};
  launch_template.versions.resize(1);
  launch_template.versions[0].number = 1;
  launch_template.versions[0].instance_type = "t3.large";
  model.launch_templates.emplace(launch_template.id, launch_template);

  engine::GroupModel& group = model.groups[groups::GroupName{"cnt-backend-asg"}];
  group.stack = stack.name;
  group.group.name = groups::GroupName{"cnt-backend-asg"};
  group.group.min_size = 1;
  group.group.max_size = 3;
  group.group.launch_template = {launch_template.id, "$Latest"};
  group.instances.emplace(groups::InstanceId{"i-1"}, instance("i-1"));
  return model;
}

Json cost_of(const engine::Model& model) {
  return cost_document(model, model.stacks.at(stacks::StackName{"cnt"}));
}

}  // namespace

TEST_CASE("cost: the documents' figures come out") {
  engine::Model model = documents_model();
  const Json cost = cost_of(model);
  CHECK(cost["Now"] == Json{68.0});
  CHECK(cost["NowServices"] == Json{16.0});
  CHECK(cost["Services"] == Json{31.0});
  CHECK(cost["BaseInstances"] == Json{68.0});
  CHECK(cost["Base"] == Json{99.0});
  CHECK(cost["PeakInstances"] == Json{204.0});
  CHECK(cost["Peak"] == Json{235.0});
  auto& instances = model.groups.at(groups::GroupName{"cnt-backend-asg"}).instances;
  instances.emplace(groups::InstanceId{"i-2"}, instance("i-2"));
  instances.emplace(groups::InstanceId{"i-3"}, instance("i-3"));
  CHECK(cost_of(model)["Now"] == Json{204.0});
  CHECK(cost_of(model)["Base"] == Json{99.0});
}

TEST_CASE("cost: each part with its price, and what does not run here named as such") {
  const Json cost = cost_of(documents_model());
  const auto& parts = cost["Parts"].items();
  REQUIRE(parts.size() == 3);
  CHECK(parts[0] == Json::object({{"Name", "cnt-backend-asg"},
                                  {"Kind", "Instances"},
                                  {"InstanceType", "t3.large"},
                                  {"MonthlyPrice", 68.0},
                                  {"Running", 1},
                                  {"MinSize", 1},
                                  {"MaxSize", 3},
                                  {"MonthlyNow", 68.0}}));
  CHECK(parts[1]["Name"] == Json{"LoadBalancer"});
  CHECK(parts[1]["Running"] == Json{1});
  CHECK(parts[1].find("Note") == nullptr);
  CHECK(parts[2] == Json::object({{"Name", "RDS"},
                                  {"Kind", "Service"},
                                  {"MonthlyPrice", 15.0},
                                  {"Running", 0},
                                  {"MonthlyNow", 0.0},
                                  {"Note", "does not run here; the base counts it"}}));
}

TEST_CASE("cost: what was spent, since when, and this month at this rate") {
  engine::Model model = documents_model();
  CHECK(cost_of(model).find("Spent") == nullptr);  // no account yet
  cost::Account account = cost::opened("arn:cnt", kCreated);
  model.costs.emplace(stacks::StackName{"cnt"}, cost::with_rate(account, {68, 16}, kCreated));
  const Json cost = cost_of(model);  // 73 h later: a tenth of a month
  CHECK(cost["Spent"].number_or(0) == doctest::Approx(6.8));
  CHECK(cost["SpentServices"].number_or(0) == doctest::Approx(1.6));
  CHECK(cost["Since"] == Json{"2026-01-03T12:00:00.000Z"});
  CHECK(cost["MonthSoFar"].number_or(0) == doctest::Approx(6.8));
  const double hours_to_its_end = 24 * 28 + 12;
  CHECK(cost["MonthAtThisRate"].number_or(0) == doctest::Approx(68.0 / 730 * hours_to_its_end));
}

}  // namespace tidegate::status
