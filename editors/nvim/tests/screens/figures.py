"""Measures what the README says, in a real Neovim with a screen:

    python figures.py <nvim> <agentls>

The first screen of a session of 5,000 messages and 50 MB, what it costs in memory, and how long a key in the prompt
takes to the screen while 60 deltas a second stream into the chat.
"""

import http.server
import json
import statistics
import threading
import time

from place import Place, arguments

KEYS = 300
OPENINGS = 5


def resident(pid):
    """Resident memory in bytes."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


class Provider(http.server.BaseHTTPRequestHandler):
    """Chat Completions: 60 deltas a second for two minutes."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        begun = time.monotonic()
        try:
            for number in range(60 * 120):
                time.sleep(max(0, begun + number / 60 - time.monotonic()))
                text = f"word{number} `code` " + ("\n\n- a **list**\n" if number % 40 == 39 else "")
                chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
                self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        except OSError:
            return

    def log_message(self, *_):
        pass


def open_long_session(place):
    """Milliseconds to the first screen, and the growth of Neovim's memory with it and after ten older pages."""
    screen = place.open()
    screen.lua("vim.cmd('Agentls start')")
    screen.lua("vim.wait(5000, function() return (require('agentls.server').state()) == 'running' end, 5)")
    screen.wait(0.3)
    before = resident(screen.process.pid)
    begun = time.monotonic()
    screen.keys(":Agentls resume ses_long<CR>")
    screen.wait_for("That is answer 4991")
    first = (time.monotonic() - begun) * 1000
    screen.wait(1)
    opened = resident(screen.process.pid)
    screen.keys("<C-w>k")
    for _ in range(10):
        screen.keys("gg")
        screen.wait(0.3)
    paged = resident(screen.process.pid)
    shown = screen.lua("return #require('agentls.chat').current().transcript.messages")
    screen.close()
    return first, opened - before, paged - before, shown


def type_while_streaming(place):
    """Milliseconds from each key to the screen that shows it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    models = {"model": {"context": 200000, "maxOutput": 8000}}
    url = f"http://127.0.0.1:{server.server_port}/v1"
    place.configure(model="local/model", providers={"local": {"api": "chat", "baseUrl": url, "models": models}})
    screen = place.open()
    screen.lua("vim.cmd('Agentls new')")
    screen.wait_for("Prompt")
    screen.keys("igo<Esc><CR>")
    screen.wait_for("word60")
    screen.keys("i")
    times, typed = [], ""
    for number in range(KEYS):
        typed += "abcdefghij"[number % 10]
        begun = time.monotonic()
        screen.keys(typed[-1])
        while not any(typed in line for line in screen.text()[-8:]):
            screen.take(1)
            if time.monotonic() - begun > 10:
                raise TimeoutError(typed)
        times.append((time.monotonic() - begun) * 1000)
        if len(typed) == 40:
            screen.keys("<C-u>")
            typed = ""
        screen.wait(0.03)
    screen.close()
    server.shutdown()
    return times


def main():
    nvim, binary, _ = arguments()
    place = Place(nvim, binary)
    place.import_long_session(5000, 53_000_000)
    runs = [open_long_session(place) for _ in range(OPENINGS)]
    print(f"first screen of 5,000 messages, 50 MB: median {statistics.median(run[0] for run in runs):.0f} ms, "
          f"slowest {max(run[0] for run in runs):.0f} ms")
    print(f"memory of Neovim: +{max(run[1] for run in runs) / 1e6:.1f} MB with it, "
          f"+{max(run[2] for run in runs) / 1e6:.1f} MB after {runs[0][3]} messages")
    times = sorted(type_while_streaming(Place(nvim, binary)))
    print(f"key to screen while 60 deltas a second stream: median {statistics.median(times):.1f} ms, "
          f"p95 {times[int(len(times) * 0.95)]:.1f} ms, slowest {times[-1]:.1f} ms, of {len(times)}")


if __name__ == "__main__":
    main()
