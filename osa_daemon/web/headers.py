"""What every answer tells the browser: load nothing from elsewhere, run nothing inline."""

from typing import Final

_POLICY: Final = (
    "default-src 'self'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'{workers}; object-src 'none'; "
    # 'self' is Home Assistant's own address where its ingress shows the page
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_FEATURES: Final = (
    "camera=(), geolocation=(), microphone={microphone}, payment=(), usb=(), "
    "screen-wake-lock=(self), autoplay=(self)"
)
PHONE, TRY = "/phone/", "/try/"


def security_headers(path: str) -> list[tuple[bytes, bytes]]:
    """Return the headers for an answer to `path`, below the prefix of a proxy."""
    tries = path.startswith(TRY)
    policy = _POLICY.format(
        # WebAssembly is compiled from bytes: that alone, and on this page alone
        scripts=" 'wasm-unsafe-eval'" if tries else "",
        workers=" blob:" if tries else "",
    )
    hears = tries or path.startswith(PHONE)
    features = _FEATURES.format(microphone="(self)" if hears else "()")
    named = {
        "content-security-policy": policy,
        "permissions-policy": features,
        "x-content-type-options": "nosniff",
        "x-frame-options": "SAMEORIGIN",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    return [(key.encode(), value.encode()) for key, value in named.items()]
