// CloudWatch's operations through the front: what they answer and how they refuse, in JSON; that
// CBOR and query say the same is go_requests_test.cc's and operations_test.cc's business.
#include <algorithm>

#include <doctest/doctest.h>

#include "edge/api/protocol/cbor.h"
#include "sample/desk.h"

namespace tidegate::api {
namespace {

using sample::Desk;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

HttpResponse ask(Desk& desk, const std::string& operation, const std::string& body) {
  return desk.form(
      "monitoring", body, {{"X-Amz-Target", "GraniteServiceVersion20100801." + operation}});
}

Json read(Desk& desk, const std::string& operation, const std::string& body) {
  const HttpResponse response = ask(desk, operation, body);
  CAPTURE(response.body);
  CHECK(response.status == 200);
  return *Json::parse(response.body);
}

struct JsonRefusal {
  const char* operation;
  std::string body;
  const char* type;  // the shape's name
  const char* part;  // of the message
  int status = 400;
};

void check_json_refusals(Desk& desk, const std::vector<JsonRefusal>& refusals) {
  for (const JsonRefusal& c : refusals) {
    CAPTURE(c.body);
    const HttpResponse response = ask(desk, c.operation, c.body);
    CAPTURE(response.body);
    CHECK(response.status == c.status);
    CHECK(sample::code_of(response) == c.type);
    CHECK(sample::message_of(response).find(c.part) != std::string::npos);
  }
}

void put(Desk& desk, const char* name, double value, Duration after, std::int32_t resolution = 60) {
  const metrics::MetricSample sample{metrics::make_metric_id("App", name, {{"Room", "7"}}),
                                     sample::kNow + after,
                                     metrics::statistic_set_of(value),
                                     "Count",
                                     resolution};
  desk.metrics.put({&sample, 1});
}

std::string stat(const char* id, const char* name, const char* statistic, int period = 60) {
  return std::string{R"({"Id":")"} + id +
         R"(","MetricStat":{"Metric":{"Namespace":"App","MetricName":")" + name +
         R"(","Dimensions":[{"Name":"Room","Value":"7"}]},"Period":)" + std::to_string(period) +
         R"(,"Stat":")" + statistic + R"("}})";
}

std::string math(const char* id, const std::string& expression) {
  return std::string{R"({"Id":")"} + id + R"(","Expression":")" + expression + R"("})";
}

/// kNow is 2026-01-03T12:04:31Z.
std::string queries(const std::string& list, const std::string& more = "") {
  return R"({"StartTime":"2026-01-03T12:00:00Z","EndTime":"2026-01-03T12:05:00Z",)" + more +
         R"("MetricDataQueries":[)" + list + "]}";
}

using Numbers = std::vector<double>;
Numbers values_of(const Json& answer, std::size_t result) {
  Numbers values;
  for (const Json& value : answer["MetricDataResults"].items().at(result)["Values"].items()) {
    values.push_back(value.number_or(-1));
  }
  return values;
}

const std::string kAlarm =
    R"("AlarmName":"a","Namespace":"App","MetricName":"M","Period":60,"EvaluationPeriods":1,)"
    R"("Threshold":1,"ComparisonOperator":"GreaterThanThreshold")";

}  // namespace

TEST_CASE("GetMetricData: statistics of each metric, newest first unless asked otherwise") {
  Desk desk;
  put(desk, "M", 1, -minutes{4});  // 12:00
  put(desk, "M", 2, -minutes{3});
  put(desk, "M", 4, -minutes{3});
  put(desk, "M", 8, -minutes{1});
  const std::string both = stat("m1", "M", "Sum") + "," + stat("m2", "M", "p100");
  const Json answer = read(desk, "GetMetricData", queries(both));
  CHECK(values_of(answer, 0) == Numbers{8, 6, 1});
  CHECK(values_of(answer, 1) == Numbers{8, 4, 1});
  const Json& first = answer["MetricDataResults"].items()[0];
  CHECK(first["Label"].string_or("") == "M");
  CHECK(first["StatusCode"].string_or("") == "Complete");
  CHECK(first["Timestamps"].items()[2].int_or(0) == 1767441600);
  CHECK(answer["NextToken"].is_null());
  const Json ascending =
      read(desk, "GetMetricData", queries(both, R"("ScanBy":"TimestampAscending",)"));
  CHECK(values_of(ascending, 0) == Numbers{1, 6, 8});
}

TEST_CASE("GetMetricData: metric math, over what is returned and what is not") {
  Desk desk;
  put(desk, "Backlog", 30, -minutes{3});
  put(desk, "Backlog", 90, -minutes{2});
  put(desk, "Instances", 3, -minutes{3});
  std::string hidden = stat("m2", "Instances", "Average");
  hidden.insert(hidden.size() - 1, R"(,"ReturnData":false)");
  const Json answer = read(
      desk,
      "GetMetricData",
      queries(math("e1", "m1 / e2") + "," + stat("m1", "Backlog", "Sum") + "," + hidden + "," +
              R"x({"Id":"e2","Expression":"FILL(m2, 1)","Label":"filled","ReturnData":true})x"));
  REQUIRE(answer["MetricDataResults"].items().size() == 3);
  CHECK(values_of(answer, 0) == Numbers{90, 10});
  CHECK(values_of(answer, 1) == Numbers{90, 30});
  CHECK(values_of(answer, 2) == Numbers{1, 1, 1, 3, 1});
  CHECK(answer["MetricDataResults"].items()[0]["Label"].string_or("") == "e1");
  CHECK(answer["MetricDataResults"].items()[2]["Label"].string_or("") == "filled");
  const Json many = read(desk,
                         "GetMetricData",
                         queries(stat("m1", "Backlog", "Sum") + "," + math("e1", "METRICS() * 2")));
  CHECK(many["MetricDataResults"].items()[1]["Label"].string_or("") == "e1 Backlog");
}

TEST_CASE("GetMetricData: pages of MaxDatapoints over all results") {
  Desk desk;
  for (int i = 0; i < 4; ++i) {
    put(desk, "M", i, -minutes{i});
  }
  const std::string both = stat("m1", "M", "Sum") + "," + stat("m2", "M", "Sum");
  Numbers seen;
  std::string token;
  int pages = 0;
  do {
    const Json answer =
        read(desk,
             "GetMetricData",
             queries(both,
                     R"("MaxDatapoints":3,)" +
                         (token.empty() ? "" : R"("NextToken":")" + token + R"(",)")));
    for (std::size_t i = 0; i < answer["MetricDataResults"].items().size(); ++i) {
      const Numbers some = values_of(answer, i);
      seen.insert(seen.end(), some.begin(), some.end());
    }
    token = answer["NextToken"].string_or("");
    ++pages;
    const auto& results = answer["MetricDataResults"].items();
    CHECK((results.back()["StatusCode"].string_or("") == "PartialData") == !token.empty());
  } while (!token.empty() && pages < 9);
  CHECK(pages == 3);
  CHECK(seen == Numbers{0, 1, 2, 3, 0, 1, 2, 3});
}

TEST_CASE("GetMetricData: the start is rounded down, to what its age has") {
  Desk desk;
  put(desk, "M", 1, -seconds{31}, 1);  // 12:04:00
  const auto from = [&](const char* start, int period) {
    const Json answer = read(desk,
                             "GetMetricData",
                             R"({"StartTime":")" + std::string{start} +
                                 R"(","EndTime":"2026-01-03T12:05:00Z","MetricDataQueries":[)" +
                                 stat("m", "M", "Sum", period) + "]}");
    const auto& times = answer["MetricDataResults"].items()[0]["Timestamps"].items();
    return times.empty() ? "" : format_iso8601(Instant{seconds{times[0].int_or(0)}});
  };
  CHECK(from("2026-01-03T12:03:59Z", 60) == "2026-01-03T12:04:00Z");
  CHECK(from("2026-01-03T12:02:07Z", 300) == "2026-01-03T12:02:00Z");
  CHECK(from("2026-01-03T12:03:58Z", 5) == "2026-01-03T12:04:00Z");
  CHECK(from("2026-01-03T12:03:57Z", 1) == "2026-01-03T12:04:00Z");
  CHECK(from("2025-12-10T12:02:07Z", 86400) == "2026-01-03T12:00:00Z");
  CHECK(from("2025-10-10T12:32:07Z", 86400) == "2026-01-03T12:00:00Z");
}

TEST_CASE("GetMetricData: what is wrong is said") {
  Desk desk;
  put(desk, "M", 1, -minutes{1});
  const std::string m1 = stat("m1", "M", "Sum");
  const auto expression_error = [&](const char* expression, const char* part) {
    return JsonRefusal{
        "GetMetricData", queries(m1 + "," + math("e1", expression)), "ValidationError", part};
  };
  std::string account = m1;
  account.insert(account.size() - 1, R"(,"AccountId":"1")");
  std::string hidden = m1;
  hidden.insert(hidden.size() - 1, R"(,"ReturnData":false)");
  std::string dynamic = m1;
  dynamic.insert(dynamic.size() - 1, R"(,"Label":"${MAX}")");
  std::string too_many = m1;
  for (int i = 0; i < 500; ++i) {
    too_many += "," + stat(("x" + std::to_string(i)).c_str(), "M", "Sum");
  }
  check_json_refusals(
      desk,
      {{"GetMetricData", queries(""), "ValidationError", "1 to 500"},
       {"GetMetricData", queries(too_many), "ValidationError", "1 to 500"},
       {"GetMetricData", queries(m1 + "," + m1), "ValidationError", "not unique"},
       {"GetMetricData", queries(stat("M", "M", "Sum")), "ValidationError", "^[a-z]"},
       {"GetMetricData", queries(R"({"Id":"a"})"), "ValidationError", "exactly one of"},
       {"GetMetricData", queries(account), "ValidationError", "AccountId is not built"},
       {"GetMetricData", queries(dynamic), "ValidationError", "dynamic labels"},
       {"GetMetricData", queries(hidden), "ValidationError", "At least one"},
       {"GetMetricData", queries(stat("m", "M", "tm95")), "ValidationError", "'tm95' is not built"},
       {"GetMetricData", queries(stat("m", "M", "Sum", 59)), "ValidationError", "Period"},
       {"GetMetricData", queries(m1, R"("MaxDatapoints":0,)"), "ValidationError", "100800"},
       {"GetMetricData", queries(m1, R"("MaxDatapoints":100801,)"), "ValidationError", "100800"},
       {"GetMetricData", queries(m1, R"("NextToken":"x",)"), "InvalidNextToken", "'x'"},
       {"GetMetricData",
        queries(m1, R"("LabelOptions":{"Timezone":"+0000"},)"),
        "InvalidParameterValueException",
        "LabelOptions is not built"},
       {"GetMetricData",
        R"({"StartTime":1,"EndTime":1,"MetricDataQueries":[)" + m1 + "]}",
        "ValidationError",
        "greater than StartTime"},
       {"GetMetricData",
        R"({"StartTime":0,"EndTime":1767441600,"MetricDataQueries":[)" + m1 + "]}",
        "ValidationError",
        "100800 periods"},
       {"GetMetricData", R"({"StartTime":1})", "MissingRequiredParameterException", "required"},
       expression_error("SEARCH('x', 'Sum')", "Error in expression 'e1': the function SEARCH"),
       expression_error("m2 + 1", "no query with the id 'm2'"),
       expression_error("e1 + 1", "needs its own result"),
       expression_error("AVG(m1)", "must be a time series"),
       expression_error("1 + 1", "names no metric"),
       {"GetMetricData",
        queries(m1 + "," + stat("m2", "M", "Sum", 300) + "," + math("e1", "m1 + m2")),
        "ValidationError",
        "different Periods"}});
}

TEST_CASE("PutMetricData: values with counts have percentiles, a statistic set has none") {
  Desk desk;
  read(desk,
       "PutMetricData",
       R"({"Namespace":"App","MetricData":[
         {"MetricName":"V","Values":[0.1,5],"Counts":[99,1],"StorageResolution":1},
         {"MetricName":"S","StatisticValues":{"SampleCount":2,"Sum":3,"Minimum":1,"Maximum":2}},
         {"MetricName":"One",
          "StatisticValues":{"SampleCount":2,"Sum":4,"Minimum":2,"Maximum":2}}]})");
  const auto percentiles = [&](const char* name) {
    return read(desk,
                "GetMetricStatistics",
                std::string{R"({"Namespace":"App","MetricName":")"} + name +
                    R"(","StartTime":"2026-01-03T12:00:00Z","EndTime":"2026-01-03T12:05:00Z",)"
                    R"("Period":300,"ExtendedStatistics":["p99","p99.9"]})")["Datapoints"]
        .items()
        .at(0)["ExtendedStatistics"];
  };
  CHECK(percentiles("V")["p99"].number_or(0) == doctest::Approx(0.1).epsilon(0.01));
  CHECK(percentiles("V")["p99.9"].number_or(0) == 5);
  CHECK(percentiles("S").is_null());
  CHECK(percentiles("One")["p99"].number_or(0) == 2);
}

TEST_CASE("GetMetricStatistics: percentiles or statistics, of a kind that is built") {
  Desk desk;
  const std::string start =
      R"({"Namespace":"App","MetricName":"M","StartTime":"2026-01-03T12:00:00Z",)"
      R"("EndTime":"2026-01-03T12:05:00Z","Period":60)";
  check_json_refusals(
      desk,
      {{"GetMetricStatistics",
        start + R"(,"Statistics":["Sum"],"ExtendedStatistics":["p99"]})",
        "InvalidParameterCombinationException",
        "not both"},
       {"GetMetricStatistics",
        start + R"(,"ExtendedStatistics":["tm99"]})",
        "InvalidParameterValueException",
        "tm99"},
       {"GetMetricStatistics", start + "}", "MissingRequiredParameterException", "either"}});
}

TEST_CASE("ListMetrics: by namespace, name, dimension and age, in pages") {
  Desk desk;
  put(desk, "Old", 1, -hours{24 * 14});
  put(desk, "Gone", 1, -hours{24 * 14} - seconds{1});
  put(desk, "Fresh", 1, -hours{3});
  put(desk, "Fresher", 1, -hours{3} + seconds{1});
  const auto names = [&](const std::string& body) {
    std::vector<std::string> found;
    const Json answer = read(desk, "ListMetrics", body);
    for (const Json& metric : answer["Metrics"].items()) {
      found.push_back(metric["MetricName"].string_or(""));
    }
    return found;
  };
  using MetricNames = std::vector<std::string>;
  CHECK(names("{}") == MetricNames{"Fresh", "Fresher", "Old"});
  CHECK(names(R"({"RecentlyActive":"PT3H"})") == MetricNames{"Fresh", "Fresher"});
  CHECK(names(R"({"MetricName":"Old"})") == MetricNames{"Old"});
  CHECK(names(R"({"Namespace":"Other"})").empty());
  CHECK(names(R"({"Dimensions":[{"Name":"Room"}]})").size() == 3);
  CHECK(names(R"({"Dimensions":[{"Name":"Room","Value":"7"}]})").size() == 3);
  CHECK(names(R"({"Dimensions":[{"Name":"Room","Value":"8"}]})").empty());
  CHECK(names(R"({"Dimensions":[{"Name":"Room"},{"Name":"Floor"}]})").empty());
  for (int i = 0; i < 600; ++i) {
    put(desk, ("Many" + std::to_string(1000 + i)).c_str(), 1, seconds{0});
  }
  const Json first = read(desk, "ListMetrics", "{}");
  CHECK(first["Metrics"].items().size() == 500);
  CHECK(names(R"({"NextToken":")" + first["NextToken"].string_or("") + R"("})").size() == 103);
  check_json_refusals(
      desk,
      {{"ListMetrics", R"({"NextToken":"x"})", "InvalidParameterValueException", "invalid"},
       {"ListMetrics",
        R"({"IncludeLinkedAccounts":true})",
        "InvalidParameterValueException",
        "not built"}});
}

TEST_CASE("PutMetricAlarm: what is missing, wrong or not built is refused before the engine") {
  Desk desk;
  const auto with = [](const std::string& more) { return "{" + kAlarm + more + "}"; };
  const std::string average = R"(,"Statistic":"Average")";
  check_json_refusals(
      desk,
      {{"PutMetricAlarm", "{}", "MissingRequiredParameterException", "AlarmName"},
       {"PutMetricAlarm",
        R"({"AlarmName":"a","Statistic":"Sum"})",
        "MissingRequiredParameterException",
        "MetricName"},
       {"PutMetricAlarm", with(""), "InvalidParameterCombinationException", "Exactly one"},
       {"PutMetricAlarm",
        with(average + R"(,"ExtendedStatistic":"p9")"),
        "InvalidParameterCombinationException",
        "Exactly one"},
       {"PutMetricAlarm",
        with(average + R"(,"EvaluateLowSampleCountPercentile":"ignore")"),
        "InvalidParameterCombinationException",
        "needs an ExtendedStatistic"},
       {"PutMetricAlarm",
        with(R"(,"ExtendedStatistic":"p9","EvaluateLowSampleCountPercentile":"x")"),
        "InvalidParameterValueException",
        "evaluate or ignore"},
       {"PutMetricAlarm",
        with(average + R"(,"TreatMissingData":"x")"),
        "InvalidParameterValueException",
        "notBreaching"},
       {"PutMetricAlarm",
        with(average + R"(,"DatapointsToAlarm":2)"),
        "InvalidParameterValueException",
        "DatapointsToAlarm"},
       {"PutMetricAlarm",
        with(average + R"(,"Metrics":[{"Id":"m"}])"),
        "InvalidParameterValueException",
        "Metrics is not built"},
       {"SetAlarmState",
        R"({"AlarmName":"a","StateValue":"OK","StateReason":"r","StateReasonData":"{"})",
        "InvalidFormatFault",
        "JSON"},
       {"SetAlarmState",
        R"({"AlarmName":"a","StateValue":"FINE","StateReason":"r"})",
        "InvalidParameterValueException",
        "enum"},
       {"DescribeAlarmHistory", R"({"NextToken":"x"})", "InvalidNextToken", "invalid"},
       {"ListTagsForResource",
        R"({"ResourceARN":"arn:aws:cloudwatch:eu-west-2:000000000000:alarm:x"})",
        "ResourceNotFoundException",
        "no alarm",
        404}});
  CHECK(desk.commands.posted().empty());
}

TEST_CASE("alarm commands: the engine's errors come through as they are") {
  Desk desk;
  const auto answer = [&](const char* name) {
    desk.commands.answer_with([name](const engine::Command&) -> Result<engine::Answer> {
      return Error{ErrorCode::NotFound, name, "as the engine says"};
    });
  };
  answer("ResourceNotFound");
  check_json_refusals(
      desk,
      {{"DeleteAlarms", R"({"AlarmNames":["a"]})", "ResourceNotFound", "engine", 404},
       {"SetAlarmState",
        R"({"AlarmName":"a","StateValue":"OK","StateReason":"r"})",
        "ResourceNotFound",
        "engine",
        404}});
  answer("LimitExceeded");
  check_json_refusals(desk,
                      {{"PutMetricAlarm",
                        "{" + kAlarm + R"(,"Statistic":"Sum"})",
                        "LimitExceededFault",
                        "engine"}});
  answer("ResourceNotFoundException");
  check_json_refusals(
      desk,
      {{"TagResource",
        R"({"ResourceARN":"arn:aws:cloudwatch:r:0:alarm:a","Tags":[{"Key":"k","Value":"v"}]})",
        "ResourceNotFoundException",
        "engine",
        404}});
}

TEST_CASE("DescribeAlarmHistory: newest first, by alarm, type and time, in pages") {
  engine::Model model = sample::model();
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const auto type =
        i % 2 == 0 ? alarms::HistoryItemType::Action : alarms::HistoryItemType::StateUpdate;
    model.alarm_history.push_back({i,
                                   alarms::AlarmName{i == 5 ? "b" : "a"},
                                   sample::kNow - hours{5 - static_cast<int>(i)},
                                   type,
                                   "item " + std::to_string(i),
                                   "{}"});
  }
  Desk desk{model};
  const auto items = [&](const std::string& body) {
    std::string found;
    const Json answer = read(desk, "DescribeAlarmHistory", body);
    for (const Json& item : answer["AlarmHistoryItems"].items()) {
      found += item["HistorySummary"].string_or("").substr(5);
    }
    return found;
  };
  CHECK(items("{}") == "54321");
  CHECK(items(R"({"ScanBy":"TimestampAscending"})") == "12345");
  CHECK(items(R"({"AlarmName":"a"})") == "4321");
  CHECK(items(R"({"HistoryItemType":"Action"})") == "42");
  CHECK(items(R"({"AlarmTypes":["CompositeAlarm"]})").empty());
  CHECK(items(R"({"StartDate":"2026-01-03T10:04:31Z","EndDate":"2026-01-03T11:04:32Z"})") == "43");
  const Json page = read(desk, "DescribeAlarmHistory", R"({"MaxRecords":2})");
  CHECK(page["AlarmHistoryItems"].items().size() == 2);
  CHECK(items(R"({"MaxRecords":2,"NextToken":")" + page["NextToken"].string_or("") + R"("})") ==
        "32");
}

TEST_CASE("DescribeAlarmsForMetric, ListTagsForResource: of one metric, of one alarm") {
  engine::Model model = sample::model();
  alarms::Alarm& alarm = model.alarms.at(alarms::AlarmName{"cnt-ec2-cpu-high"});
  alarm.tags = {{"team", "rooms"}};
  alarm.extended_statistic = "p95";
  Desk desk{model};
  const std::string metric =
      R"({"Namespace":"AWS/EC2","MetricName":"CPUUtilization","Dimensions":[{"Name":)"
      R"("AutoScalingGroupName","Value":"cnt-backend-asg"}])";
  const auto count = [&](const std::string& more) {
    return read(desk, "DescribeAlarmsForMetric", metric + more + "}")["MetricAlarms"]
        .items()
        .size();
  };
  CHECK(count("") == 3);
  CHECK(count(R"(,"ExtendedStatistic":"p95")") == 1);
  CHECK(count(R"(,"Statistic":"Average")") == 2);
  CHECK(count(R"(,"Statistic":"Sum")") == 0);
  CHECK(count(R"(,"Period":7)") == 0);
  CHECK(count(R"(,"Unit":"Bytes")") == 0);
  CHECK(read(desk, "ListTagsForResource", R"({"ResourceARN":")" + alarm.arn + R"("})").dump() ==
        R"({"Tags":[{"Key":"team","Value":"rooms"}]})");
}

TEST_CASE("DescribeAlarms: DatapointsToAlarm is told where it was given, as Terraform expects") {
  for (const std::optional<std::int32_t> given : {std::optional<std::int32_t>{}, {1}}) {
    engine::Model model = sample::model();
    model.alarms.at(alarms::AlarmName{"cnt-ec2-cpu-high"}).datapoints_to_alarm = given;
    Desk desk{model};
    const Json answer = read(desk, "DescribeAlarms", R"({"AlarmNames":["cnt-ec2-cpu-high"]})");
    const Json& alarm = answer["MetricAlarms"].items()[0];
    CHECK(alarm["DatapointsToAlarm"].is_null() == !given.has_value());
    CHECK(alarm["DatapointsToAlarm"].int_or(1) == 1);
  }
}

TEST_CASE("RPC v2 CBOR: a wrong path, body or operation is refused in CBOR") {
  Desk desk;
  const auto type_of = [&](const std::string& path, std::string body) {
    HttpRequest request{"POST", path, "", {{"smithy-protocol", "rpc-v2-cbor"}}, std::move(body)};
    const HttpResponse response = desk.ask(sample::signed_request(
        "monitoring", request.body, desk.now, request.headers, request.path));
    CHECK(response.status == 400);
    return (*parse_cbor(response.body))["__type"].string_or("");
  };
  const std::string service = "/service/GraniteServiceVersion20100801/operation/";
  CHECK(type_of("/", "\xa0") == "UnknownOperationException");
  CHECK(type_of("/service/Other/operation/DescribeAlarms", "\xa0") == "UnknownOperationException");
  CHECK(type_of(service + "Nope", "\xa0") == "UnknownOperationException");
  CHECK(type_of(service + "PutDashboard", "\xa0") == "UnsupportedOperation");
  CHECK(type_of(service + "DescribeAlarms", "\x80") == "SerializationException");
  CHECK(type_of(service + "DescribeAlarms", "{}") == "SerializationException");
  CHECK(type_of(service + "DeleteAlarms", "\xa0") == "MissingRequiredParameterException");
}

}  // namespace tidegate::api
