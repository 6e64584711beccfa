// The stored members of caches and of stickiness; see fields.h. Only codec.cc includes this.
#pragma once

#include <type_traits>

#include "engine/model.h"

namespace tidegate::engine {

template <typename Visitor, typename T>
  requires std::is_same_v<std::remove_const_t<T>, caches::CacheCluster>
void describe(Visitor& v, T& x) {
  v("Id", x.id), v("Arn", x.arn), v("Stack", x.stack), v("NodeType", x.node_type);
  v("EngineVersion", x.engine_version), v("Zone", x.zone), v("Port", x.port);
  v("AuthToken", x.auth_token), v("Address", x.address), v("Endpoint", x.endpoint);
  v("Created", x.created), v("Deleting", x.deleting);
}

template <typename Visitor, typename T>
  requires std::is_same_v<std::remove_const_t<T>, balancing::Stickiness>
void describe(Visitor& v, T& x) {
  v("Enabled", x.enabled), v("Duration", x.duration);
}

}  // namespace tidegate::engine
