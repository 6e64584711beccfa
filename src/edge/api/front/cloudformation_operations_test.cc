// CloudFormation's operations: their own errors, and the choices of the reads, through the front.
#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/cloudformation.h"

namespace tidegate::api {

TEST_CASE("cloudformation: what is wrong is refused in AWS's words") {
  Desk desk;
  check_refusals(
      desk,
      {
          {"cloudformation",
           "Action=CreateStack&StackName=1a&TemplateBody=a",
           "ValidationError",
           "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
          {"cloudformation",
           "Action=CreateStack&StackName=a_b&TemplateBody=a",
           "ValidationError",
           "'a_b'"},
          {"cloudformation",
           "Action=CreateStack&StackName=a",
           "ValidationError",
           "Either Template URL or Template Body must be specified."},
          {"cloudformation",
           "Action=CreateStack&TemplateBody=a",
           "ValidationError",
           "Value null at 'stackName'"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&OnFailure=DELETE",
           "ValidationError",
           "OnFailure: DELETE is not built"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&Parameters.member.1.ParameterKey=K&"
           "Parameters.member.1.UsePreviousValue=true",
           "ValidationError",
           "usePreviousValue"},
          {"cloudformation",
           "Action=CreateStack&StackName=a&TemplateBody=a&Parameters.member.1.ParameterKey=K",
           "ValidationError",
           "must have a value"},
          {"cloudformation",
           "Action=UpdateStack&StackName=x&TemplateBody=a",
           "ValidationError",
           "Stack [x] does not exist"},
          {"cloudformation",
           "Action=UpdateStack&StackName=cnt",
           "ValidationError",
           "Exactly one of Template Body and Use Previous Template"},
          {"cloudformation",
           "Action=UpdateStack&StackName=cnt&TemplateBody=a&UsePreviousTemplate=true",
           "ValidationError",
           "Exactly one"},
          {"cloudformation",
           "Action=DescribeStacks&StackName=x",
           "ValidationError",
           "Stack with id x does not exist"},
          {"cloudformation",
           "Action=DescribeStackEvents&StackName=x",
           "ValidationError",
           "Stack [x] does not exist"},
          {"cloudformation",
           "Action=DescribeStackResources",
           "ValidationError",
           "Either StackName or PhysicalResourceId"},
          {"cloudformation",
           "Action=DescribeStackResources&StackName=cnt&LogicalResourceId=X",
           "ValidationError",
           "Resource X does not exist for stack cnt"},
          {"cloudformation",
           "Action=DescribeStackResources&PhysicalResourceId=x",
           "ValidationError",
           "Stack for x does not exist"},
      });
}

TEST_CASE("cloudformation: a deleted stack is found by its ARN only") {
  engine::Model model = sample::model();
  model.stacks.at(sample::kStack).status = stacks::Status::DeleteComplete;
  Desk desk{model};
  CHECK(code_of(desk.form("cloudformation", "Action=DescribeStacks&StackName=cnt")) ==
        "ValidationError");
  const Json none =
      read(desk, "cloudformation", cloudformation::service(), "Action=DescribeStacks");
  CHECK(none["Stacks"].items().empty());
  const Json one = read(desk,
                        "cloudformation",
                        cloudformation::service(),
                        "Action=DescribeStacks&StackName=" + percent_encode(sample::stack_id()));
  CHECK(texts(one["Stacks"], "StackStatus") == Names{"DELETE_COMPLETE"});
}

TEST_CASE("cloudformation: events come newest first, resources by logical and physical id") {
  Desk desk;
  const Json events = read(desk,
                           "cloudformation",
                           cloudformation::service(),
                           "Action=DescribeStackEvents&StackName=cnt");
  CHECK(texts(events["StackEvents"], "LogicalResourceId").front() == "CpuHigh");
  CHECK(texts(events["StackEvents"], "LogicalResourceId").back() == "LoadBalancer");
  const auto logical = [&](const std::string& more) {
    return texts(read(desk,
                      "cloudformation",
                      cloudformation::service(),
                      "Action=DescribeStackResources&" + more)["StackResources"],
                 "LogicalResourceId");
  };
  CHECK(logical("StackName=cnt").size() == 7);
  CHECK(logical("StackName=cnt&LogicalResourceId=Group") == Names{"Group"});
  CHECK(logical("PhysicalResourceId=cnt-backend-asg").size() == 7);
}

}  // namespace tidegate::api
