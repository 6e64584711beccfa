#include "base/yaml.h"

#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace tidegate {
namespace {

Error error_at(std::int32_t line, std::int32_t column, const std::string& what) {
  return Error{ErrorCode::InvalidArgument,
               "YamlError",
               "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + what};
}

Error too_much(const YAML::Mark& mark, const std::string& what) {
  Error error = error_at(mark.line + 1, mark.column + 1, what);
  error.code = ErrorCode::ResourceExhausted;
  return error;
}

/// How many bytes the UTF-8 character at `at` has; 0 when it is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xC2 && lead <= 0xDF ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  return length;
}

/// The library would silently stop at byte 4 and replace what is no UTF-8.
std::optional<Error> character_error(std::string_view text) {
  std::int32_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length = utf8_length(text, at);
    const bool control =
        (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
    if (length == 0 || control) {
      const auto column = static_cast<std::int32_t>(at - line_start + 1);
      return error_at(line,
                      column,
                      control ? "a control character (byte " + std::to_string(byte) + ")"
                              : "bytes that are not UTF-8");
    }
    at += length;
    if (byte == '\n') {
      ++line;
      line_start = at;
    }
  }
  return std::nullopt;
}

struct Refused {  // leaves the library's callbacks; caught in parse_yaml
  Error error;
};

/// Builds the tree from the library's events.
class YamlBuilder final : public YAML::EventHandler {
 public:
  YamlNode take_root() { return std::move(root_); }
  /// Where the newest event was.
  std::int32_t line() const { return line_; }
  std::int32_t column() const { return column_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    see(mark);
    refuse_key(mark, "a key must be text");
    add(node(YamlNode::Kind::Null, mark, {}), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{
        error_at(mark.line + 1,
                 mark.column + 1,
                 "YAML aliases (*name) are not supported, nor are they in CloudFormation: "
                 "write the value again")};
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t,
                const std::string& value) override {
    see(mark);
    if (expects_key()) {
      take_key(mark, value);
      return;
    }
    YamlNode scalar = node(YamlNode::Kind::Scalar, mark, tag);
    scalar.text = value;
    scalar.plain = tag == "?";
    add(std::move(scalar), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, node(YamlNode::Kind::Sequence, mark, tag));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, node(YamlNode::Kind::Mapping, mark, tag));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    YamlNode node;
    std::optional<std::pair<std::string, std::int32_t>> key;  // read, and its value not yet
    std::map<std::string, std::int32_t> seen;                 // key → line
  };

  static YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    YamlNode made;
    made.kind = kind;
    made.line = mark.line + 1;
    made.column = mark.column + 1;
    const bool own = tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:");
    made.tag = own ? tag : std::string{};
    return made;
  }

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.is_mapping() && !stack_.back().key;
  }
  void refuse_key(const YAML::Mark& mark, const char* why) const {
    if (expects_key()) {
      throw Refused{error_at(mark.line + 1, mark.column + 1, why)};
    }
  }
  void take_key(const YAML::Mark& mark, const std::string& key) {
    Frame& frame = stack_.back();
    const auto [first, is_new] = frame.seen.emplace(key, mark.line + 1);
    if (!is_new) {
      throw Refused{
          error_at(mark.line + 1,
                   mark.column + 1,
                   "key '" + key + "' is already in line " + std::to_string(first->second))};
    }
    frame.key.emplace(key, mark.line + 1);
  }
  void see(const YAML::Mark& mark) {
    line_ = mark.line + 1;
    column_ = mark.column + 1;
  }
  void open(const YAML::Mark& mark, YamlNode collection) {
    see(mark);
    refuse_key(mark, "a key must be text, not a list or a mapping");
    if (stack_.size() >= kMaxYamlDepth) {
      throw Refused{too_much(
          mark,
          "more than " + std::to_string(kMaxYamlDepth) + " lists and mappings inside each other")};
    }
    count(mark);
    stack_.push_back(Frame{std::move(collection), {}, {}});
  }
  void close() {
    YamlNode done = std::move(stack_.back().node);
    stack_.pop_back();
    put(std::move(done));
  }
  void add(YamlNode leaf, const YAML::Mark& mark) {
    count(mark);
    put(std::move(leaf));
  }
  void count(const YAML::Mark& mark) {
    if (++nodes_ > kMaxYamlNodes) {
      throw Refused{too_much(mark, "more than " + std::to_string(kMaxYamlNodes) + " values")};
    }
  }
  void put(YamlNode value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.is_sequence()) {
      frame.node.items.push_back(std::move(value));
      return;
    }
    frame.node.members.push_back(
        YamlNode::Member{std::move(frame.key->first), frame.key->second, std::move(value)});
    frame.key.reset();
  }

  std::vector<Frame> stack_;
  YamlNode root_;
  std::size_t nodes_ = 0;
  std::int32_t line_ = 1;
  std::int32_t column_ = 1;
};

/// The library takes the end of the text for the end of an open quote; a document's end in a quote
/// is an error to it.
constexpr const char* kEndOfDocument = "...\n";

Error library_error(const YAML::Exception& error, const YamlBuilder& builder) {
  if (error.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
    return error_at(builder.line(), builder.column(), "from here on a quote is not closed");
  }
  const bool known = error.mark.line >= 0;
  return error_at(known ? error.mark.line + 1 : 1, known ? error.mark.column + 1 : 1, error.msg);
}

Result<YamlNode> read(const std::string& text) {
  YamlBuilder builder;
  try {
    std::istringstream stream{text};
    YAML::Parser parser{stream};
    parser.HandleNextDocument(builder);
    YamlBuilder rest;
    if (parser.HandleNextDocument(rest)) {
      return error_at(rest.line(), 1, "a second document begins here; one is allowed");
    }
    return builder.take_root();
  } catch (const Refused& refused) {
    return refused.error;
  } catch (const YAML::Exception& error) {
    return library_error(error, builder);
  }
}

}  // namespace

const YamlNode::Member* YamlNode::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) {
      return &member;
    }
  }
  return nullptr;
}

Result<YamlNode> parse_yaml(std::string_view text) {
  if (text.size() > kMaxYamlBytes) {
    return Error{
        ErrorCode::ResourceExhausted,
        "YamlError",
        "line 1, column 1: the text has more than " + std::to_string(kMaxYamlBytes) + " bytes"};
  }
  if (auto error = character_error(text)) {
    return *std::move(error);
  }
  return read(std::string{text} + (text.ends_with('\n') ? "" : "\n") + kEndOfDocument);
}

}  // namespace tidegate
