"""A project, a database and a Neovim with the plugin, of a test's own."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from screen import Screen

PLUGIN = pathlib.Path(__file__).resolve().parents[2]

INIT = """
vim.opt.runtimepath:prepend(%(plugin)s)
vim.cmd('runtime plugin/agentls.lua')
vim.o.termguicolors, vim.o.swapfile, vim.o.shortmess = true, false, vim.o.shortmess .. 'I'
require('agentls').setup({ cmd = { %(binary)s, 'serve' }, permission = { guard = 50 }, server = { trust = %(trust)s } })
"""

RETRY = """-- how often a request is tried again
local retry_limit = 3

local function retry(request)
  for attempt = 1, retry_limit do
    if request(attempt) then
      return true
    end
  end
end

return retry
"""


class Place:
    def __init__(self, nvim, binary, trusted=True):
        self.nvim, self.binary = nvim, os.path.abspath(binary)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="agentls-"))
        self.project = self.root / "project"
        (self.project / "src").mkdir(parents=True)
        (self.root / "config").mkdir()
        (self.project / "src" / "retry.lua").write_text(RETRY)
        names = {"plugin": json.dumps(str(PLUGIN)), "binary": json.dumps(self.binary), "trust": "'trusted'" if trusted else "nil"}
        (self.root / "init.lua").write_text(INIT % names)
        self.environment = dict(
            os.environ,
            AGENTLS_DATA_DIR=str(self.root / "data"),
            AGENTLS_CONFIG_DIR=str(self.root / "config"),
            XDG_STATE_HOME=str(self.root / "state"),
        )

    def configure(self, **config):
        (self.root / "config" / "config.jsonc").write_text(json.dumps(config))

    def open(self, *arguments, columns=150, rows=44):
        argv = [self.nvim, "--embed", "--clean", "-n", "-i", "NONE", "-u", str(self.root / "init.lua"), *arguments]
        return Screen(argv, columns, rows, cwd=self.project, env=self.environment)

    def import_long_session(self, messages, size):
        """A session of so many messages, by the importer."""
        code = (
            "package.path = %s .. '/?.lua;' .. package.path "
            "require('long_session').import({ root = %s, project = %s, binary = %s }, %d, %d) os.exit(0)"
        )
        paths = [json.dumps(str(path)) for path in (PLUGIN / "tests" / "e2e", self.root, self.project, self.binary)]
        script = self.root / "import.lua"
        script.write_text(code % (*paths, messages, size))
        subprocess.run([self.nvim, "--clean", "-l", str(script)], check=True)


def arguments():
    """The paths of nvim and of agentls, and the rest."""
    if len(sys.argv) < 3:
        sys.exit(f"usage: {sys.argv[0]} <nvim> <agentls> …")
    return sys.argv[1], sys.argv[2], sys.argv[3:]
