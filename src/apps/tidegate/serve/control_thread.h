// The engine's own thread and its mailbox: commands wait in a bounded queue, wake the thread, are
// executed there, and their answers go out only after a view that contains them was published.
// Between commands the thread sleeps until the engine says it is next due.
//
// post(), view(), console() and wake(): any thread. The engine itself is touched by this thread
// only, from construction of the thread to its end.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/commands.h"
#include "engine/engine.h"
#include "engine/queries.h"
#include "ports/clock.h"
#include "ports/compute.h"

namespace tidegate::apps {

/// What is done on the engine's thread beside the engine's own work.
struct ControlHooks {
  UniqueFunction<void(const std::vector<engine::LedgerEntry>&)> ledger;  // entries, oldest first
  UniqueFunction<void(Instant now)> every_second;
  enum class Woken { No, Yes };
  UniqueFunction<void(Instant now, Woken woken)> before_tick;
  UniqueFunction<void(const engine::Principal&, const engine::Command&, Instant now)>
      before_command;
};

class ControlThread final : public engine::CommandDoor, public engine::QueryDoor {
 public:
  /// Everything referred to must outlive the thread; `engine` has been recovered.
  ControlThread(engine::Engine& engine,
                ports::Clock& clock,
                ports::Compute& compute,
                ControlHooks hooks);
  ~ControlThread() override;

  void post(engine::Principal principal, engine::Command command, engine::Reply reply) override;
  std::shared_ptr<const engine::Model> view() const override;
  Result<std::pair<std::string, std::uint64_t>> console(const groups::InstanceId& id,
                                                        std::uint64_t offset,
                                                        std::size_t max_bytes) const override;
  /// Something happened in the world: the next tick looks at it at once.
  void wake();
  /// Ends the thread after the tick it is in; commands that wait are answered with Unavailable.
  void stop();

 private:
  struct Pending {
    engine::Principal principal;
    engine::Command command;
    engine::Reply reply;
  };
  void run();
  bool is_stopping() const;
  /// Waits until something is to be done; what was posted until then, oldest first.
  std::deque<Pending> wait(Instant due);
  void execute(std::deque<Pending> commands);
  void publish();
  Instant tick();
  void run_hooks(Instant now);

  engine::Engine& engine_;
  ports::Clock& clock_;
  ports::Compute& compute_;
  ControlHooks hooks_;
  Instant next_second_;
  ControlHooks::Woken woken_engine_ = ControlHooks::Woken::No;  // since the last tick

  mutable std::mutex mailbox_mutex_;  // guards pending_, woken_, stopping_
  std::condition_variable mailbox_filled_;
  std::deque<Pending> pending_;
  bool woken_ = false;
  bool stopping_ = false;

  mutable std::mutex view_mutex_;  // guards view_
  std::shared_ptr<const engine::Model> view_;

  std::thread thread_;
};

}  // namespace tidegate::apps
