"""JSON schemas (draft 07) of all payloads: what `payloads` builds and nothing else.

Every key is required and no other allowed. A payload that is no JSON object has the schema of
its text. Units stand in descriptions; null is what is not known.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias, get_args

from osa_daemon.publish import topics
from osa_daemon.publish.payloads import DAEMON_STATES, MAX_TEXT, THROTTLED, VERSION
from osa_daemon.scoring.event import AlertLevel, Character, EventType, Progress
from osa_daemon.settings.catalogue import Setting, find_setting

Schema: TypeAlias = dict[str, Any]

ALERT_KINDS = ("apnea", "cluster", "index", "technical")
BED_PRESENCE = ("ON", "OFF", "None")
_WALL_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$"


def state_schemas(setting_of: Mapping[str, str]) -> dict[str, Schema]:
    """The schemas of what the daemon tells, by the name of the message.

    `setting_of`: the key of a command → the setting that it overrides.
    """
    return {
        "availability": _choice("Whether it is there.", (topics.ONLINE, topics.OFFLINE)),
        "status": _status(),
        "apnea": _choice(
            "Whether a pause in breathing sound of at least 10 s is going on now; None where "
            "that is not known.",
            [state.value for state in Progress],
        ),
        "breathing_audible": _choice("Whether breathing can be heard.", ("ON", "OFF")),
        "alert": _alert(),
        "event": _event(),
        "night": _night(),
        "breathing": _object(
            "Breathing over the last two minutes.",
            rate_bpm=_or_null(_number("Breaths a minute.", least=0)),
            snoring=_flag("Whether there is snoring."),
        ),
        "diagnostics": _diagnostics(),
        "level": _object(
            "Levels between 300 Hz and 4 kHz.",
            level_dbfs=_or_null(_number("Sound level (dB; 0 is full scale).", least=-120)),
            noise_dbfs=_or_null(_number("Noise floor (dB; 0 is full scale).", least=-120)),
        ),
        "problem": _problem(),
        "settings": _settings(setting_of),
        "clips": _clips(),
    }


def command_schema(key: str, setting_of: Mapping[str, str]) -> Schema:
    """The schema of a command's payload.

    Numbers are written in decimal digits; everything else is text.

    Raises:
        KeyError: no such command.
    """
    if key in setting_of:
        return _payload_of(find_setting(setting_of[key]))
    anything = {"type": "string", "minLength": 1, "maxLength": 256}
    pressed = "Any text does, such as PRESS; an empty one is no command."
    own = {
        "bed_presence": _choice(
            "Whether somebody lies in bed: while OFF nobody listens; with None the bed does not "
            "matter.",
            BED_PRESENCE,
        ),
        "acknowledge": {**anything, "description": f"Ends the alert that is raised. {pressed}"},
        "test_alert": {**anything, "description": f"Raises an alert for 10 s. {pressed}"},
        "delete_clips": {**anything, "description": f"Deletes every clip. {pressed}"},
    }
    return own[key]


def _status() -> Schema:
    return _object(
        "What the daemon is doing.",
        state=_choice("What it does.", DAEMON_STATES),
        since=_time("Since when."),
        reason=_or_null(_text("Why it does not listen, in a sentence; null where it does.")),
        version=_text("Version of osa_daemon."),
        model=_or_null(_text("Version of the detector.")),
    )


def _event() -> Schema:
    types = get_args(EventType)
    return _object(
        "A decided respiratory event. It is final; the same id may come more than once.",
        id=_text("Names the event: whoever counts events counts ids."),
        event_type=_choice("As `type`, for Home Assistant.", types),
        type=_choice("apnea: a pause; hypopnea: clearly reduced breathing sound.", types),
        onset=_time("When it began."),
        end=_time("When it ended."),
        night=_date("The date of the evening of its night, which goes from noon to noon."),
        onset_s={
            "type": "number",
            "description": "Onset (s) from the start of the stream of sound; negative where it "
            "began before the daemon was started again.",
        },
        duration_s=_number("Length (s).", least=10),
        confidence=_number("Mean probability inside the event.", least=0, most=1),
        character=_choice("A hint at how it sounded.", get_args(Character)),
        monitorable=_flag("Whether it lies in time that counts for the index."),
        truncated=_flag("Whether recording or daemon ended inside it."),
        durable=_flag("Whether it was in the journal when it was sent."),
    )


def _alert() -> Schema:
    levels = [level.value for level in AlertLevel]
    schema = _object(
        "The alert that is raised or over; `level`, `kind`, `since` and `text` are null where "
        "there was none.",
        active=_flag("Whether it is raised. A notice never is."),
        level=_or_null(_choice("How urgent it is; a notice makes no sound.", levels)),
        kind=_or_null(_choice("What it is about.", ALERT_KINDS)),
        since=_or_null(_time("When what it tells of began.")),
        acknowledged=_flag("Whether somebody ended it by taking note."),
        event_id=_or_null(_text("The `id` of the event that it is about.")),
        text=_or_null(_text("The alert in a sentence.", most=MAX_TEXT)),
    )
    names = ("level", "kind", "text")
    none: Schema = {name: {"type": "null"} for name in names}
    none |= {name: {"const": False} for name in ("active", "acknowledged")}
    some = {name: {"type": "string"} for name in names}
    there_was_none = {"properties": {"level": {"type": "null"}}}
    return schema | {
        "if": there_was_none,
        "then": {"properties": none},
        "else": {"properties": some},
    }


def _night() -> Schema:
    return _object(
        "Figures of a night, which goes from noon to noon.",
        night=_date("The date of its evening."),
        events=_count("Decided events."),
        apneas=_count("Those of them that are pauses."),
        hypopneas=_count("Those of them that are reduced breathing sound."),
        index=_or_null(
            _number("Estimated events per hour in which breathing could be heard.", least=0)
        ),
        index_reason=_or_null(_text("Why there is no index, in a sentence.")),
        longest_apnea_s=_or_null(_number("The longest pause (s); 0 where none was.", least=0)),
        monitorable_s=_number("Time in which breathing could be heard (s).", least=0),
        monitorable_share=_or_null(_share("Share of that in the time listened.")),
        snoring_share=_or_null(_share("Share of snoring in the time heard.")),
        breathing_rate_bpm=_or_null(_number("Mean breathing rate (breaths a minute).", least=0)),
        started=_or_null(_time("When listening began.")),
        updated=_time("When these figures were made."),
    )


def _diagnostics() -> Schema:
    return _object(
        "How the daemon itself is.",
        cpu_share=_or_null(
            _number("Load as a share of one core; above 1 where it takes more than one.", least=0)
        ),
        memory_mb=_or_null(_number("Memory (MB).", least=0)),
        overruns=_or_null(_count("How often sound was lost since the start.")),
        outbox=_or_null(_count("Events that the broker has not acknowledged.")),
        temperature_c=_or_null({"type": "number", "description": "Of the processor (°C)."}),
        throttled=_or_null(
            _choice("Why a Raspberry Pi's firmware holds it back now, if it tells.", THROTTLED)
        ),
        model_version=_or_null(_text("Version of the detector.")),
        events_last_hour=_or_null(_count("Events decided in the last hour.")),
        average_14_nights=_or_null(
            _number("Mean index of the last 14 nights that have one (events per hour).", least=0)
        ),
    )


def _problem() -> Schema:
    schema = _object(
        "A problem, or that there is none.",
        state=_choice("Whether there is one.", ("ON", "OFF")),
        text=_or_null(_text("The problem in a sentence; null where there is none.", most=MAX_TEXT)),
    )
    return schema | {
        "if": {"properties": {"state": {"const": "ON"}}},
        "then": {"properties": {"text": {"type": "string"}}},
        "else": {"properties": {"text": {"type": "null"}}},
    }


def _clips() -> Schema:
    return _object(
        "Sound that is kept: none, unless the settings ask for it.",
        keeping=_flag("Whether sound is being kept."),
        encrypted=_flag("Whether what is kept from now on is encrypted."),
        count=_count("Clips there are, older ones included."),
        bytes=_count("What they take (bytes)."),
        oldest=_or_null(_time("When the oldest begins; null where there is none.")),
        problem=_or_null(
            _text("Why the last clip was not kept or deleted, in a sentence.", most=MAX_TEXT)
        ),
    )


def _settings(setting_of: Mapping[str, str]) -> Schema:
    values = {key: _value_of(find_setting(name)) for key, name in setting_of.items()}
    in_bed = _or_null(_flag("Whether somebody lies in bed; null: it does not matter."))
    return _object("The live values, by the key of their command.", **values, bed_presence=in_bed)


def _value_of(setting: Setting) -> Schema:
    """The schema of a setting's live value."""
    about = setting.about.text + (f" ({setting.about.unit})" if setting.about.unit else "")
    if setting.kind == "bool":
        return _flag(about)
    if setting.kind == "choice":
        return _choice(about, setting.choices)
    kind = {"int": "integer", "float": "number"}[setting.kind]
    return {
        "type": kind,
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "description": about,
    }


def _payload_of(setting: Setting) -> Schema:
    """The schema of the command that overrides a setting: truth values are ON and OFF."""
    value = _value_of(setting)
    return _choice(value["description"], ("ON", "OFF")) if setting.kind == "bool" else value


def _object(about: str, **properties: Schema) -> Schema:
    version = {"const": VERSION, "description": "Version of this form."}
    return {
        "type": "object",
        "description": about,
        "required": ["v", *properties],
        "additionalProperties": False,
        "properties": {"v": version, **properties},
    }


def _text(about: str, *, most: int | None = None) -> Schema:
    limit = {} if most is None else {"maxLength": most}
    return {"type": "string", **limit, "description": about}


def _choice(about: str, values: tuple[str, ...] | list[str]) -> Schema:
    return {"type": "string", "enum": list(values), "description": about}


def _flag(about: str) -> Schema:
    return {"type": "boolean", "description": about}


def _count(about: str) -> Schema:
    return {"type": "integer", "minimum": 0, "description": about}


def _number(about: str, *, least: float, most: float | None = None) -> Schema:
    limit = {} if most is None else {"maximum": most}
    return {"type": "number", "minimum": least, **limit, "description": about}


def _share(about: str) -> Schema:
    return _number(about, least=0, most=1)


def _time(about: str) -> Schema:
    return {
        "type": "string",
        "format": "date-time",
        "pattern": _WALL_TIME,
        "description": f"{about} Local time with its offset from UTC.",
    }


def _date(about: str) -> Schema:
    return {"type": "string", "format": "date", "description": about}


def _or_null(schema: Schema) -> Schema:
    """The same, or null."""
    either = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        either["enum"] = [*schema["enum"], None]
    return either
