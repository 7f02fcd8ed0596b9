"""The interface over HTTP, tried by schemathesis with what its own description allows and with what it does not:
as nobody, as a member, as an admin and as the operator."""

import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

from company import Server
from program import PEERS, check, same, until

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLES = 100
# Without an end; and the ends of the sessions that the rest is tried with.
ENDLESS, ENDING, TAKING = "/v1/events", "/v1/session", "/v1/tokens/{id}"
# Done only by who comes within the ten seconds after a decision.
BRIEF = "/v1/requests/{id}/undo"


def tries(server, who, seed, token, ids, *more):
    """One run: what to say of it, whether it found nothing, its report."""
    asked = ["-H", f"Authorization: Bearer {token}"] if token else []
    done = subprocess.run(
        [PEERS / "bin/schemathesis", "--no-color", "--config-file", HERE / "schemathesis.toml", "run",
         f"{server.origin}/v1/openapi.json", "--max-examples", str(EXAMPLES), "--seed", str(seed), "--warnings", "off",
         "--request-timeout", "20", "--continue-on-failure", *asked, *more],
        cwd=server.operator.home,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "NAMECARD_IDS": json.dumps(ids)},
        capture_output=True, text=True,
    )
    told = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    count = next((line for line in told if "generated" in line), "nothing was tried")
    return f"schemathesis as {who}, seed {seed}: {count}", done.returncode == 0, done.stdout + done.stderr


def reached(server):
    """Which operations answered that it is done, by the server's own log."""
    found = set()
    for line in (server.operator.home / "log").read_text().splitlines():
        fields = json.loads(line)
        fields = fields.get("fields", fields)
        if 200 <= fields.get("status", 0) < 300:
            found.add((fields["method"].lower(), fields["route"]))
    return found


def failures(server):
    """What the server's own log calls an error."""
    lines = (server.operator.home / "log").read_text().splitlines()
    return [line for line in lines if json.loads(line).get("level") == "ERROR"]


def main():
    server = Server()
    member, admin, leaver = server.token("ann"), server.token("cho"), server.token("p2.x-2@acme")
    for n in [0, 1, 3, 4]:
        server.token(f"p{n}.x-{n}@acme")
    live = server.operator.json("admin", "token", "list", "--company", "acme", *server.operate)
    tokens = [token["id"] for token in live if token["member"] not in ["ann", "cho"]]
    ann = server.signed_in(member)
    server.visitors(ann, [f"Visitor {n}" for n in range(12)])
    for request in ann.json("requests")[:6]:
        ann.run("approve", request["id"])
    until("contacts begin", lambda: len(ann.json("contacts")) == 6)
    ids = {
        "contacts": [contact["id"] for contact in ann.json("contacts")],
        "requests": [request["id"] for request in ann.json("requests", "--box", "incoming")],
        "members": ["bob", "p0.x-0@acme"],
        "imports": list(range(1, 60)),
    }
    shut = ["--exclude-path", ENDLESS, "--exclude-path", ENDING, "--exclude-path", TAKING]
    runs = [
        ("nobody", 1, None, {}), ("a member", 2, member, ids, *shut), ("a member", 3, member, ids, *shut),
        ("an admin", 4, admin, ids, *shut), ("the operator", 5, server.operator_token, ids, *shut),
    ]
    # First: an import of the others may take people out, and their tokens with them.
    ends = [
        ("who signs out", 6, leaver, {}, "--include-path", ENDING),
        ("who takes tokens away", 7, admin, {"tokens": tokens}, "--include-path", TAKING),
    ]
    with ThreadPoolExecutor(2) as pool:
        for what, good, seen in [*(tries(server, *run) for run in ends), *pool.map(lambda run: tries(server, *run), runs)]:
            check(what, good, seen + "\n".join(failures(server)))
    same("the server's log tells of no error", failures(server), [])
    api = json.loads(server.http("GET", "/v1/openapi.json")[2])
    all_of_them = {(method, path) for path, methods in api["paths"].items() for method in methods}
    missed = sorted(all_of_them - reached(server) - {("get", ENDLESS), ("post", BRIEF)})
    same(f"each of {len(all_of_them) - 2} operations was also done", missed, [])
    server.stop()
