#include <algorithm>

#include "edge/api/protocol/cbor.h"
#include "edge/api/protocol/encode.h"

namespace tidegate::api {
namespace {

void write_value(CborWriter& out, const Shape& shape, const void* value);

void write_structure(CborWriter& out, const Shape& shape, const void* structure) {
  const auto present =
      std::count_if(shape.members.begin(), shape.members.end(), [&](const Member& member) {
        return member.get(structure) != nullptr;
      });
  out.map(static_cast<std::size_t>(present));
  for (const Member& member : shape.members) {
    if (const void* held = member.get(structure)) {
      out.text(member.name);
      write_value(out, *member.shape, held);
    }
  }
}

void write_items(CborWriter& out, const Shape& shape, const void* value) {
  const std::size_t size = shape.container->size(value);
  const bool is_map = shape.kind == Kind::Map;
  is_map ? out.map(size) : out.array(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (is_map) {
      out.text(*shape.container->key_at(value, i));
    }
    write_value(out, *shape.element, shape.container->at(value, i));
  }
}

void write_value(CborWriter& out, const Shape& shape, const void* value) {
  switch (shape.kind) {
    case Kind::String:
      return out.text(as<std::string>(value));
    case Kind::Blob:
      return out.blob(as<std::string>(value));
    case Kind::Integer:
      return out.integer(as<std::int64_t>(value));
    case Kind::Double:
      return out.number(as<double>(value));
    case Kind::Boolean:
      return out.boolean(as<bool>(value));
    case Kind::Timestamp:
      return out.timestamp(as<Instant>(value));
    case Kind::Structure:
      return write_structure(out, shape, value);
    case Kind::List:
    case Kind::Map:
      return write_items(out, shape, value);
  }
}

}  // namespace

std::string to_cbor(const Shape& shape, const void* structure) {
  CborWriter out;
  write_structure(out, shape, structure);
  return out.bytes();
}

}  // namespace tidegate::api
