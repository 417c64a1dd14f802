//! `todo`: the list that the model keeps of what it is doing. Stored with the session and shown to the person.

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Output, Tool, ToolContext, ToolError, params};
use crate::{
    provider::ToolSpec,
    transcript::{TodoItem, TodoStatus, text},
};

/// Items that a list may have.
pub(in crate::tool) const MOST_ITEMS: usize = 200;

/// Bytes that an item's text may have.
pub(in crate::tool) const LONGEST_ITEM: usize = 1_000;

/// Replaces the todo list.
#[derive(Clone, Copy, Debug)]
pub struct Todo;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// The whole list, in order.
    items: Vec<TodoItem>,
}

impl Tool for Todo {
    fn spec(&self) -> ToolSpec {
        params::spec::<Params>(
            "todo",
            "Replace the todo list of this session. Use it for work of three steps or more, and keep one \
                          item active at a time.",
        )
    }

    fn call(&self, context: ToolContext, input: Value) -> BoxFuture<'_, Result<Output, ToolError>> {
        Box::pin(async move {
            let Params { mut items } = params::read(input)?;
            let left_out = items.len().saturating_sub(MOST_ITEMS);
            items.truncate(MOST_ITEMS);
            for item in &mut items {
                item.text = text::ellipsis(&item.text, LONGEST_ITEM);
            }
            let stored = context
                .store
                .set_todo(&context.session, items)
                .await
                .map_err(|error| ToolError::Failed(format!("the list could not be stored: {error}")))?
                .into_inner();
            let mut text = rendered(&stored);
            if left_out > 0 {
                text += &format!("[{left_out} more items were left out: a list has at most {MOST_ITEMS}]\n");
            }
            let output = Output { title: summary(&stored), text, ..Output::default() };
            context.progress.todo(stored);
            Ok(output)
        })
    }
}

fn summary(items: &[TodoItem]) -> String {
    let open =
        items.iter().filter(|item| matches!(item.status, TodoStatus::Pending | TodoStatus::Active)).count();
    format!("{open} of {} open", items.len())
}

fn rendered(items: &[TodoItem]) -> String {
    let line = |item: &TodoItem| {
        let mark = match item.status {
            TodoStatus::Pending => ' ',
            TodoStatus::Active => '>',
            TodoStatus::Done => 'x',
            TodoStatus::Dropped => '-',
        };
        format!("[{mark}] {}\n", item.text)
    };
    if items.is_empty() { "The list is empty.".to_owned() } else { items.iter().map(line).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_a_list() {
        let item = |text: &str, status| TodoItem { text: text.to_owned(), status };
        let items = [item("look", TodoStatus::Done), item("change", TodoStatus::Active)];
        assert_eq!(rendered(&items), "[x] look\n[>] change\n");
        assert_eq!(summary(&items), "1 of 2 open");
    }
}
