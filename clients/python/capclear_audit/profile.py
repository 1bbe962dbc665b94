"""The law a journal was kept under: `key = value` lines in record 1, and what follows from them."""
import datetime

UTC = datetime.timezone.utc
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
_DEFAULTS = {"compliance.rule": "per_year", "zone.offset_minutes": "480", "units.cap_binds": "true"}


def instant(sim_time):
    """Microseconds since 1970 UTC as a datetime."""
    return _EPOCH + datetime.timedelta(microseconds=sim_time)


def _last_sunday(year, month):
    last = datetime.date(year, month, 31)
    return last - datetime.timedelta(days=(last.weekday() + 1) % 7)


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
        self._offset = datetime.timedelta(minutes=self.number("zone.offset_minutes"))

    def number(self, key, default=0):
        return int(self.values.get(key, default))

    def truth(self, key):
        return self.values.get(key, "false") == "true"

    def words(self, key, default=""):
        return self.values.get(key, default)

    def local(self, sim_time):
        """The clock on the wall at an instant."""
        time = instant(sim_time)
        offset = self._offset
        if self.truth("zone.daylight_saving"):
            one = datetime.time(1, tzinfo=UTC)
            summer = (datetime.datetime.combine(_last_sunday(time.year, 3), one)
                      <= time < datetime.datetime.combine(_last_sunday(time.year, 10), one))
            offset += datetime.timedelta(hours=1 if summer else 0)
        return (time + offset).replace(tzinfo=None)

    def month_day(self, key):
        """(month, day), or None when the rule is off."""
        text = self.words(key, "off")
        return None if text == "off" else tuple(int(part) for part in text.split("-"))
