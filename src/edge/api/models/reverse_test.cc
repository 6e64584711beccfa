// The client's side against the server's side of the same tables.
#include "edge/api/protocol/reverse.h"

#include <doctest/doctest.h>

#include "edge/api/models/autoscaling.h"
#include "edge/api/models/cloudformation.h"
#include "edge/api/models/ec2.h"
#include "edge/api/protocol/decode.h"
#include "edge/api/protocol/encode.h"

namespace tidegate::api {

TEST_CASE("reverse: what the client writes, the server reads") {
  const Operation& create = cloudformation::CreateStackOperation::table();
  const auto form = encode_form(
      cloudformation::service(),
      create,
      *Json::parse(R"({"StackName":"a&b","Parameters":[{"ParameterKey":"K","ParameterValue":"é "}],
                       "Tags":[],"TimeoutInMinutes":5,"DisableRollback":true})"));
  REQUIRE(form.has_value());
  CHECK(form->starts_with("Action=CreateStack&Version=2010-05-15&StackName=a%26b&"));
  cloudformation::CreateStackInput input;
  REQUIRE(decode_form(*parse_form(*form), *create.input, Protocol::Query, &input).has_value());
  CHECK(input.stack_name == "a&b");
  CHECK((*input.parameters)[0].parameter_value == "é ");
  CHECK(input.tags->empty());
  CHECK(input.timeout_in_minutes == 5);
  CHECK(input.disable_rollback == true);

  const Operation& instances = ec2::DescribeInstancesOperation::table();
  const auto flat =
      encode_form(ec2::service(), instances, *Json::parse(R"({"InstanceIds":["i-1","i-2"]})"));
  REQUIRE(flat.has_value());
  CHECK(flat->ends_with("&InstanceId.1=i-1&InstanceId.2=i-2"));
}

TEST_CASE("reverse: a member that the model lacks is an error") {
  const auto form = encode_form(cloudformation::service(),
                                cloudformation::CreateStackOperation::table(),
                                *Json::parse(R"({"Stackname":"a"})"));
  REQUIRE_FALSE(form.has_value());
  CHECK(form.error().message == "CreateStackInput has no member Stackname");
}

TEST_CASE("reverse: answers come back with their kinds, in both XML protocols") {
  autoscaling::AutoScalingGroupsType groups;
  auto& group = groups.auto_scaling_groups.emplace().emplace_back();
  group.auto_scaling_group_name = "g";
  group.min_size = 1;
  group.availability_zones = {"a", "b"};
  group.new_instances_protected_from_scale_in = false;
  const Exchange query{Protocol::Query, &autoscaling::service(), "r"};
  const Operation& describe = autoscaling::DescribeAutoScalingGroupsOperation::table();
  CHECK(decode_answer(autoscaling::service(),
                      describe,
                      *parse_xml(encode_answer(query, describe, &groups).body))
            .dump() ==
        R"({"AutoScalingGroups":[{"AutoScalingGroupName":"g","MinSize":1,)"
        R"("AvailabilityZones":["a","b"],"NewInstancesProtectedFromScaleIn":false}]})");

  ec2::GetConsoleOutputResult console;
  console.instance_id = "i-1";
  const Exchange flat{Protocol::Ec2, &ec2::service(), "r"};
  const Operation& get = ec2::GetConsoleOutputOperation::table();
  CHECK(decode_answer(ec2::service(), get, *parse_xml(encode_answer(flat, get, &console).body))
            .dump() == R"({"InstanceId":"i-1"})");
}

TEST_CASE("reverse: errors come back from both envelopes") {
  const Error error{ErrorCode::InvalidArgument, "ValidationError", "a < b"};
  for (const Exchange& exchange : {Exchange{Protocol::Query, &autoscaling::service(), "r"},
                                   Exchange{Protocol::Ec2, &ec2::service(), "r"}}) {
    CHECK(decode_error(*parse_xml(encode_error(exchange, error).body)) == error);
  }
  CHECK(decode_error(*parse_xml("<a/>")).name.empty());
}

}  // namespace tidegate::api
