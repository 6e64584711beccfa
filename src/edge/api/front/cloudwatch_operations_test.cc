// CloudWatch's operations: their own errors, and the choices of the reads, through the front.
#include <array>

#include <doctest/doctest.h>

#include "edge/api/front/operations_fixture.h"
#include "edge/api/models/cloudwatch.h"

namespace tidegate::api {
namespace {

Json put_metrics(Desk& desk, const std::string& data) {
  const HttpResponse response =
      desk.form("monitoring",
                R"({"Namespace":"App","MetricData":)" + data + "}",
                {{"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"}});
  return *Json::parse(response.body);
}

}  // namespace

TEST_CASE("cloudwatch: a metric goes in by JSON and comes out by query") {
  Desk desk;
  CHECK(put_metrics(desk, R"([{"MetricName":"Load","Value":3,"Unit":"Count"},
                             {"MetricName":"Load","Values":[1,5],"Counts":[2,1],"Unit":"Count"}])")
            .members()
            .empty());
  const std::string action =
      "Action=GetMetricStatistics&Namespace=App&MetricName=Load&Period=60&"
      "StartTime=2026-01-03T12%3A00%3A30Z&EndTime=2026-01-03T12%3A10%3A00Z&"
      "Statistics.member.1=Average&Statistics.member.2=Maximum&Statistics.member.3=SampleCount&"
      "Statistics.member.4=Minimum&Statistics.member.5=Sum";
  const Json answer = read(desk, "monitoring", cloudwatch::service(), action);
  CHECK(answer["Label"].string_or("") == "Load");
  REQUIRE(answer["Datapoints"].items().size() == 1);
  CHECK(answer["Datapoints"].items()[0].dump() ==
        R"({"Timestamp":"2026-01-03T12:04:00.000Z","SampleCount":4,"Average":2.5,"Sum":10,)"
        R"("Minimum":1,"Maximum":5,"Unit":"Count"})");
  CHECK(read(desk, "monitoring", cloudwatch::service(), action + "&Unit=Percent")["Datapoints"]
            .items()
            .empty());
}

TEST_CASE("cloudwatch: bad metrics are refused, and nothing of their request is kept") {
  Desk desk;
  struct Case {
    const char* data;
    const char* type;
    const char* part;
  };
  const auto cases = std::to_array<Case>({
      {R"([{"MetricName":"M"}])", "MissingRequiredParameterException", "At least one of"},
      {R"([{"MetricName":"M","Value":1,"Values":[1]}])",
       "InvalidParameterCombinationException",
       "mutually exclusive"},
      {R"([{"MetricName":"M","Value":1e200}])", "InvalidParameterValueException", "2^360"},
      {R"([{"MetricName":"M","Values":[1,2],"Counts":[1]}])",
       "InvalidParameterValueException",
       "same number"},
      {R"([{"MetricName":"M","Values":[1],"Counts":[0]}])",
       "InvalidParameterValueException",
       "above 0"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":0,"Sum":1,"Minimum":1,"Maximum":1}}])",
       "InvalidParameterValueException",
       "SampleCount above 0"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":1,"Sum":1,"Minimum":2,"Maximum":1}}])",
       "InvalidParameterValueException",
       "Minimum not above Maximum"},
      {R"([{"MetricName":"M","StatisticValues":{"SampleCount":1}}])",
       "MissingRequiredParameterException",
       "Sum"},
      {R"([{"MetricName":"M","Value":1,"StorageResolution":2}])",
       "InvalidParameterValueException",
       "1 or 60"},
      {R"([{"MetricName":"M","Value":1,"Timestamp":"2026-01-03T14:04:32Z"}])",
       "InvalidParameterValueException",
       "two weeks"},
      {R"([{"MetricName":"M","Value":1,"Timestamp":"2025-12-20T12:04:31Z"}])",
       "InvalidParameterValueException",
       "two weeks"},
      {R"([{"MetricName":"M","Value":1,"Dimensions":[{"Name":"a","Value":"1"},{"Name":"a","Value":"2"}]}])",
       "InvalidParameterValueException",
       "given twice"},
      {R"([{"MetricName":"Good","Value":1},{"MetricName":"M"}])",
       "MissingRequiredParameterException",
       "MetricData.member.2."},
  });
  for (const Case& c : cases) {
    CAPTURE(c.data);
    const Json answer = put_metrics(desk, c.data);
    CHECK(answer["__type"].string_or("") == c.type);
    CHECK(answer["message"].string_or("").find(c.part) != std::string::npos);
  }
  CHECK(desk.metrics.list("").empty());
  // The edges of the time that is accepted.
  CHECK(put_metrics(desk, R"([{"MetricName":"M","Value":1,"Timestamp":"2026-01-03T14:04:31Z"},
                             {"MetricName":"M","Value":1,"Timestamp":"2025-12-20T12:04:32Z"}])")
            .members()
            .empty());
  CHECK(desk.metrics.list("").size() == 1);
}

TEST_CASE("cloudwatch: what is wrong is refused in AWS's words") {
  Desk desk;
  const std::string get = "Action=GetMetricStatistics&Namespace=N&MetricName=M";
  const std::string times = "&StartTime=2026-01-03T12:00:00Z&EndTime=2026-01-04T12:00:00Z";
  const std::string average = "&Statistics.member.1=Average";
  check_refusals(
      desk,
      {
          {"monitoring",
           "Action=PutMetricData&Namespace=AWS/EC2&MetricData=",
           "InvalidParameterValue",
           "The value AWS/ for parameter Namespace is invalid"},
          {"monitoring", "Action=PutMetricData&Namespace=N", "MissingParameter", "MetricData"},
          {"monitoring", get + times + "&Period=60", "MissingParameter", "Statistics"},
          {"monitoring", get + times + average, "MissingParameter", "Period is required"},
          {"monitoring",
           get + times + average + "&Period=59",
           "InvalidParameterValue",
           "multiple of 60"},
          {"monitoring", get + times + average + "&Period=86460", "InvalidParameterValue", ""},
          {"monitoring",
           get + times + average + "&Period=30",
           "InvalidParameterCombination",
           "up to 2880 datapoints, which exceeds the limit of 1440"},
          {"monitoring",
           get + "&StartTime=2026-01-03T12:00:00Z&EndTime=2026-01-03T12:00:00Z&Period=60" + average,
           "InvalidParameterValue",
           "StartTime must be less"},
          {"monitoring",
           get + times + "&Period=60&Statistics.member.1=Mode",
           "InvalidParameterValue",
           "enum"},
          {"monitoring",
           "Action=DescribeAlarms&AlarmNames.member.1=a&AlarmNamePrefix=b",
           "InvalidParameterCombination",
           ""},
          {"monitoring", "Action=DescribeAlarms&NextToken=x", "InvalidNextToken", ""},
          {"monitoring",
           "Action=ListTagsForResource&ResourceARN=arn:aws:cloudwatch:r:0:dashboard/x",
           "InvalidParameterValue",
           "what works is an alarm's"},
          {"monitoring",
           "Action=TagResource&ResourceARN=alarm:x&Tags.member.1.Key=a&Tags.member.1.Value=b",
           "InvalidParameterValue",
           "what works is an alarm's"},
          {"monitoring",
           "Action=UntagResource&ResourceARN=arn:aws:sns:r:0:alarm:x&TagKeys.member.1=a",
           "InvalidParameterValue",
           "what works is an alarm's"},
      });
  CHECK(desk.form("monitoring", get + times + average + "&Period=60").status == 200);  // 1440
}

TEST_CASE("cloudwatch: alarms are found by name, prefix, state, type and action") {
  Desk desk;
  const auto names = [&](const std::string& more) {
    return texts(read(desk,
                      "monitoring",
                      cloudwatch::service(),
                      "Action=DescribeAlarms" + more)["MetricAlarms"],
                 "AlarmName");
  };
  CHECK(names("").size() == 3);
  CHECK(names("&AlarmNames.member.1=cnt-ec2-cpu-high") == Names{"cnt-ec2-cpu-high"});
  CHECK(names("&AlarmNamePrefix=TargetTracking").size() == 2);
  CHECK(names("&StateValue=ALARM") == Names{sample::kLowAlarm.value});
  CHECK(names("&ActionPrefix=arn:aws:sns") == Names{"cnt-ec2-cpu-high"});
  CHECK(names("&AlarmTypes.member.1=CompositeAlarm").empty());
  CHECK(names("&AlarmTypes.member.1=MetricAlarm").size() == 3);
  CHECK(names("&MaxRecords=2").size() == 2);
}

}  // namespace tidegate::api
