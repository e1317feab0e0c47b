"""What a request says, read within bounds: a small object of JSON."""

import asyncio
import json
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from osa_daemon.errors import InputError
from osa_daemon.web.gate import MOST_BODY_BYTES

BODY_S: Final = 10.0


async def fields_of(request: Request) -> dict[str, Any]:
    """Return the object that a request holds.

    Raises:
        InputError: it is too long, too slow, or no object of JSON.
    """
    data = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for part in request.stream():
                data += part
                if len(data) > MOST_BODY_BYTES:
                    raise InputError(f"A request holds at most {MOST_BODY_BYTES} bytes.")
        fields = json.loads(data)
    except ClientDisconnect:
        raise InputError("The request ended before it was whole.") from None
    except TimeoutError:
        raise InputError(f"A request has to be whole within {BODY_S:.0f} s.") from None
    except (ValueError, RecursionError):
        raise InputError("A request holds one object of JSON.") from None
    if not isinstance(fields, dict):
        raise InputError("A request holds one object of JSON.")
    return fields


def text_of(fields: dict[str, Any], key: str, longest: int = 200) -> str:
    """Return a text of a request.

    Raises:
        InputError: there is none, or it is too long.
    """
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > longest:
        raise InputError(f'"{key}" must be a text of at most {longest} characters.')
    return value
