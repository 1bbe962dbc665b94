#include "server/registry_service.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

#include "base/state_hash.h"
#include "ets/registry/read/v1/registry.grpc.pb.h"
#include "server/registry_archive.h"
#include "server/wire.h"

namespace ets::server {

namespace {

namespace pb = wire::pb;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using wire::OrStatus;

constexpr std::chrono::seconds kPatience(5);  // Of a caller who names no deadline.
constexpr std::chrono::seconds kVerifyPatience(60);
constexpr std::chrono::seconds kShutdownPatience(5);
constexpr int kThreadsMax = 64;

class Service final : public pb::RegistryReadService::Service {
 public:
  explicit Service(RegistryArchive& archive) : archive_(archive) {}

  // Told when the journal turns out to be damaged, and when it verifies again.
  void ReportHealthTo(grpc::HealthCheckServiceInterface* health) {
    health_ = health;
    ReportHealth(true);
  }

  Status GetAccount(ServerContext* context, const pb::GetAccountRequest* request,
                    pb::GetAccountResponse* response) override {
    const auto id = wire::ParseAccount("name", request->name());
    if (!id.ok()) return id.error();
    const auto read = Read(*context, request->as_of());
    if (!read.ok()) return read.error();
    if (const Status open = CheckOpen("name", request->name(), *id, *read); !open.ok()) return open;
    wire::Fill(*id, read->state->account(*id), response->mutable_account());
    Fill(read->sequence, response->mutable_at());
    return Status::OK;
  }

  Status ListAccounts(ServerContext* context, const pb::ListAccountsRequest* request,
                      pb::ListAccountsResponse* response) override {
    const auto kind = wire::CheckKind("kind", request->kind());
    if (!kind.ok()) return kind.error();
    const auto page = PageOf(*request);
    if (!page.ok()) return page.error();
    const auto read = Read(*context, page->sequence);
    if (!read.ok()) return read.error();
    if (request->has_entity()) {
      const Status known = CheckEntity("entity", request->entity(), *read->state);
      if (!known.ok()) return known;
    }
    const std::uint64_t count = read->state->account_count();
    for (std::uint64_t at = page->position; at < count; ++at) {
      const AccountId id(static_cast<std::uint32_t>(at));
      const registry::AccountView account = read->state->account(id);
      if (*kind != pb::ACCOUNT_KIND_UNSPECIFIED && wire::ToWire(account.kind) != *kind) continue;
      if (request->has_entity() && !Belongs(account, request->entity())) continue;
      if (IsFull(response->accounts_size(), *page, at, response)) break;
      wire::Fill(id, account, response->add_accounts());
    }
    Fill(read->sequence, response->mutable_at());
    return Status::OK;
  }

  Status GetHolding(ServerContext* context, const pb::GetHoldingRequest* request,
                    pb::GetHoldingResponse* response) override {
    const auto name = wire::ParseHolding("name", request->name());
    if (!name.ok()) return name.error();
    const auto read = Read(*context, request->as_of());
    if (!read.ok()) return read.error();
    const Status open = CheckOpen("name", request->name(), name->account, *read);
    if (!open.ok()) return open;
    if (!read->state->has_ledger(name->unit)) {
      return wire::NotFound("name", request->name(), UnitsOf(*read->state));
    }
    const LedgerId ledger = read->state->ledger(name->unit);
    wire::FillHolding(name->account, name->unit, read->state->balance(name->account, ledger),
                      response->mutable_holding());
    Fill(read->sequence, response->mutable_at());
    return Status::OK;
  }

  Status ListHoldings(ServerContext* context, const pb::ListHoldingsRequest* request,
                      pb::ListHoldingsResponse* response) override {
    const auto account = wire::ParseAccount("parent", request->parent());
    if (!account.ok()) return account.error();
    const auto page = PageOf(*request);
    if (!page.ok()) return page.error();
    const auto read = Read(*context, page->sequence);
    if (!read.ok()) return read.error();
    const Status open = CheckOpen("parent", request->parent(), *account, *read);
    if (!open.ok()) return open;
    const std::uint64_t count = read->state->ledger_count();
    for (std::uint64_t at = page->position; at < count; ++at) {
      const LedgerId ledger(static_cast<std::uint16_t>(at));
      const std::int64_t amount = read->state->balance(*account, ledger);
      if (amount == 0) continue;
      if (IsFull(response->holdings_size(), *page, at, response)) break;
      wire::FillHolding(*account, read->state->unit(ledger), amount, response->add_holdings());
    }
    Fill(read->sequence, response->mutable_at());
    return Status::OK;
  }

  Status ListTransfers(ServerContext* context, const pb::ListTransfersRequest* request,
                       pb::ListTransfersResponse* response) override {
    const auto filter = FilterOf(*request);
    if (!filter.ok()) return filter.error();
    const auto page = PageOf(*request);
    if (!page.ok()) return page.error();
    const Patience patience = PatienceOf(*context, kPatience);
    const std::vector<ArchivedTransfer>& all = archive_.transfers();
    for (std::uint64_t at = std::max(page->position, filter->begin);
         at < filter->end && all[at].sequence <= page->sequence; ++at) {
      if (at % 65'536 == 0 && patience.ended()) return Impatient(*context);
      if (!filter->Takes(all[at].transfer, *archive_.Final())) continue;
      if (IsFull(response->transfers_size(), *page, at, response)) break;
      wire::Fill(all[at], archive_.Final()->unit(all[at].transfer.ledger),
                 archive_.TimeOf(all[at].sequence), response->add_transfers());
    }
    Fill(page->sequence, response->mutable_at());
    return Status::OK;
  }

  Status GetCompliance(ServerContext* context, const pb::GetComplianceRequest* request,
                       pb::GetComplianceResponse* response) override {
    const auto name = wire::ParseCompliance("name", request->name());
    if (!name.ok()) return name.error();
    const auto read = Read(*context, request->as_of());
    if (!read.ok()) return read.error();
    const Status known = CheckEntity("name", name->entity, *read->state);
    if (!known.ok()) return known;
    wire::Fill(*name, read->state->compliance(name->entity, name->year),
               response->mutable_compliance_status());
    Fill(read->sequence, response->mutable_at());
    return Status::OK;
  }

  Status VerifyChain(ServerContext* context, const pb::VerifyChainRequest*,
                     pb::VerifyChainResponse* response) override {
    const auto verified = archive_.Verify(PatienceOf(*context, kVerifyPatience));
    if (!verified.ok()) return ToStatus(verified.error(), *context);
    ReportHealth(true);
    wire::Fill(*verified, response);
    return Status::OK;
  }

 private:
  struct ReadState {
    std::uint64_t sequence = 0;
    RegistryArchive::State state;
  };

  struct Page {
    std::uint64_t sequence = 0;
    std::uint64_t position = 0;
    std::uint64_t question = 0;
    std::size_t size = 0;
  };

  // What ListTransfers asks for; times are positions already.
  struct Filter {
    std::optional<AccountId> account;
    std::optional<std::uint32_t> entity;
    std::optional<LedgerId> ledger;
    pb::TransferCode code = pb::TRANSFER_CODE_UNSPECIFIED;
    std::uint64_t begin = 0, end = 0;

    bool Takes(const registry::Transfer& transfer, const registry::Registry& state) const {
      if (account && transfer.debit != *account && transfer.credit != *account) return false;
      if (ledger && transfer.ledger != *ledger) return false;
      if (code != pb::TRANSFER_CODE_UNSPECIFIED && wire::ToWire(transfer.code) != code)
        return false;
      return !entity || Belongs(state.account(transfer.debit), *entity) ||
             Belongs(state.account(transfer.credit), *entity);
    }
  };

  static bool Belongs(const registry::AccountView& account, std::uint32_t entity) {
    return wire::IsFirms(account) && account.entity == entity;
  }

  static Patience PatienceOf(const ServerContext& context, std::chrono::seconds unless_named) {
    const auto longest = std::chrono::system_clock::now() + unless_named;
    const bool is_named = context.deadline() != std::chrono::system_clock::time_point::max();
    return {is_named ? context.deadline() : longest, [&context] { return context.IsCancelled(); }};
  }

  static Status Impatient(const ServerContext& context) {
    // gRPC cancels a call whose deadline has passed, too.
    if (context.IsCancelled() && std::chrono::system_clock::now() < context.deadline()) {
      return {StatusCode::CANCELLED, "the caller went away"};
    }
    return {StatusCode::DEADLINE_EXCEEDED,
            "the deadline passed before the answer was there; allowed: a later deadline"};
  }

  void ReportHealth(bool is_serving) {
    if (grpc::HealthCheckServiceInterface* const health = health_) {
      health->SetServingStatus(pb::RegistryReadService::service_full_name(), is_serving);
    }
  }

  Status ToStatus(const JournalFailure& failure, const ServerContext& context) {
    if (failure.kind == JournalFailure::Kind::kStopped) return Impatient(context);
    ReportHealth(false);
    return {StatusCode::DATA_LOSS, failure.message};
  }

  OrStatus<std::uint64_t> Resolve(const pb::AsOf& as_of) const {
    switch (as_of.at_case()) {
      case pb::AsOf::AT_NOT_SET:
        return archive_.last_sequence();
      case pb::AsOf::kSequence:
        if (as_of.sequence() >= 1 && as_of.sequence() <= archive_.last_sequence()) {
          return as_of.sequence();
        }
        return Fail{Status(StatusCode::OUT_OF_RANGE,
                           "as_of.sequence: " + std::to_string(as_of.sequence()) +
                               "; allowed: 1 to " + std::to_string(archive_.last_sequence()))};
      case pb::AsOf::kSimTime:
        break;
    }
    const auto time = wire::ParseTime("as_of.sim_time", as_of.sim_time(), wire::Rounding::kDown);
    if (!time.ok()) return Fail{time.error()};
    const auto up = wire::ParseTime("as_of.sim_time", as_of.sim_time(), wire::Rounding::kUp);
    if (*time >= archive_.first_time() && *up <= archive_.last_time()) {
      return archive_.SequenceAt(*time);
    }
    google::protobuf::Timestamp first, last;
    wire::Fill(archive_.first_time(), &first);
    wire::Fill(archive_.last_time(), &last);
    return Fail{Status(StatusCode::OUT_OF_RANGE,
                       "as_of.sim_time: " + wire::ToString(as_of.sim_time()) +
                           "; allowed: " + wire::ToString(first) + " to " + wire::ToString(last))};
  }

  OrStatus<ReadState> Read(const ServerContext& context, const pb::AsOf& as_of) {
    const auto sequence = Resolve(as_of);
    if (!sequence.ok()) return Fail{sequence.error()};
    return Read(context, *sequence);
  }
  OrStatus<ReadState> Read(const ServerContext& context, std::uint64_t sequence) {
    const auto state = archive_.StateAt(sequence, PatienceOf(context, kPatience));
    if (!state.ok()) return Fail{ToStatus(state.error(), context)};
    return ReadState{sequence, *state};
  }

  // The page that a List asks for, pinned to the state of its first page.
  template <typename Request>
  OrStatus<Page> PageOf(const Request& request) const {
    const auto size = wire::ParsePageSize(request.page_size());
    if (!size.ok()) return Fail{size.error()};
    Request question = request;
    question.clear_page_size();
    question.clear_page_token();
    StateHash hash;
    hash.Add(Request::descriptor()->full_name());
    hash.Add(question.SerializeAsString());
    hash.Add(archive_.chain_head());
    if (request.page_token().empty()) {
      const auto sequence = Resolve(request.as_of());
      if (!sequence.ok()) return Fail{sequence.error()};
      return Page{*sequence, 0, hash.value(), *size};
    }
    const auto token = wire::ParsePageToken(request.page_token(), hash.value());
    if (!token.ok()) return Fail{token.error()};
    if (token->sequence == 0 || token->sequence > archive_.last_sequence()) {
      return Fail{wire::Invalid("page_token", request.page_token(), "a token of this server")};
    }
    return Page{token->sequence, token->position, hash.value(), *size};
  }

  // Whether the page has no room for what is at `at`; then the next one begins there.
  template <typename Response>
  static bool IsFull(int filled, const Page& page, std::uint64_t at, Response* response) {
    if (static_cast<std::size_t>(filled) < page.size) return false;
    response->set_next_page_token(wire::Encode({page.sequence, at, page.question}));
    return true;
  }

  static std::string UnitsOf(const registry::Registry& state) {
    std::string units = "this registry holds";
    for (std::uint16_t id = 0; id < state.ledger_count(); ++id) {
      units += " " + ets::ToString(state.unit(LedgerId(id)));
    }
    return units + (state.ledger_count() == 0 ? " no unit at that time" : " at that time");
  }

  static Status CheckOpen(std::string_view field, const std::string& name, AccountId account,
                          const ReadState& read) {
    const std::uint32_t count = read.state->account_count();
    if (account.raw() < count) return Status::OK;
    return wire::NotFound(
        field, name,
        count == 0 ? "no account is open after record " + std::to_string(read.sequence)
                   : "after record " + std::to_string(read.sequence) + " accounts/0 to accounts/" +
                         std::to_string(count - 1) + " are open");
  }

  static Status CheckEntity(std::string_view field, std::uint32_t entity,
                            const registry::Registry& state) {
    std::uint32_t highest = 0;
    bool has_any = false;
    for (std::uint32_t id = 0; id < state.account_count(); ++id) {
      const registry::AccountView account = state.account(AccountId(id));
      if (Belongs(account, entity)) return Status::OK;
      if (!wire::IsFirms(account)) continue;
      has_any = true;
      highest = std::max(highest, account.entity);
    }
    return wire::NotFound(field, "entities/" + std::to_string(entity),
                          has_any ? "entities with an account at that time have numbers up to " +
                                        std::to_string(highest)
                                  : "no entity has an account at that time");
  }

  OrStatus<Filter> FilterOf(const pb::ListTransfersRequest& request) const {
    const registry::Registry& state = *archive_.Final();
    Filter filter;
    if (!request.account().empty()) {
      const auto account = wire::ParseAccount("account", request.account());
      if (!account.ok()) return Fail{account.error()};
      const Status open = CheckOpen("account", request.account(), *account,
                                    {archive_.last_sequence(), archive_.Final()});
      if (!open.ok()) return Fail{open};
      filter.account = *account;
    }
    if (request.has_entity()) {
      const Status known = CheckEntity("entity", request.entity(), state);
      if (!known.ok()) return Fail{known};
      filter.entity = request.entity();
    }
    if (!request.unit().empty()) {
      const auto unit = wire::ParseUnitText("unit", request.unit());
      if (!unit.ok()) return Fail{unit.error()};
      if (!state.has_ledger(*unit)) {
        return Fail{wire::NotFound("unit", request.unit(), UnitsOf(state))};
      }
      filter.ledger = state.ledger(*unit);
    }
    const auto code = wire::CheckCode("code", request.code());
    if (!code.ok()) return Fail{code.error()};
    filter.code = *code;
    return WithTimes(request, filter);
  }

  OrStatus<Filter> WithTimes(const pb::ListTransfersRequest& request, Filter filter) const {
    SimTime start = std::numeric_limits<SimTime>::min();
    filter.end = archive_.transfers().size();
    if (request.has_start_time()) {
      const auto time = wire::ParseTime("start_time", request.start_time(), wire::Rounding::kUp);
      if (!time.ok()) return Fail{time.error()};
      start = *time;
      filter.begin = PositionAt(start);
    }
    if (request.has_end_time()) {
      const auto time = wire::ParseTime("end_time", request.end_time(), wire::Rounding::kUp);
      if (!time.ok()) return Fail{time.error()};
      if (*time <= start) {
        return Fail{
            wire::Invalid("end_time", wire::ToString(request.end_time()),
                          "a time after start_time, " + wire::ToString(request.start_time()))};
      }
      filter.end = PositionAt(*time);
    }
    return filter;
  }

  // Of the first transfer at or after a time.
  std::uint64_t PositionAt(SimTime time) const {
    const std::vector<ArchivedTransfer>& all = archive_.transfers();
    const auto at = std::partition_point(all.begin(), all.end(), [&](const auto& moved) {
      return archive_.TimeOf(moved.sequence) < time;
    });
    return static_cast<std::uint64_t>(at - all.begin());
  }

  void Fill(std::uint64_t sequence, pb::StatePoint* out) const {
    out->set_sequence(sequence);
    wire::Fill(archive_.TimeOf(sequence), out->mutable_sim_time());
    out->set_chain_head(archive_.chain_head());
  }

  RegistryArchive& archive_;
  std::atomic<grpc::HealthCheckServiceInterface*> health_ = nullptr;
};

// The host and port of HOST:PORT, where an IPv6 host stands in brackets.
std::optional<std::pair<std::string, std::uint16_t>> ParseListen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  if (colon == listen.npos || colon == 0) return {};
  const std::string host = listen.substr(0, colon);
  const bool is_bracketed = host.front() == '[' && host.back() == ']';
  if (host.find_first_of(":/ ") != host.npos && !is_bracketed) return {};
  std::uint16_t port = 0;
  const char* const end = listen.data() + listen.size();
  const auto [stop, error] = std::from_chars(listen.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return {};
  return std::pair(host, port);
}

}  // namespace

struct RegistryServer::Impl {
  std::unique_ptr<RegistryArchive> archive;
  std::unique_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
  std::string address;
};

Result<std::unique_ptr<RegistryServer>, ServeFailure> RegistryServer::Start(
    const std::string& data, const std::string& listen) {
  const auto where = ParseListen(listen);
  if (!where) {
    return Fail{ServeFailure{true, "--listen \"" + listen +
                                       "\"; allowed: HOST:PORT with a port from 0 to 65535, as in "
                                       "127.0.0.1:50051; 0 takes a free one"}};
  }
  auto archive = RegistryArchive::Open(data);
  if (!archive.ok()) {
    const bool is_bad_input = archive.error().kind == JournalFailure::Kind::kNoJournal;
    return Fail{ServeFailure{is_bad_input, archive.error().message}};
  }
  auto impl = std::make_unique<Impl>();
  impl->archive = std::move(archive.value());
  impl->service = std::make_unique<Service>(*impl->archive);

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(kThreadsMax);
  grpc::ServerBuilder builder;
  builder.SetResourceQuota(quota);
  // A port that another server has is an error, not a port to share with it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(impl->service.get());
  impl->server = builder.BuildAndStart();
  if (!impl->server || port == 0) {
    return Fail{ServeFailure{false, "cannot listen on " + listen +
                                        "; allowed: an address of this machine with a free port"}};
  }
  impl->address = where->first + ":" + std::to_string(port);
  impl->service->ReportHealthTo(impl->server->GetHealthCheckService());
  return std::unique_ptr<RegistryServer>(new RegistryServer(std::move(impl)));
}

RegistryServer::RegistryServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RegistryServer::~RegistryServer() { Shutdown(); }

const std::string& RegistryServer::address() const { return impl_->address; }

void RegistryServer::Shutdown() {
  impl_->server->Shutdown(std::chrono::system_clock::now() + kShutdownPatience);
}

}  // namespace ets::server
