-- The image in the clipboard, where the system has a program that gives it.

local mention = require('agentls.mention')
local prompt = require('agentls.prompt')
local tell = require('agentls.tell')

local M = {}

-- Programs that print the image as PNG.
local PROGRAMS = {
  { 'wl-paste', '--type', 'image/png' },
  { 'xclip', '-selection', 'clipboard', '-target', 'image/png', '-out' },
  { 'pngpaste', '-' },
}

---Keeps the image in a file of this Neovim, which goes when it ends, and names it in the prompt.
---@param chat agentls.Chat
function M.add_image(chat)
  for _, program in ipairs(PROGRAMS) do
    if vim.fn.executable(program[1]) == 1 then
      local done = vim.system(program, { text = false }):wait(3000)
      if done.code == 0 and vim.startswith(done.stdout or '', '\137PNG') then
        local path = vim.fn.tempname() .. '.png'
        local file = assert(io.open(path, 'wb'))
        file:write(done.stdout)
        file:close()
        return prompt.add(chat, mention.word(path) .. ' ')
      end
      return tell.warn('there is no image in the clipboard')
    end
  end
  tell.warn('none of wl-paste, xclip and pngpaste is installed')
end

return M
