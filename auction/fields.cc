#include "auction/fields.h"

#include <charconv>
#include <optional>

namespace ets::auction {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::vector<std::string> NoChoices() { return {}; }

std::optional<std::int64_t> Whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Enumerators are dense from 1; past the last one ToString() says "unknown".
template <typename E>
std::vector<std::string> WordsOf() {
  std::vector<std::string> words;
  for (std::uint8_t raw = 1; ToString(static_cast<E>(raw)) != "unknown"; ++raw) {
    words.emplace_back(ToString(static_cast<E>(raw)));
  }
  return words;
}

template <auto Member>
struct MemberOf;
template <typename T, T Format::*Member>
struct MemberOf<Member> {
  using Type = T;
};

template <auto Member>
constexpr Field Choice(std::string_view name, std::string_view description) {
  using E = typename MemberOf<Member>::Type;
  return {name,
          description,
          FieldKind::kChoice,
          [](const Format& format) { return std::string(ToString(format.*Member)); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            const std::vector<std::string> words = WordsOf<E>();
            for (std::size_t i = 0; i < words.size(); ++i) {
              if (words[i] != text) continue;
              format.*Member = static_cast<E>(i + 1);
              return Done{};
            }
            return Fail{Joined(words)};
          },
          &WordsOf<E>};
}

std::vector<std::string> TieNames() {
  std::vector<std::string> names;
  for (const TieRule* rule : TieRules()) names.emplace_back(rule->name);
  return names;
}
constexpr Field Tie(std::string_view name, std::string_view description) {
  return {name,
          description,
          FieldKind::kChoice,
          [](const Format& format) { return std::string(format.tie->name); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            const TieRule* rule = FindTieRule(text);
            if (rule == nullptr) return Fail{Joined(TieNames())};
            format.tie = rule;
            return Done{};
          },
          &TieNames};
}

template <bool Format::*Member>
constexpr Field Flag(std::string_view name, std::string_view description) {
  return {name,
          description,
          FieldKind::kFlag,
          [](const Format& format) { return std::string(format.*Member ? "true" : "false"); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            if (text != "true" && text != "false") return Fail{std::string("true, false")};
            format.*Member = text == "true";
            return Done{};
          },
          &NoChoices};
}

template <Tonnes Format::*Member>
constexpr Field Volume(std::string_view name, std::string_view description) {
  return {name,
          description,
          FieldKind::kTonnes,
          [](const Format& format) { return ets::ToString(format.*Member); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            const auto number = Whole(text);
            if (!number || *number < 1 || *number > 1'000'000'000) {
              return Fail{std::string("whole tonnes from 1 to 1000000000")};
            }
            format.*Member = Tonnes(*number);
            return Done{};
          },
          &NoChoices};
}

constexpr Field Tick(std::string_view name, std::string_view description) {
  return {name,
          description,
          FieldKind::kPrice,
          [](const Format& format) { return ets::ToString(format.tick); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            const auto price = Price::Parse(text);
            if (!price || *price <= Price() || *price > Price::FromMinorPerTonne(10'000'000)) {
              return Fail{std::string("a price from 0.01 to 100000.00 with at most two decimals")};
            }
            format.tick = *price;
            return Done{};
          },
          &NoChoices};
}

// "0.25" or "1.25" as basis points: at most four decimals.
std::optional<std::uint32_t> BasisPoints(std::string_view text) {
  const std::size_t point = text.find('.');
  const auto whole = Whole(text.substr(0, point));
  std::string fraction(point == text.npos ? "" : text.substr(point + 1));
  if (!whole || *whole < 0 || *whole > 10 || fraction.size() > 4) return std::nullopt;
  if (point != text.npos && fraction.empty()) return std::nullopt;
  fraction.resize(4, '0');
  const auto part = Whole(fraction);
  if (!part || *part < 0) return std::nullopt;
  return static_cast<std::uint32_t>(*whole * 10'000 + *part);
}

std::string ShareText(std::uint32_t basis_points) {
  std::string text = std::to_string(10'000 + basis_points % 10'000).substr(1);
  while (text.size() > 1 && text.back() == '0') text.pop_back();
  return std::to_string(basis_points / 10'000) + (text == "0" ? "" : "." + text);
}

template <std::uint32_t Format::*Member>
constexpr Field Share(std::string_view name, std::string_view description) {
  return {name,
          description,
          FieldKind::kShare,
          [](const Format& format) { return ShareText(format.*Member); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            const auto share = BasisPoints(text);
            if (!share) return Fail{std::string("0 to 10 with at most four decimals; 1 = all")};
            format.*Member = *share;
            return Done{};
          },
          &NoChoices};
}

template <auto Member>
constexpr Field Count(std::string_view name, std::string_view description) {
  using T = typename MemberOf<Member>::Type;
  return {name,
          description,
          FieldKind::kCount,
          [](const Format& format) { return std::to_string(format.*Member); },
          [](Format& format, std::string_view text) -> Result<Done, std::string> {
            constexpr std::int64_t kMost = sizeof(T) == 1 ? 2 : 100'000;
            const auto number = Whole(text);
            if (!number || *number < 0 || *number > kMost) {
              return Fail{"a whole number from 0 to " + std::to_string(kMost)};
            }
            format.*Member = static_cast<T>(*number);
            return Done{};
          },
          &NoChoices};
}

using F = Format;
constexpr Field kFields[] = {
    Tie("tie", "how equal prices stand to each other and share what is left"),
    Choice<&F::shortage>("shortage", "when the bids fall short of the supply"),
    Choice<&F::price_rule>("price_rule", "which bid makes the price"),
    Choice<&F::pricing>("pricing", "what a winner pays"),
    Choice<&F::reserve>("reserve", "where the public reserve price comes from"),
    Share<&F::average_bp>("average", "of the mean price, for a moving-average reserve"),
    Count<&F::average_months>("average_months", "months of that mean"),
    Choice<&F::secret>("secret", "what a secret reserve price does"),
    Count<&F::secret_k_hundredths>("secret_k", "hundredths of k in: reference x (1 - k x sigma)"),
    Volume<&F::lot>("lot", "quantities are multiples of it, tonnes"),
    Volume<&F::smallest_bid>("smallest_bid", "the least one bid may ask, tonnes"),
    Volume<&F::award_unit>("award_unit", "in which shares pro rata are counted, tonnes"),
    Tick("tick", "prices are multiples of it"),
    Share<&F::bid_limit_bp>("bid_limit", "the most one bid may ask, of the supply"),
    Count<&F::bids_max>("bids_max", "bids of one bidder; 0 = no limit"),
    Flag<&F::irrevocable>("irrevocable", "whether a bid, once taken, stands"),
    Share<&F::bidder_limit_bp>("bidder_limit", "the most one bidder may win, of the supply"),
    Share<&F::other_limit_bp>("other_limit", "the same for bidders without obligations"),
    Choice<&F::over_limit>("over_limit",
                           "bids above a bidder's limit: cut, or not taken; above its guarantee: "
                           "not taken but for cut_to_guarantee"),
    Choice<&F::guarantee>("guarantee", "what a bidder's guarantee must cover"),
    Share<&F::guarantee_bp>("guarantee_share", "of that, lodged before the bid is taken"),
    Flag<&F::consigned_first>("consigned_first", "whether consigned units are sold first"),
    Count<&F::containment_tiers>("containment_tiers", "tiers of cost containment: 0, 1 or 2"),
    Flag<&F::emission_containment>("emission_containment", "whether a low price withholds supply"),
    Flag<&F::compliance_only>(
        "compliance_only",
        "whether only bidders with obligations may bid, for their own compliance"),
    Choice<&F::unsold>("unsold", "how an unsold volume comes back"),
    Count<&F::unsold_auctions>("unsold_auctions", "auctions that rule counts"),
    Share<&F::unsold_ceiling_bp>("unsold_ceiling",
                                 "the most an auction may offer with unsold volume, of the volume "
                                 "first proposed; 0 = no ceiling"),
    Count<&F::unsold_months>("unsold_months",
                             "months after which what is still unsold goes to the reserve; 0 = "
                             "never"),
};

}  // namespace

std::span<const Field> Fields() { return kFields; }

const Field* FindField(std::string_view name) {
  for (const Field& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

Result<Done, std::string> SetField(Format& format, std::string_view name, std::string_view text) {
  const Field* field = FindField(name);
  if (field == nullptr) {
    std::vector<std::string> names;
    for (const Field& known : kFields) names.emplace_back(known.name);
    return Fail{"'" + std::string(name) + "' is no field of a format; allowed: " + Joined(names)};
  }
  const Result<Done, std::string> done = field->set(format, text);
  if (done.ok()) return done;
  return Fail{std::string(name) + " is '" + std::string(text) + "'; allowed: " + done.error()};
}

}  // namespace ets::auction
