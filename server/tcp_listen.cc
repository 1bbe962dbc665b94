#include "server/tcp_listen.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstdint>

namespace ets::server {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string ListenAt(tcp::acceptor& acceptor, const std::string& at) {
  const std::size_t colon = at.rfind(':');
  unsigned number = 0;
  const char* const end = at.data() + at.size();
  const bool is_number = colon != std::string::npos &&
                         std::from_chars(at.data() + colon + 1, end, number).ptr == end &&
                         number <= 65'535;
  boost::system::error_code error;
  const auto address =
      asio::ip::make_address(is_number ? at.substr(0, colon) : std::string(), error);
  if (!is_number || error) return "'" + at + "'; allowed: ADDRESS:PORT, as 127.0.0.1:0";
  const tcp::endpoint endpoint(address, static_cast<std::uint16_t>(number));
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return "cannot listen on " + at + ": " + error.message();
  return {};
}

}  // namespace ets::server
