-- Highlights of Markdown and code, block by block, by Neovim's own parsers.

local syntax = require('agentls.chat.syntax')

local M = {}

-- A block that is still growing is parsed again with each paint, up to this size; a closed one once.
local GROWING_BYTES, CLOSED_BYTES = 8 * 1024, 64 * 1024

---@return string? parser the language whose parser is there
local function parser_of(lang)
  local name = vim.treesitter.language.get_lang(lang) or lang
  local ok, loaded = pcall(vim.treesitter.language.add, name)
  return ok and loaded and name or nil
end

---What a query captures, as marks.
local function add_captures(marks, tree, text, lang)
  local query = vim.treesitter.query.get(lang, 'highlights')
  if not query then
    return
  end
  for id, node, metadata in query:iter_captures(tree:root(), text, 0, -1) do
    local name = query.captures[id]
    if name:sub(1, 1) ~= '_' and name ~= 'spell' and name ~= 'nospell' then
      local range = vim.treesitter.get_range(node, text, metadata[id])
      local conceal = metadata.conceal or (metadata[id] and metadata[id].conceal)
      marks[#marks + 1] = {
        row = range[1],
        col = range[2],
        end_row = range[4],
        end_col = range[5],
        hl = '@' .. name .. '.' .. lang,
        conceal = conceal,
        priority = tonumber(metadata.priority),
      }
    end
  end
end

---What a closed fence holds, where no parser is there for its language.
local function add_code(marks, block)
  local lang = block.closed and block.fence
  if not lang or lang == '' or parser_of(lang) then
    return
  end
  local code = vim.list_slice(block.lines, 2, #block.lines - 1)
  for _, mark in ipairs(syntax.marks(code, lang)) do
    mark.row, mark.end_row = mark.row + 1, mark.end_row + 1
    marks[#marks + 1] = mark
  end
end

-- Whether parsers and their queries are loaded, which takes longer than any parse.
local warm = false

function M.is_warm()
  return warm
end

-- Parsers at work. They work in slices of a few milliseconds, so that no text, however odd, holds the editor.
local working = 0

---Parses a block; `done` is called with its marks, at once where that takes no longer than a slice.
local function parse(block, lang, done)
  local text = table.concat(block.lines, '\n') .. '\n'
  local parser = vim.treesitter.get_string_parser(text, lang)
  working = working + 1
  parser:parse(true, function(problem)
    working, warm = working - 1, true
    local marks = {}
    if not problem then
      parser:for_each_tree(function(tree, part)
        add_captures(marks, tree, text, part:lang())
      end)
      add_code(marks, block)
    end
    done(marks)
  end)
end

---The highlights of a block, remembered with it; none while they are not known.
---@param block agentls.Block
---@param later fun(block: agentls.Block) called when they are known, unless they are at once
---@return table[]? captures nil where it has to wait: what grows is not parsed while anything else is
function M.of(block, later)
  if block.captures then
    return block.captures
  elseif working > 0 and not block.closed then
    return nil
  end
  block.captures = {}
  local is_small = block.bytes <= (block.closed and CLOSED_BYTES or GROWING_BYTES)
  local lang = is_small and parser_of(block.lang)
  if is_small and not lang then
    add_code(block.captures, block)
  elseif lang then
    local at_once = true
    parse(block, lang, function(marks)
      block.captures = marks
      if not at_once then
        later(block)
      end
    end)
    at_once = false
  end
  return block.captures
end

return M
