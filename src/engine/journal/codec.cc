#include "engine/journal/codec.h"

#include <type_traits>

#include "engine/journal/alarm_fields.h"
#include "engine/journal/fields_caches.h"
#include "engine/journal/group_fields.h"

namespace tidegate::engine {
namespace {

template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <typename T>
inline constexpr bool kIsMap = false;
template <typename T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;
template <typename T>
inline constexpr bool kIsStrong = false;
template <typename Tag>
inline constexpr bool kIsStrong<Strong<Tag>> = true;

template <typename T>
Json write(const T& value);
template <typename T>
void read(const Json& json, T& value);

struct Writer {
  Json json = Json::object();
  template <typename T>
  void operator()(const char* name, const T& member) {
    Json written = write(member);
    if (!written.is_null()) {
      json.set(name, std::move(written));
    }
  }
};

struct Reader {
  const Json& json;
  template <typename T>
  void operator()(const char* name, T& member) {
    if (const Json* found = json.find(name)) {
      read(*found, member);
    }
  }
};

template <typename T>
Json write_map(const T& value) {
  Json object = Json::object();
  for (const auto& [key, item] : value) {
    object.set(key, write(item));
  }
  return object;
}

template <typename T>
Json write_vector(const T& value) {
  Json array = Json::array();
  for (const auto& item : value) {
    array.push(write(item));
  }
  return array;
}

template <typename T>
Json write(const T& value) {
  if constexpr (kIsOptional<T>) {
    return value ? write(*value) : Json{};
  } else if constexpr (kIsVector<T>) {
    return write_vector(value);
  } else if constexpr (kIsMap<T>) {
    return write_map(value);
  } else if constexpr (kIsStrong<T>) {
    return Json{value.value};
  } else if constexpr (std::is_same_v<T, Instant>) {
    return Json{std::int64_t{value.time_since_epoch().count()}};
  } else if constexpr (std::is_same_v<T, Duration>) {
    return Json{std::int64_t{value.count()}};
  } else if constexpr (std::is_enum_v<T> || (std::is_integral_v<T> && !std::is_same_v<T, bool>)) {
    return Json{static_cast<std::int64_t>(value)};
  } else if constexpr (std::is_constructible_v<Json, T>) {
    return Json{value};
  } else {
    Writer writer;
    describe(writer, value);
    return std::move(writer.json);
  }
}

template <typename T>
void read_vector(const Json& json, std::vector<T>& value) {
  value.clear();
  for (const Json& item : json.items()) {
    read(item, value.emplace_back());
  }
}

template <typename T>
void read(const Json& json, T& value) {
  if constexpr (kIsOptional<T>) {
    read(json, value.emplace());
  } else if constexpr (kIsVector<T>) {
    read_vector(json, value);
  } else if constexpr (kIsMap<T>) {
    for (const auto& [key, item] : json.members()) {
      read(item, value[key]);
    }
  } else if constexpr (kIsStrong<T>) {
    value = T{json.string_or(value.value)};
  } else if constexpr (std::is_same_v<T, Instant>) {
    value = Instant{Duration{json.int_or(value.time_since_epoch().count())}};
  } else if constexpr (std::is_same_v<T, Duration>) {
    value = Duration{json.int_or(value.count())};
  } else if constexpr (std::is_same_v<T, bool>) {
    value = json.bool_or(value);
  } else if constexpr (std::is_same_v<T, double>) {
    value = json.number_or(value);
  } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
    value = static_cast<T>(json.int_or(static_cast<std::int64_t>(value)));
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = json.string_or(value);
  } else {
    Reader reader{json};
    describe(reader, value);
  }
}

}  // namespace

Json to_json(const stacks::Stack& value) {
  return write(value);
}
Json to_json(const groups::LaunchTemplate& value) {
  return write(value);
}
Json to_json(const balancing::LoadBalancer& value) {
  return write(value);
}
Json to_json(const balancing::TargetGroup& value) {
  return write(value);
}
Json to_json(const balancing::Listener& value) {
  return write(value);
}
Json to_json(const balancing::Rule& value) {
  return write(value);
}
Json to_json(const groups::AutoScalingGroup& value) {
  return write(value);
}
Json to_json(const scaling::TargetTrackingPolicy& value) {
  return write(value);
}
Json to_json(const alarms::Alarm& value) {
  return write(value);
}
Json to_json(const alarms::HistoryItem& value) {
  return write(value);
}
Json to_json(const groups::Instance& value) {
  return write(value);
}
Json to_json(const groups::StandaloneInstance& value) {
  return write(value);
}
Json to_json(const groups::Activity& value) {
  return write(value);
}
Json to_json(const groups::PastActivity& value) {
  return write(value);
}
Json to_json(const ports::Notification& value) {
  return write(value);
}
Json to_json(const cost::Account& value) {
  return write(value);
}
Json to_json(const caches::CacheCluster& value) {
  return write(value);
}

template <typename T>
T from_json(const Json& json) {
  T value;
  read(json, value);
  return value;
}

template stacks::Stack from_json(const Json& json);
template groups::LaunchTemplate from_json(const Json& json);
template balancing::LoadBalancer from_json(const Json& json);
template balancing::TargetGroup from_json(const Json& json);
template balancing::Listener from_json(const Json& json);
template balancing::Rule from_json(const Json& json);
template groups::AutoScalingGroup from_json(const Json& json);
template scaling::TargetTrackingPolicy from_json(const Json& json);
template alarms::Alarm from_json(const Json& json);
template alarms::HistoryItem from_json(const Json& json);
template groups::Instance from_json(const Json& json);
template groups::StandaloneInstance from_json(const Json& json);
template groups::Activity from_json(const Json& json);
template groups::PastActivity from_json(const Json& json);
template ports::Notification from_json(const Json& json);
template cost::Account from_json(const Json& json);
template caches::CacheCluster from_json(const Json& json);

}  // namespace tidegate::engine
