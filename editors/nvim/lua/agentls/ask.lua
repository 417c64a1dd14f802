-- Asking about code: the file, the lines of a range, or the diagnostics on them, named in a prompt.

local chats = require('agentls.chat')
local clean = require('agentls.clean')
local mention = require('agentls.mention')
local prompt = require('agentls.prompt')
local tell = require('agentls.tell')

local M = {}

---The word that names the current file, or some of its lines.
local function word_here(call, cwd)
  local path = vim.api.nvim_buf_get_name(0)
  if vim.bo.buftype ~= '' or path == '' then
    return nil
  end
  return mention.word(vim.fs.relpath(cwd, path) or path, call.first, call.last)
end

---Calls `act` with the chat to ask in and the word for what it is about.
local function about(call, act)
  local buf, window = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
  if not word_here(call, vim.fn.getcwd()) then
    return tell.warn('this buffer is no file')
  end
  chats.with(function(chat)
    local word = vim.api.nvim_buf_call(buf, function()
      return word_here(call, chat.session.cwd)
    end)
    act(chat, word, buf, window)
  end)
end

---Puts the word into the prompt, and the cursor behind it.
function M.add(call)
  about(call, function(chat, word)
    prompt.add(chat, word .. ' ')
    prompt.focus(chat)
  end)
end

---Asks for the question about a word, and sends it.
---@param chat agentls.Chat
---@param word string
function M.about_word(chat, word)
  vim.ui.input({ prompt = ('Ask about %s: '):format(clean.one_line(word)) }, function(question)
    if question and vim.trim(question) ~= '' then
      prompt.send_text(chat, question .. ' ' .. word)
    end
  end)
end

---Asks about the file or the lines; the question is the rest of the command, or is asked for.
function M.ask(call)
  about(call, function(chat, word)
    if call.rest ~= '' then
      return prompt.send_text(chat, call.rest .. ' ' .. word)
    end
    M.about_word(chat, word)
  end)
end

function M.explain(call)
  about(call, function(chat, word)
    prompt.send_text(chat, 'Explain ' .. word)
  end)
end

---The diagnostics of a range, else of the line that the cursor is on.
local function diagnostics(call, buf, window)
  local first = call.first or vim.api.nvim_win_get_cursor(window)[1]
  local last = call.last or first
  return vim.tbl_filter(function(one)
    return one.lnum + 1 >= first and one.lnum + 1 <= last
  end, vim.diagnostic.get(buf))
end

function M.fix(call)
  local line = vim.api.nvim_win_get_cursor(0)[1]
  call = vim.tbl_extend('keep', call, { first = line, last = line })
  about(call, function(chat, word, buf, window)
    local found = diagnostics(call, buf, window)
    if #found == 0 then
      return tell.warn('there is no diagnostic here')
    end
    local lines = { ('Fix this in %s:'):format(word) }
    for _, one in ipairs(found) do
      lines[#lines + 1] = ('- line %d: %s'):format(one.lnum + 1, clean.one_line(one.message, 1000))
    end
    prompt.send_text(chat, table.concat(lines, '\n'))
  end)
end

return M
