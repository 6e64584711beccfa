#include "net/wheel.h"

namespace tidegate::net {

void TimerWheel::Node::unlink() {
  if (next_ == nullptr) return;
  prev_->next_ = next_;
  next_->prev_ = prev_;
  prev_ = next_ = nullptr;
}

TimerWheel::TimerWheel(MonotonicInstant start) : start_(start) {
  for (Slots* wheel : {&near_, &far_}) {
    for (Node& slot : *wheel) {
      slot.prev_ = slot.next_ = &slot;
    }
  }
}

std::uint64_t TimerWheel::tick_of(MonotonicInstant when) const {
  return when <= start_ ? 0 : static_cast<std::uint64_t>((when - start_) / kTick);
}

void TimerWheel::arm(Node& node, MonotonicInstant when) {
  node.unlink();
  // Rounded up, so that nothing fires early.
  node.due_ = std::max(tick_of(when) + 1, current_ + 1);
  place(node);
}

void TimerWheel::place(Node& node) {
  const std::uint64_t distance = node.due_ - current_;
  Node* slot = nullptr;
  if (distance < kSlots) {
    slot = &near_[node.due_ % kSlots];
  } else {
    const std::uint64_t far_due = std::min(node.due_ / kSlots, current_ / kSlots + kSlots - 1);
    slot = &far_[far_due % kSlots];
  }
  node.prev_ = slot->prev_;
  node.next_ = slot;
  slot->prev_->next_ = &node;
  slot->prev_ = &node;
}

// Moves on to the next tick that has something to do, at most `until`; false when there is none.
bool TimerWheel::step(std::uint64_t until) {
  const std::optional<std::uint64_t> next = next_tick();
  if (!next || *next > until) {
    current_ = until;
    return false;
  }
  current_ = *next;
  if (current_ % kSlots != 0) return true;
  Node* slot = &far_[(current_ / kSlots) % kSlots];
  Node pending;  // taken out whole first: a clamped node may come back into this slot
  pending.prev_ = pending.next_ = &pending;
  while (!empty(*slot)) {
    Node* node = slot->next_;
    node->unlink();
    node->prev_ = pending.prev_;
    node->next_ = &pending;
    pending.prev_->next_ = node;
    pending.prev_ = node;
  }
  while (!empty(pending)) {
    Node* node = pending.next_;
    node->unlink();
    place(*node);
  }
  pending.prev_ = pending.next_ = nullptr;
  return true;
}

std::optional<std::uint64_t> TimerWheel::next_tick() const {
  for (std::uint64_t tick = current_ + 1; tick < current_ + kSlots; ++tick) {
    if (!empty(near_[tick % kSlots])) return tick;
    if (tick % kSlots == 0 && !empty(far_[(tick / kSlots) % kSlots])) return tick;
  }
  for (std::uint64_t turn = current_ / kSlots + 1; turn <= current_ / kSlots + kSlots; ++turn) {
    if (!empty(far_[turn % kSlots])) return turn * kSlots;
  }
  return std::nullopt;
}

std::optional<MonotonicInstant> TimerWheel::next() const {
  const std::optional<std::uint64_t> tick = next_tick();
  if (!tick) return std::nullopt;
  return start_ + kTick * static_cast<std::int64_t>(*tick);
}

}  // namespace tidegate::net
