#include "core/balancing/attributes.h"

#include <array>
#include <utility>

#include <doctest/doctest.h>

namespace tidegate::balancing {
namespace {

using std::chrono::seconds;

template <typename T>
std::string refusal(T value, const char* key, const char* text) {
  const T before = value;
  const Status set = set_attributes(value, {{key, text}});
  CHECK(value == before);
  return set ? "none" : set.error().name;
}

}  // namespace

TEST_CASE("attributes: what something acts on can be set to its very limits") {
  LoadBalancer balancer;
  for (const auto& [text, value] :
       std::to_array<std::pair<const char*, int>>({{"1", 1}, {"4000", 4000}})) {
    REQUIRE(set_attributes(balancer, {{"idle_timeout.timeout_seconds", text}}).has_value());
    CHECK(balancer.idle_timeout == seconds{value});
    CHECK(attributes_of(balancer).at("idle_timeout.timeout_seconds") == text);
  }
  CHECK(refusal(balancer, "idle_timeout.timeout_seconds", "0") == "ValidationError");
  CHECK(refusal(balancer, "idle_timeout.timeout_seconds", "4001") == "ValidationError");
  CHECK(refusal(balancer, "idle_timeout.timeout_seconds", "1.5") == "ValidationError");
  TargetGroup group;
  for (const auto& [text, value] :
       std::to_array<std::pair<const char*, int>>({{"0", 0}, {"3600", 3600}})) {
    REQUIRE(set_attributes(group, {{"deregistration_delay.timeout_seconds", text}}).has_value());
    CHECK(group.deregistration_delay == seconds{value});
    CHECK(attributes_of(group).at("deregistration_delay.timeout_seconds") == text);
  }
  CHECK(refusal(group, "deregistration_delay.timeout_seconds", "-1") == "ValidationError");
  CHECK(refusal(group, "deregistration_delay.timeout_seconds", "3601") == "ValidationError");
}

TEST_CASE("attributes: stickiness is on or off, for a second to a week") {
  TargetGroup group;
  CHECK(attributes_of(group).at("stickiness.enabled") == "false");
  CHECK(attributes_of(group).at("stickiness.type") == "lb_cookie");
  CHECK(attributes_of(group).at("stickiness.lb_cookie.duration_seconds") == "86400");
  REQUIRE(set_attributes(group, {{"stickiness.enabled", "true"}}).has_value());
  CHECK(group.stickiness.enabled);
  CHECK(attributes_of(group).at("stickiness.enabled") == "true");
  REQUIRE(set_attributes(group, {{"stickiness.enabled", "false"}}).has_value());
  CHECK_FALSE(group.stickiness.enabled);
  const char* const duration = "stickiness.lb_cookie.duration_seconds";
  for (const auto& [text, value] :
       std::to_array<std::pair<const char*, int>>({{"1", 1}, {"604800", 604'800}})) {
    REQUIRE(set_attributes(group, {{duration, text}}).has_value());
    CHECK(group.stickiness.duration == seconds{value});
    CHECK(attributes_of(group).at(duration) == text);
  }
  CHECK(refusal(group, duration, "0") == "ValidationError");
  CHECK(refusal(group, duration, "604801") == "ValidationError");
  CHECK(refusal(group, "stickiness.enabled", "yes") == "ValidationError");
  CHECK(refusal(group, "stickiness.type", "app_cookie") == "InvalidConfigurationRequest");
}

TEST_CASE("attributes: deletion protection is true or false") {
  LoadBalancer balancer;
  CHECK(attributes_of(balancer).at("deletion_protection.enabled") == "false");
  REQUIRE(set_attributes(balancer, {{"deletion_protection.enabled", "true"}}).has_value());
  CHECK(balancer.deletion_protection);
  CHECK(attributes_of(balancer).at("deletion_protection.enabled") == "true");
  CHECK(refusal(balancer, "deletion_protection.enabled", "TRUE") == "ValidationError");
}

TEST_CASE("attributes: every other one may be set to what it says, and to nothing else") {
  LoadBalancer balancer;
  TargetGroup group;
  CHECK(attributes_of(balancer).size() == 19);
  for (const auto& [key, value] : attributes_of(balancer)) {
    CAPTURE(key);
    CHECK(set_attributes(balancer, {{key, value}}).has_value());
    if (key != "idle_timeout.timeout_seconds" && key != "deletion_protection.enabled") {
      CHECK(refusal(balancer, key.c_str(), "other") == "InvalidConfigurationRequest");
    }
  }
  for (const auto& [key, value] : attributes_of(group)) {
    CAPTURE(key);
    CHECK(set_attributes(group, {{key, value}}).has_value());
    if (key != "deregistration_delay.timeout_seconds" && key != "stickiness.enabled" &&
        key != "stickiness.lb_cookie.duration_seconds") {
      CHECK(refusal(group, key.c_str(), "other") == "InvalidConfigurationRequest");
    }
  }
  CHECK(refusal(balancer, "colour", "red") == "ValidationError");
  CHECK(refusal(group, "colour", "red") == "ValidationError");
}

TEST_CASE("attributes: one that is refused keeps the others of its call from being set") {
  LoadBalancer balancer;
  CHECK_FALSE(set_attributes(
                  balancer,
                  {{"deletion_protection.enabled", "true"}, {"idle_timeout.timeout_seconds", "0"}})
                  .has_value());
  CHECK_FALSE(balancer.deletion_protection);
}

TEST_CASE("attributes: the not-found error is of the kind that the ARN names") {
  const std::string arn = "arn:aws:elasticloadbalancing:eu-west-2:000000000000:";
  CHECK(no_such_resource(arn + "loadbalancer/app/a/1").name == "LoadBalancerNotFound");
  CHECK(no_such_resource(arn + "targetgroup/a/1").name == "TargetGroupNotFound");
  CHECK(no_such_resource(arn + "listener/app/a/1/2").name == "ListenerNotFound");
  CHECK(no_such_resource(arn + "listener-rule/app/a/1/2/3").name == "RuleNotFound");
  CHECK(no_such_resource(arn + "truststore/a/1").name == "TrustStoreNotFound");
  CHECK(no_such_resource("a").name == "ValidationError");
}

}  // namespace tidegate::balancing
