// A chunk as bytes, and back: each number as what differs from the one before it in its column, so
// that a minute of a steady metric takes about a hundred bytes; a checksum at the end. Our own
// format, read and written by this adapter only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/telemetry/chunk.h"
#include "base/result.h"
#include "core/metrics/metric.h"

namespace tidegate::telemetry {

std::string encode(const Chunk& chunk);
/// Error: Corrupt.
Result<Chunk> decode_chunk(std::int64_t index, std::string_view bytes);

/// A metric's identity, the same way; equal metrics have equal bytes.
std::string encode(const metrics::MetricId& metric);
Result<metrics::MetricId> decode_metric(std::string_view bytes);

}  // namespace tidegate::telemetry
