#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ets/auction/v1/auction_service.pb.h"
#include "market/auction_plan.h"
#include "server/auction_writer.h"
#include "server/exchange_edge.h"

// Auction calendars as ets.auction.v1 says them, and back. What is wrong is a status that names the
// field, its value and what is allowed.
namespace ets::server {

// What a calendar says by itself is not said of each auction.
grpc::Status CheckTemplate(const auction_pb::OpenAuctionRequest& terms);
// "EU" of "calendars/EU".
OrStatus<std::string> ReadCalendarName(const std::string& name);
// "09:00", up to "24:00", as a minute of the day.
OrStatus<std::uint16_t> ReadMinute(std::string_view field, const std::string& text);
OrStatus<Date> ReadDay(std::string_view field, const std::string& text, Date fallback);
OrStatus<std::vector<market::CalendarRow>> ReadRows(const auction_pb::SetCalendarRequest& request,
                                                    Tonnes lot);

std::string CalendarName(const market::AuctionPlan& plan);  // "calendars/EU".
// As it stood on a day, from its first edition on; without one, as it stands.
void FillCalendar(ExchangeEdge& edge, const market::AuctionPlan& plan, std::optional<Date> as_of,
                  auction_pb::Calendar* out);

}  // namespace ets::server
