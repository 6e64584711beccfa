#include "edge/api/front/front.h"

#include <array>

#include <doctest/doctest.h>

#include "sample/desk.h"

namespace tidegate::api {
namespace {

using sample::code_of;
using sample::Desk;
using sample::message_of;

const std::vector<HttpHeader> kJsonAlarms = {
    {"X-Amz-Target", "GraniteServiceVersion20100801.DescribeAlarms"}};

}  // namespace

TEST_CASE("front: who is not signed is refused in the protocol's words") {
  Desk desk;
  struct Case {
    const char* name;
    HttpRequest request;
    int status;
    const char* code;
  };
  const auto unsigned_of = [](std::string body, std::vector<HttpHeader> headers = {}) {
    return HttpRequest{"POST", "/", "", std::move(headers), std::move(body)};
  };
  const Instant old = sample::kNow - std::chrono::minutes{15} - std::chrono::seconds{2};
  auto wrong =
      sample::signed_request("ec2", "Action=DescribeInstances&Version=2016-11-15", sample::kNow);
  wrong.body += "&DryRun=true";
  const auto cases = std::to_array<Case>({
      {"query",
       unsigned_of("Action=GetCallerIdentity&Version=2011-06-15"),
       403,
       "MissingAuthenticationToken"},
      {"ec2",
       unsigned_of("Action=DescribeInstances&Version=2016-11-15"),
       403,
       "MissingAuthenticationToken"},
      {"JSON", unsigned_of("{}", kJsonAlarms), 403, "MissingAuthenticationToken"},
      {"nothing at all", unsigned_of(""), 403, "MissingAuthenticationToken"},
      {"15 min old, query",
       sample::signed_request("sts", "Action=GetCallerIdentity", old),
       403,
       "SignatureDoesNotMatch"},
      {"15 min old, ec2",
       sample::signed_request("ec2", "Action=DescribeInstances", old),
       400,
       "RequestExpired"},
      {"wrongly signed", wrong, 403, "SignatureDoesNotMatch"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const HttpResponse response = desk.ask(c.request);
    CHECK(response.status == c.status);
    CHECK(code_of(response) == c.code);
  }
  CHECK(desk.commands.posted().empty());
}

TEST_CASE("front: an unknown key is refused in each protocol's word and status") {
  Desk desk;
  struct Case {
    const char* service;
    std::vector<HttpHeader> headers;
    int status;
    const char* code;
  };
  const auto cases = std::to_array<Case>({
      {"autoscaling", {}, 403, "InvalidClientTokenId"},
      {"ec2", {}, 401, "AuthFailure"},
      {"monitoring", kJsonAlarms, 400, "UnrecognizedClientException"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.service);
    HttpRequest request = sample::signed_request(c.service, "{}", desk.now, c.headers);
    std::string& header = request.headers.back().second;
    header.replace(header.find("AKID"), 4, "BKID");
    const HttpResponse response = desk.ask(request);
    CHECK(response.status == c.status);
    CHECK(code_of(response) == c.code);
  }
}

TEST_CASE("front: an operation that is not served says so, and what works instead") {
  Desk desk;
  struct Case {
    const char* service;
    const char* body;
    const char* target;
    const char* code;
    const char* part;
  };
  const auto cases = std::to_array<Case>({
      {"autoscaling",
       "Action=PutWarmPool&Version=2011-01-01",
       "",
       "UnsupportedOperation",
       "what works of autoscaling: AttachInstances, "},
      {"autoscaling",
       "Action=Dance&Version=2011-01-01",
       "",
       "InvalidAction",
       "Could not find operation Dance for version 2011-01-01"},
      {"autoscaling",
       "Action=DescribePolicies&Version=2009-01-01",
       "",
       "InvalidAction",
       "for version 2009-01-01"},
      {"autoscaling", "Version=2011-01-01", "", "MissingAction", ""},
      {"ec2",
       "Action=CreateVpc&Version=2016-11-15",
       "",
       "UnsupportedOperation",
       "what works of ec2: CreateLaunchTemplate, "},
      {"ec2", "Action=Dance&Version=2016-11-15", "", "InvalidAction", ""},
      {"monitoring",
       "{}",
       "GraniteServiceVersion20100801.PutDashboard",
       "UnsupportedOperation",
       "GetMetricData, GetMetricStatistics, ListMetrics"},
      {"monitoring", "{}", "GraniteServiceVersion20100801.Dance", "UnknownOperationException", ""},
      {"monitoring", "{}", "Tidegate.GetStatus", "UnknownOperationException", ""},
      {"tidegate", "{}", "Tidegate.Dance", "UnknownOperationException", ""},
      {"tidegate", "{}", "", "UnknownOperationException", ""},
      {"autoscaling", "{}", "Tidegate.GetStatus", "UnknownOperationException", ""},
      {"s3", "Action=ListBuckets", "", "UnsupportedOperation", "the service 's3' is not built"},
  });
  for (const Case& c : cases) {
    CAPTURE(c.body);
    std::vector<HttpHeader> headers;
    if (*c.target != '\0') {
      headers.emplace_back("X-Amz-Target", c.target);
    }
    const HttpResponse response = desk.form(c.service, c.body, headers);
    CHECK(response.status == 400);
    CHECK(code_of(response) == c.code);
    CHECK(message_of(response).find(c.part) != std::string::npos);
  }
}

TEST_CASE("front: a broken body is the client's error") {
  Desk desk;
  CHECK(code_of(desk.form("sts", "Action=%zz")) == "MalformedQueryString");
  CHECK(code_of(desk.form("monitoring", "{", kJsonAlarms)) == "SerializationException");
  CHECK(code_of(desk.form("monitoring", "[]", kJsonAlarms)) == "SerializationException");
  auto headers = kJsonAlarms;
  headers.emplace_back("Content-Encoding", "gzip");
  CHECK(code_of(desk.form("monitoring", "{}", headers)) == "SerializationException");
  headers.back().second = "br";
  CHECK(code_of(desk.form("monitoring", "{}", headers)) == "SerializationException");
}

TEST_CASE("front: a GET with its parameters in the URL is the same request") {
  Desk desk;
  const HttpRequest post = sample::signed_request("sts", "", desk.now);
  HttpRequest get = post;
  get.method = "GET";
  get.query = "Action=GetCallerIdentity&Version=2011-06-15";
  const auto authorization = *parse_authorization(post);
  const std::string date = *post.header("x-amz-date");
  std::string& header = get.headers.back().second;
  header.replace(
      header.size() - 64,
      64,
      signature_of(authorization,
                   sample::kRoot.secret_access_key,
                   string_to_sign(
                       authorization, date, canonical_request(get, authorization.signed_headers))));
  const HttpResponse response = desk.ask(get);
  CHECK(response.status == 200);
  CHECK(response.body.find("<Account>000000000000</Account>") != std::string::npos);
}

TEST_CASE("front: every answer carries the id it was given, and no two are the same") {
  Desk desk;
  const auto id_of = [](const HttpResponse& response) {
    REQUIRE(response.headers[0].first == "x-amzn-RequestId");
    CHECK(response.body.find(response.headers[0].second) != std::string::npos);
    return response.headers[0].second;
  };
  const std::string first = id_of(desk.form("sts", "Action=GetCallerIdentity"));
  const std::string second = id_of(desk.form("sts", "Action=Dance"));
  CHECK(first.size() == 36);
  CHECK(first != second);
}

TEST_CASE("front: a write becomes a command of the root, and its outcome the answer") {
  Desk desk;
  desk.commands.answer_with([](const engine::Command&) -> Result<engine::Answer> {
    return engine::Answer{engine::StackIdAnswer{"arn:new"}};
  });
  const HttpResponse response =
      desk.form("cloudformation",
                "Action=CreateStack&Version=2010-05-15&StackName=app&TemplateBody=Resources%3A&"
                "Parameters.member.1.ParameterKey=A&Parameters.member.1.ParameterValue=1&"
                "Tags.member.1.Key=k&Tags.member.1.Value=v&Capabilities.member.1=CAPABILITY_IAM",
                {{"X-Tidegate-Template-Folder", "/srv/app"}});
  CHECK(response.status == 200);
  CHECK(response.body.find("<StackId>arn:new</StackId>") != std::string::npos);
  REQUIRE(desk.commands.posted().size() == 1);
  const auto& command = std::get<engine::CreateStack>(desk.commands.posted()[0]);
  CHECK(command.name.value == "app");
  CHECK(command.template_body == "Resources:");
  CHECK(command.template_folder == "/srv/app");
  CHECK(command.parameters == std::map<std::string, std::string>{{"A", "1"}});
  CHECK(command.tags == std::map<std::string, std::string>{{"k", "v"}});
  CHECK(desk.commands.principals()[0].arn == "arn:aws:iam::000000000000:root");
}

TEST_CASE("front: a command that is refused answers the engine's error") {
  Desk desk;
  desk.commands.answer_with([](const engine::Command&) -> Result<engine::Answer> {
    return Error{ErrorCode::AlreadyExists, "AlreadyExistsException", "Stack [app] already exists"};
  });
  HttpResponse response =
      desk.form("cloudformation", "Action=CreateStack&StackName=app&TemplateBody=a");
  CHECK(response.status == 400);
  CHECK(code_of(response) == "AlreadyExistsException");
  desk.commands.answer_with([](const engine::Command&) -> Result<engine::Answer> {
    return Error{ErrorCode::Unavailable, "Throttling", "Rate exceeded"};
  });
  response = desk.form("cloudformation", "Action=DeleteStack&StackName=app");
  CHECK(response.status == 400);
  CHECK(code_of(response) == "Throttling");
}

TEST_CASE("front: each write carries what was asked for") {
  Desk desk;
  const auto command_of =
      [&](const char* service, const std::string& body, std::vector<HttpHeader> headers = {}) {
        const std::size_t before = desk.commands.posted().size();
        const HttpResponse response = desk.form(service, body, std::move(headers));
        CAPTURE(response.body);
        REQUIRE(response.status == 200);
        REQUIRE(desk.commands.posted().size() == before + 1);
        return desk.commands.posted().back();
      };
  const auto capacity = std::get<engine::SetDesiredCapacity>(command_of(
      "autoscaling",
      "Action=SetDesiredCapacity&AutoScalingGroupName=cnt-backend-asg&DesiredCapacity=3"));
  CHECK(capacity.group == sample::kGroup);
  CHECK(capacity.desired_capacity == 3);

  const std::string terminate =
      "Action=TerminateInstanceInAutoScalingGroup&InstanceId=i-03c688b8cb17b7070&"
      "ShouldDecrementDesiredCapacity=";
  using Desired = engine::TerminateInstance::Desired;
  CHECK(
      std::get<engine::TerminateInstance>(command_of("autoscaling", terminate + "true")).desired ==
      Desired::Decrement);
  CHECK(
      std::get<engine::TerminateInstance>(command_of("autoscaling", terminate + "false")).desired ==
      Desired::Keep);

  const std::string targets = "&TargetGroupArn=" + sample::target_group_arn().value +
                              "&Targets.member.1.Id=i-1&Targets.member.1.Port=81&"
                              "Targets.member.2.Id=i-2";
  const auto registered = std::get<engine::RegisterTargets>(
      command_of("elasticloadbalancing", "Action=RegisterTargets" + targets));
  REQUIRE(registered.targets.size() == 2);
  CHECK(registered.targets[0].port == 81);
  CHECK(registered.targets[1].port == 0);
  CHECK(std::get<engine::DeregisterTargets>(
            command_of("elasticloadbalancing", "Action=DeregisterTargets" + targets))
            .targets[1]
            .id == "i-2");

  using Haste = engine::DeleteStack::Haste;
  const auto haste_of = [&](std::vector<HttpHeader> headers) {
    return std::get<engine::DeleteStack>(
               command_of("cloudformation", "Action=DeleteStack&StackName=cnt", std::move(headers)))
        .haste;
  };
  CHECK(haste_of({}) == Haste::Drain);
  CHECK(haste_of({{"X-Tidegate-Haste", "now"}}) == Haste::Now);
}

TEST_CASE("front: an update takes previous values, and the stack's own template folder") {
  Desk desk;
  const HttpResponse response =
      desk.form("cloudformation",
                "Action=UpdateStack&StackName=cnt&UsePreviousTemplate=true&"
                "Parameters.member.1.ParameterKey=Colour&Parameters.member.1.UsePreviousValue=true&"
                "Parameters.member.2.ParameterKey=Size&Parameters.member.2.ParameterValue=2");
  CAPTURE(response.body);
  REQUIRE(response.status == 200);
  const auto& command = std::get<engine::UpdateStack>(desk.commands.posted()[0]);
  CHECK(command.template_body.empty());
  CHECK(command.template_folder == "/examples/cnt");
  CHECK(command.parameters ==
        std::map<std::string, std::string>{{"Colour", "blue"}, {"Size", "2"}});
  CHECK(response.body.find("<StackId>" + sample::stack_id() + "</StackId>") != std::string::npos);
}

TEST_CASE("front: gzip bodies are unpacked, bombs are not") {
  Desk desk;
  // {"AlarmNamePrefix":"cnt-"} by `gzip -n`
  const std::string packed =
      *base64_decode("H4sIAAAAAAACA6tWcsxJLMr1S8xNDShKTcusULJSSs4r0VWqBQBWBBYQGgAAAA==");
  auto headers = kJsonAlarms;
  headers.emplace_back("Content-Encoding", "gzip");
  const HttpResponse response = desk.form("monitoring", packed, headers);
  CAPTURE(response.body);
  CHECK(response.status == 200);
  const Json answer = *Json::parse(response.body);
  REQUIRE(answer["MetricAlarms"].items().size() == 1);
  CHECK(answer["MetricAlarms"].items()[0]["AlarmName"].string_or("") == "cnt-ec2-cpu-high");
}

}  // namespace tidegate::api
