// Between the process driver and `tidegate metadata`, which answers for the instances while the
// control plane is away. What its shim keeps for it, over restarts: the descriptors named below,
// and each instance's listening socket under the instance's id. Over the control socket
// (SOCK_SEQPACKET) go single packets: first the service says which instances it serves, one id a
// line; then the driver sends "+ID" with a listening socket, or "-ID". Words only; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidegate::metadata_wire {

inline constexpr std::string_view kControl = "control";      // the listening control socket
inline constexpr std::string_view kDocuments = "documents";  // the folder of ID.json
inline constexpr std::string_view kKey = "key";              // 32 bytes that sign tokens
inline constexpr std::size_t kKeyBytes = 32;
inline constexpr char kAdd = '+';
inline constexpr char kRemove = '-';
/// Longest packet: the greeting of 1000 instances has 20 kB.
inline constexpr std::size_t kMaxPacketBytes = 128 * 1024;

inline constexpr std::string_view kDocumentSuffix = ".json";

}  // namespace tidegate::metadata_wire
