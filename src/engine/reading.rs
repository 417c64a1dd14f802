//! Reading what is stored of a session: pages of messages, ranges of parts, evidence.

use super::{Engine, EngineError, MessagePage, MessageQuery, PartRange, RangeContent};
use crate::{
    store::{Evidence, Field, Loading, MessagesPage, PageQuery},
    transcript::{Failure, MessageId, PartId},
};

/// How much of a body a page of messages shows unless it is asked for whole ones, in bytes.
pub(in crate::engine) const PREVIEW_BYTES: usize = 2 * 1024;

/// Bytes of bodies in one page of messages that was asked for with whole ones.
pub(in crate::engine) const PAGE_BYTES: usize = 32 * 1024 * 1024;

/// Bytes that one `part/read` returns at most.
pub(in crate::engine) const MOST_READ: u64 = 4 * 1024 * 1024;

impl Engine {
    /// A page of messages, ascending.
    pub async fn messages(&self, query: MessageQuery) -> Result<MessagePage, EngineError> {
        let page = PageQuery {
            session: query.session_id,
            before: query.before.map(MessageId::from),
            after: query.after.map(MessageId::from),
            limit: query.limit,
            loading: if query.full { Loading::Within(PAGE_BYTES) } else { Loading::Preview(PREVIEW_BYTES) },
        };
        let page = self.store().await?.messages(page).await.map_err(Failure::from)?;
        let MessagesPage { messages, has_before, has_after, recovered } = page;
        Ok(MessagePage { messages, has_before, has_after, recovered })
    }

    /// A range of a part's `text`, `input`, `output`, `error`, `data` (of a file), `attachment:N` or
    /// `copy:N` (what models are sent of an image that was made to fit), at most 4 MiB.
    /// Without a field, the part's main one.
    pub async fn read_part(
        &self,
        part: &PartId,
        field: Option<&str>,
        offset: u64,
        limit: u64,
    ) -> Result<PartRange, EngineError> {
        let store = self.store().await?;
        let field = match field {
            None => store.main_field(part).await.map_err(Failure::from)?,
            Some(name) => Field::from_name(name)
                .ok_or_else(|| EngineError::InvalidParams(format!("field: there is no field `{name}`")))?,
        };
        let binary = store.is_binary(part, field).await.map_err(Failure::from)?;
        let range =
            store.read_part(part, field, offset, limit.min(MOST_READ)).await.map_err(Failure::from)?;
        let eof = range.offset + range.data.len() as u64 >= range.bytes;
        let content = if binary {
            RangeContent::Binary(range.data)
        } else {
            RangeContent::Text(String::from_utf8_lossy(&range.data).into_owned())
        };
        Ok(PartRange { content, offset: range.offset, bytes: range.bytes, eof })
    }

    /// The evidence of a settled tool call: what the model sees of it once it is compacted.
    pub async fn evidence(&self, part: &PartId) -> Result<Evidence, EngineError> {
        Ok(self.store().await?.evidence(part).await.map_err(Failure::from)?)
    }
}
