// Request bodies may be gzip (CloudWatch's clients do it to PutMetricData). zlib stays inside
// gunzip.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tidegate::api {

inline constexpr std::size_t kMaxUnpacked = 1024 * 1024;  // as an unpacked body may be

/// Errors: InvalidArgument SerializationException when it is no whole gzip stream;
/// ResourceExhausted RequestEntityTooLarge when it unpacks to more than max_bytes.
Result<std::string> gunzip(std::string_view packed, std::size_t max_bytes = kMaxUnpacked);

}  // namespace tidegate::api
