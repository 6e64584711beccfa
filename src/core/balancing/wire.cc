#include "core/balancing/wire.h"

#include <algorithm>
#include <unordered_map>

#include "base/text.h"

namespace tidegate::balancing {
namespace {

constexpr std::size_t kLengthBytes = 4;

Error corrupt(std::string message) {
  return {ErrorCode::Corrupt, "WireError", std::move(message)};
}

Json count(std::uint64_t value) {
  return Json{static_cast<std::int64_t>(value)};
}
std::uint64_t count_of(const Json& json) {
  return static_cast<std::uint64_t>(json.int_or(0));
}

Json to_json(const std::vector<SocketName>& names) {
  Json out = Json::array();
  for (const SocketName& name : names) {
    out.push(to_string(name));
  }
  return out;
}

Result<std::vector<SocketName>> names_of(const Json& json) {
  std::vector<SocketName> names;
  for (const Json& item : json.items()) {
    const std::optional<SocketName> name = parse_socket_name(item.string_or(""));
    if (!name) return corrupt("'" + item.string_or("") + "' names no listening socket");
    names.push_back(*name);
  }
  return names;
}

std::int64_t milliseconds_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

/// [bin, count, bin, count, …]
Json to_json(const std::map<std::int32_t, std::uint64_t>& times) {
  Json list = Json::array();
  for (const auto& [bin, answers] : times) {
    list.push(std::int64_t{bin});
    list.push(count(answers));
  }
  return list;
}

std::map<std::int32_t, std::uint64_t> times_of(const Json& list) {
  std::map<std::int32_t, std::uint64_t> times;
  for (std::size_t i = 0; i + 1 < list.items().size(); i += 2) {
    times[static_cast<std::int32_t>(list.items()[i].int_or(0))] = count_of(list.items()[i + 1]);
  }
  return times;
}

Json to_json(const TargetReport& target) {
  return Json::object({{"TargetGroup", target.target_group.value},
                       {"Id", target.id},
                       {"Port", std::int64_t{target.port}},
                       {"State", to_string(target.health.state)},
                       {"Reason", target.health.reason},
                       {"Description", target.health.description},
                       {"LastProbe", target.last_probe},
                       {"EverHealthy", target.ever_healthy},
                       {"AppliedIntent", to_string(target.applied_intent)},
                       {"DrainingForMs", milliseconds_of(target.draining_for)},
                       {"Requests", count(target.requests)},
                       {"2XX", count(target.responses_2xx)},
                       {"3XX", count(target.responses_3xx)},
                       {"4XX", count(target.responses_4xx)},
                       {"5XX", count(target.responses_5xx)},
                       {"ConnectionErrors", count(target.connection_errors)},
                       {"ResponseTimeSum", target.response_time_sum},
                       {"ResponseTimeCount", count(target.response_time_count)},
                       {"ResponseTimeMax", target.response_time_max},
                       {"ResponseTimes", to_json(target.response_times)},
                       {"InFlight", target.in_flight},
                       {"WebSockets", target.websockets}});
}

Json to_json(const LoadBalancerReport& report) {
  return Json::object({{"Arn", report.arn.value},
                       {"Requests", count(report.requests)},
                       {"NewConnections", count(report.new_connections)},
                       {"RejectedConnections", count(report.rejected_connections)},
                       {"ProcessedBytes", count(report.processed_bytes)},
                       {"ActiveConnections", report.active_connections},
                       {"3XX", count(report.elb_3xx)},
                       {"4XX", count(report.elb_4xx)},
                       {"5XX", count(report.elb_5xx)},
                       {"500", count(report.elb_500)},
                       {"502", count(report.elb_502)},
                       {"503", count(report.elb_503)},
                       {"504", count(report.elb_504)},
                       {"RuleEvaluations", count(report.rule_evaluations)}});
}

Result<TargetReport> target_report_of(const Json& json) {
  TargetReport target;
  target.target_group.value = json["TargetGroup"].string_or("");
  target.id = json["Id"].string_or("");
  target.port = static_cast<std::uint16_t>(json["Port"].int_or(0));
  const auto state = parse_target_health_state(json["State"].string_or("initial"));
  const auto intent = parse_target_intent(json["AppliedIntent"].string_or("Serving"));
  if (!state || !intent) {
    return corrupt("target '" + target.id + "' is reported with an unknown state or intent");
  }
  target.health = {*state, json["Reason"].string_or(""), json["Description"].string_or("")};
  target.applied_intent = *intent;
  target.draining_for = std::chrono::milliseconds{json["DrainingForMs"].int_or(0)};
  target.last_probe = json["LastProbe"].string_or("");
  target.ever_healthy = json["EverHealthy"].bool_or(false);
  target.requests = count_of(json["Requests"]);
  target.responses_2xx = count_of(json["2XX"]);
  target.responses_3xx = count_of(json["3XX"]);
  target.responses_4xx = count_of(json["4XX"]);
  target.responses_5xx = count_of(json["5XX"]);
  target.connection_errors = count_of(json["ConnectionErrors"]);
  target.response_time_sum = json["ResponseTimeSum"].number_or(0);
  target.response_time_count = count_of(json["ResponseTimeCount"]);
  target.response_time_max = json["ResponseTimeMax"].number_or(0);
  target.response_times = times_of(json["ResponseTimes"]);
  target.in_flight = json["InFlight"].int_or(0);
  target.websockets = json["WebSockets"].int_or(0);
  return target;
}

LoadBalancerReport load_balancer_report_of(const Json& json) {
  LoadBalancerReport report;
  report.arn.value = json["Arn"].string_or("");
  report.requests = count_of(json["Requests"]);
  report.new_connections = count_of(json["NewConnections"]);
  report.rejected_connections = count_of(json["RejectedConnections"]);
  report.processed_bytes = count_of(json["ProcessedBytes"]);
  report.active_connections = json["ActiveConnections"].int_or(0);
  report.elb_3xx = count_of(json["3XX"]);
  report.elb_4xx = count_of(json["4XX"]);
  report.elb_5xx = count_of(json["5XX"]);
  report.elb_500 = count_of(json["500"]);
  report.elb_502 = count_of(json["502"]);
  report.elb_503 = count_of(json["503"]);
  report.elb_504 = count_of(json["504"]);
  report.rule_evaluations = count_of(json["RuleEvaluations"]);
  return report;
}

struct ToJson {
  Json operator()(const HelloMessage& hello) const {
    return Json::object({{"Type", "Hello"},
                         {"Version", hello.version},
                         {"Epoch", hello.epoch},
                         {"Pid", hello.pid},
                         {"Workers", std::int64_t{hello.workers}},
                         {"Generation", count(hello.generation)},
                         {"Sockets", to_json(hello.sockets)}});
  }
  Json operator()(const SocketsMessage& sockets) const {
    return Json::object({{"Type", "Sockets"}, {"Names", to_json(sockets.names)}});
  }
  Json operator()(const ConfigMessage& message) const {
    return Json::object({{"Type", "Config"}, {"Config", balancing::to_json(message.config)}});
  }
  Json operator()(const ReportMessage& message) const {
    return Json::object({{"Type", "Report"},
                         {"AllTargets", message.all_targets},
                         {"Report", balancing::to_json(message.report)}});
  }
};

Result<WireMessage> hello_of(const Json& json) {
  HelloMessage hello;
  hello.version = json["Version"].int_or(0);
  hello.epoch = json["Epoch"].string_or("");
  hello.pid = json["Pid"].int_or(0);
  hello.workers = static_cast<std::uint32_t>(json["Workers"].int_or(0));
  hello.generation = count_of(json["Generation"]);
  TG_ASSIGN_OR_RETURN(hello.sockets, names_of(json["Sockets"]));
  return WireMessage{std::move(hello)};
}

}  // namespace

std::string to_string(const SocketName& name) {
  return "listen." + name.address + "-" + std::to_string(name.port) + "." +
         std::to_string(name.worker);
}

std::optional<SocketName> parse_socket_name(std::string_view text) {
  constexpr std::string_view kPrefix = "listen.";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const std::size_t dot = text.rfind('.');
  const std::size_t dash = text.substr(0, dot).rfind('-');
  if (dot == std::string_view::npos || dash == std::string_view::npos) return std::nullopt;
  const std::optional<std::int64_t> port = parse_int(text.substr(dash + 1, dot - dash - 1));
  const std::optional<std::int64_t> worker = parse_int(text.substr(dot + 1));
  if (!port || *port < 1 || *port > 65535 || !worker || *worker < 0 || *worker > 99) {
    return std::nullopt;
  }
  return SocketName{std::string{text.substr(0, dash)},
                    static_cast<std::uint16_t>(*port),
                    static_cast<std::uint32_t>(*worker)};
}

Json to_json(const DataPlaneReport& report) {
  Json targets = Json::array();
  for (const TargetReport& target : report.targets) {
    targets.push(to_json(target));
  }
  Json load_balancers = Json::array();
  for (const LoadBalancerReport& load_balancer : report.load_balancers) {
    load_balancers.push(to_json(load_balancer));
  }
  return Json::object({{"Epoch", report.epoch},
                       {"Generation", count(report.generation)},
                       {"Targets", targets},
                       {"LoadBalancers", load_balancers}});
}

Result<DataPlaneReport> report_from_json(const Json& json) {
  DataPlaneReport report;
  report.epoch = json["Epoch"].string_or("");
  report.generation = count_of(json["Generation"]);
  for (const Json& item : json["Targets"].items()) {
    TG_ASSIGN_OR_RETURN(TargetReport target, target_report_of(item));
    report.targets.push_back(std::move(target));
  }
  for (const Json& item : json["LoadBalancers"].items()) {
    report.load_balancers.push_back(load_balancer_report_of(item));
  }
  return report;
}

std::string encode(const WireMessage& message) {
  const std::string text = std::visit(ToJson{}, message).dump();
  TG_CHECK(text.size() <= kWireMessageBytesMax);
  std::string out;
  out.reserve(kLengthBytes + text.size());
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>((text.size() >> shift) & 0xFF);
  }
  return out + text;
}

Result<WireMessage> decode(std::string_view text) {
  TG_ASSIGN_OR_RETURN(const Json json, Json::parse(text));
  const std::string type = json["Type"].string_or("");
  if (type == "Hello") return hello_of(json);
  if (type == "Sockets") {
    TG_ASSIGN_OR_RETURN(auto names, names_of(json["Names"]));
    return WireMessage{SocketsMessage{std::move(names)}};
  }
  if (type == "Config") {
    TG_ASSIGN_OR_RETURN(auto config, config_from_json(json["Config"]));
    return WireMessage{ConfigMessage{std::move(config)}};
  }
  if (type == "Report") {
    TG_ASSIGN_OR_RETURN(auto report, report_from_json(json["Report"]));
    return WireMessage{ReportMessage{std::move(report), json["AllTargets"].bool_or(false)}};
  }
  return Error{ErrorCode::Unsupported, "WireError", "a message of unknown type '" + type + "'"};
}

Result<std::optional<std::string>> WireReader::next() {
  if (buffer_.size() - read_ < kLengthBytes) return std::optional<std::string>{};
  std::size_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length = length << 8 | static_cast<unsigned char>(buffer_[read_ + i]);
  }
  if (length > kWireMessageBytesMax)
    return corrupt("a message of " + std::to_string(length) + " bytes");
  if (buffer_.size() - read_ - kLengthBytes < length) return std::optional<std::string>{};
  std::optional<std::string> message{buffer_.substr(read_ + kLengthBytes, length)};
  read_ += kLengthBytes + length;
  if (read_ == buffer_.size()) {
    buffer_.clear();
    read_ = 0;
  }
  return message;
}

void merge(DataPlaneReport& known, const ReportMessage& message) {
  const DataPlaneReport& changes = message.report;
  if (message.all_targets) known.targets.clear();
  known.generation = changes.generation;
  known.epoch = changes.epoch;
  const auto key_of = [](const TargetReport& target) {
    return target.target_group.value + '\n' + target.id + '\n' + std::to_string(target.port);
  };
  std::unordered_map<std::string, std::size_t> positions;
  for (std::size_t i = 0; i < known.targets.size(); ++i) {
    positions.emplace(key_of(known.targets[i]), i);
  }
  for (const TargetReport& change : changes.targets) {
    const auto [at, added] = positions.emplace(key_of(change), known.targets.size());
    if (added) {
      known.targets.push_back(change);
    } else {
      known.targets[at->second] = change;
    }
  }
  for (const LoadBalancerReport& change : changes.load_balancers) {
    const auto at = std::ranges::find(known.load_balancers, change.arn, &LoadBalancerReport::arn);
    if (at == known.load_balancers.end()) {
      known.load_balancers.push_back(change);
    } else {
      *at = change;
    }
  }
}

}  // namespace tidegate::balancing
