"""The law a journal was kept under: `key = value` lines in record 1, and what follows from them."""
import datetime
import re

from . import words

UTC = datetime.timezone.utc
MINUTE = 60_000_000  # Microseconds.
HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = _EPOCH.date()
_DEFAULTS = {"compliance.rule": "per_year", "zone.offset_minutes": "480", "units.cap_binds": "true",
             "transfers.trusted_waives_approval": "true", "shortfall.rule": "price_fine"}
_ELIGIBILITY = "0-2024 takes 0-2024 lead 0; 2025-9999 takes 2025-9999 lead 0"
_RULE = {"kind": "at_once", "open_minute": 0, "close_minute": 1439, "days_before": 1,
         "days_after": 2}


def instant(sim_time):
    """Microseconds since 1970 UTC as a datetime."""
    return _EPOCH + datetime.timedelta(microseconds=sim_time)


def _micros(date, clock=0):
    return (date - _FIRST_DAY).days * DAY + clock


def _is_summer(sim_time):
    """From 01:00 UTC of the last Sunday of March to that of October."""
    year = instant(sim_time).year
    last = [datetime.date(year, month, 31) for month in (3, 10)]
    begin, end = (day - datetime.timedelta(days=(day.weekday() + 1) % 7) for day in last)
    return _micros(begin, HOUR) <= sim_time < _micros(end, HOUR)


def next_of(profile, day, after):
    """The first midnight of a (month, day) after an instant, on the profile's clocks."""
    year = profile.local(after)[0].year
    while True:
        month, number = day
        last = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(1)).day
        due = profile.at(datetime.date(year, month, min(number, last)), 0)
        if due > after:
            return due
        year += 1


class Profile:
    """The keys of a profile's text. One that is missing has the value that `sim` has."""

    def __init__(self, text=""):
        self.values = dict(_DEFAULTS)
        for line in text.splitlines():
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            key, equals, value = line.partition("=")
            if not equals:
                raise ValueError(f"no key = value: {line}")
            self.values[key.strip()] = value.strip()
        self._offset = self.number("zone.offset_minutes") * MINUTE
        rows = self.words("surrender.eligibility", _ELIGIBILITY)
        self._eligibility = [] if rows == "none" else [
            tuple(int(number) for number in re.findall(r"\d+", row)) for row in rows.split(";")]
        holidays = self.words("holidays", "none")
        self._holidays = set() if holidays == "none" else {
            datetime.date.fromisoformat(day.strip()) for day in holidays.split(",")}

    def number(self, key, default=0):
        return int(self.values.get(key, default))

    def truth(self, key):
        return self.values.get(key, "false") == "true"

    def words(self, key, default=""):
        return self.values.get(key, default)

    def day(self, key):
        """(month, day), or None where it is off."""
        value = self.words(key, "off")
        return None if value == "off" else tuple(int(part) for part in value.split("-"))

    # ---- Who may hold what, and surrender it ----

    def may_hold(self, kind, unit_type):
        """Whether accounts of a kind may hold units of a type."""
        name = words.UNIT_TYPES.get(unit_type)
        said = self.words(f"units.{name}.holdable_by", "all") if name else "all"
        if said in ("all", "none"):
            return said == "all"
        is_exception = said.startswith("all but ")
        named = {part.strip() for part in said.removeprefix("all but ").split(",")}
        return (words.ACCOUNT_KINDS[kind][0] in named) != is_exception

    def counts_for(self, unit, year, is_in_arrears):
        """Whether a (type, currency, vintage) may be surrendered for an emission year."""
        unit_type, _, vintage = unit
        name = words.UNIT_TYPES.get(unit_type)
        if name is None or self.words(f"units.{name}.surrenderable", "true") == "false":
            return False
        if unit_type == words.OFFSET:
            return True
        if unit_type == words.CERTIFICATE:
            return vintage == year
        banking = self.number("surrender.banking_years", -1)
        if 0 <= banking < year - vintage:
            return False
        if is_in_arrears and vintage >= self.number("surrender.arrears_vintage_from", 2025):
            return True
        return any(of[0] <= year <= of[1] and of[2] <= vintage <= min(of[3], year + of[4])
                   for of in self._eligibility)

    # ---- Clocks ----

    def local(self, sim_time):
        """(date, microseconds of the day) on the clock on the wall at an instant."""
        summer = self.truth("zone.daylight_saving") and _is_summer(sim_time)
        shown = sim_time + self._offset + (HOUR if summer else 0)
        return _FIRST_DAY + datetime.timedelta(days=shown // DAY), shown % DAY

    def at(self, date, clock):
        """The instant at which the clock shows this."""
        as_winter = _micros(date, clock) - self._offset
        if self.truth("zone.daylight_saving") and _is_summer(as_winter - HOUR):
            return as_winter - HOUR
        return as_winter

    def is_working_day(self, date):
        return date.weekday() < 5 and date not in self._holidays

    def later_working_day(self, date, days):
        for _ in range(days):
            date += datetime.timedelta(days=1)
            while not self.is_working_day(date):
                date += datetime.timedelta(days=1)
        return date

    def execution_time(self, prefix, proposed):
        """When what was proposed is carried out, by the rule `trusted`, `untrusted` or
        `trusted_entry`."""
        rule = {key: self.words(f"{prefix}.{key}", _RULE["kind"]) if key == "kind"
                else self.number(f"{prefix}.{key}", default) for key, default in _RULE.items()}
        if rule["kind"] == "in_window":
            return self._after_delay(prefix, rule, proposed)
        if rule["kind"] == "at_minute":
            return self._at_minute(prefix, rule, proposed)
        return proposed

    def _inside(self, rule, time, keeps_time):
        date, clock = self.local(time)
        begin, end = rule["open_minute"] * MINUTE, rule["close_minute"] * MINUTE
        works = self.is_working_day(date)
        if works and begin <= clock <= end:
            return time
        if clock > end or not works:
            date = self.later_working_day(date, 1)
        if not begin <= clock <= end or not keeps_time:
            clock = begin
        return self.at(date, clock)

    def _after_delay(self, prefix, rule, proposed):
        time = self._inside(rule, proposed, False)
        days = self.number(prefix + ".delay_days")
        if days:
            date, clock = self.local(time)
            time = self.at(self.later_working_day(date, days), clock)
        delay = self.number(prefix + ".delay_minutes") * MINUTE
        time = self._inside(rule, time + delay, True)
        return time - time % MINUTE + MINUTE if self.truth(prefix + ".next_full_minute") else time

    def _at_minute(self, prefix, rule, proposed):
        date, clock = self.local(proposed)
        is_early = clock <= self.number(prefix + ".cutoff_minute") * MINUTE
        if not self.is_working_day(date):
            date, is_early = self.later_working_day(date, 1), True
        days = rule["days_before" if is_early else "days_after"]
        return self.at(self.later_working_day(date, days),
                       self.number(prefix + ".at_minute") * MINUTE)
