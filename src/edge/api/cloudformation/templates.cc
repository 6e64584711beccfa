// ValidateTemplate, GetTemplate, GetTemplateSummary.
#include <map>

#include "base/text.h"
#include "core/stacks/summary.h"
#include "edge/api/cloudformation/change_sets.h"
#include "edge/api/cloudformation/checks.h"

namespace tidegate::api::cloudformation {
namespace {

constexpr const char* kWhyCapabilities =
    "The following resource(s) require capabilities: [AWS::IAM]; such resources are not built";

template <typename T>
std::optional<T> unless_empty(T value) {
  return value.empty() ? std::nullopt : std::optional<T>{std::move(value)};
}

Result<ValidateTemplateOutput> validate_template(const Context&,
                                                 const ValidateTemplateInput& request) {
  if (!request.template_body.has_value()) {
    return invalid("Either Template URL or Template Body must be specified.");
  }
  TG_ASSIGN_OR_RETURN(const auto summary, stacks::summarize(*request.template_body));
  ValidateTemplateOutput answer;
  auto& parameters = answer.parameters.emplace();
  for (const stacks::DeclaredParameter& declared : summary.parameters) {
    TemplateParameter& parameter = parameters.emplace_back();
    parameter.parameter_key = declared.key;
    parameter.default_value = declared.default_value;
    parameter.no_echo = declared.no_echo;
    parameter.description = unless_empty(declared.description);
  }
  answer.description = unless_empty(summary.description);
  answer.capabilities = unless_empty(summary.capabilities());
  if (answer.capabilities.has_value()) {
    answer.capabilities_reason = kWhyCapabilities;
  }
  return answer;
}

Result<GetTemplateOutput> get_template(const Context& context, const GetTemplateInput& request) {
  GetTemplateOutput answer;
  answer.stages_available = std::vector<std::string>{"Original", "Processed"};
  if (request.change_set_name.has_value()) {
    TG_ASSIGN_OR_RETURN(const auto found,
                        change_set_of(context.model, *request.change_set_name, request.stack_name));
    answer.template_body = found.change_set->template_body;
    return answer;
  }
  if (!request.stack_name.has_value()) {
    return invalid("StackName or ChangeSetName must be specified");
  }
  TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_of(context.model, *request.stack_name));
  answer.template_body = stack->template_body;
  return answer;
}

std::vector<ParameterDeclaration> declarations(const stacks::TemplateSummary& summary) {
  std::vector<ParameterDeclaration> parameters;
  for (const stacks::DeclaredParameter& declared : summary.parameters) {
    ParameterDeclaration& parameter = parameters.emplace_back();
    parameter.parameter_key = declared.key;
    parameter.default_value = declared.default_value;
    parameter.parameter_type = declared.type;
    parameter.no_echo = declared.no_echo;
    parameter.description = unless_empty(declared.description);
    parameter.parameter_constraints.emplace().allowed_values =
        unless_empty(declared.allowed_values);
  }
  return parameters;
}

std::vector<ResourceIdentifierSummary> identifiers(const stacks::TemplateSummary& summary) {
  std::map<std::string, std::vector<std::string>> by_type;
  for (const auto& [logical_id, type] : summary.resources) {
    by_type[type].push_back(logical_id);
  }
  std::vector<ResourceIdentifierSummary> all;
  for (const auto& [type, ids] : by_type) {
    all.push_back({type, ids, std::nullopt});
  }
  return all;
}

Result<std::string> body_asked_for(const Context& context, const GetTemplateSummaryInput& request) {
  if (request.stack_set_name.has_value()) {
    return Error{
        ErrorCode::NotFound,
        "StackSetNotFoundException",
        "StackSet " + *request.stack_set_name + " not found: there are no stack sets here"};
  }
  if (request.template_body.has_value() == request.stack_name.has_value()) {
    return invalid("Exactly one of Template Body and Stack Name must be specified.");
  }
  if (request.template_body.has_value()) {
    return *request.template_body;
  }
  TG_ASSIGN_OR_RETURN(const stacks::Stack* stack, stack_of(context.model, *request.stack_name));
  return stack->template_body;
}

Result<GetTemplateSummaryOutput> get_summary(const Context& context,
                                             const GetTemplateSummaryInput& request) {
  TG_ASSIGN_OR_RETURN(const std::string body, body_asked_for(context, request));
  TG_ASSIGN_OR_RETURN(const auto summary, stacks::summarize(body));
  GetTemplateSummaryOutput answer;
  answer.parameters = declarations(summary);
  answer.description = unless_empty(summary.description);
  answer.capabilities = unless_empty(summary.capabilities());
  if (answer.capabilities.has_value()) {
    answer.capabilities_reason = kWhyCapabilities;
  }
  answer.resource_types = summary.resource_types();
  answer.version = "2010-09-09";
  answer.metadata = unless_empty(summary.metadata);
  answer.resource_identifier_summaries = identifiers(summary);
  return answer;
}

}  // namespace

std::vector<Entry> template_entries() {
  return {
      reads<ValidateTemplateOperation>({"TemplateBody"}, &validate_template),
      reads<GetTemplateOperation>({"StackName", "ChangeSetName", "TemplateStage"}, &get_template),
      reads<GetTemplateSummaryOperation>({"TemplateBody", "StackName", "StackSetName"},
                                         &get_summary),
  };
}

}  // namespace tidegate::api::cloudformation
