-- The highlight groups of all views. Each links to a group that every colour scheme has, so that light, dark and
-- high-contrast schemes are right by themselves; a person may set any of them. Plain text has a group without a link:
-- `Normal` would paint over the line of the cursor.

local M = {}

M.groups = {
  AgentlsUser = 'Title',
  AgentlsAssistant = 'Function',
  AgentlsHeading = 'Title',
  AgentlsTitle = false,
  AgentlsTool = 'Identifier',
  AgentlsPending = 'Comment',
  AgentlsRunning = 'DiagnosticInfo',
  AgentlsCompleted = 'DiagnosticOk',
  AgentlsFailed = 'DiagnosticError',
  AgentlsCure = 'DiagnosticHint',
  AgentlsWaiting = 'DiagnosticWarn',
  AgentlsRetrying = 'DiagnosticWarn',
  AgentlsReasoning = 'Comment',
  AgentlsOutput = false,
  AgentlsNote = 'Comment',
  AgentlsDim = 'Comment',
  AgentlsEvidence = 'Special',
  AgentlsAdded = 'Added',
  AgentlsRemoved = 'Removed',
  AgentlsDiffFile = 'Directory',
  AgentlsDiffHunk = 'Changed',
  AgentlsBar = 'Title',
  AgentlsQuestionTitle = 'DiagnosticWarn',
  AgentlsKey = 'Keyword',
  AgentlsFull = 'DiagnosticInfo',
  AgentlsSummary = 'DiagnosticHint',
  AgentlsFree = 'Comment',
}

function M.set()
  for name, link in pairs(M.groups) do
    vim.api.nvim_set_hl(0, name, { link = link or nil, default = true })
  end
end

return M
