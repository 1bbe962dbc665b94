#include "server/call.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/security/auth_context.h>

#include <algorithm>
#include <cstring>

#include "store/batch.h"

namespace ets::server {

namespace {

constexpr std::chrono::milliseconds kRetrySoon(200);

std::string HeaderOf(const grpc::ServerContextBase& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

std::string CertificateNameOf(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return {};
  const auto names = auth->FindPropertyValues("x509_common_name");
  return names.empty() ? std::string() : std::string(names[0].data(), names[0].size());
}

Patience PatienceOf(Edge& edge, const grpc::ServerContextBase& context,
                    std::chrono::seconds unless_named) {
  const auto longest = std::chrono::system_clock::now() + unless_named;
  const bool is_named = context.deadline() != std::chrono::system_clock::time_point::max();
  return {is_named ? context.deadline() : longest,
          [&edge, &context] { return edge.is_stopping || context.IsCancelled(); }};
}

// The accounts that display numbers named must be of the kinds that they say; kinds are for good.
std::optional<AccountId> WrongKind(const registry::Registry& state,
                                   const std::vector<RequestReader::NamedKind>& kinds) {
  for (const auto& [account, kind] : kinds) {
    if (account.raw() >= state.account_count() || state.account(account).kind != kind) {
      return account;
    }
  }
  return {};
}

}  // namespace

bool Page::Take(std::uint64_t at) {
  if (filled < size) {
    ++filled;
    return true;
  }
  GoOnAt(at);
  return false;
}

std::uint64_t DigestOf(const google::protobuf::MessageLite& request) {
  std::string bytes = request.GetTypeName();
  {
    google::protobuf::io::StringOutputStream out(&bytes);
    google::protobuf::io::CodedOutputStream coded(&out);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  const store::Hash hash = store::Sha256(bytes);
  std::uint64_t digest = 0;
  std::memcpy(&digest, hash.data(), sizeof digest);
  return digest;
}

Call::Call(Edge& edge, const grpc::ServerContextBase& context, std::chrono::seconds unless_named)
    : in(edge.home, edge.branches),
      edge_(edge),
      patience_(PatienceOf(edge, context, unless_named)) {
  const auto caller = Authenticate(edge.options.auth, edge.branches.main(),
                                   HeaderOf(context, "authorization"), CertificateNameOf(context));
  if (!caller) {
    begun_ = Error(Reason::kUnauthenticated,
                   "nobody is known by that token or certificate; allowed: metadata "
                   "\"authorization: Bearer TOKEN\"");
    return;
  }
  caller_ = *caller;
  if (!caller_.is_person()) return;
  if (const auto after = edge.limit.Take(caller_.principal)) {
    begun_ = RetryLater(Reason::kRateLimited, RowOf(Reason::kRateLimited).meaning, *after);
  }
}

grpc::Status Call::Refused() const {
  if (!begun_.ok()) return begun_;
  return in.error().value_or(grpc::Status::OK);
}

grpc::Status Call::Needs(std::initializer_list<registry::Role> roles) const {
  if (!begun_.ok()) return begun_;
  if (HasRole(caller_, roles)) return grpc::Status::OK;
  std::string allowed;
  for (const registry::Role role : roles) {
    allowed += (allowed.empty() ? "" : ", ") + std::string(registry::ToString(role));
  }
  return Error(Reason::kRoleRequired, "your role does not reach that far; allowed: " + allowed,
               {{"role", std::string(registry::ToString(caller_.role))}});
}

grpc::Status Call::CheckAccount(const registry::Registry& state, AccountId account) const {
  const bool is_known = account.raw() < state.account_count() && !WrongKind(state, in.kinds()) &&
                        MayRead(state, caller_, account);
  return is_known ? grpc::Status::OK : AccountNotFound(account);
}

std::string Call::Prefixed(std::string name) const {
  if (in.branch() == "main") return name;
  return "registries/" + edge_.home.registry + "/branches/" + in.branch() + "/" + std::move(name);
}

grpc::Status Call::ToStatus(const LiveFailure& failure) const {
  using Kind = LiveFailure::Kind;
  switch (failure.kind) {
    case Kind::kBadInput:
      return Error(Reason::kFieldInvalid, failure.message);
    case Kind::kOutOfRange:
      return Error(Reason::kAsOfOutOfRange, failure.message);
    case Kind::kExists:
      return Error(Reason::kBranchExists, failure.message);
    case Kind::kDataLoss:
      return Error(Reason::kChainBroken, failure.message);
    case Kind::kAnchorAhead:
      return Error(Reason::kAnchorAhead, failure.message);
    case Kind::kReconciling:
      return RetryLater(Reason::kReconciliationInProgress, failure.message, kRetrySoon);
    case Kind::kExpired:
      // gRPC cancels a call whose deadline has passed, too.
      return std::chrono::system_clock::now() < patience_.deadline
                 ? Error(edge_.is_stopping ? Reason::kNotServing : Reason::kCallerGone,
                         failure.message)
                 : Error(Reason::kDeadlineExceeded, failure.message);
    case Kind::kPoisoned:
    case Kind::kStopped:
    case Kind::kIo:
      return Error(Reason::kWritesStopped, failure.message);
  }
  return Error(Reason::kWritesStopped, failure.message);
}

wire::OrStatus<std::uint64_t> Call::Resolve(const AsOf& as_of) {
  if (const grpc::Status refused = Refused(); !refused.ok()) return Fail{refused};
  LiveRegistry* const live = in.live();
  if (live == nullptr) return Fail{Refused()};
  if (as_of.sequence) {
    const std::uint64_t last = live->committed().sequence;
    if (*as_of.sequence >= 1 && *as_of.sequence <= last) return *as_of.sequence;
    return Fail{Error(
        Reason::kAsOfOutOfRange,
        "sequence: " + std::to_string(*as_of.sequence) + "; allowed: 1 to " + std::to_string(last),
        {{"last_sequence", std::to_string(last)}})};
  }
  const auto time = wire::ParseTime("sim_time", *as_of.time, wire::Rounding::kDown);
  if (!time.ok()) return Fail{time.error()};
  const auto sequence = live->SequenceAt(*time, patience_);
  if (!sequence.ok()) return Fail{ToStatus(sequence.error())};
  return *sequence;
}

grpc::Status Call::ReadAt(const AsOf& as_of, StatePoint& at, const ReadState& read) {
  if (const grpc::Status refused = Refused(); !refused.ok()) return refused;
  LiveRegistry* const live = in.live();
  if (live == nullptr) return Refused();
  std::optional<std::uint64_t> sequence;
  if (as_of.sequence || as_of.time) {
    const auto resolved = Resolve(as_of);
    if (!resolved.ok()) return resolved.error();
    sequence = *resolved;
  }
  grpc::Status status;
  bool is_read = false;
  if (!sequence || *sequence == live->committed().sequence) {
    const auto failure =
        live->Read(patience_, [&](const registry::Registry& state, const StatePoint& point) {
          if (sequence && point.sequence != *sequence) return;
          is_read = true;
          at = point;
          status = read(state);
        });
    if (failure) return ToStatus(*failure);
    if (is_read) return status;
  }
  const auto state = live->StateAt(*sequence, patience_);
  if (!state.ok()) return ToStatus(state.error());
  const auto point = live->PointOf(*sequence);
  if (!point.ok()) return ToStatus(point.error());
  at = *point;
  return read(**state);
}

wire::OrStatus<Page> Call::PageFor(std::uint64_t question, const AsOf& as_of,
                                   std::int32_t page_size, const std::string& page_token,
                                   StatePoint& at) {
  if (const grpc::Status refused = Refused(); !refused.ok()) return Fail{refused};
  LiveRegistry* const live = in.live();
  if (live == nullptr) return Fail{Refused()};
  const auto size = wire::ParsePageSize(page_size);
  if (!size.ok()) return Fail{size.error()};
  Page page{.question = question, .size = *size};
  if (!page_token.empty()) {
    const auto token = wire::ParsePageToken(page_token, question);
    if (!token.ok()) return Fail{token.error()};
    page.sequence = token->sequence;
    page.position = token->position;
  } else if (as_of.sequence || as_of.time) {
    const auto resolved = Resolve(as_of);
    if (!resolved.ok()) return Fail{resolved.error()};
    page.sequence = *resolved;
  } else {
    page.sequence = live->committed().sequence;
  }
  const auto point = live->PointOf(page.sequence);
  if (!point.ok()) return Fail{ToStatus(point.error())};
  at = *point;
  return page;
}

// Who may never give such a command is told that before anything about its form.
bool Call::IsOfRole(const registry::Command& command) const {
  if (caller_.is_operator || caller_.role == registry::Role::kHolder) return true;
  bool may = true;
  edge_.branches.main().Read(patience_, [&](const registry::Registry& state, const StatePoint&) {
    may = MayCommand(state, caller_, command);
  });
  return may;
}

wire::OrStatus<Mutation> Call::Prepare(const MutationFields& fields, registry::Command command,
                                       Precondition precondition) {
  if (!begun_.ok()) return Fail{begun_};
  const auto id = wire::ParseRequestId(fields.request_id);
  if (in.error() || !id.ok()) {
    const grpc::Status malformed = in.error() ? *in.error() : id.error();
    return Fail{IsOfRole(command) ? malformed : RoleRequired(caller_)};
  }
  Mutation mutation{.live = in.shared_live(), .units = in.units()};
  if (!mutation.live) return Fail{Refused()};
  const auto why = mutation.turned_away;
  const auto asked = std::make_shared<const registry::Command>(command);
  Submission& submission = mutation.submission;
  submission.authorize = [why, asked, caller = caller_,
                          kinds = in.kinds()](const registry::Registry& state) {
    if (const auto wrong = WrongKind(state, kinds)) {
      *why = AccountNotFound(*wrong);
      return false;
    }
    if (MayCommand(state, caller, *asked)) return true;
    *why = Forbidden(state, caller, *asked);
    return false;
  };
  if (precondition) {
    submission.precondition = [why, precondition](const registry::Registry& state) {
      const auto against = precondition(state);
      if (against) *why = *against;
      return !against;
    };
  }
  submission.command = std::move(command);
  submission.source = caller_.role == registry::Role::kExchange ? SourceKind::kStream
                      : caller_.role == registry::Role::kHolder ? SourceKind::kPerson
                                                                : SourceKind::kAuthority;
  submission.source_id = caller_.principal;
  // Another principal's request is another request.
  submission.request = registry::RequestKey{*id, fields.digest ^ caller_.principal};
  submission.validate_only = fields.validate_only;
  submission.deadline = patience_.deadline;
  return mutation;
}

grpc::Status TooManyWatches() {
  return RetryLater(Reason::kOverloaded, "too many streams are open", std::chrono::seconds(5));
}

grpc::Status StatusOf(const Mutation& mutation, const Answer& answer) {
  using Kind = Answer::Kind;
  const auto plain = [](Reason reason) { return Error(reason, RowOf(reason).meaning); };
  switch (answer.kind) {
    case Kind::kApplied:
      return grpc::Status::OK;
    case Kind::kRefused: {
      if (answer.refusal == registry::Refusal::kLedgerNotFound && !mutation.units.empty()) {
        return LedgersNotFound(mutation.units);
      }
      const std::optional<Unit> unit =
          answer.detail.has_ledger ? mutation.live->UnitOf(answer.detail.ledger) : std::nullopt;
      return RefusalError(answer.refusal, answer.detail, unit);
    }
    case Kind::kDenied:
    case Kind::kPreconditionFailed:
      return *mutation.turned_away;
    case Kind::kRequestReused:
      return plain(Reason::kRequestIdReused);
    case Kind::kReadOnly:
      return plain(Reason::kReadOnly);
    case Kind::kReconciling:
      return RetryLater(Reason::kReconciliationInProgress,
                        RowOf(Reason::kReconciliationInProgress).meaning, kRetrySoon);
    case Kind::kOverloaded:
      return RetryLater(Reason::kOverloaded, RowOf(Reason::kOverloaded).meaning, kRetrySoon);
    case Kind::kExpired:
      return plain(Reason::kDeadlineExceeded);
    case Kind::kStopped:
      return plain(Reason::kWritesStopped);
  }
  return plain(Reason::kWritesStopped);
}

}  // namespace ets::server
