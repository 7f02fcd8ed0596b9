"""The program under test, run by users with homes of their own, and how a finding is told."""

import atexit
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
PEERS = pathlib.Path(sys.executable).parent.parent  # where the other programs are installed


def check(what, good, seen=""):
    print(f"{'ok  ' if good else 'FAIL'} {what}", flush=True)
    if not good:
        print(seen)
        sys.exit(1)


def same(what, seen, meant):
    check(what, seen == meant, f"seen:  {seen!r}\nmeant: {meant!r}")


def until(what, look, seconds=40):
    """Waits for a state."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            check(f"{what} within {seconds} s", False)
        time.sleep(0.2)
    return found


class User:
    """Somebody at a computer of their own."""

    def __init__(self):
        self.place = tempfile.TemporaryDirectory(prefix="namecard-peers-")
        self.home = pathlib.Path(self.place.name)
        self.env = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }

    def run(self, *arguments, text=""):
        """What a command prints."""
        done = subprocess.run(
            [PROGRAM, *arguments], env=self.env, cwd=self.home, input=text.encode(), capture_output=True
        )
        if done.returncode != 0:
            check(f"namecard {' '.join(arguments)}", False, done.stderr.decode() + done.stdout.decode())
        return done.stdout.decode()

    def json(self, *arguments, text=""):
        return json.loads(self.run(*arguments, "--format", "json", text=text))

    def start(self, *arguments, program=PROGRAM):
        """A program that goes on, until it is ended or we end; its standard error can be read."""
        going = subprocess.Popen(
            [program, *arguments], env=self.env, cwd=self.home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        atexit.register(going.kill)
        return going
