#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "apps/shim/shim.h"

namespace tidegate::shim {

const char* next_record(const char* at, const char* end, Record& record, const char*& payload) {
  if (end - at < static_cast<ptrdiff_t>(sizeof(Record))) return nullptr;
  memcpy(&record, at, sizeof record);
  payload = at + sizeof record;
  const size_t padded = (size_t{record.length} + 7) & ~size_t{7};
  if (static_cast<size_t>(end - payload) < padded) return nullptr;
  if (static_cast<Tag>(record.tag) == Tag::End) return nullptr;
  return payload + padded;
}

uint64_t number_at(const char* payload) {
  uint64_t value = 0;
  memcpy(&value, payload, sizeof value);
  return value;
}

namespace {

/// Strings must end inside their record; numbers must fit.
bool well_formed(const Record& record, const char* payload) {
  switch (static_cast<Tag>(record.tag)) {
    case Tag::Folder:
    case Tag::Argument:
    case Tag::Environment:
    case Tag::WorkingDirectory:
    case Tag::Cgroup:
    case Tag::HostName:
    case Tag::Root:
      return record.length > 0 && payload[record.length - 1] == 0;
    case Tag::Mount:
    case Tag::MakeDirectory:
    case Tag::MakeLink:
    case Tag::MakeDevice:
    case Tag::Held:
      return record.length > sizeof(Number) && payload[record.length - 1] == 0;
    case Tag::User:
      return record.length == sizeof(Numbers);
    case Tag::Restart:
      return record.length >= sizeof(RestartPolicy);
    case Tag::OpenFiles:
    case Tag::Namespaces:
    case Tag::NetworkNamespace:
    case Tag::Capabilities:
    case Tag::NoNewPrivileges:
    case Tag::Init:
    case Tag::ConsoleBytes:
    case Tag::StopSignal:
    case Tag::Keep:
    case Tag::Report:
      return record.length == sizeof(Number);
    case Tag::End:
      return true;
  }
  return false;
}

const char* take_list(Shim& shim, Tag tag, const char* payload) {
  Spec& spec = shim.spec;
  if (tag == Tag::Argument) {
    if (spec.argument_count == kMaxArguments) return "too many arguments";
    spec.arguments[spec.argument_count++] = payload;
  } else if (tag == Tag::Environment) {
    if (spec.variable_count == kMaxVariables) return "too many environment variables";
    spec.environment[spec.variable_count++] = payload;
  } else if (tag == Tag::Cgroup) {
    if (spec.cgroup_count == kMaxCgroups) return "too many cgroups";
    spec.cgroups[spec.cgroup_count++] = payload;
  } else if (tag == Tag::Held) {
    if (shim.held_count == kMaxHeld) return "too many held descriptors";
    HeldDescriptor& held = shim.held[shim.held_count++];
    held.fd = static_cast<int>(number_at(payload));
    strncpy(held.name, payload + sizeof(Number), kMaxNameBytes - 1);
  }
  return nullptr;
}

void take_number(Spec& spec, Tag tag, uint64_t value) {
  if (tag == Tag::OpenFiles) spec.open_files = value;
  if (tag == Tag::Namespaces) spec.namespaces = value;
  if (tag == Tag::NetworkNamespace) spec.network_namespace = static_cast<int>(value);
  if (tag == Tag::NoNewPrivileges) spec.no_new_privileges = value != 0;
  if (tag == Tag::Init) spec.init = value != 0;
  if (tag == Tag::ConsoleBytes) spec.console_bytes = value;
  if (tag == Tag::StopSignal) spec.stop_signal = static_cast<int>(value);
  if (tag == Tag::Report) spec.report_fd = static_cast<int>(value);
  if (tag == Tag::Capabilities) {
    spec.limits_capabilities = true;
    spec.capabilities = value;
  }
}

const char* take(Shim& shim, const Record& record, const char* payload) {
  Spec& spec = shim.spec;
  const Tag tag = static_cast<Tag>(record.tag);
  if (tag == Tag::Folder) spec.folder = payload;
  if (tag == Tag::WorkingDirectory) spec.working_directory = payload;
  if (tag == Tag::HostName) spec.host_name = payload;
  if (tag == Tag::Root) spec.root = payload;
  if (tag == Tag::Restart) memcpy(&spec.restart, payload, sizeof spec.restart);
  if (tag == Tag::User) {
    spec.uid = static_cast<uint32_t>(number_at(payload));
    spec.gid = static_cast<uint32_t>(number_at(payload + sizeof(Number)));
  }
  if (record.length == sizeof(Number)) take_number(spec, tag, number_at(payload));
  return take_list(shim, tag, payload);
}

}  // namespace

const char* read_spec(Shim& shim) {
  struct stat about = {};
  if (fstat(kSpecDescriptor, &about) != 0) return "no spec at descriptor 3";
  if (about.st_size < static_cast<off_t>(sizeof(SpecHeader)) || about.st_size > kMaxSpecBytes) {
    return "the spec has no sensible size";
  }
  const size_t size = static_cast<size_t>(about.st_size);
  void* mapping = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, kSpecDescriptor, 0);
  if (mapping == MAP_FAILED) return "the spec cannot be mapped";
  const char* bytes = static_cast<const char*>(mapping);
  SpecHeader header;
  memcpy(&header, bytes, sizeof header);
  if (header.magic != kMagic || header.size != size) return "the spec is none";
  if (header.version != kVersion) return "the spec is of another version of tidegate";

  Spec& spec = shim.spec;
  spec.network_namespace = -1;
  spec.report_fd = -1;
  spec.stop_signal = 15;
  spec.console_bytes = 1 << 20;
  spec.working_directory = "/";
  spec.first_step = bytes + sizeof header;
  spec.end = bytes + size;
  Record record;
  const char* payload = nullptr;
  for (const char* at = spec.first_step;
       const char* next = next_record(at, spec.end, record, payload);
       at = next) {
    if (!well_formed(record, payload)) return "the spec has a record that this shim cannot read";
    if (const char* wrong = take(shim, record, payload)) return wrong;
  }
  if (spec.folder == nullptr) return "the spec names no folder";
  return nullptr;
}

}  // namespace tidegate::shim
