#include "apps/tidegate/serve/control_plane.h"

#include "apps/tidegate/verbs/connection.h"

namespace tidegate::apps {

Exit run_control_plane(const Environment& environment) {
  return report(Error{ErrorCode::Unsupported, "NotBuilt", "the control plane is not built yet"},
                environment);
}

Status end_everything(const Environment&) {
  return Error{ErrorCode::Unsupported, "NotBuilt", "stop --all is not built yet"};
}

}  // namespace tidegate::apps
