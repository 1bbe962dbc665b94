#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/capclear_process.h"
#include "tests/served_process.h"

namespace ets {

// A registry of two firms under European law, where a transfer needs a second person and its time;
// principals 1 and 2 represent the first firm.
class ServedRegistry : public ::testing::Test {
 protected:
  void SetUp() override {
    InFolder({"create", "--profile", "eu", "--start", "2026-03-02"});
    for (const char* kind : {"issuance", "surrender", "cancellation", "total_quantity"}) {
      InFolder({"account", "--open", kind});
    }
    for (const char* firm : {"7", "8"}) InFolder({"account", "--open", "holder", "--firm", firm});
    InFolder({"account", "--account", "4", "--may", "send,receive,surrender",
              "--may-leave-trusted-list"});
    InFolder({"unit", "--unit", "CEA26", "--open", "--cap", "5000"});
    InFolder({"unit", "--unit", "CEA26", "--issue", "1000", "--to", "3"});
    InFolder({"transfer", "--from", "3", "--to", "4", "--unit", "CEA26", "--amount", "600",
              "--code", "central"});
    for (const char* principal : {"1", "2"}) {
      InFolder({"principal", "--set", principal, "--role", "holder", "--name", "Desk",
                "--new-token", In(std::string("token") + principal)});
      InFolder(
          {"principal", "--set", principal, "--account", "4", "--rights", "read,initiate,approve"});
    }
    InFolder({"clock", "--to", "2026-03-02T11:30"});
    Serve();
  }

  std::string data() const { return folder_ / "reg"; }
  std::string In(const std::string& name) const { return folder_ / name; }
  void Serve(const std::vector<std::string>& more = {}) {
    std::vector<std::string> options = {"registry", "--data",       data(),        "--clock",
                                        "manual",   "--token-file", In("operator")};
    options.insert(options.end(), more.begin(), more.end());
    served_.reset();
    served_ = std::make_unique<Served>(options);
  }
  Served& served() { return *served_; }

  nlohmann::json InFolder(std::vector<std::string> line) const {
    line.insert(line.begin(), "registry");
    line.insert(line.end(), {"--data", data(), "--output", "json"});
    return Parsed(Capclear(line), line);
  }
  // Without saying who asks, unless `how` does.
  Said Ask(std::vector<std::string> line, const std::vector<std::string>& how) const {
    line.insert(line.begin(), "registry");
    line.insert(line.end(), {"--server", served_->address(), "--output", "json"});
    line.insert(line.end(), how.begin(), how.end());
    return Capclear(line);
  }
  // With the token of: operator, token1, token2.
  Said As(const std::string& who, const std::vector<std::string>& line) const {
    return Ask(line, {"--token-file", In(who)});
  }
  nlohmann::json Done(const std::string& who, const std::vector<std::string>& line) const {
    return Parsed(As(who, line), line);
  }
  static nlohmann::json Parsed(const Said& said, const std::vector<std::string>& line) {
    EXPECT_EQ(said.code, 0) << ::testing::PrintToString(line) << said.err << said.out;
    return said.code == 0 ? nlohmann::json::parse(said.out) : nlohmann::json();
  }
  std::int64_t Available(const std::string& account) const {
    const nlohmann::json rows =
        Done("operator", {"balance", "--account", account, "--unit", "CEA26"});
    return rows[0]["available"].get<std::int64_t>();
  }

  static std::vector<std::string> Proposal(const std::string& amount) {
    return {"transfer", "--from", "4",        "--to", "5",
            "--unit",   "CEA26",  "--amount", amount, "--propose"};
  }

 private:
  const TestFolder folder_;
  std::unique_ptr<Served> served_;
};

}  // namespace ets
