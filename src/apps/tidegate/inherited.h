// Descriptors of this process: those that its shim kept and handed to this start, and how many
// there may be.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/socket.h"

namespace tidegate::apps {

/// "name:fd,name:fd" (TIDEGATE_FDS), in that order; what is no such pair is left out. The
/// descriptors are taken over: call it once.
std::vector<std::pair<std::string, net::Fd>> held_descriptors(std::string_view text);

/// As many descriptors as the hard limit allows.
void raise_descriptor_limit();

}  // namespace tidegate::apps
