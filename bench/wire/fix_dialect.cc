#include "bench/wire/fix_dialect.h"

#include <quickfix/FieldNumbers.h>
#include <quickfix/FixFieldNumbers.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <utility>
#include <vector>

namespace ets::bench {
namespace {

namespace tag = FIX::FIELD;
using server::fix::Field;
using server::fix::Find;

constexpr std::int64_t kDaySeconds = 86'400;

std::string Now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%d-%H:%M:%S", &parts);
  std::snprintf(text.data() + size, text.size() - size, ".%03ld", now.tv_nsec / 1'000'000);
  return text.data();
}

std::string Money(std::int64_t minor) {
  const std::string cents = std::to_string(100 + minor % 100);
  return std::to_string(minor / 100) + "." + cents.substr(1);
}

std::uint64_t Whole(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}
std::int64_t Minor(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = static_cast<std::int64_t>(Whole(text.substr(0, point)));
  if (point == text.npos) return whole * 100;
  return whole * 100 + static_cast<std::int64_t>(Whole(text.substr(point + 1)));
}

std::string_view TextOf(std::span<const Field> fields, int number) {
  return Find(fields, number).value_or("");
}
std::uint64_t WholeOf(std::span<const Field> fields, int number) {
  return Whole(TextOf(fields, number));
}

}  // namespace

FixDialect::FixDialect(int escrow, std::string symbol, FixEars* ears)
    : client_(std::to_string(escrow)), symbol_(std::move(symbol)), ears_(ears) {}

// ---- What is sent ----

void FixDialect::Put(std::span<const Field> body, std::uint64_t number,
                     std::string_view original_time, std::string& out) {
  const std::string sequence = std::to_string(number), now = Now();
  std::vector<Field> fields{body[0],
                            {tag::SenderCompID, client_},
                            {tag::TargetCompID, "CAPCLEAR"},
                            {tag::MsgSeqNum, sequence}};
  if (!original_time.empty()) fields.push_back({tag::PossDupFlag, "Y"});
  fields.push_back({tag::SendingTime, now});
  if (!original_time.empty()) fields.push_back({tag::OrigSendingTime, original_time});
  fields.insert(fields.end(), body.begin() + 1, body.end());
  out += server::fix::Framed(fields);
}

void FixDialect::LogOn(std::string& out) {
  frames_ = {};
  asked_to_ = 0;
  const std::int64_t today = std::time(nullptr) / kDaySeconds;
  if (std::exchange(day_, today) != today || is_anew_) BeginAnew();
  std::vector<Field> body{{tag::MsgType, "A"}, {tag::EncryptMethod, "0"}, {tag::HeartBtInt, "30"}};
  if (is_anew_) body.push_back({tag::ResetSeqNumFlag, "Y"});
  PutNext(body, out);
}

void FixDialect::BeginAnew() {
  is_anew_ = true;
  next_out_ = next_in_ = 1;
  for (Sent& sent : sent_) sent.number = 0;
}
void FixDialect::Forget(std::uint64_t count) { next_in_ = next_in_ > count ? next_in_ - count : 1; }
void FixDialect::Lose(std::uint64_t count) {
  if (!is_anew_) next_out_ += count;
}

void FixDialect::PutOrder(const LoadOrder& order, std::uint64_t number,
                          std::string_view original_time, std::string& out) {
  const std::string id = std::to_string(order.number), price = Money(order.price),
                    quantity = std::to_string(order.quantity), now = Now();
  const std::array body{
      Field{tag::MsgType, "D"},      Field{tag::ClOrdID, id},
      Field{tag::Symbol, symbol_},   Field{tag::Side, order.buys ? "1" : "2"},
      Field{tag::TransactTime, now}, Field{tag::OrderQty, quantity},
      Field{tag::OrdType, "2"},      Field{tag::Price, price},
      Field{tag::TimeInForce, "0"},  Field{5004, "1"}};  // SelfTradePrevention: off.
  Put(body, number, original_time, out);
}

void FixDialect::Place(const LoadOrder& order, std::string& out) {
  const std::uint64_t number = next_out_++;
  sent_[number % kKept] = {number, order, Now()};
  PutOrder(order, number, {}, out);
}

void FixDialect::AskForAll(std::string& out) {
  const std::array body{Field{tag::MsgType, "AF"}, Field{tag::MassStatusReqID, "all"},
                        Field{tag::MassStatusReqType, "7"}};
  PutNext(body, out);
}

void FixDialect::PutGap(std::uint64_t from, std::uint64_t to, std::string& out) {
  if (from == to) return;
  const std::string next = std::to_string(to), now = Now();
  const std::array body{Field{tag::MsgType, "4"}, Field{tag::GapFillFlag, "Y"},
                        Field{tag::NewSeqNo, next}};
  Put(body, from, now, out);
}

void FixDialect::SendAgain(std::uint64_t from, std::uint64_t to, std::string& out) {
  const std::uint64_t end = to == 0 || to >= next_out_ ? next_out_ : to + 1;
  std::vector<LoadOrder> passed_over;
  std::uint64_t gap = from;
  for (std::uint64_t number = from; number < end; ++number) {
    const Sent& sent = sent_[number % kKept];
    if (sent.number != number) continue;
    if (!resends_) {
      passed_over.push_back(sent.order);
      continue;
    }
    PutGap(gap, number, out);
    PutOrder(sent.order, number, sent.time, out);
    gap = number + 1;
  }
  PutGap(gap, end, out);
  for (const LoadOrder& order : passed_over) Place(order, out);
}

void FixDialect::AskAgain(std::uint64_t number, std::string& out) {
  const bool is_asked = asked_to_ >= next_in_;
  asked_to_ = std::max(asked_to_, number);
  if (is_asked) return;
  const std::string from = std::to_string(next_in_);
  const std::array body{Field{tag::MsgType, "2"}, Field{tag::BeginSeqNo, from},
                        Field{tag::EndSeqNo, "0"}};
  PutNext(body, out);
}

std::string FixDialect::standing() const {
  return "next out " + std::to_string(next_out_) + ", next in " + std::to_string(next_in_) +
         ", asked to " + std::to_string(asked_to_);
}

// ---- What comes ----

void FixDialect::Broken(const std::string& what) {
  if (ears_ != nullptr) ears_->OnBroken(what);
}

std::size_t FixDialect::Take(std::string_view in, std::string& out, Ears& ears) {
  frames_.Add(in);
  while (true) {
    const auto message = frames_.Next();
    if (!message.ok()) {
      Broken(message.error());
      ears.OnEnd(message.error());
      return in.size();
    }
    if (!message.value()) return in.size();
    const auto fields = server::fix::FieldsOf(**message);
    if (!fields.ok() || !server::fix::HasGoodCheckSum(**message)) {
      Broken("this is no message: " + server::fix::Printable(**message));
    } else {
      OnMessage(*fields, out, ears);
    }
  }
}

void FixDialect::OnMessage(std::span<const Field> fields, std::string& out, Ears& ears) {
  const std::string type(TextOf(fields, tag::MsgType));
  const std::uint64_t number = WholeOf(fields, tag::MsgSeqNum);
  if (type == "5") {  // One that answers a logon counts in no session.
    if (number == next_in_ && number != 1) ++next_in_;
    return ears.OnEnd("Logout: " + std::string(TextOf(fields, tag::Text)));
  }
  if (type == "4") return OnReset(fields, number, out);
  if (type == "A") {
    const bool begins_anew = TextOf(fields, tag::ResetSeqNumFlag) == "Y";
    if (begins_anew != is_anew_) Broken("the answer to the logon begins anew, or not");
    is_anew_ = false;
  }
  const bool is_again = TextOf(fields, tag::PossDupFlag) == "Y";
  // At once, also where something before it is missing: each side may wait for the other.
  if (type == "2" && !is_again) {
    SendAgain(WholeOf(fields, tag::BeginSeqNo), WholeOf(fields, tag::EndSeqNo), out);
  }
  const bool is_next = IsNext(number, is_again, type, out);
  if (type == "A") return ears.OnLoggedOn();
  if (is_next) OnNext(type, fields, out, ears);
}

bool FixDialect::IsNext(std::uint64_t number, bool is_again, const std::string& type,
                        std::string& out) {
  if (number == next_in_) {
    ++next_in_;
    return true;
  }
  if (number > next_in_) {
    AskAgain(number, out);
  } else if (!is_again) {
    Broken("message " + std::to_string(number) + " of type " + type + " comes where " +
           std::to_string(next_in_) + " is next");
  }
  return false;
}

void FixDialect::OnReset(std::span<const Field> fields, std::uint64_t number, std::string& out) {
  const std::uint64_t next = WholeOf(fields, tag::NewSeqNo);
  if (TextOf(fields, tag::GapFillFlag) != "Y") return Broken("a reset that nobody asked for");
  if (number > next_in_) return AskAgain(number, out);
  if (number < next_in_) return;
  if (next <= number) return Broken("a gap that ends before it begins");
  if (ears_ != nullptr) ears_->OnGap(number, next);
  next_in_ = next;
}

void FixDialect::OnNext(const std::string& type, std::span<const Field> fields, std::string& out,
                        Ears& ears) {
  if (type == "8") return OnReport(fields, ears);
  if (type == "1") {
    const std::array body{Field{tag::MsgType, "0"},
                          Field{tag::TestReqID, TextOf(fields, tag::TestReqID)}};
    return PutNext(body, out);
  }
  if (type == "j" && TextOf(fields, tag::RefMsgType) == "AF") {
    if (ears_ != nullptr) ears_->OnNothingWaits();
    return;
  }
  if (type != "0" && type != "2" && type != "A")
    Broken("type " + type + ": " + std::string(TextOf(fields, tag::Text)));
}

void FixDialect::OnReport(std::span<const Field> fields, Ears& ears) {
  FixReport report;
  report.number = WholeOf(fields, tag::MsgSeqNum);
  report.is_again = TextOf(fields, tag::PossDupFlag) == "Y";
  report.kind = TextOf(fields, tag::ExecType)[0];
  report.exec_id = TextOf(fields, tag::ExecID);
  report.order = WholeOf(fields, tag::OrderID);
  report.trade = WholeOf(fields, tag::SecondaryExecID);
  report.price = Minor(TextOf(fields, tag::LastPx));
  report.quantity = static_cast<std::int64_t>(WholeOf(fields, tag::LastQty));
  report.leaves = static_cast<std::int64_t>(WholeOf(fields, tag::LeavesQty));
  report.is_of_all = !TextOf(fields, tag::MassStatusReqID).empty();
  report.is_last = TextOf(fields, tag::LastRptRequested) == "Y";
  if (ears_ != nullptr) ears_->OnFixReport(report);
  if (report.is_of_all) return;
  const std::uint64_t number = WholeOf(fields, tag::ClOrdID);
  switch (report.kind) {
    case '0':
      ears.OnAnswer({number, false, report.order, Whole(report.exec_id)});
      return ears.OnReport(true);
    case '8':
      return ears.OnAnswer({number, true, 0, 0});
    case 'I':  // Of a repeated order, whose record it does not name.
      return ears.OnAnswer({number, false, report.order, 0});
    default:
      return ears.OnReport(false);
  }
}

}  // namespace ets::bench
