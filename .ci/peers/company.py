"""A made-up company with names of every nasty kind, on a server of its own, with people who know people."""

import csv
import http.client
import io
import re
import urllib.parse

from program import User, check, until

COMPANY = "Acme, Ltd; \\ 上海"

# What a vCard has room for, in the worst words.
HARD = [
    # No backslash at the end: ical.js takes one there for the escape of the sign that parts two values.
    "O'Neil, \"Zoe\"; \\Jr",
    "欧阳锋,北丐;南帝",
    "=HYPERLINK(\"http://x\",\"y\")",
    "+1-2;3",
    "-cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "＝1+1 ＠全角",
    "محمد بن علي",
    "שָׁלוֹם, אבי",
    "👩‍👩‍👧‍👦 Fam 🇨🇳",
    "Zo\u0308e \u0301 e\u0301\u0302",
    "line\none\r\ntwo",
    "tab\there",
    "BEGIN:VCARD",
    "\\n is no line break, \\; no semicolon, \\\\ no backslash",
    "'=already marked",
    "  blank  ",
    "長" * 60,
    "a" * 74 + "é" + "b" * 40,
    "a\u00a0b\u3000c",
    "x:y;z=1,\"q\"^n^'",
    "한국어 ไทย हिन्दी",
]


def people():
    """Rows of a file for the import: `plain` ones hold only what a vCard can say."""
    rows = []
    for n, text in enumerate(HARD):
        rows.append({
            "id": f"p{n}.x-{n}@acme", "name": text, "alias": text[::-1] if n % 3 == 0 else "",
            "department": "Acme/" + text.replace("\\", "\\\\").replace("/", "\\/").replace("|", "\\|"),
            "title": HARD[(n + 1) % len(HARD)], "mobile": f"+86 138 0000 {n:04}" if n % 2 else "",
            "phone": f"010;1,{n}" if n % 3 else "", "email": f"p{n}@acme.example" if n % 4 else "",
        })
    rows += [
        {"id": "ann", "name": "Ann Lee", "department": "Acme|Acme/R&D", "title": "Lead", "external_title": "=Head",
         "mobile": "+1", "email": "ann@acme.example", "leader_of": "Acme/R&D", "office": "Tower, 2; 7"},
        {"id": "bob", "name": "王芳", "department": "Acme/R&D", "manager": "ann", "status": "disabled", "=Desk": "@7"},
        {"id": "cho", "name": "单雄", "department": "Acme", "manager": "ann", "email": "cho@acme.example"},
    ]
    return rows


def people_csv():
    out = io.StringIO()
    columns = ["id", "name", "alias", "department", "title", "external_title", "mobile", "phone", "email", "manager",
               "leader_of", "office", "status", "=Desk"]
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(people())
    return out.getvalue()


class Server:
    """`namecard serve` with the company in it, and people who are signed in to it."""

    def __init__(self):
        self.operator = User()
        self.operator.env["NAMECARD_LOG"] = str(self.operator.home / "log")
        self.serving = self.operator.start(
            "serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"
        )
        while b" at " not in (line := self.serving.stderr.readline()):
            if not line:
                check("serve begins", False)
        self.origin = line.decode().split(" at ")[1].strip().rstrip(".")
        token = self.operator.home / "co.db.operator-token"
        self.operator_token = token.read_text().strip()
        self.operate = ["--server", self.origin, "--token-file", str(token)]
        self.operator.run("admin", "company", "create", "acme", "--name", COMPANY, *self.operate)
        (self.operator.home / "people.csv").write_text(people_csv())
        self.operator.run("import", "people.csv", "--company", "acme", *self.operate)
        self.operator.run("admin", "role", "cho", "admin", "--company", "acme", *self.operate)

    def token(self, member):
        return self.operator.run("admin", "token", member, "--company", "acme", *self.operate).strip()

    def signed_in(self, token):
        user = User()
        user.run("login", self.origin, text=token)
        return user

    def http(self, method, path, body=None, headers={}):
        """Status, headers, text of the answer."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.origin).netloc, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read().decode()
        connection.close()
        return found

    def visitors(self, user, names):
        """People ask for contact by the user's card, all at once: a form has to rest before it is sent."""
        card = "/C/" + user.json("card")["link"].rsplit("/", 1)[1]
        forms = []
        for _ in names:
            page = self.http("GET", f"{card}?for=business")[2]
            forms.append(re.search('name="form" value="([^"]+)"', page).group(1))
        waiting = list(zip(names, forms))

        def send():
            name, form = waiting[-1]
            at = len(waiting)
            fields = {"name": name, "company": names[at % len(names)], "title": names[-at % len(names)],
                      "email": f"v{at}@partner.example", "phone": f"+44 {at}", "purpose": "the fair", "form": form}
            status, _, page = self.http("POST", card, urllib.parse.urlencode(fields),
                                        {"content-type": "application/x-www-form-urlencoded"})
            if status == 303:
                waiting.pop()
            elif wrong := re.findall('id="([a-z]+)-error">([^<]+)', page):
                check(f"the form of {name!r}", False, (wrong, fields))
            return status == 303

        while waiting:
            until(f"the request of {waiting[-1][0]!r} is taken", send, 10)

    def stop(self):
        self.serving.terminate()
        self.serving.wait()
