#include <doctest/doctest.h>

#include "base/text.h"
#include "edge/metadata/answer.h"
#include "edge/metadata/document.h"

namespace tidegate::metadata {
namespace {

using std::chrono::seconds;

Json example() {
  return Json::object({{"instance-id", "i-0abc"},
                       {"instance-type", "t3.large"},
                       {"ami-id", "ami-1"},
                       {"account-id", "000000000000"},
                       {"region", "eu-west-2"},
                       {"availability-zone", "eu-west-2a"},
                       {"auto-scaling-group", "cnt"},
                       {"launch-template", "lt-1"},
                       {"launch-template-version", "3"},
                       {"target-lifecycle-state", "InService"},
                       {"pending-time", "2026-11-22T03:00:00Z"},
                       {"architecture", "x86_64"},
                       {"local-ipv4", "10.64.0.2"},
                       {"local-hostname", "ip-10-64-0-2.eu-west-2.compute.internal"},
                       {"mac", "02:00:00:00:00:07"},
                       {"tags", Json::object({{"Name", "backend"}, {"a b", "hidden"}})},
                       {"user-data", "#!/bin/sh\n"}});
}

TEST_CASE("metadata: every category says what the document says") {
  const Paths paths = paths_of(example());
  struct Case {
    const char* path;
    const char* value;
  };
  for (const Case& c : {
           Case{"meta-data/instance-id", "i-0abc"},
           Case{"meta-data/instance-type", "t3.large"},
           Case{"meta-data/ami-id", "ami-1"},
           Case{"meta-data/local-ipv4", "10.64.0.2"},
           Case{"meta-data/hostname", "ip-10-64-0-2.eu-west-2.compute.internal"},
           Case{"meta-data/local-hostname", "ip-10-64-0-2.eu-west-2.compute.internal"},
           Case{"meta-data/mac", "02:00:00:00:00:07"},
           Case{"meta-data/network/interfaces/macs/02:00:00:00:00:07/local-ipv4s", "10.64.0.2"},
           Case{"meta-data/placement/availability-zone", "eu-west-2a"},
           Case{"meta-data/placement/availability-zone/", "eu-west-2a"},
           Case{"meta-data/placement/region", "eu-west-2"},
           Case{"meta-data/services/domain", "amazonaws.com"},
           Case{"meta-data/autoscaling/target-lifecycle-state", "InService"},
           Case{"meta-data/tags/instance/Name", "backend"},
           Case{"meta-data/tags/instance/aws:autoscaling:groupName", "cnt"},
           Case{"meta-data/tags/instance/aws:ec2launchtemplate:version", "3"},
           Case{"user-data", "#!/bin/sh\n"},
       }) {
    CAPTURE(c.path);
    CHECK(look_up(paths, c.path).value_or("absent") == c.value);
  }
}

TEST_CASE("metadata: a folder lists its names, folders among them with a slash") {
  const Paths paths = paths_of(example());
  CHECK(look_up(paths, "") == "dynamic/\nmeta-data/\nuser-data");
  CHECK(look_up(paths, "meta-data/placement") == "availability-zone\nregion");
  CHECK(look_up(paths, "meta-data/placement/") == "availability-zone\nregion");
  CHECK(look_up(paths, "meta-data/tags/") == "instance/");
  CHECK(look_up(paths, "meta-data/tags/instance") ==
        "Name\naws:autoscaling:groupName\naws:ec2launchtemplate:id\naws:ec2launchtemplate:version");
}

TEST_CASE("metadata: what the document does not say is not there") {
  const Paths paths = paths_of(Json::object({{"instance-id", "i-1"}}));
  CHECK(look_up(paths, "meta-data/instance-id") == "i-1");
  for (const char* path : {"user-data",
                           "meta-data/mac",
                           "meta-data/local-ipv4",
                           "meta-data/tags",
                           "meta-data/placement",
                           "meta-data/iam",
                           "meta-data/iam/security-credentials",
                           "meta-data/instance",
                           "meta-data/instance-id/more",
                           "nothing"}) {
    CAPTURE(path);
    CHECK_FALSE(look_up(paths, path).has_value());
  }
}

TEST_CASE("metadata: the identity document is JSON with the instance's facts") {
  const auto text = look_up(paths_of(example()), "dynamic/instance-identity/document");
  REQUIRE(text);
  const auto identity = Json::parse(*text);
  REQUIRE(identity);
  CHECK((*identity)["instanceId"].string_or("") == "i-0abc");
  CHECK((*identity)["accountId"].string_or("") == "000000000000");
  CHECK((*identity)["region"].string_or("") == "eu-west-2");
  CHECK((*identity)["privateIp"].string_or("") == "10.64.0.2");
  CHECK((*identity)["architecture"].string_or("") == "x86_64");
  CHECK((*identity)["pendingTime"].string_or("") == "2026-11-22T03:00:00Z");
}

TEST_CASE("metadata: a token is valid for its instance until its last second") {
  const Tokens tokens{std::string(32, 'k')};
  const std::string token = tokens.issue("i-1", seconds{100}, seconds{60});
  CHECK(token.size() == 56);
  CHECK(tokens.is_valid(token, "i-1", seconds{100}));
  CHECK(tokens.is_valid(token, "i-1", seconds{159}));
  CHECK_FALSE(tokens.is_valid(token, "i-1", seconds{160}));
  CHECK_FALSE(tokens.is_valid(token, "i-2", seconds{100}));
  CHECK_FALSE(Tokens{std::string(32, 'x')}.is_valid(token, "i-1", seconds{100}));
  for (const std::string& forged : {std::string{},
                                    std::string{"AAAA"},
                                    token + "AAAA",
                                    token.substr(4),
                                    "B" + token.substr(1)}) {
    CAPTURE(forged);
    CHECK_FALSE(tokens.is_valid(forged, "i-1", seconds{100}));
  }
}

struct Asked {
  std::string method = "GET";
  std::string path = "/latest/meta-data/instance-id";
  net::Headers headers;
};

net::HttpResponse ask(const Asked& asked, std::string_view token_for = "i-0abc") {
  const Tokens tokens{std::string(32, 'k')};
  net::HttpRequest request;
  request.method = asked.method;
  request.path = asked.path;
  request.headers = asked.headers;
  if (!token_for.empty()) {
    request.headers.emplace_back("x-aws-ec2-metadata-token",
                                 tokens.issue(token_for, seconds{5}, seconds{10}));
  }
  return answer(
      {request, "i-0abc", seconds{7}}, tokens, [] { return std::optional<Json>{example()}; });
}

net::HttpResponse put(const net::Headers& headers) {
  return ask({"PUT", "/latest/api/token", headers}, "");
}

TEST_CASE("metadata: the token is put with the seconds it is to live") {
  const std::string name = "X-aws-ec2-metadata-token-ttl-seconds";
  const net::HttpResponse response = put({{name, "21600"}});
  CHECK(response.status == 200);
  CHECK(response.body.size() == 56);
  CHECK(response.headers.back() == std::pair<std::string, std::string>{name, "21600"});
  CHECK(put({{name, "1"}}).status == 200);
  for (const char* wrong : {"0", "-1", "21601", "", "ten", "1.5"}) {
    CAPTURE(wrong);
    CHECK(put({{name, wrong}}).status == 400);
  }
  CHECK(put({}).status == 400);
  CHECK(put({{name, "60"}, {"X-Forwarded-For", "10.0.0.1"}}).status == 403);
}

TEST_CASE("metadata: without a token of its own nobody is told anything") {
  CHECK(ask({}).status == 200);
  CHECK(ask({}).body == "i-0abc");
  CHECK(ask({}, "").status == 401);
  CHECK(ask({}, "i-other").status == 401);
  CHECK(ask({"GET", "/latest/none", {}}, "").status == 401);
  CHECK(ask({"GET", "/latest/meta-data/instance-id", {{"x-forwarded-for", "1.2.3.4"}}}).status ==
        403);
}

TEST_CASE("metadata: paths and methods answer as AWS's do") {
  struct Case {
    const char* method;
    const char* path;
    int status;
  };
  for (const Case& c :
       {Case{"GET", "/", 200},
        Case{"GET", "/latest", 200},
        Case{"GET", "/latest/", 200},
        Case{"HEAD", "/latest/meta-data/", 200},
        Case{"GET", "/latest/user-data", 200},
        Case{"GET", "//latest//meta-data/instance-id", 200},
        Case{"GET", "//", 200},
        Case{"GET", "//latest/api//token", 405},
        Case{"GET", "/latest/meta-data/tags/instance/aws%3Aautoscaling%3AgroupName", 200},
        Case{"GET", "/latest/meta-data/iam/security-credentials/", 404},
        Case{"GET", "/latest/meta-data/no-such", 404},
        Case{"GET", "/latestmeta-data/", 404},
        Case{"GET", "/2020-01-01/meta-data/", 404},
        Case{"GET", "/latest/api/token", 405},
        Case{"PUT", "/latest/meta-data/instance-id", 405},
        Case{"POST", "/latest/meta-data/instance-id", 405},
        Case{"DELETE", "/latest/user-data", 405}}) {
    CAPTURE(c.method);
    CAPTURE(c.path);
    CHECK(ask({c.method, c.path, {}}).status == c.status);
  }
}

TEST_CASE("metadata: an instance without a document has nothing") {
  const Tokens tokens{std::string(32, 'k')};
  net::HttpRequest request;
  request.method = "GET";
  request.path = "/latest/meta-data/instance-id";
  request.headers = {{"X-aws-ec2-metadata-token", tokens.issue("i-1", seconds{1}, seconds{9})}};
  CHECK(answer({request, "i-1", seconds{1}}, tokens, [] { return std::optional<Json>{}; }).status ==
        404);
}

}  // namespace
}  // namespace tidegate::metadata
