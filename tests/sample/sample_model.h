// A model as the engine publishes it: the reference stack `cnt`, one instance in service,
// everything well. Tests change what they are about.
#pragma once

#include <string>

#include "engine/model.h"

namespace tidegate::sample {

inline const Instant kNow = *parse_iso8601("2026-01-03T12:04:31.250Z");

// Names and ids of the sample.
inline const stacks::StackName kStack{"cnt"};
inline const groups::GroupName kGroup{"cnt-backend-asg"};
inline const groups::InstanceId kInstance{"i-03c688b8cb17b7070"};
inline const groups::LaunchTemplateId kLaunchTemplate{"lt-0df95842ef192ef98"};
inline const scaling::PolicyName kPolicy{"cnt-target-tracking-cpu"};
inline const alarms::AlarmName kHighAlarm{
    "TargetTracking-cnt-backend-asg-AlarmHigh-0b2c3d4e-0000-4000-8000-000000000001"};
inline const alarms::AlarmName kLowAlarm{
    "TargetTracking-cnt-backend-asg-AlarmLow-0b2c3d4e-0000-4000-8000-000000000002"};
inline const alarms::AlarmName kUserAlarm{"cnt-ec2-cpu-high"};
const balancing::TargetGroupArn& target_group_arn();
const balancing::LoadBalancerArn& load_balancer_arn();
const balancing::ListenerArn& listener_arn();
const balancing::RuleArn& rule_arn();
std::string stack_id();

engine::Model model();

/// Adds an instance like the sample's own: InService, registered and healthy.
groups::Instance& add_instance(engine::Model& model,
                               const std::string& id,
                               const std::string& zone);
/// What the balancer says of a target of the sample's target group.
void set_health(engine::Model& model,
                const std::string& target,
                const balancing::TargetHealth& health,
                const std::string& last_probe);
engine::GroupModel& group(engine::Model& model);
engine::TargetGroupModel& target_group(engine::Model& model);

}  // namespace tidegate::sample
