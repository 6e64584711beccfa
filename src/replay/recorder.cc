#include "replay/recorder.h"

namespace tidegate::replay {

std::string shape_of_values() {
  std::string text;
  for (const std::size_t count : {members::count<engine::Settings>(),
                                  members::count<groups::InstanceObservation>(),
                                  members::count<balancing::TargetReport>(),
                                  members::count<balancing::LoadBalancerReport>(),
                                  members::count<balancing::DataPlaneReport>(),
                                  members::count<caches::CacheObservation>(),
                                  members::count<caches::CacheCounters>(),
                                  std::variant_size_v<engine::Command>}) {
    text += (text.empty() ? "" : ".") + std::to_string(count);
  }
  return text;
}

void LedgerDigest::add(std::string_view line) {
  ++lines_;
  for (const char c : line) {
    hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211U;  // FNV-1a
  }
  hash_ = (hash_ ^ static_cast<unsigned char>('\n')) * 1099511628211U;
}

Recorder::Recorder(Sink sink, const engine::Settings& settings, std::string_view version)
    : sink_(std::move(sink)) {
  Packer head;
  head.put(settings);
  Packer length;
  length.put_varint(head.bytes().size());
  sink_(std::string{kMagic} + std::string{version} + "\n" + length.bytes() + head.bytes());
}

void Recorder::begin(FrameKind kind, Instant now) {
  finish();
  is_open_ = true;
  is_needed_ = kind != FrameKind::Tick;
  frame_.put(kind);
  frame_.put(now);
}

void Recorder::begin_recovery(Instant now) {
  begin(FrameKind::Recovery, now);
}

void Recorder::begin_tick(Instant now, FrameKind kind) {
  begin(kind, now);
}

void Recorder::begin_command(const engine::Principal& principal,
                             const engine::Command& command,
                             Instant now) {
  begin(FrameKind::Command, now);
  frame_.put(principal);
  frame_.put(command);
}

void Recorder::note_ledger(std::span<const std::string> lines) {
  for (const std::string& line : lines) {
    digest_.add(line);
  }
}

void Recorder::finish() {
  if (is_open_ && is_needed_) {
    frame_.put(Call::End);
    frame_.put_varint(digest_.lines());
    frame_.put(digest_.hash());
    Packer length;
    length.put_varint(frame_.bytes().size());
    sink_(length.bytes());
    sink_(frame_.bytes());
  }
  frame_.take();
  is_open_ = false;
}

Packer& Recorder::answer(Call call) {
  is_needed_ = true;
  frame_.put(call);
  return frame_;
}

}  // namespace tidegate::replay
