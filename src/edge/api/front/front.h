// Front: from an HTTP request to its response: who asks (SigV4, always), which API and operation is
// meant, then the handler. Reads answer at once from the published view; writes are posted to the
// engine and answered from its thread. Its methods belong to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "base/unique_function.h"
#include "edge/api/auth/sigv4.h"
#include "edge/api/calls/serve.h"
#include "edge/api/protocol/message.h"

namespace tidegate::api {

class Front {
 public:
  using Reply = UniqueFunction<void(HttpResponse)>;

  struct Settings {
    Credentials root;
    std::function<Instant()> now;  // UTC of this host: signatures are as old as it says
    std::uint64_t seed = 1;        // of request ids
  };

  /// What is referred to must outlive it and every reply.
  Front(Settings settings,
        const engine::QueryDoor& queries,
        engine::CommandDoor& commands,
        ports::MetricStore& metrics);

  /// Replies exactly once, now or from the engine's thread.
  void handle(HttpRequest request, Reply reply);

 private:
  struct Call;  // one request on its way

  Result<Outcome> run(const Call& call);
  Result<Outcome> run_own(const Call& call, const Context& context, const std::string& operation);
  Result<Outcome> run_aws(const Call& call, const Context& context);
  Result<const Entry*> find_entry(const Call& call, const std::string& operation) const;

  struct Api {
    const Service* service = nullptr;
    std::map<std::string, Entry> entries;
  };

  Settings settings_;
  const engine::QueryDoor& queries_;
  engine::CommandDoor& commands_;
  ports::MetricStore& metrics_;
  std::map<std::string, Api> apis_;        // by the name in the signature's scope
  std::map<std::string, OwnHandler> own_;  // of the service Tidegate
  Rng rng_;
};

}  // namespace tidegate::api
