#include "balancer/worker/heads.h"

#include <algorithm>
#include <string>

namespace tidegate::balancer {
namespace {

using http1::Field;
using http1::FieldId;
using http1::Framing;
using http1::HeadWriter;
using http1::Method;
using http1::RequestHead;
using http1::ResponseHead;

bool owned_in_request(FieldId id) {
  return id == FieldId::Host || id == FieldId::ContentLength || id == FieldId::XForwardedFor ||
         id == FieldId::XForwardedPort || id == FieldId::XForwardedProto ||
         id == FieldId::XAmznTraceId;
}

// Fields that lie as we would write them, one behind the other, are copied in one run.
class FieldCopier {
 public:
  explicit FieldCopier(HeadWriter& out) : out_(out) {}
  ~FieldCopier() { flush(); }
  FieldCopier(const FieldCopier&) = delete;
  FieldCopier& operator=(const FieldCopier&) = delete;

  void add(const Field& field) {
    const char* begin = field.name.data();
    const char* value = field.value.data();
    const char* end = value + field.value.size();
    const bool plain = value == begin + field.name.size() + 2 && value[-1] == ' ' &&
                       value[-2] == ':' && end[0] == '\r' && end[1] == '\n';
    if (!plain || begin != end_) flush();
    if (plain) {
      if (begin_ == nullptr) begin_ = begin;
      end_ = end + 2;
    } else {
      out_.field(field.name, field.value);
    }
  }

 private:
  void flush() {
    if (begin_ != nullptr) out_.put({begin_, static_cast<std::size_t>(end_ - begin_)});
    begin_ = end_ = nullptr;
  }
  HeadWriter& out_;
  const char* begin_ = nullptr;
  const char* end_ = nullptr;
};

void write_forwarded_for(HeadWriter& out, const RequestHead& head, std::string_view client) {
  out.put("X-Forwarded-For: ");
  for (const Field& field : head.fields) {
    if (field.id == FieldId::XForwardedFor && !field.value.empty()) out.put(field.value).put(", ");
  }
  out.put(client).put("\r\n");
}

// With a Root of the client's, ours is added as Self.
void write_trace(HeadWriter& out, const RequestHead& head, std::string_view trace) {
  const auto given = std::ranges::find(head.fields, FieldId::XAmznTraceId, &Field::id);
  const bool rooted =
      given != head.fields.end() && given->value.find("Root=") != std::string_view::npos;
  out.put("X-Amzn-Trace-Id: ").put(rooted ? "Self=" : "Root=").put(trace);
  if (rooted) out.put(";").put(given->value);
  out.put("\r\n");
}

void write_request_framing(HeadWriter& out, const RequestHead& head) {
  switch (head.body.kind) {
    case Framing::Kind::Length:
      out.put("Content-Length: ").put_number(head.body.length).put("\r\n");
      return;
    case Framing::Kind::Chunked:
      out.put("Transfer-Encoding: chunked\r\n");
      return;
    case Framing::Kind::None:
    case Framing::Kind::UntilClose:
      return;
  }
}

void write_persist(HeadWriter& out, AnswerFraming::Persist persist) {
  if (persist == AnswerFraming::Persist::Close) out.put("Connection: close\r\n");
  if (persist == AnswerFraming::Persist::KeepOld) out.put("Connection: keep-alive\r\n");
}

void write_answer_framing(HeadWriter& out, const ResponseHead& head, const AnswerFraming& framing) {
  const bool bodiless = head.status == 204 || head.status < 200;
  if (bodiless || framing.kind == AnswerFraming::Kind::UntilClose) return;
  if (framing.kind == AnswerFraming::Kind::Chunked) {
    out.put("Transfer-Encoding: chunked\r\n");
  } else if (head.body.kind == Framing::Kind::Length) {
    out.put("Content-Length: ").put_number(head.body.length).put("\r\n");
  } else if (framing.method == Method::Head || head.status == 304) {
    // No body follows; what the length would be is worth keeping (RFC 9110 §8.6).
    const auto length = std::ranges::find(head.fields, FieldId::ContentLength, &Field::id);
    if (length != head.fields.end()) out.field("Content-Length", length->value);
  }
}

}  // namespace

void write_request_head(HeadWriter& out, const RequestHead& head, const ForwardedAs& as) {
  out.put(head.method_text).put(head.slash_missing ? " /" : " ").put(head.target);
  out.put(" HTTP/1.1\r\nHost: ").put(head.host.empty() ? as.default_host : head.host).put("\r\n");
  {
    FieldCopier fields{out};
    for (const Field& field : head.fields) {
      const bool stale_expect = field.id == FieldId::Expect && !head.expects_continue;
      if (!field.hop_by_hop && !owned_in_request(field.id) && !stale_expect) fields.add(field);
    }
  }
  write_request_framing(out, head);
  write_forwarded_for(out, head, as.client);
  out.field("X-Forwarded-Proto", as.proto);
  out.put("X-Forwarded-Port: ").put_number(as.port).put("\r\n");
  write_trace(out, head, as.trace);
  if (head.wants_websocket) out.put("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  out.put("\r\n");
}

std::size_t forwarded_for_count(const RequestHead& head) {
  std::size_t count = 0;
  for (const Field& field : head.fields) {
    if (field.id != FieldId::XForwardedFor || field.value.empty()) continue;
    count += 1 + static_cast<std::size_t>(std::ranges::count(field.value, ','));
  }
  return count;
}

void write_response_head(HeadWriter& out, const ResponseHead& head, const AnswerFraming& framing) {
  out.status_line(head.status, head.reason);
  {
    FieldCopier fields{out};
    for (const Field& field : head.fields) {
      if (!field.hop_by_hop && field.id != FieldId::ContentLength) fields.add(field);
    }
  }
  write_answer_framing(out, head, framing);
  write_persist(out, framing.persist);
  out.put(framing.own_lines).put("\r\n");
}

void write_informational(HeadWriter& out, const ResponseHead& head) {
  out.status_line(head.status, head.reason);
  {
    FieldCopier fields{out};
    for (const Field& field : head.fields) {
      if (!field.hop_by_hop && field.id != FieldId::ContentLength) fields.add(field);
    }
  }
  out.put("\r\n");
}

void write_switching(HeadWriter& out, const ResponseHead& head, std::string_view own_lines) {
  out.status_line(101, head.reason);
  {
    FieldCopier fields{out};
    for (const Field& field : head.fields) {
      if (!field.hop_by_hop && field.id != FieldId::ContentLength) fields.add(field);
    }
  }
  out.put(own_lines).put("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

void write_own_answer(HeadWriter& out, int status, Method method, AnswerFraming::Persist persist) {
  const std::string body =
      std::to_string(status) + " " + std::string{http1::reason_phrase(status)} + "\n";
  out.status_line(status).field("Server", "tidegate").field("Content-Type", "text/plain");
  out.put("Content-Length: ").put_number(body.size()).put("\r\n");
  write_persist(out, persist);
  out.put("\r\n");
  if (method != Method::Head) out.put(body);
}

}  // namespace tidegate::balancer
