#include "edge/api/autoscaling/handlers.h"

#include <iterator>

#include "edge/api/autoscaling/asking.h"

namespace tidegate::api::autoscaling {

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (auto* const part : {&group_entries,
                           &attachment_entries,
                           &instance_entries,
                           &activity_entries,
                           &policy_entries,
                           &tag_entries,
                           &type_entries}) {
    auto some = part();
    all.insert(
        all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return all;
}

}  // namespace tidegate::api::autoscaling
