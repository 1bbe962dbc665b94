#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

namespace ets::server {

// Opens an acceptor at "ADDRESS:PORT"; port 0: any free one. Empty, or what is wrong and allowed.
std::string ListenAt(boost::asio::ip::tcp::acceptor& acceptor, const std::string& at);

}  // namespace ets::server
