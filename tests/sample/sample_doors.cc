#include "sample/sample_doors.h"

#include <algorithm>

namespace tidegate::sample {

Result<std::pair<std::string, std::uint64_t>> Queries::console(const groups::InstanceId& id,
                                                               std::uint64_t offset,
                                                               std::size_t max_bytes) const {
  const std::string text = "line 1\nline 2\n";
  for (const auto& [name, group] : model_->groups) {
    if (group.instances.contains(id)) {
      const std::size_t from = offset == UINT64_MAX ? text.size() - std::min(text.size(), max_bytes)
                                                    : std::min<std::size_t>(text.size(), offset);
      const std::string part = text.substr(from, max_bytes);
      return std::pair{part, static_cast<std::uint64_t>(from + part.size())};
    }
  }
  return Error{ErrorCode::NotFound,
               "InvalidInstanceID.NotFound",
               "The instance ID '" + id.value + "' does not exist"};
}

void Commands::post(engine::Principal principal, engine::Command command, engine::Reply reply) {
  Result<engine::Answer> answer =
      script_ ? script_(command) : Result<engine::Answer>{engine::Answer{Ok{}}};
  posted_.push_back(std::move(command));
  principals_.push_back(std::move(principal));
  reply(std::move(answer));
}

}  // namespace tidegate::sample
