#include "edge/api/sts/handlers.h"

#include "edge/api/models/sts.h"

namespace tidegate::api::sts {
namespace {

Result<GetCallerIdentityResponse> get_caller_identity(const Context& context,
                                                      const GetCallerIdentityRequest& /*request*/) {
  GetCallerIdentityResponse answer;
  answer.user_id = context.model.account_id;
  answer.account = context.model.account_id;
  answer.arn = context.principal.arn;
  return answer;
}

}  // namespace

std::vector<Entry> entries() {
  return {reads<GetCallerIdentityOperation>({}, &get_caller_identity)};
}

}  // namespace tidegate::api::sts
