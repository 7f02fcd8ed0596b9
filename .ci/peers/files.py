"""Exports, read back by two readers of vCards, an address book server and a reader of CSV; and imported again."""

import base64
import csv
import http.client
import io
import json
import socket
import subprocess
import urllib.parse

import vobject

from company import COMPANY, HARD, Server, people
from program import PEERS, User, check, same, until

BLANK = " \u200b\u200c\u200d\u200e\u200f\u2060\ufeff\n\u00a0\u3000\x0b\x0c\x1b\x1c\x1d\x1e\x1f"
FORMULA = tuple("=+-@\t\r\0＝＋－＠")


def by_ical(text, rewritten=False):
    """The cards as ical.js reads them."""
    here = __file__.rsplit("/", 1)[0]
    done = subprocess.run(["node", f"{here}/cards.mjs", str(PEERS / "npm")], input=text.encode(), capture_output=True)
    if done.returncode != 0:
        check("ical.js reads the cards", False, done.stderr.decode() + text)
    cards = json.loads(done.stdout)
    # 3.0 demands `\;` in every text (RFC 2426), 4.0 allows it, and radicale writes it: ical.js takes it off only
    # in compound ones.
    for card in cards if "VERSION:3.0" in text or rewritten else []:
        for field in ["fn", "nickname", "title", "note"]:
            card[field] = card[field] and card[field].replace("\\;", ";")
        card["tel"] = [[kind, number.replace("\\;", ";")] for kind, number in card["tel"]]
    return cards


def by_vobject(text, rewritten=False):
    """The cards as vobject reads them, in the shape of cards.mjs."""
    cards = []
    for card in vobject.readComponents(text, validate=True):
        found = {name: lines[0].value for name, lines in card.contents.items()}
        name = card.n.value
        cards.append({
            **{field: found.get(field) for field in ["uid", "fn", "nickname", "org", "title", "note", "url"]},
            "n": [name.family, name.given, name.additional, name.prefix, name.suffix],
            "tel": [[tel.params.get("TYPE", [None])[0], tel.value] for tel in card.contents.get("tel", [])],
            "email": [email.value for email in card.contents.get("email", [])],
        })
    return cards


def meant_of_member(row):
    """What a card has to say of a colleague, out of the export's own JSON."""
    member = row["member"]
    path = member["departments"][0] if member["departments"] else []
    numbers = [["CELL", member["mobile"]], ["WORK", member["phone"]]]
    return {
        "uid": member["id"], "fn": member["name"], "n": [member["name"], "", "", "", ""],
        "nickname": member["alias"] or None, "org": [COMPANY, *path], "title": member["title"] or None, "note": None,
        "url": None, "tel": [number for number in numbers if number[1]],
        "email": [member["email"]] if member["email"] else [],
    }


def meant_of_contact(contact):
    return {
        "uid": contact["id"], "fn": contact["name"], "n": [contact["name"], "", "", "", ""], "nickname": None,
        "org": [contact["company"]] if contact["company"] else None, "title": contact["title"], "note": contact["remark"],
        "url": None, "tel": [[None, number] for number in contact["phones"]], "email": contact["emails"],
    }


def meant_of_card(card):
    return {
        "uid": card["id"], "fn": card["name"], "n": [card["name"], "", "", "", ""], "nickname": None, "org": [card["company"]],
        "title": card["title"], "note": None, "url": card["link"], "tel": [], "email": [],
    }


def alike(cards):
    """Words of types are the same in any case."""
    for card in cards:
        card["tel"] = [[kind and kind.upper(), number] for kind, number in card["tel"]]
    return cards


def vcards(user, what, meant):
    for form, version in [("vcf", "3.0"), ("vcf4", "4.0")]:
        text = user.run("export", what, "--format", form)
        check(f"{what} {form}: {len(meant)} cards of version {version}", text.count(f"VERSION:{version}\r\n") == len(meant))
        longest = max(len(line) for line in text.encode().split(b"\r\n"))
        check(f"{what} {form}: no line over 75 bytes", longest <= 75, longest)
        for reader, read in [("vobject", by_vobject), ("ical.js", by_ical)]:
            cards = alike(read(text))
            check(f"{what} {form}: {reader} finds them all", len(cards) == len(meant), len(cards))
            for card, wanted in zip(cards, meant):
                for field, value in wanted.items():
                    if card[field] != value:
                        same(f"{what} {form}: {field} of {wanted['fn']!r} by {reader}", card[field], value)
            check(f"{what} {form}: FN, N, ORG, TITLE, TEL, EMAIL by {reader} are those of the JSON", True)


def marked(text):
    return text.lstrip(BLANK).startswith(FORMULA)


def unmarked(text):
    """A cell as it was before it was marked."""
    return text[1:] if text.startswith("'") and marked(text[1:].lstrip("'")) else text


def cells(user, what, meant):
    """No cell begins a formula, and every cell is what the JSON says."""
    text = user.run("export", what, "--format", "csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    check(f"{what} csv: as many cells in every row", len({len(row) for row in rows}) == 1)
    bad = [cell for row in rows for cell in row if marked(cell)]
    same(f"{what} csv: 0 cells of {sum(map(len, rows))} begin a formula", bad, [])
    heading, *rows = rows
    seen = [{name: unmarked(cell) for name, cell in zip(heading, row)} for row in rows]
    same(f"{what} csv: {len(rows)} rows", len(seen), len(meant))
    for row, wanted in zip(seen, meant):
        same_row = {name: row.get(name) for name in wanted}
        if same_row != wanted:
            same(f"{what} csv: the row of {wanted['name']!r}", same_row, wanted)
    check(f"{what} csv: every cell is what the JSON says", True)


def cells_of_member(row):
    member = row["member"]
    names = ["id", "name", "alias", "title", "external_title", "mobile", "phone", "email", "manager", "office", "status"]
    return {name: member[name] for name in names}


def cells_of_contact(contact):
    return {"id": contact["id"], "name": contact["name"], "company": contact["company"] or "", "title": contact["title"] or "",
            "remark": contact["remark"] or "", "since": contact["since"], "email": "|".join(contact["emails"])}


class Radicale:
    """An address book server, without passwords, on this machine only."""

    def __init__(self, place):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (place.home / "radicale").write_text(
            f"[server]\nhosts=127.0.0.1:{self.port}\n[auth]\ntype=none\n[rights]\ntype=owner_only\n"
            f"[storage]\nfilesystem_folder={place.home}/books\n[logging]\nlevel=warning\n"
        )
        self.serving = place.start("--config", "radicale", program=PEERS / "bin/radicale")
        until("radicale answers", self.answers)

    def answers(self):
        try:
            return self.call("GET", "/.web/")[0] < 500
        except OSError:
            return False

    def call(self, method, path, body="", kind="text/vcard; charset=utf-8"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        who = base64.b64encode(b"me:").decode()
        connection.request(method, path, body.encode(), {"authorization": f"Basic {who}", "content-type": kind})
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found

    def book(self, name):
        body = (
            '<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><set><prop>'
            "<resourcetype><collection/><card:addressbook/></resourcetype></prop></set></mkcol>"
        )
        same(f"radicale makes the book {name}", self.call("MKCOL", f"/me/{name}/", body, "application/xml")[0], 201)

    def keeps(self, name, text, meant):
        """Every card is taken, and is the same when it comes back; returns the whole book."""
        self.book(name)
        cards = [card + "END:VCARD\r\n" for card in text.split("END:VCARD\r\n") if card]
        taken, back = [], []
        for card, wanted in zip(cards, meant):
            path = f"/me/{name}/{urllib.parse.quote(wanted['uid'])}.vcf"
            taken.append(self.call("PUT", path, card)[0])
            back.append(self.call("GET", path)[1])
        same(f"radicale {name}: {len(cards)} cards are taken", taken, [201] * len(meant))
        for reader, read in [("vobject", by_vobject), ("ical.js", by_ical)]:
            for card, wanted in zip(alike(read("".join(back), rewritten=True)), meant, strict=True):
                for field, value in wanted.items():
                    if card[field] != value:
                        same(f"radicale {name}: {field} by {reader}", card[field], value)
        check(f"radicale {name}: they come back the same", True)
        return self.call("GET", f"/me/{name}/")[1]

    def stop(self):
        self.serving.terminate()
        self.serving.wait()


def main():
    server = Server()
    cho = server.signed_in(server.token("cho"))
    # The form takes shorter texts than a directory, and few characters that cannot be seen.
    visitors = [name for name in HARD if len(name) <= 60 and not {"\n", "\u200d"} & set(name)]
    server.visitors(cho, visitors)
    for request in cho.json("requests"):
        cho.run("approve", request["id"])

    rows = cho.json("export", "directory")
    members = [meant_of_member(row) for row in rows if "member" in row]
    same("everybody is in the directory", len(members), len(people()))
    vcards(cho, "directory", members)
    cells(cho, "directory", [cells_of_member(row) for row in rows if "member" in row])
    me = cho.json("export", "me")
    vcards(cho, "me", [meant_of_card(me)])
    cells(cho, "me", [{name: me[name] or "" for name in ["name", "company", "title", "link"]}])

    radicale = Radicale(cho)
    for form in ["vcf", "vcf4"]:
        book = radicale.keeps(f"directory-{form}", cho.run("export", "directory", "--format", form), members)
        comes_back(cho, form, book)

    # A contact begins when its decision can be taken back no more.
    contacts = until("the contacts are there", lambda: len(found := cho.json("contacts")) == len(visitors) and found)
    same("external as JSON is what `contacts` says", cho.json("export", "external"), contacts)
    meant = [meant_of_contact(contact) for contact in contacts]
    vcards(cho, "external", meant)
    cells(cho, "external", [cells_of_contact(contact) for contact in contacts])
    for form in ["vcf", "vcf4"]:
        radicale.keeps(f"external-{form}", cho.run("export", "external", "--format", form), meant)
        radicale.keeps(f"me-{form}", cho.run("export", "me", "--format", form), [meant_of_card(me)])
    radicale.stop()
    server.stop()


def comes_back(admin, form, book):
    """An address book server's copy of the directory changes nobody: what a vCard has no room for stays."""
    said = admin.json("import", "-", "--from", "vcard", "--dry-run", text=book)["plan"]
    same(f"{form} from radicale: nobody is refused", said["refused"], [])
    same(f"{form} from radicale: nobody is new or missing", [said["added_total"], said["missing_total"]], [0, 0])
    same(f"{form} from radicale: nobody is changed", said["changed"], [])
    # A company that comes from the book itself.
    other = User()
    (other.home / "book.vcf").write_text(book)
    other.run("import", "book.vcf", "--as", "ann", "--name", COMPANY, "--domain", "acme.example")
    said = other.json("import", "book.vcf", "--dry-run")["plan"]
    totals = [said[name] for name in ["added_total", "changed_total", "missing_total", "unchanged_total"]]
    same(f"{form} from radicale, imported twice: nothing changes", totals, [0, 0, 0, len(people())])
