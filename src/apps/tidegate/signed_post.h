// Signed HTTP POSTs by libcurl, over one connection that is kept alive. The library is loaded at
// the first, not linked: it brings thirty others, a fifth of the memory of an idle balancer, which
// is the same program and never calls it. One instance belongs to one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/tidegate/client.h"
#include "base/result.h"

namespace tidegate::apps {

class SignedPost {
  struct Library;

 public:
  struct Request {
    std::string service;  // in the signature's scope
    std::string body;
    std::vector<std::string> headers;  // "Name: value"; signed too
  };
  struct Reply {
    long status = 0;
    std::string body;
  };

  /// library: its soname. Error: Unsupported, with the package to install, when it cannot be
  /// loaded.
  static Result<std::unique_ptr<SignedPost>> load(const char* library = "libcurl.so.4");

  explicit SignedPost(std::unique_ptr<Library> library);  // for load()
  SignedPost(const SignedPost&) = delete;
  SignedPost& operator=(const SignedPost&) = delete;
  ~SignedPost();

  /// Errors: Timeout (RequestTimeout); Unavailable (ConnectionRefused) when no answer came.
  Result<Reply> send(const Endpoint& endpoint, const Request& request);

 private:
  std::unique_ptr<Library> library_;
  void* handle_;  // CURL
};

}  // namespace tidegate::apps
