// Change sets, tokens and updates that are taken back, by commands.
#include <set>

#include <doctest/doctest.h>

#include "engine/commands/execution.h"
#include "engine/state_fixture.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using stacks::ChangeSet;
using std::chrono::seconds;
using SS = stacks::Status;
using Parameters = std::map<std::string, std::string>;

const stacks::StackName kOther{"other"};

std::string alarm(const std::string& logical_id, const std::string& name) {
  return "  " + logical_id +
         ":\n    Type: AWS::CloudWatch::Alarm\n    Properties: { AlarmName: " + name +
         ", Namespace: App, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, "
         "Threshold: 1, ComparisonOperator: GreaterThanThreshold }\n";
}

std::string with_more(const std::string& more) {
  std::string text = kTemplate;
  return text.insert(text.find("Outputs:\n"), more);
}

struct Deployed : World {
  Deployed() {
    REQUIRE(create().has_value());
    run_for(seconds{5});
    REQUIRE(stack().status == SS::CreateComplete);
  }
};

std::string error(World& world, const Command& command) {
  const auto answer = world.execute(command);
  return answer ? "none" : answer.error().name + ": " + answer.error().message;
}

CreateChangeSet change_set(const std::string& name,
                           Parameters parameters = {},
                           const std::string& body = kTemplate) {
  CreateChangeSet command;
  command.stack = kStack;
  command.name = name;
  command.description = "why";
  command.template_body = body;
  command.template_folder = "/templates";
  command.parameters = std::move(parameters);
  return command;
}

/// Its ARN.
std::string made(World& world, const CreateChangeSet& command) {
  const auto answer = world.execute(command);
  REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().message));
  return std::get<StackIdAnswer>(*answer).change_set_id;
}

const ChangeSet& the(const World& world, const std::string& id) {
  for (const ChangeSet& one : world.stack().change_sets) {
    if (one.id == id) {
      return one;
    }
  }
  FAIL("no change set ", id);
  return world.stack().change_sets.front();
}

/// What the next control plane reads of the stack is what this one has.
void check_written(World& world) {
  const stacks::Stack before = world.stack();
  world.start();
  REQUIRE(world.recovered.has_value());
  CHECK(world.stack() == before);
}

/// "LogicalId STATUS" of the events from that place on.
std::vector<std::string> events_from(const World& world, std::size_t begin) {
  std::vector<std::string> found;
  const auto& events = world.stack().events;
  for (std::size_t i = begin; i < events.size(); ++i) {
    found.push_back(events[i].logical_id + " " + std::string{to_string(events[i].status)});
  }
  return found;
}

}  // namespace

TEST_CASE_FIXTURE(Deployed, "change sets: what an update would do, written down and not done") {
  CreateChangeSet command = change_set("a", {{"Max", "2"}}, with_more(alarm("More", "more")));
  command.tags = Parameters{{"k", "v"}};
  const std::string id = made(*this, command);
  CHECK(id.starts_with("arn:aws:cloudformation:eu-west-2:000000000000:changeSet/a/"));
  const ChangeSet& one = the(*this, id);
  CHECK(one.name == "a");
  CHECK(one.description == "why");
  CHECK(one.created == clock.now());
  CHECK(one.type == ChangeSet::Type::Update);
  CHECK(one.state == ChangeSet::State::Available);
  CHECK(one.tags == Parameters{{"k", "v"}});
  CHECK(one.template_folder == "/templates");
  CHECK(one.given_parameters == Parameters{{"Max", "2"}});
  CHECK(one.parameters == Parameters{{"Max", "2"}, {"Target", "70"}});
  REQUIRE(one.changes.size() == 2);
  CHECK(one.changes[0] ==
        stacks::Change{
            "Modify", "Group", "web-asg", "AWS::AutoScaling::AutoScalingGroup", {"MaxSize"}});
  CHECK(one.changes[1].action == "Add");
  CHECK(one.changes[1].logical_id == "More");
  CHECK(one.changes[1].physical_id.empty());
  CHECK(one.changes[1].type == "AWS::CloudWatch::Alarm");
  CHECK(group().group.max_size == 3);
  CHECK(model().alarms.size() == 3);
  check_written(*this);
}

TEST_CASE_FIXTURE(Deployed, "change sets: executed they are what the stack is; others end") {
  const std::string first = made(*this, change_set("first", {{"Max", "2"}}));
  CreateChangeSet previous = change_set("second", {{"Max", "4"}}, "");
  previous.template_folder = "/elsewhere";  // no body: both are the stack's own
  const std::string second = made(*this, previous);
  CHECK(the(*this, second).template_body == stack().template_body);
  CHECK(the(*this, second).template_folder == stack().template_folder);
  CHECK(error(*this, ExecuteChangeSet{first, "t"}) == "none");
  CHECK(stack().status == SS::UpdateComplete);
  CHECK(group().group.max_size == 2);
  CHECK(stack().change_set_id == first);
  REQUIRE(stack().change_sets.size() == 1);
  CHECK(the(*this, first).state == ChangeSet::State::Executed);
  CHECK(error(*this, ExecuteChangeSet{first, "t"}) == "none");  // the same call
  CHECK(error(*this, ExecuteChangeSet{first, ""}).starts_with("InvalidChangeSetStatus: "));
  CHECK(error(*this, ExecuteChangeSet{second, ""}).starts_with("ChangeSetNotFound: "));
  check_written(*this);
  const std::string third = made(*this, change_set("third", {{"Max", "5"}}));
  CHECK(error(*this, ExecuteChangeSet{third, "t"}).starts_with("TokenAlreadyExistsException: "));
}

TEST_CASE_FIXTURE(World, "change sets: one makes the stack, in review until it is executed") {
  CreateChangeSet command = change_set("make", {{"Max", "2"}});
  CHECK(error(*this, command).find("[web] does not exist") != std::string::npos);
  command.type = ChangeSet::Type::Create;
  const std::string id = made(*this, command);
  CHECK(stack().status == SS::ReviewInProgress);
  CHECK(stack().created == clock.now());
  const std::string of_stack = "arn:aws:cloudformation:eu-west-2:000000000000:stack/web/";
  CHECK(stack().id.starts_with(of_stack));
  CHECK(stack().id.size() == of_stack.size() + 36);
  CHECK(events_from(*this, 0) == std::vector<std::string>{"web REVIEW_IN_PROGRESS"});
  REQUIRE(the(*this, id).changes.size() == 7);
  for (const stacks::Change& change : the(*this, id).changes) {
    CHECK(change.action == "Add");
    CHECK_FALSE(change.type.empty());
  }
  CHECK(the(*this, id).parameters == Parameters{{"Max", "2"}, {"Target", "70"}});
  check_written(*this);
  const std::string other = made(*this, [] {
    CreateChangeSet more = change_set("more");
    more.type = ChangeSet::Type::Create;
    return more;
  }());
  CHECK(stack().events.size() == 1);
  run_for(seconds{2});
  CHECK(model().groups.empty());
  CHECK(error(*this, change_set("update")).find("REVIEW_IN_PROGRESS") != std::string::npos);
  REQUIRE(execute(ExecuteChangeSet{id, ""}).has_value());
  CHECK(stack().status == SS::CreateInProgress);
  CHECK(the(*this, id).state == ChangeSet::State::Executing);
  CHECK(error(*this, DeleteChangeSet{id}).starts_with("InvalidChangeSetStatus: "));
  CHECK(error(*this, ExecuteChangeSet{id, ""}).starts_with("InvalidChangeSetStatus: "));
  CHECK(error(*this, ExecuteChangeSet{other, ""}).starts_with("ChangeSetNotFound: "));
  run_for(seconds{5});
  CHECK(stack().status == SS::CreateComplete);
  CHECK(the(*this, id).state == ChangeSet::State::Executed);
  CHECK(group().group.max_size == 2);
  CHECK(error(*this, command).find("[web] already exists") != std::string::npos);
}

TEST_CASE_FIXTURE(Deployed, "change sets: one without changes has failed, and goes by a call") {
  const std::string empty = made(*this, change_set("empty"));
  CHECK(the(*this, empty).state == ChangeSet::State::Failed);
  CHECK(the(*this, empty).reason.starts_with("The submitted information didn't contain changes."));
  CHECK(error(*this, ExecuteChangeSet{empty, ""}).find("[FAILED]") != std::string::npos);
  const std::string kept = made(*this, change_set("kept", {{"Max", "2"}}));
  CHECK(error(*this, DeleteChangeSet{empty}) == "none");
  CHECK(error(*this, DeleteChangeSet{empty}) == "none");
  REQUIRE(stack().change_sets.size() == 1);
  CHECK(stack().change_sets[0].id == kept);
  check_written(*this);
  CreateChangeSet tagged = change_set("tagged");
  tagged.tags = Parameters{{"a", "b"}};
  CHECK(the(*this, made(*this, tagged)).state == ChangeSet::State::Available);
}

TEST_CASE_FIXTURE(Deployed, "change sets: names are taken once, a hundred are kept on one stack") {
  const std::string id = made(*this, change_set("a", {{"Max", "2"}}));
  CHECK(error(*this, change_set("a", {{"Max", "2"}})).starts_with("AlreadyExistsException: "));
  for (std::size_t i = 1; i < stacks::kMaxChangeSets; ++i) {
    made(*this, change_set("n" + std::to_string(i), {{"Max", "2"}}));
  }
  CHECK(error(*this, change_set("more")).starts_with("LimitExceededException: "));
  CHECK(error(*this, UpdateStack{kStack, kTemplate, "/templates", {{"Max", "4"}}}) == "none");
  CHECK(the(*this, id).state == ChangeSet::State::Obsolete);
  CHECK(error(*this, ExecuteChangeSet{id, ""}).find("[OBSOLETE]") != std::string::npos);
}

TEST_CASE_FIXTURE(StateBench,
                  "change sets: one for a new stack counts as the stack that it makes") {
  for (std::size_t i = 1; i < kMaxStacks; ++i) {
    model.stacks[stacks::StackName{"s" + std::to_string(i)}].status = SS::CreateComplete;
  }
  CreateChangeSet command;
  command.type = ChangeSet::Type::Create;
  command.template_body = "Resources:\n" + alarm("Jobs", "jobs");
  const auto answer = [&](const char* stack, const char* name) {
    command.stack.value = stack;
    command.name = name;
    const auto made = run(Execution{state, {}, now()}, command);
    return made ? "none" : made.error().name + ": " + made.error().message;
  };
  CHECK(answer("last", "a") == "none");
  CHECK(answer("more", "a") == "LimitExceededException: Limit for stack has been exceeded: 2000");
  CHECK_FALSE(model.stacks.contains(command.stack));
  CHECK(answer("last", "b") == "none");  // its stack is there
}

TEST_CASE_FIXTURE(Deployed, "UpdateStack: one that fails is taken back, newest first, and told") {
  REQUIRE(
      execute(CreateStack{kOther, "Resources:\n" + alarm("A", "taken"), "/", {}, {}}).has_value());
  run_for(seconds{1});
  const Model before = model();
  const std::size_t told = stack().events.size();
  const std::string failing = with_more(alarm("First", "first") + alarm("Second", "taken"));
  CHECK(error(*this, UpdateStack{kStack, failing, "/templates", {{"Max", "2"}}, {}, "t"}) ==
        "none");
  CHECK(events_from(*this, told) ==
        std::vector<std::string>{"web UPDATE_IN_PROGRESS",
                                 "Group UPDATE_IN_PROGRESS",
                                 "Group UPDATE_COMPLETE",
                                 "First CREATE_IN_PROGRESS",
                                 "First CREATE_COMPLETE",
                                 "Second CREATE_IN_PROGRESS",
                                 "Second CREATE_FAILED",
                                 "web UPDATE_ROLLBACK_IN_PROGRESS",
                                 "Group UPDATE_IN_PROGRESS",
                                 "Group UPDATE_COMPLETE",
                                 "web UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
                                 "Second DELETE_IN_PROGRESS",
                                 "Second DELETE_COMPLETE",
                                 "First DELETE_IN_PROGRESS",
                                 "First DELETE_COMPLETE",
                                 "web UPDATE_ROLLBACK_COMPLETE"});
  CHECK(stack().status == SS::UpdateRollbackComplete);
  CHECK(stack().updated == clock.now());
  CHECK(stack().token == "t");
  CHECK(stack().tokens.contains("t"));
  CHECK(stack().template_body == before.stacks.at(kStack).template_body);
  CHECK(stack().parameters == before.stacks.at(kStack).parameters);
  CHECK(group().group == before.groups.at(kGroup).group);
  CHECK(model().alarms == before.alarms);
  const auto& rollback = stack().events.at(told + 7);
  CHECK(rollback.status_reason == "The following resource(s) failed to create: [Second]. ");
  check_written(*this);
  const std::string id = made(*this, change_set("fails", {}, failing));
  REQUIRE(execute(ExecuteChangeSet{id, ""}).has_value());
  CHECK(the(*this, id).state == ChangeSet::State::ExecutionFailed);
}

TEST_CASE_FIXTURE(Deployed,
                  "UpdateStack: what the template has no more goes last, retained stays") {
  const std::string kept = alarm("Kept", "kept") + "    DeletionPolicy: Retain\n";
  REQUIRE(update({}, with_more(alarm("Gone", "gone") + kept)).has_value());
  CHECK(model().alarms.contains(alarms::AlarmName{"gone"}));
  const std::size_t told = stack().events.size();
  REQUIRE(update({{"Max", "2"}}).has_value());
  const auto events = events_from(*this, told);
  REQUIRE(events.size() == 8);
  CHECK(std::vector<std::string>{events.begin(), events.begin() + 4} ==
        std::vector<std::string>{"web UPDATE_IN_PROGRESS",
                                 "Group UPDATE_IN_PROGRESS",
                                 "Group UPDATE_COMPLETE",
                                 "web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"});
  const std::set<std::string> rest{events.begin() + 4, events.end()};
  CHECK(rest == std::set<std::string>{"Gone DELETE_IN_PROGRESS",
                                      "Gone DELETE_COMPLETE",
                                      "Kept DELETE_SKIPPED",
                                      "web UPDATE_COMPLETE"});
  CHECK(events.back() == "web UPDATE_COMPLETE");
  CHECK_FALSE(model().alarms.contains(alarms::AlarmName{"gone"}));
  CHECK(model().alarms.contains(alarms::AlarmName{"kept"}));
  CHECK(stack().resources.size() == 7);
  check_written(*this);
}

TEST_CASE_FIXTURE(World, "tokens: the same call again does nothing, another one is refused") {
  const CreateStack make{kStack, kTemplate, "/templates", {}, {}, "t1"};
  const auto first = execute(make);
  REQUIRE(first.has_value());
  const auto again = execute(make);
  REQUIRE(again.has_value());
  CHECK(std::get<StackIdAnswer>(*again).stack_id == std::get<StackIdAnswer>(*first).stack_id);
  CreateStack other = make;
  other.parameters = {{"Max", "2"}};
  const std::string refused = "TokenAlreadyExistsException: ";
  CHECK(error(*this, other).starts_with(refused));
  other = make;
  other.template_body += "\n";
  CHECK(error(*this, other).starts_with(refused));
  other.token.clear();
  CHECK(error(*this, other).starts_with("AlreadyExistsException: "));
  run_for(seconds{5});
  UpdateStack change{kStack, "", "", {{"Max", "2"}}, {}, "t1"};
  CHECK(error(*this, change).starts_with(refused));
  change.token = "t2";
  CHECK(error(*this, change) == "none");
  const auto updated = stack().updated;
  run_for(seconds{1});
  CHECK(error(*this, change) == "none");
  CHECK(stack().updated == updated);
  CHECK(stack().template_folder == "/templates");
  change.token = "t3";
  CHECK(error(*this, change) == "ValidationError: No updates are to be performed.");
  CHECK(error(*this, DeleteStack{kStack, DeleteStack::Haste::Now, "t2"}).starts_with(refused));
  CHECK(error(*this, DeleteStack{kStack, DeleteStack::Haste::Now, "t4"}) == "none");
  CHECK(stack().token == "t4");
  CHECK(error(*this, DeleteStack{kStack, DeleteStack::Haste::Now, "t4"}) == "none");
}

TEST_CASE_FIXTURE(World, "change sets: a stack in review says why, and that it was a user") {
  CreateChangeSet command = change_set("make");
  command.type = ChangeSet::Type::Create;
  made(*this, command);
  CHECK(stack().status_reason == "User Initiated");
  REQUIRE(stack().events.size() == 1);
  CHECK(stack().events[0].status_reason == "User Initiated");
  CHECK(stack().events[0].timestamp == clock.now());
}

TEST_CASE_FIXTURE(World,
                  "change sets: an image that is not there is told before anything is made") {
  std::string body = kTemplate;
  body.replace(body.find("[host]"), 6, "[missing]");
  CreateChangeSet command = change_set("make", {}, body);
  command.type = ChangeSet::Type::Create;
  const std::string missing =
      "InvalidAMIID.NotFound: the image's layer '/templates/missing' does not exist";
  CHECK(error(*this, command) == missing);
  CHECK(model().stacks.empty());
  REQUIRE(create().has_value());
  run_for(seconds{5});
  CHECK(error(*this, change_set("change", {}, body)) == missing);
  CHECK(error(*this, UpdateStack{kStack, body, "/templates", {}}) == missing);
  CHECK(stack().change_sets.empty());
  CHECK(stack().status == SS::CreateComplete);
}

TEST_CASE_FIXTURE(Deployed, "change sets: the name of one that was executed is free again") {
  const std::string first = made(*this, change_set("a", {{"Max", "2"}}));
  REQUIRE(execute(ExecuteChangeSet{first, ""}).has_value());
  const std::string again = made(*this, change_set("a", {{"Max", "4"}}));
  REQUIRE(stack().change_sets.size() == 1);
  CHECK(stack().change_sets[0].id == again);
  check_written(*this);
}

}  // namespace tidegate::engine
