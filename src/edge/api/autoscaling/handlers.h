// Amazon EC2 Auto Scaling: groups, their instances, activities, policies and tags.
#pragma once

#include <vector>

#include "edge/api/calls/serve.h"
#include "edge/api/models/autoscaling.h"
#include "engine/queries.h"

namespace tidegate::api::autoscaling {

std::vector<Entry> entries();

/// One group, activity or policy as the API returns it; also what `status` is made of.
AutoScalingGroup group_answer(const engine::Model& model, const engine::GroupModel& group);
Activity activity_answer(const engine::Model& model, const groups::Activity& activity);
Activity past_activity_answer(const engine::Model& model, const groups::PastActivity& past);
ScalingPolicy policy_answer(const engine::Model& model,
                            const scaling::TargetTrackingPolicy& policy);

}  // namespace tidegate::api::autoscaling
