//! Evidence: bounded, the same on every replay, and read back as it was stored, whatever stands there.
//!
//! The input is six texts: tool, title, input, output, names of attachments (one a line), a stored record.

use agentls::transcript::{
    Attachment, Body, PartId, Timestamp, ToolPart, ToolState,
    evidence::{MOST_BYTES, Record, digest},
    excerpt, text,
};

pub fn holds(bytes: &[u8]) {
    let [name, title, input, output, names, stored] = super::texts(bytes);
    let part = PartId::from("prt_7h3qk5wzn2mxa9cbd4ef");
    let tool = call(&name, &title, &input, &names);
    let record = Record::of(&part, &tool, &output);
    is_sound(&part, &tool, Some(&record));
    is_sound(&part, &tool, None);
    assert_eq!(Record::of(&part, &tool, &output), record);
    assert_eq!(Record::read(&serde_json::to_string(&record).unwrap()), Some(record));
    if let Some(found) = Record::read(&stored) {
        is_sound(&part, &tool, Some(&found));
        assert_eq!(Record::read(&serde_json::to_string(&found).unwrap()), Some(found));
    }
    for budget in [0, 1, 7, output.len() / 2, MOST_BYTES] {
        assert!(excerpt::choose(&output, budget).len() <= budget, "an excerpt of {budget} bytes");
    }
    let shown = text::cap_output(&output, Some(part.as_str()));
    assert!(shown.len() <= output.len().min(text::SHOWN_BYTES + 200));
}

fn is_sound(part: &PartId, tool: &ToolPart, record: Option<&Record>) {
    let digest_of = || digest(part, tool, record);
    let shown = digest_of();
    assert!(shown.len() <= MOST_BYTES, "{} bytes", shown.len());
    assert_eq!(shown, digest_of(), "the same on every replay");
    assert!(shown.starts_with("[Compacted tool result]\ntool: "));
    let last = format!("recall: {part}");
    assert_eq!(shown.lines().last(), Some(last.as_str()));
}

fn call(name: &str, title: &str, input: &str, names: &str) -> ToolPart {
    let attachment = |name: &str| Attachment {
        mime: "image/png".into(),
        name: Some(name.to_owned()),
        bytes: 1,
        shown: None,
    };
    ToolPart {
        call_id: "c".into(),
        tool: name.into(),
        title: Some(title.to_owned()).filter(|title| !title.is_empty()),
        input: Body::whole(input),
        state: ToolState::Running { started_at: Timestamp(0) },
        compacted_at: None,
        attachments: names.lines().map(attachment).collect(),
    }
}
