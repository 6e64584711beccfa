// Amazon EC2: instances in groups and outside, launch templates, and what both are made of.
#pragma once

#include <string>
#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/ec2.h"
#include "engine/queries.h"

namespace tidegate::api::ec2 {

std::vector<Entry> entries();

Instance instance_answer(const engine::Model& model,
                         const engine::GroupModel& group,
                         const groups::Instance& instance);
Instance standalone_answer(const engine::Model& model, const groups::StandaloneInstance& given);
/// EC2's state of an instance in that part of its life.
InstanceState life_answer(groups::LifecycleState state);
Reservation reservation_answer(const engine::Model& model,
                               const std::string& id,
                               std::vector<Instance> instances);
LaunchTemplate launch_template_answer(const engine::Model& model,
                                      const groups::LaunchTemplate& launch_template);

}  // namespace tidegate::api::ec2
