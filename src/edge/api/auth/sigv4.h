// AWS Signature Version 4, header form: a request is who it says it is, unchanged, and not old.
// Pure functions over a request value. Source: "Create a signed AWS API request" (IAM User Guide).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "edge/api/protocol/message.h"
#include "edge/api/protocol/shape.h"

namespace tidegate::api {

inline constexpr Duration kMaxClockSkew = std::chrono::minutes{15};  // AWS's own bound, both ways

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
};

/// `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, taken apart.
struct Authorization {
  std::string access_key_id;
  std::string date;                         // "20260103"
  std::string region;                       // any region is accepted
  std::string service;                      // "elasticloadbalancing": decides which API is spoken
  std::vector<std::string> signed_headers;  // lower case, as signed
  std::string signature;                    // 64 hexadecimal digits

  bool operator==(const Authorization&) const = default;
};

/// Errors (PermissionDenied): MissingAuthenticationToken without the header, or with another
/// scheme; IncompleteSignature when a part is missing or malformed.
Result<Authorization> parse_authorization(const HttpRequest& request);

/// The text whose hash is signed, and the text that is signed.
std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string>& signed_headers);
std::string string_to_sign(const Authorization& authorization,
                           std::string_view amz_date,
                           std::string_view canonical);
/// 64 hexadecimal digits.
std::string signature_of(const Authorization& authorization,
                         std::string_view secret_access_key,
                         std::string_view to_sign);

/// Everything that a request must be before it is looked at. now: UTC of this host. protocol
/// decides the words. Errors (PermissionDenied): unknown key InvalidClientTokenId (ec2 AuthFailure,
/// JSON UnrecognizedClientException); wrong, or more than 15 min away: SignatureDoesNotMatch (ec2
/// stale: RequestExpired); host or an x-amz- or x-tidegate- header not signed:
/// SignatureDoesNotMatch.
Status verify(const HttpRequest& request,
              const Authorization& authorization,
              const Credentials& root,
              Protocol protocol,
              Instant now);

}  // namespace tidegate::api
