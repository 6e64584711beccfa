#include "edge/api/calls/serve.h"

#include "edge/api/protocol/validate.h"

namespace tidegate::api {

Status check_accepted(const Shape* shape,
                      const void* request,
                      const std::vector<const char*>& accepted) {
  return refuse_others(*shape, request, accepted);
}

}  // namespace tidegate::api
