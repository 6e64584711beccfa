#include "supervise/spec.h"

#include <cstring>
#include <string_view>

#include "base/check.h"

namespace tidegate::supervise {
namespace {

class Encoder {
 public:
  Encoder() : bytes_(sizeof(shim::SpecHeader), '\0') {}

  void text(shim::Tag tag, std::string_view value) { record(tag, {}, {value}); }
  void number(shim::Tag tag, std::uint64_t value) { record(tag, {value}, {}); }
  void record(shim::Tag tag,
              std::initializer_list<std::uint64_t> numbers,
              std::initializer_list<std::string_view> texts) {
    std::string payload;
    for (const std::uint64_t value : numbers) {
      append(payload, value);
    }
    for (const std::string_view value : texts) {
      payload.append(value).push_back('\0');
    }
    shim::Record head;
    head.tag = static_cast<std::uint16_t>(tag);
    head.length = static_cast<std::uint32_t>(payload.size());
    append(bytes_, head);
    payload.resize((payload.size() + 7) / 8 * 8, '\0');
    bytes_ += payload;
  }
  void restart(const shim::RestartPolicy& policy) {
    shim::Record head;
    head.tag = static_cast<std::uint16_t>(shim::Tag::Restart);
    head.length = sizeof policy;
    append(bytes_, head);
    append(bytes_, policy);
    bytes_.resize((bytes_.size() + 7) / 8 * 8, '\0');
  }
  std::string finish() && {
    shim::SpecHeader header;
    header.size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &header, sizeof header);
    return std::move(bytes_);
  }

 private:
  template <typename Pod>
  static void append(std::string& out, const Pod& pod) {
    char raw[sizeof pod];
    std::memcpy(raw, &pod, sizeof pod);
    out.append(raw, sizeof raw);
  }

  std::string bytes_;
};

struct StepEncoder {
  Encoder& out;
  void operator()(const Mount& step) const {
    out.record(shim::Tag::Mount, {step.flags}, {step.type, step.source, step.target, step.options});
  }
  void operator()(const MakeDirectory& step) const {
    out.record(shim::Tag::MakeDirectory, {step.mode}, {step.path});
  }
  void operator()(const MakeLink& step) const {
    out.record(shim::Tag::MakeLink, {0}, {step.target, step.path});
  }
  void operator()(const MakeDevice& step) const {
    const std::uint64_t number = std::uint64_t{step.major} << 8 | step.minor;
    out.record(shim::Tag::MakeDevice, {step.mode, number}, {step.path});
  }
};

void encode_program(const ShimSpec& spec, Encoder& out) {
  out.text(shim::Tag::Folder, spec.folder);
  for (const std::string& argument : spec.arguments) {
    out.text(shim::Tag::Argument, argument);
  }
  for (const std::string& variable : spec.environment) {
    out.text(shim::Tag::Environment, variable);
  }
  out.text(shim::Tag::WorkingDirectory, spec.working_directory);
  out.restart(spec.restart);
  out.number(shim::Tag::ConsoleBytes, spec.console_bytes);
  out.number(shim::Tag::StopSignal, static_cast<std::uint64_t>(spec.stop_signal));
  if (spec.open_files) out.number(shim::Tag::OpenFiles, *spec.open_files);
}

void encode_isolation(const ShimSpec& spec, Encoder& out) {
  if (spec.user) out.record(shim::Tag::User, {spec.user->uid, spec.user->gid}, {});
  for (const std::string& cgroup : spec.cgroups) {
    out.text(shim::Tag::Cgroup, cgroup);
  }
  out.number(shim::Tag::Namespaces, spec.namespaces);
  if (spec.host_name) out.text(shim::Tag::HostName, *spec.host_name);
  for (const SetupStep& step : spec.steps) {
    std::visit(StepEncoder{out}, step);
  }
  if (spec.root) out.text(shim::Tag::Root, *spec.root);
  if (spec.capabilities) out.number(shim::Tag::Capabilities, *spec.capabilities);
  if (spec.new_privileges == ShimSpec::NewPrivileges::Denied) {
    out.number(shim::Tag::NoNewPrivileges, 1);
  }
  if (spec.init == ShimSpec::Init::Pid1) out.number(shim::Tag::Init, 1);
}

}  // namespace

std::string encode(const ShimSpec& spec, int first_fd, int report_fd) {
  Encoder out;
  encode_program(spec, out);
  encode_isolation(spec, out);
  auto fd = static_cast<std::uint64_t>(first_fd);
  if (spec.network_namespace) out.number(shim::Tag::NetworkNamespace, fd++);
  for (const HeldDescriptor& held : spec.held) {
    out.record(shim::Tag::Held, {fd++}, {held.name});
  }
  for (std::size_t i = 0; i < spec.keep.size(); ++i) {
    out.number(shim::Tag::Keep, fd++);
  }
  out.number(shim::Tag::Report, static_cast<std::uint64_t>(report_fd));
  return std::move(out).finish();
}

std::vector<int> descriptors_of(const ShimSpec& spec) {
  std::vector<int> all;
  if (spec.network_namespace) all.push_back(*spec.network_namespace);
  for (const HeldDescriptor& held : spec.held) {
    all.push_back(held.fd);
  }
  all.insert(all.end(), spec.keep.begin(), spec.keep.end());
  return all;
}

}  // namespace tidegate::supervise
