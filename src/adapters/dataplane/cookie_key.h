// The key that a home's stickiness cookies are signed with: made once, kept in a file of the
// owner's alone, so that cookies outlive restarts. Any thread.
#pragma once

#include <string>

namespace tidegate::dataplane {

/// Of `folder`, which exists: 64 hexadecimal digits. Where the file can be neither read nor
/// written, a new one each time, and that is logged.
std::string cookie_key(const std::string& folder);

}  // namespace tidegate::dataplane
