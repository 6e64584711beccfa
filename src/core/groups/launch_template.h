// Launch template and its versions: what an instance is made from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/strong.h"
#include "base/time.h"

namespace tidegate::groups {

using LaunchTemplateId = Strong<struct LaunchTemplateIdTag>;

struct LaunchTemplateVersion {
  std::int64_t number = 1;
  std::string image_id;
  std::string instance_type;
  std::string user_data;  // decoded
  std::string iam_instance_profile;
  std::vector<std::string> security_groups;
  Instant created;
  std::map<std::string, std::string> instance_tags = {};  // TagSpecifications of instance
  std::string description = {};
  std::string client_token = {};  // of the call that made it; empty: none
  std::string host_facts = {};  // what it says that is the case anyway, a JSON object; empty: none
  bool operator==(const LaunchTemplateVersion&) const = default;
};

struct LaunchTemplate {
  LaunchTemplateId id;
  std::string name;
  std::int64_t default_version = 1;
  std::vector<LaunchTemplateVersion> versions;  // ascending; the last is $Latest
  std::int64_t numbers_used = 0;                // numbers of deleted versions do not come back
  std::map<std::string, std::string> tags;
  std::string client_token;  // of the call that made it; empty: none
  Instant created;
  bool operator==(const LaunchTemplate&) const = default;
};

/// The number that the next version gets.
std::int64_t next_version_number(const LaunchTemplate& launch_template);

/// What a group names: "$Latest", "$Default" or a number.
struct LaunchTemplateSpecification {
  LaunchTemplateId id;
  std::string name;
  std::string version = "$Default";
  bool operator==(const LaunchTemplateSpecification&) const = default;
};

/// The version a specification means now; null when there is no such version.
const LaunchTemplateVersion* resolve(const LaunchTemplate& launch_template,
                                     const std::string& version);

}  // namespace tidegate::groups
