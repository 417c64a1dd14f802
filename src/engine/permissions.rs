//! What a person allowed for longer than once: listed, and taken back.

use super::{Engine, EngineError};
use crate::{
    store::StoredApproval,
    transcript::{ApprovalId, Failure, SessionId},
};

impl Engine {
    /// What holds for this session, its project's approvals included, oldest first.
    pub async fn approvals(&self, session: &SessionId) -> Result<Vec<StoredApproval>, EngineError> {
        Ok(self.open().await?.store.approvals(session).await.map_err(Failure::from)?)
    }

    /// Takes one back, for a running turn too: its next call is asked for. `false` when there is none of that name.
    pub async fn revoke_approval(
        &self,
        session: &SessionId,
        approval: &ApprovalId,
    ) -> Result<bool, EngineError> {
        let open = self.open().await?;
        Ok(*open.store.revoke_approval(session, approval).await.map_err(Failure::from)?)
    }
}
