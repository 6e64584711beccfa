#include "core/stacks/language/references.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <set>
#include <utility>

#include "core/stacks/language/names.h"
#include "core/stacks/language/problem.h"
#include "core/stacks/language/sub.h"

namespace tidegate::stacks::language {
namespace {

/// Walks a tree and keeps the resources it names.
class Collector {
 public:
  Collector(const std::vector<std::string>& resources,
            const std::map<std::string, bool>& conditions)
      : resources_(resources), conditions_(conditions) {}

  void visit(const YamlNode& node) {
    for (const YamlNode& item : node.items) {
      visit(item);
    }
    for (const YamlNode::Member& member : node.members) {
      if (member.key == "Fn::If" && member.value.items.size() == 3) {
        visit_branch(member.value);
        continue;
      }
      if (member.key == "Ref") {
        add(member.value.text);
      } else if (member.key == "Fn::GetAtt" && !member.value.items.empty()) {
        add(member.value.items[0].text);
      } else if (member.key == "Fn::Sub") {
        add_sub(member.value);
      }
      visit(member.value);
    }
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  void visit_branch(const YamlNode& arguments) {
    const auto condition = conditions_.find(arguments.items[0].text);
    if (condition != conditions_.end()) {
      visit(arguments.items[condition->second ? 1 : 2]);
    }
  }

  void add_sub(const YamlNode& argument) {
    const YamlNode& pattern = argument.items.empty() ? argument : argument.items[0];
    const auto parts = split_sub(pattern.text);
    if (!parts) {
      return;  // evaluation says what is wrong
    }
    for (const SubPart& part : *parts) {
      if (part.kind == SubPart::Kind::Name) {
        add(part.text.substr(0, part.text.find('.')));
      }
    }
  }

  void add(const std::string& name) {
    const bool known = std::find(resources_.begin(), resources_.end(), name) != resources_.end();
    if (known && std::find(found_.begin(), found_.end(), name) == found_.end()) {
      found_.push_back(name);
    }
  }

  const std::vector<std::string>& resources_;
  const std::map<std::string, bool>& conditions_;
  std::vector<std::string> found_;
};

struct Waiting {
  const ResourceDeclaration* resource;
  std::vector<std::string> needs;  // existing resources only
};

Result<std::vector<const ResourceDeclaration*>> existing(
    const Document& document, const std::map<std::string, bool>& conditions) {
  std::vector<const ResourceDeclaration*> result;
  for (const ResourceDeclaration& resource : document.resources) {
    if (!resource.condition) {
      result.push_back(&resource);
      continue;
    }
    const auto found = conditions.find(resource.condition->name);
    if (found == conditions.end()) {
      return unknown_condition(resource.condition->name,
                               resource.condition->line,
                               conditions,
                               "Resources." + resource.logical_id);
    }
    if (found->second) {
      result.push_back(&resource);
    }
  }
  return result;
}

Result<Waiting> needs_of(const ResourceDeclaration& resource,
                         const std::vector<std::string>& all,
                         const std::map<std::string, bool>& conditions) {
  Waiting waiting{&resource, references(resource.properties, all, conditions)};
  for (const auto& [id, line] : resource.depends_on) {
    if (std::find(all.begin(), all.end(), id) == all.end()) {
      return problem(line,
                     "Resources." + resource.logical_id + ".DependsOn",
                     "'" + id + "' is no resource of this template" + suggestion(id, all));
    }
    waiting.needs.push_back(id);
  }
  return waiting;
}

/// Follows needs among resources that all wait, until one comes again.
Error circle(const std::vector<Waiting>& waiting) {
  const auto find = [&](const std::string& id) {
    return std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& candidate) {
      return candidate.resource->logical_id == id;
    });
  };
  std::vector<std::string> way{waiting.front().resource->logical_id};
  while (true) {
    const auto here = find(way.back());
    const auto next = std::find_if(here->needs.begin(), here->needs.end(), [&](const auto& id) {
      return find(id) != waiting.end();
    });
    const auto seen = std::find(way.begin(), way.end(), *next);
    if (seen != way.end()) {
      std::string text;
      for (auto at = seen; at != way.end(); ++at) {
        text += *at + " -> ";
      }
      return problem(
          find(*seen)->resource->line, "Resources", "circular reference: " + text + *seen);
    }
    way.push_back(*next);
  }
}

}  // namespace

std::vector<std::string> references(const YamlNode& node,
                                    const std::vector<std::string>& resources,
                                    const std::map<std::string, bool>& conditions) {
  Collector collector{resources, conditions};
  collector.visit(node);
  return collector.take();
}

Result<std::vector<const ResourceDeclaration*>> creation_order(
    const Document& document, const std::map<std::string, bool>& conditions) {
  std::vector<std::string> all;
  for (const ResourceDeclaration& resource : document.resources) {
    all.push_back(resource.logical_id);
  }
  TG_ASSIGN_OR_RETURN(const auto resources, existing(document, conditions));
  std::vector<Waiting> waiting;
  std::set<std::string> open;  // exist, and are not in the order yet
  for (const ResourceDeclaration* resource : resources) {
    TG_ASSIGN_OR_RETURN(Waiting one, needs_of(*resource, all, conditions));
    waiting.push_back(std::move(one));
    open.insert(resource->logical_id);
  }
  std::vector<const ResourceDeclaration*> order;
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(), [&](const Waiting& candidate) {
      return std::none_of(candidate.needs.begin(), candidate.needs.end(), [&](const auto& id) {
        return open.contains(id);
      });
    });
    if (ready == waiting.end()) {
      return circle(waiting);
    }
    order.push_back(ready->resource);
    open.erase(ready->resource->logical_id);
    waiting.erase(ready);
  }
  return order;
}

}  // namespace tidegate::stacks::language
