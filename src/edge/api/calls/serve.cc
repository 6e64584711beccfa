#include "edge/api/calls/serve.h"

#include "base/check.h"
#include "edge/api/protocol/validate.h"

namespace tidegate::api {

Status check_accepted(const Shape* shape,
                      const void* request,
                      const std::vector<const char*>& accepted) {
  return refuse_others(*shape, request, accepted);
}

engine::Command tried(engine::Command command) {
  auto* const fleet = std::get_if<engine::FleetCommand>(&command);
  TG_CHECK(fleet != nullptr);  // only EC2 has DryRun, and its commands are the fleet's
  return engine::DryRun{std::move(*fleet)};
}

}  // namespace tidegate::api
