#include "edge/api/auth/sigv4.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::api {
namespace {

constexpr std::string_view kScheme = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";
constexpr std::size_t kAmzDateLength = 16;  // 20260103T120431Z

Error denied(std::string name, std::string message) {
  return Error{ErrorCode::PermissionDenied, std::move(name), std::move(message)};
}

Error incomplete(const std::string& message) {
  return denied("IncompleteSignature", message);
}

/// Blanks at the ends go, runs of blanks become one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank || out.empty() || out.back() != ' ') {
      out.push_back(blank ? ' ' : c);
    }
  }
  return out;
}

/// "a=1&b" with each part encoded anew, sorted by name, then by value.
std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parts;
  for (const std::string& pair : split(query, '&')) {
    if (pair.empty()) {
      continue;
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto encoded = [](std::string_view text) {
      return percent_encode(percent_decode(text, PercentForm::Uri).value_or(std::string{text}));
    };
    const std::string_view value =
        equals == pair.size() ? std::string_view{} : std::string_view{pair}.substr(equals + 1);
    parts.emplace_back(encoded(std::string_view{pair}.substr(0, equals)), encoded(value));
  }
  std::sort(parts.begin(), parts.end());
  std::vector<std::string> joined;
  joined.reserve(parts.size());
  for (const auto& [name, value] : parts) {
    joined.push_back(name + "=" + value);
  }
  return join(joined, "&");
}

/// Each segment encoded once more: every service but S3 signs the path twice encoded, after
/// "." and ".." and empty segments are resolved.
std::string canonical_path(std::string_view path) {
  std::vector<std::string> kept;
  for (const std::string& segment : split(path, '/')) {
    if (segment == ".." && !kept.empty()) {
      kept.pop_back();
    } else if (!segment.empty() && segment != "." && segment != "..") {
      kept.push_back(percent_encode(segment));
    }
  }
  const bool slash_at_end = !kept.empty() && path.ends_with('/');
  return "/" + join(kept, "/") + (slash_at_end ? "/" : "");
}

std::string canonical_header(const HttpRequest& request, std::string_view name) {
  std::vector<std::string> values;
  for (const HttpHeader& header : request.headers) {
    if (equals_ignoring_case(header.first, name)) {
      values.push_back(canonical_value(header.second));
    }
  }
  return std::string{name} + ":" + join(values, ",") + "\n";
}

/// "20260103T120431Z" → "2026-01-03T12:04:31Z". Absent: no such form.
std::optional<Instant> parse_amz_date(std::string_view text) {
  if (text.size() != kAmzDateLength || text[8] != 'T' || text[15] != 'Z') {
    return std::nullopt;
  }
  const std::string t{text};
  const auto parsed =
      parse_iso8601(t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2) + "T" +
                    t.substr(9, 2) + ":" + t.substr(11, 2) + ":" + t.substr(13, 2) + "Z");
  return parsed.has_value() ? std::optional{*parsed} : std::nullopt;
}

Status fill_scope(std::string_view credential, Authorization& authorization) {
  const auto parts = split(credential, '/');
  if (parts.size() != 5 || parts[4] != kTerminator ||
      std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); })) {
    return incomplete("Credential must have the form <key>/<date>/<region>/<service>/aws4_request");
  }
  authorization.access_key_id = parts[0];
  authorization.date = parts[1];
  authorization.region = parts[2];
  authorization.service = parts[3];
  return Ok{};
}

bool is_signature(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Status check_signed_headers(const HttpRequest& request, const Authorization& authorization) {
  const auto is_signed = [&](const std::string& name) {
    return std::find(authorization.signed_headers.begin(),
                     authorization.signed_headers.end(),
                     name) != authorization.signed_headers.end();
  };
  if (!is_signed("host")) {
    return denied("SignatureDoesNotMatch",
                  "'Host' must be a 'SignedHeader' in the AWS Authorization.");
  }
  for (const HttpHeader& header : request.headers) {
    const std::string name = to_lower(header.first);
    if ((name.starts_with("x-amz-") || name.starts_with("x-tidegate-")) && !is_signed(name)) {
      return denied("SignatureDoesNotMatch",
                    "'" + header.first + "' must be a 'SignedHeader' in the AWS Authorization.");
    }
  }
  return Ok{};
}

/// The request's own time. Only X-Amz-Date: every client of today sends it.
Result<std::string> amz_date_of(const HttpRequest& request, const Authorization& authorization) {
  const auto date = request.header("x-amz-date");
  if (!date.has_value() || !parse_amz_date(*date).has_value()) {
    return incomplete("X-Amz-Date is missing or not of the form 20260103T120431Z");
  }
  if (date->substr(0, 8) != authorization.date) {
    return denied("SignatureDoesNotMatch",
                  "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                  "from HTTP");
  }
  return *date;
}

Status check_age(std::string_view amz_date, Protocol protocol, Instant now) {
  const Instant then = *parse_amz_date(amz_date);
  if (then >= now - kMaxClockSkew && then <= now + kMaxClockSkew) {
    return Ok{};
  }
  if (protocol == Protocol::Ec2) {
    return denied("RequestExpired", "Request has expired.");
  }
  const bool old = then < now;
  return denied("SignatureDoesNotMatch",
                "Signature " + std::string{old ? "expired: " : "not yet current: "} +
                    std::string{amz_date} + " is " + (old ? "earlier than " : "later than ") +
                    format_iso8601(old ? now - kMaxClockSkew : now + kMaxClockSkew) + " (" +
                    format_iso8601(now) + (old ? " - 15 min.)" : " + 15 min.)"));
}

Error unknown_key(Protocol protocol) {
  switch (protocol) {
    case Protocol::Ec2:
      return denied("AuthFailure", "AWS was not able to validate the provided access credentials");
    case Protocol::Json:
    case Protocol::Cbor:
      return denied("UnrecognizedClientException",
                    "The security token included in the request is invalid.");
    case Protocol::Query:
      break;
  }
  return denied("InvalidClientTokenId", "The security token included in the request is invalid.");
}

}  // namespace

Result<Authorization> parse_authorization(const HttpRequest& request) {
  const std::string header = request.header("authorization").value_or("");
  if (!header.starts_with(std::string{kScheme} + " ")) {
    return denied("MissingAuthenticationToken",
                  "Request is missing Authentication Token: sign it with AWS Signature Version 4 "
                  "(`tidegate env` prints the keys)");
  }
  std::map<std::string, std::string> fields;
  for (const std::string& part : split(std::string_view{header}.substr(kScheme.size() + 1), ',')) {
    const std::string_view field = trim(part);
    const std::size_t equals = std::min(field.find('='), field.size());
    fields[std::string{field.substr(0, equals)}] =
        equals == field.size() ? "" : field.substr(equals + 1);
  }
  for (const char* name : {"Credential", "SignedHeaders", "Signature"}) {
    if (fields[name].empty()) {
      return incomplete(std::string{"Authorization header requires '"} + name + "' parameter.");
    }
  }
  Authorization authorization;
  TG_RETURN_IF_ERROR(fill_scope(fields["Credential"], authorization));
  authorization.signed_headers = split(fields["SignedHeaders"], ';');
  authorization.signature = fields["Signature"];
  if (!is_signature(authorization.signature)) {
    return incomplete("Signature must be 64 hexadecimal digits");
  }
  return authorization;
}

std::string canonical_request(const HttpRequest& request,
                              const std::vector<std::string>& signed_headers) {
  std::string text = request.method + "\n" + canonical_path(request.path) + "\n" +
                     canonical_query(request.query) + "\n";
  for (const std::string& name : signed_headers) {
    text += canonical_header(request, name);
  }
  return text + "\n" + join(signed_headers, ";") + "\n" + hex_encode(net::sha256(request.body));
}

std::string string_to_sign(const Authorization& authorization,
                           std::string_view amz_date,
                           std::string_view canonical) {
  return std::string{kScheme} + "\n" + std::string{amz_date} + "\n" + authorization.date + "/" +
         authorization.region + "/" + authorization.service + "/" + std::string{kTerminator} +
         "\n" + hex_encode(net::sha256(canonical));
}

std::string signature_of(const Authorization& authorization,
                         std::string_view secret_access_key,
                         std::string_view to_sign) {
  std::string key = net::hmac_sha256("AWS4" + std::string{secret_access_key}, authorization.date);
  key = net::hmac_sha256(key, authorization.region);
  key = net::hmac_sha256(key, authorization.service);
  key = net::hmac_sha256(key, kTerminator);
  return hex_encode(net::hmac_sha256(key, to_sign));
}

Status verify(const HttpRequest& request,
              const Authorization& authorization,
              const Credentials& root,
              Protocol protocol,
              Instant now) {
  const bool known = net::constant_time_equal(authorization.access_key_id, root.access_key_id);
  // The root key has no session: a token beside it belongs to somebody else's credentials.
  if (!known || request.header("x-amz-security-token").has_value()) {
    return unknown_key(protocol);
  }
  TG_RETURN_IF_ERROR(check_signed_headers(request, authorization));
  TG_ASSIGN_OR_RETURN(const std::string amz_date, amz_date_of(request, authorization));
  const std::string canonical = canonical_request(request, authorization.signed_headers);
  const std::string expected = signature_of(
      authorization, root.secret_access_key, string_to_sign(authorization, amz_date, canonical));
  if (!net::constant_time_equal(expected, authorization.signature)) {
    return denied("SignatureDoesNotMatch",
                  "The request signature we calculated does not match the signature you provided. "
                  "Check your AWS Secret Access Key and signing method. Consult the service "
                  "documentation for details.");
  }
  return check_age(amz_date, protocol, now);
}

}  // namespace tidegate::api
