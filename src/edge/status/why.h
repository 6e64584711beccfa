// Why an instance is where it is, in one sentence: what the group says and what the balancer says,
// and where they disagree.
#pragma once

#include <string>

#include "engine/queries.h"

namespace tidegate::status {

/// "agree" when both say that it serves.
std::string why(const engine::Model& model,
                const engine::GroupModel& group,
                const groups::Instance& instance);

/// One thread does all the work it can, and CPU of the instance cannot rise further: the share of
/// its quota where it ends, 0..1. Absent: no thread is at its limit, or one thread can use it all.
std::optional<double> single_thread_ceiling(const engine::Model& model,
                                            const engine::GroupModel& group,
                                            const groups::Instance& instance);

}  // namespace tidegate::status
