#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "server/fix_feed.h"
#include "server/fix_frames.h"
#include "server/fix_messages.h"
#include "server/fix_orders.h"
#include "server/quickfix.h"
#include "server/venue.h"

namespace ets::server::fix {

// The venue's CompID.
inline constexpr const char* kVenueId = "CAPCLEAR";

// The socket side of a session.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual void Write(const std::string& message) = 0;
  virtual void End() = 0;  // Closes when all is written; nothing more is read.
  virtual bool is_behind() const = 0;
};

// What all sessions of a port share; the port's thread's.
struct Shared {
  Venue& venue;
  Symbols symbols;
  market::VenueRules rules;
  std::unique_ptr<FIX::MessageStoreFactory> stores;
  std::function<void(std::function<void()>)> post;  // To the port's thread; from any.
};

// Outgoing messages in files of a folder. Market data is not kept: it is old when it is asked for
// again, and QuickFIX fills its gap.
std::unique_ptr<FIX::MessageStoreFactory> MakeStores(const std::string& folder);

// What the venue tells a session, from its threads to the port's.
struct FeedNews {
  std::uint64_t feed = 0;
  std::variant<std::shared_ptr<const MarketSnapshot>, std::shared_ptr<const MarketUpdates>> what;
};
struct VenueClosed {
  std::uint64_t connection = 0;  // 0: the drop copy.
  CloseReason reason = CloseReason::kByClient;
};
using News = std::variant<VenueAnswer, Report, FeedNews, VenueClosed>;

// Thread-safe.
class Inbox {
 public:
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}
  void Put(News news);
  std::vector<News> Take();
  void Close();  // Takes no more.

 private:
  std::mutex mutex_;
  std::vector<News> news_;
  std::function<void()> wake_;
};

// One FIX session: a client's CompID on one day, connected or not. It hears of its member's orders
// by a drop copy of its own and enters orders by a venue session a connection. All on the port's
// thread.
class ClientSession final : public FIX::Application,
                            public FIX::Responder,
                            public std::enable_shared_from_this<ClientSession> {
 public:
  // Throws what QuickFIX does when the session's files cannot be opened.
  ClientSession(Shared& shared, std::string client, MemberId member);
  ~ClientSession() override;
  void Begin();  // Once, right after it is made.
  void End();    // Says goodbye and hears nothing more.

  bool is_connected() const { return wire_ != nullptr; }
  const std::string& client() const { return client_; }
  // Its day has ended, and nobody is connected: with the next logon another one begins.
  bool is_over() const;

  // A connection whose logon was admitted. REQUIRES: not connected.
  void LogOn(Wire& wire, const std::string& logon, std::chrono::seconds heartbeat,
             bool cancel_on_disconnect);
  // A message whose sum is right, with its fields.
  void Take(const std::string& message, std::span<const Field> fields);
  void Lost();  // The connection has gone.
  void Tick();  // Several times a second.
  void SayGoodbye(const std::string& why);

  // ---- FIX::Responder ----
  bool send(const std::string& message) override;
  void disconnect() override;

  // ---- FIX::Application ----
  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override;
  void onLogout(const FIX::SessionID&) override {}
  void toAdmin(FIX::Message& message, const FIX::SessionID&) override;
  void toApp(FIX::Message&, const FIX::SessionID&) override {}
  void fromAdmin(const FIX::Message&, const FIX::SessionID&) override {}
  void fromApp(const FIX::Message& message, const FIX::SessionID&) override;

 private:
  using Clock = std::chrono::steady_clock;
  using Handler = void (ClientSession::*)(const FIX::Message&);
  struct Subscribed {
    std::string request;  // MDReqID or SecurityStatusReqID, by its message type.
    char kind = 'V';
    std::unique_ptr<Feed> feed;
    std::unique_ptr<Subscription> subscription;
    std::shared_ptr<std::atomic<std::size_t>> waiting;  // Updates in the inbox.
    std::uint64_t number = 0;                           // Of the last update it took.
    bool is_stale = false;                              // Waits for a snapshot.
  };
  // The request behind the record that is being told.
  struct Current {
    std::uint64_t sequence = 0;
    OrderId order;
    Request request;
  };

  static Handler HandlerOf(const std::string& message_type);

  bool IsSilent() const;
  std::string WhatIsWrong(const std::string& message, std::span<const Field> fields);
  void Send(FIX::Message message);
  void Reject(const FIX::Message& message, int reason, const std::string& why);

  // ---- Orders ----
  void NewOrder(const FIX::Message& message);
  void Cancel(const FIX::Message& message);
  void Replace(const FIX::Message& message);
  // Of an order that waits: which of its fields a cancel or replace names otherwise.
  std::optional<Wrong> WhatDiffers(const FIX::Message& message, const Request& request) const;
  void MassCancel(const FIX::Message& message);
  void OrderStatus(const FIX::Message& message);
  void MassStatus(const FIX::Message& message);
  template <typename Order>
  void Submit(const FIX::Message& message, Request request, const Read<Order>& order);
  void Refuse(const Request& request, const Wrong& wrong, const std::string& exec_id, SimTime time);

  // ---- Market data ----
  void MarketDataRequest(const FIX::Message& message);
  void SecurityListRequest(const FIX::Message& message);
  void SecurityStatusRequest(const FIX::Message& message);
  void TradingSessionRequest(const FIX::Message& message);
  void RejectQuotes(const std::string& id, char reason, const std::string& why);
  void Subscribe(char kind, const std::string& id, InstrumentId instrument,
                 std::unique_ptr<Feed> feed);
  bool Unsubscribe(char kind, const std::string& id);
  bool IsSubscribed(char kind, const std::string& id) const;

  // ---- What the venue says ----
  void Drain();
  void On(const VenueAnswer& answer);
  void On(const Report& report);
  void On(const FeedNews& news);
  void On(const VenueClosed& closed);
  void SendStatus(const Request& request, const market::Receipt& receipt);

  Shared& shared_;
  const std::string client_;
  const MemberId member_;
  std::shared_ptr<Inbox> inbox_;
  std::unique_ptr<FIX::Session> session_;
  Wire* wire_ = nullptr;
  Date day_;  // Of the last logon.

  std::unique_ptr<server::Session> drop_copy_;
  std::unique_ptr<server::Session> trade_;
  bool cancel_on_disconnect_ = false;
  std::chrono::seconds heartbeat_{0};
  Clock::time_point heard_;
  std::optional<Clock::time_point> asked_;  // By a TestRequest, since it was heard.
  std::optional<Clock::time_point> logout_sent_;
  std::size_t ahead_bytes_ = 0;  // Of messages that wait for earlier ones.

  Orders orders_;
  std::map<std::uint64_t, Request> pending_;  // By tag.
  std::optional<Current> current_;
  std::uint64_t last_tag_ = 0;
  std::uint64_t connection_ = 0;
  std::uint64_t loaded_ = 0;  // The orders were read after this record.
  std::uint64_t newest_ = 0;  // The last record that was told.
  std::uint64_t record_ = 0;  // Of the reports being told, and how many they are so far.
  std::uint64_t record_reports_ = 0;

  std::map<std::uint64_t, Subscribed> feeds_;
  std::uint64_t last_feed_ = 0;
};

}  // namespace ets::server::fix
