#include "net/http1/fields.h"

#include "net/http1/chars.h"

namespace tidegate::http1 {
namespace {

FieldLine bad(Rule rule) {
  return {.kind = FieldLine::Kind::Bad, .field = {}, .rule = rule, .next = 0};
}

FieldLine need_more() {
  return {};
}

// Where the value's line ends, at its CR. NeedMore and Bad as FieldLine has them.
FieldLine finish_value(std::string_view bytes, std::string_view name, std::size_t value_at) {
  const std::size_t cr = end_of_value(bytes, value_at);
  if (cr == bytes.size()) return need_more();
  if (bytes[cr] != '\r') return bad(Rule::F4Value);
  if (cr + 1 == bytes.size()) return need_more();
  if (bytes[cr + 1] != '\n') return bad(Rule::F4Value);
  FieldLine line{.kind = FieldLine::Kind::Field, .field = {}, .rule = Rule::None, .next = cr + 2};
  line.field.name = name;
  line.field.value = trim_ows(bytes.substr(value_at, cr - value_at));
  line.field.id = field_id(name);
  return line;
}

FieldLine end_of_head(std::string_view bytes, std::size_t at) {
  if (at + 1 == bytes.size()) return need_more();
  if (bytes[at + 1] != '\n') return bad(Rule::F4Value);
  return {.kind = FieldLine::Kind::End, .field = {}, .rule = Rule::None, .next = at + 2};
}

// Calls visit(element) for each element of a comma-separated list; stops when it returns a rule.
template <typename Visit>
Rule each_element(std::string_view list, Visit visit) {
  std::size_t words = 0;
  while (true) {
    const std::size_t comma = list.find(',');
    if (++words > kConnectionWordsMax) return Rule::F5Limits;
    const Rule rule = visit(trim_ows(list.substr(0, comma)));
    if (rule != Rule::None || comma == std::string_view::npos) return rule;
    list.remove_prefix(comma + 1);
  }
}

Rule note_length(FieldBlock& block, std::string_view value, Strictness strictness) {
  std::uint64_t length = 0;
  const bool repeated = block.has(FieldId::ContentLength);
  if (!parse_length(value, length)) return Rule::B4Length;
  if (repeated && (strictness == Strictness::Request || length != block.content_length)) {
    return Rule::B4Length;
  }
  block.content_length = length;
  return Rule::None;
}

Rule note_connection(FieldBlock& block, std::string_view value) {
  return each_element(value, [&](std::string_view word) {
    if (!all(kTchar, word)) return Rule::F4Value;
    if (same_word(word, "close")) block.says_close = true;
    if (same_word(word, "keep-alive")) block.says_keep_alive = true;
    if (same_word(word, "upgrade")) block.says_upgrade = true;
    return Rule::None;
  });
}

Rule note_singleton(const FieldBlock& block, const Field& field) {
  if (!block.has(field.id)) return Rule::None;
  for (const Field& other : block.all()) {
    if (other.id == field.id && other.value != field.value) return Rule::F7Duplicate;
  }
  return Rule::None;
}

Rule note(FieldBlock& block, const Field& field, Strictness strictness) {
  if (field.id == FieldId::Other) {
    const bool suspicious = field.name.size() >= 14 && field.name.size() <= 64;
    return suspicious && disguises_framing(field.name) ? Rule::F6DisguisedFraming : Rule::None;
  }
  if (field.id == FieldId::ContentLength) return note_length(block, field.value, strictness);
  if (field.id == FieldId::Connection) return note_connection(block, field.value);
  if (field.id == FieldId::TransferEncoding) {
    if (block.has(field.id)) return Rule::B3Coding;
    block.coding = field.value;
  } else if (field.id == FieldId::Host) {
    if (block.has(field.id)) return Rule::H1HostCount;
    block.host = field.value;
  } else if (field.id == FieldId::Upgrade) {
    block.upgrade_is_websocket = same_word(field.value, "websocket") && !block.has(field.id);
  } else if (is_singleton(field.id)) {
    return note_singleton(block, field);
  }
  return Rule::None;
}

Rule mark_word(FieldBlock& block, std::string_view word) {
  const FieldId id = field_id(word);
  if (protected_from_connection(id)) return Rule::P2NominatedField;
  if (id != FieldId::Other) {
    for (std::size_t i = 0; i < block.count; ++i) {
      if (block.fields[i].id == id) block.fields[i].hop_by_hop = true;
    }
    return Rule::None;
  }
  if (same_word(word, "close")) return Rule::None;
  for (std::size_t i = 0; i < block.count; ++i) {
    if (same_word(block.fields[i].name, word)) block.fields[i].hop_by_hop = true;
  }
  return Rule::None;
}

}  // namespace

FieldLine read_field_line(std::string_view bytes, std::size_t at, Strictness strictness) {
  if (at == bytes.size()) return need_more();
  if (bytes[at] == '\r') return end_of_head(bytes, at);
  if (bytes[at] == ' ' || bytes[at] == '\t') return bad(Rule::F3Folding);
  std::size_t colon = at;
  while (colon < bytes.size() && is(kTchar, bytes[colon])) {
    ++colon;
  }
  const std::string_view name = bytes.substr(at, colon - at);
  if (strictness == Strictness::Response) {
    while (colon < bytes.size() && (bytes[colon] == ' ' || bytes[colon] == '\t')) {
      ++colon;
    }
  }
  if (colon == bytes.size()) return need_more();
  if (bytes[colon] == ' ' || bytes[colon] == '\t') return bad(Rule::F2BlankBeforeColon);
  if (bytes[colon] == '\r' || bytes[colon] == '\n') return bad(Rule::F3Folding);
  if (bytes[colon] != ':' || name.empty()) return bad(Rule::F1Name);
  return finish_value(bytes, name, colon + 1);
}

Rule add_field(FieldBlock& block, const Field& field, Strictness strictness) {
  const Rule rule = note(block, field, strictness);
  if (rule != Rule::None) return rule;
  Field& added = block.fields[block.count];
  added = field;
  added.hop_by_hop = always_hop_by_hop(field.id);
  ++block.count;
  block.seen |= 1u << static_cast<unsigned>(field.id);
  return Rule::None;
}

Rule mark_hop_by_hop(FieldBlock& block) {
  if (!block.has(FieldId::Connection)) return Rule::None;
  for (std::size_t i = 0; i < block.count; ++i) {
    if (block.fields[i].id != FieldId::Connection) continue;
    const Rule rule = each_element(block.fields[i].value, [&](std::string_view word) {
      return word.empty() ? Rule::None : mark_word(block, word);
    });
    if (rule != Rule::None) return rule;
  }
  return Rule::None;
}

void FieldBlock::clear() {
  count = 0;
  seen = 0;
  host = {};
  content_length = 0;
  coding = {};
  says_close = says_keep_alive = says_upgrade = upgrade_is_websocket = false;
}

}  // namespace tidegate::http1
