#include "sample/sample_model.h"

namespace tidegate::sample {
namespace {

const std::string kArnEnd = ":eu-west-2:000000000000:";
const Instant kCreated = *parse_iso8601("2026-01-03T12:03:24Z");
const Instant kLaunched = *parse_iso8601("2026-01-03T12:03:29Z");
const Instant kServing = *parse_iso8601("2026-01-03T12:03:34.200Z");

void add_stack(engine::Model& model) {
  stacks::Stack& stack = model.stacks[kStack];
  stack.name = kStack;
  stack.id = stack_id();
  stack.description = "the CNT media platform";
  stack.status = stacks::Status::CreateComplete;
  stack.created = kCreated;
  stack.template_body = "Resources: {}";
  stack.template_folder = "/examples/cnt";
  stack.given_parameters = {{"Colour", "blue"}};
  stack.parameters = {{"Colour", "blue"}, {"Size", "1"}};
  stack.tags = {{"team", "media"}};
  const auto add = [&](const char* logical, const std::string& physical, const char* type) {
    stack.resources.push_back(
        {stacks::LogicalId{logical}, physical, type, stacks::Status::CreateComplete, "", kCreated});
    stack.events.push_back({std::string{logical} + "-CREATE_COMPLETE-1",
                            logical,
                            physical,
                            type,
                            stacks::Status::CreateComplete,
                            "",
                            kCreated});
  };
  add("LoadBalancer", load_balancer_arn().value, "AWS::ElasticLoadBalancingV2::LoadBalancer");
  add("TargetGroup", target_group_arn().value, "AWS::ElasticLoadBalancingV2::TargetGroup");
  add("Listener", listener_arn().value, "AWS::ElasticLoadBalancingV2::Listener");
  add("LaunchTemplate", kLaunchTemplate.value, "AWS::EC2::LaunchTemplate");
  add("Group", kGroup.value, "AWS::AutoScaling::AutoScalingGroup");
  add("Policy",
      "arn:aws:autoscaling" + kArnEnd + "scalingPolicy:1",
      "AWS::AutoScaling::ScalingPolicy");
  add("CpuHigh", kUserAlarm.value, "AWS::CloudWatch::Alarm");
  stack.outputs = {{"Url", "http://10.79.255.1/", "open this"}};
  stacks::InstanceType& type = stack.metadata.instance_types["t3.large"];
  type = {0.5, 256, 68.0, 2, 8192};
  stack.metadata.prices = {{"LoadBalancer", 16.0}, {"RDS", 15.0}};
  stack.metadata.instance_scale = 1;
}

void add_balancing(engine::Model& model) {
  balancing::LoadBalancer& load_balancer = model.load_balancers[load_balancer_arn()];
  load_balancer.arn = load_balancer_arn();
  load_balancer.name = "cnt-backend-alb";
  load_balancer.dns_name = "10.79.255.1";
  load_balancer.address = "10.79.255.1";
  load_balancer.zones = {"eu-west-2a", "eu-west-2b", "eu-west-2c"};
  load_balancer.security_groups = {"sg-08d60aadf7c7dc615"};
  load_balancer.created = kCreated;

  balancing::Listener& listener = model.listeners[listener_arn()];
  listener.arn = listener_arn();
  listener.load_balancer = load_balancer_arn();
  listener.port = 80;
  listener.bound_port = 80;
  listener.default_action.target_group = target_group_arn();

  balancing::Rule& rule = model.rules[rule_arn()];
  rule.arn = rule_arn();
  rule.listener = listener_arn();
  rule.priority = 10;
  rule.conditions = {{balancing::RuleCondition::Field::PathPattern, {"/api/*"}},
                     {balancing::RuleCondition::Field::HostHeader, {"media.example.org"}}};
  rule.action.target_group = target_group_arn();

  balancing::TargetGroup& group = model.target_groups[target_group_arn()].target_group;
  group.arn = target_group_arn();
  group.name = "cnt-backend-tg";
  group.port = 8000;
  group.health_check.path = "/health";
  group.created = kCreated;
}

void add_group(engine::Model& model) {
  groups::LaunchTemplate& launch_template = model.launch_templates[kLaunchTemplate];
  launch_template.id = kLaunchTemplate;
  launch_template.name = "cnt-backend-launch-template";
  launch_template.created = kCreated;
  launch_template.versions = {{1,
                               "ami-013fb36a0ba6d426f",
                               "t3.large",
                               "#!/bin/bash\nexec app\n",
                               "EC2-S3-Access-Role",
                               {"sg-08d60aadf7c7dc615"},
                               kCreated}};

  engine::GroupModel& group = model.groups[kGroup];
  group.stack = kStack;
  group.group.name = kGroup;
  group.group.arn = "arn:aws:autoscaling" + kArnEnd +
                    "autoScalingGroup:7f9f2a52-0000-4000-8000-000000000003:autoScalingGroupName/" +
                    kGroup.value;
  group.group.min_size = 1;
  group.group.max_size = 3;
  group.group.desired_capacity = 1;
  group.group.launch_template = {kLaunchTemplate, "cnt-backend-launch-template", "1"};
  group.group.zones = {"eu-west-2a", "eu-west-2b", "eu-west-2c"};
  group.group.subnets = {"subnet-0a", "subnet-0b", "subnet-0c"};
  group.group.target_groups = {target_group_arn()};
  group.group.health_check_type = groups::HealthCheckType::Elb;
  group.group.tags = {{"Name", "cnt-backend"}};
  group.group.created = kCreated;
  group.cpu_percent = 4;

  groups::Activity activity;
  activity.id = groups::ActivityId{"5a2b6c7d-0000-4000-8000-000000000004"};
  activity.group = kGroup;
  activity.instance = kInstance;
  activity.description = groups::launch_description(kInstance);
  activity.cause =
      "At 2026-01-03T12:03:24Z a user request created an AutoScalingGroup changing the "
      "desired capacity from 0 to 1.";
  activity.start = kLaunched;
  activity.end = kServing;
  activity.status = groups::ActivityStatus::Successful;
  activity.progress = 100;
  activity.details = R"({"Availability Zone":"eu-west-2a"})";
  group.activities.push_back(activity);
}

void add_policy(engine::Model& model) {
  scaling::TargetTrackingPolicy& policy = model.policies[kPolicy].policy;
  policy.name = kPolicy;
  policy.arn = "arn:aws:autoscaling" + kArnEnd + "scalingPolicy:1";
  policy.group_name = kGroup.value;
  policy.target_value = 70;
  policy.timing = scaling::timing_of(scaling::TimingProfile::Fast);
  policy.high_alarm = kHighAlarm;
  policy.low_alarm = kLowAlarm;
  alarms::Alarm high = scaling::make_high_alarm(policy, "0b2c3d4e-0000-4000-8000-000000000001");
  alarms::Alarm low = scaling::make_low_alarm(policy, "0b2c3d4e-0000-4000-8000-000000000002");
  alarms::Alarm user = high;
  user.name = kUserAlarm;
  user.policy_arn.clear();
  user.description = "CPU over 70 %";
  user.period = std::chrono::seconds{60};
  user.alarm_actions = {"arn:aws:sns" + kArnEnd + "on-call"};
  for (alarms::Alarm* alarm : {&high, &low, &user}) {
    alarm->arn = "arn:aws:cloudwatch" + kArnEnd + "alarm:" + alarm->name.value;
    alarm->state = alarms::StateValue::Ok;
    alarm->state_reason = "as expected";
    alarm->configuration_updated = kCreated;
    alarm->state_updated = kServing;
    alarm->state_transitioned = kServing;
    model.alarms[alarm->name] = *alarm;
  }
  model.alarms[kLowAlarm].state = alarms::StateValue::Alarm;
}

void add_ledger(engine::Model& model) {
  engine::LedgerEntry launch;
  launch.sequence = 1;
  launch.at = kLaunched;
  launch.group = kGroup.value;
  launch.instance = kInstance.value;
  launch.activity = "5a2b6c7d-0000-4000-8000-000000000004";
  launch.decided = true;
  launch.what = "launch " + kInstance.value;
  launch.why = "desired is 1, 0 are there";
  model.ledger.push_back(launch);
  engine::LedgerEntry stay;
  stay.sequence = 2;
  stay.at = kServing;
  stay.group = kGroup.value;
  stay.what = "desired stays 1";
  stay.why = "CPU 4 % is below 70 %";
  stay.would_change = "CPU above 70 % for 3 s";
  stay.inputs = Json::object({{"cpu", 4}});
  model.ledger.push_back(stay);
}

}  // namespace

const balancing::TargetGroupArn& target_group_arn() {
  static const balancing::TargetGroupArn arn{"arn:aws:elasticloadbalancing" + kArnEnd +
                                             "targetgroup/cnt-backend-tg/0123456789abcdef"};
  return arn;
}

const balancing::LoadBalancerArn& load_balancer_arn() {
  static const balancing::LoadBalancerArn arn{"arn:aws:elasticloadbalancing" + kArnEnd +
                                              "loadbalancer/app/cnt-backend-alb/fedcba9876543210"};
  return arn;
}

const balancing::ListenerArn& listener_arn() {
  static const balancing::ListenerArn arn{
      "arn:aws:elasticloadbalancing" + kArnEnd +
      "listener/app/cnt-backend-alb/fedcba9876543210/00112233445566aa"};
  return arn;
}

const balancing::RuleArn& rule_arn() {
  static const balancing::RuleArn arn{
      "arn:aws:elasticloadbalancing" + kArnEnd +
      "listener-rule/app/cnt-backend-alb/fedcba9876543210/00112233445566aa/8899aabbccddeeff"};
  return arn;
}

std::string stack_id() {
  return "arn:aws:cloudformation" + kArnEnd + "stack/cnt/6e0a1b2c-0000-4000-8000-000000000005";
}

engine::Model model() {
  engine::Model model;
  model.now = kNow;
  model.version = 7;
  model.region = "eu-west-2";
  model.account_id = "000000000000";
  model.home_id = "a1";
  model.data_plane_connected = true;
  model.host_vcpus = 2;
  model.host_memory_mib = 24000;
  add_stack(model);
  add_balancing(model);
  add_group(model);
  add_policy(model);
  add_ledger(model);
  add_instance(model, kInstance.value, "eu-west-2a");
  group(model).use[kInstance].traffic_share = 1.0;
  return model;
}

groups::Instance& add_instance(engine::Model& model,
                               const std::string& id,
                               const std::string& zone) {
  engine::GroupModel& of = group(model);
  groups::Instance& instance = of.instances[groups::InstanceId{id}];
  instance.tags = of.group.tags;
  instance.id = groups::InstanceId{id};
  instance.group = kGroup;
  instance.zone = zone;
  instance.image_id = "ami-013fb36a0ba6d426f";
  instance.instance_type = "t3.large";
  instance.launch_template = of.group.launch_template;
  instance.lifecycle_state = groups::LifecycleState::InService;
  instance.launched = kLaunched;
  instance.in_service_since = kServing;
  instance.address = "10.64.0." + std::to_string(of.instances.size() + 1);
  instance.port = 8000;
  instance.launch_activity = groups::ActivityId{"5a2b6c7d-0000-4000-8000-000000000004"};

  groups::InstanceObservation seen;
  seen.id = instance.id;
  seen.phase = groups::InstancePhase::Running;
  seen.process_alive = true;
  seen.user_data_exit_status = 0;
  seen.user_data_duration = std::chrono::milliseconds{3100};
  of.facts[instance.id].observation = seen;
  of.use[instance.id].cpu_percent = 4;
  of.use[instance.id].busiest_thread = 0.04;

  target_group(model).target_group.targets.push_back(
      {id, 8000, instance.address, zone, kLaunched, std::nullopt});
  set_health(model, id, {balancing::TargetHealthState::Healthy, "", ""}, "200 in 3 ms");
  return instance;
}

void set_health(engine::Model& model,
                const std::string& target,
                const balancing::TargetHealth& health,
                const std::string& last_probe) {
  engine::TargetGroupModel& of = target_group(model);
  std::erase_if(of.reports, [&](const auto& report) { return report.id == target; });
  balancing::TargetReport report;
  report.target_group = target_group_arn();
  report.id = target;
  report.port = 8000;
  report.health = health;
  report.last_probe = last_probe;
  of.reports.push_back(report);
}

engine::GroupModel& group(engine::Model& model) {
  return model.groups.at(kGroup);
}

engine::TargetGroupModel& target_group(engine::Model& model) {
  return model.target_groups.at(target_group_arn());
}

}  // namespace tidegate::sample
