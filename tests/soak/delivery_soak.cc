// Requests delivered once to five times, out of order, across restarts, power cuts and disk errors
// in the middle of it. Whatever arrives how often and when: one record a request, the same answer
// to every copy, and balances that are what the answers add up to. An id that comes with another
// request's bytes is refused and changes nothing.

#include <algorithm>
#include <array>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "server/live_registry.h"
#include "store/folder.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets {
namespace {

namespace fs = std::filesystem;
using registry::AccountKind;
using registry::RequestKey;
using server::Answer;
using server::LiveRegistry;
using store::soak::Case;

constexpr int kLives = 8;
constexpr std::uint64_t kNewPerLife = 1'500;
constexpr std::uint64_t kCopiesMax = 5;
constexpr std::uint64_t kOldPerLife = 300;
constexpr std::uint64_t kImpostorsPerLife = 20;
constexpr std::uint32_t kFirms = 6;
constexpr std::int64_t kPurse = 100'000;
constexpr SimTime kStart = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.

// How a life ends: by a power cut at any call, mostly; by EIO at any call, once or from there on.
enum class Ending : std::uint8_t { kShutdown, kPowerCut, kDiskError };
constexpr std::array kEndings = {Ending::kShutdown, Ending::kPowerCut, Ending::kPowerCut,
                                 Ending::kDiskError};

// What a request was, and what was answered to it first.
struct Request {
  std::uint32_t from = 0, to = 0;
  std::int64_t amount = 0;
  std::optional<Answer> answer;
};

bool AreEqual(const Answer& first, const Answer& later) {
  if (first.kind != later.kind || first.at != later.at) return false;
  if (first.kind == Answer::Kind::kApplied) return first.receipt == later.receipt;
  const auto tuple = [](const Answer& answer) {
    const registry::RefusalDetail& detail = answer.detail;
    return std::tuple(answer.refusal, detail.account, detail.ledger, detail.posted,
                      detail.available, detail.asked);
  };
  return tuple(first) == tuple(later);
}

struct Delivery {
  std::uint64_t request = 0;
  bool is_impostor = false;  // The id of a request that was answered, with other bytes.
  Answer answer;
};

// Waits until so many answers have come.
class Countdown {
 public:
  explicit Countdown(std::size_t count) : left_(count) {}
  void Down() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) none_left_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    none_left_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::size_t left_;
};

class DeliveredRegistry {
 public:
  explicit DeliveredRegistry(Case& it) : it_(it), dice_(it.dice) {
    data_ = it.folder + "/data";
    it.report.Count("registries");
  }

  void Run() {
    if (!Start(false) || !SetUp()) return;
    for (int life = 0; life < kLives; ++life) {
      if (live_ == nullptr && !Start(true)) return;
      const Ending ending = kEndings[dice_.Below(kEndings.size())];
      const std::uint64_t call = disk_->calls() + 1 + dice_.Below(400);
      if (ending == Ending::kPowerCut) disk_->CutPowerAt(call);
      if (ending == Ending::kDiskError) disk_->FailAt(call, dice_.Below(2) == 0);
      Deliver(NewDeliveries());
      End(ending);
    }
    if (!Start(true)) return;
    Deliver(OpenOnes());
    HoldToAnswers();
  }

 private:
  std::string JournalFolder() const { return data_ + "/registry"; }

  bool Start(bool is_there) {
    disk_ = std::make_shared<store::FaultyDisk>();
    if (is_there) disk_->Adopt(JournalFolder());
    server::LiveOptions options;
    options.data = data_;
    options.clock.kind = server::ClockOptions::Kind::kManual;
    options.clock.start = kStart;
    options.snapshot_bytes = 200'000;
    options.store.file_system = disk_;
    auto opened = LiveRegistry::Open(options);
    if (opened.ok()) {
      live_ = std::move(opened.value());
    } else {
      it_.Broken("it does not start: " + opened.error().message);
    }
    return opened.ok();
  }

  void End(Ending ending) {
    const std::string error = live_->Shutdown();
    live_.reset();
    switch (ending) {
      case Ending::kShutdown:
        it_.report.Count("restarts");
        if (!error.empty()) it_.Broken("it does not end well: " + error);
        break;
      case Ending::kDiskError:
        it_.report.Count("disk_errors");
        if (store::IsPoisoned(JournalFolder())) {
          const auto cleared = store::ClearPoison(JournalFolder());
          if (!cleared.ok()) it_.Broken("it does not verify: " + cleared.error().message);
        }
        break;
      case Ending::kPowerCut:
        it_.report.Count("cuts");
        LoseWhatIsNotDurable();
        break;
    }
  }
  // What the disk has left is what the next life finds.
  void LoseWhatIsNotDurable() {
    const std::string next = it_.folder + "/data" + std::to_string(++cuts_);
    fs::create_directories(next);
    disk_->LeaveBehind(JournalFolder(), next + "/registry", dice_);
    fs::remove_all(data_);
    data_ = next;
  }

  registry::Receipt Must(const registry::Command& command) {
    const Answer answer = live_->SubmitAndWait(Of(command, {}));
    if (answer.kind != Answer::Kind::kApplied) it_.Broken("it could not be set up");
    return answer.receipt;
  }
  bool SetUp() {
    Must(registry::OpenAccount{AccountKind::kBank, 0});
    for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
      holders_.emplace_back(Must(registry::OpenAccount{AccountKind::kHolder, firm + 1}).id);
    }
    const Unit cash = Unit::Cash(Currency::kCny);
    ledger_ = LedgerId(static_cast<std::uint16_t>(Must(registry::OpenLedger{cash, 0}).id));
    for (const AccountId holder : holders_) {
      Must(registry::Issue{holder, ledger_, kPurse, registry::TransferCode::kLoan});
    }
    records_before_ = live_->committed().sequence;
    return records_before_ > 0;
  }

  static server::Submission Of(const registry::Command& command, std::optional<RequestKey> key) {
    server::Submission submission;
    submission.command = command;
    submission.source = SourceKind::kAuthority;
    submission.request = key;
    return submission;
  }
  server::Submission SubmissionOf(const Delivery& delivery) const {
    const Request& request = requests_[delivery.request];
    RequestKey key;
    for (std::size_t i = 0; i < sizeof(delivery.request); ++i) {
      key.id[i] = static_cast<char>(delivery.request >> (8 * i));
    }
    key.digest = delivery.is_impostor ? 2 : 1;
    registry::Transfer transfer{holders_[request.from], holders_[request.to], ledger_,
                                request.amount};
    transfer.code = registry::TransferCode::kOther;
    return Of(registry::MakeTransfer{transfer}, key);
  }

  void AddCopies(std::uint64_t request, std::vector<Delivery>& deliveries) {
    for (std::uint64_t copies = 1 + dice_.Below(kCopiesMax); copies > 0; --copies) {
      deliveries.push_back({request, false, {}});
    }
  }
  void Shuffle(std::vector<Delivery>& deliveries) {
    for (std::size_t i = deliveries.size(); i > 1; --i) {
      std::swap(deliveries[i - 1], deliveries[dice_.Below(i)]);
    }
  }

  // Copies of every request of which nothing is known.
  std::vector<Delivery> OpenOnes() {
    std::vector<Delivery> deliveries;
    for (std::uint64_t i = 0; i < requests_.size(); ++i) {
      if (!requests_[i].answer) AddCopies(i, deliveries);
    }
    Shuffle(deliveries);
    return deliveries;
  }
  // Those, old ones that come late, ids with other bytes, and new ones, in any order.
  std::vector<Delivery> NewDeliveries() {
    std::vector<std::uint64_t> answered;
    for (std::uint64_t i = 0; i < requests_.size(); ++i) {
      if (requests_[i].answer) answered.push_back(i);
    }
    for (std::uint64_t i = 0; i < kNewPerLife; ++i) {
      Request request;
      request.from = static_cast<std::uint32_t>(dice_.Below(kFirms));
      request.to =
          static_cast<std::uint32_t>((request.from + 1 + dice_.Below(kFirms - 1)) % kFirms);
      // Some are too large for any purse.
      request.amount = dice_.Below(5) == 0 ? 10 * kPurse : 1 + static_cast<int>(dice_.Below(90));
      requests_.push_back(request);
    }
    std::vector<Delivery> deliveries = OpenOnes();
    for (std::uint64_t i = 0; i < kOldPerLife && !answered.empty(); ++i) {
      deliveries.push_back({answered[dice_.Below(answered.size())], false, {}});
    }
    for (std::uint64_t i = 0; i < kImpostorsPerLife && !answered.empty(); ++i) {
      deliveries.push_back({answered[dice_.Below(answered.size())], true, {}});
    }
    Shuffle(deliveries);
    return deliveries;
  }

  void Deliver(std::vector<Delivery> deliveries) {
    Countdown unanswered(deliveries.size() + 1);
    for (Delivery& delivery : deliveries) {
      live_->Submit(SubmissionOf(delivery), [&](const Answer& answer) {
        delivery.answer = answer;
        unanswered.Down();
      });
    }
    unanswered.Down();
    unanswered.Wait();
    for (const Delivery& delivery : deliveries) Take(delivery);
  }

  void Take(const Delivery& delivery) {
    it_.report.Count("deliveries");
    const Answer& answer = delivery.answer;
    const std::string name = "request " + std::to_string(delivery.request);
    if (answer.kind == Answer::Kind::kStopped) return it_.report.Count("not_known");
    if (delivery.is_impostor) {
      it_.report.Count("other_bytes_refused");
      if (answer.kind != Answer::Kind::kRequestReused) it_.Broken(name + " came with other bytes");
      return;
    }
    if (answer.kind != Answer::Kind::kApplied && answer.kind != Answer::Kind::kRefused) {
      return it_.Broken(name + " was neither applied nor refused");
    }
    Request& request = requests_[delivery.request];
    if (!request.answer) {
      request.answer = answer;
      return;
    }
    it_.report.Count("equal_answers");
    if (!AreEqual(*request.answer, answer)) {
      it_.Broken(name + " was answered at record " + std::to_string(request.answer->at.sequence) +
                 ", then at " + std::to_string(answer.at.sequence));
    }
  }

  void HoldToAnswers() {
    std::vector<std::int64_t> expected(kFirms, kPurse);
    for (const Request& request : requests_) {
      if (!request.answer) return it_.Broken("a request was never answered");
      it_.report.Count("requests");
      if (request.answer->kind != Answer::Kind::kApplied) continue;
      it_.report.Count("applied");
      expected[request.from] -= request.amount;
      expected[request.to] += request.amount;
    }
    const server::Patience forever{decltype(server::Patience::deadline)::max(), {}};
    live_->Read(forever, [&](const registry::Registry& state, const server::StatePoint&) {
      for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
        if (state.balance(holders_[firm], ledger_) == expected[firm]) continue;
        it_.Broken("a balance is not what the answers add up to");
      }
    });
    if (live_->committed().sequence != records_before_ + requests_.size()) {
      it_.Broken(std::to_string(live_->committed().sequence - records_before_) + " records of " +
                 std::to_string(requests_.size()) + " requests");
    }
    const auto verified = live_->Verify(forever);
    if (!verified.ok()) it_.Broken("it does not verify: " + verified.error().message);
  }

  Case& it_;
  Prng& dice_;
  std::string data_;
  std::shared_ptr<store::FaultyDisk> disk_;
  std::unique_ptr<LiveRegistry> live_;
  std::vector<AccountId> holders_;
  LedgerId ledger_;
  std::vector<Request> requests_;
  std::uint64_t records_before_ = 0;
  int cuts_ = 0;
};

void RunCase(Case& it) { DeliveredRegistry(it).Run(); }

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"delivery_soak", 4, ets::RunCase});
}
