// libFuzzer over requests: any form and any JSON is decoded into the structures of operations with
// every kind of member, validated, and written out, or refused in AWS's words. The first byte
// chooses the operation.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "edge/api/models/autoscaling.h"
#include "edge/api/models/cloudformation.h"
#include "edge/api/models/cloudwatch.h"
#include "edge/api/models/ec2.h"
#include "edge/api/models/elbv2.h"
#include "edge/api/protocol/decode.h"
#include "edge/api/protocol/encode.h"
#include "edge/api/protocol/reverse.h"
#include "edge/api/protocol/validate.h"

namespace tidegate::api {
namespace {

void check_refusal(const Status& status) {
  TG_CHECK(status || (!status.error().name.empty() && !status.error().message.empty()));
}

template <typename Request>
void decode(const Service& service, const char* name, std::string_view text) {
  const Operation* operation = find_operation(service, name);
  TG_CHECK(operation != nullptr && operation->input != nullptr);
  if (const auto form = parse_form(text)) {
    Request request;
    const Status decoded = decode_form(*form, *operation->input, service.protocol, &request);
    check_refusal(decoded);
    if (decoded) check_refusal(validate(*operation->input, &request, words_of(service)));
  }
  const auto json = Json::parse(text);
  if (!json) return;
  Request request;
  const Status decoded = decode_json(*json, *operation->input, &request);
  check_refusal(decoded);
  if (!decoded) return;
  check_refusal(validate(*operation->input, &request, words_of(service)));
  // What was understood is understood the same when it is written out.
  const Json shown = to_json(*operation->input, &request);
  Request again;
  TG_CHECK(decode_json(shown, *operation->input, &again).has_value());
  TG_CHECK(to_json(*operation->input, &again) == shown);
}

void one(std::uint8_t which, std::string_view text) {
  switch (which % 5) {
    case 0:
      return decode<cloudwatch::PutMetricDataInput>(cloudwatch::service(), "PutMetricData", text);
    case 1:
      return decode<cloudwatch::GetMetricStatisticsInput>(
          cloudwatch::service(), "GetMetricStatistics", text);
    case 2:
      return decode<cloudformation::CreateStackInput>(
          cloudformation::service(), "CreateStack", text);
    case 3:
      return decode<elbv2::RegisterTargetsInput>(elbv2::service(), "RegisterTargets", text);
    default:
      return decode<ec2::DescribeInstancesRequest>(ec2::service(), "DescribeInstances", text);
  }
}

}  // namespace
}  // namespace tidegate::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) {
    tidegate::api::one(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  }
  return 0;
}
