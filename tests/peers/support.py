"""Starting the programs that the tests talk to, and waiting for what they say."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import boto3

ROOT = Path(__file__).resolve().parents[2]
# Another build of the program can be tried: COUNTERSIGN=target/debug/countersign.
PROGRAM = Path(os.environ.get("COUNTERSIGN", ROOT / "target/release/countersign"))
BIN = Path(sys.prefix) / "bin"
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
PATIENCE = 30  # seconds until a condition counts as never met


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition, what):
    """The first true answer of `condition`, which is asked again until it is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"after {PATIENCE} s still not: {what}")


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


@contextlib.contextmanager
def program(command, port):
    """A program that listens on `port`, from its first answer to its end."""
    with tempfile.TemporaryFile("w+") as log:
        running = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **KEYS}, stdout=log, stderr=log)

        def ready():
            if running.poll() is not None:
                log.seek(0)
                raise AssertionError(f"{command[0]} ended with {running.returncode}:\n{log.read()}")
            return listens(port)

        try:
            until(ready, f"{command[0]} listens on port {port}")
            yield running
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGINT)
                try:
                    running.wait(10)
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait()


def client(service, port, key=KEYS["AWS_ACCESS_KEY_ID"], **more):
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        **more,
    )


def post_json(url, value):
    headers = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(value).encode(), headers, method="POST")).close()


class Browser:
    """A browser without JavaScript: pages, forms, cookies, and the Origin that a browser sends."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}

    def request(self, method, path, body=None, headers=None):
        """Status, Location and text of one exchange."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        given = {"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(headers or {})}
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        for header in answer.headers.get_all("Set-Cookie") or []:
            name, value = header.split(";", 1)[0].split("=", 1)
            self.cookies[name] = value
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers.get("Location"), text

    def page(self, path):
        status, _, text = self.request("GET", path)
        assert status == 200, f"GET {path} answered {status}: {text[:500]}"
        return text

    def submit(self, path, fields, page="/"):
        """Fills in the form of the page `page` that posts to `path` and has these values, and answers where it leads."""
        forms = re.findall(r'<form[^>]*action="' + re.escape(path) + r'".*?</form>', self.page(page), re.DOTALL)
        hidden = [dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)) for form in forms]
        fits = [form for form in hidden if all(unescape(value) == fields.get(name, unescape(value)) for name, value in form.items())]
        assert fits, f"{page} has no form that posts {fields} to {path}"
        filled = {name: unescape(value) for name, value in fits[0].items()}
        here = f"http://127.0.0.1:{self.port}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": here,
            "Referer": here + page,
            "Sec-Fetch-Site": "same-origin",
        }
        status, location, text = self.request("POST", path, urlencode({**filled, **fields}), headers)
        assert status in (302, 303), f"POST {path} answered {status}: {text[:500]}"
        return location.removeprefix(here)
