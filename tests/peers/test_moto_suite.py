"""moto's own tests of Step Functions on the embedded engine: a peer's view of what AWS answers."""

import os
import re
import subprocess
import sys
import unittest

from support import ROOT

SUITE = ROOT / ".tools/moto-tests"
HERE = ROOT / "tests/peers"
KNOWN = HERE / "moto_suite/known.txt"


def known():
    """The tests that are known to differ."""
    lines = (line.strip() for line in KNOWN.read_text().splitlines())
    return {line for line in lines if line and line[0] not in "#="}


class MotoSuite(unittest.TestCase):
    def test_no_other_test_of_moto_differs_than_those_that_are_known(self):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (SUITE, HERE, HERE / "moto_suite")))}
        command = [sys.executable, "-m", "pytest", "-p", "engine_of_moto", "-p", "no:cacheprovider", "-W", "ignore"]
        command += ["-q", "--tb=short", "-rfEp", "tests/test_stepfunctions"]
        done = subprocess.run(command, cwd=SUITE, env=environment, capture_output=True, text=True)
        found = re.findall(r"^(PASSED|FAILED|ERROR) tests/test_stepfunctions/(\S+)", done.stdout, re.MULTILINE)
        failed = {name for outcome, name in found if outcome != "PASSED"}
        passed = {name for outcome, name in found if outcome == "PASSED"}
        self.assertGreaterEqual(len(passed), 85, done.stdout[-4_000:] + done.stderr[-2_000:])
        self.assertEqual(failed - known(), set(), done.stdout[-8_000:])
        self.assertEqual(known() & passed, set(), f"these agree now: take them out of {KNOWN}")


if __name__ == "__main__":
    unittest.main()
