// What a handler sees of the world: an immutable view, and who asks. It lives as long as the call.
#pragma once

#include <string>

#include "base/time.h"
#include "engine/commands.h"
#include "engine/queries.h"
#include "ports/metric_store.h"

namespace tidegate::api {

struct Context {
  const engine::Model& model;
  const engine::QueryDoor& queries;  // for consoles, which are not in the model
  ports::MetricStore& metrics;
  engine::Principal principal;
  Instant now;                  // UTC of this host
  std::string template_folder;  // X-Tidegate-Template-Folder: where our CLI read the template
  engine::DeleteStack::Haste haste = engine::DeleteStack::Haste::Drain;  // X-Tidegate-Haste: now
};

}  // namespace tidegate::api
