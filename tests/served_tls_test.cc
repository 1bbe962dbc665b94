// A registry behind TLS from the outside, program against program: whom a client trusts, whom the
// server knows by a certificate, and what either is told when it does not.

#include <gmock/gmock.h>

#include "tests/pem.h"
#include "tests/served_registry.h"

namespace ets {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

const Words kBalance = {"balance", "--account", "4"};

// Two authorities: ours signs the server and the people, theirs signs strangers.
class SecureRegistry : public ServedRegistry {
 protected:
  void SetUp() override {
    ServedRegistry::SetUp();
    const PemAuthority ours(In(""), "ours"), theirs(In(""), "theirs");
    ours.Vouch("server", "the registry");
    ours.Vouch("desk", "principals/1");
    ours.Vouch("nobody", "principals/99");
    ours.Vouch("unnumbered", "the desk");
    theirs.Vouch("stranger", "principals/1");
    ServeWith({});
  }
  void ServeWith(const Words& more) {
    Words options = {"--tls-cert", In("server.pem"), "--tls-key", In("server.key")};
    options.insert(options.end(), more.begin(), more.end());
    Serve(options);
  }
  Words Trusting(const std::string& authority) const {
    return {"--tls-ca", In(authority + ".pem")};
  }
  // Over TLS, trusting our authority.
  Said Over(Words line, const Words& how) const {
    line.insert(line.end(), {"--tls-ca", In("ours.pem")});
    return Ask(line, how);
  }
  Words Token(const std::string& who) const { return {"--token-file", In(who)}; }
  Words Certificate(const std::string& who) const {
    return {"--tls-cert", In(who + ".pem"), "--tls-key", In(who + ".key")};
  }
  static void ExpectNoConnection(const Said& said) {
    EXPECT_EQ(said.code, 1) << said.out;
    EXPECT_THAT(said.err, HasSubstr("UNAVAILABLE"));
    EXPECT_EQ(said.out, "");
  }
  static void ExpectUnknown(const Said& said) {
    EXPECT_EQ(said.code, 1) << said.out;
    EXPECT_THAT(said.err, HasSubstr("UNAUTHENTICATED"));
    EXPECT_EQ(said.out, "");
  }
};

TEST_F(SecureRegistry, AnswersWhoTrustsItsAuthorityAndNobodyElse) {
  EXPECT_EQ(Over(kBalance, Token("token1")).code, 0);
  Words short_of_patience = Token("token1");
  short_of_patience.insert(short_of_patience.end(), {"--timeout", "3"});
  ExpectNoConnection(Ask(kBalance, short_of_patience));  // In plain text.
  Words wrong = Token("token1");
  for (const std::string& word : Trusting("theirs")) wrong.push_back(word);
  const Said said = Ask(kBalance, wrong);
  ExpectNoConnection(said);
  EXPECT_THAT(said.err, AllOf(HasSubstr("certificate"), HasSubstr("--tls-ca")));
  Words machine = Token("token1");
  machine.push_back("--tls");
  ExpectNoConnection(Ask(kBalance, machine));
}

TEST_F(SecureRegistry, IsKnownByTheNameInItsCertificateOnly) {
  Words named = Token("token1");
  named.insert(named.end(), {"--tls-name", "registry.test"});
  EXPECT_EQ(Over(kBalance, named).code, 0);
  named.back() = "another.test";
  ExpectNoConnection(Over(kBalance, named));
}

TEST_F(SecureRegistry, WantsATokenFromWhomItAsksForNoCertificate) {
  ExpectUnknown(Over(kBalance, {}));
  ExpectUnknown(Over(kBalance, Certificate("desk")));  // Nobody asked for one.
}

TEST_F(SecureRegistry, KnowsAServiceByItsCertificateWithItsGrantsAndNoMore) {
  ServeWith({"--tls-client-ca", In("ours.pem")});
  const Said said = Over(kBalance, Certificate("desk"));
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(nlohmann::json::parse(said.out)[0]["available"], 600);
  EXPECT_EQ(Over({"balance", "--account", "5"}, Certificate("desk")).code, 2);
  const Said proposed = Over(Proposal("100"), Certificate("desk"));
  EXPECT_EQ(proposed.code, 0) << proposed.err;
  // The same person as the one with the token: not the second pair of eyes.
  const std::string task = nlohmann::json::parse(proposed.out)["task"].dump();
  const Said own = Over({"tasks", "--approve", task}, Token("token1"));
  EXPECT_EQ(own.code, 1);
  EXPECT_THAT(own.err, HasSubstr("PERMISSION_DENIED"));
  EXPECT_EQ(Over({"tasks", "--approve", task}, Token("token2")).code, 0);
}

TEST_F(SecureRegistry, KnowsNobodyByNoCertificateOrOneThatSaysNothing) {
  ServeWith({"--tls-client-ca", In("ours.pem")});
  ExpectUnknown(Over(kBalance, {}));
  ExpectUnknown(Over(kBalance, Certificate("nobody")));
  ExpectUnknown(Over(kBalance, Certificate("unnumbered")));
  ExpectNoConnection(Over(kBalance, Certificate("stranger")));
  EXPECT_EQ(Over(kBalance, Token("token1")).code, 0) << "people still come with tokens";
}

TEST_F(SecureRegistry, DoesNotTakeACertificateInPlaceOfAWrongToken) {
  ServeWith({"--tls-client-ca", In("ours.pem")});
  Words both = Certificate("desk");
  Write(In("wrong"), "0123456789abcdef0123456789abcdef");
  for (const std::string& word : Token("wrong")) both.push_back(word);
  ExpectUnknown(Over(kBalance, both));
}

TEST_F(SecureRegistry, ForgetsWhoIsNoLongerActive) {
  ServeWith({"--tls-client-ca", In("ours.pem")});
  EXPECT_EQ(Over({"principal", "--set", "1", "--role", "holder", "--name", "Desk", "--inactive"},
                 Token("operator"))
                .code,
            0);
  ExpectUnknown(Over(kBalance, Certificate("desk")));
  ExpectUnknown(Over(kBalance, Token("token1")));
}

TEST_F(SecureRegistry, SaysWhichFileOfTlsIsMissing) {
  const std::pair<Words, const char*> mistakes[] = {
      {{"--tls-cert", In("desk.pem")}, "--tls-key"},
      {{"--tls-key", In("desk.key")}, "--tls-cert"},
      {{"--tls-ca", In("none.pem")}, "none.pem"},
      {{"--tls-ca", In("ours.pem"), "--tls-cert", In("none.pem"), "--tls-key", In("desk.key")},
       "none.pem"},
      {{"--token-file", In("none"), "--tls-ca", In("ours.pem")}, "none"},
  };
  for (const auto& [how, said_so] : mistakes) {
    const Said said = Ask(kBalance, how);
    EXPECT_EQ(said.code, 2) << ::testing::PrintToString(how) << said.err;
    EXPECT_THAT(said.err, HasSubstr(said_so));
  }
  const Words served[] = {{"--tls-cert", In("server.pem")},
                          {"--tls-client-ca", In("ours.pem")},
                          {"--tls-cert", In("server.pem"), "--tls-key", In("none.key")}};
  for (const Words& how : served) {
    Words line = {"serve", "registry", "--data", In("other"), "--listen", "127.0.0.1:0"};
    line.insert(line.end(), how.begin(), how.end());
    const Said said = Capclear(line);
    EXPECT_EQ(said.code, 2) << ::testing::PrintToString(how) << said.err;
    EXPECT_NE(said.err, "");
  }
}

}  // namespace
}  // namespace ets
