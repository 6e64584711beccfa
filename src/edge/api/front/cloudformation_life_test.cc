// Stacks, their templates and change sets by calls alone, over a real engine.
#include <algorithm>

#include <doctest/doctest.h>

#include "edge/api/models/cloudformation.h"
#include "sample/working_desk.h"

namespace tidegate::api {
namespace {

using std::chrono::seconds;
using Texts = std::vector<std::string>;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  TG_CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// Without a folder a template's commands are absolute.
const std::string kLifeTemplate =
    replaced(engine::kTemplate, "on-call.sh", "/templates/on-call.sh");

std::string alarm(const std::string& logical_id, const std::string& name) {
  return "  " + logical_id +
         ":\n    Type: AWS::CloudWatch::Alarm\n    Properties: { AlarmName: " + name +
         ", Namespace: App, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, "
         "Threshold: 1, ComparisonOperator: GreaterThanThreshold }\n";
}

struct Cfn {
  sample::WorkingDesk desk;
  const Service& service = cloudformation::service();

  static std::string body(const std::string& text) {
    return "&TemplateBody=" + percent_encode(text);
  }
  static std::string parameter(const std::string& key, const std::string& value) {
    return "&Parameters.member.1.ParameterKey=" + key +
           "&Parameters.member.1.ParameterValue=" + value;
  }
  Json call(const std::string& text) { return desk.call(service, text); }
  std::string refusal(const std::string& text) { return desk.refusal(service, text); }
  std::string status(const std::string& stack = "web") {
    return call("DescribeStacks&StackName=" + stack)["Stacks"].items()[0]["StackStatus"].string_or(
        "");
  }
  void create(const std::string& text = kLifeTemplate) {
    call("CreateStack&StackName=web" + body(text));
    desk.world.run_for(seconds{5});
    REQUIRE(status() == "CREATE_COMPLETE");
  }
  Json change_set(const std::string& name, const std::string& more) {
    call("CreateChangeSet&StackName=web&ChangeSetName=" + name + more);
    return call("DescribeChangeSet&StackName=web&ChangeSetName=" + name);
  }
  /// "LogicalId STATUS" of the newest events, oldest of them first, back to `until`.
  Texts events_since(const std::string& until) {
    Texts found;
    const Json all = call("DescribeStackEvents&StackName=web");
    for (const Json& event : all["StackEvents"].items()) {
      found.push_back(event["LogicalResourceId"].string_or("") + " " +
                      event["ResourceStatus"].string_or(""));
      if (found.back() == until) {
        break;
      }
    }
    std::reverse(found.begin(), found.end());
    return found;
  }
};

}  // namespace

TEST_CASE("UpdateStack that fails: everything is as before, and the events tell it") {
  Cfn cfn;
  cfn.create();
  cfn.call("CreateStack&StackName=other" + Cfn::body("Resources:\n" + alarm("A", "taken")));
  cfn.desk.world.run_for(seconds{1});
  std::string text = replaced(kLifeTemplate,
                              "Outputs:\n",
                              alarm("First", "first") + alarm("Second", "taken") + "Outputs:\n");
  text = replaced(text, "Threshold: 70\n", "Threshold: 60\n");
  cfn.call("UpdateStack&StackName=web" + Cfn::body(text) + Cfn::parameter("Max", "2"));
  CHECK(cfn.status() == "UPDATE_ROLLBACK_COMPLETE");
  CHECK(cfn.events_since("web UPDATE_IN_PROGRESS") ==
        Texts{"web UPDATE_IN_PROGRESS",
              "Group UPDATE_IN_PROGRESS",
              "Group UPDATE_COMPLETE",
              "CpuHigh UPDATE_IN_PROGRESS",
              "CpuHigh UPDATE_COMPLETE",
              "First CREATE_IN_PROGRESS",
              "First CREATE_COMPLETE",
              "Second CREATE_IN_PROGRESS",
              "Second CREATE_FAILED",
              "web UPDATE_ROLLBACK_IN_PROGRESS",
              "Group UPDATE_IN_PROGRESS",
              "Group UPDATE_COMPLETE",
              "CpuHigh UPDATE_IN_PROGRESS",
              "CpuHigh UPDATE_COMPLETE",
              "web UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
              "Second DELETE_IN_PROGRESS",
              "Second DELETE_COMPLETE",
              "First DELETE_IN_PROGRESS",
              "First DELETE_COMPLETE",
              "web UPDATE_ROLLBACK_COMPLETE"});
  const engine::Model& model = cfn.desk.world.model();
  CHECK(model.groups.at(engine::kGroup).group.max_size == 3);
  CHECK(model.alarms.at(alarms::AlarmName{"web-cpu-high"}).threshold == 70);
  CHECK_FALSE(model.alarms.contains(alarms::AlarmName{"first"}));
  CHECK(model.stacks.at(engine::kStack).resources.size() == 7);
  CHECK(model.stacks.at(engine::kStack).given_parameters.empty());
  const Json reason = cfn.call("DescribeStackEvents&StackName=web")["StackEvents"].items()[11];
  CHECK(reason["ResourceStatusReason"].string_or("").find("'taken' already exists") !=
        std::string::npos);
  cfn.desk.world.start();  // as it was stored
  CHECK(cfn.status() == "UPDATE_ROLLBACK_COMPLETE");
  cfn.call("UpdateStack&StackName=web" + Cfn::body(kLifeTemplate) + Cfn::parameter("Max", "2"));
  CHECK(cfn.status() == "UPDATE_COMPLETE");
}

TEST_CASE("UpdateStack of what somebody deleted by a call fails by name and is taken back") {
  Cfn cfn;
  cfn.create();
  const auto listener = cfn.desk.world.model().listeners.begin()->first;
  const auto group = cfn.desk.world.model().target_groups.begin()->first;
  REQUIRE(cfn.desk.world.execute(engine::BalancerCommand{engine::DeleteListener{listener}})
              .has_value());
  REQUIRE(cfn.desk.world.execute(engine::BalancerCommand{engine::DeleteTargetGroup{group}})
              .has_value());
  cfn.call("UpdateStack&StackName=web" +
           Cfn::body(replaced(kLifeTemplate, "Value: \"10\"", "Value: \"11\"")));
  CHECK(cfn.status() == "UPDATE_ROLLBACK_COMPLETE");
  CHECK(cfn.events_since("Targets UPDATE_FAILED").size() == 4);
  CHECK(cfn.desk.world.model().target_groups.empty());
}

TEST_CASE("UpdateStack cleans up what the template has no more, last") {
  Cfn cfn;
  const std::string with =
      replaced(kLifeTemplate, "Outputs:\n", alarm("Extra", "extra") + "Outputs:\n");
  cfn.create(with);
  cfn.call("UpdateStack&StackName=web" + Cfn::body(kLifeTemplate));
  CHECK(cfn.events_since("web UPDATE_IN_PROGRESS") ==
        Texts{"web UPDATE_IN_PROGRESS",
              "web UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
              "Extra DELETE_IN_PROGRESS",
              "Extra DELETE_COMPLETE",
              "web UPDATE_COMPLETE"});
  CHECK_FALSE(cfn.desk.world.model().alarms.contains(alarms::AlarmName{"extra"}));
}

TEST_CASE("DeleteStack of a protected balancer is DELETE_FAILED, and goes on once it may") {
  Cfn cfn;
  cfn.create();
  const auto balancer = cfn.desk.world.model().load_balancers.begin()->first;
  engine::ChangeLoadBalancer protect;
  protect.arn = balancer;
  protect.attributes = {{"deletion_protection.enabled", "true"}};
  REQUIRE(cfn.desk.world.execute(engine::BalancerCommand{protect}).has_value());
  cfn.call("DeleteStack&StackName=web");
  cfn.desk.world.run_for(seconds{60});
  CHECK(cfn.status() == "DELETE_FAILED");
  CHECK(cfn.desk.world.model().load_balancers.contains(balancer));
  protect.attributes = {{"deletion_protection.enabled", "false"}};
  REQUIRE(cfn.desk.world.execute(engine::BalancerCommand{protect}).has_value());
  cfn.call("DeleteStack&StackName=web");
  cfn.desk.world.run_for(seconds{60});
  CHECK(cfn.call("DescribeStacks")["Stacks"].items().empty());
  CHECK(cfn.desk.world.model().load_balancers.empty());
}

TEST_CASE("change sets: a stack from empty, as aws cloudformation deploy makes it") {
  Cfn cfn;
  const Json described = cfn.change_set(
      "one",
      "&ChangeSetType=CREATE&Description=first" + Cfn::body(kLifeTemplate) +
          "&Tags.member.1.Key=team&Tags.member.1.Value=a" + Cfn::parameter("Max", "2"));
  CHECK(cfn.status() == "REVIEW_IN_PROGRESS");
  CHECK(described["Status"].string_or("") == "CREATE_COMPLETE");
  CHECK(described["ExecutionStatus"].string_or("") == "AVAILABLE");
  CHECK(described["Description"].string_or("") == "first");
  REQUIRE(described["Changes"].items().size() == 7);
  CHECK(described["Changes"].items()[0]["ResourceChange"]["Action"].string_or("") == "Add");
  CHECK(cfn.desk.world.model().groups.empty());
  const Json list = cfn.call("ListChangeSets&StackName=web");
  CHECK(list["Summaries"].items().size() == 1);
  CHECK(cfn.call("GetTemplate&StackName=web&ChangeSetName=one")["TemplateBody"].string_or("") ==
        kLifeTemplate);
  cfn.call("ExecuteChangeSet&StackName=web&ChangeSetName=one");
  CHECK(cfn.status() == "CREATE_IN_PROGRESS");
  const std::string again = cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=one");
  CHECK(again.starts_with("InvalidChangeSetStatus: "));
  CHECK(cfn.refusal("DeleteChangeSet&StackName=web&ChangeSetName=one")
            .starts_with("InvalidChangeSetStatus: "));
  cfn.desk.world.run_for(seconds{5});
  CHECK(cfn.status() == "CREATE_COMPLETE");
  const Json done = cfn.call("DescribeChangeSet&StackName=web&ChangeSetName=one");
  CHECK(done["ExecutionStatus"].string_or("") == "EXECUTE_COMPLETE");
  const Json stack = cfn.call("DescribeStacks&StackName=web")["Stacks"].items()[0];
  CHECK(stack["ChangeSetId"].string_or("") == done["ChangeSetId"].string_or("-"));
  CHECK(stack["Tags"].items()[0]["Value"].string_or("") == "a");
  CHECK(cfn.desk.world.model().groups.at(engine::kGroup).group.max_size == 2);
}

TEST_CASE("change sets: an update is looked at, then executed; others are gone then") {
  Cfn cfn;
  cfn.create();
  const std::string update = Cfn::body(kLifeTemplate);
  const Json first = cfn.change_set("first", update + Cfn::parameter("Max", "2"));
  cfn.change_set("second", "&UsePreviousTemplate=true" + Cfn::parameter("Max", "4"));
  REQUIRE(first["Changes"].items().size() == 1);
  const Json change = first["Changes"].items()[0]["ResourceChange"];
  CHECK(change["Action"].string_or("") == "Modify");
  CHECK(change["LogicalResourceId"].string_or("") == "Group");
  CHECK(change["PhysicalResourceId"].string_or("") == "web-asg");
  CHECK(change["Replacement"].string_or("") == "False");
  CHECK(change["Details"].items()[0]["Target"]["Name"].string_or("") == "MaxSize");
  CHECK(cfn.desk.world.model().groups.at(engine::kGroup).group.max_size == 3);
  const std::string arn = first["ChangeSetId"].string_or("");
  cfn.call("ExecuteChangeSet&ChangeSetName=" + arn);
  CHECK(cfn.status() == "UPDATE_COMPLETE");
  CHECK(cfn.desk.world.model().groups.at(engine::kGroup).group.max_size == 2);
  CHECK(cfn.refusal("DescribeChangeSet&StackName=web&ChangeSetName=second")
            .starts_with("ChangeSetNotFound: "));
  cfn.change_set("first", update + Cfn::parameter("Max", "3"));  // deployed twice in one second
  const Json sets = cfn.call("ListChangeSets&StackName=web")["Summaries"];
  REQUIRE(sets.items().size() == 1);
  CHECK(sets.items()[0]["ExecutionStatus"].string_or("") == "AVAILABLE");
  CHECK(cfn.refusal("CreateChangeSet&StackName=web&ChangeSetName=first" + update)
            .starts_with("AlreadyExistsException: "));
}

TEST_CASE("change sets: an empty one is FAILED in CloudFormation's words") {
  Cfn cfn;
  cfn.create();
  const Json empty = cfn.change_set("empty", Cfn::body(kLifeTemplate));
  CHECK(empty["Status"].string_or("") == "FAILED");
  CHECK(empty["ExecutionStatus"].string_or("") == "UNAVAILABLE");
  CHECK(empty["StatusReason"].string_or("") ==
        "The submitted information didn't contain changes. Submit different information to create "
        "a change set.");
  CHECK(cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=empty")
            .starts_with("InvalidChangeSetStatus: "));
  cfn.call("DeleteChangeSet&StackName=web&ChangeSetName=empty");
  cfn.call("DeleteChangeSet&StackName=web&ChangeSetName=empty");
  CHECK(cfn.call("ListChangeSets&StackName=web")["Summaries"].items().empty());
}

TEST_CASE("change sets: after another update they are obsolete; a failed one rolls back") {
  Cfn cfn;
  cfn.create();
  const std::string same = Cfn::body(kLifeTemplate);
  cfn.change_set("old", same + Cfn::parameter("Max", "2"));
  cfn.call("UpdateStack&StackName=web" + same + Cfn::parameter("Max", "4"));
  CHECK(cfn.call("DescribeChangeSet&StackName=web&ChangeSetName=old")["ExecutionStatus"].string_or(
            "") == "OBSOLETE");
  CHECK(cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=old")
            .starts_with("InvalidChangeSetStatus: "));
  cfn.call("CreateStack&StackName=other" + Cfn::body("Resources:\n" + alarm("A", "taken")));
  cfn.desk.world.run_for(seconds{1});
  cfn.change_set(
      "fails",
      Cfn::body(replaced(kLifeTemplate, "Outputs:\n", alarm("Second", "taken") + "Outputs:\n")));
  cfn.call("ExecuteChangeSet&StackName=web&ChangeSetName=fails");
  CHECK(cfn.status() == "UPDATE_ROLLBACK_COMPLETE");
  const Json failed = cfn.call("DescribeChangeSet&StackName=web&ChangeSetName=fails");
  CHECK(failed["ExecutionStatus"].string_or("") == "EXECUTE_FAILED");
}

TEST_CASE("change sets: what is wrong is refused in AWS's words") {
  Cfn cfn;
  const std::string body = Cfn::body(kLifeTemplate);
  const std::string on = "CreateChangeSet&StackName=web&ChangeSetName=";
  CHECK(cfn.refusal(on + "a" + body) == "ValidationError: Stack [web] does not exist");
  CHECK(cfn.refusal("ListChangeSets&StackName=web").starts_with("ValidationError: "));
  cfn.call(on + "a&ChangeSetType=CREATE" + body);
  CHECK(cfn.refusal(on + "a&ChangeSetType=CREATE" + body).starts_with("AlreadyExistsException: "));
  CHECK(cfn.refusal(on + "b" + body).find("REVIEW_IN_PROGRESS state and can not be updated") !=
        std::string::npos);
  CHECK(cfn.refusal("CreateStack&StackName=web" + body).starts_with("AlreadyExistsException: "));
  cfn.call("ExecuteChangeSet&StackName=web&ChangeSetName=a");
  cfn.desk.world.run_for(seconds{5});
  for (const auto& [more, code] : std::vector<std::pair<std::string, std::string>>{
           {"c&ChangeSetType=CREATE" + body, "ValidationError: Stack [web] already exists"},
           {"c&ChangeSetType=IMPORT" + body, "ValidationError: ChangeSetType: IMPORT"},
           {"c", "ValidationError: Exactly one of"},
           {"1" + body, "ValidationError: 1 validation error detected"},
           {"c&IncludeNestedStacks=true" + body, "ValidationError: IncludeNestedStacks"},
           {"c" + Cfn::body("Resources: {A: {Type: AWS::IAM::Role}}"),
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]"},
           {"c" + Cfn::body("Resources: {A: {Type: AWS::No::Thing}}"), "ValidationError: "},
           {"c" + body + Cfn::parameter("Nobody", "1"), "ValidationError: "}}) {
    CAPTURE(more);
    const std::string got = cfn.refusal(on + more);
    CAPTURE(got);
    CHECK(got.starts_with(code));
  }
  CHECK(cfn.refusal("DescribeChangeSet&ChangeSetName=c").starts_with("ValidationError: StackName"));
  CHECK(cfn.refusal("DescribeChangeSet&StackName=web&ChangeSetName=c") ==
        "ChangeSetNotFound: ChangeSet [c] does not exist");
  CHECK(cfn.desk.status(cfn.service, "DescribeChangeSet&StackName=web&ChangeSetName=c") == 404);
  CHECK(cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=c")
            .starts_with("ChangeSetNotFound: "));
  CHECK(
      cfn.refusal("GetTemplate&StackName=web&ChangeSetName=c").starts_with("ChangeSetNotFound: "));
  CHECK(cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=c&DisableRollback=true")
            .starts_with("ValidationError: DisableRollback"));
  for (std::size_t i = 1; i <= stacks::kMaxChangeSets - 1; ++i) {
    cfn.call(on + "n" + std::to_string(i) + "&UsePreviousTemplate=true" +
             Cfn::parameter("Max", "2"));
  }
  CHECK(cfn.refusal(on + "more&UsePreviousTemplate=true").starts_with("LimitExceededException: "));
}

TEST_CASE("cloudformation: a token says that a call is the same as before") {
  Cfn cfn;
  const std::string create =
      "CreateStack&StackName=web&ClientRequestToken=t1" + Cfn::body(kLifeTemplate);
  const std::string id = cfn.call(create)["StackId"].string_or("");
  CHECK(cfn.call(create)["StackId"].string_or("-") == id);
  CHECK(cfn.refusal(create + Cfn::parameter("Max", "2"))
            .starts_with("TokenAlreadyExistsException: "));
  cfn.desk.world.run_for(seconds{5});
  const Json event = cfn.call("DescribeStackEvents&StackName=web")["StackEvents"].items()[0];
  CHECK(event["ClientRequestToken"].string_or("") == "t1");
  const std::string update =
      "UpdateStack&StackName=web&UsePreviousTemplate=true" + Cfn::parameter("Max", "2");
  CHECK(
      cfn.refusal(update + "&ClientRequestToken=t1").starts_with("TokenAlreadyExistsException: "));
  cfn.call(update + "&ClientRequestToken=t2");
  cfn.call(update + "&ClientRequestToken=t2");
  CHECK(cfn.refusal("DeleteStack&StackName=web&ClientRequestToken=t2")
            .starts_with("TokenAlreadyExistsException: "));
  cfn.call("CreateChangeSet&StackName=web&ChangeSetName=c&UsePreviousTemplate=true" +
           Cfn::parameter("Max", "3"));
  CHECK(cfn.refusal("ExecuteChangeSet&StackName=web&ChangeSetName=c&ClientRequestToken=t2")
            .starts_with("TokenAlreadyExistsException: "));
}

TEST_CASE("cloudformation: templates are validated, summarized and given back") {
  Cfn cfn;
  cfn.create();
  const Json valid = cfn.call("ValidateTemplate" + Cfn::body(kLifeTemplate));
  CHECK(valid["Description"].string_or("") == "one group behind one balancer");
  CHECK(valid["Parameters"].items()[0]["ParameterKey"].string_or("") == "Max");
  CHECK(valid["Parameters"].items()[0]["DefaultValue"].string_or("") == "3");
  const Json summary = cfn.call("GetTemplateSummary&StackName=web");
  CHECK(summary["Parameters"].items()[0]["ParameterType"].string_or("") == "Number");
  CHECK(summary["ResourceTypes"].items().size() == 7);
  CHECK(summary["Metadata"].string_or("").find("\"Timing\":\"fast\"") != std::string::npos);
  CHECK(cfn.call("GetTemplate&StackName=web")["TemplateBody"].string_or("") == kLifeTemplate);
  CHECK(cfn.refusal("ValidateTemplate").starts_with("ValidationError: "));
  CHECK(cfn.refusal("ValidateTemplate" + Cfn::body("a: [")).starts_with("ValidationError: "));
  CHECK(cfn.refusal("GetTemplateSummary").starts_with("ValidationError: Exactly one"));
  CHECK(cfn.refusal("GetTemplateSummary&StackName=none").starts_with("ValidationError: Stack"));
  CHECK(cfn.refusal("GetTemplateSummary&StackSetName=s").starts_with("StackSetNotFoundException"));
  CHECK(cfn.refusal("GetTemplate").starts_with("ValidationError: "));
  CHECK(cfn.refusal("GetTemplate&StackName=none").starts_with("ValidationError: Stack"));
}

TEST_CASE("cloudformation: lists of stacks and of resources") {
  Cfn cfn;
  cfn.create();
  CHECK(cfn.call("ListStacks")["StackSummaries"].items().size() == 1);
  const std::string filter = "ListStacks&StackStatusFilter.member.1=";
  CHECK(cfn.call(filter + "CREATE_COMPLETE")["StackSummaries"].items().size() == 1);
  CHECK(cfn.call(filter + "DELETE_COMPLETE")["StackSummaries"].items().empty());
  const Json resources = cfn.call("ListStackResources&StackName=web")["StackResourceSummaries"];
  REQUIRE(resources.items().size() == 7);
  CHECK(resources.items()[0]["LogicalResourceId"].string_or("") == "Template");
  const std::string one = "DescribeStackResource&StackName=web&LogicalResourceId=";
  CHECK(cfn.call(one + "Group")["StackResourceDetail"]["PhysicalResourceId"].string_or("") ==
        "web-asg");
  CHECK(cfn.refusal(one + "None") == "ValidationError: Resource None does not exist for stack web");
  CHECK(
      cfn.refusal("ListStackResources&StackName=x").starts_with("ValidationError: Stack with id"));
  CHECK(cfn.refusal("ListStacks&NextToken=x").starts_with("ValidationError: "));
  cfn.call("DeleteStack&StackName=web");
  cfn.desk.world.run_for(seconds{60});
  CHECK(cfn.call(filter + "DELETE_COMPLETE")["StackSummaries"].items().size() == 1);
}

TEST_CASE("cloudformation: CreateStack says what is not built, and what must be acknowledged") {
  Cfn cfn;
  const std::string base = "CreateStack&StackName=web" + Cfn::body(kLifeTemplate);
  CHECK(cfn.refusal(base + "&DisableRollback=true").starts_with("ValidationError: DisableRollb"));
  CHECK(cfn.refusal(base + "&OnFailure=DELETE").starts_with("ValidationError: OnFailure"));
  CHECK(cfn.refusal(base + "&EnableTerminationProtection=true").starts_with("ValidationError: "));
  CHECK(cfn.refusal("DeleteStack&StackName=web&DeletionMode=FORCE_DELETE_STACK")
            .starts_with("ValidationError: DeletionMode"));
  const std::string iam = "Resources: {A: {Type: AWS::IAM::Role}}";
  CHECK(cfn.refusal("CreateStack&StackName=web" + Cfn::body(iam))
            .starts_with("InsufficientCapabilitiesException: "));
  CHECK(cfn.refusal("CreateStack&StackName=web&Capabilities.member.1=CAPABILITY_NAMED_IAM" +
                    Cfn::body(iam))
            .starts_with("ValidationError: "));
  cfn.create();
  CHECK(cfn.refusal("UpdateStack&StackName=web" + Cfn::body(iam))
            .starts_with("InsufficientCapabilitiesException: "));
  cfn.call(
      "UpdateStack&StackName=web&UsePreviousTemplate=true&Tags.member.1.Key=a&Tags.member.1.Value="
      "b");
  CHECK(cfn.status() == "UPDATE_COMPLETE");
}

}  // namespace tidegate::api
