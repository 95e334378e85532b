"""Measures the dashboard beside an engine with many executions: `size.py [FINISHED] [WAITING]`, 100,000 and 10,000 if not given.

A separate engine is filled over its API. The dashboard then starts with an empty data folder, and once more with what it
knows. Its pages are asked for one after another while it watches.
"""

import concurrent.futures
import http.client
import json
import statistics
import sys
import subprocess
import tempfile
import threading
import time

from program import PROGRAM, ROOT, free_port, get, stop

FINISHED, WAITING = (int(number) for number in (sys.argv[1:] + ["100000", "10000"][len(sys.argv) - 1 :])[:2])
THREADS = 8
RUNS = 200
LONGEST = 600
ROLE = "arn:aws:iam::000000000000:role/bench"

local = threading.local()


def call(port, target, body):
    """The answer of an engine's operation."""
    # The engine closes a connection that was idle for 15 s.
    now = time.monotonic()
    if getattr(local, "port", None) != port or now - local.used > 5:
        local.port, local.connection = port, http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    local.used = now
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    local.connection.request("POST", "/", json.dumps(body), headers)
    answer = local.connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        sys.exit(f"{target} answered {answer.status}: {text[:300]!r}")
    return json.loads(text)


def states(port, operation, **body):
    return call(port, f"AWSStepFunctions.{operation}", body)


def fill(port):
    """The machines, and their executions."""
    queue = call(port, "AmazonSQS.CreateQueue", {"QueueName": "asked"})["QueueUrl"]
    done = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    message = {"token.$": "$$.Task.Token", "order.$": "$.order", "amount.$": "$.amount"}
    asks = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": queue, "MessageBody": message},
        "TimeoutSeconds": 864000,
        "End": True,
    }
    ask = {"StartAt": "Ask", "States": {"Ask": asks}}
    make = lambda name, definition: states(
        port, "CreateStateMachine", name=name, definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    finished, waiting = make("finished", done), make("waiting", ask)

    def start(number):
        machine = finished if number < FINISHED else waiting
        data = json.dumps({"order": f"A-{number}", "amount": number % 4000})
        states(port, "StartExecution", stateMachineArn=machine, input=data)

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(start, range(FINISHED + WAITING), chunksize=200):
            pass


def resident(server):
    """The resident memory of the dashboard's own process, in MiB, now and at its highest."""
    with open(f"/proc/{server.pid}/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def serve(engine, data):
    """The dashboard over the engine, and its port."""
    port = free_port()
    command = [PROGRAM, "serve", "--listen", f"127.0.0.1:{port}", "--endpoint", f"http://127.0.0.1:{engine}", "--data", data]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return server, port


def until_all_wait(server, port, began):
    """Seconds until the inbox holds every request."""
    while time.perf_counter() - began < LONGEST:
        if server.poll() is not None:
            sys.exit("countersign ended")
        try:
            body = get(port, "/default/inbox")[1].decode()
        except OSError:
            body = ""
        if f">{WAITING}<" in body.replace("<!>", ""):
            return time.perf_counter() - began
        time.sleep(0.2)
    sys.exit(f"the inbox did not hold {WAITING} requests within {LONGEST} s")


def until_all_read(server, port, began):
    """Seconds until no input or output is still to be read."""
    while time.perf_counter() - began < LONGEST:
        if server.poll() is not None:
            sys.exit("countersign ended")
        if "have been read so far" not in get(port, "/default/executions?q=amount%3E10")[1].decode():
            return time.perf_counter() - began
        time.sleep(1)
    sys.exit(f"the contents were not read within {LONGEST} s")


def pages(port):
    """Each page of the lists, as a person goes through them."""
    first = lambda path, mark: next(
        (part.split('"')[0].replace("&amp;", "&") for part in get(port, path)[1].decode().split('href="') if mark in part.split('"')[0]), None
    )
    return {
        "/": "/default",
        "/workflows": "/default/workflows",
        "/workflows/waiting": "/default/workflows/waiting",
        "/executions": "/default/executions",
        "/executions, the next page": first("/default/executions", "before="),
        "/executions?workflow=finished": "/default/executions?workflow=finished",
        "/executions?status=waiting": "/default/executions?status=waiting",
        "/executions?q=A-4711 (a word)": "/default/executions?q=%22A-4711%22",
        "/executions?q=order:A-4711 (a value)": "/default/executions?q=order%3AA-4711",
        "/executions?q=order:A-47* (its beginning)": "/default/executions?q=order%3AA-47*",
        "/executions?q=amount>3990 (few numbers)": "/default/executions?q=amount%3E3990",
        "/executions?q=amount>10 (nearly all)": "/default/executions?q=amount%3E10",
        "/executions?q=order (a word of all)": "/default/executions?q=order",
        "/executions?q=name:4711 (a part of a name)": "/default/executions?q=name%3A4711",
        "/executions?q=duration>1h (none)": "/default/executions?q=duration%3E1h",
        "/executions?q=order+status:failed (none of all)": "/default/executions?q=order+status%3Afailed",
        "/executions?time=1h": "/default/executions?time=1h",
        "/executions/{arn}": first("/default/executions?workflow=waiting", "/executions/arn"),
        "/inbox": "/default/inbox",
        "/inbox, the next page": first("/default/inbox", "after="),
        "/inbox/{arn}/{event}": first("/default/inbox", "/inbox/arn"),
    }


def measure(port):
    for name, path in pages(port).items():
        answers = [get(port, path) for _ in range(RUNS)]
        if {status for status, _, _ in answers} != {200}:
            sys.exit(f"{path} answered {answers[0][0]}")
        times = sorted(ms for _, _, ms in answers)
        size = max(len(body) for _, body, _ in answers) / 1024
        print(f"{'GET ' + name:48} {statistics.median(times):8.1f} ms (99%: {times[int(RUNS * 0.99)]:.1f} ms, {size:.0f} KiB)")


def main():
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as data:
        port = free_port()
        command = [PROGRAM, "engine", "--listen", f"127.0.0.1:{port}", "--data", kept]
        engine = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(2)
        began = time.perf_counter()
        fill(port)
        print(f"{FINISHED:,} finished and {WAITING:,} waiting executions, started in {time.perf_counter() - began:.0f} s")
        server, web = serve(port, data)
        print(f"{'all requests in the inbox after a cold start':48} {until_all_wait(server, web, time.perf_counter()):8.1f} s")
        time.sleep(30)  # the lists are read to their ends
        print(f"{'all contents can be searched after a cold start':48} {until_all_read(server, web, time.perf_counter()) + 30:8.1f} s")
        measure(web)
        now, highest = resident(server)
        print(f"{'resident memory of the dashboard':48} {now:8.1f} MiB (highest: {highest:.0f} MiB)")
        stop(server)
        server, web = serve(port, data)
        print(f"{'all requests in the inbox after a restart':48} {until_all_wait(server, web, time.perf_counter()):8.1f} s")
        stop(server)
        stop(engine)


if __name__ == "__main__":
    main()
