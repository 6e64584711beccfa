#include "edge/api/ec2/handlers.h"

#include <iterator>

#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {

std::vector<Entry> entries() {
  std::vector<Entry> all;
  for (auto* const part : {&instance_entries,
                           &running_entries,
                           &launch_template_entries,
                           &catalogue_entries,
                           &network_entries,
                           &tag_entries}) {
    auto some = part();
    all.insert(
        all.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
  }
  return all;
}

}  // namespace tidegate::api::ec2
