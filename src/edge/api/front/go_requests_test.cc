// Requests as the AWS SDK for Go v2 sent them (tests/conformance/go-recorder): signature, CBOR and
// gzip are its own.
#include <array>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "edge/api/protocol/cbor.h"
#include "sample/desk.h"

namespace tidegate::api {
namespace {

using sample::Desk;

std::string unhexed(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

HttpRequest recorded(const std::string& operation) {
  std::ifstream file{"tests/conformance/go-requests/" + operation + ".txt"};
  REQUIRE(file.is_open());
  HttpRequest request;
  std::string line;
  std::getline(file, line);
  const auto words = split(line, ' ');
  request.method = words.at(0);
  request.path = words.at(1);
  while (std::getline(file, line) && !line.empty()) {
    const std::size_t colon = line.find(": ");
    request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  std::getline(file, line);
  request.body = unhexed(line);
  return request;
}

Instant sent_at(const HttpRequest& request) {
  const std::string date = request.header("x-amz-date").value_or("");  // 20261122T033801Z
  return *parse_iso8601(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) +
                        ":" + date.substr(11, 2) + ":" + date.substr(13));
}

HttpResponse ask(Desk& desk, const std::string& operation) {
  HttpRequest request = recorded(operation);
  desk.now = sent_at(request);
  HttpResponse response = desk.ask(std::move(request));
  CAPTURE(operation);
  CAPTURE(response.body);
  CHECK(response.status == 200);
  const auto protocol = std::find_if(response.headers.begin(),
                                     response.headers.end(),
                                     [](const auto& h) { return h.first == "smithy-protocol"; });
  REQUIRE(protocol != response.headers.end());
  CHECK(protocol->second == "rpc-v2-cbor");
  return response;
}

Json read(Desk& desk, const std::string& operation) {
  return *parse_cbor(ask(desk, operation).body);
}

/// The command that the request became; its answer has no body, or an empty map.
engine::AlarmCommand written(Desk& desk, const std::string& operation) {
  const std::size_t before = desk.commands.posted().size();
  const HttpResponse response = ask(desk, operation);
  CHECK((response.body.empty() || response.body == "\xa0"));
  REQUIRE(desk.commands.posted().size() == before + 1);
  return std::get<engine::AlarmCommand>(desk.commands.posted().back());
}

}  // namespace

TEST_CASE("Go SDK: what it puts is read back by all that read metrics") {
  Desk desk;
  const HttpResponse put = ask(desk, "PutMetricData");
  CHECK(put.body.empty());
  CHECK(put.headers.size() == 2);  // no Content-Type without a body
  const Json data = read(desk, "GetMetricData");
  const auto& results = data["MetricDataResults"].items();
  REQUIRE(results.size() == 2);
  CHECK(results[0]["Id"].string_or("") == "m1");
  CHECK(results[0]["StatusCode"].string_or("") == "Complete");
  CHECK(results[0]["Values"].items().at(0).number_or(0) == 4.0);
  CHECK(results[1]["Label"].string_or("") == "both");
  CHECK(results[1]["Values"].items().at(0).number_or(0) == 400.0);
  const Json asked = *parse_cbor(recorded("GetMetricData").body);
  CHECK(results[1]["Timestamps"].items().at(0).number_or(0) == asked["StartTime"].number_or(1));
  const Json statistics = read(desk, "GetMetricStatistics");
  const Json& point = statistics["Datapoints"].items().at(0);
  CHECK(point["ExtendedStatistics"]["p50"].number_or(0) == doctest::Approx(0.25).epsilon(0.01));
  CHECK(point["ExtendedStatistics"]["p99"].number_or(0) == doctest::Approx(0.5).epsilon(0.01));
  CHECK(point["Unit"].string_or("") == "Seconds");
  const Json listed = read(desk, "ListMetrics");
  REQUIRE(listed["Metrics"].items().size() == 1);
  CHECK(listed["Metrics"].items()[0]["MetricName"].string_or("") == "Latency");
}

TEST_CASE("Go SDK: alarms as it asks for them") {
  Desk desk;
  CHECK(read(desk, "DescribeAlarms")["MetricAlarms"].items().at(0)["AlarmName"].string_or("") ==
        "cnt-ec2-cpu-high");
  CHECK(read(desk, "DescribeAlarmsForMetric")["MetricAlarms"].is_array());
  CHECK(read(desk, "DescribeAlarmHistory")["AlarmHistoryItems"].is_array());
  CHECK(read(desk, "ListTagsForResource")["Tags"].is_array());
  CHECK(desk.commands.posted().empty());
}

TEST_CASE("Go SDK: commands as it gives them") {
  Desk desk;
  const auto put = std::get<engine::PutAlarm>(written(desk, "PutMetricAlarm")).alarm;
  CHECK(put.name.value == "cnt-p99");
  CHECK(put.extended_statistic == "p99");
  CHECK(put.low_sample_count == alarms::LowSampleCount::Ignore);
  CHECK(put.treat_missing_data == alarms::TreatMissingData::NotBreaching);
  CHECK(put.period == std::chrono::seconds{60});
  CHECK(put.evaluation_periods == 3);
  CHECK(put.datapoints_to_alarm == 2);
  CHECK(put.threshold == 2);
  CHECK(put.metric == metrics::make_metric_id("App", "Latency", {{"Room", "7"}}));
  CHECK(put.tags == std::map<std::string, std::string>{{"team", "rooms"}});
  const auto set = std::get<engine::SetAlarmState>(written(desk, "SetAlarmState"));
  CHECK(set.state == alarms::StateValue::Alarm);
  CHECK(set.reason == "a test");
  CHECK(set.reason_data == R"({"by":"hand"})");
  CHECK(std::get<engine::SwitchAlarmActions>(written(desk, "EnableAlarmActions")).to ==
        engine::SwitchAlarmActions::To::Enabled);
  CHECK(std::get<engine::SwitchAlarmActions>(written(desk, "DisableAlarmActions")).to ==
        engine::SwitchAlarmActions::To::Disabled);
  CHECK(std::get<engine::TagAlarm>(written(desk, "TagResource")).set.at("team") == "rooms");
  CHECK(std::get<engine::TagAlarm>(written(desk, "UntagResource")).remove ==
        std::vector<std::string>{"team"});
  CHECK(std::get<engine::DeleteAlarms>(written(desk, "DeleteAlarms")).names.at(0).value ==
        "cnt-p99");
}

TEST_CASE("Go SDK: errors carry __type, the message and the query protocol's code") {
  Desk desk;
  desk.commands.answer_with([](const engine::Command&) -> Result<engine::Answer> {
    return Error{ErrorCode::NotFound, "ResourceNotFound", "there is no alarm 'cnt-p99'"};
  });
  HttpRequest request = recorded("DeleteAlarms");
  desk.now = sent_at(request);
  const HttpResponse response = desk.ask(request);
  CHECK(response.status == 404);
  const Json body = *parse_cbor(response.body);
  CHECK(body["__type"].string_or("") == "ResourceNotFound");
  CHECK(body["message"].string_or("") == "there is no alarm 'cnt-p99'");
  CHECK(std::find(response.headers.begin(),
                  response.headers.end(),
                  HttpHeader{"x-amzn-query-error", "ResourceNotFound;Sender"}) !=
        response.headers.end());
  request.body += "x";  // not what was signed
  CHECK((*parse_cbor(desk.ask(request).body))["__type"].string_or("") == "SignatureDoesNotMatch");
}

}  // namespace tidegate::api
