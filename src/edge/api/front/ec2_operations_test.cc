// EC2's operations: their own errors, and the choices of the reads, through the front.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/ec2.h"

namespace tidegate::api {

TEST_CASE("ec2: what is wrong is refused in AWS's words") {
  Desk desk;
  check_refusals(
      desk,
      {
          {"ec2",
           "Action=DescribeInstances&InstanceId.1=i-1",
           "InvalidInstanceID.NotFound",
           "The instance ID 'i-1' does not exist"},
          {"ec2",
           "Action=DescribeInstances&InstanceId.1=web",
           "InvalidInstanceID.Malformed",
           "Invalid id: \"web\""},
          {"ec2", "Action=DescribeInstances&InstanceId.1=i-", "InvalidInstanceID.Malformed", ""},
          {"ec2",
           "Action=DescribeInstances&Filter.1.Name=colour&Filter.1.Value.1=x",
           "InvalidParameterValue",
           "The filter 'colour' is invalid"},
          {"ec2",
           "Action=DescribeInstances&MaxResults=4",
           "InvalidParameterValue",
           "between 5 and 1000"},
          {"ec2", "Action=DescribeInstances&MaxResults=1001", "InvalidParameterValue", ""},
          {"ec2", "Action=DescribeInstances&NextToken=x", "InvalidParameterValue", ""},
          {"ec2",
           "Action=DescribeInstances&DryRun=true&InstanceId.1=i-1",
           "InvalidInstanceID.NotFound",
           "'i-1'"},
          {"ec2",
           "Action=DescribeLaunchTemplates&LaunchTemplateId.1=lt-1",
           "InvalidLaunchTemplateId.NotFound",
           "lt-1"},
          {"ec2",
           "Action=DescribeLaunchTemplates&LaunchTemplateName.1=xyz",
           "InvalidLaunchTemplateName.NotFoundException",
           "At least one"},
          {"ec2",
           "Action=GetConsoleOutput",
           "MissingParameter",
           "The request must contain the parameter InstanceId"},
          {"ec2", "Action=GetConsoleOutput&InstanceId=i-1", "InvalidInstanceID.NotFound", ""},
      });
}

TEST_CASE("ec2: instances are filtered, by several filters at once") {
  engine::Model model = sample::model();
  sample::add_instance(model, "i-0b", "eu-west-2b");
  Desk desk{model};
  const auto ids = [&](const std::string& more) {
    Names found;
    const Json answer =
        read(desk, "ec2", ec2::service(), "Action=DescribeInstances&MaxResults=1000" + more);
    for (const Json& reservation : answer["Reservations"].items()) {
      found.push_back(reservation["Instances"].items()[0]["InstanceId"].string_or(""));
    }
    return found;
  };
  const Names first{"i-03c688b8cb17b7070"}, second{"i-0b"};
  CHECK(ids("") == Names{first[0], second[0]});
  const std::string zone = "&Filter.1.Name=availability-zone&Filter.1.Value.1=";
  CHECK(ids(zone + "eu-west-2b") == second);
  CHECK(ids(zone + "eu-west-2%3F&Filter.2.Name=instance-id&Filter.2.Value.1=i-03*") == first);
  CHECK(ids("&Filter.1.Name=instance-state-name&Filter.1.Value.1=running").size() == 2);
  CHECK(ids("&Filter.1.Name=instance-state-name&Filter.1.Value.1=stopped").empty());
  CHECK(
      ids("&Filter.1.Name=tag:aws:autoscaling:groupName&Filter.1.Value.1=cnt-backend-asg").size() ==
      2);
  CHECK(ids("&Filter.1.Name=tag-key&Filter.1.Value.1=Name").size() == 2);
  CHECK(ids("&Filter.1.Name=tag:Name&Filter.1.Value.1=x").empty());
}

TEST_CASE("ec2: an instance's state follows what the driver sees") {
  struct Case {
    std::optional<groups::InstancePhase> phase;
    groups::TerminationStage stage;
    const char* state;
  };
  using groups::InstancePhase;
  using groups::TerminationStage;
  const auto cases = std::to_array<Case>({
      {std::nullopt, TerminationStage::None, "pending"},
      {InstancePhase::Launching, TerminationStage::None, "pending"},
      {InstancePhase::Running, TerminationStage::None, "running"},
      {InstancePhase::Running, TerminationStage::Draining, "running"},
      {InstancePhase::Stopping, TerminationStage::Stopping, "shutting-down"},
      {InstancePhase::Running, TerminationStage::Killing, "shutting-down"},
      {InstancePhase::Exited, TerminationStage::None, "terminated"},
      {InstancePhase::Lost, TerminationStage::None, "terminated"},
      {InstancePhase::Failed, TerminationStage::None, "terminated"},
  });
  for (const Case& c : cases) {
    engine::Model model = sample::model();
    sample::group(model).instances.at(sample::kInstance).stage = c.stage;
    auto& seen = sample::group(model).facts.at(sample::kInstance).observation;
    if (c.phase.has_value()) {
      seen->phase = *c.phase;
    } else {
      seen.reset();
    }
    Desk desk{model};
    const Json answer = read(desk, "ec2", ec2::service(), "Action=DescribeInstances");
    CHECK(answer["Reservations"].items()[0]["Instances"].items()[0]["State"]["Name"].string_or(
              "") == c.state);
  }
}

}  // namespace tidegate::api
