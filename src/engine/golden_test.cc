// What the engine says and asks, to the last word: its decisions, the metrics it publishes, what it
// tells the balancer, the driver, a receiver. The files are in golden/; TG_UPDATE_GOLDEN=1 rewrites
// them, and the diff is reviewed.
#include "sample/golden.h"

#include <algorithm>
#include <map>

#include <doctest/doctest.h>

#include "base/text.h"
#include "core/balancing/wire.h"
#include "engine/world_fixture.h"

namespace tidegate::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

bool is_id(const std::string& word) {
  const bool hex = word.find_first_not_of("0123456789abcdef-") == std::string::npos;
  const bool mixed = word.find_first_of("0123456789") != std::string::npos &&
                     word.find_first_not_of("0123456789") != std::string::npos;
  return (hex && word.size() >= 16) || (mixed && word.size() == 12);  // or a name's suffix
}

/// Drawn ids become #1, #2, … in the order in which they come, so that a golden file does not tell
/// how often an id was drawn before.
std::string with_short_ids(const std::string& text) {
  std::map<std::string, std::size_t> known;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = text.find_first_not_of("0123456789abcdef-", at);
    std::string word = text.substr(at, end == std::string::npos ? end : end - at);
    if (word.size() < 16) {
      end = text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", at);
      word = text.substr(at, end == std::string::npos ? end : end - at);
    }
    if (is_id(word)) {
      out += "#" + std::to_string(known.try_emplace(word, known.size() + 1).first->second);
      at += word.size();
    } else {
      const std::size_t step = std::max<std::size_t>(1, word.size());
      out += text.substr(at, step);
      at += step;
    }
  }
  return out;
}

void check_file(const std::string& name, const std::string& text) {
  sample::check_golden("src/engine/golden/" + name, with_short_ids(text));
}

std::string rewritten(std::string body, const std::string& from, const std::string& to) {
  const auto at = body.find(from);
  REQUIRE_MESSAGE(at != std::string::npos, "no such text: ", from);
  return body.replace(at, from.size(), to);
}

constexpr const char* kRule = R"(
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 10
      Conditions: [{ Field: path-pattern, Values: [/api/*] }]
      Actions: [{ Type: forward, TargetGroupArn: !Ref Targets }]
  CpuHigh:)";

std::string template_with_rule_and_liveness() {
  return rewritten(rewritten(kTemplate, "\n  CpuHigh:", kRule),
                   "LaunchTimeout: 20",
                   "Liveness: { Path: /live }, LaunchTimeout: 20");
}

std::string lines_of(const std::vector<LedgerEntry>& entries) {
  std::string text;
  for (const LedgerEntry& entry : entries) {
    text += to_json_line(entry) + "\n";
  }
  return text;
}

TEST_CASE("golden: the ledger of a group that scales, heals, is asked and is held back") {
  World world;
  REQUIRE(world.create().has_value());
  world.run_with_load(0.2, seconds{20});
  world.run_with_load(1.0, seconds{20});
  world.cloud.lose(world.serving().at(0));
  world.run_with_load(0.6, seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.cloud.boot_model().fail_user_data = 1;
  world.run_with_load(0.6, seconds{5});
  world.cloud.boot_model().fail_user_data = 0;
  world.run_with_load(0.6, seconds{15});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_with_load(0.6, milliseconds{600});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 3}).has_value());
  world.run_with_load(0.3, seconds{150});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{20});
  check_file("ledger.jsonl", lines_of(world.engine->take_ledger()));
  CHECK(world.engine->take_ledger().empty());
}

/// The simulated balancer, with counters that the test moves.
class CountingDoor final : public ports::DataPlane {
 public:
  explicit CountingDoor(sim::FrontDoor& door) : door_(door) {}
  void publish(const balancing::DataPlaneConfig& config) override { door_.publish(config); }
  const balancing::DataPlaneReport& report() override {
    report_ = door_.report();
    for (balancing::TargetReport& target : report_.targets) {
      count(target);
    }
    for (const balancing::ListenerConfig& listener : door_.config().listeners) {
      report_.load_balancers = {balancer(listener.load_balancer)};
    }
    return report_;
  }
  Result<std::string> assign_address(const balancing::LoadBalancerArn& arn) override {
    return door_.assign_address(arn);
  }
  void release_address(const balancing::LoadBalancerArn& arn) override {
    door_.release_address(arn);
  }

  std::uint64_t factor = 0;  // every counter is a number of its own times this

 private:
  void count(balancing::TargetReport& target) const {
    target.requests = 100 * factor;
    target.responses_2xx = 70 * factor;
    target.responses_3xx = 13 * factor;
    target.responses_4xx = 11 * factor;
    target.responses_5xx = 5 * factor;
    target.connection_errors = 3 * factor;
    target.response_time_sum = 8.0 * static_cast<double>(factor);
    target.response_time_count = 80 * factor;
    target.response_time_max = 0.5;
  }
  balancing::LoadBalancerReport balancer(const balancing::LoadBalancerArn& arn) const {
    balancing::LoadBalancerReport report;
    report.arn = arn;
    report.requests = 200 * factor;
    report.new_connections = 17 * factor;
    report.rejected_connections = 2 * factor;
    report.processed_bytes = 1000 * factor;
    report.active_connections = 9;
    report.elb_3xx = 19 * factor;
    report.elb_4xx = 23 * factor;
    report.elb_5xx = 29 * factor;
    report.elb_500 = 31 * factor;
    report.elb_502 = 37 * factor;
    report.elb_503 = 41 * factor;
    report.elb_504 = 43 * factor;
    report.rule_evaluations = 47 * factor;
    return report;
  }

  sim::FrontDoor& door_;
  balancing::DataPlaneReport report_;
};

std::string shown(const metrics::MetricId& id) {
  std::string text = id.metric_namespace + " " + id.name;
  for (const metrics::Dimension& dimension : id.dimensions) {
    text += " " + dimension.name + "=" + dimension.value;
  }
  return text;
}

/// Every metric that has values in that second.
std::string published(const sim::MemoryMetrics& store, Instant second) {
  std::string text;
  for (const metrics::MetricId& id : store.list("")) {
    const auto values = store.read(id, second, second + seconds{1}, seconds{1}).at(0).values;
    if (values.sample_count > 0) {
      text += shown(id) + ": count " + format_double(values.sample_count) + " sum " +
              format_double(values.sum) + " min " + format_double(values.minimum) + " max " +
              format_double(values.maximum) + " " + store.unit(id) + "\n";
    }
  }
  return text;
}

TEST_CASE("golden: the metrics of a second with traffic, without, and of a balancer's new start") {
  World world;
  CountingDoor door{world.door};
  Settings settings;
  settings.epoch = ++world.starts;
  settings.seed = 77;
  world.engine = std::make_unique<Engine>(
      settings, Ports{world.cloud, door, world.store, world.metrics, world.notifier, world.caches});
  REQUIRE(world.engine->recover(world.clock.now()).has_value());
  REQUIRE(world.create().has_value());
  world.run_with_load(0.25, seconds{5});
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_with_load(0.25, seconds{20});
  std::string text;
  for (const std::uint64_t factor : {1U, 3U, 3U, 2U}) {
    const Instant second = std::chrono::floor<seconds>(world.clock.now());
    world.run_with_load(0.25, second + milliseconds{1500} - world.clock.now());
    door.factor = factor;
    world.run_with_load(0.25, seconds{1});
    text += "counters times " + std::to_string(factor) + "\n" +
            published(world.metrics, second + seconds{1});
  }
  check_file("metrics.txt", text);
}

std::string told(const World& world) {
  const std::string json = balancing::to_json(world.door.config()).dump();
  std::string text;
  for (const char c : json) {
    text += c;
    if (c == '{' || c == '[') text += '\n';
  }
  return text + "\n\n";
}

TEST_CASE("golden: what the balancer is told of an instance that serves, drains and ends") {
  World world;
  REQUIRE(world.create(template_with_rule_and_liveness()).has_value());
  world.run_for(seconds{5});
  std::string text = told(world);
  world.door.traffic(world.serving().at(0).value).websockets = 1;
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 2}).has_value());
  world.run_for(seconds{5});
  for (const auto& id : world.serving()) {
    world.door.traffic(id.value).websockets = 1;
  }
  REQUIRE(world.execute(SetDesiredCapacity{kGroup, 1}).has_value());
  for (const Duration passed : {seconds{1}, seconds{10}, seconds{6}, seconds{16}}) {
    world.run_for(passed);
    text += told(world);
  }
  check_file("data-plane.txt", text);
}

TEST_CASE("golden: the events of a stack that is created, updated, deleted, and of one refused") {
  World world;
  const auto events = [](const stacks::Stack& stack) {
    std::string text = stack.name.value + "\n";
    for (const stacks::StackEvent& event : stack.events) {
      text += format_iso8601_millis(event.timestamp) + " " + event.logical_id + " " + event.type +
              " " + std::string{to_string(event.status)} + " " + event.status_reason + "\n";
    }
    return text;
  };
  const std::string body = template_with_rule_and_liveness();
  REQUIRE(world.create(body).has_value());
  world.run_for(seconds{5});
  REQUIRE(world.update({{"Max", "2"}}, rewritten(body, kRule, "\n  CpuHigh:")).has_value());
  REQUIRE(world.update({{"Max", "2"}}, body).has_value());
  const stacks::StackName again{"again"};
  REQUIRE(world.execute(CreateStack{again, kTemplate, "/templates", {}, {}}).has_value());
  world.run_for(seconds{2});
  REQUIRE(world.execute(DeleteStack{kStack}).has_value());
  world.run_for(seconds{20});
  std::string text = events(world.stack()) + events(world.model().stacks.at(again));
  check_file("events.txt", text);
}

TEST_CASE("golden: what the driver and a receiver are given") {
  World world;
  REQUIRE(world
              .create(rewritten(kTemplate, "HealthCheckType: ELB", R"(HealthCheckType: ELB
      Tags: [{ Key: Name, Value: web, PropagateAtLaunch: true }])"))
              .has_value());
  world.run_with_load(0.2, seconds{30});
  world.run_with_load(0.95, seconds{12});
  REQUIRE(world.notifier.sent().size() == 1);
  const auto& spec = world.cloud.instances().begin()->second.spec;
  const auto& sent = world.notifier.sent()[0];
  std::string text = spec.group_name + " " + spec.zone + " " + spec.image_id + " " +
                     spec.instance_type + " " + std::to_string(spec.port) + "\n";
  for (const auto& [name, value] : spec.environment) {
    text += name + "=" + value + "\n";
  }
  text += spec.metadata_document + "\n" + sent.receiver.name + " " + sent.receiver.command + "\n" +
          sent.subject + "\n" + sent.message + "\n";
  check_file("driver-and-receiver.txt", text);
}

}  // namespace
}  // namespace tidegate::engine
