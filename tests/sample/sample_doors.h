// The engine's doors over a fixed model: what was posted is kept, and answered as scripted.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/commands.h"
#include "engine/queries.h"

namespace tidegate::sample {

class Queries final : public engine::QueryDoor {
 public:
  explicit Queries(engine::Model model)
      : model_(std::make_shared<const engine::Model>(std::move(model))) {}
  std::shared_ptr<const engine::Model> view() const override { return model_; }
  /// Every instance of the model has the console "line 1\nline 2\n".
  Result<std::pair<std::string, std::uint64_t>> console(const groups::InstanceId& id,
                                                        std::uint64_t offset,
                                                        std::size_t max_bytes) const override;

 private:
  std::shared_ptr<const engine::Model> model_;
};

class Commands final : public engine::CommandDoor {
 public:
  using Script = std::function<Result<engine::Answer>(const engine::Command&)>;

  void post(engine::Principal principal, engine::Command command, engine::Reply reply) override;
  /// What commands are answered from now on; Ok without one.
  void answer_with(Script script) { script_ = std::move(script); }
  /// In the order posted. Call when nothing is posting.
  const std::vector<engine::Command>& posted() const { return posted_; }
  const std::vector<engine::Principal>& principals() const { return principals_; }

 private:
  std::vector<engine::Command> posted_;
  std::vector<engine::Principal> principals_;
  Script script_;
};

}  // namespace tidegate::sample
