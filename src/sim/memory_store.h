// The state store in memory: what append() accepted holds, and a crash can be planned at any
// append.
#pragma once

#include <functional>
#include <optional>

#include "ports/state_store.h"

namespace tidegate::sim {

class MemoryStore final : public ports::StateStore {
 public:
  Result<std::map<std::string, std::string>> read(const std::string& prefix) override;
  ports::Revision revision() const override { return revision_; }
  Result<ports::Revision> append(const std::vector<ports::StoreOperation>& batch,
                                 std::uint64_t epoch,
                                 ports::Revision expected) override;

  /// Everything, for checkers.
  const std::map<std::string, std::string>& contents() const { return contents_; }
  /// From now on every append fails with this error; absent: appends work.
  void fail_with(std::optional<Error> error) { failure_ = std::move(error); }
  bool is_failing() const { return failure_.has_value(); }
  /// Asked before each append; false: the machine is off, nothing is written.
  void set_gate(std::function<bool()> gate) { gate_ = std::move(gate); }
  std::uint64_t appends() const { return appends_; }

 private:
  std::map<std::string, std::string> contents_;
  ports::Revision revision_;
  std::uint64_t epoch_ = 0;
  std::optional<Error> failure_;
  std::uint64_t appends_ = 0;
  std::function<bool()> gate_;
};

}  // namespace tidegate::sim
