"""A real Neovim with a screen: attached as a UI over msgpack-RPC, its grid kept, drawn as a picture.

Needs PyPI `msgpack` and `pillow`, and a monospaced font (Debian: fonts-dejavu-core).
"""

import os
import selectors
import subprocess
import time

import msgpack
from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
SIZE = 15
CELL = (9, 19)


class Screen:
    """What a terminal would show, from the events of `nvim_ui_attach` with `ext_linegrid`."""

    def __init__(self, argv, columns=150, rows=44, **options):
        self.columns, self.rows = columns, rows
        self.cells = [[(" ", 0)] * columns for _ in range(rows)]
        self.attributes, self.default = {0: {}}, (0, 0xFFFFFF)
        self.cursor = (0, 0)
        self.on_flush = lambda: None
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.unpacker = msgpack.Unpacker(raw=False, unicode_errors="replace", ext_hook=lambda _, data: msgpack.unpackb(data))
        self.asked = 0
        self.request("nvim_ui_attach", columns, rows, {"rgb": True, "ext_linegrid": True})

    def request(self, method, *arguments):
        """Asks Neovim and waits for the answer; the screen goes on meanwhile."""
        self.asked += 1
        self.process.stdin.write(msgpack.packb([0, self.asked, method, list(arguments)]))
        self.process.stdin.flush()
        while True:
            for message in self.take(10):
                if message[0] == 1 and message[1] == self.asked:
                    if message[2]:
                        raise RuntimeError(message[2])
                    return message[3]

    def lua(self, code, *arguments):
        return self.request("nvim_exec_lua", code, list(arguments))

    def keys(self, keys):
        self.request("nvim_input", keys)

    def wait(self, seconds):
        """Takes what comes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.take(left)

    def wait_for(self, text, seconds=10):
        """Waits until a text stands on the screen."""
        end = time.monotonic() + seconds
        while not any(text in line for line in self.text()):
            if time.monotonic() > end:
                raise TimeoutError(f"{text!r} is not on the screen:\n" + "\n".join(self.text()))
            self.take(0.1)

    def close(self):
        self.process.kill()
        self.process.wait()

    def take(self, seconds):
        """What arrived within so many seconds; redraw events are taken at once."""
        if not self.selector.select(seconds):
            return []
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        if not data:
            raise EOFError("Neovim ended")
        self.unpacker.feed(data)
        messages = list(self.unpacker)
        for message in messages:
            if message[0] == 2 and message[1] == "redraw":
                self._redraw(message[2])
        return messages

    def _redraw(self, events):
        for kind, *calls in events:
            handler = getattr(self, "_" + kind, None)
            for call in calls if handler else ():
                handler(*call)

    def _default_colors_set(self, foreground, background, *_):
        self.default = (foreground, background)

    def _hl_attr_define(self, number, rgb, *_):
        self.attributes[number] = rgb

    def _grid_resize(self, _grid, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[(" ", 0)] * columns for _ in range(rows)]

    def _grid_clear(self, _grid):
        self.cells = [[(" ", 0)] * self.columns for _ in range(self.rows)]

    def _grid_cursor_goto(self, _grid, row, column):
        self.cursor = (row, column)

    def _grid_line(self, _grid, row, column, cells, *_):
        attribute = 0
        for cell in cells:
            attribute = cell[1] if len(cell) > 1 else attribute
            for _ in range(cell[2] if len(cell) > 2 else 1):
                self.cells[row][column] = (cell[0], attribute)
                column += 1

    def _grid_scroll(self, _grid, top, bottom, left, right, rows, _columns):
        order = range(top, bottom - rows) if rows > 0 else range(bottom - 1, top - rows - 1, -1)
        for row in order:
            self.cells[row][left:right] = self.cells[row + rows][left:right]

    def _flush(self):
        self.on_flush()

    def text(self):
        """The screen's lines."""
        return ["".join(char for char, _ in row).rstrip() for row in self.cells]

    def picture(self, path):
        """Writes the screen as PNG."""
        width, height = CELL
        image = Image.new("RGB", (self.columns * width, self.rows * height), rgb(self.default[1]))
        draw = ImageDraw.Draw(image)
        fonts = {(bold, italic): ImageFont.truetype(FONTS % face(bold, italic), SIZE) for bold in (0, 1) for italic in (0, 1)}
        for row, cells in enumerate(self.cells):
            for column, (char, attribute) in enumerate(cells):
                self._cell(draw, fonts, row, column, char, self.attributes.get(attribute, {}))
        row, column = self.cursor
        box = (column * width, row * height, (column + 1) * width - 1, (row + 1) * height - 1)
        draw.rectangle(box, outline=rgb(self.default[0]))
        image.quantize(64).save(path, optimize=True)

    def colours(self, attribute):
        """Foreground and background of a cell."""
        foreground = attribute.get("foreground", self.default[0])
        background = attribute.get("background", self.default[1])
        return (background, foreground) if attribute.get("reverse") else (foreground, background)

    def weakest(self):
        """The lowest contrast of any letter or figure on the screen, as WCAG counts it, and the line that it stands in."""
        lines = self.text()
        ratios = (
            (contrast(*self.colours(self.attributes.get(attribute, {}))), lines[row].strip())
            for row, cells in enumerate(self.cells)
            for char, attribute in cells
            if char.isalnum()
        )
        return min(ratios, default=(21.0, ""))

    def _cell(self, draw, fonts, row, column, char, attribute):
        width, height = CELL
        foreground, background = self.colours(attribute)
        left, top = column * width, row * height
        if background != self.default[1]:
            draw.rectangle((left, top, left + width - 1, top + height - 1), fill=rgb(background))
        if char.strip():
            font = fonts[(int(bool(attribute.get("bold"))), int(bool(attribute.get("italic"))))]
            draw.text((left, top), char, font=font, fill=rgb(foreground))
        if attribute.get("underline") or attribute.get("undercurl"):
            draw.line((left, top + height - 2, left + width, top + height - 2), fill=rgb(foreground))


def face(bold, italic):
    return ("-" + "Bold" * bold + "Oblique" * italic) if bold or italic else ""


def contrast(one, other):
    """The contrast ratio of two colours, from 1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(number):
    parts = (part / 255 for part in rgb(number))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def rgb(number):
    return (number >> 16 & 255, number >> 8 & 255, number & 255)
