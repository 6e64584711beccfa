#include "edge/metadata/answer.h"

#include <array>

#include "base/text.h"
#include "net/crypto.h"

namespace tidegate::metadata {
namespace {

constexpr std::string_view kTokenPath = "/latest/api/token";
constexpr std::string_view kLifeHeader = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr std::string_view kTokenHeader = "X-aws-ec2-metadata-token";
constexpr std::size_t kEndBytes = 8;
constexpr std::size_t kSignatureBytes = 32;

/// Big-endian.
std::string bytes_of(std::int64_t number) {
  std::string bytes(kEndBytes, '\0');
  auto rest = static_cast<std::uint64_t>(number);
  for (std::size_t i = kEndBytes; i > 0; --i) {
    bytes[i - 1] = static_cast<char>(rest & 0xff);
    rest >>= 8;
  }
  return bytes;
}

std::int64_t number_of(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) {
    number = number << 8 | static_cast<unsigned char>(c);
  }
  return static_cast<std::int64_t>(number);
}

net::HttpResponse plain(int status, std::string body) {
  return {.status = status,
          .headers = {{"Content-Type", "text/plain"}, {"Server", "EC2ws"}},
          .body = std::move(body)};
}

/// The page that AWS sends with an error.
net::HttpResponse refusal(int status, const std::string& words) {
  const std::string title = std::to_string(status) + " - " + words;
  net::HttpResponse response =
      plain(status,
            "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<html><head>"
            "<title>" +
                title + "</title></head><body><h1>" + title + "</h1></body></html>\n");
  response.headers[0].second = "text/html";
  return response;
}

net::HttpResponse give_token(const Question& question, const Tokens& tokens) {
  const std::string* asked = question.request.header(kLifeHeader);
  const std::optional<std::int64_t> life =
      asked == nullptr ? std::nullopt : parse_int(trim(*asked));
  if (!life || *life < 1 || *life > kLongestTokenLife.count()) {
    return refusal(400, "Bad Request");
  }
  const std::chrono::seconds seconds{*life};
  net::HttpResponse response = plain(200, tokens.issue(question.instance, question.now, seconds));
  response.headers.emplace_back(kLifeHeader, std::to_string(*life));
  return response;
}

net::HttpResponse not_allowed(const std::string& allowed) {
  net::HttpResponse response = refusal(405, "Method Not Allowed");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

/// AWS's service takes several slashes for one, and the JS SDK asks for "//latest/…".
std::string with_single_slashes(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (c != '/' || !text.ends_with('/')) {
      text += c;
    }
  }
  return text;
}

/// The path below /latest/, or absent for another version's.
std::optional<std::string_view> below_latest(std::string_view path) {
  constexpr std::string_view kLatest = "/latest";
  if (!path.starts_with(kLatest)) {
    return std::nullopt;
  }
  path.remove_prefix(kLatest.size());
  if (!path.empty() && path.front() != '/') {
    return std::nullopt;
  }
  return path.empty() ? path : path.substr(1);
}

}  // namespace

std::string Tokens::signature(std::string_view instance, std::string_view end) const {
  return net::hmac_sha256(key_, std::string{end}.append(instance));
}

std::string Tokens::issue(std::string_view instance,
                          std::chrono::seconds now,
                          std::chrono::seconds life) const {
  const std::string end = bytes_of((now + life).count());
  return base64_encode(end + signature(instance, end));
}

bool Tokens::is_valid(std::string_view token,
                      std::string_view instance,
                      std::chrono::seconds now) const {
  const std::optional<std::string> bytes = base64_decode(token);
  if (!bytes || bytes->size() != kEndBytes + kSignatureBytes) {
    return false;
  }
  const std::string end = bytes->substr(0, kEndBytes);
  return net::constant_time_equal(bytes->substr(kEndBytes), signature(instance, end)) &&
         now.count() < number_of(end);
}

net::HttpResponse answer(const Question& question,
                         const Tokens& tokens,
                         UniqueFunction<std::optional<Json>()> document) {
  const net::HttpRequest& request = question.request;
  if (request.header("X-Forwarded-For") != nullptr) {
    return refusal(403, "Forbidden");
  }
  const std::string asked = with_single_slashes(request.path);
  const bool asks_token = asked == kTokenPath;
  if (request.method == "PUT") {
    return asks_token ? give_token(question, tokens) : not_allowed("OPTIONS, GET, HEAD");
  }
  if (asks_token) {
    return not_allowed("OPTIONS, PUT");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return not_allowed("OPTIONS, GET, HEAD");
  }
  const std::string* token = request.header(kTokenHeader);
  if (token == nullptr || !tokens.is_valid(*token, question.instance, question.now)) {
    return refusal(401, "Unauthorized");
  }
  if (asked == "/") {
    return plain(200, "latest");
  }
  const auto path = percent_decode(asked, PercentForm::Uri);
  const auto below = path ? below_latest(*path) : std::nullopt;
  const std::optional<Json> known = below ? document() : std::nullopt;
  const auto found = known ? look_up(paths_of(*known), *below) : std::nullopt;
  return found ? plain(200, *found) : refusal(404, "Not Found");
}

}  // namespace tidegate::metadata
