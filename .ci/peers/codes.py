"""The namecard's code, on the screen and as a picture, read by five readers of codes."""

import re
import time

import cv2
import numpy
import pexpect
import pyte
import zxingcpp
from PIL import Image, ImageDraw
from pyzbar import pyzbar

from program import PROGRAM, User, check

NEEDED = 4


def readers(picture):
    """What each of five readers makes of a picture."""
    image = picture.convert("RGB")
    array = numpy.array(image)
    answers = {"zbar": [found.data.decode() for found in pyzbar.decode(image)]}
    answers["zxing"] = [found.text for found in zxingcpp.read_barcodes(array)]
    answers["opencv"] = [cv2.QRCodeDetector().detectAndDecode(array)[0]]
    answers["aruco"] = [cv2.QRCodeDetectorAruco().detectAndDecode(array)[0]]
    answers["wechat"] = list(cv2.wechat_qrcode_WeChatQRCode().detectAndDecode(array)[0])
    return answers


def reads_as(what, picture, text):
    answers = readers(picture)
    good = [name for name, found in answers.items() if text in found]
    check(f"{what}: read by {len(good)} of 5 ({', '.join(good)})", len(good) >= NEEDED, answers)


class Screen:
    """The program in a terminal in memory."""

    def __init__(self, user, columns, rows, *arguments):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            str(PROGRAM), list(arguments), env=user.env, dimensions=(rows, columns), timeout=1
        )

    def until(self, text, seconds=30):
        end = time.monotonic() + seconds
        while not any(text in row for row in self.rows()):
            if time.monotonic() > end:
                check(f"the screen shows {text!r}", False, "\n".join(self.rows()))
            self.read(0.05)

    def rows(self):
        columns = range(self.screen.columns)
        return ["".join(self.screen.buffer[y][x].data for x in columns) for y in range(self.screen.lines)]

    def read(self, seconds):
        try:
            self.stream.feed(self.child.read_nonblocking(65536, seconds))
        except pexpect.TIMEOUT:
            pass

    def picture(self, dark):
        """Its cells as a terminal paints them."""
        wide, high = 10, 20
        ground = (30, 30, 30) if dark else (255, 255, 255)
        picture = Image.new("RGB", (self.screen.columns * wide, self.screen.lines * high), ground)
        draw = ImageDraw.Draw(picture)

        def colour(name, default):
            if name == "default":
                return default
            if re.fullmatch("[0-9a-f]{6}", name):
                return "#" + name
            return {"black": "#000000", "white": "#e5e5e5", "brightwhite": "#ffffff"}.get(name, "#808080")

        for y in range(self.screen.lines):
            for x in range(self.screen.columns):
                cell = self.screen.buffer[y][x]
                ink = colour(cell.fg, (212, 212, 212) if dark else (30, 30, 30))
                paper = colour(cell.bg, ground)
                left, top = x * wide, y * high
                draw.rectangle((left, top, left + wide - 1, top + high - 1), fill=paper)
                if cell.data == "▀":
                    draw.rectangle((left, top, left + wide - 1, top + high // 2 - 1), fill=ink)
                elif cell.data == "▄":
                    draw.rectangle((left, top + high // 2, left + wide - 1, top + high - 1), fill=ink)
                elif cell.data.strip():
                    # Letters only have to be in the way.
                    draw.rectangle((left + 2, top + 5, left + wide - 3, top + high - 6), outline=ink)
        return picture

    def leave(self):
        self.child.send("q")
        self.child.send("q")
        self.child.expect(pexpect.EOF, timeout=20)
        self.child.close()
        check("the screen ends with 0", self.child.exitstatus == 0, self.child.exitstatus)


def main():
    user = User()
    link = user.json("card")["link"]
    check(f"the link fits the code's alphabet: {len(link)} letters", re.fullmatch("[0-9A-Z $%*+./:-]+", link))
    file = user.home / "code.png"
    user.run("qr", "--as", "png", "--out", str(file))
    reads_as("the code as PNG", Image.open(file), link)
    for columns, rows in [(80, 24), (120, 40)]:
        screen = Screen(user, columns, rows)
        screen.until("live")
        screen.child.send("Q")
        screen.until(link[:30])
        screen.read(0.3)
        for dark in (True, False):
            name = f"the code on the screen, {columns}x{rows}, {'dark' if dark else 'light'}"
            reads_as(name, screen.picture(dark), link)
        screen.leave()
