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

-- What a program may take: one that waits for another window to give its image away may never end.
local PATIENCE_MS = 5000

---Keeps a picture in a file of this Neovim, which goes when it ends.
---@param png string
---@return string path
local function keep(png)
  local path = vim.fn.tempname() .. '.png'
  local file = assert(io.open(path, 'wb'))
  file:write(png)
  file:close()
  return path
end

---Names the image in the prompt.
---@param chat agentls.Chat
function M.add_image(chat)
  local program = vim.iter(PROGRAMS):find(function(one)
    return vim.fn.executable(one[1]) == 1
  end)
  if not program then
    return tell.warn('none of wl-paste, xclip and pngpaste is installed')
  end
  vim.system(program, { text = false, timeout = PATIENCE_MS }, vim.schedule_wrap(function(done)
    if done.code ~= 0 or not vim.startswith(done.stdout or '', '\137PNG') then
      return tell.warn('there is no image in the clipboard')
    end
    prompt.add(chat, mention.word(keep(done.stdout)) .. ' ')
  end))
end

return M
