// Stacks created, updated and deleted by commands: what is kept of the call, and what is told.
#include <doctest/doctest.h>

#include "engine/commands/execution.h"
#include "engine/journal/stored_form.h"
#include "engine/state_fixture.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using SS = stacks::Status;
using std::chrono::seconds;

constexpr const char* kOneAlarm =
    "Resources:\n  A:\n    Type: AWS::CloudWatch::Alarm\n    Properties: { Namespace: App, "
    "MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1, "
    "ComparisonOperator: GreaterThanThreshold }\n";

struct Stacked : World {
  Stacked() {
    REQUIRE(create().has_value());
    run_for(seconds{5});
    REQUIRE(stack().status == SS::CreateComplete);
  }
  /// "none", or the error; what was answered is written.
  std::string error(const Command& command) {
    const auto answer = execute(command);
    CHECK(stored_form(model()).at("stack/web") == store.contents().at("stack/web"));
    return answer ? "none" : answer.error().name + ": " + answer.error().message;
  }
  UpdateStack wanting(const std::string& max, const std::string& token = "") const {
    return {kStack, "", "", {{"Max", max}}, {}, token};
  }
};

std::string with_url(const std::string& url) {
  std::string body = kTemplate;
  const std::string old = "http://${Balancer.DNSName}/";
  return body.replace(body.find(old), old.size(), url);
}

}  // namespace

TEST_CASE_FIXTURE(Stacked,
                  "UpdateStack: the new template is what the stack is made from from now") {
  std::string body = with_url("http://${Balancer.DNSName}/rooms");
  body.replace(body.find("one group"), 9, "two rooms");
  body.replace(body.find("Exec: on-call.sh"), 16, "Exec: phone.sh");
  const std::string dns = model().load_balancers.begin()->second.dns_name;
  REQUIRE_FALSE(dns.empty());
  REQUIRE(error(UpdateStack{kStack, body, "/elsewhere", {{"Max", "2"}}}) == "none");
  CHECK(stack().template_body == body);
  CHECK(stack().template_folder == "/elsewhere");
  CHECK(stack().description == "two rooms behind one balancer");
  CHECK(stack().parameters.at("Max") == "2");
  CHECK(stack().metadata.receivers.at("on-call").command.find("phone.sh") != std::string::npos);
  CHECK(stack().given_parameters == std::map<std::string, std::string>{{"Max", "2"}});
  REQUIRE(stack().outputs.size() == 1);
  CHECK(stack().outputs[0].value == "http://" + dns + "/rooms");
  CHECK(stack().updated == clock.now());
  CHECK(stack().status_reason.empty());
  const auto before = stack();
  start();
  REQUIRE(recovered.has_value());
  CHECK(stack() == before);
}

TEST_CASE_FIXTURE(Stacked, "UpdateStack: tags, outputs or metadata alone are a change, too") {
  UpdateStack same{kStack, kTemplate, "/templates", {}};
  const std::string nothing = "ValidationError: No updates are to be performed.";
  CHECK(error(same) == nothing);
  same.tags = std::map<std::string, std::string>{{"team", "rooms"}};
  REQUIRE(error(same) == "none");
  CHECK(stack().tags == *same.tags);
  CHECK(error(same) == nothing);
  same.tags.reset();
  CHECK(error(same) == nothing);
  CHECK(stack().tags.size() == 1);
  same.template_body = with_url("https://${Balancer.DNSName}/");
  REQUIRE(error(same) == "none");
  CHECK(error(same) == nothing);
  same.template_body.replace(same.template_body.find("Exec: on-call.sh"), 16, "Exec: phone.sh");
  REQUIRE(error(same) == "none");
  CHECK(error(same) == nothing);
}

TEST_CASE_FIXTURE(Stacked, "UpdateStack: what is taken back decided nothing") {
  REQUIRE(execute(SetDesiredCapacity{kGroup, 3}).has_value());
  std::string body = kTemplate;
  const std::string failing =
      "  Zed:\n    Type: AWS::CloudWatch::Alarm\n    Properties: { AlarmName: web-cpu-high-2, "
      "Namespace: App, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, "
      "Threshold: 1, ComparisonOperator: GreaterThanThreshold }\n";
  body.insert(body.find("Outputs:\n"), failing);
  alarms::Alarm taken;
  taken.name.value = "web-cpu-high-2";
  taken.metric = metrics::make_metric_id("App", "M", {});
  taken.period = seconds{60};
  REQUIRE(execute(AlarmCommand{PutAlarm{taken}}).has_value());
  static_cast<void>(engine->take_ledger());
  const auto ledger = model().ledger.size();
  REQUIRE(error(UpdateStack{kStack, body, "/templates", {{"Max", "2"}}}) == "none");
  CHECK(stack().status == SS::UpdateRollbackComplete);
  CHECK(group().group.desired_capacity == 3);
  CHECK(model().ledger.size() == ledger);
  CHECK(engine->take_ledger().empty());
  REQUIRE(error(wanting("2")) == "none");
  const auto decided = engine->take_ledger();
  REQUIRE(decided.size() == 1);
  CHECK(decided[0].what == "desired 3 -> 2");
}

TEST_CASE_FIXTURE(Stacked, "tokens: a hundred calls are remembered, and the newest always is") {
  const auto max_of = [](int call) { return call % 2 == 0 ? "2" : "3"; };
  for (int call = 0; call < 100; ++call) {
    REQUIRE(error(wanting(max_of(call), "t" + std::to_string(call))) == "none");
  }
  CHECK(stack().tokens.size() == 100);
  const auto told = stack().events.size();
  CHECK(error(wanting(max_of(0), "t0")) == "none");  // done before: nothing happens
  CHECK(group().group.max_size == 3);
  CHECK(stack().events.size() == told);
  REQUIRE(error(wanting("2", "t100")) == "none");
  CHECK(stack().tokens.size() == 1);
  CHECK(stack().token == "t100");
  CHECK(error(wanting("2", "t100")) == "none");
  REQUIRE(error(wanting("3")) == "none");
  CHECK(stack().token.empty());
  CHECK(stack().tokens.size() == 1);
}

TEST_CASE_FIXTURE(Stacked, "tokens: parameters are of the call, by name and value") {
  REQUIRE(error(wanting("2", "t")) == "none");
  UpdateStack other = wanting("2", "t");
  other.parameters = {{"Target", "2"}};
  CHECK(error(other).starts_with("TokenAlreadyExistsException: "));
  other.parameters = {{"Max", "3"}};
  CHECK(error(other).starts_with("TokenAlreadyExistsException: "));
  CHECK(error(DeleteStack{kStack, DeleteStack::Haste::Drain, "t"})
            .starts_with("TokenAlreadyExistsException: "));
  CHECK(stack().status == SS::UpdateComplete);
}

TEST_CASE_FIXTURE(Stacked,
                  "DeleteStack: told once, by name or ARN, and no resource is told twice") {
  const std::string id = stack().id;
  REQUIRE(error(DeleteStack{stacks::StackName{id}, DeleteStack::Haste::Drain, "t"}) == "none");
  CHECK(stack().status == SS::DeleteInProgress);
  CHECK(stack().status_reason == "User Initiated");
  CHECK(stack().token == "t");
  CHECK(stack().events.back().status == SS::DeleteInProgress);
  CHECK(stack().events.back().logical_id == "web");
  CHECK(stack().events.back().status_reason == "User Initiated");
  for (const auto& resource : stack().resources) {
    CHECK(resource.status == SS::CreateComplete);  // its turn comes
  }
  const auto told = stack().events.size();
  REQUIRE(error(DeleteStack{kStack, DeleteStack::Haste::Now, "u"}) == "none");
  CHECK(stack().events.size() == told);
  CHECK(stack().token == "t");
  run_for(seconds{10});
  CHECK(stack().status == SS::DeleteComplete);
  const auto gone = stack();
  REQUIRE(error(DeleteStack{stacks::StackName{id}, DeleteStack::Haste::Drain, "v"}) == "none");
  CHECK(stack() == gone);
  CHECK(error(UpdateStack{kStack, kTemplate, "", {}}) ==
        "ValidationError: Stack [web] does not exist");
  CHECK(error(UpdateStack{stacks::StackName{id}, kTemplate, "", {}}) ==
        "ValidationError: Stack:" + id + " is in DELETE_COMPLETE state and can not be updated.");
  REQUIRE(create().has_value());  // the name is free again
  CHECK(stack().id != id);
  CHECK(stack().created == clock.now());
  CHECK(stack().status_reason == "User Initiated");
}

TEST_CASE_FIXTURE(World, "CreateStack: two thousand stacks, and not one more") {
  REQUIRE(execute(CreateStack{kStack, kOneAlarm, "", {}, {}}).has_value());
  run_for(seconds{2});
  REQUIRE(stack().status == SS::CreateComplete);
  const std::string made = store.contents().at("stack/web");
  const std::string name = "\"Name\":\"web\"";
  REQUIRE(made.find(name) != std::string::npos);
  for (std::size_t i = 1; i + 1 < kMaxStacks; ++i) {
    const std::string other = "web-" + std::to_string(i);
    std::string another = made;
    another.replace(another.find(name), name.size(), "\"Name\":\"" + other + "\"");
    REQUIRE(store.append({{"stack/" + other, another}}, starts, store.revision()).has_value());
  }
  start();
  REQUIRE(model().stacks.size() == kMaxStacks - 1);
  const auto create = [&](const std::string& wanted) {
    return execute(CreateStack{stacks::StackName{wanted}, kOneAlarm, "", {}, {}});
  };
  CHECK(create("last").has_value());
  const auto refused = create("more");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().name == "LimitExceededException");
  CHECK(refused.error().message == "Limit for stack has been exceeded: 2000");
  CHECK(model().stacks.size() == kMaxStacks);
}

TEST_CASE_FIXTURE(StateBench, "CreateStack: deleted stacks do not count, and the oldest give way") {
  for (std::size_t i = 0; i < kMaxStacks; ++i) {
    stacks::Stack& one = model.stacks[stacks::StackName{"s" + std::to_string(i)}];
    one.name.value = "s" + std::to_string(i);
    one.status = SS::CreateComplete;
  }
  const auto remove = [&](const char* name, Duration ago) {
    stacks::Stack& one = model.stacks.at(stacks::StackName{name});
    one.status = SS::DeleteComplete;
    one.deleted = now() - ago;
    state.journal.touch(EntityKind::Stack, name);
  };
  const auto create = [&](const char* name) {
    const CreateStack command{stacks::StackName{name}, kOneAlarm, "", {}, {}};
    const auto made = run(Execution{state, {}, now()}, command);
    return made ? "none" : made.error().name;
  };
  CHECK(create("more") == "LimitExceededException");
  remove("s7", seconds{3});
  remove("s5", seconds{9});
  flush();
  REQUIRE(is_stored("stack/s5"));
  CHECK(create("more") == "none");
  CHECK(model.stacks.size() == kMaxStacks);
  CHECK_FALSE(model.stacks.contains(stacks::StackName{"s5"}));
  CHECK(model.stacks.contains(stacks::StackName{"s7"}));
  flush();
  CHECK_FALSE(is_stored("stack/s5"));
  CHECK(create("s7") == "none");  // a deleted one's name is free
  CHECK(create("last") == "LimitExceededException");
}

}  // namespace tidegate::engine
