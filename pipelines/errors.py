"""Expected failures. Each message is one sentence for the person who can fix the cause."""


class CityPulseError(Exception):
    """Something a user can fix: say which file, line or setting, what was expected, what to do."""

    exit_status = 1


class SettingsError(CityPulseError):
    """A setting is missing, malformed or contradicts another."""


class ContractError(CityPulseError):
    """A contract or provider YAML does not say what it must."""


class LayoutMismatch(CityPulseError):
    """A file does not have the layout its provider's YAML promises; it is refused whole."""


class LakeUnavailable(CityPulseError):
    """The catalog or the storage cannot be reached, opened or locked."""


class NothingToDo(CityPulseError):
    """The step was asked for data that does not exist (no file, no candidate, no release)."""


class BuildFailed(CityPulseError):
    """A dbt model failed; nothing was published."""


class PublishFailed(CityPulseError):
    """The candidate cannot be released as it stands."""


class GateRefused(CityPulseError):
    """A `fail` rule of the gate refused the candidate; the last good release stands."""

    exit_status = 3
