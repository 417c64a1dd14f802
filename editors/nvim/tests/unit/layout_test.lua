local block = require('agentls.render.block')
local check = require('check')
local layout = require('agentls.chat.layout')

---Applies a replacement to lines, as the painter does to a buffer.
local function apply(lines, change)
  if not change then
    return lines
  end
  local result = vim.list_slice(lines, 1, change.first)
  vim.list_extend(result, change.lines)
  return vim.list_extend(result, vim.list_slice(lines, change.last + 1))
end

local function random_block(random)
  local lines = {}
  for at = 1, random(4) do
    lines[at] = ('line %d'):format(random(5))
  end
  return block.new('text', lines)
end

return {
  ['replacements lead to what a drawing from scratch would be'] = function()
    math.randomseed(7)
    local one, lines, groups = layout.new(), {}, {}
    for step = 1, 2000 do
      local key = 'group ' .. math.random(12)
      if not groups[key] then
        groups[key] = {}
        one:insert(key, math.random(#one.groups + 1))
      end
      local blocks = vim.list_slice(groups[key])
      if math.random(3) == 1 then
        table.remove(blocks, math.random(#blocks + 1))
      end
      table.insert(blocks, math.random(#blocks + 1), random_block(math.random))
      groups[key] = blocks
      lines = apply(lines, one:set(key, blocks))
      if step % 20 == 0 then
        local expected = {}
        for _, group in ipairs(one.groups) do
          for _, each in ipairs(groups[group.key]) do
            vim.list_extend(expected, each.lines)
          end
        end
        check.equal(lines, expected)
        check.equal(one.height, #expected)
      end
    end
  end,

  ['nothing is drawn where nothing changed'] = function()
    local one, blocks = layout.new(), { block.new('text', { 'a' }), block.new('text', { 'b' }) }
    one:insert('g')
    one:set('g', blocks)
    check.equal(one:set('g', vim.list_slice(blocks)), nil)
  end,

  ['only the lines that differ are replaced'] = function()
    local one, first = layout.new(), block.new('text', { 'a' })
    one:insert('g')
    one:set('g', { first, block.new('text', { 'b', 'c', 'd' }) })
    local change = one:set('g', { first, block.new('text', { 'b', 'c', 'e', 'f' }) })
    check.equal({ change.first, change.last, change.lines }, { 3, 4, { 'e', 'f' } })
    check.equal(change.marked_from, 1)
  end,

  ['a line leads to its block'] = function()
    local one, a, b = layout.new(), block.new('text', { '1', '2' }), block.new('text', { '3' })
    one:insert('x')
    one:set('x', { a })
    one:insert('y')
    one:set('y', { b })
    check.is_true(rawequal(one:at(1), a))
    check.is_true(rawequal(one:at(2), b))
    check.equal(one:at(3), nil)
    check.equal(one:row_of('y'), 2)
    local seen = 0
    one:between(1, 1, function()
      seen = seen + 1
    end)
    check.equal(seen, 1)
  end,
}
