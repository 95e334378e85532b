"""Measures the release binary: start-up to the first page, pages of the demonstration, and sizes."""

import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "target/release/countersign"
RUNS = 50


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    """Status, body and milliseconds of one GET."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, (time.perf_counter() - began) * 1000


def start(data):
    """A server on `data`, its port, and the milliseconds from its start to the first complete page."""
    port, began = free_port(), time.perf_counter()
    command = [PROGRAM, "serve", "--listen", f"127.0.0.1:{port}", "--engine-listen", f"127.0.0.1:{free_port()}", "--data", data]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while time.perf_counter() - began < 30:
        if server.poll() is not None:
            sys.exit(f"countersign ended: {server.stderr.read()}")
        try:
            if get(port, "/default")[0] == 200:
                return server, port, (time.perf_counter() - began) * 1000
        except OSError:
            time.sleep(0.005)
    server.kill()
    sys.exit("countersign served no page within 30 s")


def own(process):
    """The resident memory that is a process's own, in MiB: without the pages of files, such as those of the program, which
    the system shares and takes back when it needs them."""
    status = Path(f"/proc/{process}/status").read_text()
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024


def cpu(process):
    """The seconds that a process has computed so far, on all cores."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(process):
    """The resident memory of a process and of all below it, in MiB, and how many these are."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents.setdefault(int((place / "stat").read_text().rpartition(") ")[2].split()[1]), []).append(int(place.name))
        except OSError:
            continue  # it has ended
    tree, kilobytes = [process], 0
    for one in tree:
        tree += parents.get(one, [])
        try:
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        kilobytes += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return kilobytes / 1024, len(tree)


def show_memory(what, server):
    used, processes = memory(server.pid)
    print(f"{'resident memory, ' + what:48} {used:8.1f} MiB ({processes} processes)")


def stop(server):
    server.send_signal(signal.SIGINT)
    server.wait(10)


def main():
    with tempfile.TemporaryDirectory() as data:
        server, port, first = start(data)
        print(f"{'start-up to the first page, no data yet':48} {first:8.1f} ms")
        time.sleep(5)  # the demonstration's sample executions run
        show_memory("during the demonstration's start", server)
        time.sleep(75)
        show_memory("more than a minute after it", server)
        stop(server)
        server, port, again = start(data)
        print(f"{'start-up to the first page, data present':48} {again:8.1f} ms")
        executions = get(port, "/default/executions?workflow=fulfilment")[1].decode()
        execution = unescape(re.search(r'href="(/default/executions/arn[^"?]+)"', executions).group(1))
        pages = {"/": "/default", "/workflows": "/default/workflows", "/workflows/{name}": "/default/workflows/fulfilment"}
        pages |= {"/executions": "/default/executions", "/executions/{arn}": execution, "/inbox": "/default/inbox", "/deploy": "/default/deploy"}
        for name, path in pages.items():
            answers = [get(port, path) for _ in range(RUNS)]
            if {status for status, _, _ in answers} != {200}:
                sys.exit(f"{path} answered {answers[0][0]}")
            times = sorted(ms for _, _, ms in answers)
            print(f"{'GET ' + name:48} {statistics.median(times):8.1f} ms (95%: {times[int(RUNS * 0.95)]:.1f} ms, {len(answers[0][1]) / 1024:.0f} KiB)")
        show_memory("at rest", server)
        print(f"{'of the server, without pages of files':48} {own(server.pid):8.1f} MiB")
        stop(server)
    wasm = ROOT / "target/site/pkg/countersign_bg.wasm.br"
    print(f"{'wasm, brotli-compressed':48} {os.path.getsize(wasm) / 1024:8.1f} KiB")
    print(f"{'program':48} {os.path.getsize(PROGRAM) / 1024 / 1024:8.1f} MiB")


if __name__ == "__main__":
    main()
