#include "apps/tidegate/verbs/connection.h"

#include <cstdio>
#include <ctime>
#include <thread>

#include "apps/tidegate/serve/home.h"

namespace tidegate::apps {

Result<std::unique_ptr<Client>> connect(const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const RootKey key, read_root_key(environment.home));
  Endpoint endpoint;
  endpoint.url = environment.api_url();
  if (environment.api_host == "0.0.0.0") {
    endpoint.url = "http://127.0.0.1:" + std::to_string(environment.api_port);
  }
  endpoint.region = environment.region;
  endpoint.access_key_id = key.access_key_id;
  endpoint.secret_access_key = key.secret_access_key;
  return std::make_unique<Client>(std::move(endpoint));
}

Status check_reached(const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const auto client, connect(environment));
  TG_RETURN_IF_ERROR(client->call("sts", "GetCallerIdentity"));
  return Ok{};
}

bool is_not_reached(const Error& error) {
  return error.name == "NoHome" || error.name == "ConnectionRefused" ||
         (error.code == ErrorCode::Unavailable && error.name != "Throttling");
}

Exit report(const Error& error, const Environment& environment) {
  if (is_not_reached(error)) {
    progress("tidegate: no control plane answers at " + environment.api_url() + " for the home " +
             environment.home + "; tidegate serve --detach starts one");
    return Exit::NotReached;
  }
  std::string message = error.message.empty() ? error.name : error.message;
  if (error.name == "InvalidClientTokenId" || error.name == "UnrecognizedClientException") {
    message = "the control plane at " + environment.api_url() + " is of another home than " +
              environment.home + "; set TIDEGATE_HOME or TIDEGATE_API";
  }
  progress("tidegate: " + message);
  return error.name == "InvalidEnvironment" ? Exit::Usage : Exit::Failed;
}

void progress(const std::string& line) {
  std::fputs((line + "\n").c_str(), stderr);
}

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

void pause_for(Duration time) {
  std::this_thread::sleep_for(time);
}

MonotonicInstant monotonic_now() {
  timespec time{};
  TG_CHECK(clock_gettime(CLOCK_MONOTONIC, &time) == 0);
  return MonotonicInstant{std::chrono::seconds{time.tv_sec} +
                          std::chrono::nanoseconds{time.tv_nsec}};
}

}  // namespace tidegate::apps
