// Amazon EC2: the instances of the groups, launch templates, and consoles.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/ec2.h"
#include "engine/queries.h"

namespace tidegate::api::ec2 {

std::vector<Entry> entries();

Instance instance_answer(const engine::Model& model,
                         const engine::GroupModel& group,
                         const groups::Instance& instance);
LaunchTemplate launch_template_answer(const engine::Model& model,
                                      const groups::LaunchTemplate& launch_template);

}  // namespace tidegate::api::ec2
