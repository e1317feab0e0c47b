"""A phone that is told: Home Assistant posts to it what `notify.stub_phone` is called with."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NOTIFY = """\
notify:
  - platform: rest
    name: stub_phone
    resource: http://127.0.0.1:{port}/
    method: POST_JSON
    title_param_name: title
    data_template:
      data: "{{{{ data | tojson }}}}"
"""


class Phone:
    """Listens on loopback; `messages` holds title, message and data of each call."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body)
                message["data"] = json.loads(message["data"])
                phone.messages.append(message)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def configuration(self) -> str:
        """The YAML that makes it `notify.stub_phone`."""
        return NOTIFY.format(port=self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
