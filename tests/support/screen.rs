//! A client that only listens: the messages of a session as its updates make them, for comparison with the log.

use serde_json::{Value, json};

/// What a client would show.
#[derive(Default)]
pub struct Screen {
    /// By `seq`.
    messages: Vec<Value>,
}

impl Screen {
    /// After these updates, in order.
    pub fn of(updates: &[Value]) -> Self {
        let mut screen = Self::default();
        for update in updates {
            screen.take(update);
        }
        screen
    }

    fn take(&mut self, update: &Value) {
        match update["kind"].as_str() {
            Some("message") => {
                let message = &update["message"];
                self.messages.retain(|known| known["id"] != message["id"]);
                self.messages.push(message.clone());
                self.messages.sort_by_key(|message| message["seq"].as_u64());
            }
            Some("part") => {
                let part = &update["part"];
                let Some(parts) = self.parts_of(&part["messageId"]) else { return };
                match parts.iter_mut().find(|known| known["id"] == part["id"]) {
                    Some(known) => *known = part.clone(),
                    None => parts.push(part.clone()),
                }
            }
            Some("partDelta") => self.grow(update),
            _ => {}
        }
    }

    fn grow(&mut self, delta: &Value) {
        let field = delta["field"].as_str().expect("a delta has a field").to_owned();
        let Some(parts) = self.parts_of(&delta["messageId"]) else { return };
        let Some(part) = parts.iter_mut().find(|known| known["id"] == delta["partId"]) else { return };
        let known = part[&field]["text"].as_str().unwrap_or_default();
        let grown = format!("{known}{}", delta["text"].as_str().expect("a delta has a text"));
        part[&field] = json!({"text": grown, "bytes": grown.len(), "truncated": false});
    }

    fn parts_of(&mut self, message: &Value) -> Option<&mut Vec<Value>> {
        self.messages.iter_mut().find(|known| known["id"] == *message)?["parts"].as_array_mut()
    }

    /// What it shows otherwise than the log, where it does.
    pub fn difference(&self, log: &[Value]) -> Option<String> {
        if self.messages.len() != log.len() {
            let seqs: Vec<_> = self.messages.iter().map(|message| message["seq"].to_string()).collect();
            return Some(format!("{} messages, shown are {}", log.len(), seqs.join(" ")));
        }
        let (shown, stored) = self.messages.iter().zip(log).find(|(shown, stored)| shown != stored)?;
        Some(format!("shown  {shown}\nstored {stored}"))
    }

    /// Fails unless it shows the log.
    pub fn assert_shows(&self, log: &[Value]) {
        if let Some(difference) = self.difference(log) {
            panic!("what was told is not the log: {difference}");
        }
    }
}
