// Listeners by calls: made, changed, deleted.
#include "edge/api/elbv2/checks.h"

namespace tidegate::api::elbv2 {
namespace {

constexpr const char* kKind = "listener/";

/// TLS is not built, so there is nothing that its members could name. In AWS's order: what they
/// name is looked for before the protocol is judged.
template <typename Input>
Status check_protocol(const Input& request) {
  if (request.certificates.has_value() && request.certificates->size() > 1) {
    return refused("TooManyCertificates", "You can specify only one certificate");
  }
  if (request.certificates.has_value() && !request.certificates->empty()) {
    return not_found("CertificateNotFound",
                     "Certificate '" + (*request.certificates)[0].certificate_arn.value_or("") +
                         "' not found: HTTPS is not built; what works: HTTP");
  }
  if (request.ssl_policy.has_value()) {
    return not_found(
        "SSLPolicyNotFound",
        "SSL policy '" + *request.ssl_policy + "' not found: HTTPS is not built; what works: HTTP");
  }
  if (request.alpn_policy.has_value() && !request.alpn_policy->empty()) {
    return not_found("ALPNPolicyNotFound",
                     "ALPN policy '" + (*request.alpn_policy)[0] +
                         "' not found: HTTPS is not built; what works: HTTP");
  }
  if (request.mutual_authentication.has_value() &&
      request.mutual_authentication->trust_store_arn.has_value()) {
    return not_found("TrustStoreNotFound",
                     "Trust store '" + *request.mutual_authentication->trust_store_arn +
                         "' not found: HTTPS is not built; what works: HTTP");
  }
  if (request.mutual_authentication.has_value() &&
      request.mutual_authentication->mode.value_or("off") != "off") {
    return refused("InvalidConfigurationRequest",
                   "MutualAuthentication is of HTTPS, which is not built");
  }
  if (request.protocol.value_or("HTTP") != "HTTP") {
    return refused("UnsupportedProtocol",
                   "Protocol '" + *request.protocol + "' is not built; what works: HTTP");
  }
  return Ok{};
}

const balancing::Listener& changed_in(const engine::Answer& outcome) {
  return std::get<balancing::Listener>(std::get<engine::BalancerAnswer>(outcome));
}

Result<Write<CreateListenerOperation>> create_listener(const Context&,
                                                       const CreateListenerInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.load_balancer_arn, "loadbalancer/", "load balancer"));
  TG_RETURN_IF_ERROR(check_protocol(request));
  if (!request.protocol.has_value() || !request.port.has_value()) {
    return invalid("A listener protocol and port must be specified");
  }
  engine::CreateListener command;
  command.wanted.load_balancer.value = *request.load_balancer_arn;
  command.wanted.port = static_cast<std::uint16_t>(*request.port);
  TG_ASSIGN_OR_RETURN(command.wanted.default_action, forward_of(*request.default_actions));
  TG_ASSIGN_OR_RETURN(command.wanted.tags, tags_of(request.tags));
  return Write<CreateListenerOperation>{
      engine::BalancerCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<CreateListenerOutput> {
        return CreateListenerOutput{std::vector<Listener>{listener_answer(changed_in(outcome))}};
      }};
}

Result<Write<ModifyListenerOperation>> modify_listener(const Context&,
                                                       const ModifyListenerInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.listener_arn, kKind, "listener"));
  TG_RETURN_IF_ERROR(check_protocol(request));
  engine::ChangeListener command;
  command.arn.value = *request.listener_arn;
  if (request.port.has_value()) {
    command.port = static_cast<std::uint16_t>(*request.port);
  }
  if (request.default_actions.has_value()) {
    TG_ASSIGN_OR_RETURN(command.action, forward_of(*request.default_actions));
  }
  return Write<ModifyListenerOperation>{
      engine::BalancerCommand{std::move(command)},
      [](const engine::Answer& outcome) -> Result<ModifyListenerOutput> {
        return ModifyListenerOutput{std::vector<Listener>{listener_answer(changed_in(outcome))}};
      }};
}

Result<Write<DeleteListenerOperation>> delete_listener(const Context&,
                                                       const DeleteListenerInput& request) {
  TG_RETURN_IF_ERROR(check_arn(*request.listener_arn, kKind, "listener"));
  return write_without_answer<DeleteListenerOperation>(engine::BalancerCommand{
      engine::DeleteListener{balancing::ListenerArn{*request.listener_arn}}});
}

}  // namespace

std::vector<Entry> listener_entries() {
  return {
      writes<CreateListenerOperation>({"LoadBalancerArn",
                                       "Protocol",
                                       "Port",
                                       "SslPolicy",
                                       "Certificates",
                                       "DefaultActions",
                                       "AlpnPolicy",
                                       "Tags",
                                       "MutualAuthentication"},
                                      &create_listener),
      writes<ModifyListenerOperation>({"ListenerArn",
                                       "Port",
                                       "Protocol",
                                       "SslPolicy",
                                       "Certificates",
                                       "DefaultActions",
                                       "AlpnPolicy",
                                       "MutualAuthentication"},
                                      &modify_listener),
      writes<DeleteListenerOperation>({"ListenerArn"}, &delete_listener),
  };
}

}  // namespace tidegate::api::elbv2
