// What an instance of this home gets of its own, by what this user may do on this machine. As root
// everything; without it the most that works, found by doing it: a shim runs /bin/true in each
// form, the fullest first. Any one thread.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ports/compute.h"

namespace tidegate::compute_process {

struct Form {
  enum class Network { Own, Machines };  // Machines: 127.0.0.1 and a PORT of its own
  enum class Processes { Own, Machines };
  enum class Files { Own, OwnAsUser, Machines };  // OwnAsUser: in a user namespace, as the caller
  enum class Proc { Own, Machines };              // what /proc shows

  Network network = Network::Own;
  Processes processes = Processes::Own;
  Files files = Files::Own;
  Proc proc = Proc::Own;
  bool operator==(const Form&) const = default;
};

/// A new network namespace can be made here, tried.
Status try_network_namespace();

struct FormTrial {
  std::string shim_path;
  std::string scratch;  // a folder that is made and removed
};
struct FoundForm {
  Form form;
  std::vector<std::string> refused;  // why it is no fuller one, a sentence per form that was tried
};
/// Tens of milliseconds. As root nothing but the network is tried.
FoundForm find_form(const FormTrial& trial);

/// Namespaces (CLONE_NEW*) of the child.
std::uint64_t namespaces_of(const Form& form);

/// Whether an image can be laid out in that form. Error: Unsupported with the sentence.
Status check_form(const Form& form, const ports::ProcessImage& image);

/// What a form lacks, for `doctor`.
std::vector<ports::Capability> capabilities_of(const FoundForm& found);

}  // namespace tidegate::compute_process
