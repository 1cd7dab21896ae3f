"""A stand-in of the Hugging Face Hub on this machine: one repository, at one commit."""

import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

NAME = "someone/detector"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@contextmanager
def hub(folder):
    """Serve the files of a folder as :data:`NAME`; give the address, and the files asked for."""
    asked = []
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    oids = {name: hashlib.sha1(content).hexdigest() for name, content in files.items()}
    tree = [
        {"type": "file", "path": name, "size": len(content), "oid": oids[name]}
        for name, content in files.items()
    ]
    documents = {
        f"/api/models/{NAME}/revision/v1": {"id": NAME, "sha": COMMIT, "siblings": []},
        f"/api/models/{NAME}/tree/{COMMIT}": tree,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = urlsplit(self.path).path
            name = path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
            if path in documents:
                return self.give(json.dumps(documents[path]).encode())
            if name in files:
                asked.append(name)
                return self.give(files[name], ETag=f'"{oids[name]}"')
            self.send_response(404)
            self.send_header("Content-Length", "0")
            return self.end_headers()

        do_HEAD = do_GET  # noqa: N815

        def give(self, content, **headers):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", COMMIT)
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
