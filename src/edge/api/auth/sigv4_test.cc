#include "edge/api/auth/sigv4.h"

#include <array>
#include <fstream>
#include <functional>
#include <sstream>

#include <doctest/doctest.h>

#include "base/json.h"

namespace tidegate::api {
namespace {

struct Vectors {
  Credentials root;
  Instant now;
  std::vector<std::pair<std::string, HttpRequest>> requests;
  std::vector<std::pair<std::string, std::string>> scopes;  // service, region
};

std::string unhex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

/// Requests that botocore signed; see testdata/make_vectors.py.
Vectors load_vectors() {
  std::ifstream file("src/edge/api/auth/testdata/sigv4.json");
  REQUIRE(file.is_open());
  std::stringstream text;
  text << file.rdbuf();
  const Json json = *Json::parse(text.str());
  Vectors vectors;
  vectors.now = *parse_iso8601(json["Now"].string_or(""));
  vectors.root = {json["AccessKeyId"].string_or(""), json["SecretAccessKey"].string_or("")};
  for (const Json& item : json["Cases"].items()) {
    HttpRequest request;
    request.method = item["Method"].string_or("");
    request.path = item["Path"].string_or("");
    request.query = item["Query"].string_or("");
    request.body = unhex(item["BodyHex"].string_or(""));
    for (const auto& [name, value] : item["Headers"].members()) {
      request.headers.emplace_back(name, value.string_or(""));
    }
    vectors.requests.emplace_back(item["Name"].string_or(""), request);
    vectors.scopes.emplace_back(item["Service"].string_or(""), item["Region"].string_or(""));
  }
  return vectors;
}

Status check(const HttpRequest& request,
             const Credentials& root,
             Instant now,
             Protocol protocol = Protocol::Query) {
  TG_ASSIGN_OR_RETURN(const auto authorization, parse_authorization(request));
  return verify(request, authorization, root, protocol, now);
}

std::string& header_of(HttpRequest& request, const std::string& name) {
  for (HttpHeader& header : request.headers) {
    if (equals_ignoring_case(header.first, name)) {
      return header.second;
    }
  }
  return request.headers.emplace_back(name, "").second;
}

std::string error_name(const Status& status) {
  return status.has_value() ? "" : status.error().name;
}

}  // namespace

TEST_CASE("sigv4: what botocore signed is accepted, in any region") {
  const Vectors vectors = load_vectors();
  REQUIRE(vectors.requests.size() == 7);
  for (std::size_t i = 0; i < vectors.requests.size(); ++i) {
    const auto& [name, request] = vectors.requests[i];
    CAPTURE(name);
    CHECK(error_name(check(request, vectors.root, vectors.now)) == "");
    const auto authorization = parse_authorization(request);
    CHECK(authorization->service == vectors.scopes[i].first);
    CHECK(authorization->region == vectors.scopes[i].second);
  }
}

TEST_CASE("sigv4: any change of what was signed is seen") {
  const Vectors vectors = load_vectors();
  const HttpRequest good = vectors.requests[2].second;
  struct Case {
    const char* name;
    std::function<void(HttpRequest&)> change;
  };
  const auto cases = std::to_array<Case>({
      {"body", [](HttpRequest& r) { r.body += " "; }},
      {"method", [](HttpRequest& r) { r.method = "GET"; }},
      {"path", [](HttpRequest& r) { r.path = "/a"; }},
      {"query", [](HttpRequest& r) { r.query = "a=b"; }},
      {"host", [](HttpRequest& r) { header_of(r, "Host") = "127.0.0.1:4581"; }},
      {"target", [](HttpRequest& r) { header_of(r, "X-Amz-Target") += "x"; }},
      {"a second target", [](HttpRequest& r) { r.headers.emplace_back("x-amz-target", "x"); }},
      {"date", [](HttpRequest& r) { header_of(r, "X-Amz-Date") = "20260103T120432Z"; }},
      {"an unsigned x-amz- header",
       [](HttpRequest& r) { r.headers.emplace_back("X-Amz-New", ""); }},
      {"an unsigned x-tidegate- header",
       [](HttpRequest& r) { r.headers.emplace_back("X-Tidegate-Haste", "now"); }},
      {"scope",
       [](HttpRequest& r) {
         std::string& header = header_of(r, "Authorization");
         header.replace(header.find("eu-west-2"), 9, "eu-west-1");
       }},
      {"the signature's last digit",
       [](HttpRequest& r) {
         char& digit = header_of(r, "Authorization").back();
         digit = digit == '0' ? '1' : '0';
       }},
  });
  for (const Case& c : cases) {
    CAPTURE(c.name);
    HttpRequest request = good;
    c.change(request);
    CHECK(error_name(check(request, vectors.root, vectors.now)) == "SignatureDoesNotMatch");
  }
  Credentials other = vectors.root;
  other.secret_access_key += "x";
  CHECK(error_name(check(good, other, vectors.now)) == "SignatureDoesNotMatch");
}

TEST_CASE("sigv4: 15 minutes are accepted, one second more is not, either way") {
  const Vectors vectors = load_vectors();
  const HttpRequest& request = vectors.requests[0].second;
  const auto second = std::chrono::seconds{1};
  CHECK(check(request, vectors.root, vectors.now + kMaxClockSkew).has_value());
  CHECK(check(request, vectors.root, vectors.now - kMaxClockSkew).has_value());
  const auto late = check(request, vectors.root, vectors.now + kMaxClockSkew + second);
  CHECK(error_name(late) == "SignatureDoesNotMatch");
  CHECK(late.error().message ==
        "Signature expired: 20260103T120431Z is earlier than 2026-01-03T12:04:32Z "
        "(2026-01-03T12:19:32Z - 15 min.)");
  const auto early = check(request, vectors.root, vectors.now - kMaxClockSkew - second);
  CHECK(error_name(early) == "SignatureDoesNotMatch");
  CHECK(early.error().message.starts_with("Signature not yet current: "));
  const auto ec2 =
      check(request, vectors.root, vectors.now + kMaxClockSkew + second, Protocol::Ec2);
  CHECK(error_name(ec2) == "RequestExpired");
}

TEST_CASE("sigv4: an unknown key has each protocol's word, and a session token is unknown too") {
  const Vectors vectors = load_vectors();
  HttpRequest request = vectors.requests[0].second;
  const Credentials other{"AKIDOTHER", vectors.root.secret_access_key};
  CHECK(error_name(check(request, other, vectors.now)) == "InvalidClientTokenId");
  CHECK(error_name(check(request, other, vectors.now, Protocol::Ec2)) == "AuthFailure");
  CHECK(error_name(check(request, other, vectors.now, Protocol::Json)) ==
        "UnrecognizedClientException");
  request.headers.emplace_back("X-Amz-Security-Token", "t");
  CHECK(error_name(check(request, vectors.root, vectors.now)) == "InvalidClientTokenId");
}

TEST_CASE("sigv4: a header that is missing or malformed says which part") {
  HttpRequest request;
  const std::string credential = "Credential=K/20260103/r/s/aws4_request";
  const std::string rest = ", SignedHeaders=host, Signature=" + std::string(64, 'a');
  struct Case {
    std::string header, error;
  };
  const auto cases = std::to_array<Case>({
      {"", "MissingAuthenticationToken"},
      {"Basic abc", "MissingAuthenticationToken"},
      {"AWS4-HMAC-SHA256", "MissingAuthenticationToken"},
      {"AWS4-HMAC-SHA256 " + credential, "IncompleteSignature"},
      {"AWS4-HMAC-SHA256 Credential=K/20260103/r/aws4_request" + rest, "IncompleteSignature"},
      {"AWS4-HMAC-SHA256 Credential=K/20260103//s/aws4_request" + rest, "IncompleteSignature"},
      {"AWS4-HMAC-SHA256 Credential=K/20260103/r/s/aws5" + rest, "IncompleteSignature"},
      {"AWS4-HMAC-SHA256 " + credential + ", SignedHeaders=host, Signature=abc",
       "IncompleteSignature"},
      {"AWS4-HMAC-SHA256 " + credential + rest, ""},
  });
  for (const Case& c : cases) {
    CAPTURE(c.header);
    request.headers = {{"Authorization", c.header}};
    const auto authorization = parse_authorization(request);
    CHECK((authorization.has_value() ? "" : authorization.error().name) == c.error);
  }
}

TEST_CASE("sigv4: the host must be signed, and the date be there and of the scope's day") {
  const Credentials root{"K", "S"};
  const Instant now = *parse_iso8601("2026-01-03T12:04:31Z");
  const auto signed_as = [&](const std::string& date, const std::string& signed_headers) {
    HttpRequest request{"POST", "/", "", {{"Host", "h"}, {"X-Amz-Date", date}}, ""};
    Authorization authorization{"K", "20260103", "r", "sts", split(signed_headers, ';'), ""};
    authorization.signature = signature_of(
        authorization,
        "S",
        string_to_sign(
            authorization, date, canonical_request(request, split(signed_headers, ';'))));
    return error_name(verify(request, authorization, root, Protocol::Query, now));
  };
  CHECK(signed_as("20260103T120431Z", "host;x-amz-date") == "");
  CHECK(signed_as("20260103T120431Z", "x-amz-date") == "SignatureDoesNotMatch");
  CHECK(signed_as("20260104T120431Z", "host;x-amz-date") == "SignatureDoesNotMatch");
  CHECK(signed_as("2026-01-03", "host;x-amz-date") == "IncompleteSignature");
  CHECK(signed_as("20261303T120431Z", "host;x-amz-date") == "IncompleteSignature");
}

}  // namespace tidegate::api
