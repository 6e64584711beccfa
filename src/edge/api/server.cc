#include "edge/api/server.h"

#include <thread>
#include <utility>

#include "net/loop.h"
#include "net/server.h"
#include "net/socket.h"

namespace tidegate::api {
namespace {

HttpRequest request_of(net::HttpRequest&& given) {
  HttpRequest request;
  request.method = std::move(given.method);
  request.path = std::move(given.path);
  request.query = std::move(given.query);
  request.headers = std::move(given.headers);
  request.body = std::move(given.body);
  return request;
}

net::HttpResponse response_of(HttpResponse&& given) {
  return {given.status, std::move(given.headers), std::move(given.body)};
}

}  // namespace

struct Server::Running {
  Running(Settings settings,
          net::Fd listener,
          const engine::QueryDoor& queries,
          engine::CommandDoor& commands,
          ports::MetricStore& metrics)
      : front(std::move(settings.front), queries, commands, metrics),
        server(loop,
               std::move(listener),
               net::ServerLimits{},
               [this](net::HttpRequest request, net::Responder responder) {
                 front.handle(request_of(std::move(request)),
                              [responder = std::move(responder)](HttpResponse response) mutable {
                                std::move(responder).send(response_of(std::move(response)));
                              });
               }),
        port(server.address().port()),
        thread([this] { loop.run(); }) {}

  net::EventLoop loop;
  Front front;  // touched by the loop's thread only
  net::HttpServer server;
  std::uint16_t port;
  std::thread thread;
};

Result<std::unique_ptr<Server>> Server::start(Settings settings,
                                              const engine::QueryDoor& queries,
                                              engine::CommandDoor& commands,
                                              ports::MetricStore& metrics) {
  TG_ASSIGN_OR_RETURN(const auto address, net::SocketAddress::ip(settings.address, settings.port));
  TG_ASSIGN_OR_RETURN(auto listener, net::listen_tcp(address, net::PortSharing::Exclusive));
  return std::make_unique<Server>(std::make_unique<Running>(
      std::move(settings), std::move(listener), queries, commands, metrics));
}

Server::Server(std::unique_ptr<Running> running) : running_(std::move(running)) {}

Server::~Server() {
  stop();
}

void Server::stop() {
  if (running_->thread.joinable()) {
    running_->loop.stop();
    running_->thread.join();
  }
}

std::uint16_t Server::port() const {
  return running_->port;
}

}  // namespace tidegate::api
