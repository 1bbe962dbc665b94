#include "registry/profile.h"

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "registry/text.h"

namespace ets::registry {
namespace {

std::string AtLine(int line) { return "line " + std::to_string(line) + ": "; }

std::string Setting(const std::string& key, std::int64_t value) {
  return key + " = " + std::to_string(value);
}

std::optional<ProfileMistake> CheckRule(const ExecutionRule& rule, const std::string& prefix) {
  const auto mistake = [&](const char* key, std::int64_t value, const char* contradicts,
                           const char* other_key, std::int64_t other_value) {
    ProfileMistake result{prefix + key, prefix + other_key, {}};
    result.words =
        Setting(result.key, value) + contradicts + Setting(result.other_key, other_value);
    return result;
  };
  if (rule.open_minute > rule.close_minute) {
    return mistake(".open_minute", rule.open_minute, " is after ", ".close_minute",
                   rule.close_minute);
  }
  if (rule.days_before == 0 && rule.at_minute < rule.cutoff_minute) {
    return mistake(".at_minute", rule.at_minute, " of the same day is before ", ".cutoff_minute",
                   rule.cutoff_minute);
  }
  // Or who proposes later, on a Saturday say, would be served earlier.
  if (rule.days_after != rule.days_before && rule.days_after != rule.days_before + 1) {
    return mistake(".days_after", rule.days_after, " is not equal to nor one more than ",
                   ".days_before", rule.days_before);
  }
  return {};
}

// A profile's text, read line by line.
class Reader {
 public:
  explicit Reader(const Profile& base) : profile_(base) {}

  // Empty when the line is right.
  std::string Take(std::string_view line) {
    ++line_;
    line = Trimmed(line);
    if (line.empty() || line.front() == '#') return {};
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return AtLine(line_) + "no key = value";
    const std::string key(Trimmed(line.substr(0, equals)));
    const std::string value(Trimmed(line.substr(equals + 1)));
    const ProfileField* const field = FindProfileField(key);
    if (field == nullptr) return AtLine(line_) + "a profile has no " + key;
    if (const auto [place, is_new] = lines_.emplace(key, line_); !is_new) {
      return AtLine(line_) + key + " is set on line " + std::to_string(place->second) + " already";
    }
    if (!field->set(profile_, value)) {
      return AtLine(line_) + key + " = " + value + ": " + field->allowed;
    }
    return {};
  }

  Result<Profile, std::string> Finish() const {
    const auto mistake = CheckProfile(profile_);
    if (!mistake) return profile_;
    const int line = std::max(LineOf(mistake->key), LineOf(mistake->other_key));
    return Fail{AtLine(line) + mistake->words};
  }

 private:
  int LineOf(const std::string& key) const {
    const auto found = lines_.find(key);
    return found == lines_.end() ? 0 : found->second;
  }

  Profile profile_;
  int line_ = 0;
  std::map<std::string, int> lines_;  // Where a key was set.
};

}  // namespace

std::optional<ProfileMistake> CheckProfile(const Profile& profile) {
  if (auto mistake = CheckRule(profile.trusted, "trusted")) return mistake;
  if (auto mistake = CheckRule(profile.untrusted, "untrusted")) return mistake;
  return CheckRule(profile.trusted_entry, "trusted_entry");
}

std::string ProfileText(const Profile& profile) {
  std::string text;
  for (const ProfileField& field : ProfileFields()) {
    text += field.key + " = " + field.get(profile) + "\n";
  }
  return text;
}

Result<Profile, std::string> ParseProfile(std::string_view text) {
  const Profile* const base = FindProfile("sim");
  ETS_ASSERT(base != nullptr);
  Reader reader(*base);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (std::string mistake = reader.Take(text.substr(0, end)); !mistake.empty()) {
      return Fail{std::move(mistake)};
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.Finish();
}

bool MaySurrender(const Profile& profile, const Unit& unit, std::uint16_t year, bool in_arrears) {
  if (!profile.units[static_cast<std::size_t>(unit.type)].surrenderable) return false;
  switch (unit.type) {
    case UnitType::kCurrency:
      return false;
    case UnitType::kOffset:
      return true;
    case UnitType::kCertificate:
      return unit.vintage == year;
    case UnitType::kAllowance:
    case UnitType::kAviation:
    case UnitType::kRegulated:
    case UnitType::kCountryCoded:
      break;
  }
  if (profile.banking_years >= 0 && year > unit.vintage + profile.banking_years) return false;
  if (in_arrears && unit.vintage >= profile.arrears_vintage_from) return true;
  return std::any_of(
      profile.eligibility.begin(), profile.eligibility.end(), [&](const EligibilityRow& row) {
        return year >= row.year_from && year <= row.year_to && unit.vintage >= row.vintage_from &&
               unit.vintage <= row.vintage_to && unit.vintage <= year + row.lead;
      });
}

std::uint16_t OffsetLimitBp(const Profile& profile, std::uint16_t year) {
  std::uint16_t limit = 0;
  for (const OffsetRow& row : profile.offsets) {
    if (row.year_from <= year) limit = row.basis_points;
  }
  return limit;
}

}  // namespace ets::registry
