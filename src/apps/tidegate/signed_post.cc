#include "apps/tidegate/signed_post.h"

#include <chrono>

#include <curl/curl.h>
#include <dlfcn.h>

#include "base/check.h"

namespace tidegate::apps {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;  // a bound, far above any real answer

std::size_t collect(char* bytes, std::size_t size, std::size_t count, void* body) {
  auto& text = *static_cast<std::string*>(body);
  if (text.size() + size * count > kMaxAnswerBytes) {
    return 0;  // curl ends the transfer
  }
  text.append(bytes, size * count);
  return size * count;
}

Error missing(const char* what) {
  return Error{
      ErrorCode::Unsupported,
      "MissingLibrary",
      std::string{"libcurl cannot be used ("} + what + "); on Debian: apt-get install libcurl4"};
}

Error no_answer(CURLcode code, const char* why, const Endpoint& endpoint) {
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return Error{ErrorCode::Timeout,
                 "RequestTimeout",
                 "the control plane at " + endpoint.url + " did not answer in time"};
  }
  return Error{ErrorCode::Unavailable,
               "ConnectionRefused",
               "no control plane answers at " + endpoint.url + " (" + why +
                   "); start it with `tidegate serve` or `make up`"};
}

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

/// What we call of it, by its own names without curl_.
struct SignedPost::Library {
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;

  bool find_all(void* library) {
    return find(library, "curl_easy_init", easy_init) &&
           find(library, "curl_easy_cleanup", easy_cleanup) &&
           find(library, "curl_easy_reset", easy_reset) &&
           find(library, "curl_easy_setopt", easy_setopt) &&
           find(library, "curl_easy_perform", easy_perform) &&
           find(library, "curl_easy_getinfo", easy_getinfo) &&
           find(library, "curl_easy_strerror", easy_strerror) &&
           find(library, "curl_slist_append", slist_append) &&
           find(library, "curl_slist_free_all", slist_free_all);
  }
};

Result<std::unique_ptr<SignedPost>> SignedPost::load(const char* library) {
  void* const loaded = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);  // until the process ends
  auto functions = std::make_unique<Library>();
  if (loaded == nullptr || !functions->find_all(loaded)) {
    return missing(::dlerror());
  }
  return std::make_unique<SignedPost>(std::move(functions));
}

SignedPost::SignedPost(std::unique_ptr<Library> library)
    : library_(std::move(library)), handle_(library_->easy_init()) {
  TG_CHECK(handle_ != nullptr);
}

SignedPost::~SignedPost() {
  library_->easy_cleanup(handle_);
}

Result<SignedPost::Reply> SignedPost::send(const Endpoint& endpoint, const Request& request) {
  Reply reply;
  const std::string url = endpoint.url + "/";
  const std::string scope = "aws:amz:" + endpoint.region + ":" + request.service;
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(endpoint.timeout);
  curl_slist* headers = nullptr;
  for (const std::string& header : request.headers) {
    headers = library_->slist_append(headers, header.c_str());
  }
  const auto set = [this](CURLoption option, auto value) {
    library_->easy_setopt(handle_, option, value);
  };
  library_->easy_reset(handle_);  // keeps the connection
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");  // the environment's proxy is not for loopback
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count()));
  set(CURLOPT_AWS_SIGV4, scope.c_str());
  set(CURLOPT_USERNAME, endpoint.access_key_id.c_str());
  set(CURLOPT_PASSWORD, endpoint.secret_access_key.c_str());
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
  set(CURLOPT_POSTFIELDS, request.body.c_str());
  set(CURLOPT_WRITEFUNCTION, &collect);
  set(CURLOPT_WRITEDATA, &reply.body);
  const CURLcode code = library_->easy_perform(handle_);
  library_->easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &reply.status);
  library_->slist_free_all(headers);
  if (code != CURLE_OK) {
    return no_answer(code, library_->easy_strerror(code), endpoint);
  }
  return reply;
}

}  // namespace tidegate::apps
