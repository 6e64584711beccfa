// The CLI's client against the real API: libcurl's signature, every protocol there and back.
#include <doctest/doctest.h>

#include "apps/tidegate/client.h"
#include "edge/api/server.h"
#include "net/loop.h"
#include "net/socket.h"
#include "sample/sample_doors.h"
#include "sample/sample_model.h"
#include "sample/signed_request.h"
#include "sim/memory_metrics.h"

namespace tidegate::apps {
namespace {

// libcurl signs with the clock of this machine, so the server must believe in it too.
Instant wall_now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

class Running {
 public:
  explicit Running(std::function<Instant()> now = &wall_now) {
    api::Server::Settings settings;
    settings.port = 0;
    settings.front = {sample::kRoot, std::move(now), 1};
    server = std::move(*api::Server::start(settings, queries, commands, metrics));
  }
  Endpoint endpoint() const {
    return {"http://127.0.0.1:" + std::to_string(server->port()),
            "eu-west-2",
            sample::kRoot.access_key_id,
            sample::kRoot.secret_access_key};
  }

  sample::Queries queries{sample::model()};
  sample::Commands commands;
  sim::MemoryMetrics metrics;
  std::unique_ptr<api::Server> server;
};

}  // namespace

TEST_CASE("client: reads over query, ec2 and JSON alike, by the model's names") {
  const Running running;
  Client client{running.endpoint()};
  const auto groups = client.call("autoscaling", "DescribeAutoScalingGroups");
  REQUIRE_MESSAGE(groups.has_value(), groups.error().message);
  CHECK((*groups)["AutoScalingGroups"].items()[0]["MaxSize"].int_or(0) == 3);
  const auto instances =
      client.call("ec2",
                  "DescribeInstances",
                  Json::object({{"InstanceIds", Json::array({Json{sample::kInstance.value}})}}));
  REQUIRE_MESSAGE(instances.has_value(), instances.error().message);
  CHECK((*instances)["Reservations"].items().size() == 1);
  const auto alarms = client.call("cloudwatch", "DescribeAlarms");
  REQUIRE(alarms.has_value());
  CHECK((*alarms)["MetricAlarms"].items()[0]["Threshold"].number_or(0) == 70);
  const auto status = client.call("tidegate", "GetStatus");
  REQUIRE(status.has_value());
  CHECK((*status)["Stacks"].items()[0]["Verdict"].string_or("") == "READY");
  CHECK(client.call("sts", "GetCallerIdentity").has_value());
  CHECK(client.call("elbv2", "DescribeLoadBalancers").has_value());
}

TEST_CASE("client: headers travel, signed; a large template too") {
  const Running running;
  Client client{running.endpoint()};
  const std::string body(700'000, 'x');
  const auto made = client.call("cloudformation",
                                "CreateStack",
                                Json::object({{"StackName", "new"}, {"TemplateBody", body}}),
                                {{"X-Tidegate-Template-Folder", "/a folder/b"}});
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  const auto& command = std::get<engine::CreateStack>(running.commands.posted()[0]);
  CHECK(command.template_folder == "/a folder/b");
  CHECK(command.template_body == body);
}

TEST_CASE("client: errors of the API keep AWS's code") {
  const Running running;
  Client client{running.endpoint()};
  const auto unknown =
      client.call("cloudformation", "DescribeStacks", Json::object({{"StackName", "x"}}));
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error() ==
        Error{ErrorCode::InvalidArgument, "ValidationError", "Stack with id x does not exist"});
  const auto own = client.call("tidegate", "Explain", Json::object({{"Kind", "group"}}));
  REQUIRE_FALSE(own.has_value());
  CHECK(own.error().name == "ValidationError");
  CHECK(client.call("sts", "Dance").error().name == "InvalidAction");
  Endpoint wrong = running.endpoint();
  wrong.secret_access_key += "x";
  const auto denied = Client{wrong}.call("sts", "GetCallerIdentity");
  REQUIRE_FALSE(denied.has_value());
  CHECK(denied.error().code == ErrorCode::PermissionDenied);
  CHECK(denied.error().name == "SignatureDoesNotMatch");
}

TEST_CASE("client: nobody there is Unavailable, silence is Timeout, another server is said") {
  Endpoint nobody;
  {
    const auto listener =
        *net::listen_tcp(*net::SocketAddress::ip("127.0.0.1", 0), net::PortSharing::Exclusive);
    const std::string port = std::to_string(net::local_address(listener.get()).port());
    nobody.url = "http://127.0.0.1:" + port;
    Endpoint silent = nobody;
    silent.timeout = std::chrono::milliseconds{50};
    const auto late = Client{silent}.call("sts", "GetCallerIdentity");
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::Timeout);
  }
  const auto refused = Client{nobody}.call("sts", "GetCallerIdentity");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::Unavailable);
  CHECK(refused.error().message.find(nobody.url) != std::string::npos);
}

TEST_CASE("server: a taken port is an error that says so") {
  const Running running;
  api::Server::Settings settings;
  settings.port = running.server->port();
  settings.front = {sample::kRoot, &wall_now, 1};
  sample::Commands commands;
  sim::MemoryMetrics metrics;
  const auto second = api::Server::start(settings, running.queries, commands, metrics);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::AlreadyExists);
}

}  // namespace tidegate::apps
