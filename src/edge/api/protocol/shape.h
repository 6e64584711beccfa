// Shapes: tables that describe AWS's structures to one generic decoder, validator and encoder. The
// generator (tools/codegen) writes a plain struct for each structure and a Shape beside it; nothing
// else knows how a struct lies in memory. All tables are constants; any thread may read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tidegate::api {

/// What a value is, and with it its C++ type: String std::string (Blob: the decoded bytes), Integer
/// std::int64_t, Double double, Boolean bool, Timestamp Instant, Structure the generated struct,
/// List std::vector<element>, Map std::vector<std::pair<std::string, element>>.
enum class Kind { String, Blob, Integer, Double, Boolean, Timestamp, Structure, List, Map };

/// Erased access to a container. Lists have no key_at, and append ignores its key.
struct ContainerAccess {
  std::size_t (*size)(const void* container) = nullptr;
  const void* (*at)(const void* container, std::size_t index) = nullptr;
  const std::string* (*key_at)(const void* container, std::size_t index) = nullptr;
  void* (*append)(void* container, std::string key) = nullptr;
};

/// The value that an erased pointer leads to, of the kind that its shape says.
template <typename T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

struct Shape;

struct Member {
  const char* name = nullptr;      // AWS's name, as in JSON
  const char* request = nullptr;   // name in a query or ec2 request
  const char* response = nullptr;  // element name in an XML answer
  const Shape* shape = nullptr;
  const void* (*get)(const void* structure) = nullptr;  // null: the member is absent
  void* (*emplace)(void* structure) = nullptr;          // null in shapes of answers only
};

/// Bounds of a request's value, as the service model has them: characters of a string, items of a
/// list, or the number itself.
struct Bounds {
  std::optional<std::int64_t> min, max;
};

struct Shape {
  const char* name = nullptr;
  Kind kind = Kind::String;
  std::span<const Member> members = {};              // Structure
  std::span<const char* const> required = {};        // Structure: names of members
  const Shape* element = nullptr;                    // List, Map
  const char* element_name = "member";               // List
  const ContainerAccess* container = nullptr;        // List, Map
  Bounds bounds = {};                                // requests
  std::span<const char* const> allowed_values = {};  // String of a request: the enum, or empty
};

/// One operation that is served. No output: the answer is the bare envelope.
struct Operation {
  const char* name = nullptr;
  const Shape* input = nullptr;
  const Shape* output = nullptr;
};

/// An error that the model names: JSON says `shape` where XML says `code`.
struct ErrorShape {
  const char* code = nullptr;
  const char* shape = nullptr;
  int status = 400;
};

enum class Protocol { Query, Ec2, Json, Cbor };

struct Service {
  const char* name = nullptr;           // "elasticloadbalancing": the name in a signature's scope
  const char* version = nullptr;        // "2015-12-01"
  const char* xml_namespace = nullptr;  // of the XML answers
  // "GraniteServiceVersion20100801", of JSON's X-Amz-Target and CBOR's path; null: neither is
  // spoken
  const char* json_target = nullptr;
  Protocol protocol = Protocol::Query;  // of requests without X-Amz-Target
  std::span<const Operation> operations = {};
  std::span<const char* const> known = {};  // every operation that AWS has, sorted
  std::span<const ErrorShape> errors = {};  // of the served operations, sorted by code
};

// What generated tables are made of.
namespace detail {

template <typename T>
struct MemberOf;
template <typename S, typename T>
struct MemberOf<std::optional<T> S::*> {
  using Structure = S;
};

template <auto M>
const void* get_member(const void* structure) {
  using S = typename MemberOf<std::remove_const_t<decltype(M)>>::Structure;
  const auto& field = static_cast<const S*>(structure)->*M;
  return field.has_value() ? &*field : nullptr;
}

template <auto M>
void* emplace_member(void* structure) {
  using S = typename MemberOf<std::remove_const_t<decltype(M)>>::Structure;
  return &(static_cast<S*>(structure)->*M).emplace();
}

template <typename E>
inline constexpr ContainerAccess kListAccess{
    [](const void* list) { return static_cast<const std::vector<E>*>(list)->size(); },
    [](const void* list, std::size_t index) -> const void* {
      return &(*static_cast<const std::vector<E>*>(list))[index];
    },
    nullptr,
    [](void* list, std::string /*key*/) -> void* {
      return &static_cast<std::vector<E>*>(list)->emplace_back();
    }};

template <typename E>
using MapOf = std::vector<std::pair<std::string, E>>;

template <typename E>
inline constexpr ContainerAccess kMapAccess{
    [](const void* map) { return static_cast<const MapOf<E>*>(map)->size(); },
    [](const void* map, std::size_t index) -> const void* {
      return &(*static_cast<const MapOf<E>*>(map))[index].second;
    },
    [](const void* map, std::size_t index) {
      return &(*static_cast<const MapOf<E>*>(map))[index].first;
    },
    [](void* map, std::string key) -> void* {
      return &static_cast<MapOf<E>*>(map)->emplace_back(std::move(key), E{}).second;
    }};

}  // namespace detail
}  // namespace tidegate::api
