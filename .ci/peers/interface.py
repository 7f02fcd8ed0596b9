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
# So many at every push; more before a release.
EXAMPLES = int(os.environ.get("NAMECARD_EXAMPLES", "50"))
# Without an end.
ENDLESS = "/v1/events"
# What ends the rest, or what the rest would end: each is tried first, alone, with things of its own.
SIGN_OUT, TAKE_TOKENS, LEAVE, END_LINK = "/v1/session", "/v1/tokens/{id}", "/v1/members/{id}/leave", "/v1/links/{company}"
ASK_PERMISSION, ASSIGN, TAKE_GRANTS = "/v1/permissions", "/v1/requests/{id}/assign", "/v1/grants/{id}"
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


class Company:
    """Another company on the server, whose people ask and are asked."""

    def __init__(self, server, name, count):
        self.server = server
        (server.operator.home / f"{name}.csv").write_text(
            "id,name\n" + "".join(f"{name}{n},{name.title()} {n}\n" for n in range(count))
        )
        run = server.operator.run
        run("admin", "company", "create", name, "--name", name.title(), *server.operate)
        run("import", f"{name}.csv", "--company", name, *server.operate)
        run("admin", "role", f"{name}0", "admin", "--company", name, *server.operate)
        self.tokens = [
            run("admin", "token", f"{name}{n}", "--company", name, *server.operate).strip() for n in range(count)
        ]

    def link(self, n):
        return call(self.server, self.tokens[n], "PUT", "/v1/card", {})["link"]


def call(server, token, method, path, body=None, revision=None):
    """A call that has to be done, and its answer."""
    call.key = getattr(call, "key", 0) + 1
    headers = {"authorization": f"Bearer {token}", "idempotency-key": f"peers {call.key}"}
    if body is not None:
        headers["content-type"] = "application/json"
    if revision is not None:
        headers["if-match"] = f'"{revision}"'
    status, _, text = server.http(method, path, None if body is None else json.dumps(body), headers)
    if status != 200:
        check(f"{method} {path}", False, (status, text))
    return json.loads(text)


def decide(server, token, request, **more):
    call(server, token, "POST", f"/v1/requests/{request}/decision", {"kind": "approve", **more}, 1)


def rule(name, lines):
    return f'[[rule]]\nid = "{name}"\ntitle = "t"\nowner = "o"\nreason = "r"\n{lines}\n'


def things(server, member, admin):
    """Something of every kind for whoever tries: the ids, by operation, path or kind."""
    act = lambda *what: call(server, *what)
    north = Company(server, "north", 14)
    Company(server, "south", 1)
    # What is decided holds at once; one member lacks the permission.
    for company, lines in [("acme", rule("B", 'member = "p9.x-9@acme"\nexternal = false')), ("north", "")]:
        body = {"company": company, "document": rule("A", "undo_seconds = 0") + lines}
        act(server.operator_token, "PUT", "/v1/policy", body, 1)
    ids = {"members": ["bob", "p0.x-0@acme"], "member": ["cho", "cho", "p0.x-0@acme", "bob"]}
    ids["imports"] = list(range(1, 60))
    # Links: one in force, one to be proposed.
    scope = {"members": ["north0"]}
    link = act(north.tokens[0], "POST", "/v1/links", {"company": "acme", "scope": scope, "purpose": "fair"})
    decide(server, admin, link["id"], scope={"members": ["ann"]})
    ids[END_LINK], ids["company"] = ["north"], ["south"]
    # People outside whom she knows, has asked, and can ask.
    ask = lambda n: act(member, "POST", "/v1/requests", {"to": north.link(n), "purpose": "fair"})["id"]
    for n in range(1, 5):
        decide(server, north.tokens[n], ask(n))
    peers = [contact["id"] for contact in act(member, "GET", "/v1/contacts")["items"]]
    theirs = act(north.tokens[1], "GET", "/v1/contacts")["items"][0]["id"]
    offered = act(north.tokens[1], "POST", "/v1/handovers", {"member": "north13", "contacts": [theirs]})
    decide(server, north.tokens[13], offered["id"])
    known = act(member, "GET", "/v1/contacts")["items"]
    ids["/v1/contacts/{id}/refuse"] = [contact["id"] for contact in known if "refuse" in contact["allowed"]]
    same("somebody changes hands", len(ids["/v1/contacts/{id}/refuse"]), 1)
    ids["/v1/contacts/{id}/introduce"] = [id for id in peers if id not in ids["/v1/contacts/{id}/refuse"]]
    ids["/v1/requests/{id}/withdraw"] = [ask(5), ask(6)]
    asked = ids["/v1/requests/{id}/answer"] = [ask(7), ask(8)]
    for n, request in zip((7, 8), asked):
        act(north.tokens[n], "POST", f"/v1/requests/{request}/question", {"text": "Which?"}, 1)
    ids["to"] = [north.link(n) for n in range(9, 13)]
    # Visitors: six are contacts, the others wait.
    ann = server.signed_in(member)
    server.visitors(ann, [f"Visitor {n}" for n in range(16)])
    for request in ann.json("requests")[:6]:
        ann.run("approve", request["id"])
    until("contacts begin", lambda: len(ann.json("contacts")) == 6 + len(peers))
    met = [contact["id"] for contact in ann.json("contacts") if contact["id"] not in peers]
    ids["contacts"], ids["DELETE /v1/contacts/{id}"] = met[:4], met[4:]
    waiting = [request["id"] for request in ann.json("requests") if request["state"] == "pending"]
    ids["requests"] = [request["id"] for request in ann.json("requests", "--box", "incoming")]
    ids["/v1/requests/{id}/question"], ids["/v1/requests/{id}/pass"] = waiting[:3], waiting[3:6]
    ids["/v1/requests/{id}/snooze"], ids["/v1/requests/{id}/decision"] = waiting[:3], waiting[6:]
    # Whoever left has left something behind.
    leaver = server.signed_in(server.token("p7.x-7@acme"))
    server.visitors(leaver, ["Visitor"])
    left = act(server.operator_token, "POST", "/v1/members/p7.x-7@acme/leave", {"company": "acme"})
    ids[ASSIGN] = [left["handover"]]
    ids[LEAVE] = ["p8.x-8@acme", "p10.x-10@acme"]
    # What another system alone decides: told anew, and told otherwise.
    said = {"company": "acme", "member": "ann", "state": "pending", "requester": {"name": "Zhou"}}
    act(server.operator_token, "PUT", "/v1/elsewhere/WeCom/apply-1", said)
    # Cards, grants, settings.
    cards = [act(member, "POST", "/v1/cards", {"kind": "event", "like": {}})["id"] for _ in range(12)]
    ids["cards"], ids["DELETE /v1/cards/{id}"] = cards[:6], cards[6:]
    for n in range(11, 17):
        granted = act(server.operator_token, "POST", "/v1/grants", {"company": "acme", "member": f"p{n}.x-{n}@acme"})
    ids["grants"] = [grant["id"] for grant in granted["items"]]
    act(member, "PUT", "/v1/settings", {"accepts": True}, 0)
    return ids


def main():
    server = Server()
    member, admin, leaver = server.token("ann"), server.token("cho"), server.token("p2.x-2@acme")
    for n in [0, 1, 3, 4]:
        server.token(f"p{n}.x-{n}@acme")
    live = server.operator.json("admin", "token", "list", "--company", "acme", *server.operate)
    tokens = [token["id"] for token in live if token["member"] not in ["ann", "cho"]]
    without = server.token("p9.x-9@acme")
    ids = things(server, member, admin)
    ends = [SIGN_OUT, TAKE_TOKENS, LEAVE, END_LINK, ASK_PERMISSION, ASSIGN, TAKE_GRANTS]
    shut = [word for path in [ENDLESS, *ends] for word in ("--exclude-path", path)]
    runs = [
        ("nobody", 1, None, {}), ("a member", 2, member, ids, *shut),
        ("an admin", 4, admin, ids, *shut), ("the operator", 5, server.operator_token, ids, *shut),
    ]
    # First: an import of the others may take people out, and their tokens with them; so does a policy of the others
    # with what one may ask for.
    ends = [
        ("who signs out", 6, leaver, {}, "--include-path", SIGN_OUT),
        ("who takes tokens away", 7, admin, {"tokens": tokens}, "--include-path", TAKE_TOKENS),
        ("who lets members go", 8, admin, ids, "--include-path", LEAVE),
        ("who ends a link", 9, admin, ids, "--include-path", END_LINK),
        ("who asks for the permission", 10, without, ids, "--include-path", ASK_PERMISSION),
        ("who chooses a receiver", 11, admin, ids, "--include-path", ASSIGN),
        ("who takes grants", 12, admin, ids, "--include-path", TAKE_GRANTS),
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
