"""Loads the dashboard: `load.py [EXECUTIONS] [EVENTS] [RATE] [SECONDS]`, 100,000, 25,000, 200 and 15 if not given.

The engine is filled over its API. The pages are then asked for at a steady rate, whether the answers come or not: each time is
measured from the moment at which the request was due, so that a server that falls behind is not spared. Beside it stands
what the server computes for a request, on all cores, the watch and the engine included: what it takes on other machines.
"""

import asyncio
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import program
from program import ROOT, cpu, free_port, get, own, stop
from size import ROLE, resident, states

ARGUMENTS = [int(number) for number in sys.argv[1:]]
EXECUTIONS, EVENTS, RATE, SECONDS = ARGUMENTS + [100_000, 25_000, 200, 15][len(ARGUMENTS) :]
PROGRAM = Path(os.environ.get("COUNTERSIGN", program.PROGRAM))
THREADS = 8
RUNS = 60
LIMIT = 60  # seconds until a request counts as lost


class Connection:
    """A connection that is kept: one request at a time."""

    def __init__(self, port):
        self.port, self.reader, self.writer = port, None, None

    async def get(self, path):
        """The status and the length of a page."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept: text/html\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        if "transfer-encoding: chunked" in head:
            return status, await self.chunks()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        await self.reader.readexactly(length)
        return status, length

    async def chunks(self):
        length = 0
        while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
            await self.reader.readexactly(size + 2)
            length += size
        await self.reader.readuntil(b"\r\n")
        return length

    def close(self):
        if self.writer is not None:
            self.writer.close()


async def at_a_rate(port, path):
    """The milliseconds of each request, and how many failed."""
    idle, times, failed = [], [], 0

    async def one(due):
        nonlocal failed
        connection = idle.pop() if idle else Connection(port)
        try:
            status, _ = await asyncio.wait_for(connection.get(path), LIMIT)
            failed += status != 200
            idle.append(connection)
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            failed += 1
            connection.close()
        times.append((time.perf_counter() - due) * 1000)

    began, tasks = time.perf_counter(), []
    for number in range(RATE * SECONDS):
        due = began + number / RATE
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    for connection in idle:
        connection.close()
    return times, failed


def fill(port):
    """Executions of a machine, and one with a long history: its ARN."""
    one = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    each = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}
    every = {"Type": "Map", "ItemProcessor": each, "ResultPath": None, "End": True}
    make = lambda name, definition: states(
        port, "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    done, long = make("finished", one), make("long", {"StartAt": "Every", "States": {"Every": every}})

    def start(number):
        data = json.dumps({"order": f"A-{number}", "amount": number % 4000})
        states(port, "StartExecution", stateMachineArn=done, name=f"run-{number:06}", input=data)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(start, range(EXECUTIONS), chunksize=200):
            pass
    # Four events an item, and six around them.
    items = json.dumps(list(range((EVENTS - 6) // 4)))
    arn = states(port, "StartExecution", stateMachineArn=long, name="long", input=items)["executionArn"]
    while states(port, "DescribeExecution", executionArn=arn)["status"] == "RUNNING":
        time.sleep(0.2)
    return arn


def until_listed(port):
    """Waits until the dashboard knows every execution."""
    wanted, shown = f"{EXECUTIONS:,}", ""
    for _ in range(1_200):
        shown = get(port, "/default/workflows/finished")[1].decode().replace("<!>", "")
        if f">{EXECUTIONS}<" in shown or f">{wanted}<" in shown:
            return
        time.sleep(0.5)
    sys.exit(f"the dashboard did not list {wanted} executions")


def main():
    with tempfile.TemporaryDirectory() as data:
        web, engine = free_port(), free_port()
        command = [PROGRAM, "serve", "--no-demo", "--listen", f"127.0.0.1:{web}", "--engine-listen", f"127.0.0.1:{engine}", "--data", data]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            measure(server, web, engine)
        finally:
            stop(server)


def measure(server, web, engine):
    for _ in range(600):
        try:
            get(web, "/healthz")
            break
        except OSError:
            time.sleep(0.1)
    began = time.perf_counter()
    long = fill(engine)
    print(f"{EXECUTIONS:,} executions and one of {EVENTS:,} events, made in {time.perf_counter() - began:.0f} s")
    until_listed(web)
    execution = f"/default/executions/{urllib.parse.quote(long, safe=':')}"
    for name, path in {"executions": "/default/executions", "execution": execution, "events": f"{execution}?tab=events"}.items():
        size = len(get(web, path)[1]) / 1024
        before = cpu(server.pid)
        times, failed = asyncio.run(at_a_rate(web, path))
        computed = (cpu(server.pid) - before) / len(times) * 1000
        times.sort()
        what = f"GET /{name} at {RATE} a second"
        print(
            f"{what:48} {statistics.median(times):8.1f} ms (99%: {times[int(len(times) * 0.99)]:.1f} ms, "
            f"{failed} of {len(times)} failed, {computed:.1f} ms computed a request, {size:.0f} KiB)"
        )
    one = f"run-{EXECUTIONS // 3:06}"
    for name, path in {
        "filtered by workflow and status": "/default/executions?workflow=finished&status=succeeded",
        "filtered by a part of the name": "/default/executions?q=name:999",
        "filtered by a time": "/default/executions?workflow=finished&time=1h",
        "search for a name": f"/default/search?q={one}",
        "search for a name that there is not": "/default/search?q=run-nothing",
    }.items():
        answers = [get(web, path) for _ in range(RUNS)]
        if {status for status, _, _ in answers} != {200}:
            sys.exit(f"{path} answered {answers[0][0]}")
        times = sorted(ms for _, _, ms in answers)
        print(f"{name:48} {statistics.median(times):8.1f} ms (99%: {times[int(RUNS * 0.99)]:.1f} ms)")
    now, highest = resident(server)
    print(f"{'resident memory of dashboard and engine':48} {now:8.1f} MiB (highest: {highest:.0f} MiB)")
    print(f"{'of these, without pages of files':48} {own(server.pid):8.1f} MiB")


if __name__ == "__main__":
    main()
