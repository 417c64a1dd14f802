"""Draws each main view in light, dark and high contrast:

    python draw.py <nvim> <agentls> <directory of the pictures>
"""

import pathlib
import sys

from place import Place, arguments

# White on black, as people set it who need the contrast; what is not named is the default scheme's.
WHITE_ON_BLACK = " | ".join((
    "highlight Normal guifg=#ffffff guibg=#000000",
    "highlight Comment guifg=#d0d0d0",
    "highlight NonText guifg=#a0a0a0",
    "highlight CursorLine guibg=#202020",
    "highlight WinBar guifg=#ffffff guibg=#202020",
    "highlight WinBarNC guifg=#d0d0d0 guibg=#202020",
    "highlight WinSeparator guifg=#ffffff",
    "highlight StatusLineNC guifg=#ffffff guibg=#303030",
    "highlight! link TabLine StatusLineNC",
    "highlight DiffChange guifg=#ffffff guibg=#202020",
    "highlight DiffText guifg=#000000 guibg=#ffffff",
    "highlight PmenuSel guifg=#000000 guibg=#ffffff",
))

# How each scheme is set, and the contrast that its weakest text has at least (WCAG 2 asks for 4.5, for 7 in its highest
# level; the functions and infos of Neovim's own light scheme have 4.4, its warnings 4.3 on the line of the cursor).
SCHEMES = {
    "dark": ("set background=dark | colorscheme default", 4.5),
    "light": ("set background=light | colorscheme default", 4.2),
    "contrast": ("set background=dark | colorscheme default | " + WHITE_ON_BLACK, 7),
}

EDIT = 'where is retry_limit defined? then replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua and run `wc -l src/retry.lua`'


class Pictures:
    def __init__(self, nvim, binary, target, scheme, trusted=True):
        self.place = Place(nvim, binary, trusted)
        values = (f'local value_{at} = "needle {at}"' for at in range(1, 1500))
        (self.place.project / "src" / "values.lua").write_text("\n".join(values))
        agents = self.place.project / ".agentls" / "agents"
        agents.mkdir(parents=True)
        (agents / "reviewer.md").write_text("---\ndescription: reads a change with care\n---\nRead with care.\n")
        self.place.configure(
            permission={"bash": {"cat *": "allow"}}, compaction={"keepTokens": 6000, "protectTokens": 1000, "prune": False}
        )
        self.target, self.scheme, self.weak = target, scheme, []
        self.screen = self.place.open("src/retry.lua")
        commands, self.readable = SCHEMES[scheme]
        self.screen.lua("vim.cmd(...)", commands)
        self.screen.lua("require('agentls.highlights').set()")

    def take(self, name):
        self.screen.wait(0.4)
        self.screen.picture(self.target / f"{name}-{self.scheme}.png")
        ratio, line = self.screen.weakest()
        if ratio < self.readable:
            self.weak.append(f"{name}-{self.scheme}: {ratio:.1f} in {line[:80]!r}")

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
        self.take("command")
        screen.keys("ys")
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
        ):
            self.command(f"Agentls {command}")
            screen.wait_for(text)
            self.take(name)
            screen.keys("q")
            screen.wait(0.2)
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

    def sessions(self):
        """The list, with a session in it that needs the person."""
        screen = self.screen
        self.command("Agentls new")
        screen.wait(0.5)
        screen.keys("irun `make test`<Esc><CR>")
        screen.wait_for("Permission: bash")
        screen.keys("gq")
        self.command("Agentls sessions")
        screen.wait_for("needs you")
        self.take("sessions")
        screen.keys("q")
        self.command("Agentls cancel")
        screen.wait_for("Stopped.")

    def has(self, method):
        return self.screen.lua("return require('agentls.server').supports(...)", method)

    def lists(self):
        """What is chosen from, as Neovim shows it without a picker."""
        for command, method in (("agent", "agent/list"), ("model", "model/list"), ("permissions", "permission/list"), ("projects", "project/list")):
            if self.has(method):
                self.command(f"Agentls {command}")
                self.screen.wait_for("Type number")
                self.take(command)
                self.screen.keys("<Esc><Esc>")
                self.screen.wait(0.3)

    def trust(self):
        """The question whether the workspace is trusted, in one that nobody has vouched for."""
        self.command("Agentls new")
        self.screen.wait_for("Prompt")
        if self.has("project/trust"):
            self.screen.keys("irun `make test`<Esc><CR>")
            self.screen.wait_for("Do you trust")
            self.take("trust")

    def down(self):
        self.command("Agentls stop")
        self.screen.wait_for("<CR> starts it")
        self.take("down")

    def keys(self):
        self.screen.keys("<C-w>b<Esc>g?")
        self.take("keys")
        self.screen.keys("q")
        self.screen.keys("ggdGi@")
        self.take("completion")
        self.screen.keys("<C-e><Esc>ggdG")


def main():
    nvim, binary, rest = arguments()
    target = pathlib.Path(rest[0])
    target.mkdir(parents=True, exist_ok=True)
    weak = []
    for scheme in SCHEMES:
        pictures = Pictures(nvim, binary, target, scheme)
        try:
            pictures.turn()
            pictures.cards()
            pictures.views()
            pictures.fill()
            pictures.context()
            pictures.keys()
            pictures.lists()
            pictures.sessions()
            pictures.down()
        finally:
            pictures.screen.close()
        unknown = Pictures(nvim, binary, target, scheme, trusted=False)
        try:
            unknown.trust()
        finally:
            unknown.screen.close()
        weak += pictures.weak + unknown.weak
    print(f"{len(list(target.glob('*.png')))} pictures in {target}")
    if weak:
        sys.exit("text that is hard to read:\n" + "\n".join(weak))


if __name__ == "__main__":
    sys.exit(main())
