// nftables commands as text, run by libnftables in this process: one call is one transaction. Any
// thread.
#pragma once

#include <string>

#include "base/result.h"

namespace tidegate::link {

/// All of them, or none. Error: Internal with what nft said first.
Status run_nft(const std::string& commands);

}  // namespace tidegate::link
