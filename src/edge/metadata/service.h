// The metadata service of a home's instances: a listening socket each, and the socket is the
// identity: it stands where only that instance reaches it, so that nobody can ask for another's.
// Lives on one EventLoop's thread, which must outlive it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "edge/metadata/answer.h"
#include "net/loop.h"
#include "net/server.h"

namespace tidegate::metadata {

class Service {
 public:
  /// The newest document of an instance; read at each question.
  using Documents = std::function<std::optional<Json>(const std::string& instance)>;

  Service(net::EventLoop& loop, Tokens tokens, Documents documents);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  /// The loop runs no more.
  ~Service() = default;

  /// Serves the instance on that listening socket, in place of an older one.
  void add(const std::string& instance, net::Fd listener);
  /// Closes its socket, which keeps the instance's network namespace alive, and its connections.
  void remove(const std::string& instance);
  std::vector<std::string> instances() const;

 private:
  net::EventLoop& loop_;
  Tokens tokens_;
  Documents documents_;
  std::map<std::string, std::unique_ptr<net::HttpServer>> servers_;
};

}  // namespace tidegate::metadata
