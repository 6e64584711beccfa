#include "apps/tidegate/environment.h"

#include <cstdlib>

#include <arpa/inet.h>

#include "base/text.h"

namespace tidegate::apps {
namespace {

Error invalid(std::string_view variable, std::string_view value, std::string_view valid) {
  return Error{
      ErrorCode::InvalidArgument,
      "InvalidEnvironment",
      std::string{variable} + "='" + std::string{value} + "' is not valid: " + std::string{valid}};
}

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

Result<std::string> home_of(Caller caller, const Lookup& get) {
  std::string home;
  if (const auto given = get("TIDEGATE_HOME")) {
    home = *given;
  } else if (caller == Caller::Root) {
    home = "/var/lib/tidegate";
  } else if (const auto data = get("XDG_DATA_HOME")) {
    home = *data + "/tidegate";
  } else if (const auto user = get("HOME")) {
    home = *user + "/.local/share/tidegate";
  }
  while (home.size() > 1 && home.back() == '/') {
    home.pop_back();
  }
  if (home.size() < 2 || home.front() != '/') {
    return invalid("TIDEGATE_HOME", home, "give an absolute path of a folder of its own");
  }
  if (home.size() > kMaxHomeBytes) {
    return invalid("TIDEGATE_HOME",
                   home,
                   "sockets live below it, so it may have at most " +
                       std::to_string(kMaxHomeBytes) + " bytes");
  }
  return home;
}

Result<Environment> with_api(Environment environment, std::string_view text) {
  constexpr std::string_view kValid = "give ADDRESS:PORT, such as 127.0.0.1:4580";
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return invalid("TIDEGATE_API", text, kValid);
  }
  const std::string host{text.substr(0, colon)};
  const auto port = parse_int(text.substr(colon + 1));
  if (!is_ipv4(host) || !port || *port < 1 || *port > 65535) {
    return invalid("TIDEGATE_API", text, kValid);
  }
  environment.api_host = host;
  environment.api_port = static_cast<std::uint16_t>(*port);
  return environment;
}

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

bool is_range(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) {
    return false;
  }
  const auto bits = parse_int(text.substr(slash + 1));
  return is_ipv4(text.substr(0, slash)) && bits && *bits >= 8 && *bits <= 28;
}

Result<std::optional<double>> read_scale(const std::string& text) {
  if (text == "auto") {
    return std::optional<double>{};
  }
  const auto scale = parse_double(text);
  if (!scale || *scale <= 0 || *scale > 1) {
    return invalid("TIDEGATE_INSTANCE_SCALE", text, "give auto or a factor over 0 and at most 1");
  }
  return scale;
}

}  // namespace

std::string Environment::api_url() const {
  return "http://" + api_host + ":" + std::to_string(api_port);
}

std::optional<std::string> process_environment(std::string_view name) {
  const char* value = std::getenv(std::string{name}.c_str());  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') {
    return std::nullopt;
  }
  return std::string{value};
}

Result<Environment> read_environment(Caller caller, const Lookup& lookup) {
  const Lookup get = [&lookup](std::string_view name) {
    auto value = lookup(name);
    return value && value->empty() ? std::nullopt : value;
  };
  Environment environment;
  TG_ASSIGN_OR_RETURN(environment.home, home_of(caller, get));
  if (const auto api = get("TIDEGATE_API")) {
    TG_ASSIGN_OR_RETURN(environment, with_api(environment, *api));
  }
  if (const auto region = get("TIDEGATE_REGION")) {
    if (!is_region(*region)) {
      return invalid("TIDEGATE_REGION", *region, "give a region's name, such as eu-west-2");
    }
    environment.region = *region;
  }
  if (const auto range = get("TIDEGATE_RANGE")) {
    if (!is_range(*range)) {
      return invalid("TIDEGATE_RANGE", *range, "give addresses as CIDR, such as 10.64.0.0/20");
    }
    environment.range = *range;
  }
  if (const auto scale = get("TIDEGATE_INSTANCE_SCALE")) {
    TG_ASSIGN_OR_RETURN(environment.instance_scale, read_scale(*scale));
  }
  if (const auto record = get("TIDEGATE_RECORD")) {
    if (record->front() != '/' || record->back() == '/') {
      return invalid("TIDEGATE_RECORD", *record, "give the absolute path of a file");
    }
    environment.record = *record;
  }
  return environment;
}

}  // namespace tidegate::apps
