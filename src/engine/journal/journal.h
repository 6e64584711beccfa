// The journal: what changed in the model and is not durable yet. Steps touch() keys; flush()
// encodes them and appends. Until flush() has put everything down, nothing may act on the change
// (Engine::tick gates act() on clean()). A flush is whole or not at all, also when it takes several
// batches: it is staged under keys of its own first, and a restart finishes what was all staged.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/model.h"
#include "ports/notifier.h"
#include "ports/state_store.h"

namespace tidegate::engine {

enum class EntityKind {
  Stack,
  LaunchTemplate,
  LoadBalancer,
  TargetGroup,
  Listener,
  Rule,
  Group,
  Policy,
  Alarm,
  Instance,
  Activity,
  Notification,
  Cost,
  AlarmHistory,
  Standalone,
  CacheCluster
};

struct EntityKey {
  EntityKind kind = EntityKind::Stack;
  std::string id;      // activities and instances: of their own; history: its sequence
  std::string parent;  // the group of an instance or activity
  auto operator<=>(const EntityKey&) const = default;
};

/// "instance/<group>/<id>", "stack/<name>", …
std::string to_store_key(const EntityKey& key);

using Notifications = std::map<std::string, ports::Notification>;

class Journal {
 public:
  Journal(ports::StateStore& store, std::uint64_t epoch) : store_(store), epoch_(epoch) {}

  void touch(EntityKind kind, std::string id, std::string parent = {}) {
    dirty_.insert(EntityKey{kind, std::move(id), std::move(parent)});
  }
  bool clean() const { return dirty_.empty() && staged_.empty(); }

  /// What was touched will never be durable: for engines that never restart.
  void forget() { dirty_.clear(); }

  /// Appends everything touched, at once; what is not in the model any more is deleted. On an error
  /// a later flush tries again.
  Status flush(const Model& model, const Notifications& notifications);
  /// Reads everything stored into `model` and `notifications` (both empty), after it has finished
  /// or undone a flush that was cut short. Errors: Corrupt names the key; the store's.
  Status load(Model& model, Notifications& notifications);

 private:
  using Operations = std::vector<ports::StoreOperation>;

  Status append(const Operations& batch);
  Status stage(const Operations& all);
  Status apply_staged();
  Status finish_staged();

  ports::StateStore& store_;
  std::uint64_t epoch_;
  std::set<EntityKey> dirty_;
  // Durable as staged, not applied yet: staged key and operation.
  std::vector<std::pair<std::string, ports::StoreOperation>> staged_;
};

}  // namespace tidegate::engine
