//! What a person allowed for longer than once: parameters, results and handlers of `permission/list` and
//! `permission/revoke`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{params::SessionParams, server::Server};
use crate::{
    engine::{EngineError, StoredApproval},
    permission::Scope,
    transcript::{ApprovalId, SessionId, Timestamp},
};

/// Parameters of `permission/revoke`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRevoke {
    /// A session for which it holds.
    pub session_id: SessionId,
    /// Which approval.
    pub approval_id: ApprovalId,
}

/// Result of `permission/list`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalList {
    /// What holds for the session, oldest first.
    pub approvals: Vec<ListedApproval>,
}

/// Something that a person allowed for longer than once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedApproval {
    /// Names it.
    pub approval_id: ApprovalId,
    /// The tool.
    pub tool: String,
    /// The pattern, matched like a configured rule.
    pub rule: String,
    /// `session` or `project`.
    pub scope: Scope,
    /// When it was allowed.
    pub created_at: Timestamp,
}

/// Result of `permission/revoke`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Revoked {
    /// `false` when there was none of that name.
    pub revoked: bool,
}

fn listed(stored: StoredApproval) -> ListedApproval {
    let StoredApproval { id, approved, whole_project, created_at } = stored;
    let scope = if whole_project { Scope::Project } else { Scope::Session };
    ListedApproval { approval_id: id, tool: approved.tool, rule: approved.rule, scope, created_at }
}

#[expect(missing_docs, reason = "the table of methods says what each does")]
impl Server {
    pub async fn permission_list(&self, params: SessionParams) -> Result<ApprovalList, EngineError> {
        let approvals = self.engine.approvals(&params.session_id).await?;
        Ok(ApprovalList { approvals: approvals.into_iter().map(listed).collect() })
    }

    pub async fn permission_revoke(&self, params: PermissionRevoke) -> Result<Revoked, EngineError> {
        Ok(Revoked { revoked: self.engine.revoke_approval(&params.session_id, &params.approval_id).await? })
    }
}
