// The heads that the balancer writes: requests to targets, answers to clients. Pure functions over
// memory of the caller; one thread per writer.
#pragma once

#include <cstdint>
#include <string_view>

#include "net/http1/head.h"
#include "net/http1/write.h"

namespace tidegate::balancer {

/// ALB refuses more with 463.
constexpr std::size_t kForwardedForMax = 30;

struct ForwardedAs {
  std::string_view client;        // its address
  std::string_view proto;         // "http"
  std::uint16_t port = 0;         // of the listener
  std::string_view trace;         // a fresh "1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx"
  std::string_view default_host;  // for HTTP/1.0 requests without Host
};

/// The request as the target gets it: origin-form, HTTP/1.1, hop-by-hop fields gone, one framing
/// field that we wrote, X-Forwarded-* and X-Amzn-Trace-Id.
void write_request_head(http1::HeadWriter& out,
                        const http1::RequestHead& head,
                        const ForwardedAs& as);

/// Addresses that X-Forwarded-For of that request names.
std::size_t forwarded_for_count(const http1::RequestHead& head);

struct AnswerFraming {
  enum class Kind { AsReceived, Chunked, UntilClose } kind = Kind::AsReceived;
  enum class Persist { Keep, KeepOld, Close } persist = Persist::Keep;  // KeepOld: said to 1.0
  http1::Method method = http1::Method::Get;                            // of the request
  std::string_view own_lines = {};  // fields of ours, whole lines
};
/// The final answer as the client gets it.
void write_response_head(http1::HeadWriter& out,
                         const http1::ResponseHead& head,
                         const AnswerFraming& framing);
/// 100 and 103, without anything of the connection.
void write_informational(http1::HeadWriter& out, const http1::ResponseHead& head);
/// 101 for a WebSocket. own_lines: fields of ours, whole lines.
void write_switching(http1::HeadWriter& out,
                     const http1::ResponseHead& head,
                     std::string_view own_lines);

/// An answer of the balancer's own, with its sentence as the body.
void write_own_answer(http1::HeadWriter& out,
                      int status,
                      http1::Method method,
                      AnswerFraming::Persist persist);

}  // namespace tidegate::balancer
