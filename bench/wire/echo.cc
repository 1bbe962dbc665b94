#include "bench/wire/echo.h"

#include <absl/synchronization/mutex.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <atomic>
#include <thread>
#include <vector>

#include "ets/market/v1/order_entry_service.pb.h"

namespace ets::bench {
namespace {

namespace mk = ::ets::market::v1;
using grpc::ByteBuffer;

// False: the bytes are no request.
bool Answer(ByteBuffer& in, ByteBuffer& out) {
  mk::TradeRequest request;
  if (!grpc::SerializationTraits<mk::TradeRequest>::Deserialize(&in, &request).ok()) return false;
  mk::TradeResponse response;
  response.set_request(request.request());
  if (request.has_logon()) {
    response.mutable_logged_on();
  } else {
    response.mutable_receipt()->set_order(request.request());
  }
  bool own = false;
  out.Clear();
  return grpc::SerializationTraits<mk::TradeResponse>::Serialize(response, &out, &own).ok();
}

std::unique_ptr<grpc::Server> Listen(grpc::ServerBuilder& builder, std::uint16_t& port) {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  int bound = 0;
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &bound);
  auto server = builder.BuildAndStart();
  port = static_cast<std::uint16_t>(bound);
  return server;
}

// ---- The callback interface ----

class Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor() { StartRead(&in_); }
  void OnReadDone(bool ok) override {
    if (!ok || !Answer(in_, out_)) return Finish(grpc::Status::OK);
    StartWrite(&out_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    StartRead(&in_);
  }
  void OnDone() override { delete this; }

 private:
  ByteBuffer in_, out_;
};

class CallbackEcho final : public EchoServer {
 public:
  CallbackEcho() {
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    server_ = Listen(builder, port_);
  }
  ~CallbackEcho() override { server_->Shutdown(std::chrono::system_clock::now()); }
  std::uint16_t port() const override { return port_; }

 private:
  class Service final : public grpc::CallbackGenericService {
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override {
      return new Reactor();
    }
  };
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  std::uint16_t port_ = 0;
};

// ---- Completion queues ----

// One call; it goes on when its one operation under way has ended.
class Call {
 public:
  Call(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue,
       const std::atomic<bool>& is_over)
      : service_(service), queue_(queue), is_over_(is_over), stream_(&context_) {
    service.RequestCall(&context_, &stream_, &queue, &queue, this);
  }
  void GoOn(bool ok) {
    if (next_ == Next::kAccepted && ok && !is_over_) new Call(service_, queue_, is_over_);
    if (!ok || next_ == Next::kEnded) return End();
    if (next_ == Next::kRead && !Answer(in_, out_)) return End();
    if (next_ == Next::kRead) {
      next_ = Next::kWritten;
      return stream_.Write(out_, this);
    }
    next_ = Next::kRead;
    stream_.Read(&in_, this);
  }

 private:
  enum class Next { kAccepted, kRead, kWritten, kEnded };
  void End() {
    if (next_ == Next::kAccepted || next_ == Next::kEnded || is_over_) {
      delete this;
      return;
    }
    next_ = Next::kEnded;
    stream_.Finish(grpc::Status::OK, this);
  }

  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  const std::atomic<bool>& is_over_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  ByteBuffer in_, out_;
  Next next_ = Next::kAccepted;
};

class QueueEcho final : public EchoServer {
 public:
  explicit QueueEcho(int threads) {
    grpc::ServerBuilder builder;
    builder.RegisterAsyncGenericService(&service_);
    for (int i = 0; i < threads; ++i) queues_.push_back(builder.AddCompletionQueue());
    server_ = Listen(builder, port_);
    for (const auto& queue : queues_) {
      new Call(service_, *queue, is_over_);
      threads_.emplace_back([&queue] {
        void* tag = nullptr;
        bool ok = false;
        while (queue->Next(&tag, &ok)) static_cast<Call*>(tag)->GoOn(ok);
      });
    }
  }
  ~QueueEcho() override {
    is_over_ = true;
    server_->Shutdown(std::chrono::system_clock::now());
    for (const auto& queue : queues_) queue->Shutdown();
    for (std::thread& thread : threads_) thread.join();
  }
  std::uint16_t port() const override { return port_; }

 private:
  std::atomic<bool> is_over_ = false;
  grpc::AsyncGenericService service_;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::thread> threads_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<EchoServer> MakeCallbackEcho() { return std::make_unique<CallbackEcho>(); }
std::unique_ptr<EchoServer> MakeQueueEcho(int threads) {
  return std::make_unique<QueueEcho>(threads);
}

}  // namespace ets::bench
