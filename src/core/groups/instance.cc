#include "core/groups/instance.h"

#include "base/check.h"

namespace tidegate::groups {

std::string_view to_string(HealthStatus status) {
  switch (status) {
    case HealthStatus::Healthy:
      return "Healthy";
    case HealthStatus::Unhealthy:
      return "Unhealthy";
  }
  check_failed("HealthStatus", __FILE__, __LINE__);
}

std::string_view to_string(TerminationStage stage) {
  switch (stage) {
    case TerminationStage::None:
      return "None";
    case TerminationStage::Draining:
      return "Draining";
    case TerminationStage::Stopping:
      return "Stopping";
    case TerminationStage::Closing:
      return "Closing";
    case TerminationStage::Killing:
      return "Killing";
  }
  check_failed("TerminationStage", __FILE__, __LINE__);
}

std::optional<TerminationStage> parse_termination_stage(std::string_view text) {
  for (const TerminationStage stage : {TerminationStage::None,
                                       TerminationStage::Draining,
                                       TerminationStage::Stopping,
                                       TerminationStage::Closing,
                                       TerminationStage::Killing}) {
    if (to_string(stage) == text) {
      return stage;
    }
  }
  return std::nullopt;
}

std::string_view to_string(TerminationReason reason) {
  switch (reason) {
    case TerminationReason::None:
      return "None";
    case TerminationReason::ScaleIn:
      return "ScaleIn";
    case TerminationReason::Unhealthy:
      return "Unhealthy";
    case TerminationReason::UserRequest:
      return "UserRequest";
    case TerminationReason::LaunchFailed:
      return "LaunchFailed";
    case TerminationReason::GroupDeleted:
      return "GroupDeleted";
    case TerminationReason::Replaced:
      return "Replaced";
  }
  check_failed("TerminationReason", __FILE__, __LINE__);
}

std::optional<TerminationReason> parse_termination_reason(std::string_view text) {
  for (const TerminationReason reason : {TerminationReason::None,
                                         TerminationReason::ScaleIn,
                                         TerminationReason::Unhealthy,
                                         TerminationReason::UserRequest,
                                         TerminationReason::LaunchFailed,
                                         TerminationReason::GroupDeleted,
                                         TerminationReason::Replaced}) {
    if (to_string(reason) == text) {
      return reason;
    }
  }
  return std::nullopt;
}

std::string_view to_string(InstancePhase phase) {
  switch (phase) {
    case InstancePhase::Launching:
      return "Launching";
    case InstancePhase::Running:
      return "Running";
    case InstancePhase::Stopping:
      return "Stopping";
    case InstancePhase::Exited:
      return "Exited";
    case InstancePhase::Lost:
      return "Lost";
    case InstancePhase::Failed:
      return "Failed";
  }
  check_failed("InstancePhase", __FILE__, __LINE__);
}

}  // namespace tidegate::groups
