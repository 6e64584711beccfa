// Client: signed calls to the control plane's API, which is the CLI's only way to it. One instance
// belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace tidegate::apps {

struct Endpoint {
  std::string url = "http://127.0.0.1:4580";  // without a path
  std::string region = "eu-west-2";
  std::string access_key_id;
  std::string secret_access_key;
  MonotonicTime::duration timeout = std::chrono::seconds{30};  // of one call, connecting included
};

class SignedPost;

class Client {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  explicit Client(Endpoint endpoint);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();

  /// service: autoscaling, cloudformation, cloudwatch, ec2, elbv2, sts, or tidegate (the own one).
  /// input and answer have the service model's member names, whatever the protocol is; timestamps
  /// of answers are ISO 8601. headers are sent and signed.
  /// Errors: Unavailable (ConnectionRefused) when nobody answers at the address: exit status 3;
  /// Timeout when it does not answer in time; else the API's own error with AWS's code as its name.
  Result<Json> call(std::string_view service,
                    std::string_view operation,
                    const Json& input = Json::object(),
                    const Headers& headers = {});

 private:
  Endpoint endpoint_;
  std::unique_ptr<SignedPost> post_;  // from the first call on
};

}  // namespace tidegate::apps
