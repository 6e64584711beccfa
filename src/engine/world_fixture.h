// A small world for the engine's tests: the simulated ports, one stack like STACK.md's, and time
// that the test moves.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "sim/caches/cache_farm.h"
#include "sim/cloud.h"
#include "sim/front_door.h"
#include "sim/memory_metrics.h"
#include "sim/memory_store.h"

namespace tidegate::engine {

inline constexpr const char* kTemplate = R"(
AWSTemplateFormatVersion: "2010-09-09"
Description: one group behind one balancer
Metadata:
  Tidegate:
    Timing: fast
    Images: { ami-1: { Process: { Layers: [host] } } }
    InstanceTypes: { t3.large: { VCpus: 0.5, MemoryMiB: 256, MonthlyPrice: 68.0 } }
    Subnets: { subnet-a: { Zone: eu-west-2a }, subnet-b: { Zone: eu-west-2b } }
    AutoScalingGroups: { web-asg: { LaunchTimeout: 20, StopTimeout: 5 } }
    Receivers: { on-call: { Exec: on-call.sh } }
Parameters:
  Max: { Type: Number, Default: 3 }
  Target: { Type: Number, Default: 70 }
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: web-template
      LaunchTemplateData: { ImageId: ami-1, InstanceType: t3.large, UserData: !Base64 "exec serve" }
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: { Name: web-alb, Subnets: [subnet-a, subnet-b] }
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      Name: web-tg
      Port: 8000
      Protocol: HTTP
      VpcId: vpc-1
      HealthCheckPath: /health
      HealthCheckIntervalSeconds: 5
      HealthCheckTimeoutSeconds: 2
      TargetGroupAttributes: [{ Key: deregistration_delay.timeout_seconds, Value: "10" }]
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 80
      Protocol: HTTP
      DefaultActions: [{ Type: forward, TargetGroupArn: !Ref Targets }]
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    DependsOn: Listener
    Properties:
      AutoScalingGroupName: web-asg
      MinSize: "1"
      MaxSize: !Ref Max
      HealthCheckType: ELB
      VPCZoneIdentifier: [subnet-a, subnet-b]
      TargetGroupARNs: [!Ref Targets]
      LaunchTemplate: { LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber }
  Policy:
    Type: AWS::AutoScaling::ScalingPolicy
    Properties:
      AutoScalingGroupName: !Ref Group
      PolicyType: TargetTrackingScaling
      TargetTrackingConfiguration:
        PredefinedMetricSpecification: { PredefinedMetricType: ASGAverageCPUUtilization }
        TargetValue: !Ref Target
  CpuHigh:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: web-cpu-high
      Namespace: AWS/EC2
      MetricName: CPUUtilization
      Dimensions: [{ Name: AutoScalingGroupName, Value: !Ref Group }]
      Statistic: Average
      Period: 10
      EvaluationPeriods: 1
      Threshold: 70
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: ["arn:aws:sns:eu-west-2:000000000000:on-call"]
Outputs:
  Url: { Value: !Sub "http://${Balancer.DNSName}/" }
)";

inline const stacks::StackName kStack{"web"};
inline const groups::GroupName kGroup{"web-asg"};

struct World {
  sim::VirtualClock clock{Instant{std::chrono::seconds{1767441871}}};
  sim::Cloud cloud{clock, Rng{7}, {8, 4096}};
  sim::FrontDoor door{clock, cloud};
  sim::MemoryStore store;
  sim::MemoryMetrics metrics;
  sim::RecordingNotifier notifier;
  sim::CacheFarm caches{clock};
  std::unique_ptr<Engine> engine;
  std::uint64_t starts = 0;

  World() { start(); }

  /// A control plane on this world's store; an older one is simply gone, as after kill -9.
  /// `ledger`: the lines of the home's ledger file.
  void start(std::vector<std::string> ledger = {}) {
    engine.reset();
    Settings settings;
    settings.home_id = "test";
    settings.epoch = ++starts;
    settings.seed = 40 + starts;
    settings.ledger = std::move(ledger);
    engine =
        std::make_unique<Engine>(settings, Ports{cloud, door, store, metrics, notifier, caches});
    recovered = engine->recover(clock.now());
  }
  Status recovered = Ok{};

  void run_until(Instant end) {
    while (true) {
      const Instant due = engine->tick(clock.now());
      const Instant next = std::max(due, clock.now() + Duration{1});
      if (next > end) {
        clock.advance_to(end);
        return;
      }
      clock.advance_to(next);
    }
  }
  void run_for(Duration duration) { run_until(clock.now() + duration); }

  Result<Answer> execute(const Command& command) {
    return engine->execute({"arn:aws:iam::000000000000:root"}, command, clock.now());
  }
  Result<Answer> create(const std::string& body = kTemplate,
                        std::map<std::string, std::string> parameters = {}) {
    return execute(CreateStack{kStack, body, "/templates", std::move(parameters), {}});
  }
  Result<Answer> update(std::map<std::string, std::string> parameters,
                        const std::string& body = kTemplate) {
    return execute(UpdateStack{kStack, body, "/templates", std::move(parameters)});
  }

  const Model& model() const { return engine->model(); }
  const GroupModel& group() const { return model().groups.at(kGroup); }
  const stacks::Stack& stack() const { return model().stacks.at(kStack); }
  std::vector<groups::InstanceId> in_state(groups::LifecycleState state) const {
    std::vector<groups::InstanceId> ids;
    for (const auto& [id, instance] : group().instances) {
      if (instance.lifecycle_state == state) {
        ids.push_back(id);
      }
    }
    return ids;
  }
  std::vector<groups::InstanceId> serving() const {
    return in_state(groups::LifecycleState::InService);
  }
  /// Every instance uses that share of its quota from now on; later ones too, while this runs.
  void run_with_load(double share, Duration duration) {
    const Instant end = clock.now() + duration;
    while (clock.now() < end) {
      for (const auto& [id, instance] : cloud.instances()) {
        cloud.set_load(id, cloud.serves(instance) ? share : 0);
      }
      run_until(std::min(end, clock.now() + std::chrono::milliseconds{100}));
    }
  }
  bool ledger_has(const std::string& what) const {
    for (const auto& entry : model().ledger) {
      if (entry.what.find(what) != std::string::npos) {
        return true;
      }
    }
    return false;
  }
};

}  // namespace tidegate::engine
