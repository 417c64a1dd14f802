-- What a prompt names with `@`: files, folders, lines of them, the diagnostics and buffers that are open.
-- `find` is pure; `parts` reads what was found.

local M = {}

-- Names that mean something else than a path.
M.special = {
  { 'selection', 'the lines selected last' },
  { 'buffer', 'the file that was edited last' },
  { 'buffers', 'all files that are open' },
  { 'diagnostics', 'errors and warnings of the file edited last' },
}

local IMAGES = { png = 'image/png', jpg = 'image/jpeg', jpeg = 'image/jpeg', gif = 'image/gif', webp = 'image/webp' }

---A path with lines behind it: `a.lua:3`, `a.lua:3-9`.
local function with_lines(word)
  local path, first, last = word:match('^(.-):(%d+)%-(%d+)$')
  if not path then
    path, first = word:match('^(.-):(%d+)$')
  end
  if not path then
    return { path = word }
  end
  return { path = path, first = tonumber(first), last = tonumber(last or first) }
end

---The words behind `@`, in order, each once.
---@param text string
---@return { path: string, first: integer?, last: integer? }[]
function M.find(text)
  local found, seen = {}, {}
  for before, quoted, plain in (' ' .. text):gmatch('([%s(%[])@(%b"")([^%s]*)') do
    local word = quoted:sub(2, -2) .. plain
    if before and not seen[word] then
      seen[word] = true
      found[#found + 1] = with_lines(word)
    end
  end
  for plain in (' ' .. text):gmatch('[%s(%[]@([^%s"]+)') do
    local word = plain:gsub('[.,;:!?)%]]+$', '')
    if word ~= '' and not seen[word] then
      seen[word] = true
      found[#found + 1] = with_lines(word)
    end
  end
  return found
end

---The word for a file and some of its lines.
function M.word(path, first, last)
  local lines = first and (first == last and (':%d'):format(first) or (':%d-%d'):format(first, last)) or ''
  return path:find('%s') and ('@"%s%s"'):format(path, lines) or '@' .. path .. lines
end

---The file buffer that had the cursor last.
---@return integer?
function M.last_document()
  local infos = vim.tbl_filter(function(info)
    return vim.bo[info.bufnr].buftype == '' and info.name ~= ''
  end, vim.fn.getbufinfo({ bufloaded = 1, buflisted = 1 }))
  table.sort(infos, function(a, b)
    return a.lastused > b.lastused
  end)
  return infos[1] and infos[1].bufnr
end

local function file_part(path, first, last)
  local part = { type = 'file', uri = vim.uri_from_fname(path) }
  if first then
    part.range = { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
  end
  return part
end

local function folder_part(path)
  local names = {}
  for name, kind in vim.fs.dir(path) do
    names[#names + 1] = name .. (kind == 'directory' and '/' or '')
  end
  table.sort(names)
  return { type = 'file', uri = vim.uri_from_fname(path), text = table.concat(names, '\n') }
end

local function image_part(path, mime)
  return { type = 'image', mime = mime, base64 = vim.base64.encode(vim.fn.readblob(path)) }
end

local SEVERITIES = { 'error', 'warning', 'information', 'hint' }

---What is wrong with a buffer, as text.
local function diagnostics_part(buf)
  local lines = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    lines[#lines + 1] = ('line %d: %s: %s'):format(one.lnum + 1, SEVERITIES[one.severity], one.message)
  end
  local name = vim.api.nvim_buf_get_name(buf)
  local text = #lines > 0 and table.concat(lines, '\n') or 'no diagnostics'
  return { type = 'file', uri = vim.uri_from_fname(name), text = ('diagnostics of %s\n%s'):format(name, text) }
end

local special = {}

function special.buffer(buf)
  return { buf and file_part(vim.api.nvim_buf_get_name(buf)) }
end

function special.buffers()
  local parts = {}
  for _, info in ipairs(vim.fn.getbufinfo({ bufloaded = 1, buflisted = 1 })) do
    if vim.bo[info.bufnr].buftype == '' and vim.fn.filereadable(info.name) == 1 then
      parts[#parts + 1] = file_part(info.name)
    end
  end
  return parts
end

function special.diagnostics(buf)
  return { buf and diagnostics_part(buf) }
end

function special.selection(buf)
  local first = buf and vim.api.nvim_buf_get_mark(buf, '<')[1] or 0
  local last = buf and vim.api.nvim_buf_get_mark(buf, '>')[1] or 0
  return { first > 0 and file_part(vim.api.nvim_buf_get_name(buf), first, last) or nil }
end

---The parts for one word; none where it names nothing, as in a mail address.
local function parts_of(found, cwd)
  if special[found.path] then
    return special[found.path](M.last_document())
  end
  local path = vim.fs.normalize(found.path)
  path = path:sub(1, 1) == '/' and path or vim.fs.joinpath(cwd, path)
  local about = vim.uv.fs_stat(path)
  local mime = IMAGES[(path:match('%.(%w+)$') or ''):lower()]
  if not about then
    return {}
  elseif about.type == 'directory' then
    return { folder_part(path) }
  elseif mime then
    return { image_part(path, mime) }
  end
  return { file_part(path, found.first, found.last) }
end

---The parts of a prompt: its text, and what the text names.
---@param text string
---@param cwd string
---@return table[]
function M.parts(text, cwd)
  local parts = { { type = 'text', text = text } }
  for _, found in ipairs(M.find(text)) do
    vim.list_extend(parts, parts_of(found, cwd))
  end
  return parts
end

return M
