"""What schemathesis is told: ids of things that are there, revisions that they have, rows of an import."""

import json
import os
import re

import schemathesis

# Of each kind of path, ids that lead somewhere.
IDS = json.loads(os.environ["NAMECARD_IDS"])
OWN = re.compile("^(?:[xr]_[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{26}|[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$")
turn = 0


def next_of(values):
    """One after the other, and every fourth time none: what was made up stays."""
    global turn
    turn += 1
    return None if turn % 4 == 0 or not values else values[turn % len(values)]


@schemathesis.hook
def map_path_parameters(ctx, parameters):
    if parameters and (OWN.match(str(parameters.get("id", ""))) or isinstance(parameters.get("id"), int)):
        known = next_of(IDS.get(ctx.operation.path.split("/")[2], []))
        if known is not None:
            parameters["id"] = known
    return parameters


@schemathesis.hook
def map_headers(ctx, headers):
    if headers and re.match('^"-?[0-9]{1,18}"$', str(headers.get("if-match", ""))):
        headers["if-match"] = next_of(['"1"', '"2"', '"3"']) or headers["if-match"]
    return headers


@schemathesis.hook
def map_body(ctx, body):
    if isinstance(body, dict):
        for field, known in [("company", "acme"), ("member", "bob")]:
            if isinstance(body.get(field), str) and OWN.match(body[field]):
                body[field] = next_of([known]) or body[field]
    return body


@schemathesis.serializer("application/x-ndjson")
def rows(ctx, value):
    return json.dumps(value).encode()
