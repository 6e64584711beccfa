// Launch template data between the request, the model and the answer. Private to the module.
#pragma once

#include <optional>
#include <string>

#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {

/// The data of a request, over those of the version that it is made from.
/// Errors: InvalidParameterValue for what nothing here acts on, InvalidUserData.Malformed.
Result<groups::LaunchTemplateVersion> version_of(const Operation& operation,
                                                 const RequestLaunchTemplateData& data,
                                                 groups::LaunchTemplateVersion version);
/// Error: InvalidLaunchTemplateName.MalformedException.
Result<std::string> checked_name(const std::string& name);
/// Which one: by id or by name, one of both. Errors: MissingParameter,
/// InvalidParameterCombination, InvalidLaunchTemplateId.Malformed.
Result<engine::LaunchTemplateName> name_of(const std::optional<std::string>& id,
                                           const std::optional<std::string>& name);
/// Errors: InvalidLaunchTemplateId.NotFound, InvalidLaunchTemplateName.NotFoundException.
Result<const groups::LaunchTemplate*> found(const engine::Model& model,
                                            const engine::LaunchTemplateName& name);
LaunchTemplateVersion version_answer(const engine::Model& model,
                                     const groups::LaunchTemplate& of,
                                     const groups::LaunchTemplateVersion& version);
/// EC2 takes data that cannot be launched, and says so.
std::optional<ValidationWarning> warning_of(const engine::Model& model,
                                            const groups::LaunchTemplateVersion& version);

}  // namespace tidegate::api::ec2
