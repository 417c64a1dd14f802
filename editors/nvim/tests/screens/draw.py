"""Draws each main view in light, dark and high contrast:

    python draw.py <nvim> <agentls> <directory of the pictures>
"""

import pathlib
import sys

from place import Place, arguments

SCHEMES = {
    "dark": "set background=dark | colorscheme default",
    "light": "set background=light | colorscheme default",
    "contrast": "set background=dark | highlight clear | colorscheme quiet",
}

EDIT = 'where is retry_limit defined? then replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua and run `wc -l src/retry.lua`'


class Pictures:
    def __init__(self, nvim, binary, target, scheme):
        self.place = Place(nvim, binary)
        values = (f'local value_{at} = "needle {at}"' for at in range(1, 1500))
        (self.place.project / "src" / "values.lua").write_text("\n".join(values))
        self.place.configure(
            permission={"bash": {"cat *": "allow"}}, compaction={"keepTokens": 6000, "protectTokens": 1000, "prune": False}
        )
        self.target, self.scheme = target, scheme
        self.screen = self.place.open("src/retry.lua")
        self.screen.lua("vim.cmd(...)", SCHEMES[scheme])
        self.screen.lua("require('agentls.highlights').set()")

    def take(self, name):
        self.screen.wait(0.4)
        self.screen.picture(self.target / f"{name}-{self.scheme}.png")

    def command(self, command):
        self.screen.lua("vim.cmd(...)", command)

    def turn(self):
        """A turn with its two questions."""
        screen = self.screen
        self.command("Agentls new")
        screen.wait_for("Prompt")
        screen.keys("i" + EDIT + "<Esc><CR>")
        screen.wait_for("Permission: edit")
        self.take("permission")
        screen.keys("yo")
        screen.wait_for("Permission: bash")
        screen.wait(0.3)
        screen.keys("yo")
        screen.wait_for("ran and said")
        self.take("chat")

    def cards(self):
        screen = self.screen
        screen.keys("<C-w>kgg")
        screen.wait(0.2)
        screen.keys("zR")
        self.take("cards")
        screen.keys("zMG<C-w>j")

    def fill(self):
        """A longer history, compacted, so that the context view has something to show."""
        screen = self.screen
        for prompt, text in (
            ("run `cat src/values.lua`", "cat src/values.lua ran"),
            ("find needle", "Other places"),
            ("where is retry defined?", "retry` is defined"),
        ):
            screen.keys("<C-w>b<Esc>ggdGi" + prompt + "<Esc><CR>")
            screen.wait_for(text.replace("`", ""))
            screen.wait(0.5)
        self.command("Agentls compact")
        screen.wait_for("Compact, and say")
        self.screen.keys("2<CR>")
        screen.wait(1.5)

    def views(self):
        screen = self.screen
        for command, name, text in (
            ("ledger", "ledger", "The ledger"),
            ("next", "next", "// POST"),
            ("sessions", "sessions", "Sessions, here"),
        ):
            self.command(f"Agentls {command}")
            screen.wait_for(text)
            self.take(name)
            screen.keys("q")
            screen.wait(0.2)
        if screen.lua("return require('agentls.server').supports('session/changes')"):
            self.command("Agentls review")
            screen.wait_for("hunk")
            self.take("review")
            screen.keys("=")
            screen.wait_for("retry_limit = 3")
            screen.wait(0.5)
            self.take("diff")
            self.command("tabclose | tabclose")

    def context(self):
        self.command("Agentls context")
        self.screen.wait_for("widest first")
        self.take("context")
        self.screen.keys("q")
        self.screen.wait(0.2)

    def keys(self):
        self.screen.keys("<C-w>b<Esc>g?")
        self.take("keys")
        self.screen.keys("q")
        self.screen.keys("ggdGi@")
        self.take("completion")


def main():
    nvim, binary, rest = arguments()
    target = pathlib.Path(rest[0])
    target.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        pictures = Pictures(nvim, binary, target, scheme)
        try:
            pictures.turn()
            pictures.cards()
            pictures.views()
            pictures.fill()
            pictures.context()
            pictures.keys()
        finally:
            pictures.screen.close()
    print(f"{len(list(target.glob('*.png')))} pictures in {target}")


if __name__ == "__main__":
    sys.exit(main())
