#include "core/groups/scale_in.h"

#include <algorithm>
#include <map>

#include "core/groups/termination_order.h"

namespace tidegate::groups {
namespace {

// AWS's words.
constexpr const char* kAllProtected =
    "Could not scale to desired capacity because all remaining instances are protected from "
    "scale-in.";

class Chooser {
 public:
  Chooser(const PlanInput& input, const Roster& roster, std::int32_t surplus)
      : input_(input),
        roster_(roster),
        left_(surplus),
        answering_(count_answering(roster)),
        healthy_(count_staying(roster)),
        empties_(input.group.desired_capacity == 0) {}

  ScaleIn run() {
    take_unhealthy();
    take_pending();
    if (healthy_ == 0) {
      take_in_order();
    }
    take_replaced();
    take_in_order();
    if (left_ > 0) {
      result_.blocker = why_not();
    }
    return std::move(result_);
  }

 private:
  void take(std::size_t index) {
    result_.leaving.push_back(index);
    --left_;
  }

  void take_unhealthy() {
    if (healthy_ == 0 && !empties_) {
      return;
    }
    for (std::size_t i = 0; i < roster_.members.size() && left_ > 0; ++i) {
      const Member& member = roster_.members[i];
      if (member.is_in_service() && member.is_unhealthy() && !member.is_replaced()) {
        take(i);
        --answering_;
      }
    }
  }

  /// Newest first: it is the furthest from serving.
  void take_pending() {
    std::vector<std::size_t> pending;
    for (std::size_t i = 0; i < roster_.members.size(); ++i) {
      const Member& member = roster_.members[i];
      if (member.is_pending() && !member.instance->replaces) {
        pending.push_back(i);
      }
    }
    std::sort(pending.begin(), pending.end(), [this](std::size_t a, std::size_t b) {
      const Instance& left = *roster_.members[a].instance;
      const Instance& right = *roster_.members[b].instance;
      return left.launched != right.launched ? left.launched > right.launched : left.id < right.id;
    });
    const bool is_awaited = healthy_ == 0 && !empties_;
    if (is_awaited && !pending.empty()) {
      pending.pop_back();
    }
    for (std::size_t i = 0; i < pending.size() && left_ > 0; ++i) {
      take(pending[i]);
    }
  }

  void take_replaced() {
    for (std::size_t i = 0; i < roster_.members.size() && left_ > 0; ++i) {
      const Member& member = roster_.members[i];
      const bool launching = member.is_in_service() && member.replacement &&
                             roster_.members[*member.replacement].is_pending();
      if (launching && (empties_ || answering_ >= 2)) {
        take(*member.replacement);
        result_.leaving.push_back(i);
        --answering_;
      }
    }
  }

  void take_in_order() {
    for (const std::size_t index : scale_in_candidates(input_, roster_)) {
      if (left_ == 0 || (answering_ < 2 && !empties_)) {
        return;
      }
      if (std::find(result_.leaving.begin(), result_.leaving.end(), index) ==
          result_.leaving.end()) {
        take(index);
        --answering_;
      }
    }
  }

  Blocker why_not() const {
    if (answering_ < 2 && !empties_) {
      return {"scale in",
              "The last instance that answers stays until another one serves.",
              "a launching instance serves"};
    }
    return {"scale in", kAllProtected, "the protection of an instance is removed"};
  }

  const PlanInput& input_;
  const Roster& roster_;
  std::int32_t left_;
  std::int32_t answering_;
  std::int32_t healthy_;
  bool empties_;
  ScaleIn result_;
};

}  // namespace

ScaleIn choose_scale_in(const PlanInput& input, const Roster& roster, std::int32_t surplus) {
  return Chooser{input, roster, surplus}.run();
}

std::vector<std::size_t> scale_in_candidates(const PlanInput& input, const Roster& roster) {
  std::vector<const Instance*> candidates;
  std::map<const Instance*, std::size_t> indexes;  // looked up only, never iterated
  for (std::size_t i = 0; i < roster.members.size(); ++i) {
    const Member& member = roster.members[i];
    if (member.is_in_service() && member.is_counted() && !member.scale_in_protected) {
      candidates.push_back(member.instance);
      indexes.emplace(member.instance, i);
    }
  }
  std::vector<std::size_t> order;
  for (const Instance* instance :
       termination_order(input, std::move(candidates), zone_counts(roster))) {
    order.push_back(indexes.at(instance));
  }
  return order;
}

}  // namespace tidegate::groups
