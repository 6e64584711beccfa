// Timers for many connections: two wheels of 256 slots, intrusive, O(1) to arm and cancel. Ticks of
// 10 ms; a node never fires early, and at most one tick late plus what the loop is behind. Owners
// that move their deadlines often store the deadline and look at it when the node fires ("lazy").
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/check.h"
#include "base/time.h"

namespace tidegate::net {

class TimerWheel {
 public:
  static constexpr MonotonicTime::duration kTick = std::chrono::milliseconds{10};

  /// Sits inside the object that it wakes; unlinks itself.
  class Node {
   public:
    Node() = default;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { unlink(); }
    bool armed() const { return next_ != nullptr; }

   private:
    friend class TimerWheel;
    void unlink();
    Node* prev_ = nullptr;
    Node* next_ = nullptr;
    std::uint64_t due_ = 0;  // tick
  };

  explicit TimerWheel(MonotonicInstant start);

  /// Arms, or moves, the node. A time in the past fires with the next tick.
  void arm(Node& node, MonotonicInstant when);
  static void cancel(Node& node) { node.unlink(); }

  /// Calls fire(Node&) for each node that is due; fire may arm and cancel any node.
  template <typename Fire>
  void advance(MonotonicInstant now, Fire fire) {
    const std::uint64_t until = tick_of(now);
    while (current_ < until) {
      if (!step(until)) break;
      Node* slot = &near_[current_ % kSlots];
      while (slot->next_ != slot) {
        Node* node = slot->next_;
        node->unlink();
        if (node->due_ > current_) {  // clamped: it is further away than both wheels reach
          place(*node);
        } else {
          fire(*node);
        }
      }
    }
  }

  /// When advance() is needed next; absent while nothing is armed.
  std::optional<MonotonicInstant> next() const;

 private:
  static constexpr std::uint64_t kSlots = 256;
  using Slots = std::array<Node, kSlots>;

  std::uint64_t tick_of(MonotonicInstant when) const;
  bool step(std::uint64_t until);
  void place(Node& node);
  static bool empty(const Node& slot) { return slot.next_ == &slot; }
  std::optional<std::uint64_t> next_tick() const;

  MonotonicInstant start_;
  std::uint64_t current_ = 0;
  Slots near_;  // one tick per slot
  Slots far_;   // kSlots ticks per slot
};

}  // namespace tidegate::net
