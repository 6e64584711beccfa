#include "net/link/nft.h"

#include <memory>

#include <nftables/libnftables.h>

#include "base/text.h"

namespace tidegate::link {

Status run_nft(const std::string& commands) {
  const std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context{::nft_ctx_new(NFT_CTX_DEFAULT),
                                                             &::nft_ctx_free};
  if (context == nullptr) {
    return Error{ErrorCode::Internal, "InternalFailure", "nft: no memory for its context"};
  }
  ::nft_ctx_buffer_error(context.get());
  ::nft_ctx_buffer_output(context.get());
  if (::nft_run_cmd_from_buffer(context.get(), commands.c_str()) == 0) {
    return Ok{};
  }
  const char* told = ::nft_ctx_get_error_buffer(context.get());
  return Error{ErrorCode::Internal,
               "InternalFailure",
               "nft: " + std::string{trim(split(told == nullptr ? "" : told, '\n').front())}};
}

}  // namespace tidegate::link
