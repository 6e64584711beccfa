#include "apps/tidegate/environment.h"

#include <map>

#include <doctest/doctest.h>

namespace tidegate::apps {
namespace {

Result<Environment> read(const std::map<std::string, std::string>& variables,
                         Caller caller = Caller::Root) {
  return read_environment(caller, [&variables](std::string_view name) {
    const auto found = variables.find(std::string{name});
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  });
}

TEST_CASE("environment: nothing set gives the documented defaults") {
  const auto root = read({});
  REQUIRE(root.has_value());
  CHECK(root->home == "/var/lib/tidegate");
  CHECK(root->api_url() == "http://127.0.0.1:4580");
  CHECK(root->region == "eu-west-2");
  CHECK_FALSE(root->range.has_value());
  CHECK_FALSE(root->instance_scale.has_value());
  CHECK(read({{"HOME", "/home/ann"}}, Caller::User)->home == "/home/ann/.local/share/tidegate");
  CHECK(read({{"HOME", "/home/ann"}, {"XDG_DATA_HOME", "/data"}}, Caller::User)->home ==
        "/data/tidegate");
}

TEST_CASE("environment: a recording has an absolute path") {
  CHECK_FALSE(read({})->record.has_value());
  CHECK(read({{"TIDEGATE_RECORD", "/tmp/day"}})->record == "/tmp/day");
  for (const char* wrong : {"day", "/tmp/"}) {
    const auto environment = read({{"TIDEGATE_RECORD", wrong}});
    REQUIRE_FALSE(environment.has_value());
    CHECK(environment.error().message.find("TIDEGATE_RECORD") != std::string::npos);
  }
}

TEST_CASE("environment: an empty variable is one that is not set") {
  const auto environment =
      read({{"TIDEGATE_HOME", ""}, {"TIDEGATE_API", ""}, {"TIDEGATE_INSTANCE_SCALE", ""}});
  REQUIRE(environment.has_value());
  CHECK(environment->home == "/var/lib/tidegate");
}

TEST_CASE("environment: what is set is taken") {
  const auto environment = read({{"TIDEGATE_HOME", "/srv/tg//"},
                                 {"TIDEGATE_API", "0.0.0.0:65535"},
                                 {"TIDEGATE_REGION", "us-east-1"},
                                 {"TIDEGATE_RANGE", "10.99.0.0/20"},
                                 {"TIDEGATE_INSTANCE_SCALE", "1"}});
  REQUIRE(environment.has_value());
  CHECK(environment->home == "/srv/tg");
  CHECK(environment->api_url() == "http://0.0.0.0:65535");
  CHECK(environment->region == "us-east-1");
  CHECK(environment->range == "10.99.0.0/20");
  CHECK(environment->instance_scale == 1.0);
  CHECK_FALSE(read({{"TIDEGATE_INSTANCE_SCALE", "auto"}})->instance_scale.has_value());
}

TEST_CASE("environment: a bad value is an error that names the variable") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"TIDEGATE_HOME", "relative/home"},
      {"TIDEGATE_HOME", "/"},
      {"TIDEGATE_HOME", "/" + std::string(kMaxHomeBytes, 'x')},
      {"TIDEGATE_API", "4580"},
      {"TIDEGATE_API", "127.0.0.1:0"},
      {"TIDEGATE_API", "127.0.0.1:65536"},
      {"TIDEGATE_API", "localhost:4580"},
      {"TIDEGATE_REGION", "EU WEST"},
      {"TIDEGATE_RANGE", "10.64.0.0"},
      {"TIDEGATE_RANGE", "10.64.0.0/29"},
      {"TIDEGATE_RANGE", "10.64.0/20"},
      {"TIDEGATE_INSTANCE_SCALE", "0"},
      {"TIDEGATE_INSTANCE_SCALE", "1.01"},
      {"TIDEGATE_INSTANCE_SCALE", "half"},
  };
  for (const auto& [name, value] : cases) {
    CAPTURE(name);
    CAPTURE(value);
    const auto environment = read({{name, value}});
    REQUIRE_FALSE(environment.has_value());
    CHECK(environment.error().code == ErrorCode::InvalidArgument);
    CHECK(environment.error().message.find(name) != std::string::npos);
  }
  CHECK(read({{"TIDEGATE_HOME", "/" + std::string(kMaxHomeBytes - 1, 'x')}}).has_value());
}

}  // namespace
}  // namespace tidegate::apps
