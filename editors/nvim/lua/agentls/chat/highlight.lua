-- Highlights of Markdown and code, block by block, by Neovim's own parsers.

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

local function parse(block, lang)
  local text = table.concat(block.lines, '\n') .. '\n'
  local parser = vim.treesitter.get_string_parser(text, lang)
  parser:parse(true)
  local marks = {}
  parser:for_each_tree(function(tree, part)
    add_captures(marks, tree, text, part:lang())
  end)
  return marks
end

---The highlights of a block, remembered with it.
---@param block agentls.Block
---@return table[]
function M.of(block)
  if block.captures then
    return block.captures
  end
  block.captures = {}
  if block.bytes <= (block.closed and CLOSED_BYTES or GROWING_BYTES) then
    local lang = parser_of(block.lang)
    local ok, marks = pcall(parse, block, lang)
    if lang and ok then
      block.captures = marks
    end
  end
  return block.captures
end

return M
