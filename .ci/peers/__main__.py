"""Tries namecard against programs that know nothing of it.

Usage: python .ci/peers PATH-OF-NAMECARD [WHAT...] [--pictures DIRECTORY]; WHAT is the name of a file beside this
one that has a main: codes, visitor, files, interface."""

import importlib
import sys
import time

WHAT = ["codes", "visitor", "files", "interface"]

for name in [name for name in sys.argv[2:] if name in WHAT] or WHAT:
    begun = time.monotonic()
    importlib.import_module(name).main()
    print(f"-- {name}: all agree, {time.monotonic() - begun:.0f} s")
