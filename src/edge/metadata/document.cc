#include "edge/metadata/document.h"

#include <set>

#include "base/text.h"

namespace tidegate::metadata {
namespace {

/// AWS's own rule: a tag is shown when its key can be one part of a path.
bool can_be_shown(std::string_view key) {
  return !key.empty() && key.size() <= 128 && key != "." && key != ".." && key != "_index" &&
         key.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
             "+-=._:@,") == std::string_view::npos;
}

class Builder {
 public:
  explicit Builder(const Json& document) : document_(document) {}

  /// A member of the document under that path; nothing where it is absent or empty.
  void member(const std::string& path, std::string_view name) { value(path, text_of(name)); }
  void value(const std::string& path, const std::string& text) {
    if (!text.empty()) {
      paths_[path] = text;
    }
  }
  std::string text_of(std::string_view name) const { return document_[name].string_or(""); }
  Paths finish() && { return std::move(paths_); }

 private:
  const Json& document_;
  Paths paths_;
};

void add_tags(Builder& out, const Json& document) {
  const std::string folder = "meta-data/tags/instance/";
  for (const auto& [key, value] : document["tags"].members()) {
    if (can_be_shown(key)) {
      out.value(folder + key, value.string_or(""));
    }
  }
  out.member(folder + "aws:autoscaling:groupName", "auto-scaling-group");
  out.member(folder + "aws:ec2launchtemplate:id", "launch-template");
  out.member(folder + "aws:ec2launchtemplate:version", "launch-template-version");
}

void add_network(Builder& out) {
  const std::string mac = out.text_of("mac");
  if (mac.empty()) {
    return;
  }
  const std::string folder = "meta-data/network/interfaces/macs/" + mac + "/";
  out.value("meta-data/mac", mac);
  out.value(folder + "mac", mac);
  out.value(folder + "device-number", "0");
  out.member(folder + "local-hostname", "local-hostname");
  out.member(folder + "local-ipv4s", "local-ipv4");
  out.member(folder + "owner-id", "account-id");
}

Json identity_of(const Json& document) {
  const auto text = [&document](std::string_view name) {
    return Json{document[name].string_or("")};
  };
  Json identity = Json::object({{"accountId", text("account-id")},
                                {"architecture", text("architecture")},
                                {"availabilityZone", text("availability-zone")},
                                {"billingProducts", Json{}},
                                {"devpayProductCodes", Json{}},
                                {"marketplaceProductCodes", Json{}},
                                {"imageId", text("ami-id")},
                                {"instanceId", text("instance-id")},
                                {"instanceType", text("instance-type")},
                                {"kernelId", Json{}},
                                {"pendingTime", text("pending-time")},
                                {"privateIp", text("local-ipv4")},
                                {"ramdiskId", Json{}},
                                {"region", text("region")},
                                {"version", "2017-09-30"}});
  return identity;
}

}  // namespace

Paths paths_of(const Json& document) {
  Builder out{document};
  for (const char* name :
       {"ami-id", "instance-id", "instance-type", "local-hostname", "local-ipv4"}) {
    out.member(std::string{"meta-data/"} + name, name);
  }
  out.member("meta-data/hostname", "local-hostname");
  out.value("meta-data/ami-launch-index", "0");
  out.value("meta-data/instance-action", "none");
  out.value("meta-data/instance-life-cycle", "on-demand");
  out.member("meta-data/placement/availability-zone", "availability-zone");
  out.member("meta-data/placement/region", "region");
  out.value("meta-data/services/domain", "amazonaws.com");
  out.value("meta-data/services/partition", "aws");
  out.member("meta-data/autoscaling/target-lifecycle-state", "target-lifecycle-state");
  add_tags(out, document);
  add_network(out);
  out.value("dynamic/instance-identity/document", identity_of(document).dump(2));
  out.member("user-data", "user-data");
  return std::move(out).finish();
}

std::optional<std::string> look_up(const Paths& paths, std::string_view path) {
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  if (const auto leaf = paths.find(path); leaf != paths.end()) {
    return leaf->second;
  }
  const std::string folder = path.empty() ? "" : std::string{path} + "/";
  std::set<std::string> names;
  for (auto at = paths.lower_bound(folder); at != paths.end() && at->first.starts_with(folder);
       ++at) {
    const std::string rest = at->first.substr(folder.size());
    const std::size_t slash = rest.find('/');
    names.insert(slash == std::string::npos ? rest : rest.substr(0, slash + 1));
  }
  if (names.empty()) {
    return std::nullopt;
  }
  const std::vector<std::string> lines{names.begin(), names.end()};
  return join(lines, "\n");
}

}  // namespace tidegate::metadata
