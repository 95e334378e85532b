"""Runs one Lambda handler: asks the Runtime API for events, calls the handler, posts its answer or its error."""
import decimal
import http.client
import importlib
import json
import os
import sys
import time
import traceback

# What this process alone may know comes by a pipe: an environment can be read from outside, where nothing keeps
# processes apart. Where something does, it is told as on AWS.
PLACE, IS_APART = sys.stdin.buffer.readline().decode().split()
ADDRESS, PREFIX = PLACE.split("/", 1)
if IS_APART == "apart":
    os.environ["AWS_LAMBDA_RUNTIME_API"] = PLACE
ROOT = os.environ["LAMBDA_TASK_ROOT"]
API = "/" + PREFIX + "/2018-06-01/runtime"
# One kept connection: the API is on this machine.
link = http.client.HTTPConnection(ADDRESS)


def post(path, body):
    link.request("POST", API + path, body if isinstance(body, bytes) else body.encode(), {"Content-Type": "application/json"})
    link.getresponse().read()


def mark(request_id):
    """Writes into both outputs where the output of this call begins."""
    for out in (1, 2):
        try:
            os.write(out, b"\x1e" + request_id.encode() + b"\n")
        except OSError:
            pass  # the handler has closed it


class Context:
    """What AWS gives a handler beside the event."""

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = "/aws/lambda/" + self.function_name
        self.log_stream_name = "local/[$LATEST]" + self.aws_request_id
        self.identity = self.client_context = None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


def error_text(message, kind, request_id, trace):
    """A failure in the words and the spacing of AWS's runtime: it becomes the cause, which workflows compare."""
    told = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}
    return json.dumps(told, separators=(",", ":"))


def described(error, request_id):
    """An exception as AWS's Python runtime reports it: the frames of the handler's own code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != "<string>"]
    # The code lies in /var/task on AWS, and workflows and people read the trace: it reads the same here.
    traceback.format_list(frames)  # reads the lines while the names still lead to them
    for frame in frames:
        frame.filename = frame.filename.replace(ROOT, "/var/task", 1)
    trace = traceback.format_list(frames)
    # The log tells where the code really is.
    traceback.print_exception(error)
    return error_text(str(error), type(error).__name__, request_id, trace)


def plain(value):
    """The one value besides JSON's own that AWS's runtime can write: what DynamoDB's client gives for a number."""
    if isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def refused(kind, message):
    post("/init/error", error_text(message, kind, "", []))
    sys.exit(1)


def load(handler):
    module_name, _, name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except SyntaxError as error:
        refused("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    except ImportError as error:
        refused("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except Exception as error:
        post("/init/error", described(error, ""))
        sys.exit(1)
    if not hasattr(module, name):
        refused("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_name}'")
    return getattr(module, name)


def main():
    handler = load(os.environ["_HANDLER"])
    while True:
        link.request("GET", API + "/invocation/next")
        answer = link.getresponse()
        body, headers = answer.read(), answer.headers
        if answer.status != 200:
            return
        context = Context(headers)
        mark(context.aws_request_id)
        place = "/invocation/" + context.aws_request_id
        try:
            result = handler(json.loads(body), context)
        except Exception as error:
            post(place + "/error", described(error, context.aws_request_id))
            continue
        finally:
            sys.stdout.flush()
        try:
            # Bytes are the answer as it is, as on AWS.
            text = result if isinstance(result, bytes) else json.dumps(result, default=plain)
        except Exception as error:
            wrong = f"Unable to marshal response: {error}"
            post(place + "/error", error_text(wrong, "Runtime.MarshalError", context.aws_request_id, []))
            continue
        post(place + "/response", text)


main()
