#include "clients/cli/auction_publication.h"

#include <nlohmann/json.hpp>

#include "auction/fields.h"
#include "auction/statistics.h"

namespace ets::cli {
namespace {

using Json = nlohmann::ordered_json;

// Prices and money in a publication are texts, so that no reader rounds them.
Json PriceText(const std::optional<Price>& price) {
  return price ? Json(ToString(*price)) : Json(nullptr);
}
double Units(std::int64_t minor) { return static_cast<double>(minor) / 100; }
Json PriceNumber(const std::optional<Price>& price) {
  return price ? Json(Units(price->minor_per_tonne())) : Json(nullptr);
}

Json CutBy(const CountedBid& bid) { return bid.cut_by.empty() ? Json(nullptr) : Json(bid.cut_by); }

bool Sells(const auction::Clearing& clearing) { return clearing.sold > Tonnes(); }

Json StatisticsJson(const HeldAuction& held) {
  const auction::Statistics row = auction::StatisticsOf(held.table.bids, held.clearing);
  const auto hundredths = [](std::uint64_t value) { return static_cast<double>(value) / 100; };
  return {{"lowest_bid", PriceNumber(row.lowest_bid)},
          {"highest_bid", PriceNumber(row.highest_bid)},
          {"mean_bid", PriceNumber(row.mean_bid)},
          {"median_bid", PriceNumber(row.median_bid)},
          {"volume", row.volume.count()},
          {"bid_volume", row.bid_volume.count()},
          {"bids", row.bids},
          {"successful_bids", row.successful_bids},
          {"bids_per_bidder", hundredths(row.bids_per_bidder_hundredths)},
          {"bid_size", row.bid_size.count()},
          {"bid_per_bidder", row.bid_per_bidder.count()},
          {"bid_per_bidder_sd", row.bid_per_bidder_sd.count()},
          {"won_per_bidder", row.won_per_bidder.count()},
          {"won_per_bidder_sd", row.won_per_bidder_sd.count()},
          {"cover_ratio", hundredths(row.cover_hundredths)},
          {"bidders", row.bidders},
          {"successful_bidders", row.successful_bidders},
          {"revenue", Units(row.revenue.minor())}};
}

Json ResultOf(const HeldAuction& held) {
  const auction::Clearing& clearing = held.clearing;
  Json consigned = Json::array();
  for (const Tonnes part : auction::ConsignedSold(held.terms, clearing.sold)) {
    consigned.push_back(part.count());
  }
  return {{"status", ToString(clearing.status)},
          {"price", Sells(clearing) ? PriceNumber(clearing.price) : Json(nullptr)},
          {"sold", clearing.sold.count()},
          {"unsold", clearing.unsold.count()},
          {"contained", clearing.contained.count()},
          {"withheld", clearing.withheld.count()},
          {"consigned_sold", consigned},
          {"revenue", Units(clearing.revenue.minor())}};
}

Json TiesJson(const HeldAuction& held) {
  const auction::Terms& terms = held.terms;
  return {{"rule", terms.format.tie->name},
          {"seed", std::to_string(terms.tie_seed)},
          {"commitment", auction::SeedCommitment(held.name, terms.tie_seed)},
          {"order", auction::TieOrder(terms.format, held.table.bids.size(), terms.tie_seed)}};
}

Json FormatJson(const auction::Format& format) {
  Json fields = {{"name", format.name}, {"currency", format.currency}};
  for (const auction::Field& field : auction::Fields()) fields[field.name] = field.get(format);
  return fields;
}

Json TriggerJson(const auction::Trigger& trigger) {
  return {{"price", ToString(trigger.price)}, {"volume", trigger.volume.count()}};
}

Json TermsJson(const auction::Terms& terms) {
  Json json = {{"format", FormatJson(terms.format)},
               {"supply", terms.supply.count()},
               {"reserve", PriceText(terms.reserve)},
               {"secret_reserve", PriceText(terms.secret_reserve)}};
  Json& bidders = json["bidders"] = Json::array();
  for (const auction::BidderTerms& bidder : terms.bidders) {
    bidders.push_back(
        {{"bidder", bidder.bidder.raw()},
         {"covered", bidder.covered},
         {"room", bidder.room ? Json(bidder.room->count()) : Json(nullptr)},
         {"guarantee", bidder.guarantee ? Json(bidder.guarantee->minor()) : Json(nullptr)}});
  }
  Json& consigned = json["consigned"] = Json::array();
  for (const auction::Consignment& one : terms.consignments)
    consigned.push_back(one.volume.count());
  Json& containment = json["containment"] = Json::array();
  for (const auction::Trigger& tier : terms.containment) containment.push_back(TriggerJson(tier));
  json["withholding"] = terms.withholding ? TriggerJson(*terms.withholding) : Json(nullptr);
  return json;
}

Json BidsJson(const HeldAuction& held) {
  const std::vector<CountedBid> counted = CountedOf(held);
  Json bids = Json::array();
  for (std::size_t i = 0; i < held.table.bids.size(); ++i) {
    const auction::Bid& bid = held.table.bids[i];
    bids.push_back({{"bidder", "B" + std::to_string(bid.bidder.raw() + 1)},
                    {"price", ToString(bid.price)},
                    {"quantity", bid.quantity.count()},
                    {"counted", counted[i].counted.count()},
                    {"cut_by", CutBy(counted[i])}});
  }
  return bids;
}

Json AwardsJson(const auction::Clearing& clearing) {
  Json awards = Json::array();
  for (const auction::Award& award : clearing.awards) {
    awards.push_back({{"bid", award.bid},
                      {"quantity", award.quantity.count()},
                      {"price", ToString(award.price)}});
  }
  return awards;
}

auction::Trigger ReadTrigger(const Json& json) {
  return {Price::Parse(json.at("price").get<std::string>()).value(),
          Tonnes(json.at("volume").get<std::int64_t>())};
}

std::optional<Price> ReadPrice(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return Price::Parse(json.get<std::string>()).value();
}

// Throws what nlohmann throws, or std::bad_optional_access, on a file that is no publication.
auction::Terms ReadTerms(const Json& json) {
  auction::Terms terms;
  const Json& fields = json.at("format");
  const auto* profile = auction::FindFormat(fields.at("name").get<std::string>());
  if (profile == nullptr) throw std::runtime_error("an unknown format");
  terms.format = *profile;
  for (const auction::Field& field : auction::Fields()) {
    const auto text = fields.at(std::string(field.name)).get<std::string>();
    const auto done = auction::SetField(terms.format, field.name, text);
    if (!done.ok()) throw std::runtime_error(done.error());
  }
  if (!WrongWith(terms.format).empty()) {
    throw std::runtime_error(std::string(WrongWith(terms.format)));
  }
  terms.supply = Tonnes(json.at("supply").get<std::int64_t>());
  terms.reserve = ReadPrice(json.at("reserve"));
  terms.secret_reserve = ReadPrice(json.at("secret_reserve"));
  for (const Json& one : json.at("bidders")) {
    auction::BidderTerms bidder;
    bidder.bidder = MemberId(one.at("bidder").get<std::uint32_t>());
    bidder.covered = one.at("covered").get<bool>();
    if (!one.at("room").is_null()) bidder.room = Tonnes(one.at("room").get<std::int64_t>());
    if (!one.at("guarantee").is_null()) {
      bidder.guarantee = Money::FromMinor(one.at("guarantee").get<std::int64_t>());
    }
    terms.bidders.push_back(bidder);
  }
  for (const Json& volume : json.at("consigned")) {
    terms.consignments.push_back({MemberId(0), Tonnes(volume.get<std::int64_t>())});
  }
  for (const Json& tier : json.at("containment")) terms.containment.push_back(ReadTrigger(tier));
  if (!json.at("withholding").is_null()) terms.withholding = ReadTrigger(json.at("withholding"));
  return terms;
}

HeldAuction ReadAuction(const Json& json) {
  HeldAuction held;
  held.name = json.at("auction").get<std::string>();
  held.terms = ReadTerms(json.at("terms"));
  held.terms.tie_seed = std::stoull(json.at("ties").at("seed").get<std::string>());
  const auction::Format& format = held.terms.format;
  if (held.terms.supply <= Tonnes() || held.terms.supply.count() % format.lot.count() != 0) {
    throw std::runtime_error("a supply off the lot");
  }
  for (const Json& one : json.at("bids")) {
    const auto bidder = one.at("bidder").get<std::string>();
    const auction::Bid bid = {
        MemberId(static_cast<std::uint32_t>(std::stoul(bidder.substr(1)) - 1)),
        Price::Parse(one.at("price").get<std::string>()).value(),
        Tonnes(one.at("quantity").get<std::int64_t>())};
    const bool fits = bid.price > Price() && bid.quantity >= format.smallest_bid &&
                      bid.quantity.count() % format.lot.count() == 0 &&
                      bid.price.minor_per_tonne() % format.tick.minor_per_tonne() == 0;
    if (!fits) throw std::runtime_error("a bid off the lot or the tick");
    held.table.bids.push_back(bid);
  }
  held.clearing = auction::Clear(held.table.bids, held.terms);
  return held;
}

}  // namespace

std::string PublicationOf(const HeldAuction& held) {
  const Json json = {{"auction", held.name},
                     {"terms", TermsJson(held.terms)},
                     {"ties", TiesJson(held)},
                     {"bids", BidsJson(held)},
                     {"result", ResultOf(held)},
                     {"awards", AwardsJson(held.clearing)},
                     {"statistics", StatisticsJson(held)}};
  return json.dump(1) + "\n";
}

std::string ResultJson(const HeldAuction& held) {
  std::vector<Tonnes> won(held.table.bids.size());
  std::vector<Price> pays(held.table.bids.size());
  for (const auction::Award& award : held.clearing.awards) {
    won[award.bid] = award.quantity;
    pays[award.bid] = award.price;
  }
  const std::vector<CountedBid> counted = CountedOf(held);
  Json fills = Json::array();
  for (std::size_t i = 0; i < held.table.bids.size(); ++i) {
    const auction::Bid& bid = held.table.bids[i];
    fills.push_back({{"id", held.table.rows[i].id},
                     {"bidder", held.table.rows[i].bidder},
                     {"price", Units(bid.price.minor_per_tonne())},
                     {"quantity", bid.quantity.count()},
                     {"filled", won[i].count()},
                     {"pays", won[i] > Tonnes() ? PriceNumber(pays[i]) : Json(nullptr)},
                     {"value", Units((pays[i] * won[i]).minor())},
                     {"counted", counted[i].counted.count()},
                     {"cut_by", CutBy(counted[i])}});
  }
  Json curve = Json::array();
  for (const auction::DemandStep& step : auction::DemandCurve(held.table.bids, held.terms)) {
    curve.push_back(
        {{"price", Units(step.price.minor_per_tonne())}, {"volume", step.volume.count()}});
  }
  Json json = {{"auction", held.name}, {"terms", TermsJson(held.terms)}};
  json.update(ResultOf(held));
  json["statistics"] = StatisticsJson(held);
  json["fills"] = fills;
  json["curve"] = curve;
  json["ties"] = TiesJson(held);
  return json.dump(1) + "\n";
}

std::vector<std::string> DifferencesIn(const std::string& publication) {
  try {
    const Json published = Json::parse(publication);
    const HeldAuction held = ReadAuction(published);
    const Json again = Json::parse(PublicationOf(held));
    std::vector<std::string> differences;
    const Json& bids = published.at("bids");
    const bool tells_counts = !bids.empty() && bids.front().contains("counted");
    for (const char* part : {"bids", "result", "awards", "statistics", "ties"}) {
      if (!tells_counts && std::string_view(part) == "bids") continue;
      if (published.at(part) == again.at(part)) continue;
      for (const Json& change : Json::diff(published.at(part), again.at(part))) {
        differences.push_back(std::string(part) + change.at("path").get<std::string>() +
                              ": published otherwise than it comes out" +
                              (change.contains("value") ? ", " + change.at("value").dump() : ""));
      }
    }
    return differences;
  } catch (const std::exception& wrong) {
    return {"not a published auction: " + std::string(wrong.what())};
  }
}

}  // namespace ets::cli
