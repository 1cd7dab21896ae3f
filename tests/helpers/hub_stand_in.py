"""A stand-in of the Hugging Face Hub on this machine: one repository, at one commit."""

import base64
import hashlib
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

NAME = "someone/detector"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_of_the_stand_in"


class Repository:
    """What the stand-in holds, and what was asked of it.

    Attributes
    ----------
    files : dict
        Name -> content.
    asked : list of str
        Files that were fetched.
    created : list of dict
        What was sent to make a repository.
    """

    def __init__(self, files):
        self.files, self.asked, self.created = dict(files), [], []

    def oid(self, name):
        return hashlib.sha1(self.files[name]).hexdigest()

    def document(self, path):
        """Return what the API says of the repository; nothing, of another path."""
        if path in (f"/api/models/{NAME}/revision/{each}" for each in ("v1", COMMIT)):
            return {"id": NAME, "sha": COMMIT, "siblings": []}
        if path == f"/api/models/{NAME}/tree/{COMMIT}":
            return [
                {"type": "file", "path": name, "size": len(content), "oid": self.oid(name)}
                for name, content in self.files.items()
            ]
        return None

    def take(self, path, content):
        """Return the answer to what is sent; nothing, to another path."""
        if path == "/api/repos/create":
            self.created.append(json.loads(content))
            return {"url": f"https://huggingface.co/{NAME}", "name": NAME}
        if path == "/api/validate-yaml":
            return {"errors": [], "warnings": []}
        if path == f"/api/models/{NAME}/preupload/main":
            files = json.loads(content)["files"]
            return {
                "files": [
                    {"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for each in files
                ]
            }
        if path == f"/api/models/{NAME}/commit/main":
            for line in map(json.loads, content.splitlines()):
                if line["key"] == "file":
                    value = line["value"]
                    self.files[value["path"]] = base64.b64decode(value["content"])
            return {
                "success": True,
                "commitOid": COMMIT,
                "commitUrl": f"https://huggingface.co/{NAME}/commit/{COMMIT}",
            }
        return None


class Handler(BaseHTTPRequestHandler):
    """Answers for the repository of the class that is derived from it."""

    repository: Repository

    def do_GET(self):
        path = urlsplit(self.path).path
        name = path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
        if (document := self.repository.document(path)) is not None:
            return self.give(json.dumps(document).encode())
        if name in self.repository.files:
            self.repository.asked.append(name)
            return self.give(self.repository.files[name], ETag=f'"{self.repository.oid(name)}"')
        return self.refuse(404)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.refuse(401)
        answer = self.repository.take(urlsplit(self.path).path, content)
        return self.refuse(404) if answer is None else self.give(json.dumps(answer).encode())

    def refuse(self, code):
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def give(self, content, **headers):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", COMMIT)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serving(repository):
    """Serve a repository as :data:`NAME`; give the address."""
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Bound", (Handler,), {"repository": repository})
    ) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@contextmanager
def hub(folder):
    """Serve the files of a folder; give the address, and the files asked for."""
    files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    repository = Repository(files)
    with serving(repository) as address:
        yield address, repository.asked
