"""A person scans the code: a browser without scripts from elsewhere reads the page, asks, and is told."""

import pathlib
import re
import shutil
import sys

import vobject
from playwright.sync_api import sync_playwright

from program import User, check, until

PICTURES = pathlib.Path(sys.argv[sys.argv.index("--pictures") + 1]) if "--pictures" in sys.argv else None


def keep(page, name):
    """A picture of a page, for a person to look at."""
    if PICTURES:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


LANGUAGES = [("en-GB", "Waiting for an answer", "Approved"), ("zh-CN", "等待答复", "已通过")]
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


def asks(user, browser, link, language, sent):
    """Reads the card, fills the form, and is approved; returns the status page."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale=language, is_mobile=True, has_touch=True,
        device_scale_factor=2,
    )
    page = context.new_page()
    troubles, asked = [], []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link)
    keep(page, f"{language}-1-card")
    check(f"{language}: the page has no script", page.locator("script").count() == 0)
    page.get_by_role("link").filter(has_text=re.compile("business|work|工作|商务", re.I)).first.click()
    check(f"{language}: the form fits 390 pixels", page.evaluate(FITS))
    page.fill("[name=name]", f"Peer 同行 {language}")
    page.fill("[name=email]", f"peer-{language}@partner.example".lower())
    page.fill("[name=purpose]", "to see that it works")
    keep(page, f"{language}-2-form")
    page.wait_for_timeout(3100)  # who is faster is taken for a program
    page.locator("form button").last.click()
    page.wait_for_load_state()
    keep(page, f"{language}-3-status")
    check(f"{language}: the status page says {sent!r}", sent in page.content(), page.content())
    check(f"{language}: it fits 390 pixels", page.evaluate(FITS))
    host = link.split("/")[2].lower()
    strangers = [url for url in asked if url.split("/")[2].lower() != host]
    check(f"{language}: nothing was asked of anybody else", not strangers, strangers)
    check(f"{language}: no complaint of the browser", not troubles, troubles)
    mine = [r for r in user.json("requests") if r["requester"]["name"] == f"Peer 同行 {language}"]
    check(f"{language}: the request is in the queue", len(mine) == 1)
    user.run("approve", mine[0]["id"])
    return page


def main():
    user = User()
    link = user.json("card")["link"]
    serving = user.start("watch")
    check("watch serves", b"watching" in serving.stderr.readline())
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        )
        pages = [asks(user, browser, link, language, sent) for language, sent, _ in LANGUAGES]
        for page, (language, _, approved) in zip(pages, LANGUAGES):
            until(f"{language}: the status page says {approved!r}", lambda: page.reload() and approved in page.content())
        # The namecard as a file, for the telephone's own address book.
        card = browser.new_context(locale="en-GB").new_page()
        card.goto(link)
        reference = card.locator("a[href*='vcf'], a[href*='vcard']").first.get_attribute("href")
        answer = card.request.get(f"{link.rsplit('/C/', 1)[0]}{reference}" if reference.startswith("/") else reference)
        parsed = vobject.readOne(answer.text())
        check(f"the vCard is one: {parsed.fn.value}", bool(parsed.fn.value) and parsed.version.value in ("3.0", "4.0"))
        browser.close()
    serving.terminate()
    serving.wait()
