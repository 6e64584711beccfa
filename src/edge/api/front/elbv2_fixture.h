// A balancer, a target group and a listener made by calls, over a real engine, for tests.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "core/stacks/network.h"
#include "edge/api/models/elbv2.h"
#include "sample/working_desk.h"

namespace tidegate::api {

struct Refused {
  std::string body;
  const char* starts;  // "Code: message…"
};

/// A balancer, a target group of addresses and a listener that forwards to it.
struct Elb {
  sample::WorkingDesk desk;
  const Service& service = elbv2::service();
  std::string subnets, balancer, group, listener;

  Elb() {
    int n = 0;
    for (const auto& [id, zone] : stacks::default_subnets("eu-west-2")) {
      if (++n <= 2) {
        subnets += "&Subnets.member." + std::to_string(n) + "=" + id;
      }
    }
    balancer = make_balancer("web");
    group = make_group("web");
    listener = make_listener(balancer, 80, group);
  }

  Json call(const std::string& body) { return desk.call(service, body); }
  std::string refusal(const std::string& body) { return desk.refusal(service, body); }
  void refuses(const std::vector<Refused>& table) {
    for (const Refused& refused : table) {
      CAPTURE(refused.body);
      const std::string got = refusal(refused.body);
      CAPTURE(got);
      CHECK(got.starts_with(refused.starts));
    }
  }
  std::string make_balancer(const std::string& name) {
    return call("CreateLoadBalancer&Name=" + name + subnets)["LoadBalancers"]
        .items()[0]["LoadBalancerArn"]
        .string_or("");
  }
  std::string make_group(const std::string& name) {
    return call("CreateTargetGroup&Name=" + name +
                "&Protocol=HTTP&Port=8000&TargetType=ip")["TargetGroups"]
        .items()[0]["TargetGroupArn"]
        .string_or("");
  }
  static std::string forward(const std::string& to, const char* list = "DefaultActions") {
    return std::string{"&"} + list + ".member.1.Type=forward&" + list +
           ".member.1.TargetGroupArn=" + to;
  }
  std::string make_listener(const std::string& owner, int port, const std::string& to) {
    return call("CreateListener&LoadBalancerArn=" + owner +
                "&Protocol=HTTP&Port=" + std::to_string(port) + forward(to))["Listeners"]
        .items()[0]["ListenerArn"]
        .string_or("");
  }
  std::string rule_body(int priority, const char* path = "/a/*") const {
    return "CreateRule&ListenerArn=" + listener + "&Priority=" + std::to_string(priority) +
           "&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=" + path +
           forward(group, "Actions");
  }
  std::string make_rule(int priority) {
    return call(rule_body(priority))["Rules"].items()[0]["RuleArn"].string_or("");
  }
  std::string attribute(const char* operation, const std::string& arn, const std::string& key) {
    const Json all = call(std::string{operation} + "&" + arn);
    for (const Json& item : all["Attributes"].items()) {
      if (item["Key"].string_or("") == key) {
        return item["Value"].string_or("");
      }
    }
    return "none";
  }
};

}  // namespace tidegate::api
