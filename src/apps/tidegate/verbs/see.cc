#include <csignal>
#include <limits>

#include <unistd.h>

#include "apps/tidegate/show/cost_text.h"
#include "apps/tidegate/show/paint.h"
#include "apps/tidegate/show/probe.h"
#include "apps/tidegate/show/status_text.h"
#include "apps/tidegate/verbs/connection.h"
#include "apps/tidegate/verbs/verbs.h"

namespace tidegate::apps {
namespace {

constexpr Duration kWatchInterval = std::chrono::seconds{1};
constexpr Duration kFollowInterval = std::chrono::milliseconds{200};
constexpr const char* kClearScreen = "\x1b[H\x1b[2J";

/// The answer of GetStatus with what a request through each Url said added as UrlNote.
Result<Json> probed_status(Client& client) {
  TG_ASSIGN_OR_RETURN(Json status, client.call("tidegate", "GetStatus"));
  Json stacks = Json::array();
  for (const Json& stack : status["Stacks"].items()) {
    Json noted = stack;
    const std::string url = stack["Url"].string_or("");
    if (!url.empty()) {
      // The balancer's own probe says how an instance is; this request comes from where we stand.
      const std::string note = stack["UrlNote"].string_or("");
      const bool says_probe = note.ends_with("through the balancer");
      noted.set("UrlNote", probe_text(url) + (note.empty() || says_probe ? "" : "   " + note));
    }
    stacks.push(std::move(noted));
  }
  status.set("Stacks", std::move(stacks));
  return status;
}

Exit watch(Client& client, const Environment& environment) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  while (true) {
    const auto status = probed_status(client);
    std::string text = terminal ? kClearScreen : "";
    if (!status && !is_not_reached(status.error())) {
      return report(status.error(), environment);
    }
    text += status ? status_text(*status, paint_of(STDOUT_FILENO))
                   : "the control plane does not answer; what runs goes on running\n";
    print(text + (terminal ? "" : "\n"));
    pause_for(kWatchInterval);
  }
}

Result<Exit> follow_console(Client& client, const Logs& logs) {
  Json request = Json::object({{"InstanceId", logs.instance}});
  while (true) {
    TG_ASSIGN_OR_RETURN(const Json chunk, client.call("tidegate", "GetConsole", request));
    const std::string text = chunk["Text"].string_or("");
    print(text);
    const Json& next = chunk["NextOffset"];
    const bool ended = chunk["Ended"].bool_or(false);
    if (text.empty() && (logs.mode == Logs::Mode::Once || ended)) {
      return Exit::Done;
    }
    request.set("Offset", next);
    if (text.empty()) {
      pause_for(kFollowInterval);
    }
  }
}

}  // namespace

Exit run_status(const ShowStatus& show, const Environment& environment) {
  const auto client = connect(environment);
  if (!client) {
    return report(client.error(), environment);
  }
  if (show.mode == ShowStatus::Mode::Watch) {
    return watch(**client, environment);
  }
  if (show.output == Output::Json) {
    const auto status = (*client)->call("tidegate", "GetStatus");
    if (!status) {
      return report(status.error(), environment);
    }
    print(status->dump(2) + "\n");
    return all_ready(*status) ? Exit::Done : Exit::Failed;
  }
  const auto status = probed_status(**client);
  if (!status) {
    return report(status.error(), environment);
  }
  print(status_text(*status, paint_of(STDOUT_FILENO)));
  return all_ready(*status) ? Exit::Done : Exit::Failed;
}

Exit run_cost(const ShowCost& show, const Environment& environment) {
  const auto client = connect(environment);
  if (!client) {
    return report(client.error(), environment);
  }
  const auto status = (*client)->call("tidegate", "GetStatus");
  if (!status) {
    return report(status.error(), environment);
  }
  if (show.output == Output::Text) {
    print(cost_text(*status, paint_of(STDOUT_FILENO)));
    return Exit::Done;
  }
  Json stacks = Json::array();
  for (const Json& stack : (*status)["Stacks"].items()) {
    stacks.push(Json::object({{"StackName", stack["StackName"]}, {"Cost", stack["Cost"]}}));
  }
  print(Json::object({{"Stacks", std::move(stacks)}}).dump(2) + "\n");
  return Exit::Done;
}

Exit run_explain(const Explain& explain, const Environment& environment) {
  const auto client = connect(environment);
  if (!client) {
    return report(client.error(), environment);
  }
  const auto answer = (*client)->call(
      "tidegate", "Explain", Json::object({{"Kind", explain.kind}, {"Name", explain.name}}));
  if (!answer) {
    return report(answer.error(), environment);
  }
  print(explain.output == Output::Json ? answer->dump(2) + "\n" : (*answer)["Text"].string_or(""));
  return Exit::Done;
}

Exit run_logs(const Logs& logs, const Environment& environment) {
  const auto client = connect(environment);
  if (!client) {
    return report(client.error(), environment);
  }
  if (logs.output == Output::Json && logs.mode == Logs::Mode::Once) {
    const auto chunk =
        (*client)->call("tidegate", "GetConsole", Json::object({{"InstanceId", logs.instance}}));
    if (!chunk) {
      return report(chunk.error(), environment);
    }
    print(chunk->dump(2) + "\n");
    return Exit::Done;
  }
  const auto done = follow_console(**client, logs);
  return done ? *done : report(done.error(), environment);
}

}  // namespace tidegate::apps
