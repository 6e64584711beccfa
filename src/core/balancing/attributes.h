// Attributes of load balancers and target groups by elbv2's keys. Those that something here acts on
// can be set; the others say what is true here and are refused any other value. Pure.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "core/balancing/load_balancer.h"

namespace tidegate::balancing {

using Attributes = std::map<std::string, std::string>;

/// Every attribute that AWS returns for an Application Load Balancer, with what holds here.
Attributes attributes_of(const LoadBalancer& load_balancer);
Attributes attributes_of(const TargetGroup& target_group);

/// All of them or none. Errors: ValidationError for a key that there is not, or a value that is
/// none of the key's; InvalidConfigurationRequest for a value that is not built.
Status set_attributes(LoadBalancer& load_balancer, const Attributes& wanted);
Status set_attributes(TargetGroup& target_group, const Attributes& wanted);

/// The not-found error of the kind that the ARN names; ValidationError when it names none.
Error no_such_resource(const std::string& arn);

}  // namespace tidegate::balancing
