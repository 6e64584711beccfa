#include "apps/tidegate/serve/control_thread.h"

#include <algorithm>
#include <optional>

namespace tidegate::apps {
namespace {

/// No tick is further away than this, whatever the engine says: hooks run once a second.
constexpr Duration kLongestSleep = std::chrono::seconds{1};

Error throttled() {
  return Error{ErrorCode::Unavailable,
               "Throttling",
               "more than " + std::to_string(engine::kMaxPending) +
                   " commands wait for the control plane; try again in a second"};
}

Error leaving() {
  return Error{ErrorCode::Unavailable, "ServiceUnavailable", "the control plane is shutting down"};
}

}  // namespace

ControlThread::ControlThread(engine::Engine& engine,
                             ports::Clock& clock,
                             ports::Compute& compute,
                             ControlHooks hooks)
    : engine_(engine),
      clock_(clock),
      compute_(compute),
      hooks_(std::move(hooks)),
      view_(engine.view()),
      thread_([this] { run(); }) {}

ControlThread::~ControlThread() {
  stop();
}

void ControlThread::post(engine::Principal principal,
                         engine::Command command,
                         engine::Reply reply) {
  std::optional<Error> refusal;
  {
    const std::lock_guard lock{mailbox_mutex_};
    if (stopping_) {
      refusal = leaving();
    } else if (pending_.size() >= engine::kMaxPending) {
      refusal = throttled();
    } else {
      pending_.push_back({std::move(principal), std::move(command), std::move(reply)});
      mailbox_filled_.notify_one();
    }
  }
  if (refusal) {
    reply(*std::move(refusal));
  }
}

std::shared_ptr<const engine::Model> ControlThread::view() const {
  const std::lock_guard lock{view_mutex_};
  return view_;
}

Result<std::pair<std::string, std::uint64_t>> ControlThread::console(const groups::InstanceId& id,
                                                                     std::uint64_t offset,
                                                                     std::size_t max_bytes) const {
  TG_ASSIGN_OR_RETURN(auto chunk, compute_.console(id, offset, max_bytes));
  return std::pair{std::move(chunk.text), chunk.next_offset};
}

void ControlThread::wake() {
  const std::lock_guard lock{mailbox_mutex_};
  woken_ = true;
  mailbox_filled_.notify_one();
}

void ControlThread::stop() {
  {
    const std::lock_guard lock{mailbox_mutex_};
    stopping_ = true;
    mailbox_filled_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::deque<ControlThread::Pending> ControlThread::wait(Instant due) {
  std::unique_lock lock{mailbox_mutex_};
  const Duration left = std::min(due - clock_.now(), kLongestSleep);
  if (left > Duration::zero()) {
    mailbox_filled_.wait_for(
        lock, left, [this] { return woken_ || stopping_ || !pending_.empty(); });
  }
  if (woken_) {
    engine_.wake();
    woken_engine_ = ControlHooks::Woken::Yes;
    woken_ = false;
  }
  return std::exchange(pending_, {});
}

void ControlThread::execute(std::deque<Pending> commands) {
  if (commands.empty()) {
    return;
  }
  std::vector<Result<engine::Answer>> answers;
  for (const Pending& pending : commands) {
    const Instant now = clock_.now();
    if (hooks_.before_command) {
      hooks_.before_command(pending.principal, pending.command, now);
    }
    answers.push_back(engine_.execute(pending.principal, pending.command, now));
  }
  publish();  // before the answers, so that whoever has one sees what it did
  for (std::size_t i = 0; i < commands.size(); ++i) {
    commands[i].reply(std::move(answers[i]));
  }
}

void ControlThread::publish() {
  auto fresh = engine_.view();
  const std::lock_guard lock{view_mutex_};
  view_.swap(fresh);  // the old one is released after the lock
}

bool ControlThread::is_stopping() const {
  const std::lock_guard lock{mailbox_mutex_};
  return stopping_;
}

void ControlThread::run_hooks(Instant now) {
  if (auto entries = engine_.take_ledger(); !entries.empty() && hooks_.ledger) {
    hooks_.ledger(entries);
  }
  if (now >= next_second_ && hooks_.every_second) {
    hooks_.every_second(now);
    next_second_ = now + std::chrono::seconds{1};
  }
}

Instant ControlThread::tick() {
  const Instant now = clock_.now();
  if (hooks_.before_tick) {
    hooks_.before_tick(now, std::exchange(woken_engine_, ControlHooks::Woken::No));
  }
  const Instant due = engine_.tick(now);
  publish();
  run_hooks(now);
  return due;
}

void ControlThread::run() {
  Instant due = clock_.now();
  while (true) {
    auto commands = wait(due);
    if (is_stopping()) {
      for (Pending& pending : commands) {
        pending.reply(leaving());
      }
      break;
    }
    execute(std::move(commands));
    due = tick();
  }
  run_hooks(clock_.now());
}

}  // namespace tidegate::apps
