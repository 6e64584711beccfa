// The real API over the sample model, for clients of other people: prints its port and keys as one
// line of JSON, serves until its standard input ends.
#include "edge/api/server.h"

#include <chrono>
#include <iostream>
#include <string>

#include "base/json.h"
#include "sample/sample_doors.h"
#include "sample/sample_model.h"
#include "sim/memory_metrics.h"

namespace {

using namespace tidegate;  // a test program of one file

Instant wall_now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch())};
}

Result<engine::Answer> answer(const engine::Model& model, const engine::Command& command) {
  if (const auto* create = std::get_if<engine::CreateStack>(&command)) {
    if (create->name == sample::kStack) {
      return Error{ErrorCode::AlreadyExists,
                   "AlreadyExistsException",
                   "Stack [" + create->name.value + "] already exists"};
    }
    return engine::Answer{engine::StackIdAnswer{sample::stack_id() + "-new"}};
  }
  if (std::holds_alternative<engine::TerminateInstance>(command)) {
    return engine::Answer{
        engine::ActivityAnswer{model.groups.at(sample::kGroup).activities.front()}};
  }
  return engine::Answer{Ok{}};
}

}  // namespace

int main() {
  engine::Model model = sample::model();
  for (auto& activity : model.groups.at(sample::kGroup).activities) {
    activity.start = wall_now();  // activities are shown for six weeks
    activity.end = activity.start;
  }
  sample::Queries queries{model};
  sample::Commands commands;
  commands.answer_with([&](const engine::Command& command) { return answer(model, command); });
  sim::MemoryMetrics metrics;
  const api::Credentials root{"AKIDTIDEGATEEXAMPLE", "a secret of tests"};
  api::Server::Settings settings;
  settings.port = 0;
  settings.front = {root, &wall_now, 1};
  auto server = api::Server::start(settings, queries, commands, metrics);
  if (!server.has_value()) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  std::cout << Json::object({{"Port", std::int64_t{(*server)->port()}},
                             {"AccessKeyId", root.access_key_id},
                             {"SecretAccessKey", root.secret_access_key}})
                   .dump()
            << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  (*server)->stop();
  return 0;
}
