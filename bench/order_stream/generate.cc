#include "bench/order_stream/generate.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

#include "base/assert.h"
#include "bench/order_stream/plain_book.h"

namespace ets::bench {
namespace {

using matching::StreamMessage;
using matching::StreamType;

struct Profile {
  std::string_view name;
  std::uint32_t target_live;  // Resting orders that the flow steers towards.
  std::uint32_t move_ppm;     // Chance per message that the fair price moves,
  std::uint32_t step_max;     // by 1 to this many ticks.
  std::uint32_t flip_ppm;     // Chance that the drift turns at a move.
  bool crash;                 // A fall of 30.00 and back, between 40% and 60% of the stream.
};
constexpr std::array<Profile, 4> kProfiles = {{
    {"calm", 10'000, 2'000, 1, 500'000, false},
    {"deep", 200'000, 500, 1, 500'000, false},
    {"swing", 10'000, 40'000, 3, 480'000, true},
    {"thin", 300, 2'000, 1, 500'000, false},
}};

std::uint64_t Mix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

// xoshiro256**, integers only; its fractions are + - * / in a fixed order.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      word = Mix(seed);
      seed += 0x9E3779B97F4A7C15U;
    }
  }
  std::uint64_t Next() {
    const std::uint64_t result = Turn(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = Turn(state_[3], 45);
    return result;
  }
  // Uniform below n.
  std::uint64_t Below(std::uint64_t n) {
    const std::uint64_t x = Next();
    const std::uint64_t high = (x >> 32U) * n;
    const std::uint64_t low = (x & 0xFFFFFFFFU) * n;
    return (high + (low >> 32U)) >> 32U;
  }
  bool Chance(std::uint32_t per_million) { return Below(1'000'000) < per_million; }
  double Normal() {  // Twelve uniforms less six.
    double sum = 0;
    for (int i = 0; i < 12; ++i) {
      sum += static_cast<double>(Next() >> 11U) * (1.0 / 9007199254740992.0);
    }
    return sum - 6.0;
  }
  std::int64_t Geometric(std::uint32_t mean) {
    std::int64_t count = 0;
    while (count < 4'000 && Below(mean + 1) != 0) ++count;
    return count;
  }

 private:
  static std::uint64_t Turn(std::uint64_t x, unsigned by) { return x << by | x >> (64U - by); }

  std::array<std::uint64_t, 4> state_{};
};

// exp() of + - * / alone, for |x| < 20.
double Exp(double x) {
  int doublings = static_cast<int>(x / 0.6931471805599453 + (x < 0 ? -0.5 : 0.5));
  const double rest = x - static_cast<double>(doublings) * 0.6931471805599453;
  double term = 1;
  double sum = 1;
  for (int i = 1; i < 18; ++i) {
    term = term * rest / i;
    sum = sum + term;
  }
  for (; doublings > 0; --doublings) sum = sum * 2;
  for (; doublings < 0; ++doublings) sum = sum / 2;
  return sum;
}

constexpr double kLogOfFive = 1.6094379124341003;
constexpr double kLogOfTen = 2.302585092994046;

class Flow {
 public:
  explicit Flow(const StreamOptions& options)
      : options_(options), profile_(ProfileOf(options.profile)), dice_(options.seed) {
    out_.stream.seed = options.seed;
    out_.stream.profile = options.profile;
    out_.stream.messages.reserve(options.messages);
  }

  Generated Run() {
    const std::uint64_t body = options_.messages - (options_.sweep ? 2 : 0);
    for (std::uint64_t i = 0; i < body; ++i) {
      MoveFairPrice(i, body);
      One();
    }
    if (options_.sweep) Sweep();
    out_.trades = std::move(book_.trades);
    return std::move(out_);
  }

 private:
  static const Profile& ProfileOf(const std::string& name) {
    const auto* const found = std::find_if(kProfiles.begin(), kProfiles.end(),
                                           [&](const Profile& row) { return row.name == name; });
    ETS_ASSERT(found != kProfiles.end());
    return *found;
  }

  static std::int64_t CrashAt(std::uint64_t i, std::uint64_t total) {
    const std::uint64_t begin = total * 4 / 10;
    const std::uint64_t bottom = total / 2;
    const std::uint64_t end = total * 6 / 10;
    if (i <= begin || i >= end) return 0;
    return -static_cast<std::int64_t>(i <= bottom ? (i - begin) * 3'000 / (bottom - begin)
                                                  : (end - i) * 3'000 / (end - bottom));
  }

  void MoveFairPrice(std::uint64_t i, std::uint64_t body) {
    if (dice_.Chance(profile_.move_ppm)) {
      if (dice_.Chance(profile_.flip_ppm)) drift_ = -drift_;
      fair_ += drift_ * static_cast<std::int64_t>(1 + dice_.Below(profile_.step_max));
    }
    if (profile_.crash) fair_ += CrashAt(i + 1, body) - CrashAt(i, body);
    fair_ = std::clamp<std::int64_t>(fair_, 600, 30'000);
  }

  // 45 / 40 / 10 / 5, steered towards the size of book aimed at.
  void One() {
    const double pressure =
        (static_cast<double>(live_.size()) - profile_.target_live) / profile_.target_live;
    const auto cancel_ppm = static_cast<std::uint64_t>(
        std::clamp(400'000.0 + 50'000.0 * pressure, 350'000.0, 450'000.0));
    std::uint64_t roll = dice_.Below(1'000'000);
    StreamMessage message;
    message.owner = static_cast<std::uint32_t>(dice_.Below(200));
    message.side = dice_.Below(2) != 0 ? 1 : 0;
    if (live_.size() < 10) roll = 999'999;  // Never starve the book.
    if (roll < cancel_ppm) {
      message.type = StreamType::kCancel;
      message.side = 0;
      message.id = Pick();
    } else if (roll < cancel_ppm + 100'000) {
      MakeImmediate(message);
    } else if (roll < cancel_ppm + 150'000) {
      MakeModify(message);
    } else {
      MakeAdd(message);
    }
    Submit(message);
  }

  void MakeImmediate(StreamMessage& message) {
    const bool buys = message.side == 0;
    const std::int64_t opposite = buys ? (book_.offers.empty() ? fair_ + 1 : BestOffer())
                                       : (book_.bids.empty() ? fair_ - 1 : BestBid());
    const std::int64_t slack =
        dice_.Below(100) < 90 ? static_cast<std::int64_t>(dice_.Below(5)) : -1;
    message.price = std::max<std::int64_t>(1, buys ? opposite + slack : opposite - slack);
    message.immediate = 1;
    message.id = FreshId();
    message.quantity = Lots(kLogOfFive);
  }
  void MakeModify(StreamMessage& message) {
    message.type = StreamType::kModify;
    message.id = Pick();
    const auto found = book_.index.find(message.id);
    const bool is_known = found != book_.index.end();
    if (is_known) message.side = found->second.side;
    message.price = Passive(message.side);
    if (is_known && message.price == found->second.price) {
      message.price =
          message.side == 0 ? std::max<std::int64_t>(1, message.price - 1) : message.price + 1;
    }
    if (is_known && message.price == found->second.price) ++message.price;
    message.quantity = Lots(kLogOfTen);
  }
  void MakeAdd(StreamMessage& message) {
    if (dice_.Below(100) < 98) {
      message.price = Passive(message.side);
    } else {
      const auto through = static_cast<std::int64_t>(dice_.Below(3));
      message.price =
          std::max<std::int64_t>(1, message.side == 0 ? fair_ + through : fair_ - through);
    }
    message.id = FreshId();
    message.quantity = Lots(kLogOfTen);
  }

  std::int64_t BestBid() const { return book_.bids.begin()->first; }
  std::int64_t BestOffer() const { return book_.offers.begin()->first; }
  std::uint64_t FreshId() {
    ++serial_;
    return options_.mixed_ids ? Mix(serial_) : serial_;
  }
  std::uint32_t Lots(double log_median) {
    const double quantity = Exp(log_median + dice_.Normal());
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(static_cast<std::int64_t>(quantity + 0.5), 1, 10'000));
  }
  std::int64_t Passive(std::uint8_t side) {
    const std::uint64_t roll = dice_.Below(100);
    std::int64_t distance = 1;
    if (roll < 70) {
      distance += dice_.Geometric(3);
    } else if (roll < 95) {
      distance += dice_.Geometric(25);
    } else {
      distance += static_cast<std::int64_t>(dice_.Below(500));
    }
    return std::max<std::int64_t>(1, side == 0 ? fair_ - distance : fair_ + distance);
  }
  // Which order to cancel or modify: 2% come too late, most aim at a recent one.
  std::uint64_t Pick() {
    if (dead_count_ > 0 && dice_.Chance(20'000)) {
      return dead_[dice_.Below(std::min<std::uint64_t>(dead_count_, dead_.size()))];
    }
    if (recent_count_ > 0 && dice_.Below(100) < 60) {
      for (int i = 0; i < 4; ++i) {
        const std::uint64_t id =
            recent_[dice_.Below(std::min<std::uint64_t>(recent_count_, recent_.size()))];
        if (place_.count(id) != 0) return id;
      }
    }
    return live_[dice_.Below(live_.size())];
  }

  void Submit(StreamMessage message) {
    message.sequence = static_cast<std::uint32_t>(out_.stream.messages.size());
    const std::size_t first = book_.trades.size();
    const bool was_live = place_.count(message.id) != 0;
    book_.On(message);
    for (std::size_t i = first; i < book_.trades.size(); ++i) {
      if (book_.index.count(book_.trades[i].maker) == 0) Bury(book_.trades[i].maker);
    }
    const bool is_live = book_.index.count(message.id) != 0;
    if (is_live && !was_live) {
      place_[message.id] = live_.size();
      live_.push_back(message.id);
      recent_[recent_count_++ % recent_.size()] = message.id;
    }
    if (!is_live && was_live) Bury(message.id);
    if (message.type != StreamType::kCancel) {
      lowest_ = std::min(lowest_, message.price);
      highest_ = std::max(highest_, message.price);
    }
    out_.stream.messages.push_back(message);
  }
  void Bury(std::uint64_t id) {
    const auto found = place_.find(id);
    if (found == place_.end()) return;
    const std::size_t at = found->second;
    place_.erase(found);
    if (at + 1 != live_.size()) {
      live_[at] = live_.back();
      place_[live_[at]] = at;
    }
    live_.pop_back();
    dead_[dead_count_++ % dead_.size()] = id;
  }

  // Two orders that execute all that rests, best first: their trades spell the final book.
  void Sweep() {
    const auto total = [](const auto& levels) {
      std::uint64_t sum = 0;
      for (const auto& [price, queue] : levels) {
        for (const PlainBook::Order& order : queue) sum += order.quantity;
      }
      return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, sum));
    };
    StreamMessage sell;
    sell.price = lowest_;
    sell.quantity = total(book_.bids);
    sell.side = 1;
    StreamMessage buy;
    buy.price = highest_;
    buy.quantity = total(book_.offers);
    for (StreamMessage* const message : {&sell, &buy}) {
      message->id = FreshId();
      message->immediate = 1;
      message->flags = 1;
      Submit(*message);
    }
  }

  const StreamOptions options_;
  const Profile& profile_;
  Dice dice_;
  PlainBook book_;
  Generated out_;
  std::vector<std::uint64_t> live_;  // Resting now, for uniform picks.
  std::unordered_map<std::uint64_t, std::size_t> place_;
  std::array<std::uint64_t, 256> recent_{};
  std::array<std::uint64_t, 256> dead_{};
  std::uint64_t recent_count_ = 0;
  std::uint64_t dead_count_ = 0;
  std::uint64_t serial_ = 0;
  std::int64_t fair_ = 8'000;  // 80.00.
  std::int64_t drift_ = 1;
  std::int64_t lowest_ = 8'000;
  std::int64_t highest_ = 8'000;
};

}  // namespace

std::vector<std::string_view> Profiles() {
  std::vector<std::string_view> names;
  for (const Profile& profile : kProfiles) names.push_back(profile.name);
  return names;
}

Generated Generate(const StreamOptions& options) {
  ETS_ASSERT(options.messages >= 10);
  return Flow(options).Run();
}

}  // namespace ets::bench
