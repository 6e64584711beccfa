// The generated tables with the generic decoder, validator and encoder.
#include <algorithm>
#include <array>

#include <doctest/doctest.h>

#include "edge/api/models/autoscaling.h"
#include "edge/api/models/cloudformation.h"
#include "edge/api/models/cloudwatch.h"
#include "edge/api/models/ec2.h"
#include "edge/api/models/elbv2.h"
#include "edge/api/models/sts.h"
#include "edge/api/protocol/decode.h"
#include "edge/api/protocol/encode.h"
#include "edge/api/protocol/validate.h"

namespace tidegate::api {
namespace {

const Instant kNow = *parse_iso8601("2026-01-03T12:04:31.250Z");

template <typename Op>
Result<typename Op::Request> from_form(const std::string& text, const Service& service) {
  TG_ASSIGN_OR_RETURN(const auto form, parse_form(text));
  typename Op::Request request;
  TG_RETURN_IF_ERROR(decode_form(form, *Op::table().input, service.protocol, &request));
  TG_RETURN_IF_ERROR(validate(*Op::table().input, &request, words_of(service)));
  return request;
}

template <typename Op>
Result<typename Op::Request> from_json(const std::string& text, const Service& service) {
  TG_ASSIGN_OR_RETURN(const auto json, Json::parse(text));
  typename Op::Request request;
  TG_RETURN_IF_ERROR(decode_json(json, *Op::table().input, &request));
  TG_RETURN_IF_ERROR(validate(*Op::table().input, &request, words_of(service)));
  return request;
}

}  // namespace

TEST_CASE("models: a query request is decoded with its lists and structures") {
  const auto request = from_form<cloudformation::CreateStackOperation>(
      "StackName=cnt&TemplateBody=a&Parameters.member.1.ParameterKey=K&"
      "Parameters.member.1.ParameterValue=V&Parameters.member.10.ParameterKey=Z&"
      "Parameters.member.2.ParameterKey=L&DisableRollback=true&TimeoutInMinutes=5&Capabilities=",
      cloudformation::service());
  REQUIRE(request.has_value());
  CHECK(request->stack_name == "cnt");
  CHECK(request->disable_rollback == true);
  CHECK(request->timeout_in_minutes == 5);
  REQUIRE(request->parameters->size() == 3);
  CHECK((*request->parameters)[0].parameter_value == "V");
  CHECK((*request->parameters)[1].parameter_key == "L");
  CHECK((*request->parameters)[2].parameter_key == "Z");
  CHECK(request->capabilities->empty());
  CHECK_FALSE(request->tags.has_value());
}

TEST_CASE("models: an ec2 request has its own names and flat lists") {
  const auto request = from_form<ec2::DescribeInstancesOperation>(
      "InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=tag:a&Filter.1.Value.1=x&MaxResults=7",
      ec2::service());
  REQUIRE(request.has_value());
  CHECK(*request->instance_ids == std::vector<std::string>{"i-1", "i-2"});
  CHECK((*request->filters)[0].name == "tag:a");
  CHECK(*(*request->filters)[0].values == std::vector<std::string>{"x"});
  CHECK(request->max_results == 7);
}

TEST_CASE("models: JSON is decoded, with timestamps as seconds") {
  const auto request = from_json<cloudwatch::GetMetricStatisticsOperation>(
      R"({"Namespace":"AWS/EC2","MetricName":"CPUUtilization","StartTime":1767441871.25,
          "EndTime":"2026-01-03T12:05:00Z","Period":60.0,"Statistics":["Average"],"Unit":null})",
      cloudwatch::service());
  REQUIRE(request.has_value());
  CHECK(request->start_time == kNow);
  CHECK(request->period == 60);
  CHECK_FALSE(request->unit.has_value());
  CHECK(request->statistics == std::vector<std::string>{"Average"});
}

TEST_CASE("models: values of another kind are refused by name") {
  struct Case {
    const char* name;
    Result<Ok> outcome;
    const char* error;
  };
  const auto outcome = [](const auto& result) {
    return result.has_value() ? Result<Ok>{Ok{}} : Result<Ok>{result.error()};
  };
  const std::string statistics = R"({"Namespace":"N","MetricName":"M","StartTime":1,"EndTime":2,)";
  const auto cases = std::to_array<Case>({
      {"query integer",
       outcome(from_form<autoscaling::SetDesiredCapacityOperation>(
           "AutoScalingGroupName=g&DesiredCapacity=two", autoscaling::service())),
       "MalformedInput"},
      {"ec2 boolean",
       outcome(from_form<ec2::GetConsoleOutputOperation>("InstanceId=i-1&DryRun=perhaps",
                                                         ec2::service())),
       "InvalidParameterValue"},
      {"JSON string for a number",
       outcome(from_json<cloudwatch::GetMetricStatisticsOperation>(statistics + R"("Period":"1"})",
                                                                   cloudwatch::service())),
       "SerializationException"},
      {"JSON fraction for an integer",
       outcome(from_json<cloudwatch::GetMetricStatisticsOperation>(statistics + R"("Period":1.5})",
                                                                   cloudwatch::service())),
       "SerializationException"},
      {"JSON object for a list",
       outcome(from_json<cloudwatch::GetMetricStatisticsOperation>(
           statistics + R"("Period":60,"Statistics":{}})", cloudwatch::service())),
       "SerializationException"},
      {"JSON timestamp out of all bounds",
       outcome(from_json<cloudwatch::GetMetricStatisticsOperation>(
           R"({"Namespace":"N","MetricName":"M","StartTime":1e300,"EndTime":2,"Period":60})",
           cloudwatch::service())),
       "SerializationException"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    REQUIRE_FALSE(c.outcome.has_value());
    CHECK(c.outcome.error().name == c.error);
  }
}

TEST_CASE("models: validation speaks as each service does") {
  const auto coral = from_form<autoscaling::SetDesiredCapacityOperation>("DesiredCapacity=1",
                                                                         autoscaling::service());
  REQUIRE_FALSE(coral.has_value());
  CHECK(coral.error().name == "ValidationError");
  CHECK(coral.error().message ==
        "1 validation error detected: Value null at 'autoScalingGroupName' failed to satisfy "
        "constraint: Member must not be null");
  const auto two = from_form<autoscaling::SetDesiredCapacityOperation>("", autoscaling::service());
  CHECK(two.error().message.starts_with("2 validation errors detected: "));

  const auto cloudwatch_error =
      from_json<cloudwatch::PutMetricDataOperation>("{}", cloudwatch::service());
  CHECK(cloudwatch_error.error() == Error{ErrorCode::InvalidArgument,
                                          "MissingParameter",
                                          "The parameter Namespace is required."});
  const auto ec2_error = from_form<ec2::GetConsoleOutputOperation>("", ec2::service());
  CHECK(ec2_error.error().message == "The request must contain the parameter InstanceId");
}

TEST_CASE("models: bounds hold at their edges, and enums by their values") {
  const auto put = [](int dimensions) {
    std::string text = R"({"Namespace":"N","MetricData":[{"MetricName":"M","Dimensions":[)";
    for (int i = 0; i < dimensions; ++i) {
      text +=
          std::string{i > 0 ? "," : ""} + R"({"Name":"n)" + std::to_string(i) + R"(","Value":"v"})";
    }
    return from_json<cloudwatch::PutMetricDataOperation>(text + "]}]}", cloudwatch::service());
  };
  CHECK(put(30).has_value());
  REQUIRE_FALSE(put(31).has_value());
  CHECK(put(31).error().name == "InvalidParameterValue");

  const auto unit = from_json<cloudwatch::PutMetricDataOperation>(
      R"({"Namespace":"N","MetricData":[{"MetricName":"M","Value":1,"Unit":"Parsecs"}]})",
      cloudwatch::service());
  REQUIRE_FALSE(unit.has_value());
  CHECK(unit.error().message.starts_with("Value 'Parsecs' for parameter Unit is invalid"));
  const auto page = [](const char* size) {
    return from_form<elbv2::DescribeRulesOperation>(std::string{"PageSize="} + size,
                                                    elbv2::service());
  };
  CHECK(page("1").has_value());
  CHECK(page("400").has_value());
  CHECK_FALSE(page("0").has_value());
  CHECK_FALSE(page("401").has_value());
}

TEST_CASE("models: what is known and not acted on is refused") {
  cloudformation::CreateStackInput input;
  input.stack_name = "a";
  input.role_arn = "arn";
  const char* const accepted[] = {"StackName", "TemplateBody"};
  const Shape& shape = *cloudformation::CreateStackOperation::table().input;
  const Status status = refuse_others(shape, &input, accepted);
  REQUIRE_FALSE(status.has_value());
  CHECK(status.error().code == ErrorCode::Unsupported);
  CHECK(status.error().message ==
        "the parameter RoleARN is not built; what works: StackName, TemplateBody");
  input.role_arn.reset();
  CHECK(refuse_others(shape, &input, accepted).has_value());
}

TEST_CASE("models: a query answer has AWS's envelope, escapes and empty lists") {
  autoscaling::ActivitiesType answer;
  auto& activity = answer.activities.emplace().emplace_back();
  activity.activity_id = "a-1";
  activity.cause = "At <t> & \"x\"";
  activity.start_time = kNow;
  activity.progress = 50;
  const Exchange exchange{Protocol::Query, &autoscaling::service(), "r-1"};
  const auto response =
      encode_answer(exchange, autoscaling::DescribeScalingActivitiesOperation::table(), &answer);
  CHECK(response.status == 200);
  CHECK(response.body ==
        "<DescribeScalingActivitiesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/"
        "2011-01-01/\"><DescribeScalingActivitiesResult><Activities><member><ActivityId>a-1"
        "</ActivityId><Cause>At &lt;t&gt; &amp; &quot;x&quot;</Cause><StartTime>"
        "2026-01-03T12:04:31.250Z</StartTime><Progress>50</Progress></member></Activities>"
        "</DescribeScalingActivitiesResult><ResponseMetadata><RequestId>r-1</RequestId>"
        "</ResponseMetadata></DescribeScalingActivitiesResponse>");
  answer.activities->clear();
  CHECK(to_xml(*autoscaling::DescribeScalingActivitiesOperation::table().output, &answer) ==
        "<Activities/>");
}

TEST_CASE("models: an ec2 answer has items and its own envelope") {
  ec2::DescribeInstancesResult answer;
  auto& instance = answer.reservations.emplace().emplace_back().instances.emplace().emplace_back();
  instance.instance_id = "i-1";
  instance.state.emplace().code = 16;
  const Exchange exchange{Protocol::Ec2, &ec2::service(), "r-1"};
  CHECK(encode_answer(exchange, ec2::DescribeInstancesOperation::table(), &answer).body ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DescribeInstancesResponse "
        "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r-1</requestId>"
        "<reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><instanceState>"
        "<code>16</code></instanceState></item></instancesSet></item></reservationSet>"
        "</DescribeInstancesResponse>");
}

TEST_CASE("models: an answer without a shape is the bare envelope") {
  const Exchange exchange{Protocol::Query, &cloudformation::service(), "r-1"};
  const Nothing nothing;
  CHECK(encode_answer(exchange, cloudformation::DeleteStackOperation::table(), &nothing).body ==
        "<DeleteStackResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">"
        "<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DeleteStackResponse>");
}

TEST_CASE("models: a JSON answer has seconds for time; XML has Java's doubles") {
  cloudwatch::GetMetricStatisticsOutput answer;
  answer.label = "CPU";
  auto& point = answer.datapoints.emplace().emplace_back();
  point.timestamp = kNow;
  point.average = 70;
  const Shape& shape = *cloudwatch::GetMetricStatisticsOperation::table().output;
  const Exchange exchange{Protocol::Json, &cloudwatch::service(), "r-1"};
  const auto response =
      encode_answer(exchange, cloudwatch::GetMetricStatisticsOperation::table(), &answer);
  CHECK(response.body ==
        R"({"Label":"CPU","Datapoints":[{"Timestamp":1767441871.25,"Average":70}]})");
  CHECK(to_xml(shape, &answer) ==
        "<Label>CPU</Label><Datapoints><member><Timestamp>2026-01-03T12:04:31.250Z</Timestamp>"
        "<Average>70.0</Average></member></Datapoints>");
}

TEST_CASE("models: errors have each protocol's envelope, code and status") {
  const Error missing{ErrorCode::NotFound, "TargetGroupNotFound", "no <such> group"};
  const Exchange query{Protocol::Query, &elbv2::service(), "r-1"};
  CHECK(encode_error(query, missing).status == 400);
  CHECK(encode_error(query, missing).body ==
        "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error>"
        "<Type>Sender</Type><Code>TargetGroupNotFound</Code><Message>no &lt;such&gt; group"
        "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>");
  const Exchange ec2_exchange{Protocol::Ec2, &ec2::service(), "r-1"};
  const Error denied{ErrorCode::PermissionDenied, "AuthFailure", "no"};
  CHECK(encode_error(ec2_exchange, denied).status == 401);
  CHECK(encode_error(ec2_exchange, denied).body ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>AuthFailure"
        "</Code><Message>no</Message></Error></Errors><RequestID>r-1</RequestID></Response>");
  const Exchange json{Protocol::Json, &cloudwatch::service(), "r-1"};
  const auto response =
      encode_error(json, {ErrorCode::InvalidArgument, "InvalidParameterValue", "bad"});
  CHECK(response.body == R"({"__type":"InvalidParameterValueException","message":"bad"})");
  CHECK(response.headers.back() ==
        HttpHeader{"x-amzn-query-error", "InvalidParameterValue;Sender"});
  const auto internal = encode_error(query, {ErrorCode::Internal, "InternalFailure", "x"});
  CHECK(internal.status == 500);
  CHECK(internal.body.find("<Type>Receiver</Type>") != std::string::npos);
}

TEST_CASE("models: names of operations that are not served are known") {
  const auto& known = autoscaling::service().known;
  CHECK(known.size() > 60);
  CHECK(std::is_sorted(
      known.begin(), known.end(), [](const char* a, const char* b) { return std::string{a} < b; }));
  CHECK(sts::service().operations.size() == 1);
}

}  // namespace tidegate::api
