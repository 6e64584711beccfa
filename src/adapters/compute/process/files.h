// What the driver does with files on the host, the same for each place an instance has.
#pragma once

#include <string>

#include <sys/types.h>

#include "base/result.h"

namespace tidegate::compute_process {

/// What errno says of `what` (a path, or a doing): ResourceExhausted on a full disk, else Internal.
/// Call it before anything else can change errno.
Error failed(const std::string& what);

/// The file holds `text` afterwards, and nothing else; a new one gets `mode`. A link is not
/// followed: an instance may own the folder. Errors: as failed().
Status write_file(const std::string& path, const std::string& text, mode_t mode = 0644);

}  // namespace tidegate::compute_process
