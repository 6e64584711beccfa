// XML: an element tree that is read (the library stays inside xml.cc), and the escaping that
// writing needs. Namespaces, comments and processing instructions are dropped; attributes too, as
// AWS's answers carry nothing in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tidegate {

struct XmlElement {
  std::string name;
  std::string text;  // all character data directly inside, in order
  std::vector<XmlElement> children;

  /// The first child of that name, or null.
  const XmlElement* find(std::string_view child) const;
  /// The text at a path of child names: at({"Error", "Code"}); "" when there is none.
  std::string at(std::initializer_list<std::string_view> path) const;

  bool operator==(const XmlElement&) const = default;
};

/// The root element. At most 100 levels deep. Error: InvalidArgument with the byte offset.
Result<XmlElement> parse_xml(std::string_view text);

/// Text as character data: &, <, > and " as entities, CR as &#13;, and what XML 1.0 cannot hold
/// (other control bytes, bytes that are no UTF-8) as U+FFFD.
std::string xml_escape(std::string_view text);

}  // namespace tidegate
