#include "balancer/routes/snapshot.h"

#include <algorithm>

namespace tidegate::balancer {

void Handover::publish(std::unique_ptr<const Snapshot> snapshot) {
  newest_.store(snapshot.get(), std::memory_order_release);
  kept_.push_back(std::move(snapshot));
}

void Handover::reclaim() {
  const std::uint64_t oldest = applied();
  std::erase_if(kept_, [&](const std::unique_ptr<const Snapshot>& snapshot) {
    return snapshot.get() != newest_.load(std::memory_order_relaxed) && snapshot->sequence < oldest;
  });
}

std::uint64_t Handover::applied() const {
  std::uint64_t oldest = UINT64_MAX;
  for (const Adopted& worker : adopted_) {
    oldest = std::min(oldest, worker.sequence.load(std::memory_order_acquire));
  }
  return oldest;
}

}  // namespace tidegate::balancer
