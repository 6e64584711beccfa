#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

#include "apps/tidegate/serve/serve.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/stack_watch.h"
#include "apps/tidegate/verbs/verbs.h"
#include "base/text.h"

namespace tidegate::apps {
namespace {

constexpr double kGrace_s = 10;          // after LaunchTimeout (CONTRACT)
constexpr double kLaunchTimeout_s = 60;  // of a group whose answer does not say it
constexpr Duration kReadyPoll = std::chrono::milliseconds{200};

Result<std::string> read_template(const std::string& file) {
  std::ifstream in{file};
  if (!in || std::filesystem::is_directory(file)) {
    return Error{ErrorCode::NotFound, "NoTemplate", "cannot read the template " + file};
  }
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Json request_of(const Up& up, const std::string& body) {
  Json parameters = Json::array();
  for (const auto& [name, value] : up.parameters) {
    parameters.push(Json::object({{"ParameterKey", name}, {"ParameterValue", value}}));
  }
  return Json::object(
      {{"StackName", up.stack_name}, {"TemplateBody", body}, {"Parameters", parameters}});
}

bool nothing_to_change(const Error& error) {
  return error.message.find("No updates are to be performed") != std::string::npos;
}

/// A stack that a failed creation left behind can only be deleted; `up` does that.
Status clear_remains(Client& client, const std::string& stack) {
  StackWatch watch{client, stack};
  TG_ASSIGN_OR_RETURN(const Json existing, watch.settle());
  const std::string status = existing["StackStatus"].string_or("");
  if (status == "ROLLBACK_COMPLETE" || status == "CREATE_FAILED" || status == "ROLLBACK_FAILED" ||
      status == "DELETE_FAILED") {
    progress("removing what is left of the failed stack " + stack);
    TG_RETURN_IF_ERROR(
        client.call("cloudformation", "DeleteStack", Json::object({{"StackName", stack}})));
    TG_RETURN_IF_ERROR(watch.settle());
  }
  return Ok{};
}

/// Creates or updates, and waits for the end of it. Errors: the API's; FailedPrecondition with the
/// first failing resource's reason.
Status apply(Client& client, const Up& up, const std::string& body) {
  TG_RETURN_IF_ERROR(clear_remains(client, up.stack_name));
  TG_ASSIGN_OR_RETURN(const Json existing, describe_stack(client, up.stack_name));
  StackWatch watch{client, up.stack_name};
  const std::string folder = std::filesystem::path{up.template_file}.parent_path().string();
  const char* operation = existing.is_null() ? "CreateStack" : "UpdateStack";
  const auto answer = client.call(
      "cloudformation", operation, request_of(up, body), {{"X-Tidegate-Template-Folder", folder}});
  if (!answer) {
    if (nothing_to_change(answer.error())) {
      progress("stack " + up.stack_name + ": nothing to change");
      return Ok{};
    }
    return answer.error();
  }
  TG_ASSIGN_OR_RETURN(const Json stack, watch.settle());
  const std::string status = stack["StackStatus"].string_or("");
  if (status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE") {
    return Ok{};
  }
  const std::string why = watch.first_failure().empty() ? stack["StackStatusReason"].string_or("")
                                                        : watch.first_failure();
  return Error{ErrorCode::FailedPrecondition,
               "StackFailed",
               "stack " + up.stack_name + ": " + status + ": " + why};
}

/// The stack of that name in the answer of GetStatus; null when it is not there.
const Json& stack_in(const Json& status, const std::string& name) {
  static const Json kNone;
  for (const Json& stack : status["Stacks"].items()) {
    if (stack["StackName"].string_or("") == name) {
      return stack;
    }
  }
  return kNone;
}

double patience_s(const Json& stack) {
  double longest = 0;
  for (const Json& group : stack["AutoScalingGroups"].items()) {
    longest = std::max(longest, group["LaunchTimeout"].number_or(kLaunchTimeout_s));
  }
  return longest + kGrace_s;
}

void say_settings(const Json& status, const Json& stack) {
  const Json& scale =
      stack["InstanceScale"].is_number() ? stack["InstanceScale"] : status["InstanceScale"];
  if (scale.is_number()) {
    progress("instance scale " + format_double(scale.number_or(1)) +
             (scale.number_or(1) < 1
                  ? ": instance types of the catalogue are that much smaller here"
                  : ""));
  }
  std::vector<std::string> unused;
  for (const Json& key : stack["UnusedMetadata"].items()) {
    unused.push_back(key.string_or(""));
  }
  if (!unused.empty()) {
    progress("metadata without effect yet: " + join(unused, ", "));
  }
}

std::string why_not_serving(const Json& stack) {
  std::vector<std::string> sentences;
  for (const Json& problem : stack["Problems"].items()) {
    sentences.push_back(problem.string_or(""));
  }
  for (const Json& group : stack["AutoScalingGroups"].items()) {
    const Json& last = group["LastActivity"];
    if (last["StatusCode"].string_or("") == "Failed") {
      const std::string what = last["Description"].string_or("");
      const std::string why = last["StatusMessage"].string_or("");
      sentences.push_back(what.ends_with(why) ? what : what + ": " + why);
    }
  }
  return sentences.empty() ? "the instances do not serve yet; see tidegate status"
                           : join(sentences, "\n  ");
}

/// Waits until MinSize are in service in each group; the newest status. Error: Timeout with why.
Result<Json> wait_until_serving(Client& client, const std::string& name) {
  const MonotonicInstant begin = monotonic_now();
  std::string said;
  while (true) {
    TG_ASSIGN_OR_RETURN(Json status, client.call("tidegate", "GetStatus"));
    const Json& stack = stack_in(status, name);
    const std::string verdict = stack["Verdict"].string_or("");
    const std::string text = verdict + ": " + stack["VerdictText"].string_or("");
    if (text != said) {
      progress(text);
      said = text;
    }
    if (verdict == "READY") {
      return status;
    }
    const double patience = patience_s(stack);
    if (seconds_since(begin) > patience) {
      return Error{ErrorCode::Timeout,
                   "NotServing",
                   "stack " + name + " exists but does not serve after " +
                       format_fixed(patience, 0) + " s:\n  " + why_not_serving(stack)};
    }
    pause_for(kReadyPoll);
  }
}

Status up_and_wait(const Up& up, const Environment& environment) {
  TG_ASSIGN_OR_RETURN(const std::string body, read_template(up.template_file));
  TG_RETURN_IF_ERROR(ensure_serving(environment));
  TG_ASSIGN_OR_RETURN(const auto client, connect(environment));
  TG_RETURN_IF_ERROR(apply(*client, up, body));
  TG_ASSIGN_OR_RETURN(const Json before, client->call("tidegate", "GetStatus"));
  say_settings(before, stack_in(before, up.stack_name));
  TG_ASSIGN_OR_RETURN(const Json status, wait_until_serving(*client, up.stack_name));
  const Json& stack = stack_in(status, up.stack_name);
  if (up.output == Output::Json) {
    print(stack.dump(2) + "\n");
  } else {
    print(up.stack_name + " serves at " + stack["Url"].string_or("(no listener)") + "\n");
  }
  return Ok{};
}

}  // namespace

Exit run_up(const Up& up, const Environment& environment) {
  const Status done = up_and_wait(up, environment);
  return done ? Exit::Done : report(done.error(), environment);
}

}  // namespace tidegate::apps
