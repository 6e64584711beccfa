#include "base/xml.h"

#include <pugixml.hpp>

namespace tidegate {
namespace {

constexpr int kMaxXmlDepth = 100;  // a deeper document is an attack, not an answer
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

Status copy_element(const pugi::xml_node& node, XmlElement& element, int depth) {
  if (depth > kMaxXmlDepth) {
    return Error{ErrorCode::InvalidArgument, "MalformedXml", "more than 100 levels of elements"};
  }
  element.name = node.name();
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
      element.text += child.value();
    } else if (child.type() == pugi::node_element) {
      TG_RETURN_IF_ERROR(copy_element(child, element.children.emplace_back(), depth + 1));
    }
  }
  return Ok{};
}

/// Bytes of the UTF-8 sequence that starts `text`, 0 when it is none (overlong forms, surrogates
/// and what lies above U+10FFFF included).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool outside = (lead == 0xED && byte(1) > 0x9F) || (lead == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

std::string_view escaped_ascii(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\r':
      return "&#13;";
    default:
      return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? kReplacement
                                                                            : std::string_view{};
  }
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  for (const XmlElement& candidate : children) {
    if (candidate.name == child) {
      return &candidate;
    }
  }
  return nullptr;
}

std::string XmlElement::at(std::initializer_list<std::string_view> path) const {
  const XmlElement* element = this;
  for (const std::string_view step : path) {
    element = element->find(step);
    if (element == nullptr) {
      return {};
    }
  }
  return element->text;
}

Result<XmlElement> parse_xml(std::string_view text) {
  pugi::xml_document document;
  const auto outcome = document.load_buffer(text.data(),
                                            text.size(),
                                            pugi::parse_default | pugi::parse_ws_pcdata_single,
                                            pugi::encoding_utf8);
  if (!outcome || !document.document_element()) {
    return Error{ErrorCode::InvalidArgument,
                 "MalformedXml",
                 "not valid XML near byte " + std::to_string(outcome.offset)};
  }
  XmlElement root;
  TG_RETURN_IF_ERROR(copy_element(document.document_element(), root, 1));
  return root;
}

std::string xml_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view entity = length == 1 ? escaped_ascii(text[0]) : std::string_view{};
    if (length == 0) {
      out += kReplacement;
    } else if (!entity.empty()) {
      out += entity;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace tidegate
