// libFuzzer over signatures: any request is taken apart or refused in AWS words; one that is
// signed with the root key passes or is refused for what is not its signature, and never passes
// with another body or another key. Input: method, path, query, headers, each on its line, an
// empty line, the body.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "edge/api/auth/sigv4.h"

namespace tidegate::api {
namespace {

const Credentials kRoot{"AKIDTIDEGATEEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
constexpr Instant kNow{std::chrono::seconds{1767441871}};  // 2026-01-03T12:04:31Z

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

HttpRequest request_of(std::string_view text) {
  HttpRequest request;
  request.method = take_line(text);
  request.path = take_line(text);
  request.query = take_line(text);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.emplace_back(line.substr(0, colon),
                                 line.substr(std::min(colon + 1, line.size())));
  }
  request.body = text;
  return request;
}

/// The same request as the owner of the root key would have signed it.
Authorization signed_by_root(const HttpRequest& request, Authorization authorization) {
  authorization.access_key_id = kRoot.access_key_id;
  const std::string date = request.header("x-amz-date").value_or("");
  authorization.signature = signature_of(
      authorization,
      kRoot.secret_access_key,
      string_to_sign(
          authorization, date, canonical_request(request, authorization.signed_headers)));
  return authorization;
}

void one(std::string_view bytes) {
  HttpRequest request = request_of(bytes);
  const auto authorization = parse_authorization(request);
  if (!authorization) {
    TG_CHECK(authorization.error().code == ErrorCode::PermissionDenied);
    TG_CHECK(!authorization.error().name.empty());
    return;
  }
  TG_CHECK(authorization->signature.size() == 64);
  TG_CHECK(!authorization->service.empty() && !authorization->region.empty());
  for (const Protocol protocol : {Protocol::Query, Protocol::Ec2, Protocol::Json}) {
    const Status as_it_came = verify(request, *authorization, kRoot, protocol, kNow);
    TG_CHECK(as_it_came || as_it_came.error().code == ErrorCode::PermissionDenied);
  }
  const Authorization own = signed_by_root(request, *authorization);
  if (!verify(request, own, kRoot, Protocol::Query, kNow)) return;
  TG_CHECK(!verify(request, own, {kRoot.access_key_id, "other"}, Protocol::Query, kNow));
  TG_CHECK(!verify(request, own, kRoot, Protocol::Query, kNow + 2 * kMaxClockSkew + Duration{1}));
  request.body += '.';
  TG_CHECK(!verify(request, own, kRoot, Protocol::Query, kNow));
}

}  // namespace
}  // namespace tidegate::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::api::one({reinterpret_cast<const char*>(data), size});
  return 0;
}
