#include "edge/api/protocol/cbor.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <cbor.h>

#include "base/check.h"

namespace tidegate::api {
namespace {

constexpr std::uint64_t kEpochTag = 1;
constexpr std::size_t kLongestHead = 9;  // a type byte and eight of length or value

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

/// Bytes of the sequence that begins with `lead`, and the least code point that needs so many.
struct Sequence {
  std::size_t size = 0;  // 0: no lead byte
  std::uint32_t least = 0;
  std::uint32_t bits = 0;  // of the lead byte
};
Sequence sequence_of(char c) {
  const auto lead = static_cast<unsigned char>(c);
  if (lead < 0x80) return {1, 0, lead};
  if (lead >= 0xC0 && lead < 0xE0) return {2, 0x80, lead & 0x1FU};
  if (lead >= 0xE0 && lead < 0xF0) return {3, 0x800, lead & 0x0FU};
  if (lead >= 0xF0 && lead < 0xF8) return {4, 0x10000, lead & 0x07U};
  return {};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Sequence sequence = sequence_of(text.front());
    if (sequence.size == 0 || sequence.size > text.size()) {
      return false;
    }
    std::uint32_t point = sequence.bits;
    for (const char c : text.substr(1, sequence.size - 1)) {
      if (!is_continuation(c)) {
        return false;
      }
      point = point << 6 | (static_cast<unsigned char>(c) & 0x3FU);
    }
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < sequence.least || point > 0x10FFFF || surrogate) {
      return false;
    }
    text.remove_prefix(sequence.size);
  }
  return true;
}

/// Builds the value from the events of libcbor. The first thing that is wrong is kept in wrong();
/// after it nothing more is done.
class Builder {
 public:
  bool is_done() const { return root_.has_value(); }
  const char* wrong() const { return wrong_; }
  Json take() { return std::move(*root_); }

  void fail(const char* what) { wrong_ = wrong_ != nullptr ? wrong_ : what; }

  void value(Json json) {
    if (wrong_ != nullptr) {
      return;
    }
    if (tagged_ && !json.is_number()) {
      return fail("a tagged timestamp is no number");
    }
    tagged_ = false;
    Json held = std::move(json);
    while (true) {  // a container that is full with it is itself a value: at most kMaxCborDepth of
                    // them
      if (frames_.empty()) {
        root_ = std::move(held);
        return;
      }
      Frame& frame = frames_.back();
      if (!put(frame, held) || !frame.left.has_value() || --*frame.left > 0) {
        return;
      }
      held = std::move(frame).container();
      frames_.pop_back();
    }
  }

  void text(std::string_view piece) {
    if (wrong_ != nullptr) {
      return;
    }
    if (!is_utf8(piece)) {
      return fail("a text is no UTF-8");
    }
    if (is_in_text()) {
      frames_.back().text += piece;
      return;
    }
    value(Json{std::string{piece}});
  }

  /// left: items or members to come; absent until a break.
  enum class Kind { Array, Map, Text };
  void open(Kind kind, std::optional<std::size_t> left) {
    if (wrong_ != nullptr) {
      return;
    }
    if (frames_.size() == kMaxCborDepth) {
      return fail("it is nested too deep");
    }
    if (tagged_) {
      return fail("a tagged timestamp is no number");
    }
    if (is_in_text()) {
      return fail("a text's piece is no text");
    }
    if (!frames_.empty() && frames_.back().needs_key() && kind != Kind::Text) {
      return fail("a map's key is no text");
    }
    if (left == std::size_t{0}) {
      return value(kind == Kind::Map ? Json::object() : Json::array());
    }
    frames_.push_back(Frame{kind, left, {}, {}, {}, std::nullopt});
  }

  void close() {
    if (wrong_ != nullptr) {
      return;
    }
    if (tagged_ || frames_.empty() || frames_.back().left.has_value() || frames_.back().key) {
      return fail("a break stands where none may");
    }
    Json whole = std::move(frames_.back()).container();
    frames_.pop_back();
    value(std::move(whole));
  }

  void tag(std::uint64_t number) {
    if (number != kEpochTag || tagged_ || is_in_text()) {
      return fail("a tag is not 1 (a timestamp)");
    }
    tagged_ = true;
  }

 private:
  struct Frame {
    Kind kind = Kind::Array;
    std::optional<std::size_t> left;
    Json::Array items;
    Json::Object members;
    std::string text;
    std::optional<std::string> key;  // of the member whose value comes next

    bool needs_key() const { return kind == Kind::Map && !key.has_value(); }
    Json container() && {
      switch (kind) {
        case Kind::Array:
          return Json{std::move(items)};
        case Kind::Map:
          return Json{std::move(members)};
        case Kind::Text:
          return Json{std::move(text)};
      }
      return {};
    }
  };

  bool is_in_text() const { return !frames_.empty() && frames_.back().kind == Kind::Text; }

  /// True when an item or a whole member was added: one less is left.
  bool put(Frame& frame, Json& held) {
    switch (frame.kind) {
      case Kind::Array:
        frame.items.push_back(std::move(held));
        return true;
      case Kind::Text:
        fail("a text's piece is no text");
        return false;
      case Kind::Map:
        return put_member(frame, held);
    }
    return false;
  }

  bool put_member(Frame& frame, Json& held) {
    if (frame.key.has_value()) {
      frame.members.emplace_back(std::move(*frame.key), std::move(held));
      frame.key.reset();
      return true;
    }
    if (!held.is_string()) {
      fail("a map's key is no text");
      return false;
    }
    frame.key = held.string_or("");
    if (frame.members.size() == kMaxCborMembers) {
      fail("a map has too many members");
    }
    for (const Json::Member& member : frame.members) {
      if (member.first == *frame.key) {
        fail("a map's key comes twice");
      }
    }
    return false;
  }

  std::vector<Frame> frames_;
  std::optional<Json> root_;
  const char* wrong_ = nullptr;
  bool tagged_ = false;
};

Builder& builder_of(void* context) {
  return *static_cast<Builder*>(context);
}

template <typename Unsigned>
void on_unsigned(void* context, Unsigned number) {
  if (std::uint64_t{number} > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return builder_of(context).fail("an integer does not fit");
  }
  builder_of(context).value(Json{static_cast<std::int64_t>(number)});
}
template <typename Unsigned>
void on_negative(void* context, Unsigned number) {  // stands for -1 - number
  if (std::uint64_t{number} > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return builder_of(context).fail("an integer does not fit");
  }
  builder_of(context).value(Json{-1 - static_cast<std::int64_t>(number)});
}
void on_text(void* context, cbor_data bytes, std::size_t size) {
  builder_of(context).text({reinterpret_cast<const char*>(bytes), size});
}
void on_bytes(void* context, cbor_data /*bytes*/, std::size_t /*size*/) {
  builder_of(context).fail("a byte string stands where none is expected");
}
template <typename Real>
void on_real(void* context, Real number) {
  builder_of(context).value(Json{double{number}});
}

cbor_callbacks callbacks() {
  cbor_callbacks events = cbor_empty_callbacks;
  events.uint8 = &on_unsigned<std::uint8_t>;
  events.uint16 = &on_unsigned<std::uint16_t>;
  events.uint32 = &on_unsigned<std::uint32_t>;
  events.uint64 = &on_unsigned<std::uint64_t>;
  events.negint8 = &on_negative<std::uint8_t>;
  events.negint16 = &on_negative<std::uint16_t>;
  events.negint32 = &on_negative<std::uint32_t>;
  events.negint64 = &on_negative<std::uint64_t>;
  events.string = &on_text;
  events.string_start = [](void* context) {
    builder_of(context).open(Builder::Kind::Text, std::nullopt);
  };
  events.byte_string = &on_bytes;
  events.byte_string_start = [](void* context) { on_bytes(context, nullptr, 0); };
  events.array_start = [](void* context, std::size_t items) {
    builder_of(context).open(Builder::Kind::Array, items);
  };
  events.indef_array_start = [](void* context) {
    builder_of(context).open(Builder::Kind::Array, std::nullopt);
  };
  events.map_start = [](void* context, std::size_t members) {
    builder_of(context).open(Builder::Kind::Map, members);
  };
  events.indef_map_start = [](void* context) {
    builder_of(context).open(Builder::Kind::Map, std::nullopt);
  };
  events.tag = [](void* context, std::uint64_t number) { builder_of(context).tag(number); };
  events.float2 = &on_real<float>;
  events.float4 = &on_real<float>;
  events.float8 = &on_real<double>;
  events.null = [](void* context) { builder_of(context).value({}); };
  events.undefined = events.null;
  events.boolean = [](void* context, bool value) { builder_of(context).value(Json{value}); };
  events.indef_break = [](void* context) { builder_of(context).close(); };
  return events;
}

Error not_cbor(const char* what, std::size_t at) {
  return Error{ErrorCode::InvalidArgument,
               "SerializationException",
               std::string{"the body is not CBOR as it is understood here: "} + what +
                   " (at byte " + std::to_string(at) + ")"};
}

const char* word_of(cbor_decoder_status status) {
  return status == CBOR_DECODER_NEDATA ? "it is cut short" : "there is no item of such a type";
}

/// One head, as an encoder of libcbor writes it.
template <typename Encode>
void append_head(std::string& bytes, Encode&& encode) {
  std::array<unsigned char, kLongestHead> head;
  const std::size_t size = encode(head.data(), head.size());
  TG_CHECK(size > 0);
  bytes.append(reinterpret_cast<const char*>(head.data()), size);
}

}  // namespace

Result<Json> parse_cbor(std::string_view bytes) {
  static const cbor_callbacks kCallbacks = callbacks();
  Builder builder;
  std::size_t at = 0;
  while (!builder.is_done()) {
    const auto* data = reinterpret_cast<cbor_data>(bytes.data()) + at;
    const cbor_decoder_result step =
        cbor_stream_decode(data, bytes.size() - at, &kCallbacks, &builder);
    if (step.status != CBOR_DECODER_FINISHED) {
      return not_cbor(word_of(step.status), at);
    }
    if (builder.wrong() != nullptr) {
      return not_cbor(builder.wrong(), at);
    }
    at += step.read;
  }
  if (at != bytes.size()) {
    return not_cbor("there is more behind its end", at);
  }
  return builder.take();
}

void CborWriter::map(std::size_t members) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_map_start(members, out, size);
  });
}

void CborWriter::array(std::size_t items) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_array_start(items, out, size);
  });
}

void CborWriter::text(std::string_view value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_string_start(value.size(), out, size);
  });
  bytes_ += value;
}

void CborWriter::blob(std::string_view value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_bytestring_start(value.size(), out, size);
  });
  bytes_ += value;
}

void CborWriter::integer(std::int64_t value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return value >= 0 ? cbor_encode_uint(static_cast<std::uint64_t>(value), out, size)
                      : cbor_encode_negint(static_cast<std::uint64_t>(-1 - value), out, size);
  });
}

void CborWriter::number(double value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_double(value, out, size);
  });
}

void CborWriter::boolean(bool value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_bool(value, out, size);
  });
}

void CborWriter::timestamp(Instant value) {
  append_head(bytes_, [&](unsigned char* out, std::size_t size) {
    return cbor_encode_tag(kEpochTag, out, size);
  });
  const auto micros = static_cast<double>(value.time_since_epoch().count());
  number(std::round(micros / 1e3) / 1e3);
}

}  // namespace tidegate::api
